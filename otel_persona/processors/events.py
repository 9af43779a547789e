"""Drift events: the only module that emits log events; the logs API is not stable yet."""

from __future__ import annotations

import time

from opentelemetry._logs import LoggerProvider, SeverityNumber, get_logger

from otel_persona.aggregation import IndicatorChange
from otel_persona.semconv import DRIFT_EVENT, SCOPE_NAME, Attribute
from otel_persona.version import __version__

_SEVERITY = {
    "healthy": SeverityNumber.INFO,
    "warning": SeverityNumber.WARN,
    "critical": SeverityNumber.ERROR,
}


class DriftEvents:
    """Emits one log event for each change of an indicator's band."""

    def __init__(self, logger_provider: LoggerProvider | None) -> None:
        self._logger = get_logger(SCOPE_NAME, __version__, logger_provider=logger_provider)

    def tell(self, change: IndicatorChange) -> None:
        """Emit ``persona.drift``: INFO for healthy, WARN for warning, ERROR for critical."""
        severity = _SEVERITY[change.band]
        self._logger.emit(
            timestamp=time.time_ns(),
            event_name=DRIFT_EVENT,
            severity_number=severity,
            severity_text=severity.name,
            body=(
                f"{change.indicator} is {change.band} at {change.value:.4g} in batch "
                f"{change.batch_index} of {change.run_id} ({change.n} attempts)"
            ),
            attributes={
                Attribute.RUN_ID: change.run_id,
                Attribute.TIER: change.tier,
                Attribute.BATCH_INDEX: change.batch_index,
                Attribute.INDICATOR: change.indicator,
                Attribute.INDICATOR_BAND: change.band,
                Attribute.INDICATOR_PREVIOUS: change.previous or "none",
                Attribute.INDICATOR_VALUE: change.value,
                Attribute.INDICATOR_ATTEMPTS: change.n,
                **{
                    Attribute.INDICATOR_LIMIT_PREFIX + name: limit
                    for name, limit in change.limits.items()
                },
            },
        )
