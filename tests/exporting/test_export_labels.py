"""The words of both languages: complete, used, and fit for Excel."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from assistant import model
from assistant.errors import UsageError
from assistant.exporting.labels import TABLES, labels

ROOT = Path(__file__).resolve().parents[2] / "assistant"
LISTS = {
    "state": ("suggested", "accepted", "edited", "rejected"),
    "kind": get_args(model.SuggestionKind),
    "unit": get_args(model.UnitState),
    "coder": get_args(model.CoderKind),
    "polarity": get_args(model.Polarity),
    "modality": get_args(model.Modality),
    "voice": get_args(model.Voice),
    "status": get_args(model.QuoteStatus),
    "flag": get_args(model.QuoteFlag),
    "flaw": get_args(model.Flaw),
    "doc": get_args(model.DocumentKind),
    "language": ("zh", "en", "mixed"),
}


def test_both_languages_have_the_same_keys() -> None:
    assert TABLES["zh"].keys() == TABLES["en"].keys()


def test_both_languages_fill_in_the_same_number_of_values() -> None:
    assert {k: v.count("{}") for k, v in TABLES["zh"].items()} == {k: v.count("{}") for k, v in TABLES["en"].items()}


@pytest.mark.parametrize("group", LISTS)
def test_every_value_of_a_closed_list_has_a_word(group: str) -> None:
    for words in TABLES.values():
        assert {k.partition(".")[2] for k in words if k.startswith(f"{group}.")} == set(LISTS[group])


def test_chinese_labels_are_chinese() -> None:
    plain = {k for k, v in TABLES["zh"].items() if not re.search("[\u4e00-\u9fff：、]", v)}
    assert plain == set()


def test_no_label_is_idle() -> None:
    sources = "".join(
        p.read_text(encoding="utf-8")
        for folder in (ROOT / "exporting", ROOT / "templates")
        for p in folder.rglob("*")
        if p.suffix in (".py", ".jinja") and p.parent.name != "labels"
    )
    idle = [k for k in TABLES["en"] if "." not in k and f'"{k}"' not in sources and f"'{k}'" not in sources]
    assert idle == []


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(UsageError, match="no labels"):
        labels("de")
