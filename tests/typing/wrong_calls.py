"""Calls that type checkers must refuse; each such line ends with the error's code.

The test compares these marks with what mypy says, line by line, so a mark is no suppression. Where
a line has two codes, versions of mypy differ, or it says both.
"""

from __future__ import annotations

import otel_persona as op


@op.attempt(stage="B")
def plain(persona_id: str, length: int = 3) -> bytes:
    """Be plain."""
    return persona_id.encode() * length


@op.attempt(stage="B")
async def coroutine(persona_id: str) -> int:
    """Be a coroutine."""
    return len(persona_id)


class Writer:
    """A class with methods."""

    @op.attempt(stage="B")
    @classmethod
    def over_class_method(cls, persona_id: str) -> int:
        """Be decorated over ``classmethod``."""
        return len(persona_id)

    @op.attempt(stage="B")
    @staticmethod
    def over_static_method(persona_id: str) -> int:
        """Be decorated over ``staticmethod``."""
        return len(persona_id)

    @op.attempt(stage="B")
    def method(self, persona_id: str) -> int:
        """Be a method."""
        return len(persona_id)


def wrong_use() -> None:
    """Make an attempt that cannot be."""
    op.attempt()  # error: call-arg
    op.attempt("B")  # error: call-arg, misc
    op.attempt(stage=1)  # error: arg-type
    op.attempt(stage="B", number="1")  # error: arg-type
    op.attempt(stage="B", persona_id_from=3)  # error: arg-type
    op.attempt(stage="B", persona="p")  # error: call-arg
    op.attempt(stage="B")(3)  # error: call-overload
    op.persona("p", tier=3)  # error: arg-type


async def wrong_arguments(writer: Writer) -> None:
    """Call decorated functions with what they do not take."""
    plain(1)  # error: arg-type
    plain()  # error: call-arg
    plain("p", length="3")  # error: arg-type
    plain("p", width=3)  # error: call-arg
    plain("p") + 1  # error: operator
    coroutine(1)  # error: arg-type, unused-coroutine
    await coroutine("p", 1)  # error: call-arg
    coroutine("p") + 1  # error: operator
    Writer.over_class_method(1)  # error: arg-type
    Writer.over_static_method(1)  # error: arg-type
    writer.method(1)  # error: arg-type


def wrong_records(attempt: op.Attempt) -> None:
    """Record what cannot be recorded."""
    attempt.record_usage(1, 2)  # error: call-arg, misc
    attempt.record_usage(prompt_tokens=1.5)  # error: arg-type
    attempt.record_repair(3)  # error: arg-type
    attempt.record_score("pollyanna", "0.5")  # error: arg-type
    attempt.record_scores([("pollyanna", 1)])  # error: arg-type
    attempt.set_status("failed")  # error: arg-type
    attempt.stage = "C"  # error: misc
    op.log_attempt("a line")  # error: arg-type
    op.configure(runid="r")  # error: call-arg
    op.configure(sidecars=True)  # error: arg-type
    op.CohortExporter(None)  # error: arg-type


def wrong_cohorts(tracker: op.ReproducibilityTracker) -> None:
    """Save what is no cohort."""
    tracker.save_to_cohort(stage="S", target="t", run_id="r", metrics={})  # error: call-arg
    tracker.generate_view_rollup(stage="S", view="V", run_id="r")  # error: arg-type
    tracker.mark_good(1)  # error: arg-type
