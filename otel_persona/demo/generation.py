"""A generation pipeline as a user would write one: three decorated stages and retries.

The model behind it is the replay: the next real request provides latency, tokens and failures, and
the text is a real one. Everything else (validators, repairs, telemetry) actually runs.
"""

from __future__ import annotations

from collections.abc import Iterator

import otel_persona as op
from otel_persona.demo import sources
from otel_persona.demo.clock import VirtualClock
from otel_persona.demo.repairs import repair_background, shorten
from otel_persona.demo.sources import Request
from otel_persona.demo.validators import (
    RecentOpenings,
    anchor_specificity,
    find_anchors,
    opening_move,
    pollyanna,
    sentences,
    trait_leak,
)


class ProviderError(Exception):
    """A request to the model failed; the pipeline tries again."""


class RateLimitedError(ProviderError):
    """The provider rejected the request (429)."""


class NoAnswerError(ProviderError):
    """The connection to the provider failed."""


class OutputTooShortError(ProviderError):
    """The model answered with too few tokens."""


class Pipeline:
    """The stages B, C and validation; ``requests`` are the model's replies, in order."""

    def __init__(self, requests: Iterator[Request], clock: VirtualClock) -> None:
        self._requests = requests
        self._clock = clock
        self._openings = RecentOpenings()

    @op.attempt(stage="B")
    def write_background(self, text: str) -> str:
        """Have the model write ``text``, check and repair it, and return what is kept.

        The scores and the opening move are those of the text as first written.
        """
        self._ask_model()
        attempt = op.current_attempt()
        opening = sentences(text)[0]
        attempt.record_opening_move(opening_move(opening))
        attempt.record_score("opening_variation", self._openings.variation(opening))
        _record_text_scores(text)
        kept, repairs = repair_background(text, self._openings)
        attempt.record_repair(*repairs)
        attempt.record_anchors(*find_anchors(kept))
        self._openings.remember(opening)
        if "opening_repetition" in repairs:
            self._openings.remember(sentences(kept)[0])
        return kept

    @op.attempt(stage="C")
    def write_short_persona(self, background: str) -> str:
        """Have the model shorten the background."""
        self._ask_model()
        attempt = op.current_attempt()
        short, repairs = shorten(background)
        attempt.record_repair(*repairs)
        attempt.record_anchors(*find_anchors(short))
        return short

    @op.attempt(stage="validation")
    def validate(self, background: str) -> None:
        """Score the background as kept; calls no model and takes no time on the clock."""
        _record_text_scores(background)

    def _ask_model(self) -> None:
        """Replay the next real request: let its time pass, record its tokens, fail if it failed."""
        request = next(self._requests)
        if request.measured:
            self._clock.advance(request.latency_s)
            op.current_attempt().record_usage(
                prompt_tokens=request.input_tokens,
                completion_tokens=request.output_tokens,
                model=request.model,
            )
        if request.error_code is not None:
            raise provider_error(request, request.error_code)


def _record_text_scores(text: str) -> None:
    attempt = op.current_attempt()
    attempt.record_score("trait_leak", trait_leak(text))
    attempt.record_score("anchor_specificity", anchor_specificity(text))
    positivity = pollyanna(text)
    if positivity is not None:
        attempt.record_score("pollyanna", positivity)


def provider_error(request: Request, code: int) -> ProviderError:
    """Return the exception that stands for an error code of the data."""
    where = f"{request.provider}, {request.model}"
    match code:
        case sources.RATE_LIMITED:
            return RateLimitedError(f"429 from {where}")
        case sources.NO_ANSWER:
            return NoAnswerError(f"no answer from {where}")
        case sources.OUTPUT_TOO_SHORT:
            return OutputTooShortError(f"only {request.output_tokens} tokens from {where}")
        case _:
            return ProviderError(f"error {code} from {where}")
