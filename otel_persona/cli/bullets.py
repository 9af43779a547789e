"""Sentences below a heading, each with a dash before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from otel_persona.cli.printing import printable


def bullets(title: str, sentences: Sequence[str]) -> Iterator[Text]:
    """Yield the heading and the sentences, nothing if there are none.

    A sentence may have several lines.
    """
    if sentences:
        yield Text(f"\n{title}", "bold")
    for sentence in sentences:
        yield Text("- " + "\n".join(map(printable, sentence.split("\n"))))
