"""The words of both languages: complete, used, and with the same places for values."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from eval.rendering.sections.answering import VERDICTS
from eval.rendering.words import TABLES
from eval.verdicts import Verdict

ROOT = Path(__file__).resolve().parents[3] / "eval"
FREE = {"people", "short", "among", "gold", "unit"}  # each language puts these in where it needs them


def fields(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name}


def test_both_languages_have_the_same_keys() -> None:
    assert TABLES["zh"].keys() == TABLES["en"].keys()


@pytest.mark.parametrize("key", sorted(TABLES["en"]))
def test_both_languages_take_the_same_values(key: str) -> None:
    assert fields(TABLES["zh"][key]) - FREE == fields(TABLES["en"][key]) - FREE


def test_chinese_words_are_chinese() -> None:
    same = {"dot", "space", "percent", "range", "versus", "p_small", "among", "people", "semicolon"}
    plain = {k for k, v in TABLES["zh"].items() if v and k not in same and not re.search("[\u4e00-\u9fff：、。（]", v)}
    assert plain <= {"m_split.all", "status.ok", "split_line", "merge_line", "standing_people"}


def test_no_word_is_idle() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "rendering").rglob("*")
        if path.suffix in (".py", ".jinja") and path.parent.name != "words"
    )
    asked = set(re.findall(r'"([a-z_]+)"|\'([a-z_]+)\'', sources))
    names = {name for pair in asked for name in pair if name}
    starts = tuple(re.findall(r'f"([a-z]+_(?:[a-z]+_)?)\{', sources))
    idle = [k for k in TABLES["en"] if "." not in k and k not in names and not k.startswith(starts)]
    assert idle == []


def test_every_verdict_and_reason_has_a_word() -> None:
    source = (ROOT / "verdicts.py").read_text(encoding="utf-8")
    assert get_args(Verdict) == VERDICTS
    for verdict in VERDICTS:
        assert f"verdict.{verdict}" in TABLES["en"]
    reasons = {key.partition(".")[2] for key in TABLES["en"] if key.startswith("reason.")}
    assert {reason for reason in reasons if f'"{reason}"' not in source} == set()


def test_every_status_of_the_harness_has_words() -> None:
    found = set()
    for path in ROOT.glob("*.py"):
        found |= set(re.findall(r'"((?:undefined|no_interval|ok):[a-z_]+)"', path.read_text(encoding="utf-8")))
    assert found
    assert {status for status in found if f"status.{status}" not in TABLES["en"]} == set()
