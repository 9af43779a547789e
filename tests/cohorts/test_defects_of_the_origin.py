"""What the origin's sidecars got wrong (the letters are those of the list of its defects)."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import otel_persona as op
from otel_persona.cohorts import mark_good
from otel_persona.errors import CohortError
from otel_persona.facts import CohortKey, Fingerprints
from otel_persona.records import encode_line
from tests.cohorts.trees import KEY, Tree, end_of, read
from tests.facts.drawn import drawn_attempts

_YEAR_NS = 366 * 86_400 * 10**9
AAPL = CohortKey("TARGET_RANKING", "SYMBOL_SPECIFIC", "swing_60m", "AAPL")


def test_a_symbols_have_drift(tree: Tree) -> None:
    """There, the baselines of a symbol were looked for in a folder that never existed."""
    tree.save(0, key=AAPL, figures={"auc": 0.5})
    drift = read(tree.save(1, key=AAPL, figures={"auc": 0.7}) / "telemetry_drift.json")
    assert drift["symbol"] == "AAPL"
    assert drift["baselines"]["previous_run"]["metrics"]["auc"]["delta"] == pytest.approx(0.2)


@pytest.mark.parametrize("key", [KEY, AAPL])
def test_c_a_single_cohort_is_not_its_own_baseline(tree: Tree, key: CohortKey) -> None:
    """There, the first run was compared with itself, and all was stable."""
    for _ in range(2):
        folder = tree.save(0, key=key)
        blocks = read(folder / "telemetry_drift.json")["baselines"].values()
        assert {block["status"] for block in blocks} == {"no_baseline"}


def test_d_the_time_of_a_file_decides_nothing(tree: Tree) -> None:
    """There, copying a tree changed the order of its runs."""
    folders = [tree.save(number) for number in range(3)]
    for age, folder in enumerate(folders):
        for path in (folder, *folder.iterdir()):
            os.utime(path, (2 * 10**9 - age, 2 * 10**9 - age))
    assert tree.baselines(tree.save(3))["previous_run"] == ["run_2"]


def test_e_runs_of_other_settings_data_and_code_are_compared(tree: Tree) -> None:
    """There, only runs with equal prints were, so that no drift of data could ever show."""
    tree.save(0, fingerprints=Fingerprints(git_commit="a", settings_hash="b", data_hash="c"))
    prints = Fingerprints(git_commit="d", settings_hash="e", data_hash="f")
    drift = read(tree.save(1, fingerprints=prints) / "telemetry_drift.json")
    previous = drift["baselines"]["previous_run"]
    assert previous["sanity_check"]["status"] == "OK"
    assert previous["fingerprints"]["baseline"]["data_hash"] == "c"
    assert previous["fingerprints"]["current"]["data_hash"] == "f"


def test_f_a_drift_that_cannot_be_written_is_an_error(tree: Tree) -> None:
    """There, a missing import became a warning, and the file was never there."""
    folder = tree.save(0)
    assert (folder / "telemetry_drift.json").exists()
    (folder / "telemetry_drift.json").unlink()
    (folder / "telemetry_drift.json").mkdir()
    with pytest.raises(CohortError, match="cannot be written"):
        tree.save(0)


def test_i_a_bool_stays_a_bool(tree: Tree) -> None:
    """There, it was taken for an int and became a float."""
    folder = tree.save(0, figures={"on": True, "off": False, "n": 1})
    assert (
        folder / "metrics.json"
    ).read_text() == '{\n  "n": 1,\n  "off": false,\n  "on": true\n}\n'


def test_l_a_colon_in_a_name_makes_no_other_key(tree: Tree) -> None:
    """There, ``a:b`` of one part and ``a`` and ``b`` of two were the same baseline key."""
    keys = [
        CohortKey("S", "SYMBOL_SPECIFIC", "a:b", "c"),
        CohortKey("S", "SYMBOL_SPECIFIC", "a", "b:c"),
        CohortKey("S", "SYMBOL_SPECIFIC", "a%3Ab", "c"),
    ]
    drifts = [read(tree.save(0, key=key) / "telemetry_drift.json") for key in keys]
    assert len({drift["baseline_key"] for drift in drifts}) == 3
    assert tree.baselines(tree.save(1, key=keys[0]))["rolling_window_k"] == ["run_0"]


@pytest.mark.parametrize("part", ["stage", "view", "target", "symbol"])
def test_m_facts_of_another_key_are_refused(tree: Tree, part: str) -> None:
    """There, only the view was checked, and as a text: a stage in the wrong folder was compared."""
    tree.save(0, key=AAPL)
    others = {"stage": "OTHER", "view": "CROSS_SECTIONAL", "target": "other", "symbol": "MSFT"}
    changed = {name: getattr(AAPL, name) for name in others} | {part: others[part]}
    if part == "view":
        changed["symbol"] = None
    other = tree.save(1, key=CohortKey(**changed), figures={"auc": 0.1})
    folder = tree.save(1, key=AAPL)
    (folder / "telemetry_metrics.json").write_bytes((other / "telemetry_metrics.json").read_bytes())

    assert tree.baselines(tree.save(2, key=AAPL))["rolling_window_k"] == ["run_0"]
    assert {damaged.path for damaged in tree.skipped} == {folder}


def test_o_writers_share_no_temporary_file_and_no_lock(tree: Tree) -> None:
    """There, x.json and x.parquet, and all writers of them, had one temporary name and one lock."""
    keys = [CohortKey("S", "CROSS_SECTIONAL", target) for target in ("x.json", "x.parquet", "x")]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: tree.save(number // 3, key=keys[number % 3]), range(24)))
    assert len({tree.open().folder(key) / ".lock" for key in keys}) == 3
    for key in keys:
        assert tree.baselines(tree.save(8, key=key))["rolling_window_k"] == [
            f"run_{number}" for number in range(8)
        ]
    assert not list(tree.root.rglob(".unfinished-*"))


def test_p_marks_that_are_made_at_once_are_all_kept(tree: Tree) -> None:
    """There, the facts of the whole tree were read, changed and written with no lock."""
    runs = [f"run_{number}" for number in range(12)]
    for number in range(12):
        tree.save(number)
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda run: mark_good(tree.open(), run), runs))
    assert sorted(read(tree.root / "good_runs.json")) == sorted(runs)


def test_q_a_run_in_several_places_is_in_each(tree: Tree) -> None:
    """There, the index kept one stage of a run."""
    keys = [
        CohortKey(stage, view, target, "s" if view == "SYMBOL_SPECIFIC" else None)
        for stage in ("B", "C")
        for view in ("CROSS_SECTIONAL", "SYMBOL_SPECIFIC")
        for target in ("t", "u")
    ]
    for key in keys:
        tree.save(0, key=key)
    for key in keys:
        assert tree.baselines(tree.save(1, key=key))["previous_run"] == ["run_0"]
    assert {cohort.key for cohort in tree.open().walk()} == set(keys)


def test_r_runs_that_are_saved_at_once_have_one_order(tree: Tree) -> None:
    """There, two runs could be given the same number in the sequence."""
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(tree.save, [5, 3, 1, 4, 2, 0, 7, 6]))
    assert tree.baselines(tree.save(8))["rolling_window_k"] == [f"run_{n}" for n in range(8)]


def test_t_a_trend_is_written(tree: Tree) -> None:
    """There, the module could not be imported, and its file was named in comments alone."""
    for number in range(5):
        folder = tree.save(number, figures={"auc": 0.9 - number / 10})
    assert read(folder / "telemetry_trend.json")["figures"]["auc"][
        "slope_per_run"
    ] == pytest.approx(-0.1)


def test_u_every_figure_is_compared(tree: Tree) -> None:
    """There, the changes were empty unless a figure was one of three."""
    figures = {f"figure {number}": number for number in range(50)}
    tree.save(0, figures=figures)
    drift = read(tree.save(1, figures=figures) / "telemetry_drift.json")
    for block in drift["baselines"].values():
        assert block["metrics"].keys() == figures.keys()


@pytest.mark.parametrize("naming", ["telemetry", "metrics"])
def test_v_what_a_run_is_compared_with_does_not_change_its_own_prints(
    tree: Tree, naming: str, attempts: Callable[..., dict[str, Any]]
) -> None:
    """There, a field about the difference stood in metrics.json and changed its own digest."""
    sidecars = {"naming": naming}
    folder = tree.save(1, sidecars=sidecars, **attempts(100, 200))
    before = _without_time(folder / "metrics.json")
    tree.save(0, sidecars=sidecars, **attempts(300, 400))
    tree.save(1, sidecars=sidecars, **attempts(100, 200))
    assert _without_time(folder / "metrics.json") == before
    assert read(folder / f"{naming}_drift.json")["baselines"]["previous_run"]["run_ids"] == [
        "run_0"
    ]


def test_w_nothing_is_missing_in_silence(
    tree: Tree, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """There, what failed was logged where nobody looks: here it is raised, or said as a warning."""
    save = {"stage": KEY.stage, "view": KEY.view, "target": KEY.target, "metrics": {"auc": 0.7}}
    tracker = op.ReproducibilityTracker(tmp_path, op.Settings())
    (tree.save(0) / "telemetry_metrics.json").write_bytes(b"")
    with caplog.at_level(logging.WARNING, logger="otel_persona"):
        tracker.save_to_cohort(run_id="run_1", ended_at=end_of(1), **save)
    assert "cohort=cr_run_0" in caplog.text
    assert "telemetry_metrics.json" in caplog.text

    blocked = tmp_path / "a file"
    blocked.write_text("")
    with pytest.raises(CohortError, match=r"cannot be written: File exists: .*/a file"):
        op.ReproducibilityTracker(blocked, op.Settings()).save_to_cohort(run_id="run_2", **save)


def test_x_a_trend_does_not_depend_on_when_it_is_computed(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There, it was extrapolated to the present moment, so that no two files were alike."""
    figures = [{"auc": value, "loss": 1 - value} for value in (0.9, 0.7, 0.8, 0.6, 0.5)]
    contents = []
    for year in (1, 11):
        clock = SimpleNamespace(time_ns=lambda moment=year * _YEAR_NS: moment)
        monkeypatch.setattr("otel_persona.cohorts.clock.time", clock)
        for number, of_run in enumerate(figures):
            folder = tree.save(number, figures=of_run)
        assert read(folder / "telemetry_trend.json")["timestamp"].startswith(f"{1970 + year}-")
        contents.append(_without_time(folder / "telemetry_trend.json"))
    assert contents[0] == contents[1]


def test_y_no_order_depends_on_the_hashes_of_names(tmp_path: Path) -> None:
    """There, sets were written in their own order, which is another one in each process."""
    log = tmp_path / "runs.log"
    attempts = drawn_attempts(2_400)
    for number, attempt in enumerate(attempts):
        attempt.target, attempt.symbol = "hobbies", ("nord", "sud")[number % 2]
        attempt.run_id = f"25K_{number // 1_200}"
        if number >= 1_200:  # so that there is much to say about what has drifted
            attempt.latency_ms *= 3
            attempt.prompt_tokens += 1_000
            attempt.completion_tokens += 1_000
            attempt.validator_scores = {"pollyanna": 0.9, "trait_leak": 0.5, "tone": 0.5}
    log.write_bytes(b"".join(map(encode_line, attempts)))
    trees = [_rolled_up_with(seed, log, tmp_path / f"tree {seed}") for seed in ("1", "2", "3", "4")]
    assert len(trees[0]) > 40
    assert all(tree == trees[0] for tree in trees)


def _rolled_up_with(seed: str, log: Path, root: Path) -> dict[str, Any]:
    """Make a tree of a log in a process whose sets have that order; give its files."""
    subprocess.run(
        [sys.executable, "-m", "otel_persona", "rollup", str(log), "--tree", str(root)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        check=True,
    )
    return {
        path.relative_to(root).as_posix(): _without_time(path)
        if path.suffix == ".json"
        else path.read_bytes()
        for path in root.rglob("[!.]*.*")
    }


def _without_time(path: Path) -> list[str]:
    lines = path.read_text().splitlines()
    return [line for line in lines if not line.strip().startswith(('"timestamp"', '"created_at"'))]
