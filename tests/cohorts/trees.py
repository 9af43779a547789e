"""A tree of sidecars, saved into as the rest of the package does, and read as a person would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from otel_persona.cohorts import CohortTree, Damaged, write_cohort_telemetry
from otel_persona.facts import CohortKey, Facts
from otel_persona.settings import Safety, Settings, SidecarSettings

STAGE = "TARGET_RANKING"
TARGET = "y_will_swing_high_60m_0.05"
RUN = "2025-12-14_12-00-00"
"""Those of the specification's own example."""

KEY = CohortKey("TARGET_RANKING", "CROSS_SECTIONAL", "swing_60m")


def settings_with(**sidecars: Any) -> Settings:
    """Make settings whose section ``safety.telemetry`` has these values."""
    return Settings(safety=Safety(telemetry=msgspec.convert(sidecars, SidecarSettings)))


def end_of(number: int) -> str:
    """Tell when the run of that number ended."""
    return f"2025-12-14T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}.000Z"


class Tree:
    """One tree, its settings, and what was skipped in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.skipped: list[Damaged] = []

    def open(self, **sidecars: Any) -> CohortTree:
        """Open the tree anew, as another process would."""
        settings = settings_with(**sidecars).safety.telemetry
        return CohortTree(self.root, settings, self.skipped.append)

    def save(
        self, number: int, *, key: CohortKey = KEY, worker: str | None = None, **of: Any
    ) -> Path:
        """Save the run of that number, ``run_0`` being the first; give the cohort's folder."""
        sidecars = of.pop("sidecars", {})
        metadata = of.pop("metadata", None)
        settings = settings_with(**sidecars)
        of = {"run_id": f"run_{number}", "ended_at": end_of(number), "figures": {"auc": 0.7}} | of
        cohort = write_cohort_telemetry(
            self.open(**sidecars),
            Facts(key=key, **of),
            settings,
            worker=worker,
            metadata=metadata,
        )
        assert cohort is not None
        return cohort.folder

    def baselines(self, folder: Path) -> dict[str, Any]:
        """Read what a cohort was compared with: the run ids of each baseline."""
        blocks = read(folder / "telemetry_drift.json")["baselines"]
        return {name: block.get("run_ids", []) for name, block in blocks.items()}

    def files(self) -> set[str]:
        """Name the files in the tree that are not hidden."""
        return {
            path.relative_to(self.root).as_posix()
            for path in self.root.rglob("*")
            if path.is_file() and not path.name.startswith(".")
        }


def read(path: Path) -> Any:
    """Read a file of JSON."""
    return msgspec.json.decode(path.read_bytes())
