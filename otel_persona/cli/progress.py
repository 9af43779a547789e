"""Progress bars for long work, on standard error if that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

_Item = TypeVar("_Item")

_LONG_BYTES = 8 << 20
_MANY = 50
# The bar moves only this often, so that drawing costs next to nothing.
_STEP_BYTES = 1 << 20


class ReadingBar:
    """Shows how many of ``size`` bytes have been read."""

    def __init__(self) -> None:
        self._pending = 0
        self._draw: Callable[[int], None] | None = None

    def advance(self, count: int) -> None:
        """Note that ``count`` more bytes were read."""
        self._pending += count
        if self._draw is not None and self._pending >= _STEP_BYTES:
            self._draw(self._pending)
            self._pending = 0

    @contextmanager
    def shown(self, size: int) -> Iterator[None]:
        """Show the bar during the block, if the input is large and a terminal can show it."""
        if size < _LONG_BYTES or not _can_be_seen():
            yield
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(file=sys.stderr), transient=True) as progress:
            task = progress.add_task("reading", total=size)
            self._draw = lambda count: progress.advance(task, count)
            yield


def with_bar(doing: str, items: Iterable[_Item], count: int) -> Iterator[_Item]:
    """Yield the items, with a bar if there are many (``count``) and a terminal can show it."""
    if count < _MANY or not _can_be_seen():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, doing, count, console=Console(file=sys.stderr), transient=True)


def _can_be_seen() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()
