"""Synthetic segments in, a markdown table of index and search times out: keyword, exact and Chroma, in one run.

Times depend on the machine; the ratios, taken within one run, are what to compare. Run: python -m bench.retrieval
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from vectorstore import exact
from vectorstore.chroma import VectorIndex
from vectorstore.embedders import HashEmbedder
from vectorstore.keyword import KeywordIndex
from vectorstore.storing import stamps

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T")

SMALL, LARGE = 1_000, 10_000  # segments
QUESTIONS = 50
HITS = 10


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds: for a whole corpus (embed … reopen) or for one question (the medians of the rest)."""

    embed: float
    build_keyword: float
    build_chroma: float
    load_keyword: float
    reopen_chroma: float
    keyword: float
    exact: float
    chroma: float


ROWS = {
    "hash all segments": "embed",
    "build the keyword index": "build_keyword",
    "build the Chroma index": "build_chroma",
    "load the keyword index": "load_keyword",
    "reopen the Chroma index": "reopen_chroma",
    "one keyword search": "keyword",
    "one exact vector search": "exact",
    "one Chroma vector search": "chroma",
}


def run() -> list[str]:
    """The table and the ratios between the ways to search, as markdown lines."""
    small, large = measure(SMALL), measure(LARGE)
    lines = [
        f"| milliseconds (k = {HITS}, 1,024 components) | {SMALL:,} segments | {LARGE:,} segments | ratio |",
        "|---|---:|---:|---:|",
    ]
    for label, name in ROWS.items():
        a, b = getattr(small, name), getattr(large, name)
        lines.append(f"| {label} | {a:,.2f} | {b:,.2f} | {b / a:.1f} |")
    lines.append("")
    for count, times in ((SMALL, small), (LARGE, large)):
        lines.append(
            f"At {count:,} segments one exact search takes {times.exact / times.keyword:.1f} times,"
            f" one Chroma search {times.chroma / times.keyword:.1f} times as long as one keyword search."
        )
    return lines


def measure(count: int) -> Times:
    """All the times for a corpus of `count` segments, indexed in a temporary folder."""
    texts = segments(count, seed=count)
    questions = segments(QUESTIONS, seed=7)
    ids = range(count)
    embedder = HashEmbedder()
    asked = embedder.embed(questions)
    matrix, embed = timed(lambda: embedder.embed(texts))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        index, build_keyword = timed(lambda: KeywordIndex.build(ids, texts))
        index.save(folder)
        _, load_keyword = timed(lambda: KeywordIndex.load(folder))
        with VectorIndex(folder / "chroma", embedder.name, embedder.dimension) as store:
            _, build_chroma = timed(lambda: store.sync(ids, stamps(texts), lambda: matrix))
        store, reopen_chroma = timed(lambda: reopened(folder / "chroma", embedder, asked))
        with store:
            return Times(
                embed=embed,
                build_keyword=build_keyword,
                build_chroma=build_chroma,
                load_keyword=load_keyword,
                reopen_chroma=reopen_chroma,
                keyword=median(timed(lambda q=q: index.search(q, HITS))[1] for q in questions),
                exact=median(timed(lambda v=v: exact.search(v, ids, matrix, HITS))[1] for v in asked),
                chroma=median(timed(lambda v=v: store.search(v, HITS))[1] for v in asked),
            )


def reopened(folder: Path, embedder: HashEmbedder, asked: NDArray[np.float32]) -> VectorIndex:
    """The index opened again and asked once, because Chroma reads its graph at the first question."""
    store = VectorIndex(folder, embedder.name, embedder.dimension)
    store.open()
    store.search(asked[0], HITS)
    return store


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What some work gives, and how many milliseconds it took."""
    start = perf_counter()
    result = work()
    return result, 1000 * (perf_counter() - start)


def segments(count: int, seed: int) -> list[str]:
    """Made-up segments, half of Chinese characters and half of English-like words, some common and most rare."""
    chance = random.Random(seed)
    characters = [chr(0x4E00 + 7 * n) for n in range(2500)]
    words = [
        a + b + c for a in ("re", "co", "in", "pro") for b in ("val", "ser", "mem", "plat", "risk") for c in SUFFIXES
    ]
    return [
        "".join(common(chance, characters, 60)) if n % 2 else " ".join(common(chance, words, 25)) for n in range(count)
    ]


SUFFIXES = [f"{a}{b}" for a in ("o", "a", "e", "i") for b in ("n", "t", "ment", "ship", "ler")]


def common(chance: random.Random, items: list[str], count: int) -> list[str]:
    """Items drawn so that early ones are frequent, as words are in any language."""
    return [items[min(int(chance.paretovariate(0.6)) - 1, len(items) - 1)] for _ in range(count)]


if __name__ == "__main__":
    print("\n".join(run()))
