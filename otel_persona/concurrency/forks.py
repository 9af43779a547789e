"""What happens around a fork: objects that hold counts, locks or files are reset in the child."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
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


def in_child(method: Callable[[], Any]) -> None:
    """Call this bound method in every forked child."""
    _in_child.add(method)


def around(before: Callable[[], Any], in_parent: Callable[[], Any]) -> None:
    """Call these bound methods before every fork, and after it in the parent."""
    _before.add(before)
    _in_parent.add(in_parent)


# One hook for all objects: a hook cannot be unregistered.
os.register_at_fork(
    before=_before.call, after_in_parent=_in_parent.call, after_in_child=_in_child.call
)
