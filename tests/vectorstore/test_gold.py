"""Questions people wrote about real Chinese and English passages: the passage with the answer must come first."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vectorstore import exact
from vectorstore.embedders import HashEmbedder
from vectorstore.keyword import KeywordIndex

GOLD = Path(__file__).resolve().parents[2].parent / "shared" / "gold"
SETS = {
    "xquad-zh": "retrieval-xquad-zh-en/xquad.zh.json",
    "xquad-en": "retrieval-xquad-zh-en/xquad.en.json",
    "cmrc-zh": "retrieval-cmrc2018-zh/cmrc2018_trial.json",
}


def load(name: str) -> tuple[list[str], list[tuple[str, int]]]:
    """Passages, and every second question with the place of its passage."""
    path = GOLD / SETS[name]
    if not path.exists():
        pytest.skip(f"no gold data at {path}")
    passages: list[str] = []
    questions: list[tuple[str, int]] = []
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            questions += [(qa["question"], len(passages)) for qa in paragraph["qas"]]
            passages.append(paragraph["context"])
    return passages, questions[::2]


# The floors are two points below what was measured over all questions (keyword 93.7, 94.6, 97.2; hashed vectors 85.8,
# 85.8, 83.6), which leaves room for the half that is asked here.
@pytest.mark.parametrize(("name", "floor"), [("xquad-zh", 91.7), ("xquad-en", 92.6), ("cmrc-zh", 95.2)])
def test_keyword_search_puts_the_right_passage_first(name: str, floor: float) -> None:
    passages, questions = load(name)
    index = KeywordIndex.build(range(len(passages)), passages)
    right = [[hit.id for hit in index.search(question, 1)] == [place] for question, place in questions]
    assert 100 * np.mean(right) >= floor


@pytest.mark.parametrize(("name", "floor"), [("xquad-zh", 83.8), ("xquad-en", 83.8), ("cmrc-zh", 81.6)])
def test_hashed_vectors_put_the_right_passage_first(name: str, floor: float) -> None:
    passages, questions = load(name)
    matrix = HashEmbedder().embed(passages)
    asked = HashEmbedder().embed([question for question, _ in questions])
    right = [
        [hit.id for hit in exact.search(vector, range(len(passages)), matrix, 1)] == [place]
        for vector, (_, place) in zip(asked, questions, strict=True)
    ]
    assert 100 * np.mean(right) >= floor
