"""Tables that read the same on a screen and in a file: marks besides colors, no word cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from otel_persona.aggregation import Band
from otel_persona.cli.printing import printable

LEGEND = "! warning, !! critical: the specified bands"

_MOST_ROWS = 1_000
_GAP_CELLS = 2
# The minimum width of a column that may be wrapped.
_WRAPPED_CELLS = 20
_MARKS: dict[Band, str] = {"healthy": "  ", "warning": " !", "critical": "!!"}
_STYLES: dict[Band, str] = {"healthy": "green", "warning": "yellow", "critical": "bold red"}


def marked(figure: str, band: Band | None) -> Text:
    """Write a figure and the mark of its band."""
    return coloured(f"{figure} {_MARKS[band]}", band) if band else Text(f"{figure}   ")


def coloured(text: str, band: Band) -> Text:
    """Write a text, such as the band's own name, in the color of a band."""
    return Text(text, _STYLES[band])


class Column(NamedTuple):
    """A column of numbers, or of text, which may be wrapped.

    A spare column is left out if the screen is too narrow.
    """

    heading: str
    is_text: bool = False
    is_spare: bool = False
    is_wrapped: bool = False


class FigureTable:
    """A table that says what it leaves out: spare columns, the last first, and rows if many.

    If it is still too wide, each row becomes a block of lines with all columns. ``complete_in``
    names the output that omits no row, and ``narrowed_by`` the options that leave fewer rows.
    """

    def __init__(
        self,
        title: str,
        columns: Sequence[Column],
        rows: Sequence[Sequence[str | Text]],
        *,
        complete_in: str = "--format json",
        most_rows: int = _MOST_ROWS,
        narrowed_by: str = "",
    ) -> None:
        self._title = title
        self._columns = columns
        self._rows = rows
        self._complete_in = complete_in
        self._most_rows = most_rows
        self._narrowed_by = narrowed_by

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay the table out for the available width."""
        rows = self._rows[: self._most_rows]
        yield Text(self._title, "bold")
        if shown := self._fitting(rows, options.max_width):
            yield self._table(rows, shown)
            yield from self._narrow_note(shown)
        else:
            yield from self._blocks(rows, options.max_width)
        if len(rows) < len(self._rows):
            yield Text(self._rest_note(len(rows)))

    def _fitting(self, rows: Sequence[Sequence[str | Text]], width: int) -> list[int]:
        """Return the columns to show; none if even those that are not spare do not fit."""
        widths = self._least_widths(rows)
        shown = list(range(len(widths)))
        spare = [at for at in shown if self._columns[at].is_spare]
        while sum(widths[at] for at in shown) > width:
            if not spare:
                return []
            shown.remove(spare.pop())
        return shown

    def _least_widths(self, rows: Sequence[Sequence[str | Text]]) -> list[int]:
        widths = [cell_len(column.heading) for column in self._columns]
        for row in rows:
            widths = [
                max(wide, _least_cells(str(cell), column))
                for wide, cell, column in zip(widths, row, self._columns, strict=True)
            ]
        return [_GAP_CELLS + wide for wide in widths]

    def _narrow_note(self, shown: list[int]) -> Iterator[Text]:
        left_out = [column.heading for at, column in enumerate(self._columns) if at not in shown]
        if left_out:
            yield Text(f"Too narrow for {', '.join(left_out)}; a wider screen shows them.")

    def _rest_note(self, shown: int) -> str:
        count = f"The first {shown:,} of {len(self._rows):,} are shown"
        if not self._narrowed_by:
            return f"{count}; {self._complete_in} has all."
        more = f"{len(self._rows) - shown:,} more are not"
        return f"{count}, {more}: {self._narrowed_by} shows fewer, {self._complete_in} has all."

    def _blocks(self, rows: Sequence[Sequence[str | Text]], width: int) -> Iterator[Text]:
        for row in rows:
            yield Text()
            line = Text()
            for column, cell in zip(self._columns, row, strict=True):
                if not str(cell).strip():
                    continue
                named = Text.assemble(f"{column.heading}: ", cell)
                if line and line.cell_len + _GAP_CELLS + named.cell_len > width:
                    yield line
                    line = Text()
                line += Text.assemble(" " * _GAP_CELLS if line else "", named)
            yield line
        yield Text()

    def _table(self, rows: Sequence[Sequence[str | Text]], shown: list[int]) -> Table:
        table = Table(
            box=box.SIMPLE_HEAD,
            padding=(0, _GAP_CELLS - 1, 0, 0),
            pad_edge=False,
        )
        for at in shown:
            column = self._columns[at]
            table.add_column(
                column.heading,
                justify="left" if column.is_text else "right",
                no_wrap=not column.is_wrapped,
                overflow="fold",
            )
        for row in rows:
            table.add_row(*(row[at] for at in shown))
        return table


def _least_cells(text: str, column: Column) -> int:
    if not column.is_wrapped:
        return cell_len(text)
    longest_word = max(map(cell_len, text.split()), default=0)
    return max(longest_word, min(cell_len(text), _WRAPPED_CELLS))


def text_table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> FigureTable:
    """Make a table of texts from elsewhere, such as settings; each may be wrapped."""
    return FigureTable(
        title,
        [Column(heading, is_text=True, is_wrapped=True) for heading in headings],
        [[printable(cell) for cell in row] for row in rows],
    )
