"""Names as parts of paths: what a stage, target, symbol or run is called is data.

Whatever is not an ASCII letter or digit or one of ``. _ - + @`` is percent-encoded. So is the first
character of a name that starts with ``.`` or like a name of ours, so that no name can leave the
tree, hide in it, or be taken for a file of it. Encoding is one to one.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

from otel_persona.errors import CohortError

MOST_BYTES = 200
"""How long an encoded name may be: file systems take 255 bytes, and prefixes are added."""

_OURS = ("cohort=", "symbol=", "telemetry_", "metrics_", "good_runs")
# What `quote` leaves alone although it is not ours to leave: it would be a second spelling.
_PLAIN_ELSEWHERE = "~"
_SHOWN = 40


def encode_name(name: str, *, what: str = "name") -> str:
    """Return ``name`` as one part of a path; ``what`` says in errors what it is, such as a target.

    Raises ``CohortError`` if it is empty, over 200 bytes long once encoded, or no text that UTF-8
    can carry.
    """
    if not name:
        raise CohortError(f"a {what} is empty; no folder can be called so")
    try:
        encoded = quote(name, safe="+@").replace(_PLAIN_ELSEWHERE, "%7E")
    except UnicodeEncodeError:
        raise CohortError(
            f"the {what} {_short(name)} holds a character that UTF-8 cannot carry"
        ) from None
    if name.startswith((".", *_OURS)):
        encoded = f"%{ord(name[0]):02X}{encoded[1:]}"
    if len(encoded) > MOST_BYTES:
        raise CohortError(
            f"the {what} {_short(name)} takes {len(encoded)} bytes in a path, "
            f"and the most is {MOST_BYTES}"
        )
    return encoded


def decode_name(part: str) -> str:
    """Return the name that ``part`` of a path stands for.

    Raises ``CohortError`` if ``encode_name`` makes no such part: it is not a folder of ours.
    """
    if re.fullmatch(r"[A-Za-z0-9._+@%-]+", part):
        try:
            name = unquote_to_bytes(part).decode()
            if encode_name(name) == part:
                return name
        except (UnicodeDecodeError, CohortError):
            pass
    raise CohortError(f"{_short(part)} is not a name as this package writes it")


def _short(name: str) -> str:
    return ascii(name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…")
