"""What people are told beside the figures."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from otel_persona.analysis import BatchAnalysis, LogReader, RunAttempts, analyze_batches
from otel_persona.errors import LogReadError
from otel_persona.settings import Settings

Line = Callable[..., bytes]
SCORES = {"trait_leak": 0.0, "opening_variation": 1.0, "pollyanna": 0.6}


@pytest.fixture
def analyse(log: Callable[..., str]) -> Callable[..., BatchAnalysis]:
    """Give a function that analyses logs of the given lines, a file for each list."""

    def from_lines(*files: list[bytes], **chosen: str) -> BatchAnalysis:
        paths = [log(*lines, name=f"{n}.log") for n, lines in enumerate(files)]
        settings = Settings(**chosen)
        return analyze_batches(RunAttempts(LogReader(paths, print), settings), settings)

    return from_lines


def test_a_plain_log_needs_no_remark(line: Line, analyse: Callable[..., BatchAnalysis]) -> None:
    """Nothing is said where nothing is unusual."""
    assert analyse([line(validator_scores=SCORES)]).remarks == []


def test_times_without_offset_are_counted(
    line: Line, analyse: Callable[..., BatchAnalysis]
) -> None:
    """They are taken as UTC, which may be wrong."""
    naive = line(ts="2026-01-31T14:32:01.234", validator_scores=SCORES)
    analysis = analyse([naive, line(ts="2026-01-31T14:32:01+02:00"), naive])
    assert analysis.remarks == ["2 timestamps have no offset; they are taken as UTC"]


def test_missing_scores_are_named(line: Line, analyse: Callable[..., BatchAnalysis]) -> None:
    """A mean that is null everywhere has a reason."""
    analysis = analyse([line(validator_scores={"pollyanna": 0.6})])
    assert analysis.remarks == ["no attempt has a score of trait_leak, opening_variation"]


def test_files_that_overlap_in_time_are_noticed(
    line: Line, analyse: Callable[..., BatchAnalysis]
) -> None:
    """Shards of parallel workers cannot be cut by position; a policy that can is named."""
    shard = [
        line(ts=f"2026-01-31T14:32:0{second}.000Z", validator_scores=SCORES) for second in (1, 9)
    ]
    assert len(analyse(shard, shard).remarks) == 1
    assert "--batch time:60s" in analyse(shard, shard).remarks[0]
    assert analyse(shard, shard, batch="time:60s").remarks == []
    later = [line(ts="2026-01-31T14:33:00.000Z", validator_scores=SCORES)]
    assert analyse(shard, later).remarks == []
    assert len(analyse(later, shard).remarks) == 1


@pytest.mark.parametrize(("start", "remarks"), [("08.001", 0), ("07.999", 1)])
def test_files_that_overlap_by_under_a_second_are_not_noticed(
    line: Line, analyse: Callable[..., BatchAnalysis], start: str, remarks: int
) -> None:
    """Attempts that end at the same time on several threads may be written in either order."""
    first, second = (
        [line(ts=f"2026-01-31T14:32:{seconds}Z", validator_scores=SCORES)]
        for seconds in ("09.000", start)
    )
    assert len(analyse(first, second).remarks) == remarks


def test_ids_that_the_policy_cannot_use_are_skipped(line: Line, log: Callable[..., str]) -> None:
    """Named like a bad line; where none is left there is nothing to show."""
    path = log(line(persona_id="1"), line(persona_id="cahul-1"), line(persona_id="2"))
    skipped = []
    settings = Settings(batch="sequence:10")
    attempts = RunAttempts(LogReader([path], skipped.append), settings)
    analysis = analyze_batches(attempts, settings)
    assert analysis.tier.total_attempts == 2
    assert [(skip.file, skip.line) for skip in skipped] == [(path, 2)]
    assert "'cahul-1' is not a whole number" in skipped[0].reason
    attempts = RunAttempts(LogReader([log(line(persona_id="x"))], skipped.append), settings)
    with pytest.raises(LogReadError, match=r"no attempt can be put into batches of sequence:10"):
        analyze_batches(attempts, settings)
