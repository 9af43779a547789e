"""Compares the facts of two cohorts: figures, distributions, and trends over runs."""
