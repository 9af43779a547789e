"""Runs a command in this process: its exit code, and errors as sentences on standard error."""

from __future__ import annotations

from collections.abc import Sequence

import click

from otel_persona.cli.command_group import otel_persona
from otel_persona.cli.printing import say
from otel_persona.cli.standard_output import prepare_output
from otel_persona.errors import PersonaError, SettingsError

_WRONG_USE = 2


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code.

    0: fine; 1: ``--fail-on`` found what it looks for, or the collector of the demo or the doctor
    did not take everything; 2: wrong use or unreadable input. Raises ``SystemExit`` with 141 if the
    reader of the output goes away, and ``KeyboardInterrupt`` if the user interrupts.
    """
    try:
        prepare_output()
        outcome = otel_persona.main(arguments, prog_name="otel-persona", standalone_mode=False)
    except click.Abort as abort:
        raise KeyboardInterrupt from abort
    except click.ClickException as error:
        say(error.format_message())
    except SettingsError as error:
        for problem in error.problems:
            say(problem)
    except (PersonaError, OSError) as error:
        say(str(error))
    else:
        return outcome if isinstance(outcome, int) else 0
    return _WRONG_USE
