"""The six key indicators: a value, the specification's band for it, and the limits used."""

from __future__ import annotations

from typing import Literal

import msgspec

from otel_persona.settings import HealthyBand, Limits

Band = Literal["healthy", "warning", "critical"]


class Indicator(msgspec.Struct, kw_only=True, frozen=True):
    """One key indicator of one batch.

    ``band`` is ``None`` if there is no ``value``. ``limits`` are the limits that decided, and for
    the latency also ``baseline_ms`` once there is one. ``n`` counts the attempts behind the value.
    """

    value: float | None
    band: Band | None
    limits: dict[str, float]
    n: int


def rising(value: float | None, limits: Limits, n: int) -> Indicator:
    """Make an indicator that is worse when high."""
    band: Band | None = None
    if value is not None:
        band = _band(value, limits.warning, limits.critical)
    return Indicator(value=value, band=band, limits=_named(limits), n=n)


def falling(value: float | None, limits: Limits, n: int) -> Indicator:
    """Make an indicator that is worse when low."""
    band: Band | None = None
    if value is not None:
        band = _band(-value, -limits.warning, -limits.critical)
    return Indicator(value=value, band=band, limits=_named(limits), n=n)


def banded(value: float | None, limits: HealthyBand, n: int) -> Indicator:
    """Make an indicator that is healthy from ``low`` up, and worse when high."""
    band: Band | None = None
    if value is not None and value < limits.low:
        band = "warning"
    elif value is not None:
        band = _band(value, limits.warning, limits.critical)
    return Indicator(value=value, band=band, limits=_named(limits), n=n)


def relative(value: float, baseline: float | None, limits: Limits, n: int) -> Indicator:
    """Make an indicator of the relative change of ``value`` (ms) against ``baseline`` (ms).

    It has no value if there is no baseline or it is 0.
    """
    change = (value - baseline) / baseline if baseline else None
    indicator = rising(change, limits, n)
    if baseline is None:
        return indicator
    return msgspec.structs.replace(indicator, limits={**indicator.limits, "baseline_ms": baseline})


def _band(value: float, warning: float, critical: float) -> Band:
    """Return the band of ``value``; a value on a limit is in the warning band."""
    if value < warning:
        return "healthy"
    return "warning" if value <= critical else "critical"


def _named(limits: Limits | HealthyBand) -> dict[str, float]:
    return {name: getattr(limits, name) for name in limits.__struct_fields__}
