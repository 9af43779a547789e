"""How far a figure moved from its baseline: OK, WARN or ALERT.

A change that equals a limit is in the worse tier. A change for the better is never worse than OK,
and a figure that says nothing about quality never alarms, unless the settings call it critical.
"""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Mapping
from typing import Literal

import msgspec

from otel_persona.facts import Figure, direction_of, is_number
from otel_persona.settings import Direction, Settings, TierLimits

Tier = Literal["OK", "WARN", "ALERT"]

RelDeltaStatus = Literal["defined", "both_zero", "undefined_zero_baseline"]
"""Whether ``rel_delta`` is defined: a baseline of zero leaves only the change itself.

So does one so near to zero that the relative change is beyond every float.
"""

# JSON carries no larger whole numbers.
_LARGEST_INT = 2**63 - 1


class FigureDrift(msgspec.Struct, kw_only=True, frozen=True):
    """One figure of the current cohort against the baseline's.

    ``delta`` is current less baseline, exact between whole numbers, and ``rel_delta`` is relative
    to the size of the baseline. What is not a finite number, or so far away that ``delta`` would be
    none, is kept and not compared: ``comparable`` is false, and ``reason`` says why. If it is
    critical, a change of it is an ``ALERT`` all the same, and ``WARN`` if only one side has it. A
    direction of ``None`` says nothing about quality.
    """

    current: Figure
    baseline: Figure
    changed: bool
    comparable: bool
    reason: str | None = None
    delta: int | float | None = None  # both: a reader keeps large whole numbers whole
    rel_delta: float | None = None
    rel_delta_status: RelDeltaStatus | None = None
    tier: Tier = "OK"
    is_critical: bool
    direction: Direction | None


def figure_drifts(
    current: Mapping[str, Figure], baseline: Mapping[str, Figure], settings: Settings
) -> dict[str, FigureDrift]:
    """Compare all figures that either side has, sorted by name."""
    limits = settings.safety.telemetry.drift
    return {
        name: _figure_drift(
            current.get(name),
            baseline.get(name),
            direction_of(name, settings),
            limits.critical_limits if name in limits.critical else limits.limits,
            is_critical=name in limits.critical,
        )
        for name in sorted(current.keys() | baseline.keys())
    }


def _figure_drift(
    current: Figure,
    baseline: Figure,
    direction: Direction | None,
    limits: TierLimits,
    *,
    is_critical: bool,
) -> FigureDrift:
    if is_critical and direction is None:
        direction = "band"
    if not (is_number(current) and is_number(baseline)):
        return _kept(current, baseline, direction, is_critical=is_critical)
    delta = current - baseline
    if abs(delta) > sys.float_info.max:
        return _kept(current, baseline, direction, is_critical=is_critical)
    relative = _relative(delta, baseline)
    return FigureDrift(
        current=current,
        baseline=baseline,
        changed=bool(delta),
        comparable=True,
        delta=delta if abs(delta) <= _LARGEST_INT else float(delta),
        rel_delta=relative,
        rel_delta_status=_rel_delta_status(relative, delta),
        tier=_tier(delta, relative, limits) if got_worse(delta, direction) else "OK",
        is_critical=is_critical,
        direction=direction,
    )


def got_worse(change: float, direction: Direction | None) -> bool:
    """Whether a change in this direction is one for the worse."""
    if direction == "band":
        return change != 0
    return change > 0 if direction == "higher_is_worse" else direction is not None and change < 0


def _relative(delta: float, baseline: float) -> float | None:
    with contextlib.suppress(ZeroDivisionError, OverflowError):  # the latter for whole numbers
        relative = delta / abs(baseline)
        return relative if math.isfinite(relative) else None
    return None


def _rel_delta_status(relative: float | None, delta: float) -> RelDeltaStatus:
    if relative is not None:
        return "defined"
    return "undefined_zero_baseline" if delta else "both_zero"


def _tier(delta: float, relative: float | None, limits: TierLimits) -> Tier:
    if relative is None:
        size, warning, alert = abs(delta), limits.warning_at_zero, limits.alert_at_zero
    else:
        size, warning, alert = abs(relative), limits.warning, limits.alert
    if _reaches(size, alert):
        return "ALERT"
    return "WARN" if _reaches(size, warning) else "OK"


def _reaches(size: float, limit: float) -> bool:
    # From 0.20 to 0.21 is 5% to the reader, and a little less in floats.
    return size >= limit or math.isclose(size, limit, rel_tol=1e-9)


def _kept(
    current: Figure, baseline: Figure, direction: Direction | None, *, is_critical: bool
) -> FigureDrift:
    here, there = _written(current), _written(baseline)
    changed = type(here) is not type(there) or here != there
    tier: Tier = "OK"
    if changed and is_critical:
        tier = "WARN" if here is None or there is None else "ALERT"
    return FigureDrift(
        current=here,
        baseline=there,
        changed=changed,
        comparable=False,
        reason=_why_kept(current, baseline),
        tier=tier,
        is_critical=is_critical,
        direction=direction,
    )


def _written(value: Figure) -> Figure:
    """Return a value as JSON can carry it: NaN and infinities by name."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _why_kept(current: Figure, baseline: Figure) -> str:
    if current is None or baseline is None:
        sides = [("the current run", current), ("the baseline", baseline)]
        return f"no value in {' and '.join(side for side, value in sides if value is None)}"
    if is_number(current) and is_number(baseline):
        return "the change is beyond every float"
    value = baseline if is_number(current) else current
    return f"{value!r} is not a finite number"
