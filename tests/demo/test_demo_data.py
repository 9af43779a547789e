"""The data that the package ships are those of their sources, with their licences beside them."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from hashlib import sha256
from importlib import resources
from pathlib import Path

import pytest

from otel_persona.demo.sources import GOALPREF, LLMPERF, Source, load_requests, load_texts
from otel_persona.demo.validators import sentences

DATA = resources.files("otel_persona.demo") / "data"

# SHA-256 of what stands in the sources' own files, taken from these and not from the package.
TEXTS = "9639bf922f626f7552afcb7653ca3cdf2c98fed933d1881cc8b13387cc4a9798"
REQUESTS = "213eeaeb7f6e958364d1c08651c54bff4344969815280218871a8ca4af4c73b1"
LICENCES = {
    "goalpref": "3fb2efdf61fb3696c0bec6eb44feb4b8c3fb2d8cf264a13ea8fa4274e1f68c61",
    "llmperf": "c71d239df91726fc519c6eb72d318ec65820627232b2f796219e87dcf35d0ab4",
}


def test_every_text_is_the_original_text() -> None:
    """No persona is lost, changed or moved, the one that is a bare string included."""
    assert _digest(json.dumps(load_texts()).encode()) == TEXTS


def test_every_request_is_the_original_request() -> None:
    """Latency is kept to the last digit, and no request is lost, changed or moved."""
    assert _digest(json.dumps(load_requests()).encode()) == REQUESTS


@pytest.mark.parametrize("source", [GOALPREF, LLMPERF])
def test_the_licence_is_the_original_licence(source: Source) -> None:
    """A data set travels with its licence, word for word."""
    licence = (DATA / source.folder / "LICENSE").read_bytes()
    assert _digest(licence) == LICENCES[source.folder]


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


@pytest.mark.parametrize("source", [GOALPREF, LLMPERF])
def test_each_data_set_says_what_it_is(source: Source) -> None:
    """Each folder names its licence and what was taken, as the provenance table does."""
    text = (DATA / source.folder / "README.md").read_text()
    assert source.licence in text
    assert "what was taken" in text


def test_the_counts_that_the_demo_tells_are_true() -> None:
    """The output speaks of 500 texts, 2,100 requests and 6 providers."""
    requests = load_requests()
    assert len(load_texts()) == len(set(load_texts())) == 500
    assert len(requests) == 2_100
    assert len({request.provider for request in requests}) == 6
    assert f"{len(requests):,} requests" in LLMPERF.content
    assert "6 providers" in LLMPERF.content


def test_every_text_begins_alike() -> None:
    """The output says that every text begins with 'I am'; it is not an exaggeration."""
    assert all(sentences(text)[0].startswith("I am") for text in load_texts())


def test_placeholders_are_told_from_measurements() -> None:
    """Errors 429 and -1 have no latency and no tokens; every other request has real ones."""
    for request in load_requests():
        assert request.measured == (request.latency_s > 0)
        assert request.measured or request.output_tokens == 1


def test_the_data_load_from_inside_a_zip(tmp_path: Path) -> None:
    """The data are read as resources, so that the package works from an archive too."""
    package = Path(str(resources.files("otel_persona")))
    archive = tmp_path / "package.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for path in package.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                zipped.write(path, path.relative_to(package.parent))
    code = (
        f"import sys; sys.path.insert(0, {str(archive)!r})\n"
        "from otel_persona.demo import sources\n"
        "assert '.zip' in sources.__file__, sources.__file__\n"
        "print(len(sources.load_texts()), len(sources.load_requests()))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert printed.stdout.split() == ["500", "2100"]
