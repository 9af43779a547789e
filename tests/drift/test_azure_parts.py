"""Parts of a real hour of requests: PSI and KS of their tokens, with SciPy beside them."""

from __future__ import annotations

import csv
import itertools
import random
from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats

from otel_persona.drift import DistributionDrift
from otel_persona.drift.distribution_drift import distribution_drifts
from otel_persona.facts import CohortState
from otel_persona.settings import Settings

Requests = list[tuple[int, int]]

ROWS = 1_500
# Two distributions, each with PSI and KS.
LEVEL = 0.01 / 4


def requests() -> Requests:
    """Read the tokens in and out of all requests."""
    path = Path(__file__).parents[1] / "data" / "azure" / "requests.csv"
    with path.open(newline="") as file:
        return [(int(row[0]), int(row[1])) for row in itertools.islice(csv.reader(file), 1, None)]


def parts(rows: Requests) -> list[Requests]:
    """Cut requests into four consecutive parts."""
    return [rows[start : start + ROWS] for start in range(0, len(rows), ROWS)]


def drifts(current: Requests, baseline: Requests) -> dict[str, DistributionDrift]:
    """Compare the tokens of two parts."""
    here, there = CohortState(), CohortState()
    for state, rows in ((here, current), (there, baseline)):
        for tokens_in, tokens_out in rows:
            state.prompt_tokens.add(tokens_in)
            state.completion_tokens.add(tokens_out)
    found = distribution_drifts(here, there, Settings()).distributions
    return {name: found[name] for name in ("prompt_tokens", "completion_tokens")}


@pytest.mark.parametrize("part", [1, 2, 3])
@pytest.mark.parametrize("column", [0, 1])
def test_figures_and_decisions_are_scipys(part: int, column: int) -> None:
    """From raw values, by SciPy and NumPy: the same distances, p-values and decisions."""
    baseline, current = parts(requests())[part - 1 : part + 1]
    drift = drifts(current, baseline)[("prompt_tokens", "completion_tokens")[column]]
    a, b = ([row[column] for row in rows] for rows in (current, baseline))
    ks = stats.ks_2samp(a, b, method="asymp").statistic
    ks_p = special.kolmogorov(ks * np.sqrt(ROWS / 2))
    assert (drift.ks, drift.ks_p_value) == pytest.approx((ks, ks_p), rel=1e-9)
    assert drift.ks_status == ("drift" if ks > 0.1 and ks_p < LEVEL else "ok")
    psi, psi_p = drift.psi, drift.psi_p_value
    assert psi is not None
    assert psi_p == pytest.approx(stats.chi2.sf(psi * ROWS / 2, 9), rel=1e-9)
    assert drift.psi_status == ("drift" if psi > 0.2 and psi_p < LEVEL else "ok")
    assert (drift.n_current, drift.n_baseline) == (ROWS, ROWS)
    assert drift.psi_noise_floor == pytest.approx(9 * 2 / ROWS)
    assert drift.ks_noise_floor == pytest.approx(stats.kstwobign.mean() * np.sqrt(2 / ROWS))


def test_the_parts_of_the_hour_as_they_came() -> None:
    """Prompts changed after five minutes and again at the end; answers never did."""
    neighbours = list(itertools.pairwise(parts(requests())))
    found = [drifts(current, baseline) for baseline, current in neighbours]
    assert [drift["prompt_tokens"].status for drift in found] == ["drift", "ok", "drift"]
    assert [drift["completion_tokens"].status for drift in found] == ["ok"] * 3
    assert found[0]["prompt_tokens"].ks == pytest.approx(0.1547, abs=0.0001)


def test_the_same_requests_in_a_random_order_have_not_drifted() -> None:
    """Shuffled, the parts differ by chance alone: near their noise floors, and never drift."""
    rows = requests()
    random.Random(1).shuffle(rows)  # noqa: S311 - a reproducible order, no secret
    for baseline, current in itertools.pairwise(parts(rows)):
        for drift in drifts(current, baseline).values():
            assert drift.status == "ok"
            assert drift.psi is not None
            assert drift.psi < 3 * (drift.psi_noise_floor or 0)


def test_parts_that_are_too_small_say_so() -> None:
    """150 requests each carry neither distance."""
    rows = requests()
    found = drifts(rows[150:300], rows[:150])
    assert {drift.status for drift in found.values()} == {"insufficient"}
