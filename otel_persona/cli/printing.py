"""Prints sentences and JSON, and makes names from a log safe to print."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import msgspec


def say(sentence: str) -> None:
    """Write a sentence for people to standard error."""
    click.echo(f"otel-persona: {printable(sentence)}", err=True)


def counted(number: int, noun: str) -> str:
    """Write a number of things: ``1 line``, ``3,000 lines``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def print_json(value: Any) -> None:
    """Write ``value`` to standard output as JSON: unescaped UTF-8, with a newline at the end."""
    click.echo(msgspec.json.format(msgspec.json.encode(value)))


def path_text(path: Path) -> str:
    """Write a path as text for JSON; bytes that are none are replaced."""
    return os.fsencode(path).decode("utf-8", "replace")


def printable(text: str) -> str:
    """Escape what could control a terminal: names and reasons come from the log."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
