"""How an attempt ended, in the words of its line and of its span."""

from __future__ import annotations

import sys

_ERROR_LENGTH = 1_000


def outcome_of(error: BaseException) -> str:
    """Name how an attempt ended that ``error`` came out of."""
    if isinstance(error, TimeoutError):
        return "timeout"
    # Where nobody has imported asyncio nothing of it was cancelled; importing it costs 20 ms.
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None and isinstance(error, asyncio.CancelledError):
        return "cancelled"
    return "abandoned" if isinstance(error, GeneratorExit) else "error"


def describe(error: BaseException) -> str:
    """Write ``TypeName: message`` in one line; without a message the outcome stands for it."""
    try:
        message = str(error).strip()
    except Exception:  # noqa: BLE001 - an exception of the caller's may not know its own text
        message = ""
    return one_line(f"{type(error).__name__}: {message or outcome_of(error)}")


def one_line(message: str) -> str:
    """Fold white space, cut to 1,000 characters, and replace what UTF-8 cannot carry."""
    folded = " ".join(message.split())[:_ERROR_LENGTH]
    return folded.encode("utf-8", "replace").decode()


def qualified_name(error: BaseException) -> str:
    """Give the exception's type for ``error.type``, with its module unless it is built in."""
    kind = type(error)
    if kind.__module__ == "builtins":
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"
