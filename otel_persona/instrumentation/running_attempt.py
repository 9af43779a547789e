"""One running attempt: what the caller records on it, and how it ends."""

from __future__ import annotations

from collections.abc import Mapping

from opentelemetry import context as context_api
from opentelemetry import trace

from otel_persona.concurrency.interruptions import ignoring_failures, pass_on
from otel_persona.instrumentation import outcomes, values
from otel_persona.instrumentation.nesting import Nested, innermost, left_open
from otel_persona.instrumentation.telemetry import Telemetry
from otel_persona.records import AttemptRecord, Status, format_timestamp, open_attempts, tallies
from otel_persona.records.attributes import to_attributes
from otel_persona.semconv import ATTEMPT_SPAN_PREFIX


class Attempt(Nested):
    """One running attempt.

    Everything recorded on it ends up on its span, in its line and in the figures. A value that
    cannot be used is rejected and counted, with one warning; nothing here ever raises.
    """

    _usage_known = False
    _status_given = False

    def __init__(self, telemetry: Telemetry, record: AttemptRecord) -> None:
        self._telemetry = telemetry
        self._record = record
        now_ns, self._started_ns = telemetry.read_clock()
        outside = left_open(context_api.get_current())
        span = telemetry.tracer.start_span(
            ATTEMPT_SPAN_PREFIX + record.stage, outside, start_time=now_ns
        )
        self.place(span, outside)
        self._span_id = span.get_span_context().span_id
        self._open_attempt = open_attempts.start(self._span_id) if span.is_recording() else None

    @property
    def persona_id(self) -> str:
        """The id of the persona being generated."""
        return self._record.persona_id

    @property
    def stage(self) -> str:
        """The stage of the generation."""
        return self._record.stage

    @property
    def number(self) -> int:
        """The attempt's number for its persona and stage, from 1."""
        return self._record.attempt

    def record_usage(
        self,
        *,
        prompt_tokens: int | None = None,
        completion_tokens: int | None = None,
        model: str | None = None,
    ) -> None:
        """Add the tokens of one reply; call it once for each reply.

        Counts are whole numbers from 0. If it is never called, the usage on the spans below this
        one, such as those of a provider's instrumentation, is summed.
        """
        if not self._accepts("record_usage"):
            return
        record = self._record
        prompt = values.count(prompt_tokens, "prompt_tokens", record.prompt_tokens)
        completion = values.count(completion_tokens, "completion_tokens", record.completion_tokens)
        # Threads may add concurrently: make no call between reading and writing.
        record.prompt_tokens += prompt or 0
        record.completion_tokens += completion or 0
        if prompt is not None or completion is not None:
            self._usage_known = True
            if self._open_attempt is not None:
                self._open_attempt.reads_usage = False
        if model is not None:
            self._record.model = values.text(model, "model") or self._record.model

    def record_repair(self, *kinds: str) -> None:
        """Add repairs that were applied, such as ``trait_leak``; the status does not change."""
        if self._accepts("record_repair"):
            self._record.repairs += values.texts(kinds, "repair")

    def record_score(self, name: str, value: float) -> None:
        """Set one validator's score.

        The documented range is 0 to 1; other finite values are kept and counted with a warning. NaN
        and infinity are rejected.
        """
        if self._accepts("record_score"):
            self._set_score(name, value)

    def record_scores(self, mapping: Mapping[str, float]) -> None:
        """Set several validators' scores, each as with ``record_score``."""
        if self._accepts("record_scores"):
            for name, value in values.scores(mapping):
                self._set_score(name, value)

    def _set_score(self, name: object, value: object) -> None:
        validator = values.text(name, "validator")
        score = values.score(value, validator) if validator is not None else None
        if validator is not None and score is not None:
            self._record.validator_scores[validator] = score

    def record_opening_move(self, move: str) -> None:
        """Set the rhetorical move that the text opens with; the last call wins."""
        if self._accepts("record_opening_move"):
            known = self._record.opening_move
            self._record.opening_move = values.text(move, "opening_move") or known

    def record_constraints(self, *categories: str) -> None:
        """Add the categories of constraints that applied."""
        if self._accepts("record_constraints"):
            self._record.constraint_categories += values.texts(categories, "constraint")

    def record_anchors(self, *anchors: str) -> None:
        """Add anchors: concrete details that appeared in the text."""
        if self._accepts("record_anchors"):
            self._record.anchors_used += values.texts(anchors, "anchor")

    def set_status(self, status: Status) -> None:
        """Set the attempt's status: ``success``, ``fail`` or ``repair``.

        An exception that leaves the attempt makes it ``fail`` regardless.
        """
        if self._accepts("set_status"):
            said = values.status(status)
            if said is not None:
                self._set_status(said, None)

    def fail(self, reason: str) -> None:
        """Mark a failure that raises nothing; ``reason`` becomes the error in its line."""
        if self._accepts("fail"):
            message = values.text(reason, "reason")
            self._set_status("fail", outcomes.one_line(message) if message else None)

    def _set_status(self, status: Status, error: str | None) -> None:
        self._record.status = status
        self._record.error = error
        self._status_given = True

    def _accepts(self, call: str) -> bool:
        if self.ended:
            tallies.rejected.add("attempt_ended", f"{call} on an attempt that has ended")
        return not self.ended

    def end(self, error: BaseException | None = None) -> None:
        """End the attempt, once; ``error`` is the exception that left it. Never raises."""
        if self.ended:
            return
        self.ended = True
        try:
            self._finish(error)
        except Exception as fault:  # noqa: BLE001 - telemetry never breaks the generation
            pass_on(fault)
            tallies.lost.add("internal", f"the attempt could not be finished: {fault!r}")
        finally:
            if self._open_attempt is not None:
                open_attempts.end(self._span_id)
            # The context holds the attempt; without this, each attempt would be a reference cycle.
            self.inside = self.outside

    def _finish(self, error: BaseException | None) -> None:
        if self._open_attempt is not None and self._open_attempt.is_over:
            return  # it was open at a fork, and ends in the parent
        now_ns, steady_ns = self._telemetry.read_clock()
        if not self._usage_known:
            self._take_usage_below()
        self._complete(now_ns, steady_ns - self._started_ns, error)
        # Before the span ends, because other libraries' processors may fail there.
        tier = self._record.tier or self._telemetry.tier
        self._telemetry.metrics.add(self._record, tier=tier, usage_known=self._usage_known)
        if self._open_attempt is None:
            return
        if not self._span.is_recording():
            tallies.lost.add("span_ended", "the attempt's span was ended before the attempt")
            return
        open_attempts.ending[self._span_id] = self._record
        self._end_span(now_ns, error)

    def _take_usage_below(self) -> None:
        open_attempt = self._open_attempt
        if open_attempt is None or not open_attempt.has_usage:
            return
        self._usage_known = True
        self._record.prompt_tokens = open_attempt.prompt_tokens
        self._record.completion_tokens = open_attempt.completion_tokens
        self._record.model = self._record.model or open_attempt.model

    def _complete(self, now_ns: int, elapsed_ns: int, error: BaseException | None) -> None:
        record = self._record
        record.ts = format_timestamp(now_ns // 1_000)
        record.latency_ms = max(0, (elapsed_ns + 500_000) // 1_000_000)
        # A caller that stops reading a generator early may have set the status before.
        said_otherwise = isinstance(error, GeneratorExit) and self._status_given
        if error is not None and not said_otherwise:
            record.status = "fail"
            record.error = outcomes.describe(error)
        context = self._span.get_span_context()
        if context.trace_flags.sampled:
            record.trace_id = f"{context.trace_id:032x}"
            record.span_id = f"{context.span_id:016x}"

    def _end_span(self, now_ns: int, error: BaseException | None) -> None:
        failed = self._record.status == "fail"
        outcome = outcomes.outcome_of(error) if error is not None else ("error" if failed else "ok")
        attributes = to_attributes(
            self._record,
            outcome=outcome,
            error_type=outcomes.qualified_name(error) if failed and error is not None else None,
            usage_known=self._usage_known,
        )
        self._span.set_attributes(attributes)
        if failed:
            self._span.set_status(trace.StatusCode.ERROR, self._record.error)
            if error is not None:
                # The SDK calls str() on the exception, which may raise.
                with ignoring_failures():
                    self._span.record_exception(error, timestamp=now_ns)
        self._span.end(now_ns)


class _IdleAttempt(Attempt):
    """A stand-in for when no attempt is running; records nothing."""

    _record = AttemptRecord(
        ts="",
        run_id="",
        persona_id="",
        stage="",
        attempt=1,
        status="success",
        latency_ms=0,
        prompt_tokens=0,
        completion_tokens=0,
        repairs=[],
        validator_scores={},
        opening_move=None,
        constraint_categories=[],
        anchors_used=[],
        error=None,
    )
    _span = trace.INVALID_SPAN
    ended = True

    def __init__(self) -> None:
        """Do nothing."""

    def _accepts(self, call: str) -> bool:  # noqa: ARG002 - the base class's signature
        return False

    def enter(self) -> None:
        """Do nothing."""

    def leave(self) -> None:
        """Do nothing."""


IDLE = _IdleAttempt()


def current_attempt() -> Attempt:
    """Return the innermost attempt running here, or one that records nothing."""
    return innermost(Attempt) or IDLE
