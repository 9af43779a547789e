"""Every name this package emits: spans, attributes, metrics and events, each with its meaning.

The README's table of signals is tested against this module. The ``gen_ai.*`` names come from the
OpenTelemetry GenAI conventions (status: development); they are spelled out here because the
constants in the Python package are marked deprecated while they are being moved.
"""

from __future__ import annotations

from typing import Literal

import msgspec

SCOPE_NAME = "otel_persona"
"""The instrumentation scope of every span, metric and event."""

ATTEMPT_SPAN = "generate_persona"
"""An attempt's span is named this, a space and its stage."""
ATTEMPT_SPAN_PREFIX = ATTEMPT_SPAN + " "
PERSONA_SPAN = "persona"
"""The name of the span of a persona's scope."""
DRIFT_EVENT = "persona.drift"
"""The log event for an indicator that changed bands: WARN or ERROR, or INFO if healthy again."""

DOCTOR = "doctor"
"""Stage, persona and beginning of the run id of the attempt that ``otel-persona doctor`` sends."""
DOCTOR_EVENT = "persona.doctor"
"""The log event that ``otel-persona doctor`` sends, with severity INFO."""

OTHER = "other"
"""The label value that replaces every value after the first ``label_values`` in the data."""


class Attribute:
    """Names of attributes of spans and events."""

    RUN_ID = "persona.run.id"
    PERSONA_ID = "persona.id"
    STAGE = "persona.stage"
    NUMBER = "persona.attempt.number"
    STATUS = "persona.attempt.status"
    OUTCOME = "persona.attempt.outcome"
    REPAIRS = "persona.repairs"
    SCORE_PREFIX = "persona.validator.score."
    OPENING_MOVE = "persona.opening_move"
    CONSTRAINTS = "persona.constraint_categories"
    ANCHORS = "persona.anchors_used"
    TIER = "persona.tier"
    TARGET = "persona.target"
    SYMBOL = "persona.symbol"
    LATENCY = "persona.attempt.latency_ms"
    ERROR = "persona.attempt.error"
    ATTEMPTS_PREFIX = "persona.attempts."
    INPUT_TOKENS = "gen_ai.usage.input_tokens"
    OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
    REQUEST_MODEL = "gen_ai.request.model"
    RESPONSE_MODEL = "gen_ai.response.model"
    ERROR_TYPE = "error.type"
    BATCH_INDEX = "persona.batch.index"
    INDICATOR = "persona.indicator.name"
    INDICATOR_BAND = "persona.indicator.band"
    INDICATOR_PREVIOUS = "persona.indicator.previous_band"
    INDICATOR_VALUE = "persona.indicator.value"
    INDICATOR_ATTEMPTS = "persona.indicator.n"
    INDICATOR_LIMIT_PREFIX = "persona.indicator.limit."


class Described(msgspec.Struct, frozen=True):
    """An attribute and what it means."""

    name: str
    meaning: str


ATTEMPT_ATTRIBUTES = (
    Described(Attribute.RUN_ID, "the run"),
    Described(Attribute.PERSONA_ID, "the persona"),
    Described(Attribute.STAGE, "the stage: B, C, validation, or one that the settings declare"),
    Described(Attribute.NUMBER, "1 is the first attempt"),
    Described(Attribute.STATUS, "success, fail or repair, as in the line"),
    Described(Attribute.OUTCOME, "ok, error, timeout, cancelled or abandoned"),
    Described(Attribute.LATENCY, "wall time in whole milliseconds, as in the line"),
    Described(Attribute.ERROR, "`TypeName: message`, as in the line; only on a failure"),
    Described(Attribute.ERROR_TYPE, "the exception's type; only on a failure"),
    Described(Attribute.REPAIRS, "the repairs that were applied"),
    Described(Attribute.SCORE_PREFIX + "<name>", "one validator's score"),
    Described(Attribute.OPENING_MOVE, "the rhetorical move of the opening"),
    Described(Attribute.CONSTRAINTS, "the constraints that applied"),
    Described(Attribute.ANCHORS, "the anchors that appeared"),
    Described(Attribute.TIER, "the tier"),
    Described(Attribute.TARGET, "what is generated"),
    Described(Attribute.SYMBOL, "the segment the attempt belongs to"),
    Described(Attribute.INPUT_TOKENS, "prompt tokens, where known"),
    Described(Attribute.OUTPUT_TOKENS, "completion tokens, where known"),
    Described(Attribute.REQUEST_MODEL, "the model, where known"),
)
"""The attributes of an attempt's span."""

SCOPE_ATTRIBUTES = (
    Described(Attribute.RUN_ID, "the run"),
    Described(Attribute.PERSONA_ID, "the persona"),
    Described(Attribute.TIER, "the tier"),
    Described(Attribute.TARGET, "what is generated"),
    Described(Attribute.SYMBOL, "the segment the persona belongs to"),
    Described(Attribute.ATTEMPTS_PREFIX + "<stage>", "how many attempts a stage took"),
)
"""The attributes of the span of a persona's scope."""

DRIFT_ATTRIBUTES = (
    Described(Attribute.RUN_ID, "the run"),
    Described(Attribute.TIER, "the tier"),
    Described(Attribute.BATCH_INDEX, "the batch in which the band changed"),
    Described(Attribute.INDICATOR, "the indicator"),
    Described(Attribute.INDICATOR_BAND, "healthy, warning or critical"),
    Described(Attribute.INDICATOR_PREVIOUS, "the band before, or none"),
    Described(Attribute.INDICATOR_VALUE, "the indicator's value"),
    Described(Attribute.INDICATOR_ATTEMPTS, "how many attempts are behind the value"),
    Described(Attribute.INDICATOR_LIMIT_PREFIX + "<name>", "the limits that decided"),
)
"""The attributes of the log event for a changed band."""


class Instrument(msgspec.Struct, frozen=True):
    """A metric; ``labels`` are its attribute names, ``boundaries`` a histogram's bucket edges."""

    name: str
    kind: Literal["counter", "histogram", "gauge"]
    unit: str
    description: str
    labels: tuple[str, ...]
    boundaries: tuple[float, ...] | None = None

    @property
    def prometheus_name(self) -> str:
        """The name as translated by the collector's Prometheus exporter."""
        name = self.name.replace(".", "_")
        if self.unit == "s":
            name += "_seconds"
        return name + ("_total" if self.kind == "counter" else "")


class Label:
    """Names of metric labels."""

    STAGE = "stage"
    STATUS = "status"
    TIER = "tier"
    TYPE = "type"
    MOVE = "move"
    VALIDATOR = "validator"
    INDICATOR = "indicator"
    REASON = "reason"
    SIGNAL = "signal"


ATTEMPTS = Instrument(
    "persona.attempts",
    "counter",
    "{attempt}",
    "Finished attempts",
    (Label.STAGE, Label.STATUS, Label.TIER),
)
ATTEMPT_DURATION = Instrument(
    "persona.attempt.duration",
    "histogram",
    "s",
    "Wall time of an attempt",
    (Label.STAGE, Label.STATUS, Label.TIER),
    # The edges of gen_ai.client.operation.duration, so that the two can be compared.
    tuple(0.01 * 2**i for i in range(14)),
)
TOKENS = Instrument(
    "persona.tokens",
    "counter",
    "{token}",
    "Tokens of attempts whose usage is known, by type input or output",
    (Label.TYPE, Label.STAGE, Label.TIER),
)
COST = Instrument(
    "persona.cost", "counter", "{USD}", "Cost of those tokens", (Label.STAGE, Label.TIER)
)
REPAIRS = Instrument(
    "persona.repairs",
    "counter",
    "{repair}",
    "Repairs that were applied",
    (Label.TYPE, Label.STAGE, Label.TIER),
)
OPENING_MOVES = Instrument(
    "persona.opening_moves",
    "counter",
    "{attempt}",
    "Attempts by the move they open with",
    (Label.MOVE, Label.TIER),
)
VALIDATOR_SCORE = Instrument(
    "persona.validator.score",
    "histogram",
    "{score}",
    "Scores that validators gave, from 0 up",
    (Label.VALIDATOR, Label.STAGE, Label.TIER),
    # They include the limits of the pollyanna score's bands.
    (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 1.0),
)
INDICATOR_BAND = Instrument(
    "persona.indicator.band",
    "gauge",
    "{band}",
    "Band of a key indicator in the last batch: 0 healthy, 1 warning, 2 critical",
    (Label.INDICATOR, Label.TIER),
)
RECORDS_LOST = Instrument(
    "persona.records.lost",
    "counter",
    "{record}",
    "Attempts whose line could not be kept",
    (Label.REASON,),
)
RECORDS_REJECTED = Instrument(
    "persona.records.rejected",
    "counter",
    "{value}",
    "Values and entries that were refused",
    (Label.REASON,),
)
RECORDS_WARNED = Instrument(
    "persona.records.warned",
    "counter",
    "{value}",
    "Values that were kept although something is odd about them",
    (Label.REASON,),
)
FAULTS = Instrument(
    "persona.faults",
    "counter",
    "{fault}",
    "Failures of telemetry itself that cost no record",
    (Label.REASON,),
)
EXPORT_LOST = Instrument(
    "persona.export.lost",
    "counter",
    "{item}",
    "Spans, events and deltas of metrics that did not arrive at the collector",
    (Label.SIGNAL, Label.REASON),
)
DOCTOR_CHECKS = Instrument(
    "persona.doctor.checks",
    "counter",
    "{check}",
    "Metrics that otel-persona doctor sent",
    (),
)

BATCH_PREFIX = "persona.batch."
TIER_PREFIX = "persona.tier."


def _gauge(name: str, unit: str, description: str, *labels: str) -> Instrument:
    return Instrument(name, "gauge", unit, description, (*labels, Label.TIER))


BATCH_GAUGES = {
    figure: _gauge(BATCH_PREFIX + figure, unit, f"Last batch: {meaning}")
    for figure, unit, meaning in (
        ("batch_size", "{attempt}", "attempts"),
        ("personas", "{persona}", "distinct personas"),
        ("success_rate", "{share}", "share of attempts with status success"),
        ("mean_latency_ms", "{ms}", "mean latency in milliseconds"),
        ("p95_latency_ms", "{ms}", "95th percentile of the latency in milliseconds"),
        ("mean_latency_success_ms", "{ms}", "mean latency of successes in milliseconds"),
        ("p95_latency_success_ms", "{ms}", "95th percentile of successes in milliseconds"),
        ("repair_rate", "{share}", "share of attempts with a repair"),
        ("opening_move_entropy", "{bit}", "entropy of the opening moves"),
        ("anchor_diversity", "{share}", "distinct anchors for each attempt"),
        ("anchors_rarefied_150", "{anchor}", "distinct anchors expected in 150 of those used"),
        ("total_tokens", "{token}", "tokens"),
        ("cost_usd", "{USD}", "cost"),
    )
}
"""Gauges of a batch's figures, by the figure's name."""

BATCH_SCORE = _gauge(
    BATCH_PREFIX + "mean_validator_score",
    "{score}",
    "Last batch: mean score of a validator",
    Label.VALIDATOR,
)

TIER_GAUGES = {
    figure: _gauge(TIER_PREFIX + figure, unit, f"Tier so far: {meaning}")
    for figure, unit, meaning in (
        ("total_personas", "{persona}", "personas"),
        ("total_attempts", "{attempt}", "attempts"),
        ("overall_success_rate", "{share}", "share of attempts with status success"),
        ("repair_rate_trend", "{share_per_batch}", "slope of the repair rate"),
        ("latency_trend", "{ms_per_batch}", "slope of the mean latency"),
        ("opening_entropy_trend", "{bit_per_batch}", "slope of the opening entropy"),
        ("pollyanna_score_trend", "{score_per_batch}", "slope of the pollyanna score"),
        ("drift_detected", "{flag}", "1 where the specification's drift_detected is true"),
    )
}
"""Gauges of a tier's figures, by the figure's name."""

INSTRUMENTS = (
    ATTEMPTS,
    ATTEMPT_DURATION,
    TOKENS,
    COST,
    REPAIRS,
    OPENING_MOVES,
    VALIDATOR_SCORE,
    *BATCH_GAUGES.values(),
    BATCH_SCORE,
    *TIER_GAUGES.values(),
    INDICATOR_BAND,
    RECORDS_LOST,
    RECORDS_REJECTED,
    RECORDS_WARNED,
    FAULTS,
    EXPORT_LOST,
    DOCTOR_CHECKS,
)
"""Every metric."""
