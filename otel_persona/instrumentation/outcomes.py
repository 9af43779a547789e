"""How an attempt ended, as its line and its span put it."""

from __future__ import annotations

import sys

from otel_persona.concurrency.interruptions import pass_on

_ERROR_LENGTH = 1_000


def outcome_of(error: BaseException) -> str:
    """Name the outcome of an attempt that raised ``error``."""
    if isinstance(error, TimeoutError):
        return "timeout"
    # If asyncio was never imported, none of its tasks was cancelled; importing it costs 20 ms.
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None and isinstance(error, asyncio.CancelledError):
        return "cancelled"
    return "abandoned" if isinstance(error, GeneratorExit) else "error"


def describe(error: BaseException) -> str:
    """Write ``TypeName: message`` in one line; the outcome replaces an empty message."""
    try:
        message = str(error).strip()
    except Exception as fault:  # noqa: BLE001 - the exception's own method may fail
        pass_on(fault)
        message = ""
    return one_line(f"{type(error).__name__}: {message or outcome_of(error)}")


def one_line(message: str) -> str:
    """Collapse whitespace, cut to 1,000 characters, and replace what UTF-8 cannot encode."""
    folded = " ".join(message.split())[:_ERROR_LENGTH]
    return folded.encode("utf-8", "replace").decode()


def qualified_name(error: BaseException) -> str:
    """Return the exception's type for ``error.type``, with its module unless it is a builtin."""
    kind = type(error)
    if kind.__module__ == "builtins":
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"
