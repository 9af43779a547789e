"""The demo makes data and the command line prints them: whoever wants only the run can have it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_demo_runs_without_the_command_line(tmp_path: Path) -> None:
    """It needs neither click nor rich, and writes nothing but its log."""
    code = """
import sys
from pathlib import Path
from otel_persona.demo.findings import find
from otel_persona.demo.run import Plan, run_demo

class Watcher:
    def on_batch(self, batch): ...
    def on_change(self, change): ...

outcome = run_demo(Plan(Path("here"), attempts=30, collapse=True, otlp=None, seed=1), Watcher())
assert find(outcome).real.batches == []
assert find(outcome).simulated.readings["repair_rate"][0].batch == 0
assert not {"click", "rich", "otel_persona.cli"} & set(sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
