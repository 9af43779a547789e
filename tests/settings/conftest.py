"""Settings from nothing but what a test gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_persona.errors import SettingsError
from otel_persona.settings import Settings, load_settings


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Settings]:
    """Give a function that loads settings: arguments, a file's text, the environment."""

    def load_all(
        arguments: dict[str, Any] | None = None,
        *,
        yaml: str | None = None,
        toml: str | None = None,
        environ: dict[str, str] | None = None,
    ) -> Settings:
        path = None
        for ending, text in (("yaml", yaml), ("toml", toml)):
            if text is not None:
                path = tmp_path / f"settings.{ending}"
                path.write_text(text, encoding="utf-8")
        return load_settings(arguments or {}, file=path, environ=environ or {})

    return load_all


@pytest.fixture
def problems(load: Callable[..., Settings]) -> Callable[..., list[str]]:
    """Give a function that loads settings which must be wrong, and gives every problem."""

    def name_all(*arguments: Any, **sources: Any) -> list[str]:
        with pytest.raises(SettingsError) as refused:
            load(*arguments, **sources)
        for problem in refused.value.problems:
            assert problem in str(refused.value)
            assert "\n" not in problem
        return list(refused.value.problems)

    return name_all
