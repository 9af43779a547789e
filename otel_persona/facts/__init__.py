"""What is known of one cohort: its key, its counts, its figures, and their JSON."""
