"""``otel-persona doctor``: why nothing arrives at the collector."""

from __future__ import annotations

import click

from otel_persona.cli.otlp_option import check_otlp
from otel_persona.settings import read_settings

_NOT_ARRIVED = 1


@click.command
@click.option(
    "--otlp",
    metavar="URL",
    callback=check_otlp,
    show_default="what the settings and the OTEL_ variables name",
    help="The collector: http://host:4318, https://host:4318 or grpc://host:4317.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0, min_open=True, max=600),
    default=3.0,
    metavar="SECONDS",
    help="How long each step may take.",
)
@click.pass_context
def doctor(ctx: click.Context, otlp: str | None, timeout_s: float) -> None:
    """Find out why nothing arrives: send one attempt, one metric and one event.

    Shows where each signal would go from here and which option or variable says so, then takes the
    way step by step: address, DNS, connection, TLS, the server's answer, and whether it rejected
    what it took. What is sent is marked: its run id begins with doctor_, and its metric is none of
    a run's. Under opentelemetry-instrument it looks at the providers made there too.

    \b
    Example:
      opentelemetry-instrument otel-persona doctor
      otel-persona doctor --otlp http://127.0.0.1:4318
    """
    from otel_persona.cli.console import print_tables
    from otel_persona.cli.diagnosis_view import diagnosis_view
    from otel_persona.diagnosis import diagnose
    from otel_persona.setup.destinations import Sourced
    from otel_persona.setup.problems import refuse_wrong

    read = read_settings({"otlp": otlp})
    refuse_wrong(read)
    address = read.settings.otlp
    origin = "--otlp" if otlp else read.origin("otlp")
    found = diagnose(read, Sourced(address, origin) if address else None, timeout_s)
    print_tables(*diagnosis_view(found))
    if not found.is_healthy:
        ctx.exit(_NOT_ARRIVED)
