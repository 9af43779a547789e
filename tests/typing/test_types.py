"""The public types, as mypy sees them: what is right passes, and what is wrong is refused."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
_ERROR = re.compile(r"^[^:]+:(\d+): error: .*\[([a-z-]+)\]$", re.MULTILINE)
_MARK = re.compile(r"# error: ([a-z, -]+)$")

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("mypy") is None, reason="mypy is not installed (extra 'dev')"
)


@pytest.fixture(scope="module")
def mypy(pytestconfig: pytest.Config) -> Callable[[str], tuple[int, str]]:
    """Give a function that runs ``mypy --strict`` on a file of this folder."""
    assert pytestconfig.cache is not None
    cache = pytestconfig.cache.mkdir("mypy")

    def check(name: str) -> tuple[int, str]:
        ran = subprocess.run(
            [
                sys.executable,
                *("-m", "mypy", "--strict", "--config-file=", "--no-error-summary"),
                *("--no-pretty", "--hide-error-context", f"--cache-dir={cache}"),
                str(HERE / name),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.stderr == ""
        return ran.returncode, ran.stdout

    return check


def test_right_calls_have_exact_types(mypy: Callable[[str], tuple[int, str]]) -> None:
    """A decorated function keeps its parameters and what it gives, whatever its shape."""
    assert mypy("right_calls.py") == (0, "")


def test_wrong_calls_are_refused(mypy: Callable[[str], tuple[int, str]]) -> None:
    """Each marked line is refused for a reason it names, and no other line is."""
    _, told = mypy("wrong_calls.py")
    refused: dict[int, set[str]] = {}
    for line, code in _ERROR.findall(told):
        refused.setdefault(int(line), set()).add(code)
    marked = {
        number: set(mark[1].split(", "))
        for number, line in enumerate((HERE / "wrong_calls.py").read_text().splitlines(), 1)
        if (mark := _MARK.search(line))
    }
    assert refused.keys() == marked.keys()
    for line, codes in refused.items():
        assert codes <= marked[line]
