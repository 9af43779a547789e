"""Examines the way of each signal, step by step, until one fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from google.protobuf.message import Message

from otel_persona.delivery import Signal
from otel_persona.diagnosis import over_grpc, over_http
from otel_persona.diagnosis.hints import habits
from otel_persona.diagnosis.probes import connect, look_up, shake_hands
from otel_persona.diagnosis.route import Route, find_route
from otel_persona.diagnosis.samples import Sample
from otel_persona.diagnosis.services import SERVICES
from otel_persona.diagnosis.steps import Step, StepFailed
from otel_persona.setup.destinations import Destination

_SEND = {"grpc": over_grpc.send, "http/protobuf": over_http.send}


class Examination(NamedTuple):
    """What was found on the way to a destination: the steps taken, and the one that failed."""

    destination: Destination
    steps: Sequence[Step]
    failure: StepFailed | None
    habits: Sequence[str]


def examine(
    destinations: Sequence[Destination], samples: Mapping[Signal, Sample], timeout_s: float
) -> list[Examination]:
    """Send a sample to each destination, side by side; each step may take ``timeout_s``."""

    def run(destination: Destination) -> Examination:
        return _examine(destination, samples[destination.signal].request, timeout_s)

    with ThreadPoolExecutor(max_workers=max(1, len(destinations))) as threads:
        return list(threads.map(run, destinations))


def _examine(destination: Destination, request: Message, timeout_s: float) -> Examination:
    steps: list[Step] = []
    unusual: list[str] = []
    try:
        route = find_route(destination)
        unusual += habits(destination, route)
        steps.extend(_take(destination, route, request, timeout_s))
    except StepFailed as failure:
        return Examination(destination, steps, failure, unusual)
    return Examination(destination, steps, None, unusual)


def _take(
    destination: Destination, route: Route, request: Message, timeout_s: float
) -> Iterator[Step]:
    """Yield each step that succeeds; raises ``StepFailed`` at the first that does not."""
    by_proxy = " (the proxy)" if route.proxy is not None else ""
    yield Step("address", f"{route.host}, port {route.port}{by_proxy}")
    yield look_up(route, timeout_s)
    yield connect(route, timeout_s)
    if destination.is_secure:
        yield shake_hands(destination, route, timeout_s)
    step, response = _SEND[destination.protocol.value](destination, route, request, timeout_s)
    yield step
    yield _accepted(destination, response)


def _accepted(destination: Destination, response: Any) -> Step:
    """Look whether a successful answer rejects what was sent, in part or with a warning."""
    partial = response.partial_success
    said = " ".join(partial.error_message.split())
    rejected = getattr(partial, SERVICES[destination.signal].rejected)
    if rejected:
        raise StepFailed(
            "acceptance",
            f"the collector answered with success and rejected what was sent: {said or rejected}",
            "see its filters, limits and pipelines; the exporters take this for success",
        )
    return Step("acceptance", f"taken, with a warning: {said}" if said else "taken")
