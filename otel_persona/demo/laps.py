"""The order of texts and requests: lap after lap over all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from otel_persona.demo.draws import Draws
from otel_persona.demo.sources import Request


def text_laps(texts: Sequence[str], draws: Draws) -> Iterator[str]:
    """Yield all texts in random order, then all again in another, endlessly."""
    while True:
        yield from draws.shuffled(texts)


def request_laps(requests: Sequence[Request], draws: Draws) -> Iterator[Request]:
    """Yield all requests, lap after lap, as if a router spread them over providers and models.

    The next provider and model are drawn at random; the requests of each keep their real order, so
    that a run of rate-limit errors stays a run.
    """
    queues: dict[tuple[str, str], list[Request]] = defaultdict(list)
    for request in requests:
        queues[request.provider, request.model].append(request)
    while True:
        upcoming = {key: iter(queue) for key, queue in queues.items()}
        for request in draws.shuffled(requests):
            yield next(upcoming[request.provider, request.model])
