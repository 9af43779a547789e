"""What is different on a terminal, and how a command ends when it is cut short."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Line = Callable[..., bytes]
Terminal = Callable[..., str]
ESCAPE = "\x1b"


def _read_all(end: int, into: list[bytes]) -> None:
    # Linux reports the closed end of a terminal as an input error.
    try:
        while data := os.read(end, 1 << 16):
            into.append(data)
    except OSError:
        return


@pytest.fixture
def terminal(command: list[str], environ: dict[str, str]) -> Terminal:
    """Give a function that runs a command on a terminal of a width and gives what it shows."""

    def run(*arguments: str, width: int = 200, env: Mapping[str, str] | None = None) -> str:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
        shown: list[bytes] = []
        reader = threading.Thread(target=_read_all, args=(ours, shown))
        reader.start()
        try:
            subprocess.run(
                [*command, *arguments],
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                env=environ | {"TERM": "xterm-256color"} | dict(env or {}),
                timeout=60,
                check=False,
            )
        finally:
            os.close(theirs)
            reader.join()
            os.close(ours)
        return b"".join(shown).decode().replace("\r\n", "\n")

    return run


def _plain(shown: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)


def test_colour_is_for_terminals(
    terminal: Terminal, cli: Callable[..., subprocess.CompletedProcess[str]], real_log: str
) -> None:
    """Bands are coloured there, and the same text without colour goes into a pipe."""
    shown = terminal("analyze", real_log)
    assert "\x1b[1;31m" in shown
    piped = cli("analyze", real_log).stdout
    assert ESCAPE not in piped
    assert "critical" in piped
    assert "!!" in piped


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_colour_can_be_refused(env: dict[str, str], terminal: Terminal, real_log: str) -> None:
    """Neither colours nor other styles; the signs stay."""
    shown = terminal("analyze", real_log, env=env)
    assert ESCAPE not in shown
    assert "!!" in shown


@pytest.mark.parametrize("width", [30, 60, 80, 110])
def test_narrow_terminals_cut_nothing(
    width: int,
    terminal: Terminal,
    cli: Callable[..., subprocess.CompletedProcess[str]],
    real_log: str,
    sliced_tree: str,
    collapsed_tree: str,
) -> None:
    """No line is longer than the screen, and every word on it is one that a pipe gets too."""
    for arguments in (
        ("drift", "--tree", sliced_tree, "--target", "7b"),
        ("drift", "--tree", collapsed_tree),
        ("trend", "--tree", sliced_tree, "--target", "70b"),
        ("runs", "--tree", sliced_tree, "--target", "70b"),
        ("analyze", real_log, "--batch", "personas:50"),
        ("analyze", real_log, "--by", "stage"),
        ("cost", real_log),
    ):
        shown = _plain(terminal(*arguments, width=width))
        assert max(map(len, shown.splitlines())) <= width
        whole = re.findall(r"[^\s─:]+", cli(*arguments).stdout)
        notes = re.findall(r"Too\s+narrow\s+for\s.*?\sshows\s+them\.", shown, re.DOTALL)
        words = re.findall(r"[^\s─:]+", shown)
        assert set(words) <= {*whole, *" ".join(notes).split()}


def test_columns_that_give_way_are_named(terminal: Terminal, real_log: str) -> None:
    """On a screen that is wide enough all are there, as the note says."""
    arguments = ("analyze", real_log, "--batch", "personas:50")
    note = "Too narrow for Batches !!, Batches !; a wider screen shows them."
    assert note in _plain(terminal(*arguments, width=80))
    wide = _plain(terminal(*arguments, width=110))
    assert note not in wide
    assert re.search(r"Attempts +Batches !! +Batches ! +Limits", wide)


def test_the_narrowest_screen_shows_every_column(terminal: Terminal, real_log: str) -> None:
    """Each row is a block of lines then, filled as far as they go, and none has to give way."""
    shown = _plain(terminal("analyze", real_log, "--batch", "personas:50", width=30))
    assert "Too narrow" not in shown
    first = shown.partition("Batch: 0  ")[2].partition("\n\n")[0]
    assert "\nMean ms: " in first
    headings = re.findall(r"(?:^|  )([A-Za-z0-9 ]+?): ", first, re.MULTILINE)
    figures = "Personas,Attempts,Success,Mean ms,p95 ms,Repairs,Entropy,Pollyanna"
    assert headings == f"{figures},Anchors,Rarefied,Tokens,USD,Start".split(",")


@pytest.mark.parametrize("width", [80, 100])
def test_a_narrow_screen_says_against_what_and_of_how_many(
    width: int, terminal: Terminal, sliced_tree: str
) -> None:
    """A change means nothing without them, so every other column gives way before."""
    shown = _plain(terminal("drift", "--tree", sliced_tree, width=width))
    table = shown.partition("\nFigures beyond")[2].partition("\nDistributions: ")[0]
    columns = table.partition("Too narrow for")[0]
    assert "Against" in columns
    assert "Attempts" in columns
    assert "(last_good_run)" in columns


@pytest.mark.parametrize("name", ["drift", "trend"])
def test_a_large_tree_fills_few_screens(name: str, terminal: Terminal, sliced_tree: str) -> None:
    """Seventeen cohorts of forty figures are not read line by line."""
    shown = _plain(terminal(name, "--tree", sliced_tree, width=80))
    assert len(shown.splitlines()) < 200


def test_names_cannot_steer_the_terminal(
    terminal: Terminal, line: Line, log: Callable[..., str], tmp_path: Path
) -> None:
    """Control characters in a log, or markup, are shown and not obeyed."""
    evil = "\x1b]0;owned\x07[red]\r"
    path = log(
        line(persona_id=evil, stage=evil, repairs=[evil], run_id=evil, tier=evil),
        line(status="success", run_id=evil).replace(b'"success"', b'"\\u001b[2J"'),
    )
    views = [("analyze", path), ("analyze", path, "--by", "stage"), ("repairs", path)]
    views.append(("analyze", path, "--by", "persona"))
    tree = ("--tree", str(tmp_path / "tree"))
    views += [("rollup", path, *tree), ("drift", *tree), ("trend", *tree), ("runs", *tree)]
    views.append(("mark-good", evil, *tree))
    for arguments in views:
        shown = terminal(*arguments, width=300)
        assert "\x1b]" not in shown
        assert "\x07" not in shown
        assert "\x1b[2J" not in shown
        assert r"\x1b]0;owned\x07[red]\r" in shown


def test_long_reading_shows_a_bar(terminal: Terminal, line: Line, log: Callable[..., str]) -> None:
    """For a large log, and only where somebody sees it."""
    small = log(line(), name="small.log")
    large = log(line() * 25_000, name="large.log")
    assert os.stat(large).st_size > 8 << 20
    assert "reading" not in terminal("cost", small)
    assert "reading" in terminal("cost", large)


def test_many_cohorts_show_a_bar(
    terminal: Terminal, sliced_log: str, sliced_tree: str, tmp_path: Path
) -> None:
    """While they are saved, and while a tree is searched for its newest run."""
    tree = ("--tree", str(tmp_path / "tree"))
    assert "saving" in terminal("rollup", sliced_log, *tree)
    assert "saving" not in terminal("rollup", sliced_log, *tree, "--run", "slice_1")
    assert "looking for the newest run" in terminal("drift", "--tree", sliced_tree)


def test_no_bar_goes_into_a_pipe(
    cli: Callable[..., subprocess.CompletedProcess[str]], line: Line, log: Callable[..., str]
) -> None:
    """Standard error stays empty."""
    assert cli("cost", log(line() * 25_000)).stderr == ""


@pytest.mark.usefixtures("_heeded_interrupt")
@pytest.mark.parametrize("name", ["analyze", "rollup"])
def test_an_interrupt_ends_quietly(
    name: str, command: list[str], environ: dict[str, str], line: Line, tmp_path: Path
) -> None:
    """Ctrl-C while reading leaves no traceback."""
    pipe = tmp_path / "pipe.log"
    os.mkfifo(pipe)
    with subprocess.Popen(
        [*command, name, str(pipe)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
    ) as process:
        with pipe.open("wb") as file:  # returns once the other side reads
            file.write(line())
            file.flush()
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read() == b""
        assert process.stderr.read().strip() == b""
    assert [path.name for path in tmp_path.iterdir()] == ["pipe.log"]


def test_an_interrupt_of_an_import_ends_quietly(
    cli: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """Ctrl-C right after the start comes while modules are loaded."""
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt")
    done = cli("--help", env={"PYTHONPATH": str(tmp_path)})
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
