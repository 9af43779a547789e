"""One exporter of the SDK: its failures are counted and told once, and a fork gets a new one."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from otel_persona.delivery.hearing import listen
from otel_persona.delivery.losses import Signal, losses
from otel_persona.masking import masked_address

_MOST_TROUBLE = 300


class Exporter(Protocol):
    """What exporters of all signals have in common."""

    def export(self, batch: Any, /) -> Any:
        """Send; returns an enum, whose ``FAILURE`` says that it was not taken."""

    def shutdown(self) -> None:
        """Stop sending, also in the middle of a retry."""


_E = TypeVar("_E", bound=Exporter)


class CountedExporter(Generic[_E]):
    """Sends through the exporter that ``make`` gives.

    A forked child makes its own: two processes must not talk over one connection. It keeps its
    parent's, since freeing that would close it.
    """

    def __init__(self, signal: Signal, make: Callable[[], _E]) -> None:
        _import_what_sending_imports()
        self.failures = 0
        """How often sending has failed."""
        self._signal = signal
        self._make = make
        self._exporters = {os.getpid(): make()}
        self._endpoint = _endpoint(self.current)
        self._address = masked_address(self._endpoint)
        self._heard: list[str] = []
        self._is_overrun = False

    @property
    def current(self) -> _E:
        """This process's exporter, made when it is first needed."""
        process = os.getpid()
        if process not in self._exporters:
            self._exporters[process] = self._make()
        return self._exporters[process]

    def send(self, batch: Any, lost: int) -> bool:
        """Send the batch; if that fails, count ``lost`` and return ``False``."""
        exporter = self.current
        with listen(exporter) as self._heard:
            try:
                has_failed = exporter.export(batch).name == "FAILURE"
            except Exception as fault:  # noqa: BLE001 - whatever it is, the batch is lost
                self._heard.insert(0, repr(fault))
                has_failed = True
        if has_failed:
            self.failures += 1
            losses.count(self._signal, "export_failed", lost)
            losses.tell(self._signal, self._trouble())
            return False
        if self._is_overrun:
            losses.tell(self._signal, f"{self._address}: more come than it takes")
        self._heard, self._is_overrun = [], False
        losses.note_delivery()
        return True

    def note_overrun(self) -> None:
        """Count an item that is lost because too many wait to be sent.

        Why they wait shows once the sending that is under way meets with trouble, or is over.
        """
        losses.count(self._signal, "queue_full", 1)
        self._is_overrun = True
        if self._heard:
            losses.tell(self._signal, self._trouble())

    def shutdown(self) -> None:
        """Shut the exporter down; what it is sending is lost."""
        exporter = self._exporters.pop(os.getpid(), None)
        if exporter is not None:
            with listen(exporter):
                exporter.shutdown()

    def _trouble(self) -> str:
        heard = self._heard[0] if self._heard else "the exporter does not say why"
        return f"{self._address}: {heard.replace(self._endpoint, self._address)}"[:_MOST_TROUBLE]


def _import_what_sending_imports() -> None:
    """Import it here: a fork in the middle of an import leaves the child a lock held for good."""
    for module in ("netrc", "encodings.idna"):
        importlib.import_module(module)


def _endpoint(exporter: object) -> str:
    """Return where the exporter sends to; there is no public way to ask it."""
    return str(getattr(exporter, "_endpoint", type(exporter).__name__))
