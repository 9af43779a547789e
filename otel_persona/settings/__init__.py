"""The settings, what each one means, and where their values come from.

``model`` holds the settings and their defaults, ``sidecar_settings`` those of cohort sidecars,
``section`` what every group of them shares, ``batch_policy`` the forms of a batch policy;
``sources`` reads arguments, a file and the environment, and ``yaml_text`` a file's YAML.
"""

from otel_persona.settings.batch_policy import BatchPolicy
from otel_persona.settings.model import (
    Direction,
    DriftThresholds,
    Fsync,
    FurtherSettings,
    HealthyBand,
    IndicatorLimits,
    Limits,
    LogPath,
    PendingRecords,
    Prices,
    RunId,
    Settings,
    SettingValues,
    TreePath,
)
from otel_persona.settings.sidecar_settings import (
    Baselines,
    Naming,
    Safety,
    SidecarDrift,
    SidecarSettings,
    TierLimits,
)
from otel_persona.settings.sources import (
    SettingInUse,
    SettingsRead,
    checked,
    given_or_loaded,
    load_settings,
    load_telemetry_config,
    read_settings,
    switched_off,
)

__all__ = [
    "Baselines",
    "BatchPolicy",
    "Direction",
    "DriftThresholds",
    "Fsync",
    "FurtherSettings",
    "HealthyBand",
    "IndicatorLimits",
    "Limits",
    "LogPath",
    "Naming",
    "PendingRecords",
    "Prices",
    "RunId",
    "Safety",
    "SettingInUse",
    "SettingValues",
    "Settings",
    "SettingsRead",
    "SidecarDrift",
    "SidecarSettings",
    "TierLimits",
    "TreePath",
    "checked",
    "given_or_loaded",
    "load_settings",
    "load_telemetry_config",
    "read_settings",
    "switched_off",
]
