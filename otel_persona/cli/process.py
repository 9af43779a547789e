"""How the process starts and ends: exit codes, and every error as a sentence on standard error."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from otel_persona.cli.command_group import otel_persona
from otel_persona.cli.printing import say
from otel_persona.cli.standard_output import prepare_output
from otel_persona.errors import PersonaError, SettingsError

_WRONG_USE = 2
# What shells report of a process that Ctrl-C ended.
_INTERRUPTED = 130


def main() -> None:
    """Run the command line of this process and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and give its exit code.

    0 is fine, 1 what ``--fail-on`` looks for was found or the demo's collector did not take
    everything, 2 wrong use or unreadable input, 130 the user interrupted. Where the reader of the
    output goes away, ``SystemExit`` with 141 is raised.
    """
    try:
        prepare_output()
        outcome = otel_persona.main(arguments, prog_name="otel-persona", standalone_mode=False)
    except click.Abort:
        return _INTERRUPTED
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
