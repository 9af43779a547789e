"""The README says what is so: its snippets run, its tables are those of the code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from otel_persona import semconv
from otel_persona.semconv import Instrument
from otel_persona.settings import Settings, load_settings

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def attribute_table(attributes: Sequence[semconv.Described]) -> str:
    """Write a table of attributes from the code."""
    rows = [f"| `{name.name}` | {name.meaning} |" for name in attributes]
    return "\n".join(["| attribute | meaning |", "|---|---|", *rows])


def instrument_table() -> str:
    """Write the table of metrics from the code."""
    header = "| metric | kind, unit | labels | in Prometheus | meaning |"
    return "\n".join([header, "|---|---|---|---|---|", *map(row, semconv.INSTRUMENTS)])


def row(instrument: Instrument) -> str:
    """Write one metric's row."""
    labels = ", ".join(instrument.labels)
    return (
        f"| `{instrument.name}` | {instrument.kind}, `{instrument.unit}` | {labels} | "
        f"`{instrument.prometheus_name}` | {instrument.description} |"
    )


def blocks(language: str) -> list[str]:
    """Give the README's code blocks in this language."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize(
    "table",
    [
        attribute_table(semconv.ATTEMPT_ATTRIBUTES),
        attribute_table(semconv.SCOPE_ATTRIBUTES),
        attribute_table(semconv.DRIFT_ATTRIBUTES),
        instrument_table(),
    ],
    ids=["attempts", "scopes", "events", "metrics"],
)
def test_tables_of_signals_are_those_of_the_code(table: str) -> None:
    """A name, unit or label that changes in the code changes in the README, or this fails."""
    assert table in README, f"the README lacks this table:\n\n{table}"


def test_first_snippet_is_short_and_the_commands_stand_above_the_fold() -> None:
    """The first screen shows one sentence, two commands and a snippet under 15 lines."""
    first = README[: README.index("## What you write")]
    assert "python -m pip install . && otel-persona demo" in first
    assert "python -m pip install -e '.[test]' && python -m pytest" in first
    assert len(blocks("python")[0].strip().splitlines()) < 15


def test_python_snippets_run_one_after_the_other(tmp_path: Path) -> None:
    """Whoever pastes the README's Python gets what it promises, and the log holds the attempts."""
    script = "\n".join(blocks("python"))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    lines = (tmp_path / "generation.log").read_text("utf-8").splitlines()
    assert len(lines) == 3
    assert "piața din Cahul" in lines[0]


def test_settings_file_of_the_readme_is_right(tmp_path: Path) -> None:
    """The YAML shown is taken as it stands."""
    path = tmp_path / "persona.yaml"
    path.write_text(blocks("yaml")[0], "utf-8")
    settings = load_settings(file=path, environ={})
    assert settings.tier == "25K"
    assert settings.indicators.repair_rate.warning == pytest.approx(0.08)
    assert settings.indicators.repair_rate.critical == pytest.approx(0.20)


def test_every_setting_stands_in_the_readme_with_its_default() -> None:
    """A setting that changes, or comes, changes the table."""
    table = README[
        README.index("| setting | default |") : README.index("`configure(…)` takes each")
    ]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", table, flags=re.MULTILINE))
    defaults = msgspec.to_builtins(Settings())
    assert list(rows) == list(defaults)
    for name in ("batch", "fsync", "pending_records", "label_values"):
        assert rows[name] == f"`{defaults[name]}`"
    assert rows["stages"] == ", ".join(f"`{stage}`" for stage in defaults["stages"])
    assert rows["drift"] == ", ".join(f"`{value}`" for value in defaults["drift"].values())
    assert rows["prices"] == f"`{defaults['prices']['default']}`"


def test_every_option_stands_in_the_readme() -> None:
    """An option of these commands that nobody can find is not documented."""
    commands = (
        "demo",
        "analyze",
        "rollup",
        "drift",
        "trend",
        "runs",
        "mark-good",
        "config",
        "doctor",
    )
    for command in commands:
        command_line = [sys.executable, "-m", "otel_persona", command, "--help"]
        output = subprocess.run(command_line, capture_output=True, text=True, check=True).stdout
        for option in re.findall(r"^ {2}(?:-h, )?(--[\w-]+)", output, flags=re.MULTILINE):
            assert option == "--help" or f"`{option}" in README, (command, option)


def test_drift_says_what_the_readme_shows(tmp_path: Path) -> None:
    """Its commands give its output, one after the other; ``…`` stands for what was left out."""
    (block,) = (text for text in blocks("text") if text.startswith("$ otel-persona drift "))
    typed, *rows = block.splitlines()
    assert "`otel-persona demo --sidecars`" in README
    for arguments in ("demo --sidecars", typed.removeprefix("$ otel-persona ")):
        command_line = [sys.executable, "-m", "otel_persona", *arguments.split()]
        shown = subprocess.run(
            command_line, cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout
    assert re.match("".join(map(_pattern, rows)), shown)


def _pattern(row: str) -> str:
    """Return what a row of the README stands for; a row of ``…`` for any number of rows."""
    if row == "…":
        return "(?:.*\n)*?"
    return re.escape(row.removesuffix("…")) + (".*\n" if row.endswith("…") else "\n")


def test_a_falling_auc_reads_worse(tmp_path: Path) -> None:
    """The tracker's snippet says which way its figure gets worse, and a later run shows it."""
    (snippet,) = (text for text in blocks("python") if "ReproducibilityTracker" in text)
    later = snippet.replace("2025-12-14", "2025-12-15").replace("0.61", "0.42")
    script = "\n".join(["import otel_persona as op", snippet, later])
    subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=tmp_path, check=True)
    tree = str(tmp_path / "results" / "REPRODUCIBILITY")
    command_line = [sys.executable, "-m", "otel_persona", "drift", "--tree", tree]
    shown = subprocess.run(command_line, capture_output=True, text=True, check=True).stdout
    assert ": auc 0.61 -> 0.42 (-31%), worse, ALERT, against 2025-12-14_12-00-00 (" in shown


def test_every_command_stands_in_the_readme() -> None:
    """A command that nobody can find in the README is not documented."""
    command_line = [sys.executable, "-m", "otel_persona", "--help"]
    output = subprocess.run(command_line, capture_output=True, text=True, check=True).stdout
    listed = output.split("Commands:")[1]
    for command in re.findall(r"^ {2}(\w[\w-]*)", listed, flags=re.MULTILINE):
        assert re.search(rf"`(otel-persona )?{command}\b", README), command
