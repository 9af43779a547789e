"""Standard output: everything printed is written, or the command reports that it was not."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

# The exit code that shells report for a process ended by a closed pipe.
_PIPE_CLOSED = 141


def prepare_output() -> None:
    """Buffer standard output if it is unbuffered, as under ``PYTHONUNBUFFERED``.

    Without a buffer, Python silently drops what the system does not take at once. Raises
    ``click.UsageError`` if standard output is closed.
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
    """Write out everything printed in this block, or raise ``OSError``.

    If the reader goes away, as in ``analyze | head``, the process exits quietly.
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
    """Exit without a message.

    Raises ``SystemExit``, which also passes through telemetry, where a callback's errors do not.
    """
    _drop_unwritten()
    raise SystemExit(_PIPE_CLOSED)


def _drop_unwritten() -> None:
    """Give the interpreter, which flushes once more at exit, somewhere to write."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
