"""What a problem says: where the setting stands, the value, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Problems = Callable[..., list[str]]

POLICIES = "personas:N, attempts:N, sequence:N, prefix or time:60s (also m, h)"
PATH = "the path of a file, with no placeholders but {pid} and {run_id}"
ADDRESSES = "http://host:4318, https://… or grpc://host:4317, with no /v1/traces behind it"
NAMES = "a list of names of 1 to 100 characters, such as ['B', 'C']"
DIRECTIONS = "higher_is_worse, higher_is_better or band"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"run_id": 25}, "run_id: 25 is not right; write text of 1 to 200 characters"),
        ({"log": ""}, f"log: '' is not right; write {PATH}"),
        ({"log": " \t"}, f"log: ' \\t' is not right; write {PATH}"),
        ({"log": "a{rin_id}.log"}, f"log: 'a{{rin_id}}.log' is not right; write {PATH}"),
        ({"otlp": "localhost:4318"}, f"otlp: 'localhost:4318' is not right; write {ADDRESSES}"),
        (
            {"batch": 1000},
            f"batch: 1000 is not right; write {POLICIES}",
        ),
        ({"stages": "B"}, f"stages: 'B' is not right; write {NAMES}"),
        ({"stages": ["B", ""]}, f"stages: ['B', ''] is not right; write {NAMES}"),
        ({"strict": 1}, "strict: 1 is not right; write true or false"),
        ({"fsync": "always"}, "fsync: 'always' is not right; write never, second or line"),
        ({"pending_records": -1}, "pending_records: -1 is not right; write a whole number from 0"),
        ({"label_values": "9"}, "label_values: '9' is not right; write a whole number from 1"),
        ({"prices": 0.1}, "prices: 0.1 is not right; write an object with default, models"),
        (
            {"prices": {"default": float("nan")}},
            "prices.default: nan is not right; write a finite number from 0",
        ),
        (
            {"prices": {"models": {"large": -1, "small": 1}}},
            "prices.models.large: -1 is not right; write a finite number from 0",
        ),
        (
            {"directions": {"length": "band", "tone": "up"}},
            f"directions.tone: 'up' is not right; write {DIRECTIONS}",
        ),
        (
            {"directions": ["tone"]},
            f"directions: ['tone'] is not right; write an object of names, each with {DIRECTIONS}",
        ),
        (
            {"directions": {1: "band"}},
            "directions: the key 1 is not right; write an object whose keys are text",
        ),
        (
            {"indicators": {"repair_rate": {"warning": "10 %"}}},
            "indicators.repair_rate.warning: '10 %' is not right; write a finite number",
        ),
        (
            {"indicators": {"baseline_mean_latency_ms": 0}},
            "indicators.baseline_mean_latency_ms: 0 is not right; write a finite number above 0",
        ),
    ],
)
def test_an_argument(problems: Problems, arguments: dict[str, Any], sentence: str) -> None:
    """``configure`` is where it stands, and the innermost setting is named."""
    assert problems(arguments) == [f"configure: {sentence}"]


@pytest.mark.parametrize(
    ("variable", "text", "sentence"),
    [
        ("LOG", "  ", f"'  ' is not right; write {PATH}"),
        ("LOG", "{host}.log", f"'{{host}}.log' is not right; write {PATH}"),
        ("STRICT", "maybe", "'maybe' is not right; write true or false"),
        ("FSYNC", "always", "'always' is not right; write never, second or line"),
        ("STAGES", "B,,C", "'B,,C' is not right; write names, such as B,C"),
    ],
)
def test_a_variable(problems: Problems, variable: str, text: str, sentence: str) -> None:
    """The very variable is named, and what to write is as a variable has it."""
    named = f"OTEL_PERSONA_{variable}"

    assert problems(environ={named: text}) == [f"{named}: {sentence}"]


def test_a_file(problems: Problems, tmp_path: Path) -> None:
    """The file's name comes first, in YAML as in TOML."""
    for form, text in (
        ("yaml", "stages: B\ndirections: {tone: up}\n"),
        ("toml", 'stages = "B"\n[directions]\ntone = "up"\n'),
    ):
        file = tmp_path / f"settings.{form}"
        assert problems(**{form: text}) == [
            f"{file}: stages: 'B' is not right; write {NAMES}",
            f"{file}: directions.tone: 'up' is not right; write {DIRECTIONS}",
        ]
