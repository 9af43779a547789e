"""What PSI and the Kolmogorov–Smirnov test of a million against a million numbers take.

python benchmarks/drift_distances.py [--size N] [--runs N]

Ours from the arrays, and from the counts that a sidecar keeps of them; SciPy's ``ks_2samp`` (KS
alone) and, where it is installed and can be imported, Evidently's PSI and KS, in the same run.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
from scipy import stats

from otel_persona.drift import distribution_of, kolmogorov_smirnov, psi
from otel_persona.drift.bins import at_equal_precision, decile_bins
from otel_persona.facts import Distribution

OURS, KEPT, SCIPY = "ours, from arrays", "ours, from kept counts", "SciPy, KS alone"
EVIDENTLY = "Evidently"


def both_distances(current: Distribution, baseline: Distribution) -> tuple[float, float]:
    """Give PSI and KS of two distributions."""
    a, b = at_equal_precision(current, baseline)
    index = psi(*decile_bins(a.counts, b.counts))
    return index.value, kolmogorov_smirnov(a.counts, b.counts).value


def evidently_case(a: np.ndarray, b: np.ndarray) -> Callable[[], object]:
    """Give Evidently's two tests of these numbers; raises ``ImportError`` where there are none."""
    pandas = importlib.import_module("pandas")
    tests = importlib.import_module("evidently.legacy.calculations.stattests")
    kinds = importlib.import_module("evidently.legacy.core").ColumnType
    current, baseline = pandas.Series(a), pandas.Series(b)
    return lambda: [
        test(baseline, current, kinds.Numerical, 0.1)
        for test in (tests.psi_stat_test, tests.ks_stat_test)
    ]


def milliseconds(case: Callable[[], object]) -> float:
    """Run one case and give what it took."""
    start = time.perf_counter()
    case()
    return (time.perf_counter() - start) * 1000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, default=1_000_000, help="numbers on each side")
    parser.add_argument("--runs", type=int, default=5, help="runs of each case, in turn")
    options = parser.parse_args()
    rng = np.random.default_rng(1)
    # Latencies in ms, continuous: nearly all are distinct, the hardest case for counting.
    a, b = (rng.lognormal(7, 0.5, options.size) for _ in range(2))
    kept = distribution_of(a), distribution_of(b)
    cases: dict[str, Callable[[], object]] = {
        OURS: lambda: both_distances(distribution_of(a), distribution_of(b)),
        KEPT: lambda: both_distances(*kept),
        SCIPY: lambda: stats.ks_2samp(a, b, method="asymp"),
    }
    try:
        cases[EVIDENTLY] = evidently_case(a, b)
    except Exception as error:  # noqa: BLE001 - it also fails to import beside a newer pandas
        print(f"without Evidently: {type(error).__name__}: {error}\n")
    runs = {name: [] for name in cases}
    for _ in range(options.runs):
        for name, case in cases.items():
            runs[name].append(milliseconds(case))
    index, distance = both_distances(*kept)
    exact = stats.ks_2samp(a, b, method="asymp").statistic
    print(f"Python {sys.version.split()[0]}; {options.size:,} against {options.size:,} numbers")
    print(f"PSI {index:.3g}, KS {distance:.6f}, and {exact:.6f} from numbers that are not cut\n")
    print("| | median ms | ratio to SciPy |")
    print("|---|---|---|")
    for name, figures in runs.items():
        ratio = statistics.median(figures) / statistics.median(runs[SCIPY])
        print(f"| {name} | {statistics.median(figures):.1f} | {ratio:.3f} |")


if __name__ == "__main__":
    main()
