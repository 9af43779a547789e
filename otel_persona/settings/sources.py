"""Where settings come from: arguments, then a YAML or TOML file, then the environment.

Each source is checked separately, so that one error names every problem and where it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, get_type_hints

import msgspec

from otel_persona.errors import SettingsError, UsageError
from otel_persona.masking import masked_address
from otel_persona.mismatches import Mismatch, find_mismatch
from otel_persona.settings.model import Settings
from otel_persona.settings.sidecar_settings import Safety, SidecarSettings

_PREFIX = "OTEL_PERSONA_"
_FILE_VARIABLE = "OTEL_PERSONA_SETTINGS"
_FROM_ENVIRONMENT = (
    "run_id",
    "tier",
    "log",
    "sidecars",
    "batch",
    "target",
    "symbol",
    "stages",
    "strict",
    "fsync",
)
# The section of sidecars, and its other name, which is read first.
_SIDECARS = "safety.telemetry"
_SIDECARS_FIRST = "safety.metrics"


class _Source(msgspec.Struct, frozen=True):
    name: str
    values: Mapping[str, Any]
    is_environment: bool = False
    is_read_first: bool = False
    """Whether these are the parts of ``safety.telemetry`` that stand in ``safety.metrics``."""

    def place(self, setting: str) -> str:
        """Name the place of this setting in the source."""
        if self.is_read_first:
            setting = setting.replace(_SIDECARS, _SIDECARS_FIRST, 1)
        return self.origin(setting) if self.is_environment else f"{self.name}: {setting}"

    def origin(self, setting: str) -> str:
        """Name the source itself: the variable, the file or the call."""
        if self.is_read_first:
            return f"{self.name}: {_SIDECARS_FIRST}"
        return _PREFIX + setting.upper() if self.is_environment else self.name

    def problem(self, mismatch: Mismatch) -> str:
        """Say what is wrong with a value, and what to write instead in this source."""
        if self.is_environment and isinstance(mismatch.found, list):
            return f"{','.join(mismatch.found)!r} is not right; write names, such as B,C"
        found = mismatch.found
        found = masked_address(found) if isinstance(found, str) else found
        return f"{found!r} is not right; write {mismatch.right}"


class SettingInUse(NamedTuple):
    """One setting, or one part of a section: ``indicators.repair_rate.warning``.

    ``origin`` is what ``SettingsRead.origin`` says.
    """

    name: str
    value: Any
    origin: str


class SettingsRead(msgspec.Struct, frozen=True):
    """The settings as far as they are valid, and every problem."""

    settings: Settings
    problems: list[str]
    origins: Mapping[str, _Source]

    def place(self, setting: str) -> str:
        """Name the place that the value of a given setting came from."""
        return self.origins[setting].place(setting)

    def origin(self, setting: str) -> str:
        """Name the variable, the file or ``configure``; ``default`` where none gives it."""
        source = self.origins.get(setting)
        return source.origin(setting) if source else "default"

    def in_use(self) -> Iterator[SettingInUse]:
        """Yield every setting with its value and where that came from, a section part by part."""
        for name, value in _with_parts(msgspec.to_builtins(self.settings)):
            if not (isinstance(value, dict) and value):
                yield SettingInUse(name, value, self.origin(name))


def load_settings(
    arguments: Mapping[str, Any] | None = None,
    *,
    file: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Read the settings; arguments override the file, and the file overrides the environment.

    ``arguments`` that are ``None`` count as not given. ``file`` is TOML if its name ends in
    ``.toml``, else YAML; without it ``OTEL_PERSONA_SETTINGS`` may name one. ``environ`` is the
    process's own by default. Raises ``SettingsError`` with every problem.
    """
    return _if_right(read_settings(arguments, file=file, environ=environ))


def read_settings(
    arguments: Mapping[str, Any] | None = None,
    *,
    file: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> SettingsRead:
    """Read as ``load_settings`` does, but return the problems instead of raising."""
    environ = os.environ if environ is None else environ
    path = file if file is not None else environ.get(_FILE_VARIABLE) or None
    problems: list[str] = []
    in_environment = _from_environment(environ, problems)
    in_file = _Source(str(path), _from_file(path, problems) if path else {})
    return _together(
        [in_environment, in_file, _Source("configure", _given(arguments or {}))], problems
    )


def load_telemetry_config(
    arguments: Mapping[str, Any] | None = None,
    *,
    file: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> SidecarSettings:
    """Read how sidecars are written and compared, from the same places as ``load_settings``."""
    return load_settings(arguments, file=file, environ=environ).safety.telemetry


def checked(settings: Settings) -> Settings:
    """Check settings that a program constructed itself, and return them.

    Constructing them checks nothing. Raises ``SettingsError`` with every problem.
    """
    source = _Source("Settings", _given(msgspec.structs.asdict(settings)))
    return _if_right(_together([source], []))


def given_or_loaded(settings: Settings | None, place: str) -> Settings:
    """Check the settings that ``place`` was given; ``None`` means those of file and environment.

    Raises ``SettingsError`` with every problem, and ``UsageError`` if they are no ``Settings``.
    """
    if settings is None:
        return load_settings()
    if not isinstance(settings, Settings):
        right = 'Settings, such as Settings(batch="attempts:100")'
        raise UsageError(f"{place}: settings must be {right}, not {settings!r}")
    return checked(settings)


def _if_right(read: SettingsRead) -> Settings:
    if read.problems:
        raise SettingsError(read.problems)
    return read.settings


def _together(sources: Iterable[_Source], problems: list[str]) -> SettingsRead:
    """Check each source, and let later ones override earlier ones."""
    merged: dict[str, Any] = msgspec.to_builtins(Settings())
    origins: dict[str, _Source] = {}
    for source in sources:
        for part in _in_order(source, _checked(Settings, source, "", problems)):
            _merge(merged, part.values)
            origins |= dict.fromkeys((name for name, _ in _with_parts(part.values)), part)
    read = SettingsRead(msgspec.convert(merged, Settings), problems, origins)
    read.problems.extend(
        f"{read.place(setting)}: {problem}" for setting, problem in read.settings.problems()
    )
    return read


def _in_order(source: _Source, values: dict[str, Any]) -> Iterator[_Source]:
    """Yield the valid values of a source, and what overrides them: those of ``safety.metrics``."""
    first = values.get("safety", {}).pop("metrics", {})
    yield msgspec.structs.replace(source, values=values)
    if first:
        over = {"safety": {"telemetry": first}}
        yield msgspec.structs.replace(source, values=over, is_read_first=True)


def switched_off(environ: Mapping[str, str] | None = None) -> bool:
    """Return whether ``OTEL_SDK_DISABLED`` turns everything off."""
    environ = os.environ if environ is None else environ
    return environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"


def _from_environment(environ: Mapping[str, str], problems: list[str]) -> _Source:
    values: dict[str, Any] = {}
    names = {_PREFIX + key.upper(): key for key in _FROM_ENVIRONMENT}
    for variable, text in environ.items():
        if not variable.startswith(_PREFIX) or variable == _FILE_VARIABLE or not text:
            continue
        key = names.get(variable)
        if key is None:
            problems.append(f"{variable}: no such setting{_nearest(variable, names)}")
        elif key == "stages":
            values[key] = [stage.strip() for stage in text.split(",")]
        else:
            values[key] = text
    return _Source("environment", values, is_environment=True)


def _from_file(path: str | os.PathLike[str], problems: list[str]) -> Mapping[str, Any]:
    if not isinstance(path, str | os.PathLike):
        right = "the path of a YAML or TOML file"
        problems.append(f"configure: settings: {path!r} is not right; write {right}")
        return {}
    try:
        with open(path, encoding="utf-8-sig") as file:  # noqa: PTH123 - pathlib costs 5 ms
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{path}: the settings file cannot be read: {error}")
        return {}
    try:
        values = _load_toml(text) if os.fspath(path).lower().endswith(".toml") else _load_yaml(text)
    except ValueError as error:
        problems.append(f"{path}: {' '.join(str(error).split())}")
        return {}
    except Exception as error:  # noqa: BLE001 - parsers also raise RecursionError and KeyError
        problems.append(f"{path}: the settings file cannot be read: {error!r}")
        return {}
    if values is None:
        return {}
    if not isinstance(values, dict):
        problems.append(f"{path}: must hold settings by name, not a {type(values).__name__}")
        return {}
    return values


# The parsers are imported only if needed: most programs have no settings file.
def _load_toml(text: str) -> Any:
    import tomllib

    return tomllib.loads(text)


def _load_yaml(text: str) -> Any:
    from otel_persona.settings.yaml_text import load_yaml

    return load_yaml(text)


def _checked(
    section: type[msgspec.Struct], source: _Source, prefix: str, problems: list[str]
) -> dict[str, Any]:
    """Return the valid values of ``source`` for ``section``, and add the problems."""
    types = get_type_hints(section, include_extras=True)
    if section is Safety:
        types["metrics"] = types["telemetry"]
    kept: dict[str, Any] = {}
    for key, value in source.values.items():
        name = f"{prefix}{key}"
        if key not in types:
            problems.append(f"{source.place(name)}: no such setting{_nearest(str(key), types)}")
        elif _is_section(types[key]) and isinstance(value, Mapping):
            below = _Source(source.name, value)
            kept[key] = _checked(types[key], below, f"{name}.", problems)
        else:
            strict = not source.is_environment
            mismatch = find_mismatch(value, types[key], strict=strict)
            if mismatch is None:
                checked = msgspec.convert(value, types[key], strict=strict)
                kept[key] = msgspec.to_builtins(checked)
            else:
                problems.append(f"{source.place(name)}{mismatch.place}: {source.problem(mismatch)}")
    return kept


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in arguments.items() if value is not None}


def _plain(value: Any) -> Any:
    """Turn a path into text, and an object of settings into a dict, so its parts can be checked."""
    if isinstance(value, msgspec.Struct):
        return {name: _plain(part) for name, part in msgspec.structs.asdict(value).items()}
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _with_parts(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value and the parts of it by their full names, such as ``prices.default``."""
    for key, value in values.items():
        yield f"{prefix}{key}", value
        if isinstance(value, dict):
            yield from _with_parts(value, f"{prefix}{key}.")


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _merge(into: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _nearest(name: str, names: Mapping[str, Any]) -> str:
    import difflib

    nearest = difflib.get_close_matches(name, list(names), n=1)
    return f"; did you mean {nearest[0]}?" if nearest else f"; there are {', '.join(sorted(names))}"
