"""Real documents, end to end: in they go, they are coded, and every stored quote stands at its offsets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Codart, codart
from tests.fakes import FakeServer
from tests.scripted import coder

__all__ = ["codart"]  # the fixture

SEEDS = Path(__file__).resolve().parents[1].parent / "shared" / "seeds"
FILES = sorted(SEEDS.glob("*.txt"))

pytestmark = pytest.mark.skipif(not FILES, reason="the documents of ../shared/seeds are not here")


@pytest.fixture
def project(codart: Codart, tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    assert codart("init", folder, "--coder", "Li").code == 0
    printed = codart("add", *FILES, "--json", "--project", folder)
    assert printed.code == 0
    assert [r["how"] for r in printed.json] == ["added"] * len(FILES)
    assert {r["language"] for r in printed.json} == {"zh", "en"}
    return folder


def proven(codart: Codart, folder: Path) -> int:
    """How many records there are, after each was held against the stored text."""
    records = codart("suggestions", "list", "--json", "--project", folder).json
    texts = {
        d["document"]: codart("documents", "show", d["document"], "--text", "--project", folder).out
        for d in codart("documents", "--json", "--project", folder).json
    }
    for record in records:
        assert texts[record["document"]][record["start"] : record["end"]] == record["quote"]
    return len(records)


def test_segments_tile_every_document(codart: Codart, project: Path) -> None:
    for document in codart("documents", "--json", "--project", project).json:
        shown = codart("documents", "show", document["document"], "--json", "--project", project).json
        text = codart("documents", "show", document["document"], "--text", "--project", project).out
        assert "".join(s["text"] for s in shown["segments"]) == text
        assert len(shown["segments"]) > 1


def test_coded_by_the_keyless_baseline(codart: Codart, project: Path) -> None:
    assert codart("suggest", "--project", project).code == 0
    assert proven(codart, project) > 50
    assert codart("status", "--json", "--project", project).json["units"]["pending"] == 0


def test_coded_by_a_model_behind_the_openai_protocol(codart: Codart, project: Path) -> None:
    with FakeServer(coder) as server:
        printed = codart("suggest", "--model", "compatible:m", "--base-url", server.base_url, "--project", project)
    assert printed.code == 0
    assert proven(codart, project) > 30
