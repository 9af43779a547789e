"""Whether a comparison says anything: not of a run with itself, nor of one that cannot compare."""

from __future__ import annotations

from typing import Literal

import msgspec

from otel_persona.facts import Facts

SanityStatus = Literal["OK", "SELF_COMPARISON", "SUSPICIOUSLY_IDENTICAL", "INCOMPARABLE"]


class SanityCheck(msgspec.Struct, frozen=True):
    """What a look at both sides' names and fingerprints found; ``message`` explains it."""

    status: SanityStatus
    message: str


def sanity_check(current: Facts, baseline: Facts) -> SanityCheck:
    """Look at two cohorts of one key before their figures are believed."""
    here, there = current.fingerprints, baseline.fingerprints
    if current.run_id == baseline.run_id:
        return SanityCheck("SELF_COMPARISON", f"run {current.run_id} is compared with itself")
    if here.record_schema != there.record_schema:
        return SanityCheck(
            "INCOMPARABLE",
            f"the record schemas differ: {here.record_schema} in the current run, "
            f"{there.record_schema} in the baseline",
        )
    if not current.figures.keys() & baseline.figures.keys():
        return SanityCheck("INCOMPARABLE", "the two runs have no figure in common")
    if _is_copy(current, baseline):
        return SanityCheck(
            "SUSPICIOUSLY_IDENTICAL",
            f"runs {current.run_id} and {baseline.run_id} hold the same data: one may be a copy",
        )
    return SanityCheck("OK", "the runs, their data and their record schemas can be compared")


def _is_copy(current: Facts, baseline: Facts) -> bool:
    """Whether two runs hold the same attempts, or figures with the same prints throughout."""
    here, there = current.fingerprints, baseline.fingerprints
    if here.data_hash is None or here.data_hash != there.data_hash:
        return False
    # The prints of attempts hold each latency; those of other data may be of what was read.
    return here == there or (current.state is not None and baseline.state is not None)
