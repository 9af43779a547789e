"""Standard output: what is printed arrives whole, or the command says that it does not."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

# What shells report of a process that a closed pipe ended.
_PIPE_CLOSED = 141


def prepare_output() -> None:
    """Put a buffer before standard output where there is none, as under ``PYTHONUNBUFFERED``.

    Without one, Python silently drops what the system does not take at once. Raises
    ``click.UsageError`` where standard output is closed.
    """
    stdout = sys.stdout
    if stdout is None:
        raise click.UsageError("standard output is closed; give a file, a pipe or /dev/null")
    if isinstance(stdout.buffer, io.RawIOBase):
        sys.stdout = os.fdopen(
            stdout.fileno(), "w", encoding=stdout.encoding, errors=stdout.errors, closefd=False
        )


@contextmanager
def all_written() -> Iterator[None]:
    """Write all that is printed within, or raise ``OSError``.

    Where the reader goes away, as in ``analyze | head``, the process ends quietly.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        end_quietly()
    except OSError:
        _drop_unwritten()
        raise


def end_quietly() -> NoReturn:
    """Exit without a word.

    Raises ``SystemExit``, which passes through telemetry too: that keeps the errors of a callback.
    """
    _drop_unwritten()
    raise SystemExit(_PIPE_CLOSED)


def _drop_unwritten() -> None:
    """Give the interpreter, which flushes once more at its end, somewhere to write to."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
