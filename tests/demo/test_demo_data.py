"""The data that the package ships are those of their sources, with their licences beside them."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from importlib import resources
from pathlib import Path

import pytest

from otel_persona.demo.sources import GOALPREF, LLMPERF, Request, Source, load_requests, load_texts
from otel_persona.demo.validators import sentences

ORIGINALS = Path(__file__).parents[2].parent / "shared" / "data"
DATA = resources.files("otel_persona.demo") / "data"

needs_originals = pytest.mark.skipif(
    not ORIGINALS.is_dir(), reason="the original data sets are not on this machine"
)


@needs_originals
def test_every_text_is_the_original_text() -> None:
    """No persona is lost, changed or moved, the one that is a bare string included."""
    entries = json.loads((ORIGINALS / "goalpref/all_personas_first_person.json").read_text())
    originals = [entry if isinstance(entry, str) else entry["persona"] for entry in entries]
    assert list(load_texts()) == originals
    assert [index for index, entry in enumerate(entries) if isinstance(entry, str)] == [148]


@needs_originals
def test_every_request_is_the_original_request() -> None:
    """Latency is kept to the last digit, and no request is lost, changed or moved."""
    originals = []
    for path in sorted((ORIGINALS / "llmperf/raw_data/individual").glob("*.json")):
        model = json.loads((path.parents[1] / "summary" / path.name).read_text())["model"]
        originals += [
            Request(
                provider=path.stem.split("_")[0],
                model=model,
                latency_s=entry["end_to_end_latency_s"],
                input_tokens=entry["number_input_tokens"],
                output_tokens=entry["number_output_tokens"],
                error_code=entry["error_code"],
            )
            for entry in json.loads(path.read_text())
        ]
    assert list(load_requests()) == originals


@needs_originals
@pytest.mark.parametrize("source", [GOALPREF, LLMPERF])
def test_the_licence_is_the_original_licence(source: Source) -> None:
    """A data set travels with its licence, word for word."""
    folder = source.folder
    assert (DATA / folder / "LICENSE").read_text() == (ORIGINALS / folder / "LICENSE").read_text()


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
