"""The version, which is written in one place."""

from __future__ import annotations

import importlib.metadata

import otel_persona as op


def test_the_version_is_that_of_the_distribution() -> None:
    """What is installed and what the program sees is one version."""
    assert op.__version__ == importlib.metadata.version("otel-persona")
