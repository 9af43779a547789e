"""The record of a finished span: that of the ending attempt, or one rebuilt from the span."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from otel_persona.errors import RecordError
from otel_persona.records import open_attempts
from otel_persona.records.attempt_record import AttemptRecord
from otel_persona.records.attributes import from_attributes, is_attempt
from otel_persona.records.timestamps import format_timestamp
from otel_persona.semconv import ATTEMPT_SPAN_PREFIX


class SpanIdentity(Protocol):
    """The two ids of a span."""

    @property
    def trace_id(self) -> int:
        """The trace's id."""

    @property
    def span_id(self) -> int:
        """The span's id."""


class FinishedSpan(Protocol):
    """What is read from a finished span; the SDK's ``ReadableSpan`` has it all."""

    @property
    def name(self) -> str:
        """The span's name."""

    @property
    def context(self) -> SpanIdentity | None:
        """The span's ids."""

    @property
    def attributes(self) -> Mapping[str, Any] | None:
        """The span's attributes."""

    @property
    def start_time(self) -> int | None:
        """In nanoseconds since the epoch."""

    @property
    def end_time(self) -> int | None:
        """In nanoseconds since the epoch."""

    @property
    def dropped_attributes(self) -> int:
        """How many attributes were dropped by a limit."""


def record_of(span: FinishedSpan) -> AttemptRecord | None:
    """Return the record of an attempt's span; ``None`` if the span is not an attempt's.

    In process it is the attempt's own, whatever limits have dropped from the span; any other is
    rebuilt from the span's attributes. Raises ``RecordError`` if they make no valid record.
    """
    return own_record(span) or rebuilt_record(span)


def may_be_attempt(span: FinishedSpan) -> bool:
    """Return whether the span is an attempt's, or what a limit has left of one."""
    return span.name.startswith(ATTEMPT_SPAN_PREFIX) or is_attempt(span.attributes or {})


def own_record(span: FinishedSpan) -> AttemptRecord | None:
    """Return the record of an attempt of this process whose span is ending."""
    identity = span.context
    return open_attempts.ending.get(identity.span_id) if identity is not None else None


def rebuilt_record(span: FinishedSpan) -> AttemptRecord | None:
    """Rebuild the record of an attempt from its span; ``None`` if the span is not an attempt's.

    Raises ``RecordError`` if the attributes make no valid record.
    """
    identity, attributes = span.context, span.attributes or {}
    if identity is None:
        return None
    if not is_attempt(attributes):
        if span.dropped_attributes and span.name.startswith(ATTEMPT_SPAN_PREFIX):
            raise RecordError("a limit has cut the stage or the status from the span")
        return None
    end_ns = span.end_time or 0
    return from_attributes(
        attributes,
        ts=format_timestamp(end_ns // 1_000),
        latency_ms=max(0, (end_ns - (span.start_time or end_ns)) // 1_000_000),
        trace_id=f"{identity.trace_id:032x}",
        span_id=f"{identity.span_id:016x}",
    )
