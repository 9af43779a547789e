"""The version of this package, for the build, users and the instrumentation scope."""

__version__ = "0.1.0"
