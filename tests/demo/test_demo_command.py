"""The command, from outside: what it writes, what it prints, what it refuses."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import entropy

ESCAPE = "\x1b"


def _figures(lines: list[dict[str, Any]]) -> str:
    """Count a batch again, straight from the specification's text, and word it as printed."""
    n = len(lines)
    moves = Counter(line["opening_move"] for line in lines if line["opening_move"])
    scores = [line["validator_scores"]["pollyanna"] for line in lines if line["validator_scores"]]
    anchors = {anchor for line in lines for anchor in line["anchors_used"]}
    repairs = sum(bool(line["repairs"]) for line in lines) / n
    success = sum(line["status"] == "success" for line in lines) / n
    latency = sum(line["latency_ms"] for line in lines) / n
    band = r"(?: healthy| warning| critical)?"
    personas = len({line["persona_id"] for line in lines})
    return (
        rf"{personas} personas, {n} attempts, success {success:.1%}, mean ms {latency:,.0f}{band}, "
        rf"repair rate {repairs:.1%}{band}, "
        rf"opening entropy {entropy(list(moves.values()), base=2):.3f}{band}, "
        rf"pollyanna {sum(scores) / len(scores):.3f}{band}, "
        rf"anchor diversity {len(anchors) / n:.3f}{band}"
    )


def _batch_lines(output: str) -> list[str]:
    return [line for line in output.splitlines() if re.match(r"batch \d+.*: \d+ personas?,", line)]


def _bands(output: str, figure: str) -> list[str]:
    """Give the bands that were printed for a figure, batch by batch."""
    return re.findall(rf"{figure} \S+ (healthy|warning|critical)", output)


def test_it_writes_one_log_of_exactly_so_many_lines(plain_demo: Any) -> None:
    """3,000 attempts are 3,000 lines, and nothing else is written anywhere."""
    files = [path for path in plain_demo.folder.rglob("*") if path.is_file()]
    assert files == [plain_demo.log]
    assert len(plain_demo.lines) == 3_000


@pytest.mark.parametrize("attempts", [1, 2, 3, 367])
def test_it_stops_at_the_attempt_that_was_asked_for(
    run_command: Any, tmp_path: Path, attempts: int
) -> None:
    """The last persona is cut short where it must be."""
    done = run_command(tmp_path, "demo", "--attempts", str(attempts), "--out", "here")
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "here/generation.log").read_text().splitlines()) == attempts


def test_the_printed_figures_are_those_of_the_log(plain_demo: Any, collapsed_demo: Any) -> None:
    """Every batch line equals a recount of the lines on the disk by other code."""
    for demo in (plain_demo, collapsed_demo):
        printed, recounted = _batch_lines(demo.output), demo.batches()
        assert len(printed) == len(recounted) == 9
        for line, batch in zip(printed, recounted, strict=True):
            assert re.fullmatch(rf"batch \d+(?: \(partial\))?: {_figures(batch)}", line), line


def test_analyze_agrees(run_command: Any, plain_demo: Any, collapsed_demo: Any) -> None:
    """The command that the demo names next runs, and gives the figures and bands of its ending."""
    for demo in (plain_demo, collapsed_demo):
        command = re.search(r"^otel-persona (analyze .*)$", demo.output, re.MULTILINE)
        assert command is not None
        done = run_command(demo.folder, *command.group(1).split(), "--format", "json")
        assert done.returncode == 0, done.stderr
        analysis = json.loads(done.stdout)
        tier, printed = analysis["tier"], _batch_lines(demo.output)
        assert analysis["skipped"] == []
        assert f"overall_success_rate {tier['overall_success_rate']:.1%}" in demo.output
        for trend in ("repair_rate_trend", "opening_entropy_trend", "pollyanna_score_trend"):
            assert f"{trend} {tier[trend]:+,.4f}" in demo.output
        assert f"drift_detected {'yes' if tier['drift_detected'] else 'no'}" in demo.output
        for line, batch in zip(printed, analysis["batches"], strict=True):
            rate = batch["indicators"]["repair_rate"]
            assert f"repair rate {rate['value']:.1%} {rate['band']}" in line
            positivity = batch["indicators"]["pollyanna_score"]
            assert f"pollyanna {positivity['value']:.3f} {positivity['band']}" in line


def test_the_same_seed_gives_the_same_figures(run_command: Any, tmp_path: Path) -> None:
    """All but the times and ids of two runs is equal; another seed gives another run."""

    def contents(name: str, seed: str) -> list[dict[str, Any]]:
        run_command(tmp_path, "demo", "--attempts", "400", "--seed", seed, "--out", name)
        lines = (tmp_path / name / "generation.log").read_text().splitlines()
        varying = ("ts", "run_id", "trace_id", "span_id")
        return [
            {key: value for key, value in json.loads(line).items() if key not in varying}
            for line in lines
        ]

    first = contents("a", "7")
    assert len(first) == 400
    assert contents("b", "7") == first
    assert contents("c", "8") != first


def test_the_data_are_replayed_as_they_are(plain_demo: Any) -> None:
    """Latency, tokens and failures in the log are those of the requests; placeholders are not."""
    for line in plain_demo.lines:
        error = line["error"] or ""
        if line["stage"] == "validation" or error.startswith(("RateLimited", "NoAnswer")):
            assert line["latency_ms"] == line["prompt_tokens"] == line["completion_tokens"] == 0
        else:
            assert line["latency_ms"] > 0
            assert line["prompt_tokens"] == 550
        assert (line["status"] == "fail") == bool(error)
        assert not (error and line["validator_scores"])
    kinds = {(line["error"] or ":").split(":")[0] for line in plain_demo.lines}
    assert {"", "RateLimitedError", "OutputTooShortError"} <= kinds
    assert {line["attempt"] for line in plain_demo.lines} == {1, 2, 3}


def test_a_failed_stage_is_tried_again(plain_demo: Any) -> None:
    """Attempts are numbered from 1 within a stage; after a success or three failures it ends."""
    for position, line in enumerate(plain_demo.lines[1:], start=1):
        before = plain_demo.lines[position - 1]
        same = (before["persona_id"], before["stage"]) == (line["persona_id"], line["stage"])
        assert line["attempt"] == (before["attempt"] + 1 if same else 1)
        assert not same or before["status"] == "fail"
        if before["status"] == "fail" and not same:
            assert before["attempt"] == 3


def test_the_clock_ends_before_now_and_never_steps_back(plain_demo: Any) -> None:
    """Timestamps follow each other by the latency, to the millisecond, and none lies ahead."""
    times = [datetime.fromisoformat(line["ts"]) for line in plain_demo.lines]
    assert times[-1] < datetime.now(UTC)
    for position in range(1, len(times)):
        passed = (times[position] - times[position - 1]).total_seconds() * 1_000
        assert abs(passed - plain_demo.lines[position]["latency_ms"]) < 1.5


def test_real_data_are_never_critical_but_for_anchor_diversity(plain_demo: Any) -> None:
    """What nobody narrowed must not look like a collapse; the one exception is explained."""
    for figure in ("repair rate", "opening entropy", "pollyanna", "mean ms"):
        assert "critical" not in _bands(plain_demo.output, figure)
    assert set(_bands(plain_demo.output, "repair rate")) == {"healthy"}
    assert set(_bands(plain_demo.output, "anchor diversity")) == {"critical"}
    assert "anchor_diversity is critical in 9 of 9 batches" in plain_demo.output
    assert "drift_detected no" in plain_demo.output
    assert "imulated" not in plain_demo.output


def test_the_collapse_turns_the_indicators_and_only_after_its_start(collapsed_demo: Any) -> None:
    """Healthy up to the named persona; then repairs, openings and positivity turn critical."""
    start = re.search(r"From persona ([\d,]+) \(attempt ([\d,]+)\) on", collapsed_demo.output)
    assert start is not None
    first = int(start.group(1).replace(",", ""))
    assert int(start.group(2).replace(",", "")) >= 1_500
    before = (first - 1) // 100
    for figure in ("repair rate", "opening entropy", "pollyanna"):
        bands = _bands(collapsed_demo.output, figure)
        assert set(bands[:before]) == {"healthy"}
        assert "healthy" not in bands[before:]
        assert bands[-1] == "critical"
    for name in ("repair_rate", "opening_entropy", "pollyanna_score"):
        assert re.search(rf"batch \d: {name} healthy -> (warning|critical)", collapsed_demo.output)
        assert re.search(
            rf"In the simulated part {name} is \S+ \(\w+\) in batch {before} and \S+ "
            r"\(critical\) in batch 8\.",
            collapsed_demo.output,
        )
    assert re.search(
        rf"anchor_diversity is critical in {before} of {before} batches", collapsed_demo.output
    )


def test_a_first_band_is_no_change_from_healthy(plain_demo: Any) -> None:
    """Before its first batch an indicator has none, and its event says so too."""
    assert "\nbatch 0: anchor_diversity none -> critical at 0." in plain_demo.output
    assert "\nbatch 0: anchor_diversity healthy" not in plain_demo.output


def test_up_to_its_start_the_collapse_is_the_plain_run(
    plain_demo: Any, collapsed_demo: Any
) -> None:
    """The simulation touches nothing before the point it names, and texts alone after it."""
    first = re.search(r"\(attempt ([\d,]+)\) on", collapsed_demo.output)
    assert first is not None
    cut = int(first.group(1).replace(",", "")) - 1
    same = ("validator_scores", "opening_move", "anchors_used", "repairs", "latency_ms", "error")
    for plain, collapsed in zip(plain_demo.lines[:cut], collapsed_demo.lines[:cut], strict=True):
        assert [plain[key] for key in same] == [collapsed[key] for key in same]
    for plain, collapsed in zip(plain_demo.lines, collapsed_demo.lines, strict=True):
        assert plain["latency_ms"] == collapsed["latency_ms"]


def test_the_collapse_is_called_simulated(collapsed_demo: Any) -> None:
    """In the output, in the provenance of the fields, and in the run's id in every line."""
    assert "the collapse is simulated" in collapsed_demo.output
    assert re.search(r"which text, from persona \d+ on +simulated", collapsed_demo.output)
    assert all(line["run_id"].endswith("_collapse") for line in collapsed_demo.lines)


def test_every_field_of_a_line_has_an_origin(plain_demo: Any) -> None:
    """The provenance table leaves no key of any record out."""
    table = plain_demo.output.partition("Where it comes from")[2]
    for key in {key for line in plain_demo.lines for key in line}:
        assert re.search(rf"\b{key}\b", table), key
    assert "composition" in table


def test_without_a_terminal_there_are_no_escape_codes(plain_demo: Any, collapsed_demo: Any) -> None:
    """The output is a file's or a pipe's: plain lines."""
    assert ESCAPE not in plain_demo.output + collapsed_demo.output
    assert "\r" not in plain_demo.output


def test_a_log_that_is_not_its_own_is_refused(run_command: Any, tmp_path: Path) -> None:
    """Somebody's real log, a broken one and an empty one stay untouched; one sentence says why."""
    log = tmp_path / "here" / "generation.log"
    log.parent.mkdir()
    real = (
        '{"ts":"2026-01-31T14:32:01.234Z","run_id":"25K_20260131_143200","persona_id":"1",'
        '"stage":"B","attempt":1,"status":"success","latency_ms":1,"prompt_tokens":1,'
        '"completion_tokens":1,"repairs":[],"validator_scores":{},"opening_move":null,'
        '"constraint_categories":[],"anchors_used":[],"error":null}\n'
    )
    for content in (real, "demo_ notes\n", ""):
        log.write_text(content)
        done = run_command(tmp_path, "demo", "--attempts", "5", "--out", "here")
        assert done.returncode == 2
        assert log.read_text() == content
        assert len(done.stderr.splitlines()) == 1
        assert "not the log of an earlier demo" in done.stderr
        assert done.stdout == ""


def test_the_log_of_an_earlier_demo_is_replaced(run_command: Any, tmp_path: Path) -> None:
    """Running it twice leaves the second run alone in the log."""
    for attempts in (9, 4):
        done = run_command(tmp_path, "demo", "--attempts", str(attempts))
        assert done.returncode == 0, done.stderr
    lines = (tmp_path / "otel-persona-demo/generation.log").read_text().splitlines()
    assert len(lines) == 4


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_place_that_is_no_folder_is_refused(run_command: Any, tmp_path: Path, place: str) -> None:
    """One sentence and exit code 2, never a traceback."""
    (tmp_path / "file").write_text("mine")
    done = run_command(tmp_path, "demo", "--attempts", "5", "--out", place)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "file").read_text() == "mine"


def test_a_wrong_address_costs_no_earlier_log(run_command: Any, tmp_path: Path) -> None:
    """Settings are checked before the log of the last demo is taken away."""
    run_command(tmp_path, "demo", "--attempts", "3")
    done = run_command(tmp_path, "demo", "--otlp", "collector:4317")
    assert done.returncode == 2
    assert done.stderr == (
        "otel-persona: Invalid value for '--otlp': 'collector:4317' is no address; write "
        "http://host:4318, https://host:4318 or grpc://host:4317\n"
    )
    lines = (tmp_path / "otel-persona-demo/generation.log").read_text().splitlines()
    assert len(lines) == 3


def test_a_disabled_sdk_is_said(run_command: Any, tmp_path: Path) -> None:
    """Nothing would be recorded, and an empty table would be a riddle."""
    done = run_command(tmp_path, "demo", OTEL_SDK_DISABLED="true")
    assert done.returncode == 2
    assert "OTEL_SDK_DISABLED" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_environments_run_and_log_do_not_interfere(run_command: Any, tmp_path: Path) -> None:
    """Who has set up their own run gets the demo's log in the demo's folder all the same."""
    done = run_command(
        tmp_path,
        "demo",
        "--attempts",
        "5",
        OTEL_PERSONA_LOG="mine.log",
        OTEL_PERSONA_RUN_ID="mine",
        OTEL_PERSONA_BATCH="attempts:2",
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["otel-persona-demo"]
    assert len(_batch_lines(done.stdout)) == 1


def test_help_ends_with_an_example_that_runs(run_command: Any, tmp_path: Path) -> None:
    """The options are those of the contract."""
    text = run_command(tmp_path, "demo", "--help").stdout
    for option in ("--out DIR", "--attempts N", "--collapse", "--otlp URL", "--seed N"):
        assert option in text
    example = re.search(r"Example:\s+otel-persona (demo .*)", text)
    assert example is not None
    done = run_command(tmp_path, *example.group(1).split(), "--attempts", "5")
    assert done.returncode == 0, done.stderr
