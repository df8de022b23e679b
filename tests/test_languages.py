"""Which language a text is in."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from assistant.languages import detect

ZH = "平台把开发者和用户放在同一个社区里，大家可以直接提出意见。"
EN = "The platform lets developers and users meet in one forum and decide."


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ZH, "zh"),
        (EN, "en"),
        (ZH + EN, "mixed"),
        (ZH * 3 + " App 和 DART model", "zh"),
        (EN * 3 + " 价值共创", "en"),
        ("我們在這個社區裡", "zh"),
        ("𠮷野家", "zh"),
        ("Исследователи изучали", "en"),
        ("don’t", "en"),
        ("", "en"),
        ("12:30 —— 50%\n", "en"),
    ],
)
def test_detect(text: str, language: str) -> None:
    assert detect(text) == language


def test_a_page_and_its_translation_weigh_about_the_same() -> None:
    # 28 ideographs are 17.5 words by the measure of 1.6; 12 English words stand beside them
    assert detect(ZH + EN) == "mixed"
    assert detect(ZH * 4 + EN) == "zh"
    assert detect(ZH + EN * 5) == "en"


@given(st.text(), st.integers(2, 4))
def test_repeating_a_text_does_not_change_its_language(text: str, times: int) -> None:
    assert detect("\n".join([text] * times)) == detect(text)
