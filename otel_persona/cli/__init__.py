"""The command line: what is typed becomes calls, and what they give is printed.

``entry`` starts and ends the process, ``command_group`` finds a command's module, and each command
has one: ``demo``, ``analyze`` (with ``analyses``), ``cost``, ``repairs``, ``pollyanna``.
``log_input`` is what the commands that read logs share, ``policy_option`` reads a batch policy,
``progress`` is their bar. ``printing`` writes sentences and JSON; ``console`` prints tables, which
``tables`` lays out, ``cells`` and ``figure_columns`` fill, and ``batch_view``, ``stage_view`` and
``persona_view`` put together.
"""

from otel_persona.cli.entry import main

__all__ = ["main"]
