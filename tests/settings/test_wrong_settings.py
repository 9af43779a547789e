"""Every problem is named at once, with where it stands and what would be right."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import otel_persona as op
from otel_persona.errors import SettingsError
from otel_persona.settings import Limits, Settings, load_settings

Problems = Callable[..., list[str]]


def test_every_problem_of_every_source_is_named(problems: Problems, tmp_path: Path) -> None:
    """One error for all: the variable, the file with the setting's path, and the argument."""
    named = problems(
        {"pending_records": "many", "stages": []},
        yaml="fsync: always\nindicators: {repair_rate: {warnin: 0.1}}\nprices: {default: -1}\n",
        environ={"OTEL_PERSONA_STRICT": "maybe", "OTEL_PERSONA_BATCH": "weekly"},
    )

    file = str(tmp_path / "settings.yaml")
    places = [problem.rsplit(":", 1)[0] for problem in named]
    assert len(named) == 7
    for expected in (
        "OTEL_PERSONA_STRICT: 'maybe'",
        "OTEL_PERSONA_BATCH: 'weekly'",
        f"{file}: fsync: 'always'",
        f"{file}: indicators.repair_rate.warnin: ",
        f"{file}: prices.default: -1",
        "configure: pending_records: 'many'",
        "configure: stages: []",
    ):
        assert sum(problem.startswith(expected) for problem in named) == 1, (expected, places)


def test_a_wrong_batch_is_named_though_another_source_beats_it(
    problems: Problems, tmp_path: Path
) -> None:
    """What is not in use today is wrong all the same, and would be in use tomorrow."""
    forms = "personas:N, attempts:N, sequence:N, prefix or time:60s (also m, h)"

    assert problems(
        {"batch": "attempts:10"}, yaml="batch: weekly\n", environ={"OTEL_PERSONA_BATCH": "zz"}
    ) == [
        f"OTEL_PERSONA_BATCH: 'zz' is not right; write {forms}",
        f"{tmp_path / 'settings.yaml'}: batch: 'weekly' is not right; write {forms}",
    ]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ({"runid": "x"}, "run_id"),
        ({"batchs": "x"}, "batch"),
        ({"Log": "x"}, "log"),
        ({"indicators": {"repair_rates": {}}}, "repair_rate"),
        ({"indicators": {"pollyanna_score": {"warn": 1}}}, "warning"),
        ({"drift": {"pollyana_score_trend": 1}}, "pollyanna_score_trend"),
        ({"prices": {"model": {}}}, "models"),
    ],
)
def test_an_unknown_name_brings_the_nearest(
    problems: Problems, wrong: dict[str, Any], right: str
) -> None:
    """A slip of the pen is answered with the name that was meant."""
    (problem,) = problems(wrong)

    assert "no such setting" in problem
    assert f"did you mean {right}?" in problem


def test_an_unknown_name_that_is_near_nothing_brings_all(problems: Problems) -> None:
    """Where nothing is near, all there are stand in the error."""
    (problem,) = problems({"xyzzy": 1})

    assert "there are batch, directions, drift, " in problem


def test_an_unknown_variable_is_named(problems: Problems) -> None:
    """``OTEL_PERSONA_`` is ours alone, so a slip in it cannot go unnoticed."""
    (problem,) = problems(environ={"OTEL_PERSONA_STAGE": "B", "OTEL_LOG_LEVEL": "x"})

    assert problem.startswith("OTEL_PERSONA_STAGE: ")
    assert "did you mean OTEL_PERSONA_STAGES?" in problem


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("run_id", ""),
        ("run_id", 25),
        ("run_id", "x" * 201),
        ("tier", ""),
        ("log", ""),
        ("log", "\n"),
        ("log", "{}"),
        ("log", "{PID}.log"),
        ("log", "{run_id}/{run_id }.log"),
        ("log", "a\n{pidd}\n{pid}"),
        ("log", 7),
        ("log", b"generation.log"),
        ("sidecars", ""),
        ("sidecars", 7),
        ("target", ""),
        ("symbol", "x" * 201),
        ("safety", "telemetry"),
        ("otlp", "localhost:4318"),
        ("otlp", "ftp://localhost"),
        ("otlp", "http://"),
        ("otlp", "grpc:/localhost"),
        ("batch", 1000),
        ("stages", "B"),
        ("stages", [1]),
        ("stages", [""]),
        ("stages", {"B": 1}),
        ("strict", 1),
        ("strict", "true"),
        ("fsync", "always"),
        ("fsync", True),
        ("pending_records", True),
        ("pending_records", -1),
        ("pending_records", 1.5),
        ("pending_records", "10"),
        ("label_values", 0),
        ("prices", 0.1),
        ("prices", {"default": True}),
        ("prices", {"default": -0.1}),
        ("prices", {"default": float("nan")}),
        ("prices", {"models": {"a": float("inf")}}),
        ("prices", {"models": ["a"]}),
        ("directions", {"tone": "up"}),
        ("directions", ["tone"]),
        ("indicators", {"repair_rate": 0.1}),
        ("indicators", {"repair_rate": {"warning": "10 %"}}),
        ("indicators", {"repair_rate": {"warning": float("nan")}}),
        ("indicators", {"baseline_mean_latency_ms": 0}),
        ("indicators", {"baseline_mean_latency_ms": float("inf")}),
        ("drift", {"repair_rate_trend": None}),
        ("drift", {"repair_rate_trend": float("-inf")}),
    ],
)
def test_a_value_of_the_wrong_type_or_range(problems: Problems, setting: str, value: Any) -> None:
    """The setting and the value stand in the one problem that it is."""
    (problem,) = problems({setting: value})

    assert problem.startswith(f"configure: {setting}")
    innermost = value
    while isinstance(innermost, dict) and len(innermost) == 1:
        innermost = next(iter(innermost.values()))
    assert repr(innermost) in problem


@pytest.mark.parametrize(
    ("arguments", "choices"),
    [
        ({"fsync": "always"}, "never, second or line"),
        ({"directions": {"tone": "up"}}, "higher_is_worse, higher_is_better or band"),
        ({"batch": "weekly"}, "personas:N, attempts:N, sequence:N, prefix or time:60s"),
    ],
)
def test_a_choice_is_answered_with_what_there_is(
    problems: Problems, arguments: dict[str, Any], choices: str
) -> None:
    """An error says what would be right."""
    (problem,) = problems(arguments)

    assert choices in problem


@pytest.mark.parametrize(
    ("indicators", "problem"),
    [
        ({"repair_rate": {"warning": 0.3}}, "repair_rate: warning must not lie above critical"),
        ({"repair_rate_trend": {"critical": 0.01}}, "repair_rate_trend: warning must not"),
        ({"mean_latency": {"warning": 0.51}}, "mean_latency: warning must not lie above"),
        ({"opening_entropy": {"warning": 1.4}}, "opening_entropy: warning must not lie below"),
        ({"anchor_diversity": {"critical": 0.9}}, "anchor_diversity: warning must not lie below"),
        ({"pollyanna_score": {"low": 0.71}}, "pollyanna_score: low must not lie above warning"),
        ({"pollyanna_score": {"critical": 0.6}}, "pollyanna_score: warning must not lie above"),
    ],
)
def test_limits_in_the_wrong_order(
    problems: Problems, indicators: dict[str, Any], problem: str
) -> None:
    """A limit that no value could pass first is told, also where two sources make it so."""
    (named,) = problems({"indicators": indicators})
    assert named.startswith(f"configure: indicators.{problem}")

    (limits,) = indicators
    (name,) = indicators[limits]
    (named,) = problems(yaml=f"indicators: {{{limits}: {{{name}: {indicators[limits][name]}}}}}")
    assert f"settings.yaml: indicators.{problem}" in named


@pytest.mark.parametrize(
    "log", ["a b.log", "{pid}.log", "{run_id}/{run_id}-{pid}.log", "a{.log", "}{", "{{pid}}", "日"]
)
def test_a_log_may_have_any_other_name(load: Callable[..., Settings], log: str) -> None:
    """Blanks inside, lone braces and both placeholders are taken as they are."""
    assert load({"log": log}).log == log


def test_limits_may_be_equal(load: Callable[..., Any]) -> None:
    """A band that is but a line is allowed."""
    limits = {"warning": 0.5, "critical": 0.5}

    assert load({"indicators": {"repair_rate": limits, "anchor_diversity": limits}})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [1", "expected"),
        ("\tx: 1", "cannot start any token"),
        ("run_id: !!python/object:os.system x", "could not determine a constructor"),
        ("- run_id\n- x\n", "not a list"),
        ("just text", "not a str"),
        ("42", "not a int"),
        ("run_id: 2026-13-45", "month must be in"),
        ("run_id: x\n? [1]\n: y\n", "unhashable"),
    ],
)
def test_yaml_that_is_none_or_no_settings(problems: Problems, text: str, reason: str) -> None:
    """The error is one line with the file's name and the reason."""
    (problem,) = problems(yaml=text)

    assert "settings.yaml: " in problem
    assert reason in problem


@pytest.mark.parametrize(
    ("text", "key", "line", "first"),
    [
        ("batch: prefix\ntier: 25K\nbatch: attempts:10\n", "batch", 3, 1),
        ("tier: a\n'tier': b\n", "tier", 2, 1),
        ("prices:\n  models:\n    large: 1\n    large: 2\n", "large", 4, 3),
        ("prices: {default: 1, default: 2}\n", "default", 1, 1),
    ],
)
def test_a_key_that_stands_twice_in_yaml(
    problems: Problems, text: str, key: str, line: int, first: int
) -> None:
    """It is told with both lines: YAML would take the last one, and say nothing of the first."""
    (problem,) = problems(yaml=text)

    assert problem.endswith(
        f"settings.yaml: the key {key!r} in line {line} stands in line {first} already; "
        "write it once"
    )


def test_a_key_may_stand_in_two_places_and_change_what_is_merged(
    load: Callable[..., Settings],
) -> None:
    """One name in two sections, and a value beside a merge key, are no slip."""
    settings = load(
        yaml="indicators:\n"
        "  repair_rate: &limits {warning: 0.1, critical: 0.4}\n"
        "  mean_latency: &wide {<<: *limits, critical: 0.5}\n"
        "  repair_rate_trend: {<<: *wide, warning: 0.2}\n"
    )

    assert settings.indicators.mean_latency == Limits(warning=0.1, critical=0.5)
    assert settings.indicators.repair_rate_trend == Limits(warning=0.2, critical=0.5)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("run_id = ", "Invalid value"),
        ('run_id = "a"\nrun_id = "b"', "overwrite"),
        ("[prices", "Expected"),
        ("run_id = 2026-01-31", "date"),
        ("[prices]\ndefault = nan", "nan"),
    ],
)
def test_toml_that_is_none_or_no_settings(problems: Problems, text: str, reason: str) -> None:
    """The same for TOML."""
    (problem,) = problems(toml=text)

    assert "settings.toml: " in problem
    assert reason in problem


def test_a_file_that_is_not_there_or_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, a folder and a file in another encoding are named with the reason."""
    (tmp_path / "latin.yaml").write_bytes("run_id: é".encode("latin-1"))
    for name, reason in (
        ("none.yaml", "No such file"),
        (".", "directory"),
        ("latin.yaml", "utf-8"),
    ):
        path = tmp_path / name
        with pytest.raises(SettingsError) as refused:
            load_settings(environ={"OTEL_PERSONA_SETTINGS": str(path)})
        (problem,) = refused.value.problems
        assert problem.startswith(f"{path}: the settings file cannot be read")
        assert reason in problem


def test_configure_raises_the_same_and_sets_nothing_up(tmp_path: Path) -> None:
    """The error is a ``PersonaError`` and a ``ValueError``; nothing has begun."""
    with pytest.raises(op.PersonaError) as refused:
        op.configure(log=tmp_path / "generation.log", batch="weekly", fsnyc="line")  # type: ignore[call-arg]

    assert isinstance(refused.value, ValueError)
    assert isinstance(refused.value, op.SettingsError)
    assert len(refused.value.problems) == 2
    assert "did you mean fsync?" in str(refused.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("settings.yaml", "stages: " + "[" * 5_000),
        ("settings.toml", "stages = " + "[" * 5_000),
        ("settings.yaml", "strict: !!bool x"),
        ("settings.yaml", "pending_records: !!int ''"),
    ],
)
def test_a_file_that_upsets_its_parser(name: str, text: str, tmp_path: Path) -> None:
    """Whatever a parser raises, the error is the one of wrong settings, and names the file."""
    path = tmp_path / name
    path.write_text(text)

    with pytest.raises(SettingsError) as raised:
        load_settings(file=path)
    assert str(path) in str(raised.value)


def test_an_error_comes_whole_out_of_another_process() -> None:
    """A pool pickles it on the way."""
    error = SettingsError(["the first", "the second"])
    copy = pickle.loads(pickle.dumps(error))

    assert (str(copy), copy.problems) == ("the first; the second", error.problems)


@pytest.mark.parametrize("setting", ["run_id", "tier"])
def test_a_name_that_no_exporter_could_send(setting: str, problems: Problems) -> None:
    """A byte of the environment that is no UTF-8 is refused at once, not at each export."""
    [named] = problems({setting: "caf\udce9"})
    assert named == (
        f"configure: {setting}: 'caf\\udce9' holds a character that UTF-8 cannot carry; "
        "write another"
    )


def test_problems_of_sidecars_are_named_where_they_stand(
    problems: Problems, tmp_path: Path
) -> None:
    """Whichever of the two names a part is written under, the error points at it."""
    file = tmp_path / "settings.yaml"
    named = problems(
        {"safety": {"telemetry": {"trend_after": 2, "lokc": True}}},
        yaml="""
safety:
  telemetry: {naming: other, checkpoint_s: 0}
  metrics: {drift: {alpha: 1, limits: {warning: 0.3}}, baseline: {}}
""",
    )

    assert sorted(named) == sorted(
        [
            f"{file}: safety.telemetry.naming: 'other' is not right; write telemetry or metrics",
            (
                f"{file}: safety.telemetry.checkpoint_s: 0 is not right; "
                "write a number of seconds above 0, up to 86400"
            ),
            f"{file}: safety.metrics.drift.alpha: 1 is not right; write a number between 0 and 1",
            f"{file}: safety.metrics.baseline: no such setting; did you mean baselines?",
            f"{file}: safety.metrics.drift.limits: warning must not lie above alert",
            "configure: safety.telemetry.trend_after: 2 is not right; write a whole number from 3",
            "configure: safety.telemetry.lokc: no such setting; did you mean lock?",
        ]
    )


def test_a_target_that_utf_8_cannot_carry_is_refused(problems: Problems) -> None:
    """It stands in every line and in the names of folders."""
    (problem,) = problems({"target": "\udcff"})
    assert problem.startswith("configure: target: ")
