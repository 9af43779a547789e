"""The tree of cohorts: where everything is, what is there, and reading it.

``<root>/<STAGE>/<VIEW>/<target>/[symbol=<symbol>/]cohort=<id>/``; the names are encoded by
``names``. A cohort exists once it has its ``metadata.json``. What is damaged is named and skipped.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

from otel_persona.cohorts.json_files import json_of, read_if_there
from otel_persona.cohorts.names import decode_name, encode_name
from otel_persona.cohorts.naming import (
    BOTH,
    FACTS_KEY,
    METADATA,
    SidecarNames,
    names_of,
)
from otel_persona.errors import CohortError
from otel_persona.facts import VIEWS, CohortKey, Facts, View, decode_facts, refuse_other_view
from otel_persona.settings import SidecarSettings

TREE_NAME = "REPRODUCIBILITY"
"""What a tree is called, unless somebody says otherwise."""

_COHORT = "cohort="
_SYMBOL = "symbol="
_PREFIXES: dict[View, tuple[str, ...]] = {
    # The first is ours; the origin of the specification also wrote the others.
    "CROSS_SECTIONAL": ("cr_", "cs_"),
    "SYMBOL_SPECIFIC": ("sy_",),
}
_log = logging.getLogger("otel_persona")


class Damaged(NamedTuple):
    """Something in the tree that cannot be read, and was skipped."""

    path: Path
    reason: str

    def __str__(self) -> str:
        """Say what and why in one line."""
        return f"{self.path}: {self.reason}"


OnDamaged = Callable[[Damaged], object]


@dataclass(frozen=True, slots=True)
class Cohort:
    """One cohort of one run, and its folder, whether it exists or not."""

    key: CohortKey
    run_id: str
    folder: Path

    @property
    def cohort_id(self) -> str:
        """``cr_`` or ``sy_``, and the run's id as it stands in paths."""
        return self.folder.name.removeprefix(_COHORT)

    def exists(self) -> bool:
        """Return whether it has been saved whole."""
        return (self.folder / METADATA).exists()


class CohortTree:
    """The cohorts below the folder ``root``, by convention ``REPRODUCIBILITY``.

    ``settings`` are those of the section ``safety.telemetry``. ``on_damaged`` is called with
    whatever is skipped; by default it is logged as a warning.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        settings: SidecarSettings | None = None,
        on_damaged: OnDamaged | None = None,
    ) -> None:
        self.root = Path(root).absolute()  # the program may change its working directory
        self.settings = SidecarSettings() if settings is None else settings
        self.on_damaged = _warn if on_damaged is None else on_damaged

    @property
    def names(self) -> SidecarNames:
        """What the sidecars that are written are called."""
        return names_of(self.settings.naming)

    def stage_folder(self, stage: str) -> Path:
        """Return the folder of a stage; raises ``CohortError`` for a name that no path can hold."""
        return self.root / encode_name(stage, what="stage")

    def view_folder(self, stage: str, view: View) -> Path:
        """Return the folder of a stage's view; raises ``CohortError`` as ``stage_folder``.

        Raises ``UsageError`` for a view that is none: it would be any path.
        """
        refuse_other_view(view)
        return self.stage_folder(stage) / view

    def folder(self, key: CohortKey) -> Path:
        """Return the folder that holds a key's cohorts, one for each run.

        Raises ``CohortError`` for a stage, target or symbol that no path can hold.
        """
        target = self.view_folder(key.stage, key.view) / encode_name(key.target, what="target")
        if key.symbol is None:
            return target
        return target / f"{_SYMBOL}{encode_name(key.symbol, what='symbol')}"

    def cohort(self, key: CohortKey, run_id: str) -> Cohort:
        """Return the place of a run's cohort; raises ``CohortError`` as ``folder``."""
        name = encode_name(run_id, what="run id")
        return Cohort(key, run_id, self.folder(key) / f"{_COHORT}{_PREFIXES[key.view][0]}{name}")

    def stages(self) -> Iterator[str]:
        """Name the stages, sorted by their folders."""
        for folder in self.folders(self.root):
            if (stage := self._decoded(folder)) is not None:
                yield stage

    def keys(self, stage: str, view: View) -> Iterator[CohortKey]:
        """Yield the keys of a stage's view that have a folder."""
        for folder in self.folders(self.view_folder(stage, view)):
            target = self._decoded(folder)
            if target is None:
                continue
            if view == "CROSS_SECTIONAL":
                yield CohortKey(stage, view, target)
                continue
            for inner in self.folders(folder):
                symbol = self._decoded(inner, _SYMBOL)
                if symbol is not None:
                    yield CohortKey(stage, view, target, symbol)

    def cohorts(self, key: CohortKey) -> Iterator[Cohort]:
        """Yield the cohorts of a key that exist."""
        for folder in self.folders(self.folder(key)):
            cohort = self.cohort_in(folder, key)
            if cohort is not None and cohort.exists():
                yield cohort

    def find(self, key: CohortKey, run_id: str) -> Cohort | None:
        """Return a run's cohort, under any id that is read, or ``None`` if it does not exist.

        Costs the same however many runs there are; raises ``CohortError`` as ``folder``.
        """
        name = encode_name(run_id, what="run id")
        for prefix in _PREFIXES[key.view]:
            folder = self.folder(key) / f"{_COHORT}{prefix}{name}"
            if (folder / METADATA).exists():
                return Cohort(key, run_id, folder)
        return None

    def walk(self, stage: str | None = None, view: View | None = None) -> Iterator[Cohort]:
        """Yield all cohorts that exist, or those of a stage or view."""
        for one_stage in self.stages() if stage is None else (stage,):
            for one_view in VIEWS if view is None else (view,):
                for key in self.keys(one_stage, one_view):
                    yield from self.cohorts(key)

    def cohort_in(self, folder: Path, key: CohortKey) -> Cohort | None:
        """Return which cohort of the key ``folder`` is; ``None``, and named, if it is none."""
        if key.view == "CROSS_SECTIONAL" and folder.name.startswith(_SYMBOL):
            self.skip(folder, "a symbol has no place in CROSS_SECTIONAL")
            return None
        for prefix in _PREFIXES[key.view]:
            if folder.name.startswith(_COHORT + prefix):
                run_id = self._decoded(folder, _COHORT + prefix)
                return None if run_id is None else Cohort(key, run_id, folder)
        right = " or ".join(_PREFIXES[key.view])
        self.skip(folder, f"a cohort in {key.view} is called {_COHORT} and then {right}…")
        return None

    def read_facts(self, cohort: Cohort) -> Facts:
        """Read a cohort's facts, of either naming.

        Raises ``CohortError``, with the file and the reason, if they are missing or damaged, or
        those of another cohort.
        """
        path, facts = _facts_in(cohort.folder)
        if (facts.key, facts.run_id) != (cohort.key, cohort.run_id):
            raise CohortError(f"{path}: holds {facts.key} of the run {facts.run_id!r}")
        return facts

    def facts(self, cohort: Cohort) -> Facts | None:
        """Read a cohort's facts; if they are damaged, name them and return ``None``."""
        try:
            return self.read_facts(cohort)
        except CohortError as error:
            self.skip(cohort.folder, str(error))
            return None

    def folders(self, folder: Path) -> list[Path]:
        """List the folders in ``folder``, sorted; none, and named, if it cannot be listed."""
        try:
            with os.scandir(folder) as entries:
                names = [entry.name for entry in entries if _is_open_folder(entry)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self.skip(folder, f"it cannot be listed: {error.strerror}")
            return []
        return [folder / name for name in sorted(names)]

    def _decoded(self, folder: Path, prefix: str = "") -> str | None:
        if not folder.name.startswith(prefix):
            self.skip(folder, f"its name does not start with {prefix}")
            return None
        try:
            return decode_name(folder.name.removeprefix(prefix))
        except CohortError as error:
            self.skip(folder, str(error))
            return None

    def skip(self, path: Path, reason: str) -> None:
        """Name something that cannot be read and is skipped; ``path`` need not be in ``reason``."""
        reason = reason.removeprefix(f"{path}: ").removeprefix(f"{path}{os.sep}")
        self.on_damaged(Damaged(path, reason))


def _is_open_folder(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith(".") and entry.is_dir()


def _warn(damaged: Damaged) -> None:
    _log.warning("skipped, since it is damaged: %s", damaged)


def _facts_in(folder: Path) -> tuple[Path, Facts]:
    for names in BOTH:
        path = folder / f"{names.facts}.json"
        content = read_if_there(path)
        if content is not None and names.facts_are_inside:
            content = _inner_facts(path, content)
        if content is None:
            continue
        try:
            return path, decode_facts(content)
        except CohortError as error:
            raise CohortError(f"{path}: {error}") from None
    raise CohortError(f"{folder}: has no facts, neither of naming telemetry nor of metrics")


def _inner_facts(path: Path, content: bytes) -> bytes | None:
    inner = json_of(path, content, dict[str, msgspec.Raw]).get(FACTS_KEY)
    return None if inner is None else bytes(inner)
