"""Synthetic segments in, a markdown table of index and search times out: keyword, exact and Chroma, in one run.

Times depend on the machine; the ratios, taken within one run, are what to compare.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

from vectorstore import exact
from vectorstore.chroma import VectorIndex
from vectorstore.embedders import HashEmbedder
from vectorstore.keyword import KeywordIndex
from vectorstore.storing import stamps

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")

SMALL, LARGE = 1_000, 10_000  # segments
QUESTIONS = 60
HITS = 10
SEARCHES = ("one keyword search", "one exact vector search", "one Chroma vector search")


@dataclass(frozen=True, slots=True)
class Subject:
    """A corpus with its indexes open, and the milliseconds that each step of getting there took."""

    ids: list[int]
    matrix: NDArray[np.float32]
    keyword: KeywordIndex
    chroma: VectorIndex
    times: dict[str, float]

    def search(self, question: str, vector: NDArray[np.float32]) -> list[float]:
        """Milliseconds of one search each way, in the order of SEARCHES."""
        return [
            timed(lambda: self.keyword.search(question, HITS))[1],
            timed(lambda: exact.search(vector, self.ids, self.matrix, HITS))[1],
            timed(lambda: self.chroma.search(vector, HITS))[1],
        ]


def run() -> list[str]:
    """The table and the ratios between the ways to search, as markdown lines."""
    questions = segments(QUESTIONS, seed=7)
    vectors = HashEmbedder().embed(questions)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        small, large = (prepare(count, folder / str(count), stack) for count in (SMALL, LARGE))
        # in turns, so that a busy machine weighs on every way and size alike
        found = [
            (small.search(text, vector), large.search(text, vector))
            for text, vector in zip(questions, vectors, strict=True)
        ]
    for subject, part in ((small, 0), (large, 1)):
        for way, name in enumerate(SEARCHES):
            subject.times[name] = median(times[part][way] for times in found)
    return [
        f"| milliseconds ({HITS} hits, {vectors.shape[1]:,} components) | {SMALL:,} segments | {LARGE:,} | ratio |",
        "|---|---:|---:|---:|",
        *(
            f"| {name} | {a:,.2f} | {large.times[name]:,.2f} | {large.times[name] / a:.1f} |"
            for name, a in small.times.items()
        ),
        "",
        *(compared(count, subject) for count, subject in ((SMALL, small), (LARGE, large))),
    ]


def compared(count: int, subject: Subject) -> str:
    """How the ways to search compare with each other at one size."""
    keyword, plain, chroma = (subject.times[name] for name in SEARCHES)
    return (
        f"At {count:,} segments one exact search takes {plain / keyword:.1f} times, one Chroma search"
        f" {chroma / keyword:.1f} times as long as one keyword search."
    )


def prepare(count: int, folder: Path, stack: ExitStack) -> Subject:
    """Index `count` segments every way, close, and open again; the stack closes what stays open."""
    texts, ids = segments(count, seed=count), list(range(count))
    embedder = HashEmbedder()
    times: dict[str, float] = {}
    matrix, times["hash all segments"] = timed(lambda: embedder.embed(texts))
    keyword, times["build the keyword index"] = timed(lambda: KeywordIndex.build(ids, texts))
    keyword.save(folder)
    _, times["load the keyword index"] = timed(lambda: KeywordIndex.load(folder))
    chroma = VectorIndex(folder / "chroma", embedder.name, embedder.dimension)
    with chroma:
        _, times["build the Chroma index"] = timed(lambda: chroma.sync(ids, stamps(texts), lambda: matrix))

    def reopen() -> None:
        stack.enter_context(chroma)
        chroma.search(matrix[0], HITS)  # Chroma reads its graph at the first question

    _, times["reopen the Chroma index"] = timed(reopen)
    return Subject(ids, matrix, keyword, chroma, times)


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What some work gives, and how many milliseconds it took."""
    start = perf_counter()
    result = work()
    return result, 1000 * (perf_counter() - start)


def segments(count: int, seed: int) -> list[str]:
    """Made-up segments, half of Chinese characters and half of English-like words, some common and most rare."""
    chance = random.Random(seed)
    characters = [chr(0x4E00 + 7 * n) for n in range(2500)]
    stems = [a + b for a in ("re", "co", "in", "pro") for b in ("val", "ser", "mem", "plat", "risk")]
    words = [s + a + b for s in stems for a in ("o", "a", "e", "i") for b in ("n", "t", "ment", "ship", "ler")]

    def draw(items: list[str], length: int) -> list[str]:
        return [items[min(int(chance.paretovariate(0.6)) - 1, len(items) - 1)] for _ in range(length)]

    return ["".join(draw(characters, 60)) if n % 2 else " ".join(draw(words, 25)) for n in range(count)]


if __name__ == "__main__":
    print("\n".join(run()))
