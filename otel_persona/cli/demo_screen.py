"""What is shown while the demo runs: a growing table on a terminal, else one line per batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from otel_persona.aggregation import BatchSummary, IndicatorChange
from otel_persona.cli.batch_view import batch_table
from otel_persona.cli.cells import percent
from otel_persona.cli.console import make_console
from otel_persona.cli.figure_columns import FIGURES, FigureColumn
from otel_persona.cli.printing import counted
from otel_persona.cli.tables import LEGEND, coloured
from otel_persona.demo.run import Watcher

_LINES_AROUND = 9
"""Lines of the screen that are neither batches nor changes: heading, notes and legend."""


@contextmanager
def watching() -> Iterator[Watcher]:
    """Show the run inside this block."""
    console = make_console()
    if console.is_terminal:
        with Live(console=console) as live:
            screen = _LiveScreen(live)
            yield screen
            screen.draw_all()
    else:
        yield _PlainScreen(console)


class _LiveScreen:
    """Redraws the table of the newest batches, with the newest band changes below it."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._batches: list[BatchSummary] = []
        self._changes: list[Text] = []

    def on_batch(self, batch: BatchSummary) -> None:
        """Add a row."""
        self._batches.append(batch)
        self._draw_newest()

    def on_change(self, change: IndicatorChange) -> None:
        """Add a line below the table."""
        self._changes.append(coloured(_change_line(change), change.band))
        self._draw_newest()

    def draw_all(self) -> None:
        """Leave all batches and changes on the screen."""
        self._draw(self._batches, self._changes)

    def _draw_newest(self) -> None:
        height = self._live.console.height
        changes = self._changes[-(height // 4) :]
        self._draw(self._batches[-max(1, height - len(changes) - _LINES_AROUND) :], changes)

    def _draw(self, batches: Sequence[BatchSummary], changes: Sequence[Text]) -> None:
        table = batch_table("Batches", batches, complete_in="analyze --format json")
        self._live.update(Group(table, Text(f"{LEGEND}\n"), *changes))


class _PlainScreen:
    """Prints a line for each batch and each change."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def on_batch(self, batch: BatchSummary) -> None:
        """Print a line."""
        self._console.print(_batch_line(batch))

    def on_change(self, change: IndicatorChange) -> None:
        """Print a line."""
        self._console.print(_change_line(change))


def _batch_line(batch: BatchSummary) -> str:
    figures = ", ".join(_named_figure(batch, figure) for figure in FIGURES if figure.name)
    partial = "" if batch.complete else " (partial)"
    return (
        f"batch {batch.index}{partial}: {counted(batch.personas, 'persona')}, "
        f"{counted(batch.batch_size, 'attempt')}, success {percent(batch.success_rate)}, {figures}"
    )


def _named_figure(batch: BatchSummary, figure: FigureColumn) -> str:
    indicator = batch.indicators.get(figure.indicator)
    band = f" {indicator.band}" if indicator and indicator.band else ""
    return f"{figure.name} {figure.text(batch)}{band}"


def _change_line(change: IndicatorChange) -> str:
    return (
        f"batch {change.batch_index}: {change.indicator} {change.previous or 'none'} -> "
        f"{change.band} at {change.value:.3f}"
    )
