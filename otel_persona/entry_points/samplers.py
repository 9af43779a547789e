"""The samplers ``persona_traceidratio`` and ``persona_parentbased_traceidratio``.

They sample as the standard samplers of the same names do, and attempts that are not sampled are
recorded, so that processors see them.
"""

from __future__ import annotations

import logging
import os

from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from otel_persona.processors import AttemptSampler

_log = logging.getLogger("otel_persona")
_VARIABLE = "OTEL_TRACES_SAMPLER_ARG"


def traceidratio(ratio: str | float | None = None) -> AttemptSampler:
    """Sample this share of the traces, from 0 to 1.

    By default it is ``OTEL_TRACES_SAMPLER_ARG``, or 1; one that is wrong is logged, and 1 used.
    """
    return AttemptSampler(TraceIdRatioBased(_checked(ratio)))


def parentbased_traceidratio(ratio: str | float | None = None) -> AttemptSampler:
    """Sample as the parent was; of the traces that begin here, sample as ``traceidratio`` does."""
    return AttemptSampler(ParentBased(TraceIdRatioBased(_checked(ratio))))


def _checked(ratio: str | float | None) -> float:
    given = os.environ.get(_VARIABLE) or 1.0 if ratio is None else ratio
    try:
        share = float(given)
    except ValueError:
        share = -1.0
    if 0 <= share <= 1:
        return share
    _log.warning(
        "%s: %r is not right, so every trace is sampled; write a number from 0 to 1",
        _VARIABLE,
        given,
    )
    return 1.0
