"""The JSON of the facts of one cohort of one run: ``telemetry_metrics.json``."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from otel_persona.errors import CohortError, UsageError
from otel_persona.facts.cohort_facts import Facts, Figure
from otel_persona.facts.cohort_key import CohortKey
from otel_persona.facts.fingerprints import Fingerprints
from otel_persona.facts.state_codec import (
    NAMES_IN_A_FILE,
    WrittenState,
    read_state,
    write_state,
)
from otel_persona.mismatches import find_mismatch

SCHEMA_VERSION = 1
"""The version of what the sidecars hold."""


_Figure = Annotated[Figure, msgspec.Meta(description="a number, text, true, false or null")]


class _Facts(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Keys that are not known are ignored: a later version may have written them."""

    schema_version: int
    stage: str
    view: str
    target: str
    symbol: str | None = None
    baseline_key: str
    run_id: str
    ended_at: str
    complete: bool
    timestamp: str
    fingerprints: Fingerprints
    metrics: dict[str, _Figure]
    state: WrittenState | None = None


def encode_facts(facts: Facts, written_at: str, *, names: int = NAMES_IN_A_FILE) -> dict[str, Any]:
    """Return facts as plain values for JSON; only ``timestamp`` says when that was.

    The state has at most so many ``names`` of each kind.
    """
    key = facts.key
    written = _Facts(
        schema_version=SCHEMA_VERSION,
        stage=key.stage,
        view=key.view,
        target=key.target,
        symbol=key.symbol,
        baseline_key=str(key),
        run_id=facts.run_id,
        ended_at=facts.ended_at,
        complete=facts.complete,
        timestamp=written_at,
        fingerprints=facts.fingerprints,
        metrics=facts.figures,
        state=None if facts.state is None else write_state(facts.state, names),
    )
    plain: dict[str, Any] = msgspec.to_builtins(written)
    return plain


def decode_facts(text: bytes) -> Facts:
    """Read what ``encode_facts`` returned, as JSON; raises ``CohortError`` if it is damaged."""
    try:
        written = _decode(text, _Facts)
    except msgspec.ValidationError:
        return facts_of(_decode(text, Any))  # which names the fault
    return _facts(written)


def facts_of(plain: object) -> Facts:
    """Read the plain values that ``encode_facts`` returned; raises ``CohortError``."""
    mismatch = find_mismatch(plain, _Facts)
    if mismatch is not None:
        raise CohortError(f"the facts of a cohort are damaged: {mismatch}")
    return _facts(msgspec.convert(plain, _Facts))


def _decode(text: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CohortError(f"not JSON: {error}") from None


def _facts(written: _Facts) -> Facts:
    if written.schema_version != SCHEMA_VERSION:
        raise CohortError(
            f"the facts have schema_version {written.schema_version}, and {SCHEMA_VERSION} is read"
        )
    try:
        key = CohortKey(written.stage, written.view, written.target, written.symbol)  # type: ignore[arg-type]  # refused if it is no view
    except UsageError as error:
        raise CohortError(f"the facts of a cohort are damaged: {error}") from None
    return Facts(
        key=key,
        run_id=written.run_id,
        ended_at=written.ended_at,
        complete=written.complete,
        figures=written.metrics,
        state=None if written.state is None else read_state(written.state),
        fingerprints=written.fingerprints,
    )
