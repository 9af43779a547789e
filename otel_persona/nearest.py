"""The end of a sentence about a name that is not known: which one may have been meant."""

from __future__ import annotations

from collections.abc import Iterable

_MOST_NAMED = 20


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the end of a sentence that a name is not known: the nearest that is, or some."""
    import difflib  # costs a millisecond, and most programs name nothing wrong

    ordered = sorted(names)
    if not ordered:
        return ""
    alike = difflib.get_close_matches(name, ordered, n=1)
    if alike:
        return f"; did you mean {alike[0]!r}?"
    listed = ", ".join(map(repr, ordered[:_MOST_NAMED]))
    more = f" and {len(ordered) - _MOST_NAMED:,} more" if len(ordered) > _MOST_NAMED else ""
    return f"; known: {listed}{more}"
