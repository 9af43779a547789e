"""Arguments beat the file, the file beats the environment."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from otel_persona.settings import (
    Baselines,
    IndicatorLimits,
    Limits,
    Prices,
    Settings,
    SidecarDrift,
    SidecarSettings,
    load_settings,
    load_telemetry_config,
)

Load = Callable[..., Settings]


def test_nothing_given_gives_the_specifications_figures(load: Load) -> None:
    """The defaults are the specification's own."""
    settings = load()

    assert settings == Settings()
    assert settings.batch == "personas:1000"
    assert settings.stages == ("B", "C", "validation")
    assert settings.prices.default == 0.00045
    limits = settings.indicators
    assert (limits.repair_rate.warning, limits.repair_rate.critical) == (0.10, 0.20)
    assert (limits.repair_rate_trend.warning, limits.repair_rate_trend.critical) == (0.05, 0.10)
    assert (limits.opening_entropy.warning, limits.opening_entropy.critical) == (2.0, 1.5)
    assert (limits.anchor_diversity.warning, limits.anchor_diversity.critical) == (0.8, 0.6)
    assert (limits.mean_latency.warning, limits.mean_latency.critical) == (0.20, 0.50)
    pollyanna = limits.pollyanna_score
    assert (pollyanna.low, pollyanna.warning, pollyanna.critical) == (0.5, 0.7, 0.85)
    drift = settings.drift
    assert drift.repair_rate_trend == 0.5
    assert drift.opening_entropy_trend == -0.1
    assert drift.pollyanna_score_trend == 0.2


@pytest.mark.parametrize("form", ["yaml", "toml"])
def test_each_source_beats_the_one_below(load: Load, form: str) -> None:
    """What a stronger source leaves open, the next one says."""
    file = {
        "yaml": "run_id: file\ntier: file\nlog: file.log\n",
        "toml": 'run_id = "file"\ntier = "file"\nlog = "file.log"\n',
    }
    environ = {
        "OTEL_PERSONA_RUN_ID": "environment",
        "OTEL_PERSONA_TIER": "environment",
        "OTEL_PERSONA_LOG": "environment.log",
        "OTEL_PERSONA_BATCH": "attempts:7",
    }

    settings = load({"run_id": "argument"}, environ=environ, **{form: file[form]})

    assert settings.run_id == "argument"
    assert settings.tier == "file"
    assert settings.log == "file.log"
    assert settings.batch == "attempts:7"
    assert settings.fsync == "never"


def test_an_argument_that_is_none_is_not_given(load: Load) -> None:
    """A caller can pass on its own optional arguments."""
    arguments = {"run_id": None, "log": None, "prices": None}

    assert load(arguments, environ={"OTEL_PERSONA_RUN_ID": "25K"}).run_id == "25K"


def test_parts_of_a_section_come_together(load: Load) -> None:
    """A source may change one limit or one price, and leaves the others as they are."""
    settings = load(
        {
            "indicators": {"repair_rate": {"critical": 0.5}},
            "prices": {"models": {"large": 0.06}},
            "directions": {"tone": "band"},
        },
        yaml="indicators: {repair_rate: {warning: 0.3}, mean_latency: {warning: 0.1}}\n"
        "prices: {default: 0.001, models: {small: 0.002}}\n"
        "directions: {length: higher_is_worse}\n",
    )

    assert settings.indicators.repair_rate == Limits(warning=0.3, critical=0.5)
    assert settings.indicators.mean_latency == Limits(warning=0.1, critical=0.50)
    assert settings.indicators.opening_entropy == Limits(warning=2.0, critical=1.5)
    assert settings.prices == Prices(default=0.001, models={"small": 0.002, "large": 0.06})
    assert settings.directions == {"length": "higher_is_worse", "tone": "band"}


def test_sections_may_be_given_as_objects(load: Load, tmp_path: Path) -> None:
    """The settings' own types and paths are taken as they are."""
    limits = IndicatorLimits(repair_rate=Limits(warning=0.01, critical=0.02))
    settings = load({"indicators": limits, "log": tmp_path / "generation.log"})

    assert settings.indicators == limits
    assert settings.log == str(tmp_path / "generation.log")


@pytest.mark.parametrize("ending", ["toml", "TOML", "Toml"])
def test_a_files_ending_counts_in_any_case(tmp_path: Path, ending: str) -> None:
    """TOML that was named on a system of capitals is not read as YAML."""
    file = tmp_path / f"settings.{ending}"
    file.write_text('tier = "25K"\n')

    assert load_settings(file=file, environ={}).tier == "25K"


def test_the_environment_may_name_the_file(tmp_path: Path) -> None:
    """``OTEL_PERSONA_SETTINGS`` names it unless the call does; the file beats the variables."""
    named, given_file = tmp_path / "named.yaml", tmp_path / "given.toml"
    named.write_text("tier: named\n")
    given_file.write_text('tier = "given"\n')
    environ = {"OTEL_PERSONA_SETTINGS": str(named), "OTEL_PERSONA_TIER": "variable"}

    assert load_settings(environ=environ).tier == "named"
    assert load_settings(file=given_file, environ=environ).tier == "given"
    assert load_settings({"tier": "argument"}, environ=environ).tier == "argument"


def test_the_processs_own_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without another one the process's own counts."""
    monkeypatch.setenv("OTEL_PERSONA_TIER", "25K")

    assert load_settings().tier == "25K"


@pytest.mark.parametrize(
    ("variable", "text", "setting", "value"),
    [
        ("RUN_ID", "123", "run_id", "123"),
        ("RUN_ID", "null", "run_id", "null"),
        ("TIER", "true", "tier", "true"),
        ("LOG", "/var/log/{pid}.log", "log", "/var/log/{pid}.log"),
        ("BATCH", "time:5m", "batch", "time:5m"),
        ("STAGES", "A", "stages", ("A",)),
        ("STAGES", "A, B ,C", "stages", ("A", "B", "C")),
        ("STRICT", "true", "strict", True),
        ("STRICT", "1", "strict", True),
        ("STRICT", "false", "strict", False),
        ("FSYNC", "line", "fsync", "line"),
        ("FSYNC", "", "fsync", "never"),
    ],
)
def test_variables_are_text(load: Load, variable: str, text: str, setting: str, value: Any) -> None:
    """Each variable is read as its setting needs it; an empty one is not set."""
    settings = load(environ={f"OTEL_PERSONA_{variable}": text, "OTEL_SERVICE_NAME": "x"})

    assert getattr(settings, setting) == value


@pytest.mark.parametrize(
    "text", ["", "\n", "# nothing but a remark\n", "---\n", "{}\n", "\ufeffrun_id: x\n"]
)
def test_a_file_may_be_all_but_empty(load: Load, text: str) -> None:
    """Such a file sets nothing, or what it says behind a byte order mark."""
    assert load(yaml=text) == Settings(run_id="x" if "run_id" in text else None)


FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)
NAMES = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20)
LOGS = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="{}"), min_size=1)
RISING = st.tuples(FINITE, FINITE).map(lambda both: {"warning": min(both), "critical": max(both)})
FALLING = st.tuples(FINITE, FINITE).map(lambda both: {"warning": max(both), "critical": min(both)})
BANDED = st.tuples(FINITE, FINITE, FINITE).map(
    lambda three: dict(zip(("low", "warning", "critical"), sorted(three), strict=True))
)
PRICES = st.floats(0, 1e6)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "run_id": NAMES,
        "tier": NAMES,
        "log": LOGS,
        "otlp": st.sampled_from(["http://localhost:4318", "grpc://collector:4317"]),
        "batch": st.sampled_from(["personas:1", "attempts:500", "prefix", "time:60s"]),
        "stages": st.lists(NAMES, min_size=1, max_size=3, unique=True),
        "strict": st.booleans(),
        "fsync": st.sampled_from(["never", "second", "line"]),
        "pending_records": st.integers(0, 2**40),
        "label_values": st.integers(1, 2**40),
        "prices": st.fixed_dictionaries(
            {}, optional={"default": PRICES, "models": st.dictionaries(NAMES, PRICES, max_size=3)}
        ),
        "directions": st.dictionaries(
            NAMES, st.sampled_from(["higher_is_worse", "higher_is_better", "band"]), max_size=3
        ),
        "drift": st.fixed_dictionaries({}, optional={"repair_rate_trend": FINITE}),
        "indicators": st.fixed_dictionaries(
            {},
            optional={
                "repair_rate": RISING,
                "mean_latency": RISING,
                "opening_entropy": FALLING,
                "pollyanna_score": BANDED,
                "baseline_mean_latency_ms": st.floats(0.001, 1e9),
            },
        ),
    },
)


def _toml(value: Any) -> str:
    """Write a value as TOML, whose inline tables and texts are JSON's but for the equals sign."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


@given(values=VALUES)
def test_any_settings_load_equal_from_every_form(
    values: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Arguments, YAML and TOML that say the same make the same settings."""
    folder = tmp_path_factory.getbasetemp()
    in_yaml, in_toml = folder / "any.yaml", folder / "any.toml"
    in_yaml.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    lines = [f"{_toml(key)} = {_toml(value)}\n" for key, value in values.items()]
    in_toml.write_text("".join(lines), encoding="utf-8")

    expected = load_settings(values, environ={})

    assert load_settings(file=in_yaml, environ={}) == expected
    assert load_settings(file=in_toml, environ={}) == expected
    plain = msgspec.to_builtins(expected)
    assert load_settings({k: v for k, v in plain.items() if v is not None}, environ={}) == expected


@pytest.mark.parametrize(
    ("tokens", "cost"),
    [
        ({}, 0.0),
        ({"": 1_000}, 0.00045),
        ({"": 1_000, "small": 1_000}, 0.00245),
        ({"unheard of": 2_000}, 0.0009),
        ({"small": 500, "large": 500}, 0.031),
    ],
)
def test_cost_is_by_model_where_it_has_a_price(tokens: dict[str, int], cost: float) -> None:
    """USD for 1,000 tokens: a model's own price, else the one for all."""
    prices = Prices(models={"small": 0.002, "large": 0.06})

    assert prices.cost(tokens) == pytest.approx(cost, rel=1e-15)


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 2**50)))
def test_cost_of_one_price_is_the_specifications(tokens: dict[str, int]) -> None:
    """``total_tokens × price / 1000``, to the bit, however the tokens are split."""
    assert Prices().cost(tokens) == sum(tokens.values()) * 0.00045 / 1000
    assert math.isfinite(Prices().cost(tokens))


def test_directions_of_the_named_validators_can_be_set() -> None:
    """Known ones have theirs, others have none until the settings give one."""
    settings = Settings(directions={"tone": "band", "pollyanna": "higher_is_better"})

    assert settings.direction("trait_leak") == "higher_is_worse"
    assert settings.direction("opening_variation") == "higher_is_better"
    assert settings.direction("anchor_specificity") == "higher_is_better"
    assert settings.direction("pollyanna") == "higher_is_better"
    assert settings.direction("tone") == "band"
    assert settings.direction("unheard of") is None


@pytest.mark.parametrize(
    ("tier", "run_id", "expected"),
    [
        (None, "25K_20260131_143200", "25K"),
        (None, "plain", "plain"),
        (None, "_odd", ""),
        ("pilot", "25K_20260131", "pilot"),
    ],
)
def test_the_tier_is_the_setting_or_the_beginning_of_the_run(
    tier: str | None, run_id: str, expected: str
) -> None:
    """The part before the first underscore names the tier where nobody does."""
    assert Settings(tier=tier).tier_of(run_id) == expected


def test_sidecars_and_what_they_are_about_come_from_every_source(load: Load) -> None:
    """The tree, the target and the symbol can be given without a line of code."""
    environ = {
        "OTEL_PERSONA_SIDECARS": "tree",
        "OTEL_PERSONA_TARGET": "backgrounds",
        "OTEL_PERSONA_SYMBOL": "Nord",
    }

    settings = load({"sidecars": Path("other")}, yaml="target: hobbies\n", environ=environ)

    assert (settings.sidecars, settings.target, settings.symbol) == ("other", "hobbies", "Nord")


@pytest.mark.parametrize(
    "sources",
    [
        {"yaml": "safety: {metrics: {checkpoint_s: 1}, telemetry: {checkpoint_s: 2, lock: false}}"},
        {"yaml": "safety: {telemetry: {checkpoint_s: 2, lock: false}, metrics: {checkpoint_s: 1}}"},
        {"toml": "safety.telemetry = {checkpoint_s = 2, lock = false}\n"
         "safety.metrics.checkpoint_s = 1\n"},
    ],
)  # fmt: skip
def test_safety_metrics_is_read_first_key_by_key(load: Load, sources: dict[str, str]) -> None:
    """Its keys win, in whatever order they stand, and what it leaves out is in telemetry."""
    telemetry = load(**sources).safety.telemetry

    assert (telemetry.checkpoint_s, telemetry.lock, telemetry.enabled) == (1.0, False, True)


def test_a_stronger_source_beats_both_names(load: Load) -> None:
    """The other name is first within a source, and no source beats a stronger one by it."""
    settings = load(
        {"safety": {"telemetry": {"checkpoint_s": 3, "drift": SidecarDrift(alpha=0.05)}}},
        yaml="safety: {metrics: {checkpoint_s: 1, naming: metrics}}",
    )

    telemetry = settings.safety.telemetry
    assert (telemetry.checkpoint_s, telemetry.naming) == (3.0, "metrics")
    assert telemetry.drift == SidecarDrift(alpha=0.05)


def test_the_specifications_name_gives_the_sidecars_settings(tmp_path: Path) -> None:
    """``load_telemetry_config`` reads from the same places as everything else."""
    path = tmp_path / "safety.yaml"
    path.write_text("safety: {telemetry: {baselines: {rolling_window_k: 3}}}", "utf-8")

    config = load_telemetry_config(file=path, environ={})

    assert config.baselines == Baselines(rolling_window_k=3)
    assert load_telemetry_config(environ={}) == SidecarSettings()
