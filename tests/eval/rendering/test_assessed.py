"""Reports as the harness makes them, of every kind and stance, in every form."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from eval.assessing import assess
from eval.evidence import Coding, Evidence, Given, Label, Machine, Passage, Person
from eval.plain import Key
from eval.rendering import FORMS, render

WORDS = "客户在群里说哪里不好用，我们再改。"
KEYS: tuple[Key, ...] = tuple((f"d{d}", str(u)) for d in range(6) for u in range(5))


def codings(seed: int, marked: bool = True) -> dict[Key, Coding]:
    draw = random.Random(seed)
    found = {}
    for key in KEYS:
        base = {code for code in ("access", "dialogue") if (int(key[1]) + len(code)) % 3 == 0}
        codes = base if draw.random() < 0.8 else base ^ {"dialogue"}
        found[key] = Coding(tuple(Given(code, WORDS[:6], 0, 6) for code in sorted(codes)), marked)
    return found


def evidence(**more: Any) -> Evidence:
    people = more.pop("people", (Person("李", codings(1), blind=True), Person("Chen", codings(2))))
    run = Machine(
        "run 1", "model-1", codings(3), {"coded": 30}, {"run": 1}, (codings(4),), quotes=40, flaws={"not_found": 1}
    )
    base = Machine("run 2", "lexical", codings(5, marked=False), {"coded": 30}, baseline=True)
    made: dict[str, Any] = {
        "title": "Study", "question": "", "kind": "assignment", "codebook": "DART",
        "labels": {"access": Label("获取", "Access"), "dialogue": Label("对话", "Dialogue")},
        "units": {key: Passage(WORDS, "甲" if key[0] < "d3" else "乙", "interview", "zh") for key in KEYS},
        "people": people, "machines": (run, base),
    }  # fmt: skip
    return Evidence(**(made | more))


CASES: dict[str, dict[str, Any]] = {
    "two people": {},
    "one person": {"people": (Person("李", codings(1)),)},
    "nobody": {"people": ()},
    "no runs": {"machines": ()},
    "open": {"kind": "open", "labels": {}, "codebook": ""},
    "reflexive": {"stance": "reflexive"},
    "open and reflexive": {"kind": "open", "labels": {}, "codebook": "", "stance": "reflexive"},
}


@pytest.mark.parametrize("case", CASES)
def test_every_kind_of_report_can_be_printed(case: str) -> None:
    made = assess(evidence(**CASES[case]), resamples=50)
    for form in FORMS:
        for lang in ("zh", "en"):
            assert render(made, form, lang)
    page = render(made, "html", "en").decode()
    assert not re.search(r"\bNaN\b|undefined:|no_interval:|>None<", page)


def test_open_codes_are_compared_on_marked_words_under_a_name() -> None:
    made = render(assess(evidence(kind="open", labels={}, codebook=""), resamples=50), "md", "en").decode()
    assert "all words marked" in made.split("## Words marked")[1]
