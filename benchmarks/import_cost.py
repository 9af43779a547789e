"""What importing costs, in CPU time of fresh processes: ours, OpenTelemetry's API, and its SDK.

python benchmarks/import_cost.py [--runs N]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

CASES = {
    "OpenTelemetry API (trace, metrics)": "import opentelemetry.trace, opentelemetry.metrics",
    "import otel_persona": "import otel_persona",
    "import otel_persona, one decorated function": (
        "import otel_persona as op; op.attempt(stage='B')(lambda persona_id: None)"
    ),
    "OpenTelemetry SDK (trace, metrics)": (
        "import opentelemetry.sdk.trace, opentelemetry.sdk.metrics"
    ),
}
HEAVY = ("opentelemetry.sdk", "numpy", "pyarrow", "click", "rich", "yaml", "asyncio")
TEMPLATE = """
import resource, sys
def cpu_ms():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1000
before = cpu_ms()
{case}
print(cpu_ms() - before, *(name for name in {heavy} if name in sys.modules))
"""


def measure(case: str) -> tuple[float, list[str]]:
    """Run one case in a fresh process; give its CPU time in ms and the heavy modules it loaded."""
    script = TEMPLATE.format(case=case, heavy=HEAVY)
    command = [sys.executable, "-c", script]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(output[0]), output[1:]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=15, help="fresh processes for each case")
    options = parser.parse_args()
    runs: dict[str, list[float]] = {name: [] for name in CASES}
    loaded: dict[str, list[str]] = {}
    for _ in range(options.runs):
        for name, case in CASES.items():
            cpu_ms, loaded[name] = measure(case)
            runs[name].append(cpu_ms)
    print(f"Python {sys.version.split()[0]}; CPU ms over {options.runs} fresh processes\n")
    print("| | median | minimum | of the heavy modules it loads |")
    print("|---|---|---|---|")
    for name, figures in runs.items():
        heavy = ", ".join(loaded[name]) or "none"
        print(f"| {name} | {statistics.median(figures):.0f} | {min(figures):.0f} | {heavy} |")


if __name__ == "__main__":
    main()
