"""The instrumentor ``persona``: ``configure``, called by a launcher or a declarative file."""

from __future__ import annotations

from typing import Any

from otel_persona.concurrency.interruptions import pass_on
from otel_persona.records import tallies
from otel_persona.setup import configure, is_set_up, shutdown


class PersonaInstrumentor:
    """Sets up this process once, on the providers that the launcher has made.

    It has the methods of the ``BaseInstrumentor`` of opentelemetry-instrumentation, without which
    it works too. All of its instances speak of the process, and so of a call of ``configure``.
    """

    @property
    def is_instrumented_by_opentelemetry(self) -> bool:
        """Whether this process is set up."""
        return is_set_up()

    def instrument(
        self,
        *,
        skip_dep_check: bool = False,  # noqa: ARG002 - launchers pass it; nothing is checked
        raise_exception_on_conflict: bool = False,  # noqa: ARG002 - likewise
        **settings: Any,
    ) -> None:
        """Call ``configure(**settings)``, unless this process is set up; never raises.

        Settings that are wrong are logged together and counted in ``persona.records.rejected``; an
        exception here would keep a launcher from loading other instrumentors.
        """
        if is_set_up():
            return
        try:
            configure(**settings)
        except Exception as fault:  # noqa: BLE001 - see above
            pass_on(fault)
            tallies.rejected.add("settings", f"the instrumentor's settings are not used: {fault}")

    def uninstrument(self, **_options: Any) -> None:
        """Shut down what is set up."""
        shutdown()
