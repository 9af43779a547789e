"""Where lines come from: several files, compressed ones, and what cannot be read at all."""

from __future__ import annotations

import gzip
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from otel_persona.analysis import LogReader
from otel_persona.errors import LogReadError

Line = Callable[..., bytes]


def _zstd(data: bytes) -> bytes:
    return pa.compress(data, "zstd", asbytes=True)


COMPRESS = {"gz": gzip.compress, "zst": _zstd}


def _ids(records: list[Any]) -> list[str]:
    return [record.persona_id for record in records]


def test_files_are_read_in_the_order_given(
    line: Line, log: Callable[..., str], read: Callable[..., Any]
) -> None:
    """As ``cat`` would, but a file's last line ends with the file."""
    second = log(line(persona_id="2").rstrip(b"\n"), name="a.log")
    first = log(line(persona_id="1").rstrip(b"\n"), name="b.log")
    records, skipped = read(first, second)
    assert (_ids(records), skipped) == (["1", "2"], [])


@pytest.mark.parametrize("form", COMPRESS)
def test_compressed_logs_are_read(
    form: str, line: Line, log: Callable[..., str], read: Callable[..., Any]
) -> None:
    """Also where rotation has appended one compressed part to another."""
    parts = [b"".join(line(persona_id=str(n)) for n in numbers) for numbers in (range(9), "ab")]
    path = log(*map(COMPRESS[form], parts), name=f"generation.log.{form}")
    records, skipped = read(path)
    assert (_ids(records), skipped) == ([*"012345678", "a", "b"], [])


@pytest.mark.parametrize("name", ["a.gz", "a.zst"])
def test_a_plain_log_under_the_name_of_a_compressed_one(
    name: str, line: Line, log: Callable[..., str], read: Callable[..., Any]
) -> None:
    """What begins as JSON is JSON."""
    records, skipped = read(log(line(persona_id="1"), name=name))
    assert (_ids(records), skipped) == (["1"], [])


def test_gzip_parts_that_are_padded(
    line: Line, log: Callable[..., str], read: Callable[..., Any]
) -> None:
    """Zeros after a part, as tapes and block devices bring them, are no damage."""
    parts = [gzip.compress(line(persona_id=name)) + bytes(9_000) for name in "ab"]
    records, skipped = read(log(*parts, name="generation.log.gz"))
    assert (_ids(records), skipped) == (["a", "b"], [])


@pytest.mark.parametrize("form", COMPRESS)
@pytest.mark.parametrize("name", ["generation.log", "generation.log.1", "a.gz", "a.zst"])
def test_compressed_data_is_known_by_its_first_bytes(
    form: str, name: str, line: Line, log: Callable[..., str], read: Callable[..., Any]
) -> None:
    """Under a name without its suffix, or with that of another form."""
    records, skipped = read(log(COMPRESS[form](line(persona_id="1")), name=name))
    assert (_ids(records), skipped) == (["1"], [])


@pytest.mark.parametrize("form", COMPRESS)
@pytest.mark.parametrize("damage", ["cut", "changed", "garbage", "garbage after"])
def test_a_damaged_file_is_named_and_the_rest_is_read(
    form: str, damage: str, line: Line, log: Callable[..., str], read: Callable[..., Any]
) -> None:
    """What comes before the damage counts, and so do the other files."""
    whole = COMPRESS[form](b"".join(line(persona_id=os.urandom(9).hex()) for _ in range(6_000)))
    middle = len(whole) // 2
    damaged = {
        "cut": whole[:middle],
        "changed": whole[:middle] + bytes(4096) + whole[middle + 4096 :],
        "garbage": b"this was never compressed",
        "garbage after": whole + b"this was never compressed",
    }[damage]
    path = log(damaged, name=f"a.log.{form}")
    records, skipped = read(path, log(line(persona_id="after"), name="b.log"))
    assert records[-1].persona_id == "after"
    assert {skip.file for skip in skipped} == {path}
    assert "damaged" in skipped[-1].reason
    expected = {"cut": 3_000, "changed": 3_000, "garbage": 0, "garbage after": 6_000}[damage]
    assert len(records) - 1 == pytest.approx(expected, abs=0.2 * expected)
    assert skipped[-1].line >= len(records) - 1


def test_an_empty_log_gives_nothing(log: Callable[..., str], read: Callable[..., Any]) -> None:
    """No record, and nothing skipped."""
    assert read(log()) == ([], [])


@pytest.mark.parametrize("form", ["log", *COMPRESS])
def test_progress_counts_the_bytes_of_the_file(
    form: str, line: Line, log: Callable[..., str]
) -> None:
    """The steps add up to the size on disk, compressed or not."""
    data = b"".join(line(persona_id=str(n)) for n in range(20_000))
    path = log(COMPRESS.get(form, bytes)(data), name=f"a.{form}")
    steps: list[int] = []
    reader = LogReader([path], print, steps.append)
    assert len(list(reader)) == 20_000
    assert sum(steps) == reader.size == os.stat(path).st_size
    assert min(steps) >= 0


def test_the_reader_says_where_a_record_stands(line: Line, log: Callable[..., str]) -> None:
    """A caller who refuses a record names its file and line."""
    first, second = log(line(), line(), name="a.log"), log(b"\n", line(), name="b.log")
    skipped: list[Any] = []
    reader = LogReader([first, second], skipped.append)
    places = []
    for _ in reader:
        places.append((reader.file, reader.line))
        reader.refuse("not today")
    assert places == [(first, 1), (first, 2), (second, 2)]
    assert [(skip.file, skip.line, skip.reason) for skip in skipped] == [
        (*place, "not today") for place in places
    ]


def test_what_cannot_be_read_is_known_at_once(
    line: Line, log: Callable[..., str], tmp_path: Path
) -> None:
    """A path that is missing or a folder stops the work before it starts, in one sentence."""
    good = log(line())
    with pytest.raises(LogReadError, match=r"nowhere\.log: No such file or directory$"):
        LogReader([good, str(tmp_path / "nowhere.log")], print)
    with pytest.raises(LogReadError, match=r"is a folder; name the logs in it$"):
        LogReader([good, str(tmp_path)], print)


def test_a_log_given_twice_is_refused(line: Line, log: Callable[..., str], tmp_path: Path) -> None:
    """Its attempts would count twice, under whatever name."""
    good = log(line())
    link = tmp_path / "link.log"
    link.symlink_to(good)
    with pytest.raises(LogReadError, match=r"link\.log is named twice"):
        LogReader([good, str(link)], print)


@pytest.fixture
def nobody() -> Iterator[None]:
    """Take root's right to read everything away for one test."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield
    os.seteuid(user)


@pytest.mark.usefixtures("nobody")
def test_a_log_that_may_not_be_read_is_an_error(line: Line) -> None:
    """It is named in one sentence."""
    with tempfile.NamedTemporaryFile(suffix=".log") as file:
        file.write(line())
        os.chmod(file.name, 0)
        with pytest.raises(LogReadError, match="Permission denied"):
            LogReader([file.name], print)


def test_a_name_that_is_no_text_is_shown_all_the_same(
    line: Line, tmp_path: Path, read: Callable[..., Any]
) -> None:
    """Linux lets a file be named with any bytes."""
    path = os.path.join(os.fsencode(tmp_path), b"\xff.log")
    with open(path, "wb") as file:
        file.write(b"bad\n" + line())
    records, skipped = read(os.fsdecode(path))
    assert len(records) == 1
    assert skipped[0].file.endswith("\ufffd.log")
