"""The whole demo: the data, the pipeline and the telemetry put together, and the outcome."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Protocol

import otel_persona as op
from otel_persona.aggregation import BatchSummary, IndicatorChange
from otel_persona.analysis import BatchAnalysis, LogReader, RunAttempts, analyze_batches
from otel_persona.cohorts import TREE_NAME
from otel_persona.demo.clock import VirtualClock
from otel_persona.demo.collapse import Texts, pick_handful
from otel_persona.demo.delivery import DeliveryWatch
from otel_persona.demo.draws import Draws
from otel_persona.demo.generation import Pipeline
from otel_persona.demo.laps import request_laps, text_laps
from otel_persona.demo.log_place import (
    LOG_NAME,
    RUN_ID_START,
    check_place,
    clear_place,
)
from otel_persona.demo.lookup import Lookup, find_run
from otel_persona.demo.replay import Position, Replay
from otel_persona.demo.sidecars import Sidecars, check_tree, write_sidecars
from otel_persona.demo.sources import Request, load_requests, load_texts
from otel_persona.errors import UsageError
from otel_persona.settings import Settings, load_settings, switched_off

PERSONAS_PER_BATCH = 100
BATCH = f"personas:{PERSONAS_PER_BATCH}"

_FLUSH_EVERY_PERSONAS = 100  # so that the SDK's queue of 2,048 spans never overflows


class Plan(NamedTuple):
    """What to do; see the command's options."""

    folder: Path
    attempts: int
    collapse: bool
    otlp: str | None
    seed: int
    sidecars: bool = False

    @property
    def log(self) -> Path:
        """Where the attempts are logged."""
        return self.folder / LOG_NAME

    @property
    def tree(self) -> Path:
        """Where the sidecars go, if there are to be any."""
        return self.folder / TREE_NAME


class Watcher(Protocol):
    """Sees batches close and indicators change while the demo runs."""

    def on_batch(self, batch: BatchSummary) -> None:
        """Handle a closed batch."""

    def on_change(self, change: IndicatorChange) -> None:
        """Handle an indicator's change of band."""


class Outcome(NamedTuple):
    """The outcome; ``analysis`` is computed from the log.

    ``simulated_from`` is where the collapse begins, ``undelivered`` why the collector did not take
    everything, ``lookup`` where to look at what it took, ``sidecars`` what was written of the
    sliced requests; each is ``None`` if it does not apply.
    ``virtual_s`` seconds passed on the replay's clock, ``wall_s`` in reality.
    """

    run_id: str
    log: Path
    personas: int
    analysis: BatchAnalysis
    simulated_from: Position | None
    undelivered: str | None
    lookup: Lookup | None
    sidecars: Sidecars | None
    virtual_s: float
    wall_s: float


def run_demo(plan: Plan, watcher: Watcher) -> Outcome:
    """Run the demo; raises ``PersonaError`` if it cannot be run as planned."""
    started = time.monotonic()
    log = plan.log
    check_place(log)
    if plan.sidecars:
        check_tree(plan.tree)
    if switched_off():
        raise UsageError("OTEL_SDK_DISABLED is true, so nothing would be recorded; unset it")
    run_id = _new_run_id(plan)
    settings = load_settings({"run_id": run_id, "otlp": plan.otlp, "batch": BATCH})
    clear_place(log)
    requests = list(islice(_requests(plan), plan.attempts))
    # No attempt takes more than one request, so the replay ends before now.
    longest_s = sum(request.latency_s for request in requests)
    clock = VirtualClock(time.time_ns() - round(longest_s * 1e9))
    began_ns = clock()
    replay = Replay(Pipeline(iter(requests), clock), _texts(plan), plan.attempts)
    with DeliveryWatch(wanted=plan.otlp is not None) as delivery:
        handle = op.configure(
            run_id=run_id,
            log=str(log),
            otlp=plan.otlp,
            batch=BATCH,
            clock=clock,
            # Who has named a tree of their own in the environment gets nothing of the demo there.
            safety={"metrics": {"enabled": False}},
            on_batch=watcher.on_batch,
            on_indicator_change=watcher.on_change,
        )
        try:
            replay.run(partial(_after_persona, delivery, handle))
            delivery.send(handle)
        finally:
            delivery.shutdown(handle)
    lookup = None
    if plan.otlp is not None and delivery.problem is None:
        lookup = find_run(plan.otlp, run_id, began_ns=began_ns, ended_ns=clock())
    return Outcome(
        run_id=run_id,
        log=log,
        personas=replay.personas,
        analysis=_read_back(log, settings),
        simulated_from=replay.half_way if plan.collapse else None,
        undelivered=delivery.problem,
        lookup=lookup,
        sidecars=write_sidecars(plan.tree) if plan.sidecars else None,
        virtual_s=(clock() - began_ns) / 1e9,
        wall_s=time.monotonic() - started,
    )


def _new_run_id(plan: Plan) -> str:
    """Make the run's id, which shows whether a part is simulated."""
    suffix = "_collapse" if plan.collapse else ""
    return f"{RUN_ID_START}{datetime.now(UTC):%Y%m%d_%H%M%S}{suffix}"


def _requests(plan: Plan) -> Iterator[Request]:
    return request_laps(load_requests(), Draws(plan.seed, "requests"))


def _texts(plan: Plan) -> Texts:
    texts = load_texts()
    laps = text_laps(texts, Draws(plan.seed, "texts"))
    handful = pick_handful(texts) if plan.collapse else ()
    return Texts(laps, handful, draws=Draws(plan.seed, "collapse"))


def _after_persona(delivery: DeliveryWatch, handle: op.Handle, personas: int) -> None:
    if personas % _FLUSH_EVERY_PERSONAS == 0:
        delivery.send(handle)


def _read_back(log: Path, settings: Settings) -> BatchAnalysis:
    """Compute the figures from the lines on disk, as ``analyze`` does."""
    reader = LogReader([str(log)], on_skip=lambda _: None)
    return analyze_batches(RunAttempts(reader, settings), settings)
