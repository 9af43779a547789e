"""``log_attempt``: a finished attempt given as a mapping is handled like a live one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from opentelemetry import context as context_api
from opentelemetry import trace

from otel_persona.concurrency.interruptions import pass_on
from otel_persona.errors import RecordError
from otel_persona.instrumentation import outcomes, telemetry, values
from otel_persona.instrumentation.subjects import completed
from otel_persona.instrumentation.telemetry import Telemetry
from otel_persona.records import (
    AttemptRecord,
    is_naive,
    open_attempts,
    parse_timestamp,
    record_from_entry,
    tallies,
)
from otel_persona.records.attributes import to_attributes
from otel_persona.semconv import ATTEMPT_SPAN_PREFIX

# The form of an error in a record: `TypeName: message`.
_TYPE_NAME = re.compile(r"([A-Za-z_][\w.]*): ")


def log_attempt(entry: Mapping[str, Any]) -> bool:
    """Report a finished attempt, a mapping with the 15 keys of the specification.

    It becomes a span of ``latency_ms`` that ends at ``ts``, a line, and part of all figures. A
    target or symbol that it lacks is that of OpenTelemetry's baggage, else the settings', and so is
    its tier the settings'. An invalid entry is not written: it is counted, the reason is logged
    once, and ``False`` is returned. With the setting ``strict``, ``RecordError`` is raised instead.
    """
    in_use = telemetry.in_use()
    try:
        record = _checked(entry, in_use)
    except RecordError as error:
        # The same mismatch with a different value is not logged again.
        cause = error.reason.partition(", not ")[0]
        tallies.rejected.add("entry", f"log_attempt: {error.reason}", once_per=cause)
        if in_use.settings.strict:
            raise
        return False
    try:
        _report(record, in_use)
    except Exception as fault:  # noqa: BLE001 - telemetry never breaks the generation
        pass_on(fault)
        tallies.lost.add("internal", f"log_attempt failed: {fault!r}")
        return False
    return True


def _checked(entry: Mapping[str, Any], in_use: Telemetry) -> AttemptRecord:
    record = record_from_entry(entry)
    record.tier = record.tier or in_use.settings.tier
    record.target, record.symbol = completed(record.target, record.symbol, in_use.settings)
    if record.error is not None:
        record.error = outcomes.one_line(record.error)
    if record.stage not in in_use.settings.stages:
        declared = ", ".join(in_use.settings.stages)
        raise RecordError(f"the stage {record.stage!r} is not declared; there are {declared}")
    if is_naive(entry["ts"]):
        tallies.warned.add("naive_ts", f"ts {entry['ts']!r} has no offset; UTC is assumed")
    for validator, score in record.validator_scores.items():
        if not 0 <= score <= 1:
            values.warn_of_range(validator, score)
    return record


def _report(record: AttemptRecord, in_use: Telemetry) -> None:
    end_ns = parse_timestamp(record.ts) * 1_000
    context = context_api.get_current()
    span = in_use.tracer.start_span(
        ATTEMPT_SPAN_PREFIX + record.stage,
        context,
        start_time=max(0, end_ns - record.latency_ms * 1_000_000),
    )
    usage_known = record.prompt_tokens > 0 or record.completion_tokens > 0
    in_use.metrics.add(
        record,
        tier=record.tier or in_use.settings.tier_of(record.run_id),
        usage_known=usage_known,
    )
    if span.is_recording():
        _close(span, record, end_ns, usage_known)


def _close(span: trace.Span, record: AttemptRecord, end_ns: int, usage_known: bool) -> None:
    span_context = span.get_span_context()
    if span_context.trace_flags.sampled and record.trace_id is None:
        record.trace_id = trace.format_trace_id(span_context.trace_id)
        record.span_id = trace.format_span_id(span_context.span_id)
    failed = record.status == "fail"
    named = _TYPE_NAME.match(record.error or "")
    span.set_attributes(
        to_attributes(
            record,
            outcome="error" if failed else "ok",
            error_type=named[1] if failed and named else None,
            usage_known=usage_known,
        )
    )
    if failed:
        span.set_status(trace.StatusCode.ERROR, record.error)
    open_attempts.ending[span_context.span_id] = record
    try:
        span.end(max(0, end_ns))
    finally:
        open_attempts.end(span_context.span_id)
