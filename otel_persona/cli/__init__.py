"""The command line: turns what is typed into calls, and prints what they return.

- the process: ``main`` starts and ends it, ``process`` runs a command in it, ``command_group``
  finds the command's module, ``standard_output`` makes sure that output is fully written
- the commands, each in the module of its name: ``demo`` (shown by ``demo_screen``, and at the end
  by ``demo_ending`` with ``demo_sentences``), ``analyze`` (with ``analyze_results``), ``cost``,
  ``repairs``, ``pollyanna``, ``config``, ``doctor`` (shown by ``diagnosis_view``); and those of
  cohort sidecars: ``rollup``, ``drift``, ``trend``, ``runs`` (each with its view), ``mark_good``
- shared by the commands that read logs: ``log_input``, and by those that read a tree:
  ``tree_input``, both with bars from ``progress``; ``policy_option`` reads a batch policy,
  ``format_option`` chooses between a table and JSON, ``otlp_option`` reads the address of a
  collector
- printing: ``printing`` writes sentences and JSON, ``bullets`` lists sentences; ``console`` prints
  tables, which ``tables`` lays out, ``cells``, ``figure_columns``, ``cohort_columns`` and
  ``figure_words`` fill, and ``batch_view``, ``stage_view`` and ``persona_view`` put together
"""

import sys

__all__ = ["main"]

# The exit code that shells report for a process ended by Ctrl-C.
_INTERRUPTED = 130


def main() -> None:
    """Run this process's command line and exit with its code.

    An interrupt ends it without a traceback, even while modules are still being imported.
    """
    try:
        from otel_persona.cli.process import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = _INTERRUPTED
    sys.exit(code)
