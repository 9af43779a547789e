"""What happens around a fork: objects that hold counts, locks or files are reset in the child.

What no fork may cut in two is done under ``undivided()``.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any


class _Methods:
    """Bound methods that are called for as long as their objects live."""

    def __init__(self) -> None:
        self._methods: list[weakref.WeakMethod[Callable[[], Any]]] = []

    def add(self, method: Callable[[], Any]) -> None:
        self._methods[:] = [known for known in self._methods if known() is not None]
        self._methods.append(weakref.WeakMethod(method))

    def call(self) -> None:
        for reference in self._methods:
            method = reference()
            if method is not None:
                method()


_before, _in_parent, _in_child = _Methods(), _Methods(), _Methods()
_undivided = threading.RLock()


def undivided() -> AbstractContextManager[Any]:
    """Return a lock for work of which a child must not inherit a half, such as an import.

    Whoever forks waits until no other thread holds it, however long that takes.
    """
    return _undivided


def in_child(method: Callable[[], Any]) -> None:
    """Call this bound method in every forked child."""
    _in_child.add(method)


def around(before: Callable[[], Any], in_parent: Callable[[], Any]) -> None:
    """Call these bound methods before every fork, and after it in the parent."""
    _before.add(before)
    _in_parent.add(in_parent)


def _renew() -> None:
    global _undivided
    _undivided = threading.RLock()


# The first to be registered is the last before a fork: what the others wait for may need the lock.
os.register_at_fork(
    before=lambda: _undivided.acquire(),
    after_in_parent=lambda: _undivided.release(),
    after_in_child=_renew,
)
# One hook for all objects: a hook cannot be unregistered.
os.register_at_fork(
    before=_before.call, after_in_parent=_in_parent.call, after_in_child=_in_child.call
)
