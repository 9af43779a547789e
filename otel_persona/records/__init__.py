"""The attempt record: its fields, its line of JSON, and the recovery of damaged lines.

``attempt_record`` holds the record, ``codec`` turns it into a line and back, ``attributes`` into
span attributes and back, and ``timestamps`` reads and writes ``ts``. ``open_attempts`` hands the
record of an ending attempt from the live API to the exporters and processors, ``spans`` gives them
the record of any finished span, and ``tallies`` counts what happened to records.
"""

from otel_persona.records.attempt_record import (
    LARGEST_COUNT,
    REQUIRED_KEYS,
    AttemptRecord,
    Status,
)
from otel_persona.records.codec import (
    decode_line,
    encode_line,
    read_line,
    record_from_entry,
)
from otel_persona.records.timestamps import (
    canonical_timestamp,
    format_timestamp,
    is_naive,
    parse_timestamp,
)

__all__ = [
    "LARGEST_COUNT",
    "REQUIRED_KEYS",
    "AttemptRecord",
    "Status",
    "canonical_timestamp",
    "decode_line",
    "encode_line",
    "format_timestamp",
    "is_naive",
    "parse_timestamp",
    "read_line",
    "record_from_entry",
]
