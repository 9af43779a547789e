"""How a request that failed is raised, so that an attempt's ``error`` says what happened."""

from __future__ import annotations

import pytest

from otel_persona.demo.clock import VirtualClock
from otel_persona.demo.generation import Pipeline, ProviderError
from otel_persona.demo.sources import (
    NO_ANSWER,
    OUTPUT_TOO_SHORT,
    RATE_LIMITED,
    Request,
    load_requests,
)


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        (RATE_LIMITED, "RateLimitedError", "429 from p, m"),
        (NO_ANSWER, "NoAnswerError", "no answer from p, m"),
        (OUTPUT_TOO_SHORT, "OutputTooShortError", "only 7 tokens from p, m"),
        (503, "ProviderError", "error 503 from p, m"),
    ],
)
def test_each_code_is_an_error_of_its_own(code: int, kind: str, said: str) -> None:
    """A code that nobody has foreseen is told as it is, not as one of the others."""
    pipeline = Pipeline(iter([Request("p", "m", 1.0, 550, 7, code)]), VirtualClock(0))
    with pytest.raises(ProviderError) as raised:
        pipeline.write_short_persona("I am a baker.")
    assert (type(raised.value).__name__, str(raised.value)) == (kind, said)


def test_the_codes_are_those_of_the_data() -> None:
    """None of the real failures is an unforeseen one."""
    codes = {request.error_code for request in load_requests()}
    assert codes == {None, RATE_LIMITED, NO_ANSWER, OUTPUT_TOO_SHORT}
