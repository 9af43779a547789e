"""What connects the SDK's spans to our exporters and figures.

``attempt_spans`` hands attempts to an exporter at once, sampled or not; ``sampling`` keeps
attempts that a sampler would drop; ``usage`` reads token usage from the spans below an attempt;
``drift`` folds attempts into the batch and tier figures of their ``streams``, shown by ``gauges``
and reported by ``events``.
"""

from otel_persona.processors.attempt_spans import AttemptSpanProcessor
from otel_persona.processors.drift import DriftProcessor
from otel_persona.processors.sampling import AttemptSampler
from otel_persona.processors.usage import UsageProcessor

__all__ = ["AttemptSampler", "AttemptSpanProcessor", "DriftProcessor", "UsageProcessor"]
