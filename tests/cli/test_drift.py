"""``drift``: what the sidecars say changed, the worst first, in words and numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from otel_persona import ReproducibilityTracker

Cli = Callable[..., CompletedProcess[str]]
Line = Callable[..., bytes]
Log = Callable[..., str]
SIZES = {"better": 500, "slower": 500, "few": 100, "narrow": 60, "rare": 20}
TIERS = ["ALERT", "WARN", "OK"]


def _document(cli: Cli, *arguments: str) -> dict[str, Any]:
    done = cli(*arguments, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _bullets(text: str) -> list[str]:
    return [row for row in text.splitlines() if row.startswith("- ")]


def test_a_change_is_said_in_words(cli: Cli, collapsed_tree: str) -> None:
    """What it was and is, by how much, which way, and against what; nothing fails by it."""
    done = cli("drift", "--tree", collapsed_tree, "--view", "CROSS_SECTIONAL")
    assert (done.returncode, done.stderr) == (0, "")
    first = done.stdout.splitlines()[0]
    assert first == "Run 25K_2, 1 cohort, ended 2026-01-31T12:19:59.000Z"
    (worst, counts, *_) = _bullets(done.stdout)
    assert worst.startswith("- B / 25K / (all): the distribution of ")
    assert " has drifted (PSI " in worst
    assert ", against 25K_1 (last_good_run); and " in worst
    assert "are ALERT" in counts
    (row,) = [
        row for row in done.stdout.splitlines() if row.split()[:1] == ["p50_latency_success_ms"]
    ]
    assert row.split()[1:8] == ["B", "25K", "(all)", "1.95", "s", "3.15", "s"]
    assert row.split()[8:10] == ["+62%", "ALERT"]


def test_each_change_counts_once(cli: Cli, collapsed_tree: str) -> None:
    """Whatever the number of baselines that it is one against."""
    arguments = ("drift", "--tree", collapsed_tree, "--view", "CROSS_SECTIONAL")
    document = _document(cli, *arguments)
    changed = {row["figure"] for row in document["figures"] if row["tier"] != "OK"}
    changed |= {
        f"distribution of {row['distribution']}"
        for row in document["distributions"]
        if row["status"] == "drift"
    }
    assert len({row["baseline_name"] for row in document["figures"]}) == 3
    said = _bullets(cli(*arguments).stdout)[0]
    assert said.endswith(f"; and {len(changed) - 1} more changes")


def test_figures_alone_are_said_in_words_too(cli: Cli, sliced_tree: str) -> None:
    """With their units, where no distribution can be judged."""
    done = cli("drift", "--tree", sliced_tree, "--target", "7b", "--view", "CROSS_SECTIONAL")
    assert _bullets(done.stdout)[0] == (
        "- validation / 7b / (all): p95_latency_success_ms 3.01 s -> 3.98 s (+32%), worse, ALERT, "
        "against slice_4 (last_good_run); and 4 more changes"
    )


def test_long_tables_say_what_they_leave_out(cli: Cli, tmp_path: Path) -> None:
    """Thirty rows are shown, and what shows fewer, or all, is named."""
    tracker = ReproducibilityTracker(tmp_path)
    for number in (1, 2):
        tracker.save_to_cohort(
            stage="RANKING",
            view="CROSS_SECTIONAL",
            target="x",
            run_id=f"run_{number}",
            metrics={f"loss_{name}": number for name in range(1_234)},
            ended_at=f"2026-01-0{number}T00:00:00Z",
        )
    shown = cli("drift", "--tree", str(tmp_path / "REPRODUCIBILITY")).stdout
    (note,) = re.findall(r"^The first .*", shown, re.MULTILINE)
    assert note == (
        "The first 30 of 1,234 are shown, 1,204 more are not: --view CROSS_SECTIONAL or --baseline "
        "BASELINE shows fewer, --format json has all."
    )
    assert len(re.findall(r"^ loss_", shown, re.MULTILINE)) == 30


def test_hand_made_figures_come_from_no_attempts(cli: Cli, tmp_path: Path) -> None:
    """So nothing is said of how few there are."""
    tracker = ReproducibilityTracker(tmp_path)
    for run, auc in (("a", 0.8), ("b", 0.6)):
        tracker.save_to_cohort(
            stage="RANKING",
            view="CROSS_SECTIONAL",
            target="x",
            run_id=run,
            metrics={"auc": auc},
            ended_at=f"2026-01-0{ord(run) - 96}T00:00:00Z",
        )
    shown = cli("drift", "--tree", str(tmp_path / "REPRODUCIBILITY")).stdout
    assert "of 3 comparisons of figures 3 are ALERT, 0 WARN, 0 OK; 0 went" in shown
    assert "attempts" not in shown


def test_json_holds_every_comparison_of_the_sidecars(cli: Cli, sliced_tree: str) -> None:
    """Each figure and distribution of each cohort against each baseline, as it stands there."""
    document = _document(cli, "drift", "--tree", sliced_tree)
    assert document["run_id"] == "slice_5"
    figures, distributions = 0, 0
    for path in Path(sliced_tree).rglob("cohort=*_slice_5/telemetry_drift.json"):
        cohort = json.loads(path.read_text())
        for name, block in cohort["baselines"].items():
            figures += len(block["metrics"])
            distributions += len(block["distributions"])
            place = {
                "target": cohort["target"],
                "symbol": cohort.get("symbol"),
                "baseline_name": name,
            }
            (told,) = [
                row
                for row in document["figures"]
                if row["figure"] == "success_rate"
                and place == {"symbol": None} | {key: row.get(key) for key in place}
            ]
            assert told.items() >= block["metrics"]["success_rate"].items()
            assert told["baseline_run_ids"] == block["run_ids"]
    assert (figures, distributions) == (
        len(document["figures"]),
        len(document["distributions"]),
    )


def test_the_worst_comes_first(cli: Cli, sliced_tree: str, collapsed_tree: str) -> None:
    """Alerts before warnings, and in each the larger change; what has drifted before the rest."""
    figures = _document(cli, "drift", "--tree", sliced_tree)["figures"]
    tiers = [TIERS.index(figure["tier"]) for figure in figures]
    assert tiers == sorted(tiers)
    sizes = [
        abs(figure["rel_delta"])
        for figure in figures
        if figure["tier"] == "ALERT" and figure["rel_delta_status"] == "defined"
    ]
    assert len(sizes) > 5
    assert sizes == sorted(sizes, reverse=True)
    statuses = [
        change["status"]
        for change in _document(cli, "drift", "--tree", collapsed_tree)["distributions"]
    ]
    assert statuses[0] == "drift"
    assert "drift" not in statuses[statuses.count("drift") :]


def test_a_critical_figure_comes_before_everything(cli: Cli, tmp_path: Path) -> None:
    """A leak of one in a thousand outweighs a figure that has doubled."""
    tracker = ReproducibilityTracker(tmp_path)
    for run, leak, loss in (("a", 0.0, 1.0), ("b", 0.02, 2.5)):
        for target, missing in (("x", leak), ("y", 0.0)):
            tracker.save_to_cohort(
                stage="RANKING",
                view="CROSS_SECTIONAL",
                target=target,
                run_id=run,
                metrics={"missingness_rate": missing, "loss": loss},
                ended_at=f"2026-01-0{ord(run) - 96}T00:00:00Z",
            )
    done = cli("drift", "--tree", str(tmp_path / "REPRODUCIBILITY"))
    first, second, *_ = _bullets(done.stdout)
    assert first.startswith(
        "- RANKING / x / (all): missingness_rate 0.0% -> 2.0% (+2.0 points), changed, ALERT of a "
        "critical figure, against a (last_good_run)"
    )
    assert second.startswith("- RANKING / y / (all): loss 1 -> 2.5 (+150%), changed, ALERT, ")


def test_a_critical_figure_outweighs_another_cohorts_drift(
    cli: Cli, line: Line, log: Log, tmp_path: Path
) -> None:
    """A decision about chance comes after what nobody wants to see move at all."""
    settings = tmp_path / "persona.yaml"
    settings.write_text("safety: {telemetry: {drift: {critical: [repair_rate]}}}")
    lines = [
        line(
            run_id=f"25K_{run}",
            ts=f"2026-01-0{run}T00:00:00.000Z",
            target=target,
            persona_id=str(number),
            opening_move="a" if (target, run) == ("a", 2) else "abcdef"[number % 6],
            repairs=["trait_leak"] if target == "b" and number < 20 + run else [],
        )
        for run in (1, 2)
        for target in ("a", "b")
        for number in range(400)
    ]
    root = str(tmp_path / "tree")
    cli("rollup", log(*lines), "--tree", root, "--settings", str(settings))
    first, second, *_ = _bullets(cli("drift", "--tree", root).stdout)
    assert first.startswith("- B / b / (all): repair_rate 5.2% -> 5.5% (+4.8%), worse, ALERT of a")
    assert second.startswith("- B / a / (all): the distribution of opening_move has drifted (PSI ")


def test_what_got_better_is_no_alarm(cli: Cli, line: Line, log: Log, tmp_path: Path) -> None:
    """It is counted, and not listed as worse."""
    root = str(tmp_path / "tree")
    path = log(
        line(run_id="25K_1", latency_ms=3_000, ts="2026-01-01T00:00:00.000Z"),
        line(run_id="25K_2", latency_ms=1_000, ts="2026-01-02T00:00:00.000Z"),
    )
    cli("rollup", path, "--tree", root)
    rows = _document(cli, "drift", "--tree", root)["figures"]
    (latency,) = [
        row
        for row in rows
        if row["figure"] == "mean_latency_success_ms" and row["baseline_name"] == "previous_run"
    ]
    assert (latency["verdict"], latency["tier"]) == ("better", "OK")
    (counts,) = [row for row in _bullets(cli("drift", "--tree", root).stdout) if "ALERT" in row]
    assert " 0 are ALERT, 0 WARN, " in counts
    assert not counts.endswith("; 0 went for the better")


def test_drift_for_the_better_comes_after_what_got_worse(
    cli: Cli, line: Line, log: Log, tmp_path: Path
) -> None:
    """In a cohort, among the cohorts, in the table, and among what is suspect."""
    lines = [
        line(
            run_id=f"25K_{run}",
            ts=f"2026-01-0{run}T00:00:00.000Z",
            target=target,
            persona_id=f"{run}-{number}",
            status="fail" if run == 1 and number % 2 and target != "rare" else "success",
            error="late" if run == 1 and number % 2 and target != "rare" else None,
            latency_ms=1_000 + 100 * (run == 2 and target == "slower"),
            opening_move="ab"[number % 2] if run == 1 or target != "narrow" else "a",
            repairs=["trait_leak"] * (run == 2 and target == "rare" and number == 0),
        )
        for run in (1, 2)
        for target, attempts in SIZES.items()
        for number in range(attempts)
    ]
    root = str(tmp_path / "tree")
    cli("rollup", log(*lines), "--tree", root)
    shown = cli("drift", "--tree", root, "--view", "CROSS_SECTIONAL").stdout
    slower, narrow, rare, better, few = [row for row in _bullets(shown) if row.startswith("- B / ")]
    assert slower.startswith(
        "- B / slower / (all): the distribution of latency_success_ms is suspect of drift "
        "(PSI 13.1, p below 1e-300, too few values for a decision), worse, against 25K_1 "
    )
    assert narrow.startswith("- B / narrow / (all): the distribution of opening_move is suspect ")
    assert rare.startswith("- B / rare / (all): repair_rate 0.0% -> 5.0% ")
    assert better.startswith("- B / better / (all): the distribution of status has drifted (PSI ")
    assert better.endswith(", better, against 25K_1 (last_good_run)")
    assert few.startswith("- B / few / (all): the distribution of status is suspect of drift (PSI ")
    (suspect,) = [row for row in _bullets(shown) if row.startswith("- suspect: ")]
    ways = ["worse", "changed", "better", "better"]
    assert re.findall(r"worse|changed|better", suspect) == ways
    table = shown.partition("\nDistributions: ")[2]
    rows = re.findall(r" (suspect|drift|ok) +(worse|changed|better|-) ", table)
    assert rows[:6] == [
        ("suspect", "worse"),
        ("suspect", "changed"),
        ("drift", "better"),
        ("drift", "better"),
        ("suspect", "better"),
        ("suspect", "better"),
    ]
    assert set(rows[6:]) == {("ok", "-")}


@pytest.mark.parametrize(
    ("option", "name", "key"),
    [
        ("--stage", "validation", "stage"),
        ("--view", "SYMBOL_SPECIFIC", "view"),
        ("--target", "70b", "target"),
        ("--symbol", "lepton", "symbol"),
        ("--baseline", "rolling_window_k", "baseline_name"),
    ],
)
def test_a_part_can_be_chosen(option: str, name: str, key: str, cli: Cli, sliced_tree: str) -> None:
    """And nothing else is shown then."""
    rows = _document(cli, "drift", "--tree", sliced_tree, option, name)["figures"]
    assert {row.get(key) for row in rows} == {name}


def test_an_earlier_run_can_be_chosen(cli: Cli, sliced_tree: str) -> None:
    """The newest is shown by default; the first had nothing to be compared with, and says so."""
    document = _document(cli, "drift", "--tree", sliced_tree, "--run", "slice_1")
    assert document["figures"] == document["distributions"] == []
    assert len(document["no_baseline"]) == 3 * document["cohorts"]
    done = cli("drift", "--tree", sliced_tree, "--run", "slice_1")
    assert _bullets(done.stdout)[-2] == (
        "- previous_run: no_baseline for 17 of 17 cohorts when it was saved: no complete run of "
        "this key ended earlier"
    )


def test_samples_that_are_too_small_are_said(cli: Cli, sliced_tree: str) -> None:
    """With what it would take, and how many of them are over the threshold all the same."""
    (said,) = [
        row for row in _bullets(cli("drift", "--tree", sliced_tree).stdout) if "insufficient" in row
    ]
    assert "KS needs 1000 values on the smaller side, not 30" in said
    rows = _document(cli, "drift", "--tree", sliced_tree)["distributions"]
    assert {row["status"] for row in rows} == {"insufficient", "no_data"}
    over = sum(
        not row["suspect"]
        and (row["psi_over_threshold"] is True or row["ks_over_threshold"] is True)
        for row in rows
    )
    assert 0 < over < sum(row["status"] == "insufficient" for row in rows)
    assert (
        f"- over the specified threshold, which so few values cross by chance: {over} comparisons"
    ) in _bullets(cli("drift", "--tree", sliced_tree).stdout)


def test_what_chance_cannot_have_done_is_told_apart(
    cli: Cli, line: Line, log: Log, tmp_path: Path
) -> None:
    """Of six cohorts that collapse, with too few values for a decision, the five worst are named.

    The seventh moves a little, over the threshold, as chance does; the eighth not at all.
    """
    moves = {f"t{number}": "a" * (30 - number) + "b" * number for number in range(5)}
    moves |= {"t5": "a" * 18 + "bcdef" * 3, "t6": "abcdee" * 5, "t7": "abcdef" * 5}
    lines = [
        line(
            run_id=f"25K_{run}",
            ts=f"2026-01-0{run}T00:00:00.000Z",
            target=target,
            persona_id=f"{run}-{number}",
            opening_move=("abcdef" * 5 if run == 1 else of_target)[number],
        )
        for run in (1, 2)
        for target, of_target in moves.items()
        for number in range(30)
    ]
    root = str(tmp_path / "tree")
    cli("rollup", log(*lines), "--tree", root)
    shown = cli("drift", "--tree", root, "--view", "CROSS_SECTIONAL").stdout

    start = "- suspect: too few values for a decision, but chance is no likely reason: "
    (named,) = [row.removeprefix(start) for row in _bullets(shown) if row.startswith(start)]
    worst, *_, more = named.split("; ")
    assert worst == (
        "opening_move in B / t0 / (all) (PSI 4.55, p 1.4e-16, changed, against 25K_1 "
        "(last_good_run))"
    )
    assert re.findall(r"/ (t\d) /", named) == ["t0", "t1", "t2", "t3", "t4"]
    assert more == "and 1 more"
    by_chance = "- over the specified threshold, which so few values cross by chance: 3 comparisons"
    assert by_chance in _bullets(shown)
    table = shown.partition("\nDistributions: ")[2].splitlines()
    rows = [row.split() for row in table if row.startswith(" opening_move ")]
    assert [(row[2], row[9]) for row in rows] == [(f"t{n}", "suspect") for n in range(6)]


def test_a_run_that_is_saved_again_under_another_name_is_said(
    cli: Cli, line: Line, log: Log, tmp_path: Path
) -> None:
    """Its comparison says little: one may be a copy."""
    root = str(tmp_path / "tree")
    cli("rollup", log(line(run_id="25K_1"), line(run_id="25K_2")), "--tree", root)
    document = _document(cli, "drift", "--tree", root)
    assert {row["status"] for row in document["unsound"]} == {"SUSPICIOUSLY_IDENTICAL"}
    (said,) = [row for row in _bullets(cli("drift", "--tree", root).stdout) if "SUSP" in row]
    assert said == (
        "- SUSPICIOUSLY_IDENTICAL: runs 25K_2 and 25K_1 hold the same data: one may be a copy "
        "(3 comparisons)"
    )


def test_files_that_are_named_after_metrics_are_read(
    cli: Cli, line: Line, log: Log, tmp_path: Path
) -> None:
    """Whatever the setting ``naming`` was when they were written."""
    settings = tmp_path / "persona.yaml"
    settings.write_text("safety: {metrics: {naming: metrics, trend_after: 3}}")
    root = str(tmp_path / "tree")
    path = log(*(line(run_id=f"25K_{n}", ts=f"2026-01-0{n}T00:00:00.000Z") for n in range(1, 4)))
    cli("rollup", path, "--tree", root, "--settings", str(settings))
    assert list(Path(root).rglob("metrics_drift.json"))
    assert _document(cli, "drift", "--tree", root)["figures"]
    assert _document(cli, "trend", "--tree", root)["figures"]
