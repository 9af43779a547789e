"""What the origin's rollups got wrong (the letters are those of the list of its defects)."""

from __future__ import annotations

import duckdb
import pytest

from otel_persona.cohorts import generate_telemetry_rollups
from otel_persona.facts import CohortKey
from otel_persona.settings import Prices
from tests.cohorts.trees import Tree, read

RUN = "run_0"


def test_b_rows_of_symbols_carry_target_symbol_and_figures(tree: Tree) -> None:
    """There, rows of SYMBOL_SPECIFIC had a null for a symbol and no figures at all."""
    figures = {("a", "X"): 0.25, ("a", "Y"): 0.5, ("b", "X"): 0.75}
    for (target, symbol), auc in figures.items():
        key = CohortKey("S", "SYMBOL_SPECIFIC", target, symbol)
        tree.save(0, key=key, figures={"auc": auc})
    generate_telemetry_rollups(tree.open(), "S", RUN, Prices())
    for folder in ("S", "S/SYMBOL_SPECIFIC"):
        rows = duckdb.execute(
            "SELECT target, symbol, metric_value FROM read_parquet($1) WHERE level = 'cohort'",
            [f"{tree.root}/{folder}/telemetry_rollup.parquet"],
        ).fetchall()
        assert {(target, symbol): auc for target, symbol, auc in rows} == figures


def test_g_the_call_writes_all_rollups(tree: Tree) -> None:
    """There, the convenience method returned before it did anything."""
    tree.save(0, key=CohortKey("S", "CROSS_SECTIONAL", "a"))
    tree.save(0, key=CohortKey("S", "SYMBOL_SPECIFIC", "a", "X"))
    before = tree.files()
    generate_telemetry_rollups(tree.open(), "S", RUN, Prices())
    assert tree.files() - before == {
        f"{folder}/telemetry_rollup.{kind}"
        for folder in ("S", "S/CROSS_SECTIONAL", "S/SYMBOL_SPECIFIC")
        for kind in ("json", "parquet")
    }


def test_h_every_stage_is_there_and_not_the_last_alone(tree: Tree) -> None:
    """There, the facts over the whole tree were those of the last stage."""
    stages = ["B", "C", "validation"]
    for stage in stages:
        tree.save(0, key=CohortKey(stage, "CROSS_SECTIONAL", "a"), figures={"auc": 0.5})
        generate_telemetry_rollups(tree.open(), stage, RUN, Prices())
    for name in ("telemetry_metrics", "telemetry_rollup"):
        found = duckdb.execute(
            "SELECT DISTINCT stage FROM read_parquet($1, hive_partitioning = false) ORDER BY stage",
            [f"{tree.root}/**/{name}.parquet"],
        ).fetchall()
        assert [stage for (stage,) in found] == stages


@pytest.mark.parametrize(
    "name", ["telemetry_rollup", "metrics_x", "telemetry", "metrics", "cohort=x", "symbol=x", ".x"]
)
def test_n_a_target_may_be_called_like_a_file_of_ours(tree: Tree, name: str) -> None:
    """There, a target whose name began like a sidecar's was passed over."""
    tree.save(0, key=CohortKey("S", "CROSS_SECTIONAL", name), figures={"auc": 0.5})
    tree.save(0, key=CohortKey("S", "SYMBOL_SPECIFIC", "t", name), figures={"auc": 0.5})
    generate_telemetry_rollups(tree.open(), "S", RUN, Prices())
    views = read(tree.root / "S" / "telemetry_rollup.json")["views"]
    assert list(views["CROSS_SECTIONAL"]["targets"]) == [name]
    assert list(views["SYMBOL_SPECIFIC"]["symbols"]) == [name]
    assert not tree.skipped


def test_s_cohorts_are_found_at_every_depth(tree: Tree) -> None:
    """There, a search one level deep missed what lay a folder deeper."""
    for target in range(4):
        tree.save(0, key=CohortKey("S", "CROSS_SECTIONAL", f"t{target}"), figures={"auc": 0.5})
        for symbol in range(3):
            key = CohortKey("S", "SYMBOL_SPECIFIC", f"t{target}", f"s{symbol}")
            tree.save(0, key=key, figures={"auc": 0.5})
    cross, by_symbol = generate_telemetry_rollups(tree.open(), "S", RUN, Prices())
    assert cross.aggregated["auc"].count == len(cross.cohorts) == 4
    assert by_symbol.aggregated["auc"].count == len(by_symbol.cohorts) == 12
