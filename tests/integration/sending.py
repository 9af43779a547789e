"""Programs that generate and send, and the log that they leave."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from otel_persona.analysis import LogReader, Skipped
from otel_persona.records import AttemptRecord

RUN_ID = "25K_20260131"
TIER = "25K"
BATCH = 10
_PROGRAMS = Path(__file__).parent / "programs"
_SETTINGS = {
    "OTEL_PERSONA_RUN_ID": RUN_ID,
    "OTEL_PERSONA_TIER": TIER,
    "OTEL_PERSONA_LOG": "generation.log",
    "OTEL_PERSONA_BATCH": f"attempts:{BATCH}",
}


def otlp_variables(port: int, protocol: str, compression: str | None = None) -> dict[str, str]:
    """Return the standard variables that send to this port by ``grpc`` or ``http/protobuf``."""
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
    }
    if compression is not None:
        variables["OTEL_EXPORTER_OTLP_COMPRESSION"] = compression
    return variables


class Senders:
    """Programs of one service, in a folder where they share a log."""

    def __init__(self, folder: Path, service: str | None, **variables: str) -> None:
        self.log = folder / "generation.log"
        environ = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
        self._environ = environ | _SETTINGS | variables
        if service is not None:
            self._environ["OTEL_SERVICE_NAME"] = service
        self.service = service or "otel-persona"

    def start(self, program: str, *arguments: str) -> subprocess.Popen[str]:
        """Start one of the programs."""
        return subprocess.Popen(
            # Python 3.12 warns of every fork beside threads, which the SDK starts.
            [
                sys.executable,
                "-W",
                "ignore:This process:DeprecationWarning",
                str(_PROGRAMS / program),
                *arguments,
            ],
            cwd=self.log.parent,
            env=self._environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(self, program: str, *arguments: str) -> None:
        """Run one of the programs to its end; it must have sent all it had, without a word."""
        finish(self.start(program, *arguments))

    def lines(self) -> list[AttemptRecord]:
        """Return the log's lines, which must all be whole."""
        skipped: list[Skipped] = []
        found = list(LogReader([str(self.log)], skipped.append))
        assert skipped == []
        return found


def finish(process: subprocess.Popen[str]) -> None:
    """Wait for a program to end well."""
    try:
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    assert errors == ""
