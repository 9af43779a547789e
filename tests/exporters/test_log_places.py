"""Where lines go: names with blanks to fill in, rotation, and folders that come and go."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from otel_persona.exporters.append_file import AppendFile

Writing = Callable[..., Any]
EndSpan = Callable[..., None]
Read = Callable[..., Any]


def test_a_log_that_was_moved_keeps_its_lines(
    writing: Writing, end_span: EndSpan, read: Read, tmp_path: Path
) -> None:
    """As logrotate does: old lines stay in the old file, new ones go to a new one of the name."""
    log, rotated = tmp_path / "generation.log", tmp_path / "generation.log.1"
    provider = writing(log)
    end_span(provider, "1")
    log.rename(rotated)
    provider.force_flush()  # sees at once what is noticed within a millisecond
    end_span(provider, "2")

    assert read(rotated).ids == ["1"]
    assert read(log).ids == ["2"]


def test_a_log_whose_place_another_file_has_taken(
    writing: Writing, end_span: EndSpan, read: Read, tmp_path: Path
) -> None:
    """As logrotate's ``create`` does: the file that is there now is appended to."""
    log = tmp_path / "generation.log"
    provider = writing(log)
    end_span(provider, "1")
    log.rename(tmp_path / "generation.log.1")
    log.touch()
    provider.force_flush()
    end_span(provider, "2")

    assert read(log).ids == ["2"]


def test_a_log_that_was_emptied(
    writing: Writing, end_span: EndSpan, read: Read, tmp_path: Path
) -> None:
    """As logrotate's ``copytruncate`` does: the next line is the first, with no hole before."""
    log = tmp_path / "generation.log"
    provider = writing(log)
    end_span(provider, "1")
    os.truncate(log, 0)
    end_span(provider, "2")

    assert log.read_bytes().startswith(b'{"ts":')
    assert read(log).ids == ["2"]


def test_no_line_is_lost_while_logs_are_rotated(
    writing: Writing, end_span: EndSpan, read: Read, tmp_path: Path
) -> None:
    """Four threads write and a fifth moves the log away again and again: each line is in one."""
    log = tmp_path / "generation.log"
    provider = writing(log)
    end_span(provider, "first")
    working = [
        threading.Thread(
            target=lambda name: [end_span(provider, f"{name}-{n}") for n in range(250)],
            args=(name,),
        )
        for name in range(4)
    ]
    for thread in working:
        thread.start()
    moved = []
    while any(thread.is_alive() for thread in working) and len(moved) < 200:
        if log.exists():
            moved.append(log.rename(tmp_path / f"moved.{len(moved)}"))
            provider.force_flush()
    for thread in working:
        thread.join()
    provider.force_flush()
    end_span(provider, "last")

    seen = read(*moved, log)

    expected = {f"{name}-{number}" for name in range(4) for number in range(250)}
    assert sorted(seen.ids) == sorted(expected | {"first", "last"})
    assert seen.skipped == []
    assert len(moved) > 1


def test_missing_folders_are_made_and_made_again(
    writing: Writing, end_span: EndSpan, read: Read, tmp_path: Path
) -> None:
    """A log may stand in folders that do not exist yet, or no longer."""
    log = tmp_path / "runs" / "25K" / "generation.log"
    provider = writing(log)
    end_span(provider, "1")
    assert read(log).ids == ["1"]
    shutil.rmtree(tmp_path / "runs")
    provider.force_flush()
    end_span(provider, "2")

    assert read(log).ids == ["2"]


def test_lines_that_follow_a_removal_are_not_lost_with_the_file(
    writing: Writing, end_span: EndSpan, read: Read, tmp_path: Path
) -> None:
    """They stand in a new file of its name."""
    log = tmp_path / "generation.log"
    provider = writing(log)
    end_span(provider, "1")
    log.unlink()
    provider.force_flush()
    end_span(provider, "2")

    assert read(log).ids == ["2"]


def _descriptor_of(path: Path) -> int:
    """Find the descriptor that this process has open on a file."""
    for descriptor in range(3, 256):
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
    raise AssertionError(f"{path} is not open")


@pytest.mark.parametrize("mode", ["a", "r"])
def test_a_descriptor_that_somebody_has_closed(
    writing: Writing, end_span: EndSpan, read: Read, tmp_path: Path, mode: str
) -> None:
    """As a program that becomes a daemon does: lines go on, and never into a file of its own."""
    log, theirs = tmp_path / "generation.log", tmp_path / "theirs.txt"
    provider = writing(log)
    end_span(provider, "1")
    theirs.write_text("theirs")
    descriptor = _descriptor_of(log)
    os.close(descriptor)
    with theirs.open(mode) as file:
        assert file.fileno() == descriptor
        provider.force_flush()
        end_span(provider, "2")
        assert not file.closed
        os.fstat(descriptor)  # nobody has closed it
    end_span(provider, "3")

    assert theirs.read_text() == "theirs"
    assert read(log).ids == ["1", "2", "3"]


def test_a_rotated_log_is_noticed_without_a_flush(
    writing: Writing, end_span: EndSpan, tmp_path: Path
) -> None:
    """A program that never flushes goes on in a new file too."""
    log = tmp_path / "generation.log"
    provider = writing(log)
    end_span(provider, "first")
    log.rename(tmp_path / "generation.log.1")
    numbers = iter(range(1_000_000))
    while not log.exists():
        end_span(provider, str(next(numbers)))


def test_the_log_stays_where_it_was_when_the_program_goes_elsewhere(
    writing: Writing,
    end_span: EndSpan,
    read: Read,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A relative path is read once, so ``os.chdir`` does not split the log."""
    monkeypatch.chdir(tmp_path)
    provider = writing("generation.log")
    end_span(provider, "1")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    end_span(provider, "2")

    assert read(tmp_path / "generation.log").ids == ["1", "2"]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_process_and_run_fill_in_the_name(
    writing: Writing, end_span: EndSpan, tmp_path: Path
) -> None:
    """``{pid}`` and ``{run_id}`` make shards, in the file's name and in its folder's."""
    provider = writing(tmp_path / "{run_id}" / "{run_id}.{pid}.log", run_id="25K_20260131")
    end_span(provider, "1")

    assert (tmp_path / "25K_20260131" / f"25K_20260131.{os.getpid()}.log").exists()


@pytest.mark.parametrize(
    "run_id", ["..", ".", "../..", "/etc", "a/../../b", ".hidden", "a\0b", "é"]
)
def test_no_run_leaves_the_folder_or_hides_in_it(
    writing: Writing, end_span: EndSpan, read: Read, tmp_path: Path, run_id: str
) -> None:
    """A run's id is data: whatever it holds, it names one folder, which can be seen."""
    top = tmp_path / "logs"
    provider = writing(top / "{run_id}" / "generation.log", run_id=run_id)
    end_span(provider, "1")

    (folder,) = top.iterdir()
    assert not folder.name.startswith(".")
    assert read(folder / "generation.log").ids == ["1"]
    assert list(tmp_path.iterdir()) == [top]


@example(["..", "%2E.", "%2E%2E"])
@example(["a/b", "a%2Fb"])
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), unique=True))
def test_two_runs_never_share_a_file(run_ids: list[str]) -> None:
    """Different runs have different names, and each is a single name."""
    names = [
        os.path.basename(AppendFile("/logs/{run_id}", run_id, is_forced=False).path)
        for run_id in run_ids
    ]

    assert len(set(names)) == len(run_ids)
    assert not {"", ".", ".."} & set(names)


def test_forcing_to_the_disk_follows_the_setting(
    writing: Writing, end_span: EndSpan, counts: Callable[[str], dict[str, int]]
) -> None:
    """``line`` forces each line, ``never`` none, and ``second`` those of the flush.

    A pipe shows it: it takes lines, and refuses to be forced to a disk.
    """
    refused = {}
    for fsync in ("never", "second", "line"):
        reader, writer = os.pipe()
        provider = writing(f"/dev/fd/{writer}", fsync=fsync)
        before = counts("faults").get("unsynced", 0)
        for number in range(3):
            end_span(provider, str(number))
        while_writing = counts("faults").get("unsynced", 0) - before
        flushed = provider.force_flush()
        refused[fsync] = (while_writing, counts("faults").get("unsynced", 0) - before, flushed)
        assert os.read(reader, 1 << 16).count(b"\n") == 3, "a line is never written twice"
        os.close(reader)
        os.close(writer)

    assert refused["never"] == (0, 0, True)
    assert refused["line"] == (3, 4, False)
    assert refused["second"][0] <= 1
    assert refused["second"][1:] == (refused["second"][0] + 1, False)


def test_within_a_second_the_disk_has_it_without_a_further_line(
    writing: Writing, end_span: EndSpan
) -> None:
    """A burst before an idle hour is forced to the disk too. A pipe shows it, as it refuses."""
    told = threading.Event()
    handler = logging.Handler()
    handler.emit = lambda record: told.set()  # type: ignore[method-assign]  # the shortest handler
    reader, writer = os.pipe()
    provider = writing(f"/dev/fd/{writer}", fsync="second")
    logging.getLogger("otel_persona").addHandler(handler)
    try:
        end_span(provider, "1")
        assert told.wait(30)
    finally:
        logging.getLogger("otel_persona").removeHandler(handler)
        os.close(reader)
        os.close(writer)


@pytest.mark.parametrize("fsync", ["second", "line"])
def test_a_log_that_is_forced_to_the_disk(
    writing: Writing, end_span: EndSpan, read: Read, tmp_path: Path, fsync: str
) -> None:
    """On a file that can be, all goes well and nothing is told."""
    log = tmp_path / "generation.log"
    provider = writing(log, fsync=fsync)
    for number in range(3):
        end_span(provider, str(number))

    assert provider.force_flush()
    assert read(log).ids == ["0", "1", "2"]
