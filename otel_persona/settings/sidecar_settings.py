"""The settings of cohort sidecars: the section ``safety``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from otel_persona.settings.section import NonNegative, Section

Naming = Literal["telemetry", "metrics"]
"""How sidecars are named: ``telemetry_drift.json`` or ``metrics_drift.json``."""

_Share = Annotated[float, msgspec.Meta(gt=0, lt=1, description="a number between 0 and 1")]

_SECONDS = "a number of seconds above 0, up to 86400"
_WAIT = "a number of seconds from 0 to 3600"


class Baselines(Section, frozen=True):
    """What a run is compared with; ``rolling_window_k`` is in runs, and 0 turns it off."""

    previous_run: bool = True
    rolling_window_k: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = 10
    last_good_run: bool = True


class TierLimits(Section, frozen=True):
    """From which change on a figure is ``WARN`` and ``ALERT``.

    ``warning`` and ``alert`` are relative to the baseline (0.05 is 5%), the others are absolute,
    for a baseline of zero. A change that equals a limit is in the worse tier.
    """

    warning: NonNegative = 0.05
    alert: NonNegative = 0.20
    warning_at_zero: NonNegative = 0.01
    alert_at_zero: NonNegative = 0.10


class SidecarDrift(Section, frozen=True):
    """When a change against a baseline counts.

    ``psi_threshold`` and ``ks_threshold`` are those of the specification. A distribution has
    drifted only if it is over its threshold and its p-value is below ``alpha`` divided by the
    number of tests. ``critical`` names the figures that have ``critical_limits``.
    """

    psi_threshold: NonNegative = 0.2
    ks_threshold: NonNegative = 0.1
    alpha: _Share = 0.01
    limits: TierLimits = TierLimits()
    critical_limits: TierLimits = TierLimits(
        warning=0.01, alert=0.03, warning_at_zero=0.001, alert_at_zero=0.01
    )
    critical: tuple[str, ...] = (
        "label_window",
        "horizon",
        "lookahead_guard_state",
        "cv_scheme_id",
        "fold_count",
        "purge_gap",
        "leakage_flag",
        "leakage_events_count",
        "missingness_rate",
        "winsorization_clip",
        "outlier_rate",
    )


class SidecarSettings(Section, frozen=True):
    """How cohort sidecars are written and compared.

    | setting | meaning |
    |---|---|
    | ``enabled`` | whether anything is written at all |
    | ``naming`` | ``telemetry`` or ``metrics``, which the files are named after |
    | ``baselines`` | what a run is compared with |
    | ``drift`` | when a change counts |
    | ``trend_after`` | from how many runs on there is a trend |
    | ``checkpoint_attempts`` | a running process writes after so many attempts |
    | ``checkpoint_s`` | or after so many seconds |
    | ``lock`` | whether writers wait for each other; off for network file systems |
    | ``lock_timeout_s`` | how long they wait |
    """

    enabled: bool = True
    naming: Naming = "telemetry"
    baselines: Baselines = Baselines()
    drift: SidecarDrift = SidecarDrift()
    trend_after: Annotated[int, msgspec.Meta(ge=3, le=1_000)] = 5
    checkpoint_attempts: Annotated[int, msgspec.Meta(ge=1)] = 1_000
    checkpoint_s: Annotated[float, msgspec.Meta(gt=0, le=86_400, description=_SECONDS)] = 10.0
    lock: bool = True
    lock_timeout_s: Annotated[float, msgspec.Meta(ge=0, le=3_600, description=_WAIT)] = 10.0

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield each part that is wrong in a way that its type cannot say, and why."""
        for name in ("limits", "critical_limits"):
            limits = getattr(self.drift, name)
            if limits.warning > limits.alert or limits.warning_at_zero > limits.alert_at_zero:
                yield f"drift.{name}", "warning must not lie above alert"


class Safety(Section, frozen=True):
    """The section ``safety``.

    A source of settings may also have ``safety.metrics``, with the same parts: it is read first,
    key by key, and ``safety.telemetry`` after it.
    """

    telemetry: SidecarSettings = SidecarSettings()

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield each part that is wrong in a way that its type cannot say, and why."""
        for name, problem in self.telemetry.problems():
            yield f"telemetry.{name}", problem
