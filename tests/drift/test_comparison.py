"""One cohort against one baseline: isolation, sanity, and what becomes of it in JSON."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from otel_persona.drift import Comparison, compare
from otel_persona.errors import CohortError, IsolationError
from otel_persona.facts import (
    CohortKey,
    CohortState,
    Facts,
    Fingerprints,
    cohort_figures,
    encode_facts,
    json_text,
)
from otel_persona.settings import Prices, Settings
from tests.drift.made import KEY, facts
from tests.facts.drawn import drawn_attempts, folded

SYMBOL_KEY = CohortKey("B", "SYMBOL_SPECIFIC", "25K", "nord")


def run_of(seed: int, **fields: Any) -> Facts:
    """Make the facts of a run of attempts."""
    state = folded(drawn_attempts(1_200, seed))
    prints = Fingerprints(data_hash=f"{state.data_hash:032x}", git_commit=str(seed))
    given: dict[str, Any] = {"run_id": f"run {seed}", "fingerprints": prints, **fields}
    figures = dict(cohort_figures(state, Prices()))
    return Facts(key=KEY, ended_at=state.end, figures=figures, state=state, **given)


def sanity_of(current: Facts, baseline: Facts) -> tuple[str, str]:
    """Give the status and the message of a comparison."""
    check = compare(current, baseline, Settings()).sanity_check
    return check.status, check.message


@pytest.mark.parametrize(
    ("other", "differing"),
    [
        (CohortKey("C", "CROSS_SECTIONAL", "25K"), "stage ('B' and 'C')"),
        (CohortKey("B", "CROSS_SECTIONAL", "100K"), "target ('25K' and '100K')"),
        (
            CohortKey("B", "SYMBOL_SPECIFIC", "25K", "sud"),
            "view ('CROSS_SECTIONAL' and 'SYMBOL_SPECIFIC'), symbol (None and 'sud')",
        ),
    ],
)
def test_cohorts_of_different_keys_are_never_compared(other: CohortKey, differing: str) -> None:
    """Stage, view, target and symbol are each checked, and the error names what differs."""
    with pytest.raises(IsolationError) as error:
        compare(facts({"a": 1}, "now"), facts({"a": 1}, "before", key=other), Settings())
    assert str(error.value) == (
        f"run now and run before must not be compared: they differ in {differing}"
    )
    assert isinstance(error.value, CohortError)


def test_symbols_of_one_target_are_never_compared() -> None:
    """One region's drift is not measured against another region."""
    other = CohortKey("B", "SYMBOL_SPECIFIC", "25K", "sud")
    with pytest.raises(IsolationError, match=r"differ in symbol \('nord' and 'sud'\)$"):
        compare(facts({}, key=SYMBOL_KEY), facts({}, key=other), Settings())


def test_keys_that_are_written_alike_are_not_equal() -> None:
    """A colon inside a name makes no two cohorts one."""
    one = CohortKey("B", "SYMBOL_SPECIFIC", "a:b", "c")
    other = CohortKey("B", "SYMBOL_SPECIFIC", "a", "b:c")
    with pytest.raises(IsolationError, match="target"):
        compare(facts({}, key=one), facts({}, key=other), Settings())


def test_a_run_against_itself_is_called_so() -> None:
    """Whoever picks the run itself as its baseline is told, and not that all is stable."""
    run = facts({"a": 1}, "r1")
    assert sanity_of(run, run) == ("SELF_COMPARISON", "run r1 is compared with itself")


def test_the_same_attempts_under_another_name_are_suspicious() -> None:
    """A log that was rolled up twice under two run ids is a copy, also after a commit."""
    prints = msgspec.structs.replace(run_of(1).fingerprints, git_commit="later")
    copy = run_of(1, run_id="copy", fingerprints=prints)
    status, message = sanity_of(copy, run_of(1))
    assert status == "SUSPICIOUSLY_IDENTICAL"
    assert message == "runs copy and run 1 hold the same data: one may be a copy"


@pytest.mark.parametrize(("commit", "status"), [("a", "SUSPICIOUSLY_IDENTICAL"), ("b", "OK")])
def test_figures_of_the_same_data_compare_across_commits(commit: str, status: str) -> None:
    """A pipeline that read the same data with other code is what one wants to compare."""
    sides = [
        msgspec.structs.replace(
            facts({"auc": 0.7}, run), fingerprints=Fingerprints(data_hash="d", git_commit=made_by)
        )
        for run, made_by in (("now", commit), ("before", "a"))
    ]
    assert sanity_of(*sides)[0] == status


def test_unknown_fingerprints_are_not_identical() -> None:
    """Two runs of which nothing is known are not the same run."""
    assert sanity_of(facts({"a": 1}, "now"), facts({"a": 1}, "before"))[0] == "OK"


def test_records_of_another_schema_are_incomparable() -> None:
    """What a key meant may have changed; the message names both versions."""
    old = msgspec.structs.replace(
        facts({"a": 1}, "before"), fingerprints=Fingerprints(record_schema=0)
    )
    assert sanity_of(facts({"a": 1}, "now"), old) == (
        "INCOMPARABLE",
        "the record schemas differ: 1 in the current run, 0 in the baseline",
    )


def test_runs_without_a_common_figure_are_incomparable() -> None:
    """An empty comparison is no good news."""
    status, message = sanity_of(facts({"a": 1}, "now"), facts({"b": 1}, "before"))
    assert (status, message) == ("INCOMPARABLE", "the two runs have no figure in common")


def test_a_cohort_against_itself_drifts_nowhere() -> None:
    """All figures OK, all distances zero: no comparison invents a difference."""
    comparison = compare(run_of(1), run_of(1, run_id="again"), Settings())
    assert {figure.tier for figure in comparison.metrics.values()} == {"OK"}
    known = [drift for drift in comparison.distributions.values() if drift.n_current]
    assert {drift.status for drift in known} <= {"ok", "insufficient"}
    assert {drift.psi for drift in known} == {0.0}
    assert {drift.psi_p_value for drift in known} == {1.0}


def test_comparing_changes_neither_side() -> None:
    """The hashes and the bytes of both runs are afterwards what they were."""
    sides = run_of(1), run_of(2)
    before = [json_text(encode_facts(side, "now")) for side in sides]
    compare(*sides, Settings())
    assert [json_text(encode_facts(side, "now")) for side in sides] == before


def test_figures_without_attempts_have_no_distributions() -> None:
    """A pipeline's own figures are compared, and nothing is made up around them."""
    comparison = compare(facts({"auc": 0.7}, "now"), facts({"auc": 0.6}, "before"), Settings())
    assert (comparison.distributions, comparison.tests) == ({}, 0)


def test_a_comparison_is_json_under_the_specified_names() -> None:
    """What a sidecar holds of it can be read back to the same comparison."""
    comparison = compare(run_of(1), run_of(2), Settings())
    plain = msgspec.to_builtins(comparison)
    assert msgspec.convert(msgspec.json.decode(json_text(plain)), Comparison) == comparison
    assert plain["sanity_check"].keys() == {"status", "message"}
    assert plain["fingerprints"]["current"]["git_commit"] == "1"
    assert plain["metrics"]["repair_rate"].keys() == {
        *("current", "baseline", "delta", "rel_delta", "rel_delta_status", "tier"),
        *("is_critical", "direction", "changed", "comparable", "reason"),
    }
    assert plain["distributions"].keys() == {
        *("latency_success_ms", "prompt_tokens", "completion_tokens"),
        *("score.pollyanna", "score.trait_leak"),
        *("status", "repaired", "repairs", "opening_move", "constraint_categories", "anchors_used"),
    }


def test_whole_numbers_at_both_ends_fit_into_json() -> None:
    """A difference that JSON's whole numbers cannot carry is written as a float."""
    largest, smallest = 2**63 - 1, -(2**63)
    comparison = compare(facts({"a": largest}, "now"), facts({"a": smallest}, "before"), Settings())
    assert msgspec.json.decode(msgspec.json.encode(comparison))["metrics"]["a"]["delta"] == 2.0**64


_PROGRAM = """
import msgspec
from otel_persona.drift import compare, trend_of
from otel_persona.settings import Settings
from tests.drift.test_comparison import run_of
runs = [run_of(seed) for seed in range(6)]
print(msgspec.json.encode(compare(runs[0], runs[1], Settings())).decode())
print(msgspec.json.encode(trend_of(runs, Settings())).decode())
"""


def test_every_process_gives_the_same_bytes() -> None:
    """No figure comes out of a set's order, and none depends on the hour."""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            env={"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1


def test_a_program_that_compares_loads_no_numpy() -> None:
    """Only whoever counts arrays pays for it."""
    program = "import sys, otel_persona.drift; print('numpy' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert ran.stdout == b"False\n"


def test_an_empty_state_compares_with_any() -> None:
    """A cohort without a single success or name breaks nothing."""
    empty = msgspec.structs.replace(run_of(1), run_id="empty", state=CohortState())
    comparison = compare(empty, run_of(2), Settings())
    assert {drift.status for drift in comparison.distributions.values()} == {"no_data"}
    assert comparison.tests == 0
