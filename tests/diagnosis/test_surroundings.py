"""What the doctor sees without a collector: switches, exporters, the sampler, the log."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_persona.diagnosis import Diagnosis

Doctor = Callable[..., Diagnosis]
Server = Callable[..., Any]


def _problems(diagnosis: Diagnosis) -> list[str]:
    return [finding.sentence for finding in diagnosis.findings if finding.is_problem]


def _notes(diagnosis: Diagnosis) -> list[str]:
    return [finding.sentence for finding in diagnosis.findings if not finding.is_problem]


def test_nothing_is_sent_anywhere(doctor: Doctor) -> None:
    """The usual state of a program that only writes a log; what to set is said."""
    diagnosis = doctor()

    assert not diagnosis.is_healthy
    [problem] = _problems(diagnosis)
    assert "nothing is sent to a collector: give --otlp" in problem
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in problem
    assert diagnosis.examinations == ()


def test_everything_is_switched_off(doctor: Doctor, http_server: Server) -> None:
    """Nothing else matters then, and nothing is sent."""
    port, received = http_server()
    diagnosis = doctor(f"http://127.0.0.1:{port}", OTEL_SDK_DISABLED="true")

    assert _problems(diagnosis) == [
        "OTEL_SDK_DISABLED=true turns everything off, files too; unset it"
    ]
    assert received == []


def test_signals_that_go_nowhere_or_elsewhere(doctor: Doctor, http_server: Server) -> None:
    """They are noted; who set it so may have meant it."""
    port, received = http_server()
    diagnosis = doctor(
        OTEL_TRACES_EXPORTER="console,otlp",
        OTEL_METRICS_EXPORTER="none",
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"http://127.0.0.1:{port}/v1/traces",
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
        OTEL_SERVICE_NAME="personas",
    )

    assert diagnosis.is_healthy
    assert [place for place, _, _ in received] == ["/v1/traces"]
    assert diagnosis.sent == ["span generate_persona doctor"]
    assert _notes(diagnosis) == [
        "traces go to the exporter 'console' (OTEL_TRACES_EXPORTER), which is not looked at",
        "metrics are not sent: OTEL_METRICS_EXPORTER is none",
        "logs are not sent: nothing says where to",
    ]


@pytest.mark.parametrize(
    ("sampler", "argument"),
    [("always_off", ""), ("parentbased_always_off", ""), ("traceidratio", "0")],
)
def test_a_sampler_that_drops_everything(
    doctor: Doctor, http_server: Server, sampler: str, argument: str
) -> None:
    """The doctor's own span arrives, and yet no program's would."""
    port, received = http_server()
    diagnosis = doctor(
        f"http://127.0.0.1:{port}", OTEL_TRACES_SAMPLER=sampler, OTEL_TRACES_SAMPLER_ARG=argument
    )

    assert not diagnosis.is_healthy
    assert _problems(diagnosis) == [f"OTEL_TRACES_SAMPLER={sampler} drops every trace; unset it"]
    assert len(received) == 3


def test_a_sampler_that_drops_some(doctor: Doctor, http_server: Server) -> None:
    """It is noted, since a few attempts may leave no trace."""
    port, _ = http_server()
    diagnosis = doctor(
        f"http://127.0.0.1:{port}",
        OTEL_TRACES_SAMPLER="parentbased_traceidratio",
        OTEL_TRACES_SAMPLER_ARG="0.01",
    )

    assert diagnosis.is_healthy
    note = "OTEL_TRACES_SAMPLER=parentbased_traceidratio keeps 0.01 of the traces; lines stay"
    assert note in _notes(diagnosis)


def test_a_declarative_file_is_not_read(doctor: Doctor) -> None:
    """Who set it up that way is told that this says nothing about it, and what would."""
    diagnosis = doctor(
        OTEL_CONFIG_FILE="otel.yaml", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9"
    )

    notes = _notes(diagnosis)
    assert "what otel.yaml (OTEL_CONFIG_FILE) sends, and where, is not looked at" in notes
    assert not any("nothing says where to" in note for note in notes)
    (problem,) = _problems(diagnosis)
    assert problem.startswith("nothing was sent: OTEL_CONFIG_FILE stands in for the variables")


def test_a_service_without_a_name(doctor: Doctor) -> None:
    """It is found under a name that nobody looks for."""
    assert any("set OTEL_SERVICE_NAME" in note for note in _notes(doctor()))
    named = doctor(OTEL_SERVICE_NAME="personas")
    assert not any("OTEL_SERVICE_NAME" in note for note in _notes(named))


def test_a_log_that_cannot_be_written(doctor: Doctor, tmp_path: Path) -> None:
    """A file in the place of a folder, and a pipe that nobody reads; nothing is made."""
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    for log, reason in (
        ("file/generation.log", f"{tmp_path / 'file'} is not a folder"),
        ("pipe", "No such device or address"),
    ):
        problems = _problems(doctor(OTEL_PERSONA_LOG=str(tmp_path / log)))
        assert f"the log {tmp_path / log} cannot be written: {reason}" in problems


def test_a_log_that_can_be_written(doctor: Doctor, tmp_path: Path) -> None:
    """One that is there stays as it is, one that is not is not made, nor its folder."""
    there = tmp_path / "there.log"
    there.write_text("a line\n")
    for log in (there, tmp_path / "below" / "{pid}" / "{run_id}.log"):
        problems = _problems(doctor(OTEL_PERSONA_LOG=str(log)))
        assert not any("cannot be written" in problem for problem in problems)
    assert there.read_text() == "a line\n"
    assert sorted(tmp_path.iterdir()) == [there]


def test_a_folder_that_may_not_be_written_to(
    doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nearest one that exists is named; root may write everywhere, so the no is made up."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    problems = _problems(doctor(OTEL_PERSONA_LOG=str(tmp_path / "below" / "generation.log")))
    assert any(f"{tmp_path} may not be written to" in problem for problem in problems)
