"""What a forked child does first: objects that hold counts, locks or files start anew."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import Any

_methods: list[weakref.WeakMethod[Callable[[], Any]]] = []


def in_child(method: Callable[[], None]) -> None:
    """Call this bound method in every forked child, as long as its object lives."""
    _methods[:] = [known for known in _methods if known() is not None]
    _methods.append(weakref.WeakMethod(method))


def _call_all() -> None:
    for reference in _methods:
        method = reference()
        if method is not None:
            method()


# One hook for all objects: the interpreter never forgets a hook.
os.register_at_fork(after_in_child=_call_all)
