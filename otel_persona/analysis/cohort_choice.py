"""Which cohorts of a tree are looked at: those of a stage, view, target, symbol and run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from otel_persona.cohorts import Cohort, CohortTree
from otel_persona.errors import UsageError
from otel_persona.facts import VIEWS, CohortKey
from otel_persona.nearest import nearest

_PARTS = ("stage", "view", "target", "symbol")


class Choice(NamedTuple):
    """The parts that a cohort's key must have; ``None`` takes any."""

    stage: str | None = None
    view: str | None = None
    target: str | None = None
    symbol: str | None = None


def chosen_keys(tree: CohortTree, choice: Choice) -> list[CohortKey]:
    """Return the keys that have a folder in the tree and are chosen.

    Raises ``UsageError``, with the nearest name or the folder that is meant, if nothing is left.
    """
    if not tree.root.is_dir():
        raise UsageError(
            f"{tree.root}: there is no such folder; `otel-persona rollup` writes one from logs"
        )
    keys = list(_all_keys(tree, choice.stage))
    if not keys:
        _refuse_outer_folder(tree)
    for part, wanted in zip(_PARTS, choice, strict=True):
        there = {getattr(key, part) for key in keys} - {None}
        keys = [key for key in keys if wanted in (None, getattr(key, part))]
        if wanted is not None and not keys:
            if part == "symbol" and choice.view == "CROSS_SECTIONAL":
                raise UsageError(
                    f"{tree.root}: no symbol is called {wanted!r} in CROSS_SECTIONAL, which holds "
                    "all symbols together; each symbol is in SYMBOL_SPECIFIC"
                )
            there = there if part != "stage" else set(tree.stages())
            raise UsageError(f"{tree.root}: no {part} is called {wanted!r}{nearest(wanted, there)}")
    if not keys:
        raise UsageError(f"{tree.root}: holds no cohort; give the folder that holds the stages")
    return keys


def cohorts_of_run(tree: CohortTree, keys: Iterable[CohortKey], run_id: str) -> list[Cohort]:
    """Return a run's cohorts; raises ``UsageError``, with the nearest run, if there is none."""
    keys = list(keys)
    found = [cohort for key in keys if (cohort := tree.find(key, run_id)) is not None]
    if not found:
        runs = {cohort.run_id for key in keys for cohort in tree.cohorts(key)}
        raise UsageError(f"{tree.root}: no run is called {run_id!r}{nearest(run_id, runs)}")
    return found


def _refuse_outer_folder(tree: CohortTree) -> None:
    """Raise ``UsageError`` if a folder in this one is the tree."""
    for folder in tree.folders(tree.root):
        if any(_all_keys(CohortTree(folder, on_damaged=lambda _: None), None)):
            raise UsageError(f"{tree.root}: holds no stages; did you mean {folder}?")


def _all_keys(tree: CohortTree, stage: str | None) -> Iterator[CohortKey]:
    for one_stage in tree.stages() if stage is None else (stage,):
        for view in VIEWS:
            yield from tree.keys(one_stage, view)
