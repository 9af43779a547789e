"""What is seen while the demo runs: a table that grows on a terminal, else one line per batch."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from otel_persona.aggregation import Band, BatchSummary, IndicatorChange
from otel_persona.demo.run import Watcher

_STYLES: dict[Band, str] = {"healthy": "green", "warning": "yellow", "critical": "bold red"}
_ENDLESS_LINE = 10_000
# What shells report of a process that a closed pipe ended.
_PIPE_CLOSED = 141


class Figure(NamedTuple):
    """A figure of a batch: its name in a line and over a column, its text, and its indicator."""

    name: str
    heading: str
    text: Callable[[BatchSummary], str]
    indicator: str


FIGURES = (
    Figure("repair rate", "Repairs", lambda batch: f"{batch.repair_rate:.1%}", "repair_rate"),
    Figure(
        "opening entropy",
        "Entropy",
        lambda batch: _decimal(batch.opening_move_entropy),
        "opening_entropy",
    ),
    Figure(
        "pollyanna",
        "Pollyanna",
        lambda batch: _decimal(batch.mean_validator_scores["pollyanna"]),
        "pollyanna_score",
    ),
    Figure(
        "anchor diversity",
        "Anchors",
        lambda batch: _decimal(batch.anchor_diversity),
        "anchor_diversity",
    ),
    Figure("mean ms", "Mean ms", lambda batch: f"{batch.mean_latency_ms:,.0f}", "mean_latency"),
)


class _Screen(Console):
    def on_broken_pipe(self) -> None:
        """End quietly where the reader of the output goes away, as in ``demo | head``."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(_PIPE_CLOSED)


def make_console() -> Console:
    """Give a console on standard output: no colour but on a terminal, none with ``NO_COLOR``."""
    on_terminal = sys.stdout.isatty()
    return _Screen(
        file=sys.stdout,
        color_system="auto" if on_terminal and not os.environ.get("NO_COLOR") else None,
        force_terminal=on_terminal,
        width=None if on_terminal else _ENDLESS_LINE,
        highlight=False,
        markup=False,
        emoji=False,
    )


@contextmanager
def watching(console: Console) -> Iterator[Watcher]:
    """Show the run that goes on within."""
    if console.is_terminal:
        with Live(console=console) as live:
            yield _LiveScreen(live)
    else:
        yield _PlainScreen(console)


class _LiveScreen:
    """Redraws the table of all batches, and below it the changes of bands."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._batches: list[BatchSummary] = []
        self._changes: list[Text] = []

    def on_batch(self, batch: BatchSummary) -> None:
        """Add a row."""
        self._batches.append(batch)
        self._draw()

    def on_change(self, change: IndicatorChange) -> None:
        """Add a line below the table."""
        self._changes.append(Text(change_line(change), _STYLES[change.band]))
        self._draw()

    def _draw(self) -> None:
        self._live.update(Group(_table(self._batches), *self._changes))


class _PlainScreen:
    """Writes a line for each batch and for each change."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def on_batch(self, batch: BatchSummary) -> None:
        """Write a line."""
        self._console.print(batch_line(batch))

    def on_change(self, change: IndicatorChange) -> None:
        """Write a line."""
        self._console.print(change_line(change))


def counted(number: int, noun: str) -> str:
    """Write a number of things: ``1 line``, ``3,000 lines``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def batch_line(batch: BatchSummary) -> str:
    """Write the figures of a batch in one line."""
    figures = [_with_band(batch, figure, " ").plain for figure in FIGURES]
    named = [f"{figure.name} {text}" for figure, text in zip(FIGURES, figures, strict=True)]
    return (
        f"{_name(batch)}: {counted(batch.personas, 'persona')}, "
        f"{counted(batch.batch_size, 'attempt')}, "
        f"success {batch.success_rate:.1%}, {', '.join(named)}"
    )


def change_line(change: IndicatorChange) -> str:
    """Write an indicator's change of band in one line."""
    return (
        f"batch {change.batch_index}: {change.indicator} {change.previous or 'healthy'} -> "
        f"{change.band} at {change.value:.3f}"
    )


def _table(batches: list[BatchSummary]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("Batch", "Attempts", "Success", *(figure.heading for figure in FIGURES)):
        table.add_column(heading, justify="right", no_wrap=True)
    for batch in batches:
        table.add_row(
            str(batch.index) if batch.complete else f"{batch.index} part",
            f"{batch.batch_size:,}",
            f"{batch.success_rate:.1%}",
            *(_with_band(batch, figure, "\n") for figure in FIGURES),
        )
    return table


def _with_band(batch: BatchSummary, figure: Figure, gap: str) -> Text:
    """Write a figure and the name of its band, in the band's colour."""
    indicator = batch.indicators.get(figure.indicator)
    if indicator is None or indicator.band is None:
        return Text(figure.text(batch))
    return Text(f"{figure.text(batch)}{gap}{indicator.band}", _STYLES[indicator.band])


def _name(batch: BatchSummary) -> str:
    return f"batch {batch.index}" if batch.complete else f"batch {batch.index} (partial)"


def _decimal(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
