"""Turns a record into a line of JSON and back, and finds a whole record in a damaged line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from otel_persona.errors import RecordError
from otel_persona.mismatches import Mismatch, find_mismatch, in_json
from otel_persona.records.attempt_record import AttemptRecord
from otel_persona.records.timestamps import check_timestamp, format_timestamp, parse_timestamp

if TYPE_CHECKING:
    from json import JSONDecodeError

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(AttemptRecord)
# How a line starts. Inside a JSON string the quotes would be escaped, and a score named ts is not
# text.
_LINE_START = re.compile(rb'\{"ts":\s*"')


def encode_line(record: AttemptRecord) -> bytes:
    """Encode ``record`` as one line of JSON in UTF-8, unescaped, with its newline.

    Characters that UTF-8 cannot encode (lone surrogates) are replaced by ``?``.
    """
    try:
        return _encoder.encode(record) + b"\n"
    except UnicodeEncodeError:
        return _encoder.encode(_encodable(msgspec.to_builtins(record))) + b"\n"


def decode_line(line: bytes) -> AttemptRecord:
    """Read one line of a log.

    Raises ``RecordError``, with the reason and the place of the fault, if the line is not one JSON
    object in UTF-8, lacks a key, or holds a value that the specification does not allow.
    """
    try:
        record = _decoder.decode(line)
        # The decoder accepts any text as a timestamp.
        check_timestamp(record.ts)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RecordError(_reason(line, error)) from None
    except RecursionError:
        raise RecordError("nested too deeply") from None
    except (ValueError, OverflowError):
        raise RecordError(_not_a_time(record.ts)) from None
    return record


def read_line(line: bytes) -> tuple[AttemptRecord | None, str | None]:
    """Read one line; if that fails, look for a whole record at its end.

    A process killed during a write leaves a fragment, and the next writer's line follows it
    directly. Returns a record, or the reason why there is none; for such a joined line it returns
    both, and the reason names the fragment.
    """
    try:
        return decode_line(line), None
    except RecordError as error:
        reason = error.reason
    start = max((found.start() for found in _LINE_START.finditer(line)), default=0)
    if start > 0:
        try:
            record = decode_line(line[start:])
        except RecordError:
            return None, reason
        return record, f"a fragment of {start} bytes before a whole record"
    return None, reason


def record_from_entry(entry: Mapping[str, Any]) -> AttemptRecord:
    """Check a finished attempt given as a mapping and make its record, ``ts`` in canonical form.

    Characters that UTF-8 cannot encode are replaced: no exporter could send them. Raises
    ``RecordError`` with the reason and the place of the fault.
    """
    if not isinstance(entry, Mapping):
        raise RecordError(f"an entry is a mapping, not {type(entry).__name__}")
    try:
        fields = dict(entry)
    except Exception as error:  # noqa: BLE001 - the caller's own mapping class
        raise RecordError(f"the entry cannot be read: {error!r}") from None
    try:
        _encoder.encode(fields)
    except (TypeError, ValueError):  # also NumPy's text types, and what UTF-8 cannot encode
        fields = _encodable(fields)
    try:
        record = msgspec.convert(fields, AttemptRecord)
        record.ts = format_timestamp(parse_timestamp(record.ts))
    except msgspec.MsgspecError as error:
        raise RecordError(str(find_mismatch(fields, AttemptRecord) or error)) from None
    except (ValueError, OverflowError):
        raise RecordError(_not_a_time(fields["ts"])) from None
    return record


def _reason(line: bytes, error: Exception) -> str:
    """Explain why the decoder refused a line, from what a more lenient reader makes of it."""
    import json  # costs 2 ms to import, and most programs refuse no line

    try:
        text = line.decode()
        entry = json.loads(text)
    except UnicodeDecodeError as fault:
        return f"not UTF-8 at byte {fault.start + 1}"
    except RecursionError:
        return "nested too deeply"
    except json.JSONDecodeError as fault:
        return f"not JSON: {_malformed(text, fault)}"
    except ValueError:
        return "a number has more digits than can be read"
    if not isinstance(entry, dict):
        return f"not a JSON object but {in_json(entry)}"
    mismatch = find_mismatch(entry, AttemptRecord)
    if mismatch is not None:
        return str(mismatch)
    return f"not JSON: {str(error).removeprefix('JSON is malformed: ')}"


def _malformed(text: str, error: JSONDecodeError) -> str:
    rest = text[error.pos :].strip()
    if not rest or error.msg.startswith("Unterminated"):
        return "it ends too early"
    what = error.msg[:1].lower() + error.msg[1:].removesuffix(" at").rstrip(": ")
    return f"{what} at character {error.pos + 1}, where {in_json(rest[:20])} stands"


def _not_a_time(ts: str) -> str:
    return str(Mismatch(".ts", "an ISO 8601 time such as 2026-01-31T14:32:01.234Z", ts))


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return str.__str__(value).encode("utf-8", "replace").decode()
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    return value
