"""The address of a collector as the value of an option."""

from __future__ import annotations

import click

from otel_persona.errors import SettingsError
from otel_persona.masking import masked_address
from otel_persona.settings import load_settings


def check_otlp(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Reject what the settings would reject, worded for the command line."""
    try:
        load_settings({"otlp": value}, environ={})
    except SettingsError as error:
        raise click.BadParameter(
            f"{masked_address(value or '')!r} is no address; write http://host:4318, "
            "https://host:4318 or grpc://host:4317",
            context,
            option,
        ) from error
    return value
