"""What a run was made with and from, so that two runs can be told to be the same."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from otel_persona.settings import Settings
from otel_persona.version import __version__

RECORD_SCHEMA = 1
"""The version of the record's keys and of what the sidecars keep of them."""

# What a run is called, where it writes and into which batches it is cut changes nothing of what
# its cohorts hold.
_WITHOUT_BEARING = (
    "run_id",
    "batch",
    "log",
    "otlp",
    "sidecars",
    "strict",
    "fsync",
    "pending_records",
    "label_values",
)


class Fingerprints(msgspec.Struct, kw_only=True, frozen=True):
    """The prints of one run; ``None`` where it is not known.

    ``data_hash`` is that of what was generated, whatever the order; ``settings_hash`` that of the
    settings, sorted, without those that change nothing of a cohort.
    """

    git_commit: str | None = None
    settings_hash: str | None = None
    data_hash: str | None = None
    package_version: str | None = __version__
    record_schema: int | None = RECORD_SCHEMA


def settings_hash(settings: Settings) -> str:
    """Return the SHA-256 of the settings that shape a run, as canonical JSON, in 64 hex digits."""
    values = msgspec.to_builtins(settings)
    for name in _WITHOUT_BEARING:
        values.pop(name, None)
    return sha256(msgspec.json.encode(values, order="sorted")).hexdigest()
