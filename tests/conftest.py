"""What tests share: a plain attempt, Ctrl-C that is heeded, hypothesis without deadlines.

Machines are shared and noisy: how long one example takes says nothing.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest

hypothesis.settings.register_profile("shared", deadline=None, print_blob=True)
hypothesis.settings.load_profile("shared")


@pytest.fixture
def _heeded_interrupt() -> Iterator[None]:
    """Let a command heed SIGINT, which a shell's background job and its children ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def make_entry() -> Callable[..., dict[str, Any]]:
    """Give a function that makes the entry of a plain attempt, with the given keys changed."""

    def make(**changed: Any) -> dict[str, Any]:
        plain = {
            "ts": "2026-01-31T14:32:01.234Z",
            "run_id": "25K_20260131_143200",
            "persona_id": "1",
            "stage": "B",
            "attempt": 1,
            "status": "success",
            "latency_ms": 1250,
            "prompt_tokens": 450,
            "completion_tokens": 320,
            "repairs": [],
            "validator_scores": {},
            "opening_move": None,
            "constraint_categories": [],
            "anchors_used": [],
            "error": None,
        }
        return plain | changed

    return make
