"""The shipped sample gold: two coders, every segment, words that stand there, honest differences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant import codebook as books, reading
from assistant.resources import CASES, GOLD, codebook_text
from assistant.segmenting import segment

FILES = sorted(GOLD.glob("*.jsonl"))


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def texts() -> dict[tuple[str, int], str]:
    found = {}
    for path in sorted(CASES.iterdir()):
        if path.suffix == ".yaml":
            continue
        document = reading.read(path)
        for one in segment(document, "paragraph"):
            if one.kind != "heading":
                found[document.name, one.number] = one.span.of(document.text)
    return found


@pytest.fixture(scope="module")
def segments() -> dict[tuple[str, int], str]:
    return texts()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_segment_is_coded_once_on_words_that_stand_there(
    path: Path, segments: dict[tuple[str, int], str]
) -> None:
    found = rows(path)
    assert {(row["document"], row["unit"]) for row in found} == set(segments)
    assert len(found) == len(segments)
    for row in found:
        words = segments[row["document"], row["unit"]]
        assert row["length"] == len(words)
        assert sorted({span["code"] for span in row["spans"]}) == row["codes"]
        for span in row["spans"]:
            assert words[span["start"] : span["end"]] == span["quote"]


def test_there_is_enough_of_it_by_two_coders_of_each_kind() -> None:
    assert [path.stem for path in FILES] == [f"{kind}.sample-coder-{who}" for kind in ("dart", "open") for who in "ab"]
    for path in FILES:
        found = rows(path)
        assert len(found) >= 120
        assert len({row["document"] for row in found}) >= 10
        (coder,) = {row["coder"] for row in found}
        assert coder.startswith("Sample coder ")


def test_its_codes_are_the_codebooks() -> None:
    book = books.parse_yaml(codebook_text("dart"), where="dart.yaml")
    ids = {code.id for code in book.codes}
    for path in FILES[:2]:
        for row in rows(path):
            assert set(row["codes"]) <= ids
            assert {span["polarity"] for span in row["spans"]} <= {"+", "-", "±"}


def test_the_coders_differ_as_people_do() -> None:
    first, second = ({(r["document"], r["unit"]): set(r["codes"]) for r in rows(path)} for path in FILES[:2])
    differing = [key for key in first if first[key] != second[key]]
    assert 0.1 < len(differing) / len(first) < 0.6
