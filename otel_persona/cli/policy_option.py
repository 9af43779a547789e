"""A batch policy as the value of an option."""

from __future__ import annotations

import click

from otel_persona.settings import BatchPolicy


def parse_policy(
    context: click.Context, option: click.Parameter, value: str | None
) -> BatchPolicy | None:
    """Read a policy such as ``personas:1000``; raises ``click.BadParameter`` if it is invalid."""
    if value is None:
        return None
    try:
        return BatchPolicy.parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error), context, option) from error
