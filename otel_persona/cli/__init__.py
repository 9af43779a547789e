"""The command line: what is typed becomes calls, and what they give is printed.

- the process: ``main`` starts and ends it, ``process`` runs a command in it, ``command_group``
  finds the command's module, ``standard_output`` sees to it that what is printed arrives
- the commands, each in the module of its name: ``demo`` (seen through ``demo_screen``, and after
  its end ``demo_ending`` with ``demo_findings``), ``analyze`` (with ``analyze_results``), ``cost``,
  ``repairs``, ``pollyanna``
- what the commands that read logs share: ``log_input``, with ``progress``, its bar;
  ``policy_option`` reads a batch policy
- printing: ``printing`` writes sentences and JSON; ``console`` prints tables, which ``tables`` lays
  out, ``cells`` and ``figure_columns`` fill, and ``batch_view``, ``stage_view`` and
  ``persona_view`` put together
"""

import sys

__all__ = ["main"]

# What shells report of a process that Ctrl-C ended.
_INTERRUPTED = 130


def main() -> None:
    """Run the command line of this process and exit with its code.

    An interrupt ends it without a traceback, also while modules are still being imported.
    """
    try:
        from otel_persona.cli.process import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = _INTERRUPTED
    sys.exit(code)
