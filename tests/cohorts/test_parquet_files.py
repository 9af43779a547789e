"""The parquet files: fixed columns, the JSON's content, and what other programs read in them."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from otel_persona.cohorts import generate_telemetry_rollups
from otel_persona.cohorts.parquet_columns import (
    DRIFT_COLUMNS,
    FACTS_COLUMNS,
    ROLLUP_COLUMNS,
    Column,
)
from otel_persona.cohorts.parquet_files import drift_parquet, facts_parquet, rollup_parquet
from otel_persona.facts import CohortKey, Facts
from otel_persona.settings import Prices
from tests.cohorts.trees import KEY, Tree, end_of, read

DOCUMENTATION = (Path(__file__).parents[2] / "docs" / "sidecars.md").read_text("utf-8")
FILES = {
    "telemetry_metrics": FACTS_COLUMNS,
    "telemetry_drift": DRIFT_COLUMNS,
    "telemetry_rollup": ROLLUP_COLUMNS,
}
ARROW = {
    "string": "string",
    "strings": "list<element: string>",
    "double": "double",
    "int64": "int64",
    "bool": "bool",
    "timestamp": "timestamp[us, tz=UTC]",
}
VALUES = [7, 0.7, "seven", None, True, 2**60]
Attempts = Callable[..., dict[str, Any]]


def types_in(path: Path) -> dict[str, str]:
    """Read the columns of a file and their types."""
    return {field.name: str(field.type) for field in pq.read_schema(path)}


def rows_of(path: Path | str) -> list[dict[str, Any]]:
    """Read one file, or several, with DuckDB."""
    found = duckdb.execute("SELECT * FROM read_parquet($1, hive_partitioning = false)", [str(path)])
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@pytest.fixture
def saved(tree: Tree, attempts: Attempts) -> Tree:
    """Give a tree with six runs of both views: figures of every kind, attempts, and rollups."""
    for number, value in enumerate(VALUES):
        of = attempts(*range(100, 400)) if number % 2 else {"figures": {}}
        of["figures"] = {"figure": value, **of["figures"]}
        for key in (KEY, CohortKey(KEY.stage, "SYMBOL_SPECIFIC", KEY.target, "2024")):
            tree.save(number, key=key, **of)
    generate_telemetry_rollups(tree.open(), KEY.stage, "run_1", Prices())
    return tree


@pytest.mark.parametrize("name", FILES)
def test_types_do_not_depend_on_the_figures(saved: Tree, name: str) -> None:
    """A figure that is a number, a text, null or a bool by turns changes no column's type."""
    right = {column.name: ARROW[column.type] for column in FILES[name]}
    paths = list(saved.root.rglob(f"{name}.parquet"))
    assert len(paths) == (3 if name == "telemetry_rollup" else 2 * len(VALUES))
    assert all(types_in(path) == right for path in paths)


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        (
            facts_parquet(Facts(key=KEY, run_id="r", ended_at=end_of(0), figures={}), "cr_r"),
            FACTS_COLUMNS,
        ),
        (drift_parquet({"baselines": {}}), DRIFT_COLUMNS),
        (rollup_parquet([]), ROLLUP_COLUMNS),
    ],
)
def test_a_file_without_rows_has_all_columns(content: bytes, columns: tuple[Column, ...]) -> None:
    """A query over many files does not stumble on the one where there was nothing to say."""
    table = pq.read_table(io.BytesIO(content))
    assert table.num_rows == 0
    assert {field.name: str(field.type) for field in table.schema} == {
        column.name: ARROW[column.type] for column in columns
    }


def test_a_figure_keeps_its_value_and_its_type(saved: Tree) -> None:
    """Bools and texts are no doubles, and whole numbers beyond 2^53 have all their digits."""
    found = {
        row["run_id"]: (row["metric_value"], row["metric_value_str"], row["metric_type"])
        for row in rows_of(f"{saved.root}/*/CROSS_SECTIONAL/**/telemetry_metrics.parquet")
        if row["metric_name"] == "figure"
    }
    assert [found[f"run_{number}"] for number in range(len(VALUES))] == [
        (7.0, "7", "int"),
        (0.7, "0.7", "float"),
        (None, "seven", "str"),
        (None, None, "null"),
        (None, "true", "bool"),
        (float(2**60), str(2**60), "int"),
    ]


def test_facts_name_their_cohort_and_its_end(saved: Tree) -> None:
    """Rows of different folders stay apart when many files are read as one table."""
    rows = rows_of(f"{saved.root}/**/telemetry_metrics.parquet")
    places = {(row["view"], row["symbol"], row["cohort_id"], row["run_id"]) for row in rows}
    assert places == {
        place
        for number in range(len(VALUES))
        for place in (
            ("CROSS_SECTIONAL", None, f"cr_run_{number}", f"run_{number}"),
            ("SYMBOL_SPECIFIC", "2024", f"sy_run_{number}", f"run_{number}"),
        )
    }
    ends = {row["run_id"]: row["ended_at"].isoformat(timespec="milliseconds") for row in rows}
    assert ends["run_3"] == end_of(3).replace("Z", "+00:00")


def test_drift_has_a_row_for_each_baseline_and_comparison(saved: Tree) -> None:
    """The parquet says what the JSON says, figure by figure and distribution by distribution."""
    for path in saved.root.rglob("telemetry_drift.json"):
        drift = read(path)
        rows = {
            (row["baseline"], row["kind"], row["name"]): row
            for row in rows_of(path.with_suffix(".parquet"))
        }
        left = dict(rows)
        for name, block in drift["baselines"].items():
            if block["status"] == "no_baseline":
                assert left.pop((name, "no_baseline", None))["reason"] == block["reason"]
                continue
            for figure, change in block["metrics"].items():
                row = left.pop((name, "metric", figure))
                assert row["baseline_run_ids"] == block["run_ids"]
                assert row["sanity_check"] == block["sanity_check"]["status"]
                for column in ("tier", "delta", "rel_delta", "comparable", "direction"):
                    assert row[column] == change[column]
            for distribution, change in block["distributions"].items():
                row = left.pop((name, change["kind"], distribution))
                for column in change:
                    assert row[column] == change[column]
        assert not left


def test_rollups_have_rows_of_cohorts_and_rows_over_them(saved: Tree) -> None:
    """Levels keep apart what is one cohort's and what is many's; so do nulls in their columns."""
    rows = [
        row
        for row in rows_of(saved.root / KEY.stage / "telemetry_rollup.parquet")
        if row["metric_name"] == "p95_latency_success_ms"
    ]
    places = {(row["view"], row["level"], row["target"], row["symbol"]) for row in rows}
    assert places == {
        ("CROSS_SECTIONAL", "cohort", KEY.target, None),
        ("CROSS_SECTIONAL", "view", None, None),
        ("CROSS_SECTIONAL", "merged", None, None),
        ("SYMBOL_SPECIFIC", "cohort", KEY.target, "2024"),
        ("SYMBOL_SPECIFIC", "symbol", None, "2024"),
        ("SYMBOL_SPECIFIC", "view", None, None),
        ("SYMBOL_SPECIFIC", "merged", None, None),
    }
    for row in rows:
        is_single = row["level"] in {"cohort", "merged"}
        assert (row["metric_value"] is None) != is_single
        assert (row["mean"] is None) == (row["count"] is None) == is_single


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, attempts: Attempts) -> None:
    """No parquet file says when it was written, so that trees can be compared and deduplicated."""
    trees = [Tree(tmp_path / name) for name in ("one", "two")]
    for tree in trees:
        for number in range(2):
            tree.save(number, **attempts(*range(100, 120 + number)))
        generate_telemetry_rollups(tree.open(), KEY.stage, "run_1", Prices())
    one, two = (
        {path.relative_to(tree.root): path.read_bytes() for path in tree.root.rglob("*.parquet")}
        for tree in trees
    )
    assert len(one) == 6
    assert one == two


@pytest.mark.parametrize("name", FILES)
def test_pandas_reads_them(saved: Tree, name: str) -> None:
    """The other program that most people open them with finds the same columns and rows."""
    for path in saved.root.rglob(f"{name}.parquet"):
        frame = pd.read_parquet(path)
        assert list(frame.columns) == [column.name for column in FILES[name]]
        assert len(frame) == len(rows_of(path))


def test_a_symbol_of_digits_stays_a_text(saved: Tree) -> None:
    """Folders named ``symbol=2024`` tempt readers to make numbers of them; ours say how not to."""
    path = next(saved.root.glob("*/SYMBOL_SPECIFIC/**/telemetry_metrics.parquet"))
    assert set(pd.read_parquet(path)["symbol"]) == {"2024"}
    assert {row["symbol"] for row in rows_of(path)} == {"2024"}
    assert "hive_partitioning = false" in DOCUMENTATION


@pytest.mark.parametrize("name", FILES)
def test_every_column_is_documented(name: str) -> None:
    """The page of the sidecars has each column in its order, with its type and its meaning."""
    section = DOCUMENTATION.partition(f"### `{name}.parquet`\n")[2].partition("\n#")[0]
    rows = [row for row in section.splitlines() if row.startswith("| `")]
    assert rows == [
        f"| `{column.name}` | {column.type} | {column.meaning} |" for column in FILES[name]
    ]


def test_pyarrow_is_loaded_when_a_file_is_made() -> None:
    """A program that decorates, or reads a tree, does not pay for it."""
    code = (
        "import sys, otel_persona.cohorts, otel_persona.cohorts.parquet_files\n"
        "print([name for name in ('pyarrow', 'pandas', 'numpy') if name in sys.modules])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert printed.stdout.strip() == "[]"
