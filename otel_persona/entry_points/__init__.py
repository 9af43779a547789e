"""What OpenTelemetry finds by name, for programs that have decorators alone.

``instrumentor`` sets up the process for ``opentelemetry-instrument`` and declarative files;
``file_exporter``, ``drift_exporter`` and ``sidecars_exporter`` are the log, the figures and the
sidecars as exporters, and ``samplers`` the standard samplers with ours around them.
``environment_variables`` are options of the launcher. The names are given in ``pyproject.toml``.
"""
