"""What is printed arrives whole, or the command says that it does not, buffered or not."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Line = Callable[..., bytes]
Log = Callable[..., str]


@pytest.fixture(params=["", "1"], ids=["buffered", "unbuffered"])
def variables(request: pytest.FixtureRequest, environ: dict[str, str]) -> dict[str, str]:
    """Give the environment with PYTHONUNBUFFERED, which images for Docker often set, or without."""
    return environ | {"PYTHONUNBUFFERED": request.param}


@pytest.fixture
def shell(
    command: list[str], variables: dict[str, str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Give a function that runs a line of shell in which ``"$@"`` is a command."""

    def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", script, "sh", *command, *arguments],
            capture_output=True,
            encoding="utf-8",
            env=variables,
            timeout=60,
            check=False,
        )

    return run


Shell = Callable[..., subprocess.CompletedProcess[str]]


def _refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("otel-persona: ")
    return sentence


@pytest.mark.parametrize("output", ["json", "table"])
def test_a_cut_file_is_an_error(output: str, shell: Shell, line: Line, log: Log) -> None:
    """Where the system takes a part only, half a document never ends with exit code 0."""
    path = log(*(line(persona_id=str(n)) for n in range(2_000)))
    cut = f"{path}.out"
    arguments = ("analyze", path, "--by", "persona", "--format", output)
    done = shell(f'ulimit -f 64; "$@" > {cut}', *arguments)
    assert "File too large" in _refused(done)
    assert 0 < os.stat(cut).st_size <= 64 << 10


@pytest.mark.parametrize("arguments", [("--format", "json"), ("--format", "table"), ("--help",)])
def test_a_full_disk_is_one_sentence(
    arguments: tuple[str, ...], shell: Shell, line: Line, log: Log
) -> None:
    """Output that cannot be written is an error, not silence, and nothing is said twice."""
    done = shell('"$@" > /dev/full', "analyze", log(line()), *arguments)
    assert "No space left on device" in _refused(done)


def test_help_on_a_full_disk_is_one_sentence(shell: Shell) -> None:
    """The text of the command itself is written like any other."""
    assert "No space left on device" in _refused(shell('"$@" > /dev/full', "--help"))


@pytest.mark.parametrize("output", ["json", "table"])
def test_a_closed_pipe_ends_quietly(
    output: str, command: list[str], variables: dict[str, str], line: Line, log: Log
) -> None:
    """``| head`` is no error of ours; the code is the one that shells know."""
    path = log(*(line(persona_id=str(n)) for n in range(2_000)))
    with subprocess.Popen(
        [*command, "analyze", path, "--by", "persona", "--format", output],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=variables,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


@pytest.mark.parametrize(
    "arguments",
    [("analyze",), ("analyze", "--format", "json"), ("cost",), ("repairs",), ("pollyanna",)],
    ids=" ".join,
)
def test_a_closed_standard_output_is_one_sentence(
    arguments: tuple[str, ...], shell: Shell, line: Line, log: Log
) -> None:
    """It is wrong use, and never looks like what ``--fail-on`` has found."""
    assert "standard output is closed" in _refused(shell('"$@" >&-', *arguments, log(line())))


def test_the_demo_does_not_start_where_it_cannot_be_seen(shell: Shell, tmp_path: Path) -> None:
    """Nothing is written then."""
    folder = tmp_path / "demo"
    done = shell('"$@" >&-', "demo", "--attempts", "5", "--out", str(folder))
    assert "standard output is closed" in _refused(done)
    assert not folder.exists()


def test_a_closed_standard_error_costs_no_figure(shell: Shell, line: Line, log: Log) -> None:
    """Long reading has no place for its bar then, and gives its figures all the same."""
    done = shell('"$@" 2>&-', "cost", log(line() * 25_000), "--format", "json")
    assert done.returncode == 0
    assert float(done.stdout) > 0
