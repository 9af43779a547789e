"""The demo on a terminal: a live table with bands in words, and in colour unless refused."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from otel_persona.analysis import LogReader


def _on_terminal(folder: Path, **variables: str) -> str:
    """Run a short demo on a pseudo-terminal of 100 columns and give what it wrote."""
    ours, theirs = pty.openpty()
    keep = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    keep.pop("NO_COLOR", None)
    with subprocess.Popen(
        [sys.executable, "-m", "otel_persona", "demo", "--attempts", "400"],
        cwd=folder,
        env=keep | {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"} | variables,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        written = bytearray()
        while True:
            try:
                piece = os.read(ours, 65_536)
            except OSError:  # how Linux reports that the other side has closed
                break
            if not piece:
                break
            written += piece
    os.close(ours)
    assert process.returncode == 0
    return written.decode()


def test_bands_are_in_words_and_in_colour(tmp_path: Path) -> None:
    """Colour alone would leave out who cannot see it: signs, and words for the changes."""
    screen = _on_terminal(tmp_path)
    assert "\x1b[32m" in screen
    assert "\x1b[1;31m" in screen
    assert "!!" in screen
    assert "! warning, !! critical" in screen
    assert "anchor_diversity none -> critical" in screen
    assert "Pollyanna" in screen


@pytest.mark.parametrize("variable", ["NO_COLOR"])
def test_no_color_is_honoured(tmp_path: Path, variable: str) -> None:
    """The words stay, the colours go."""
    screen = _on_terminal(tmp_path, **{variable: "1"})
    assert "\x1b[32m" not in screen
    assert "\x1b[1;31m" not in screen
    assert "critical" in screen


def test_a_closed_pipe_ends_it_quietly(tmp_path: Path) -> None:
    """As in ``otel-persona demo | head -1``: no traceback."""
    process = subprocess.Popen(
        [sys.executable, "-m", "otel_persona", "demo", "--attempts", "1500"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 141
    assert told == b""


@pytest.mark.usefixtures("_heeded_interrupt")
def test_an_interrupt_says_where_the_attempts_are(tmp_path: Path) -> None:
    """Ctrl-C loses none of the attempts that were made, and leaves no traceback."""
    with subprocess.Popen(
        [sys.executable, "-m", "otel_persona", "demo", "--attempts", "100000"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate()
    assert process.returncode == 130
    log = Path("otel-persona-demo/generation.log")
    assert told.split("\n") == [
        f"otel-persona: interrupted; the attempts made so far are in {log}",
        "",
        "",
    ]
    read = LogReader([str(tmp_path / log)], pytest.fail)
    assert 100 < len(list(read)) < 100_000
