"""With no SDK set up, or with everything switched off, decorated programs just run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import asyncio, sys
import otel_persona as op

@op.attempt(stage="B")
def plain(persona_id):
    a = op.current_attempt()
    a.record_usage(prompt_tokens=1, completion_tokens=2, model="m")
    a.record_repair("r"); a.record_score("s", 0.5); a.record_anchors("x")
    return persona_id

@op.attempt(stage="B")
async def coroutine(persona_id):
    await asyncio.sleep(0)
    return persona_id

@op.attempt(stage="B")
def generator(persona_id):
    got = yield persona_id
    return got

@op.attempt(stage="B")
async def async_generator(persona_id):
    yield persona_id

@op.attempt(stage="B")
def raises():
    raise KeyError("mine")

async def main():
    assert await coroutine("p") == "p"
    assert [item async for item in async_generator("p")] == ["p"]
    async with op.attempt(stage="C") as a:
        assert op.current_attempt() is a
        assert a.stage == "C"

assert plain("p") == "p"
asyncio.run(main())
generating = generator("p")
assert next(generating) == "p"
try:
    generating.send(5)
except StopIteration as stop:
    assert stop.value == 5
abandoned = generator("p")
next(abandoned)
del abandoned
try:
    raises()
except KeyError as error:
    assert error.args == ("mine",)
with op.persona("p") as scope, op.attempt(stage="B") as a:
    assert a.persona_id == scope.persona_id == "p"
    assert not a.span.is_recording()
assert op.log_attempt({}) is False
"""


def run(program: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a program in an empty folder, with no variable of OpenTelemetry but those given."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=folder,
        env=clean | environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran


def test_nothing_happens_without_an_sdk(tmp_path: Path) -> None:
    """Every shape works, nothing is written, and the SDK is not even imported."""
    ran = run(
        PROGRAM
        + """
heavy = "opentelemetry.sdk", "numpy", "pyarrow"
assert not [name for name in sys.modules if name.startswith(heavy)]
""",
        tmp_path,
    )
    assert ran.stdout == ""
    assert ran.stderr.count("\n") == 1  # what was wrong with the entry
    assert "log_attempt" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_attempts_that_nobody_watches_cost_no_memory(tmp_path: Path) -> None:
    """Nothing piles up without an SDK, with the collector off and a new model each time."""
    run(
        """
import gc, itertools, tracemalloc
import otel_persona as op

@op.attempt(stage="B")
def generate(persona_id):
    a = op.current_attempt()
    a.record_usage(prompt_tokens=1, model=f"model {persona_id}")
    a.record_repair("r")
    a.record_score("s", 0.5)

ids = itertools.count()

def many():
    for persona_id in itertools.islice(ids, 2_000):
        generate(persona_id)

many()
gc.collect(); gc.disable()
tracemalloc.start()
many()
before = tracemalloc.get_traced_memory()[0]
many(); many(); many()
grown = tracemalloc.get_traced_memory()[0] - before
assert grown < 100_000, grown
""",
        tmp_path,
    )


@pytest.mark.parametrize("disabled", ["true", "True", " TRUE "])
def test_switched_off(disabled: str, tmp_path: Path) -> None:
    """``OTEL_SDK_DISABLED=true`` turns everything off, the log too, ``configure`` or not."""
    configure = (
        'import otel_persona as op; handle = op.configure(log="generation.log", run_id="r");'
        "assert handle.force_flush(); assert handle.shutdown(); assert op.shutdown()\n"
    )
    ran = run(configure + PROGRAM, tmp_path, OTEL_SDK_DISABLED=disabled)
    assert ran.stdout == ""
    ran = run(PROGRAM, tmp_path, OTEL_SDK_DISABLED=disabled, OTEL_PERSONA_LOG="generation.log")
    assert ran.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_switched_off_keeps_the_settings(tmp_path: Path) -> None:
    """A program with stages of its own still runs: switching off is no wrong use."""
    run(
        """
import otel_persona as op
op.configure(stages=["draft"], log="generation.log", strict=True)

@op.attempt(stage="draft")
def generate():
    return 1

assert generate() == 1
""",
        tmp_path,
        OTEL_SDK_DISABLED="true",
    )
    assert list(tmp_path.iterdir()) == []


def test_switched_on_by_the_environment_alone(tmp_path: Path) -> None:
    """With ``OTEL_PERSONA_LOG`` the first attempt sets everything up; its line is there."""
    run(
        """
import otel_persona as op

@op.attempt(stage="B")
def generate(persona_id):
    return persona_id

assert generate("p") == "p"
assert open("generation.log").read().count('"persona_id":"p"') == 1
""",
        tmp_path,
        OTEL_PERSONA_LOG="generation.log",
        OTEL_PERSONA_RUN_ID="25K_1",
    )


def test_many_threads_that_start_it(tmp_path: Path) -> None:
    """However many first attempts there are at once, one set-up results and no line is lost."""
    run(
        """
import threading
import otel_persona as op

@op.attempt(stage="B")
def generate(persona_id):
    return persona_id

barrier = threading.Barrier(16)

def work(index):
    barrier.wait()
    generate(index)

threads = [threading.Thread(target=work, args=(index,)) for index in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
import json
lines = [json.loads(line) for line in open("generation.log")]
assert sorted(int(line["persona_id"]) for line in lines) == list(range(16)), lines
assert len({line["run_id"] for line in lines}) == 1
""",
        tmp_path,
        OTEL_PERSONA_LOG="generation.log",
    )


@pytest.mark.parametrize(
    "environ",
    [
        {"OTEL_PERSONA_LOG": "g.log", "OTEL_PERSONA_BATCH": "nonsense"},
        {"OTEL_PERSONA_LOG": "g.log", "OTEL_TRACES_EXPORTER": "nonsense"},
        {
            "OTEL_PERSONA_LOG": "g.log",
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "soon",
        },
        {"OTEL_PERSONA_SETTINGS": "missing.yaml"},
    ],
    ids=["setting", "exporter", "variable", "file"],
)
def test_an_environment_that_is_wrong_never_stops_an_attempt(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """What is wrong with it is told; the functions that are decorated run."""
    ran = run(
        """
import os
given = {key: os.environ.pop(key) for key in list(os.environ) if key.startswith("OTEL_")}
import otel_persona as op

@op.attempt(stage="B")
def generate():
    return 1

os.environ |= given
for _ in range(3):
    assert generate() == 1
    with op.persona("p") as scope, op.attempt(stage="B") as a:
        a.span.set_attribute("x", 1)
        scope.span.set_attribute("x", 1)
    assert op.log_attempt({}) is False
""",
        tmp_path,
        **environ,
    )
    assert ran.stderr != ""
    assert ran.stderr.count("\n") < 20
