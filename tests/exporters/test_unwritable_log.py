"""A log that cannot be written: the generation goes on, and nothing is lost without a word."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

LIMITED = """
import logging
logging.basicConfig(format="%(message)s")
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), hard))
handle = op.configure(log=sys.argv[1], pending_records=50)
returned = [generate(str(number), ["hram"] * (number % 7)) for number in range(200)]
say(returned=returned, size=os.path.getsize(sys.argv[1]))
hear()
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
say(flushed=handle.force_flush())
generate("after")
from otel_persona.records import tallies
say(lost=tallies.lost.counts())
"""


@pytest.mark.parametrize("limit", [20_000, 20_001, 20_057, 20_211])
def test_a_full_disk_is_told_once_and_made_up_for(
    start: Callable[..., Any], read: Callable[..., Any], tmp_path: Path, limit: int
) -> None:
    """Lines wait in memory and are written later; what exceeds them is counted, and only that."""
    log = tmp_path / "generation.log"
    child = start(LIMITED, log, limit)
    said = child.hear()
    assert said["returned"] == [str(number) for number in range(200)]
    assert said["size"] == limit
    before = read(log).ids
    child.go_on()
    assert child.hear()["flushed"]
    lost = child.hear()["lost"]["log_unwritable"]
    assert child.wait() == 0

    seen = read(log)

    written = [str(number) for number in range(len(before) + 50)]
    assert seen.ids == [*written, "after"]
    assert lost == 200 - len(written)
    assert len(seen.skipped) <= 1, "the beginning of the line that did not fit"
    warnings = child.errors.splitlines()
    assert [line for line in warnings if "cannot be written" in line] == [warnings[0]]
    assert "tried again" in warnings[0]
    assert sum("can be written again" in line for line in warnings) == 1
    assert sum("attempt record lost" in line for line in warnings) == 1
    assert len(warnings) == 3


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a folder on a disk of 64 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root alone")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_small_disk_that_fills_up_and_gets_room_again(
    small_disk: Path, writing: Callable[..., Any], end_span: Callable[..., None], read: Any
) -> None:
    """The same on a disk that is really full: all lines are there once it has room."""
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 40_000)
    log = small_disk / "generation.log"
    provider = writing(log)
    for number in range(60):
        end_span(provider, str(number), **{"persona.anchors_used": ["zacuscă " * 50]})
    assert len(read(log).records) < 60

    ballast.unlink()

    assert provider.force_flush()
    assert read(log).ids == [str(number) for number in range(60)]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone has a disk always full")
def test_what_was_never_written_is_counted_at_shutdown(
    writing: Callable[..., Any],
    end_span: Callable[..., None],
    counts: Callable[[str], dict[str, int]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Lines that are still pending at the end are lost, and it is said how many."""
    provider = writing("/dev/full", pending_records=10)
    for number in range(4):
        end_span(provider, str(number))
    assert counts("lost") == {}
    assert not provider.force_flush()

    provider.shutdown()

    assert counts("lost") == {"log_unwritable": 4}
    end_span(provider, "late")
    assert counts("lost") == {"log_unwritable": 5}
    assert sum("cannot be written" in line for line in caplog.messages) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone has a disk always full")
def test_nothing_is_kept_where_nothing_may_be(
    writing: Callable[..., Any],
    end_span: Callable[..., None],
    counts: Callable[[str], dict[str, int]],
) -> None:
    """``pending_records=0`` keeps no line in memory."""
    provider = writing("/dev/full", pending_records=0)
    for number in range(3):
        end_span(provider, str(number))

    assert counts("lost") == {"log_unwritable": 3}


@pytest.fixture
def obstacle(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """Give a log that cannot be opened, and what stands in its way."""
    path = tmp_path / "there"
    if request.param == "a folder of its name":
        path.mkdir()
        return path, path
    if request.param == "a file where its folder should be":
        path.write_text("")
        return path / "generation.log", path
    path.symlink_to(path)  # a link to itself
    return path, path


@pytest.mark.parametrize(
    "obstacle",
    ["a folder of its name", "a file where its folder should be", "a circle of links"],
    indirect=True,
)
def test_a_log_that_cannot_be_opened(
    writing: Callable[..., Any],
    end_span: Callable[..., None],
    read: Callable[..., Any],
    counts: Callable[[str], dict[str, int]],
    caplog: pytest.LogCaptureFixture,
    obstacle: tuple[Path, Path],
) -> None:
    """One warning that names the file and the reason; the lines follow when the way is free."""
    log, in_the_way = obstacle
    provider = writing(log)
    for number in range(5):
        end_span(provider, str(number))
    assert len(caplog.messages) == 1
    assert str(log) in caplog.messages[0]
    assert "Errno" in caplog.messages[0]
    in_the_way.rmdir() if in_the_way.is_dir() else in_the_way.unlink()

    assert provider.force_flush()

    assert read(log).ids == ["0", "1", "2", "3", "4"]
    assert counts("lost") == {}
    assert caplog.records[-1].levelno == logging.WARNING
    assert "can be written again" in caplog.messages[-1]


def test_a_line_that_would_be_lost_is_tried_first(
    writing: Callable[..., Any],
    end_span: Callable[..., None],
    read: Callable[..., Any],
    counts: Callable[[str], dict[str, int]],
    tmp_path: Path,
) -> None:
    """Where no more may wait, nobody waits for the next second while the log can be written."""
    log = tmp_path / "generation.log"
    log.mkdir()
    provider = writing(log, pending_records=2)
    for number in range(3):
        end_span(provider, str(number))
    assert counts("lost") == {"log_unwritable": 1}
    log.rmdir()
    end_span(provider, "3")

    assert read(log).ids == ["0", "1", "3"]


NOBODY = """
handle = op.configure(log=sys.argv[1])
if os.geteuid() == 0:
    os.setuid(65534)
say(returned=[generate("1"), generate("2")])
hear()
say(flushed=handle.force_flush())
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that everybody can look into, unlike those that pytest makes."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def test_a_missing_permission(
    start: Callable[..., Any], read: Callable[..., Any], open_folder: Path
) -> None:
    """A folder that the program may not write to keeps it from nothing but the log."""
    open_folder.chmod(0o555)
    log = open_folder / "generation.log"
    child = start(NOBODY, log)
    assert child.hear()["returned"] == ["1", "2"]
    assert not log.exists()
    open_folder.chmod(0o777)
    child.go_on()
    assert child.hear()["flushed"]
    assert child.wait() == 0

    assert read(log).ids == ["1", "2"]
    assert child.errors.count("Permission denied") == 1


def test_a_file_that_somebody_has_closed(
    writing: Callable[..., Any], end_span: Callable[..., None], read: Any, tmp_path: Path
) -> None:
    """A daemon may close all files; the log is opened anew, and no line is lost."""
    log = tmp_path / "generation.log"
    provider = writing(log)
    end_span(provider, "1")
    os.close(_descriptor_of(log))
    end_span(provider, "2")
    end_span(provider, "3")

    assert provider.force_flush()
    assert read(log).ids == ["1", "2", "3"]


def _descriptor_of(path: Path) -> int:
    for name in os.listdir("/proc/self/fd"):
        link = Path("/proc/self/fd", name)
        if link.is_symlink() and os.readlink(link) == str(path):
            return int(name)
    raise AssertionError(f"{path} is not open")


def test_a_line_behind_a_fragment_stands_on_a_line_of_its_own_after_reopening(
    start: Callable[..., Any], read: Callable[..., Any], tmp_path: Path
) -> None:
    """A fragment that this process left is closed, though the file was opened anew since."""
    log = tmp_path / "generation.log"
    child = start(LIMITED, log, 1_000)
    child.hear()
    child.go_on()
    child.hear()
    child.hear()
    assert child.wait() == 0

    lines = log.read_bytes().split(b"\n")

    whole = [line for line in lines if line.startswith(b'{"ts":') and line.endswith(b"}")]
    assert len(lines) - len(whole) == 2, "the fragment, and what follows the last newline"
    assert len(read(log).skipped) == 1


HANDLERS = """
import logging

class Late(logging.Handler):
    def emit(self, record):
        generate("from the handler")

logging.getLogger("otel_persona").addHandler(Late())
logging.getLogger("otel_persona").propagate = False
handle = op.configure(log=sys.argv[1])
say(returned=generate("1"))
hear()
say(flushed=handle.force_flush())
"""


def test_a_logging_handler_that_makes_attempts_itself(
    start: Callable[..., Any], read: Callable[..., Any], tmp_path: Path
) -> None:
    """Each warning reaches it once; what it sets off does not wait for itself."""
    in_the_way = tmp_path / "logs"
    in_the_way.write_text("")
    log = in_the_way / "generation.log"
    child = start(HANDLERS, log)
    assert child.hear()["returned"] == "1"
    in_the_way.unlink()
    child.go_on()
    assert child.hear()["flushed"]
    assert child.wait() == 0

    assert sorted(read(tmp_path / "logs" / "generation.log").ids) == [
        "1",
        "from the handler",
        "from the handler",
    ]


@pytest.mark.parametrize("place", ["a pipe that nobody reads", "a name that no system takes"])
def test_a_log_that_cannot_be_opened_is_not_waited_for(
    place: str,
    writing: Callable[..., Any],
    end_span: Callable[..., None],
    counts: Callable[[str], dict[str, int]],
    tmp_path: Path,
) -> None:
    """The call returns, and no more lines wait than may."""
    log = tmp_path / ("pipe" if place.startswith("a pipe") else "x" * 300)
    if place.startswith("a pipe"):
        os.mkfifo(log)
    provider = writing(log, pending_records=3)
    for number in range(5):
        end_span(provider, str(number))

    assert counts("lost") == {"log_unwritable": 2}


LOCKED = """
import logging, threading

@op.attempt(stage="B")
def generating():
    yield 1

class Handler(logging.StreamHandler):
    def emit(self, record):
        if record.name == "theirs":
            suspended = generating()
            next(suspended)
            inside.set()
            assert waits.wait(60)
            del suspended  # its attempt ends here, while this handler's lock is held
        elif record.name == "otel_persona":
            say(told=record.getMessage())

class Waits(logging.Filter):
    def filter(self, record):
        waits.set()
        return True

inside, waits = threading.Event(), threading.Event()
logging.basicConfig(handlers=[Handler()])
logging.getLogger("otel_persona").addFilter(Waits())
handle = op.configure(log=sys.argv[1])
other = threading.Thread(target=logging.getLogger("theirs").warning, args=("x",))
other.start()
assert inside.wait(60)
generate("1")
other.join()
say(done=True)
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone has a disk always full")
def test_a_logging_handler_and_the_log_never_wait_for_each_other(start: Callable[..., Any]) -> None:
    """An attempt ends inside a handler, while another thread's warning waits for that handler."""
    child = start(LOCKED, "/dev/full")

    assert "cannot be written" in child.hear()["told"]
    assert child.hear() == {"done": True}
    assert child.wait() == 0


FLUSHED = """
import signal
from opentelemetry import trace

def flush(*_):
    trace.get_tracer_provider().force_flush()

op.configure(log=sys.argv[1])
generate("first")
signal.signal(signal.SIGALRM, flush)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
returned = [generate(str(number)) for number in range(5_000)]
signal.setitimer(signal.ITIMER_REAL, 0)
from otel_persona.records import tallies
say(lost=tallies.lost.counts(), returned=len(returned))
"""


def test_a_flush_in_a_signal_handler_writes_no_line_twice(
    start: Callable[..., Any], read: Callable[..., Any], tmp_path: Path
) -> None:
    """The handler has interrupted the very write, which goes on after it."""
    log = tmp_path / "generation.log"
    child = start(FLUSHED, log)
    assert child.hear() == {"lost": {}, "returned": 5_000}
    assert child.wait() == 0

    assert read(log).ids == ["first", *map(str, range(5_000))]


def test_a_line_for_which_room_was_made_is_kept(
    writing: Callable[..., Any],
    end_span: Callable[..., None],
    counts: Callable[[str], dict[str, int]],
    tmp_path: Path,
) -> None:
    """A pipe takes some of the lines that wait: the newest needs to give way no more."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    provider = writing(pipe, pending_records=50)
    number = 0
    while not counts("lost"):
        end_span(provider, str(number), **{"persona.anchors_used": ["zacuscă " * 20]})
        number += 1
    lost = counts("lost")
    os.read(reader, 1 << 14)
    end_span(provider, "newest")

    assert counts("lost") == lost
    os.close(reader)
