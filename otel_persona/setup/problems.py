"""Problems with a call of ``configure`` beyond the settings, reported together with theirs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from otel_persona.errors import SettingsError
from otel_persona.exporters.append_file import AppendFile
from otel_persona.instrumentation.telemetry import Clock
from otel_persona.settings import SettingsRead, switched_off
from otel_persona.setup.destinations import (
    SIGNALS,
    Sourced,
    destination_of,
    exporters_named,
    wrong_options,
)
from otel_persona.setup.exporter_factories import exporter_problems


def clock_problems(clock: Clock | None) -> list[str]:
    """Name a clock that does not return an int; one that raises is reported by the attempts."""
    with contextlib.suppress(Exception):
        if callable(clock) and not isinstance(now := clock(), int):
            right = "nanoseconds since the epoch as an int, as time.time_ns does"
            return [f"configure: clock must give {right}, not {now!r}"]
    return []


def refuse_wrong(read: SettingsRead) -> None:
    """Raise ``SettingsError`` with every problem of the settings and of what they ask for."""
    if problems := [*read.problems, *path_problems(read), *sending_problems(read)]:
        raise SettingsError(problems)


def path_problems(read: SettingsRead) -> Iterator[str]:
    """Name a log that cannot be a file, and sidecars that cannot be a folder."""
    if switched_off():
        return
    log, sidecars = read.settings.log, read.settings.sidecars
    if log is not None and _is_folder(log, read.settings.run_id):
        yield f"{read.place('log')}: {log!r} is a folder; write the path of a file"
    if sidecars is not None and _is_file(sidecars):
        yield f"{read.place('sidecars')}: {sidecars!r} is a file; write the path of a folder"


def sending_problems(read: SettingsRead) -> Iterator[str]:
    """Name exporters that are asked for but cannot be had here, or not made as asked for."""
    if not switched_off():
        yield from exporter_problems(read.settings.otlp)
        yield from dict.fromkeys(_fatal_options(read))


def _fatal_options(read: SettingsRead) -> Iterator[str]:
    """Name options with which no exporter for gRPC can be made; the one for HTTP ignores them."""
    otlp = Sourced(read.settings.otlp, read.origin("otlp")) if read.settings.otlp else None
    for signal in SIGNALS:
        for exporter in exporters_named(signal, otlp):
            destination = destination_of(signal, exporter, otlp)
            if destination is not None and destination.protocol.value == "grpc":
                yield from wrong_options(destination)


def _is_folder(log: str, run_id: str | None) -> bool:
    # A run id yet to be made cannot name an existing folder.
    path = AppendFile(log, run_id or "{run_id}", is_forced=False).path
    try:
        return Path(path).is_dir()
    except OSError:  # such as a name that is too long: whoever writes to it says so
        return False


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except OSError:  # as above
        return False
