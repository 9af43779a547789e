"""What the commands that read logs share: their arguments, the reader, and skipped lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from otel_persona.analysis import LogReader, Skipped
from otel_persona.cli.printing import counted, say
from otel_persona.cli.progress import ReadingBar
from otel_persona.errors import PersonaError

ANALYZE_AS_JSON = "analyze LOG... --format json"
"""The command whose output names every skipped line."""

_MOST_LINES_NAMED = 20

logs_argument = click.argument(
    "logs", metavar="LOG...", nargs=-1, required=True, type=click.Path(allow_dash=True)
)
settings_option = click.option(
    "--settings",
    "settings_file",
    metavar="FILE",
    type=click.Path(),
    help="A YAML or TOML file of settings; thresholds and prices are taken from it.",
)


class SkippedLines:
    """The lines that no figure counts: all of them, or the first 20 and how many there are."""

    def __init__(self, *, keep_all: bool = False) -> None:
        self.count = 0
        self.kept: list[Skipped] = []
        self._keep_all = keep_all

    def add(self, skipped: Skipped) -> None:
        """Note a line."""
        self.count += 1
        if self._keep_all or self.count <= _MOST_LINES_NAMED:
            self.kept.append(skipped)

    def sentences(self, all_named_by: str | None) -> Iterator[str]:
        """Name the first lines with file, number and reason, and count the rest.

        ``all_named_by`` is a command that names those too, ``None`` if there is none.
        """
        for skipped in self.kept[:_MOST_LINES_NAMED]:
            yield f"skipped {skipped.file}:{skipped.line}: {skipped.reason}"
        if self.count > _MOST_LINES_NAMED:
            more = counted(self.count - _MOST_LINES_NAMED, "more line")
            yield f"skipped {more}" + (f"; {all_named_by} names each" if all_named_by else "")


@contextmanager
def reading(paths: Sequence[str], skipped: SkippedLines) -> Iterator[LogReader]:
    """Yield a reader of ``paths``, with a bar; if reading fails, name the lines skipped so far.

    Raises ``LogReadError`` if a path cannot be read.
    """
    bar = ReadingBar()
    reader = LogReader(paths, skipped.add, bar.advance)
    try:
        with bar.shown(reader.size):
            yield reader
    except PersonaError:
        say_skipped(skipped, None)
        raise


def say_skipped(skipped: SkippedLines, all_named_by: str | None = ANALYZE_AS_JSON) -> None:
    """Name skipped lines on standard error; see ``SkippedLines.sentences``."""
    for sentence in skipped.sentences(all_named_by):
        say(sentence)
