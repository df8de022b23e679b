"""What the tests here search in: random unit vectors, made-up texts, a corpus that can change."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vectorstore import Corpus, Retriever
from vectorstore.chroma import VectorIndex
from vectorstore.embedders import HashEmbedder

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
WIDTH = 32
TOPICS = ["risk", "access", "dialogue", "menu", "chef", "数据", "风险", "会员", "门店", "透明", "delivery", "forum"]


def rows(count: int, seed: int = 1) -> NDArray[np.float32]:
    """Unit vectors around fifty centres, as texts on some topics would be."""
    chance = np.random.default_rng(seed)
    centres = chance.standard_normal((50, WIDTH))
    matrix = centres[chance.integers(0, 50, count)] + 0.5 * chance.standard_normal((count, WIDTH))
    unit: NDArray[np.float32] = (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)
    return unit


def stamps(count: int) -> NDArray[np.uint64]:
    return np.arange(count, dtype=np.uint64)


def fill(index: VectorIndex, matrix: NDArray[np.float32]) -> None:
    index.sync(range(len(matrix)), stamps(len(matrix)), lambda: matrix)


class Semantic(HashEmbedder):
    """Hashed vectors that claim to know meaning, so that the semantic defaults run without a server."""

    def __init__(self) -> None:
        super().__init__()
        self.semantic = True


class Bench:
    """A corpus that can change, with a count of how often its vectors were asked for."""

    def __init__(self, folder: Path, texts: dict[int, str], embedder: HashEmbedder | None = None) -> None:
        self.folder = folder
        self.texts = texts
        self.embedder = embedder or HashEmbedder()
        self.said: list[str] = []
        self.asked = 0
        self.opened: list[Retriever] = []

    def corpus(self) -> Corpus:
        ids, texts = list(self.texts), list(self.texts.values())

        def vectors() -> NDArray[np.float32]:
            self.asked += 1
            return self.embedder.embed(texts)

        return Corpus(ids, texts, vectors)

    def retriever(self) -> Retriever:
        self.opened.append(Retriever(self.folder, self.embedder, self.corpus, notify=self.said.append))
        return self.opened[-1]

    def again(self) -> Retriever:
        """Another retriever, as a later command would make it; what was said before is forgotten."""
        for one in self.opened:
            one.close()
        self.said.clear()
        self.asked = 0
        return self.retriever()


def many(count: int) -> dict[int, str]:
    chance = random.Random(2)
    return {n: " ".join(chance.choices(TOPICS, k=6)) + f" case{n}" for n in range(1, count + 1)}


def ids(hits: Sequence[object]) -> list[int]:
    return [hit.id for hit in hits]  # type: ignore[attr-defined]
