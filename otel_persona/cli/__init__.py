"""The command line: what is typed becomes calls, and what they give is printed.

- the process: ``process`` starts and ends it, ``command_group`` finds a command's module,
  ``standard_output`` sees to it that what is printed arrives
- the commands, each in the module of its name: ``demo`` (seen through ``demo_screen``, and after
  its end ``demo_ending`` with ``demo_findings``), ``analyze`` (with ``analyze_results``), ``cost``,
  ``repairs``, ``pollyanna``
- what the commands that read logs share: ``log_input``, with ``progress``, its bar;
  ``policy_option`` reads a batch policy
- printing: ``printing`` writes sentences and JSON; ``console`` prints tables, which ``tables`` lays
  out, ``cells`` and ``figure_columns`` fill, and ``batch_view``, ``stage_view`` and
  ``persona_view`` put together
"""

from otel_persona.cli.process import main

__all__ = ["main"]
