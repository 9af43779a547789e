"""What in this process keeps attempts from arriving, whatever the collector."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from otel_persona.exporters.append_file import AppendFile
from otel_persona.settings import Settings
from otel_persona.setup.destinations import declarative_file

_NEVER = ("always_off", "parentbased_always_off")
_BY_RATIO = ("traceidratio", "parentbased_traceidratio")


class Finding(NamedTuple):
    """A sentence about this process; one that is no problem keeps nothing from arriving."""

    sentence: str
    is_problem: bool


def surroundings(settings: Settings) -> Iterator[Finding]:
    """Look at the log, and at the sampler and the configuration that the environment names."""
    if settings.log is not None:
        yield from _unwritable(settings.log, settings.run_id)
    yield from _sampling()
    if file := declarative_file():
        yield Finding(f"what {file} (OTEL_CONFIG_FILE) sends, and where, is not looked at", False)


def _unwritable(log: str, run_id: str | None) -> Iterator[Finding]:
    """Say why the log cannot be written, without making it."""
    path = Path(AppendFile(log, run_id or "run", is_forced=False).path)
    reason = None
    try:
        if path.exists():
            os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK))
        else:
            reason = _unusable(next(above for above in path.parents if above.exists()))
    except OSError as error:
        reason = error.strerror
    if reason is not None:
        yield Finding(f"the log {path} cannot be written: {reason}", True)


def _unusable(folder: Path) -> str | None:
    if not folder.is_dir():
        return f"{folder} is not a folder"
    return None if os.access(folder, os.W_OK | os.X_OK) else f"{folder} may not be written to"


def _sampling() -> Iterator[Finding]:
    sampler = os.environ.get("OTEL_TRACES_SAMPLER", "").strip().lower()
    kept = 0.0 if sampler in _NEVER else 1.0
    if sampler in _BY_RATIO:
        try:
            kept = float(os.environ.get("OTEL_TRACES_SAMPLER_ARG", ""))
        except ValueError:
            return  # the SDK keeps all then
    if kept <= 0:
        yield Finding(f"OTEL_TRACES_SAMPLER={sampler} drops every trace; unset it", True)
    elif kept < 1:
        sentence = f"OTEL_TRACES_SAMPLER={sampler} keeps {kept:.4g} of the traces; lines stay"
        yield Finding(sentence, False)
