"""OTLP in JSON, as the collector's file and Jaeger's query API have it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar


class Span(NamedTuple):
    """A span, with the attributes of the process that made it."""

    name: str
    trace_id: str
    span_id: str
    parent_span_id: str
    attributes: Mapping[str, Any]
    status: Mapping[str, Any]
    resource: Mapping[str, Any]
    duration_ms: float


class Event(NamedTuple):
    """A log event."""

    name: str
    severity: str
    attributes: Mapping[str, Any]
    resource: Mapping[str, Any]


class Metric(NamedTuple):
    """A metric; its values are checked where they are shown."""

    name: str
    resource: Mapping[str, Any]


_Thing = TypeVar("_Thing", Span, Event, Metric)


class Received:
    """The spans, events and metrics of some OTLP messages."""

    def __init__(self, messages: Iterable[Mapping[str, Any]]) -> None:
        self.spans: list[Span] = []
        self.events: list[Event] = []
        self.metrics: list[Metric] = []
        for message in messages:
            self.spans += [_span(*each) for each in _things(message, "Spans", "spans")]
            self.events += [_event(*each) for each in _things(message, "Logs", "logRecords")]
            self.metrics += [_metric(*each) for each in _things(message, "Metrics", "metrics")]

    def of_service(self, service: str) -> Received:
        """Return what the processes of one service have sent."""
        found = Received([])
        found.spans = _of_service(service, self.spans)
        found.events = _of_service(service, self.events)
        found.metrics = _of_service(service, self.metrics)
        return found


def _of_service(service: str, things: list[_Thing]) -> list[_Thing]:
    return [thing for thing in things if thing.resource["service.name"] == service]


def _things(
    message: Mapping[str, Any], kind: str, things: str
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for holder in message.get(f"resource{kind}", []):
        resource = attributes_of(holder["resource"])
        for scope in holder[f"scope{kind}"]:
            for thing in scope[things]:
                yield thing, resource


def _span(span: Mapping[str, Any], resource: Mapping[str, Any]) -> Span:
    return Span(
        span["name"],
        span["traceId"],
        span["spanId"],
        span.get("parentSpanId", ""),
        attributes_of(span),
        span["status"],
        resource,
        (int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"])) / 1e6,
    )


def _event(event: Mapping[str, Any], resource: Mapping[str, Any]) -> Event:
    return Event(event["eventName"], event["severityText"], attributes_of(event), resource)


def _metric(metric: Mapping[str, Any], resource: Mapping[str, Any]) -> Metric:
    return Metric(metric["name"], resource)


def attributes_of(thing: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a resource, a span, an event or a metric's point."""
    return {pair["key"]: _plain(pair["value"]) for pair in thing.get("attributes", [])}


def _plain(value: Mapping[str, Any]) -> Any:
    ((kind, plain),) = value.items()
    if kind == "arrayValue":
        return [_plain(item) for item in plain["values"]]
    return int(plain) if kind == "intValue" else plain
