"""The settings and their defaults; the numbers are the specification's."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, TypedDict

import msgspec

from otel_persona.settings.batch_policy import BATCH_FORM, BATCH_FORMS, BatchPolicy
from otel_persona.settings.section import Finite, NonNegative, Section
from otel_persona.settings.sidecar_settings import Safety

Direction = Literal["higher_is_worse", "higher_is_better", "band"]
"""The direction in which a validator's score gets worse; ``band`` means both."""

Fsync = Literal["never", "second", "line"]
"""When lines are forced to the disk: never, within a second, or each before its call returns."""

_Positive = Annotated[int, msgspec.Meta(ge=1)]
# Error messages use the descriptions to say what would be right.
_ADDRESS = msgspec.Meta(
    pattern=r"^(?!.*/v1/(traces|metrics|logs)/?$)(https?|grpc)://[^/\s]+",
    description="http://host:4318, https://… or grpc://host:4317, with no /v1/traces behind it",
)
_BATCH = msgspec.Meta(pattern=BATCH_FORM.pattern, description=BATCH_FORMS)
# Not blank, no NUL, and no placeholder other than {pid} and {run_id}.
LogPath = Annotated[
    str,
    msgspec.Meta(
        pattern=r"(?s)\A(?=.*\S)(?!.*\x00)(?!.*\{(?!(?:pid|run_id)\})[^{}]*\})",
        description="the path of a file, with no placeholders but {pid} and {run_id}",
    ),
]
TreePath = Annotated[
    str,
    msgspec.Meta(pattern=r"(?s)\A(?=.*\S)(?!.*\x00)", description="the path of a folder"),
]
RunId = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
PendingRecords = Annotated[int, msgspec.Meta(ge=0)]
_Stages = Annotated[
    tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=100)], ...],
    msgspec.Meta(description="a list of names of 1 to 100 characters, such as ['B', 'C']"),
]


class Limits(Section, frozen=True):
    """The bounds of an indicator's bands; a value on a bound is in the warning band."""

    warning: Finite
    critical: Finite


class HealthyBand(Section, frozen=True):
    """The bounds of an indicator that is healthy from ``low`` up to, not including, ``warning``."""

    low: Finite
    warning: Finite
    critical: Finite


class IndicatorLimits(Section, frozen=True):
    """The table 'Key Indicators' of the specification.

    Rates are shares (0.10 is 10%), ``repair_rate_trend`` is the change of that share per batch,
    ``opening_entropy`` is in bits, and ``mean_latency`` is the change relative to
    ``baseline_mean_latency_ms`` or, by default, to the run's first complete batch.
    """

    repair_rate: Limits = Limits(warning=0.10, critical=0.20)
    repair_rate_trend: Limits = Limits(warning=0.05, critical=0.10)
    opening_entropy: Limits = Limits(warning=2.0, critical=1.5)
    pollyanna_score: HealthyBand = HealthyBand(low=0.5, warning=0.7, critical=0.85)
    anchor_diversity: Limits = Limits(warning=0.8, critical=0.6)
    mean_latency: Limits = Limits(warning=0.20, critical=0.50)
    baseline_mean_latency_ms: Annotated[float, msgspec.Meta(gt=0, le=sys.float_info.max)] | None = (
        None
    )


class DriftThresholds(Section, frozen=True):
    """The slopes per batch beyond which the specification's ``drift_detected`` is true."""

    repair_rate_trend: Finite = 0.5
    opening_entropy_trend: Finite = -0.1
    pollyanna_score_trend: Finite = 0.2


class Prices(Section, frozen=True):
    """USD per 1,000 tokens: a default price, and prices by model name."""

    default: NonNegative = 0.00045
    models: dict[str, NonNegative] = msgspec.field(default_factory=dict)

    def cost(self, tokens_by_model: Mapping[str, int]) -> float:
        """Return the cost in USD; the key ``""`` holds the tokens without a named model."""
        default_tokens = 0
        named = []
        for model, tokens in tokens_by_model.items():
            if model in self.models:
                named.append(tokens * self.models[model] / 1000)
            else:
                default_tokens += tokens
        return math.fsum([default_tokens * self.default / 1000, *named])


_DIRECTIONS: dict[str, Direction] = {
    "trait_leak": "higher_is_worse",
    "pollyanna": "higher_is_worse",
    "opening_variation": "higher_is_better",
    "anchor_specificity": "higher_is_better",
}


class Settings(Section, frozen=True):
    """Everything that can be set; values are checked when the settings are used.

    | setting | meaning |
    |---|---|
    | ``run_id`` | the run's id; by default the tier, or ``run``, and the UTC time |
    | ``tier`` | the tier's name; by default the part of ``run_id`` before its first ``_`` |
    | ``log`` | path of the JSON lines; ``{pid}`` and ``{run_id}`` in it are filled in |
    | ``sidecars`` | the folder of the cohorts' sidecars |
    | ``otlp`` | where to send: ``http://…``, ``https://…`` (OTLP/HTTP) or ``grpc://host:port`` |
    | ``batch`` | a batch policy, see ``BatchPolicy`` |
    | ``target`` | what is generated, of attempts that do not say it; in sidecars else the tier |
    | ``symbol`` | the segment of attempts that do not say it |
    | ``stages`` | the stages that attempts may have |
    | ``strict`` | whether ``log_attempt`` raises on an invalid entry |
    | ``fsync`` | when lines are forced to the disk: ``never``, within a ``second``, each ``line`` |
    | ``pending_records`` | how many records are kept in memory while the log cannot be written |
    | ``label_values`` | how many distinct values a metric label that comes from data may have |
    | ``prices`` | USD per 1,000 tokens |
    | ``directions`` | the direction in which each validator's score gets worse |
    | ``indicators`` | limits of the key indicators |
    | ``drift`` | thresholds of ``drift_detected`` |
    | ``safety`` | how sidecars are written and compared: ``telemetry``, see ``SidecarSettings`` |
    """

    run_id: RunId | None = None
    tier: _Name | None = None
    log: LogPath | None = None
    sidecars: TreePath | None = None
    otlp: Annotated[str, _ADDRESS] | None = None
    batch: Annotated[str, _BATCH] = "personas:1000"
    target: _Name | None = None
    symbol: _Name | None = None
    stages: _Stages = ("B", "C", "validation")
    strict: bool = False
    fsync: Fsync = "never"
    pending_records: PendingRecords = 10_000
    label_values: _Positive = 50
    prices: Prices = Prices()
    directions: dict[str, Direction] = msgspec.field(default_factory=dict)
    indicators: IndicatorLimits = IndicatorLimits()
    drift: DriftThresholds = DriftThresholds()
    safety: Safety = Safety()

    @property
    def batch_policy(self) -> BatchPolicy:
        """How the stream is cut into batches."""
        return BatchPolicy.parse(self.batch)

    def direction(self, validator: str) -> Direction | None:
        """Return the direction in which a validator's score gets worse; ``None`` if unknown."""
        return self.directions.get(validator) or _DIRECTIONS.get(validator)

    def tier_of(self, run_id: str) -> str:
        """Return the name of a run's tier."""
        return self.tier or run_id.partition("_")[0]

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield each setting that is wrong in a way that its type cannot say, and why."""
        for name in ("run_id", "tier", "target", "symbol"):
            value = getattr(self, name)
            if value is not None and not _is_sendable(value):
                yield name, f"{value!r} holds a character that UTF-8 cannot carry; write another"
        if not self.stages or len(set(self.stages)) < len(self.stages):
            yield "stages", f"{list(self.stages)} must name at least one stage, and each once"
        for name in ("repair_rate", "repair_rate_trend", "pollyanna_score", "mean_latency"):
            limits = getattr(self.indicators, name)
            if limits.warning > limits.critical:
                yield f"indicators.{name}", "warning must not lie above critical"
        for name in ("opening_entropy", "anchor_diversity"):
            limits = getattr(self.indicators, name)
            if limits.warning < limits.critical:
                yield f"indicators.{name}", "warning must not lie below critical"
        if self.indicators.pollyanna_score.low > self.indicators.pollyanna_score.warning:
            yield "indicators.pollyanna_score", "low must not lie above warning"
        for name, problem in self.safety.problems():
            yield f"safety.{name}", problem


def _is_sendable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class FurtherSettings(TypedDict, total=False):
    """The settings that few programs need, as arguments; ``None`` means not given."""

    target: str | None
    symbol: str | None
    stages: Sequence[str] | None
    strict: bool | None
    fsync: Fsync | None
    pending_records: int | None
    label_values: int | None
    prices: Mapping[str, Any] | None
    directions: Mapping[str, Direction] | None
    indicators: Mapping[str, Any] | None
    drift: Mapping[str, float] | None
    safety: Mapping[str, Any] | None


class SettingValues(FurtherSettings, total=False):
    """All settings as arguments; ``None`` means not given."""

    run_id: str | None
    tier: str | None
    log: str | os.PathLike[str] | None
    sidecars: str | os.PathLike[str] | None
    otlp: str | None
    batch: str | None
