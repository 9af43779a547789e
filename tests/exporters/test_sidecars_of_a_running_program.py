"""Sidecars while a program runs, and what is left of them however it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Start = Callable[..., Any]
WaitFor = Callable[[Callable[[], object]], None]

BEGIN = """
import threading
SAFETY = {"telemetry": json.loads(sys.argv[1])}
op.configure(run_id="25K_a", sidecars="REPRODUCIBILITY", safety=SAFETY)
for number in range(int(sys.argv[2])):
    generate(f"p-{number}")
say(threads=[thread.name for thread in threading.enumerate()])
hear()
"""
SOON = '{"checkpoint_attempts": 1, "checkpoint_s": 86400}'
LATER = '{"checkpoint_s": 0.2}'
NEVER = '{"checkpoint_attempts": 1000000, "checkpoint_s": 86400}'


@pytest.mark.parametrize("checkpoints", [SOON, LATER], ids=["attempts", "seconds"])
def test_a_killed_run_leaves_its_last_checkpoint(
    start: Start, tree: Any, wait_for: WaitFor, checkpoints: str
) -> None:
    """After so many attempts or seconds all there is stands in the tree, as not complete."""
    child = start(BEGIN, checkpoints, 10)
    child.hear()
    wait_for(lambda: tree.root.is_dir() and sum(tree.attempts().values()) == 10)
    child.kill()

    assert tree.attempts() == {"B/CROSS_SECTIONAL/25K/cr_25K_a": 10}
    (metadata,) = tree.cohorts().values()
    assert metadata["complete"] is False
    assert not list(tree.root.rglob("*rollup*"))


def test_a_run_that_ends_is_complete_and_rolled_up(start: Start, tree: Any) -> None:
    """The program says nothing at its end, and came to no checkpoint but the first."""
    child = start(BEGIN, NEVER, 25)
    child.hear()
    child.go_on()
    assert child.wait() == 0

    assert tree.attempts() == {"B/CROSS_SECTIONAL/25K/cr_25K_a": 25}
    (metadata,) = tree.cohorts().values()
    assert metadata["complete"] is True
    assert tree.files()["B/telemetry_rollup.json"]["run_id"] == "25K_a"


@pytest.mark.parametrize("checkpoints", ['{"enabled": false}', SOON])
def test_without_sidecars_or_attempts_there_is_neither_file_nor_thread(
    start: Start, tree: Any, checkpoints: str
) -> None:
    """Nothing at all is written where nothing is to be told, or nobody wants it."""
    child = start(BEGIN, checkpoints, 0 if checkpoints == SOON else 100)
    assert child.hear()["threads"] == ["MainThread"]
    child.go_on()
    assert child.wait() == 0

    assert not tree.root.exists()


def test_the_thread_ends_when_all_is_written(start: Start, tree: Any) -> None:
    """A process that generates nothing is not kept awake."""
    child = start(
        BEGIN
        + """
while any(thread.name == "otel-persona-sidecars" for thread in threading.enumerate()):
    time.sleep(0.01)
say(written=os.path.exists("REPRODUCIBILITY"))
generate("late")
say(shut=op.shutdown())
""",
        SOON,
        10,
    )
    child.hear()
    child.go_on()

    assert child.hear()["written"]
    assert child.hear()["shut"]
    assert tree.attempts() == {"B/CROSS_SECTIONAL/25K/cr_25K_a": 11}


FAILED_SHUTDOWN = """
import fcntl, threading
SAFETY = {"telemetry": {"checkpoint_s": 0.1}}
handle = op.configure(run_id="25K_a", sidecars="REPRODUCIBILITY", safety=SAFETY)
generate("1")
say(flushed=handle.force_flush())
while threading.active_count() > 1:
    time.sleep(0.01)
lock = os.open("REPRODUCIBILITY/B/CROSS_SECTIONAL/25K/.lock", os.O_RDWR)
fcntl.flock(lock, fcntl.LOCK_EX)
say(shut=op.shutdown(2))
os.close(lock)
hear()
"""


def test_a_shutdown_that_failed_is_made_up_for_without_another_call(
    start: Start, tree: Any, wait_for: WaitFor
) -> None:
    """What could not be written is tried again after a while, until it is."""
    child = start(FAILED_SHUTDOWN)
    assert child.hear() == {"flushed": True}
    assert child.hear() == {"shut": False}

    wait_for(lambda: all(cohort["complete"] for cohort in tree.cohorts().values()))
    child.kill()
    assert tree.attempts() == {"B/CROSS_SECTIONAL/25K/cr_25K_a": 1}


AT_THE_END = """
import atexit
atexit.register(generate, "after ours")
op.configure(run_id="25K_a", sidecars="REPRODUCIBILITY")
atexit.register(generate, "before ours")
generate("1")
"""


def test_attempts_at_the_very_end_are_written(start: Start, tree: Any) -> None:
    """No thread outlasts the call then; the line of such an attempt would be there too."""
    child = start(AT_THE_END)
    assert child.wait() == 0, child.errors

    (metadata,) = tree.cohorts().values()
    assert (metadata["n_attempts"], metadata["complete"]) == (3, True)


FORK = """
op.configure(run_id="25K_a", sidecars="REPRODUCIBILITY")
for number in range(7):
    generate(f"parent-{number}")
if os.fork() == 0:
    generate("child")
    if sys.argv[1] == "shut":
        op.shutdown()
    os._exit(0)
os.wait()
generate("parent-7")
"""


@pytest.mark.parametrize(("ends", "attempts"), [("shut", 9), ("exits", 8)])
def test_a_forked_child_has_its_own_attempts_alone(
    start: Start, tree: Any, ends: str, attempts: int
) -> None:
    """What the parent had folded is in the parent's part, once."""
    child = start(FORK, ends)
    assert child.wait() == 0, child.errors

    assert tree.attempts() == {"B/CROSS_SECTIONAL/25K/cr_25K_a": attempts}
    assert [part["complete"] for part in tree.parts()] == [True] * (attempts - 7)


MANY_FORKS = """
import threading
SAFETY = {"telemetry": {"checkpoint_attempts": 1}}
op.configure(run_id="25K_a", sidecars="REPRODUCIBILITY", safety=SAFETY)
for number in range(30):
    for _ in range(5):
        generate("parent")
    if os.fork() == 0:
        generate("child")
        say(shut=op.shutdown(30))
        os._exit(0)
for number in range(30):
    os.wait()
"""


def test_forks_in_the_middle_of_checkpoints_harm_neither_side(start: Start, tree: Any) -> None:
    """Whatever the thread beside is doing, a child can write, and so can the parent."""
    child = start(MANY_FORKS)
    assert [child.hear() for _ in range(30)] == [{"shut": True}] * 30
    assert child.wait() == 0, child.errors

    assert tree.attempts() == {"B/CROSS_SECTIONAL/25K/cr_25K_a": 30 * 5 + 30}
    (metadata,) = tree.cohorts().values()
    assert metadata["complete"] is True


SLOW_IMPORT = """
import threading
importing, forking = threading.Event(), threading.Event()

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("pyarrow.") and not importing.is_set():
            importing.set()
            forking.wait(30)
            time.sleep(1.5)  # longer than a fork waits for a checkpoint

sys.meta_path.insert(0, Slow())
SAFETY = {"telemetry": {"checkpoint_attempts": 1}}
op.configure(run_id="25K_a", sidecars="REPRODUCIBILITY", safety=SAFETY)
os.register_at_fork(before=forking.set)
generate("parent")
importing.wait(30)
if os.fork() == 0:
    generate("child")
    say(shut=op.shutdown(10))
    os._exit(0)
os.wait()
say(shut=op.shutdown(10))
"""


def test_a_fork_does_not_cut_an_import_in_two(start: Start, tree: Any) -> None:
    """The child would wait for ever for a module that its parent's thread was importing."""
    child = start(SLOW_IMPORT)
    assert [child.hear(), child.hear()] == [{"shut": True}] * 2
    assert child.wait() == 0, child.errors

    assert tree.attempts() == {"B/CROSS_SECTIONAL/25K/cr_25K_a": 2}
    assert [part["complete"] for part in tree.parts()] == [True, True]


WORKERS = """
import multiprocessing
import otel_persona as op

op.configure(run_id="25K_a", sidecars="REPRODUCIBILITY")

@op.attempt(stage="B")
def generate(persona_id):
    pass

def work(worker):
    for number in range(10):
        generate(f"{worker}-{number}")

if __name__ == "__main__":
    import sys
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(3) as pool:
        pool.map(work, range(6))
        pool.close()
        pool.join()
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_end_with_complete_parts(
    start: Start, tree: Any, tmp_path: Any, method: str
) -> None:
    """They end without ``atexit``; each has a part of its own, and together they are the cohort."""
    (tmp_path / "program.py").write_text(WORKERS)
    child = start("os.execv(sys.executable, [sys.executable, 'program.py', sys.argv[1]])", method)
    assert child.wait() == 0, child.errors

    assert tree.attempts() == {"B/CROSS_SECTIONAL/25K/cr_25K_a": 60}
    (metadata,) = tree.cohorts().values()
    assert metadata["complete"] is True
    assert all(part["complete"] for part in tree.parts())
    assert tree.files()["B/telemetry_rollup.json"]["views"]["CROSS_SECTIONAL"]["complete"]


def test_a_worker_that_is_killed_leaves_the_cohort_incomplete(
    start: Start, tree: Any, wait_for: WaitFor
) -> None:
    """Others of the run may end well; not all of its attempts are there."""
    killed = start(BEGIN, SOON, 10)
    killed.hear()
    wait_for(lambda: tree.root.is_dir() and sum(tree.attempts().values()) == 10)
    killed.kill()
    other = start(BEGIN, SOON, 5)
    other.hear()
    other.go_on()
    assert other.wait() == 0

    assert tree.attempts() == {"B/CROSS_SECTIONAL/25K/cr_25K_a": 15}
    (metadata,) = tree.cohorts().values()
    assert metadata["complete"] is False


@pytest.mark.parametrize("lock", [True, False])
def test_a_worker_says_that_it_lives_and_what_runs_it_writes(
    start: Start, tree: Any, wait_for: WaitFor, lock: bool
) -> None:
    """By a dot-file that is gone at its end; where nobody has locks there is none."""
    child = start(BEGIN, SOON.replace("{", f'{{"lock": {str(lock).lower()}, '), 1)
    child.hear()
    wait_for(lambda: list(tree.attempts().values()) == [1])
    signs = [path.read_text() for path in tree.root.glob(".worker-*")]
    assert signs == ['"25K_a"\n'] * lock
    child.go_on()
    assert child.wait() == 0

    assert not list(tree.root.glob(".worker-*"))


NEW_COHORT = """
SAFETY = {"telemetry": json.loads(sys.argv[1])}
op.configure(run_id="25K_a", sidecars="REPRODUCIBILITY", safety=SAFETY)
for target in ("hobbies", "anchors"):
    with op.persona("p-1", target=target):
        generate("p-1")
    hear()
"""


def test_each_cohort_of_a_worker_stands_there_from_its_first_attempt_on(
    start: Start, tree: Any, wait_for: WaitFor
) -> None:
    """Killed before any checkpoint was due, it leaves no cohort that others call complete."""
    killed = start(NEW_COHORT, NEVER)
    wait_for(lambda: list(tree.attempts()) == ["B/CROSS_SECTIONAL/hobbies/cr_25K_a"])
    killed.go_on()
    wait_for(lambda: len(tree.attempts()) == 2)
    killed.kill()
    other = start(NEW_COHORT, NEVER)
    other.go_on()
    other.go_on()
    assert other.wait() == 0

    assert list(tree.attempts().values()) == [2, 2]
    assert [cohort["complete"] for cohort in tree.cohorts().values()] == [False, False]


UNWRITABLE = """
import logging
from otel_persona.records import tallies
logging.basicConfig(format="%(message)s")
handle = op.configure(
    run_id="25K_a", sidecars="REPRODUCIBILITY/tree", safety={"telemetry": {"checkpoint_s": 0.02}}
)
for number in range(100):
    generate(f"p-{number}")
while tallies.faults.counts().get("sidecars", 0) < 3:
    time.sleep(0.01)
say(flushed=handle.force_flush())
hear()
while handle.force_flush() is False:
    time.sleep(0.01)
say(counts=[tallies.lost.counts(), tallies.rejected.counts()])
"""


def test_a_tree_that_cannot_be_written_is_told_once_and_made_up_for(
    start: Start, tree: Any
) -> None:
    """The generation goes on, each checkpoint tries again, and nothing is lost on the way."""
    tree.root.write_text("in the way")
    child = start(UNWRITABLE)
    assert child.hear() == {"flushed": False}
    tree.root.unlink()
    child.go_on()
    assert child.hear() == {"counts": [{}, {}]}
    assert child.wait() == 0

    tree.root /= "tree"
    assert tree.attempts() == {"B/CROSS_SECTIONAL/25K/cr_25K_a": 100}
    told, again = child.errors.splitlines()
    assert "kept to be written later" in told
    assert "told once" in told
    assert again.endswith("REPRODUCIBILITY/tree can be written again")


HELD = """
import fcntl, threading
handle = op.configure(run_id="25K_a", sidecars="REPRODUCIBILITY")
generate("1")
say(flushed=handle.force_flush())
generate("2")
lock = os.open("REPRODUCIBILITY/B/CROSS_SECTIONAL/25K/.lock", os.O_RDWR)
fcntl.flock(lock, fcntl.LOCK_EX)
started = time.monotonic()
say(held=[handle.force_flush(0.3), op.shutdown(2)], in_time=time.monotonic() - started < 9)
os.close(lock)
say(free=op.shutdown())
"""


def test_a_lock_that_others_hold_costs_no_deadline(start: Start, tree: Any) -> None:
    """A flush and a shutdown give up in time, say so, and can be repeated."""
    child = start(HELD)
    assert child.hear() == {"flushed": True}
    assert child.hear() == {"held": [False, False], "in_time": True}
    assert child.hear() == {"free": True}
    assert child.wait() == 0
    assert "1 of the cohorts, and rollups, of '25K_a'; call op.shutdown(" in child.errors

    (metadata,) = tree.cohorts().values()
    assert (metadata["n_attempts"], metadata["complete"]) == (2, True)
