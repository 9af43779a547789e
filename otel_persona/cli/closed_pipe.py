"""How the process ends where the reader of its output goes away, as in ``analyze | head``."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

# What shells report of a process that a closed pipe ended.
_PIPE_CLOSED = 141


def end_quietly() -> NoReturn:
    """Exit without a word.

    Raises ``SystemExit``, which passes through telemetry too: that keeps the errors of a callback.
    """
    # The interpreter flushes once more at its end, and needs somewhere to write to.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(_PIPE_CLOSED)
