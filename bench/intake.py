"""How reading a file and cutting it into segments grow with its length: tenfold text should take about ten times."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from assistant.model import Document, SegmentSize
from assistant.reading import read
from assistant.segmenting import segment

_PARAGRAPHS = (1_000, 10_000)
_ROUNDS = 5  # the best counts: other work on the machine only ever adds time


def run() -> list[str]:
    """Markdown lines: CPU time of reading and of segmenting at every size, for two lengths, and their ratio."""
    small, large = (_measure(paragraphs) for paragraphs in _PARAGRAPHS)
    lines = [
        f"An invented interview in Chinese and English, best of {_ROUNDS}, CPU time.",
        "",
        f"| step | {_PARAGRAPHS[0]:,} paragraphs | {_PARAGRAPHS[1]:,} paragraphs | ratio | at the larger length |",
        "|---|---|---|---|---|",
    ]
    for step, (seconds, made) in large.items():
        before = small[step][0]
        speed = f"{made / seconds:,.0f} {'characters' if step == 'reading' else 'segments'} a second"
        lines.append(f"| {step} | {before:.3f} s | {seconds:.3f} s | {seconds / before:.1f} | {speed} |")
    return lines


def _measure(paragraphs: int) -> dict[str, tuple[float, int]]:
    """Seconds, and how many characters or segments came out, for each step."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "interview.txt"
        path.write_text(_interview(paragraphs), encoding="utf-8")
        document = read(path)
        found = {"reading": (_best(lambda: read(path)), len(document.text))}
    for size in get_args(SegmentSize):
        found[f"segmenting, {size}"] = _segmenting(document, size)
    return found


def _segmenting(document: Document, size: SegmentSize) -> tuple[float, int]:
    return _best(lambda: segment(document, size)), len(segment(document, size))


def _interview(paragraphs: int) -> str:
    turns = []
    for number in range(paragraphs // 2):
        turns.append(f"访谈者：第{number}个问题，您当时是怎么想的？")
        turns.append(
            f"受访者：那是第{number}版。我们先把图样贴到论坛上（一共{number % 7 + 2}张），谁有空谁就来挑毛病。"
            "“改吗？”我问。"
            f"They said v{number % 9}.2 was better, e.g. quieter. We agreed, and Dr. Moss tested it again. 后来就定了。"
        )
    return "\n\n".join(turns)


def _best(step: Callable[[], object]) -> float:
    took = []
    for _ in range(_ROUNDS):
        start = time.process_time()
        step()
        took.append(time.process_time() - start)
    return min(took)


if __name__ == "__main__":
    print(*run(), sep="\n")
