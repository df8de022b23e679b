"""How long a quote takes that is not there, in 65 KB of text (aim: under 50 ms), and one that is."""

from __future__ import annotations

import random
import time

from assistant.folding import fold
from assistant.verifying import find

_SIZE = 65_000  # code points
_ROUNDS = 20
_ZH = "我们在社区里把用户提出的问题逐条回复并且公开说明为什么没有采纳同时邀请老用户参加内测和讨论方案平台不承担风险"
_EN = [
    "the",
    "firm",
    "users",
    "forum",
    "answer",
    "share",
    "open",
    "data",
    "test",
    "risk",
    "cost",
    "publish",
    "explain",
    "design",
    "together",
    "while",
    "every",
    "week",
    "maker",
]


def run() -> list[str]:
    """Markdown lines: median wall time of one look-up in a folded text, and of folding it."""
    chance = random.Random(7)
    texts = {
        "zh": "".join(chance.choice(_ZH) for _ in range(_SIZE)),
        "en": " ".join(chance.choice(_EN) for _ in range(_SIZE // 6))[:_SIZE],
    }
    misses = {
        "zh": "这一句话根本没有在任何一份资料里面出现过呢",
        "en": "nobody ever said such a thing about their umbrella",
    }
    lines = ["| text of 65,000 characters | zh | en |", "|---|---|---|"]
    folded = {language: fold(text) for language, text in texts.items()}
    hits = {language: text[40_000:40_030].strip() for language, text in texts.items()}
    near = {language: words[:12] + "XY" + words[14:] for language, words in hits.items()}
    rows = (
        ("fold the text once", lambda language: fold(texts[language])),
        ("a quote that stands there", lambda language: find(hits[language], folded[language])),
        ("a quote with changed words", lambda language: find(near[language], folded[language])),
        ("a quote that is not there", lambda language: find(misses[language], folded[language])),
    )
    for name, act in rows:
        took = {language: _median([_timed(act, language) for _ in range(_ROUNDS)]) for language in texts}
        lines.append(f"| {name} | {1000 * took['zh']:.1f} ms | {1000 * took['en']:.1f} ms |")
    return lines


def _timed(act, language: str) -> float:  # type: ignore[no-untyped-def]
    start = time.perf_counter()
    act(language)
    return time.perf_counter() - start


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
