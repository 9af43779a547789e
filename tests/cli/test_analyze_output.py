"""The figures that ``analyze`` gives, as JSON and as tables."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from functools import partial
from subprocess import CompletedProcess

import pyarrow as pa
import pytest

from otel_persona.records import AttemptRecord, decode_line

Cli = Callable[..., CompletedProcess[str]]
Line = Callable[..., bytes]
BATCH = {
    "batch_size",
    "success_rate",
    "mean_latency_ms",
    "p95_latency_ms",
    "repair_rate",
    "repair_breakdown",
    "mean_validator_scores",
    "opening_move_entropy",
    "anchor_diversity",
    "total_tokens",
    "cost_usd",
}
TIER = {
    "tier",
    "total_personas",
    "total_attempts",
    "overall_success_rate",
    "repair_rate_trend",
    "latency_trend",
    "opening_entropy_trend",
    "pollyanna_score_trend",
    "drift_detected",
    "drift_reachable",
}


def _records(path: str) -> list[AttemptRecord]:
    with open(path, "rb") as file:
        return [decode_line(line) for line in file]


def test_batches_have_the_names_of_the_contract(cli: Cli, real_log: str) -> None:
    """What scripts and dashboards hold on to."""
    done = cli("analyze", real_log, "--batch", "personas:50", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert list(document) == ["run_id", "batches", "tier", "skipped"]
    assert document["run_id"] == _records(real_log)[0].run_id
    for number, batch in enumerate(document["batches"]):
        assert batch.keys() > BATCH | {"index", "personas", "start", "end", "indicators"}
        assert batch["index"] == number
        for indicator in batch["indicators"].values():
            assert list(indicator) == ["value", "band", "limits", "n"]
    assert document["tier"].keys() > TIER
    assert document["tier"]["total_attempts"] == len(_records(real_log)) == 600
    assert document["skipped"] == []


def test_personas_are_summed_up(cli: Cli, real_log: str) -> None:
    """Every persona of the log, in its order, with its attempts by stage."""
    done = cli("analyze", real_log, "--by", "persona", "--format", "json")
    document = json.loads(done.stdout)
    assert list(document) == ["run_id", "personas", "skipped"]
    records = _records(real_log)
    ids = list(dict.fromkeys(record.persona_id for record in records))
    assert [persona["persona_id"] for persona in document["personas"]] == ids
    for persona in document["personas"][:20]:
        own = [record for record in records if record.persona_id == persona["persona_id"]]
        assert persona["attempts"] == len(own) == sum(persona["stages"].values())
        assert persona["final_status"] == own[-1].status
        assert sum(persona["repairs"].values()) == sum(len(record.repairs) for record in own)
        assert persona["total_tokens"] == persona["prompt_tokens"] + persona["completion_tokens"]
        assert (persona["start"], persona["end"]) == (own[0].ts, own[-1].ts)


def test_stages_have_the_figures_of_a_batch(cli: Cli, real_log: str) -> None:
    """Each stage of the log as one batch."""
    done = cli("analyze", real_log, "--by", "stage", "--format", "json")
    document = json.loads(done.stdout)
    assert list(document) == ["run_id", "stages", "skipped"]
    assert {stage["stage"] for stage in document["stages"]} == {"B", "C", "validation"}
    assert sum(stage["batch_size"] for stage in document["stages"]) == 600
    assert all(stage.keys() > BATCH for stage in document["stages"])


def test_json_is_unescaped_and_ends_with_a_newline(
    cli: Cli, line: Line, log: Callable[..., str]
) -> None:
    """Names can be read and searched for as they are written."""
    done = cli("analyze", log(line(repairs=["scurgere_trăsătură"])), "--format", "json")
    assert '"scurgere_trăsătură": 1' in done.stdout
    assert done.stdout.endswith("}\n")


def test_a_poor_locale_costs_no_figure(cli: Cli, line: Line, log: Callable[..., str]) -> None:
    """Letters that it does not have are replaced, and JSON is UTF-8 all the same."""
    path = log(line(persona_id="bălți"))
    poor = {"PYTHONIOENCODING": "ascii"}
    done = cli("analyze", path, "--by", "persona", env=poor)
    assert (done.returncode, done.stderr) == (0, "")
    assert "b?l?i" in done.stdout
    assert "bălți" in cli("repairs", path, "--format", "json", env=poor).stdout


def test_the_table_says_what_json_says(cli: Cli, real_log: str) -> None:
    """A row for each batch, each indicator with its band in words, and the tier."""
    arguments = ("analyze", real_log, "--batch", "personas:50")
    document = json.loads(cli(*arguments, "--format", "json").stdout)
    done = cli(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [row.split() for row in done.stdout.splitlines()]
    for batch in document["batches"]:
        (row,) = [row for row in rows if row[:1] == [str(batch["index"])] and batch["start"] in row]
        assert f"{batch['batch_size']:,}" in row
        assert f"{batch['repair_rate']:.1%}" in row
        assert ("partial" in row) is not batch["complete"]
        bands = [indicator["band"] for indicator in batch["indicators"].values()]
        shown = bands.count("critical") - (
            batch["indicators"]["repair_rate_trend"]["band"] == "critical"
        )
        assert row.count("!!") == shown
    newest = [batch for batch in document["batches"] if batch["complete"]][-1]
    for name, indicator in newest["indicators"].items():
        (row,) = [row for row in rows if row[:1] == [name] and "warning" in row[3:]]
        assert row[2] == (indicator["band"] or "-")
    for name in TIER - {"tier", "drift_reachable"}:
        assert [name] in [row[:1] for row in rows]
    assert f"Key indicators of batch {newest['index']}, as specified" in done.stdout


def test_a_threshold_out_of_reach_is_said(cli: Cli, line: Line, log: Callable[..., str]) -> None:
    """A repair rate cannot climb by half its range per batch three times in a row."""
    done = cli("analyze", log(*[line()] * 3), "--batch", "attempts:1")
    (row,) = [row for row in done.stdout.splitlines() if "repair_rate_trend" in row and "+" in row]
    assert "out of reach" in row


@pytest.mark.parametrize("policy", ["attempts:3", "attempts:4"])
def test_too_few_batches_for_a_trend_are_said(
    policy: str, cli: Cli, line: Line, log: Callable[..., str]
) -> None:
    """With one complete batch, or none, no threshold is compared with anything."""
    shown = cli("analyze", log(*[line()] * 3), "--batch", policy).stdout
    assert "out of reach" not in shown
    rows = [row for row in shown.splitlines() if "too few batches: a trend needs two" in row]
    assert [row.split()[:2] for row in rows] == [
        ["repair_rate_trend", "-"],
        ["opening_entropy_trend", "-"],
        ["pollyanna_score_trend", "-"],
    ]


def test_a_long_table_says_what_it_leaves_out(
    cli: Cli, line: Line, log: Callable[..., str]
) -> None:
    """JSON has all of it."""
    path = log(*(line(persona_id=str(n)) for n in range(1_100)))
    done = cli("analyze", path, "--by", "persona")
    assert "The first 1,000 of 1,100 are shown; --format json has all." in done.stdout
    assert (
        len(
            json.loads(cli("analyze", path, "--by", "persona", "--format", "json").stdout)[
                "personas"
            ]
        )
        == 1_100
    )


def test_remarks_are_told_beside_the_output(cli: Cli, line: Line, log: Callable[..., str]) -> None:
    """On standard error, so that JSON stays JSON."""
    done = cli("analyze", log(line(ts="2026-01-31T14:32:01")), "--format", "json")
    json.loads(done.stdout)
    assert done.stderr.splitlines() == [
        "otel-persona: note: 1 timestamps have no offset; they are taken as UTC"
    ]


def test_standard_input_is_read(cli: Cli, line: Line) -> None:
    """As ``-``, and named so where a line is bad."""
    done = cli("analyze", "-", "--format", "json", stdin=line() + b"bad\n")
    document = json.loads(done.stdout)
    assert document["tier"]["total_attempts"] == 1
    assert [(skip["file"], skip["line"]) for skip in document["skipped"]] == [("<stdin>", 2)]


@pytest.mark.parametrize(
    "compress", [gzip.compress, partial(pa.compress, codec="zstd", asbytes=True)], ids=["gz", "zst"]
)
def test_compressed_standard_input_is_read(
    compress: Callable[[bytes], bytes], cli: Cli, line: Line
) -> None:
    """A pipe has no name that could tell, so its first bytes do."""
    done = cli("cost", "-", "--format", "json", stdin=compress(line() * 2_000))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == pytest.approx(2_000 * 770 * 0.00045 / 1000)


def test_shards_are_read_together(cli: Cli, line: Line, log: Callable[..., str]) -> None:
    """Plain and compressed ones, in the order given."""
    paths = [
        log(line(persona_id="1"), name="1.log"),
        log(gzip.compress(line(persona_id="2")), name="2.log.gz"),
    ]
    done = cli("analyze", *paths, "--by", "persona", "--format", "json")
    assert [persona["persona_id"] for persona in json.loads(done.stdout)["personas"]] == ["1", "2"]


@pytest.mark.parametrize(
    "policy", ["personas:10", "attempts:100", "sequence:40", "prefix", "time:1m"]
)
def test_every_policy_counts_every_attempt(policy: str, cli: Cli, real_log: str) -> None:
    """Batches divide the log; none is lost and none counts twice."""
    done = cli("analyze", real_log, "--batch", policy, "--format", "json")
    batches = json.loads(done.stdout)["batches"]
    assert sum(batch["batch_size"] for batch in batches) == 600
    assert cli("analyze", real_log, "--batch", policy).returncode == 0
