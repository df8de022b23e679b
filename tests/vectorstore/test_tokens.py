"""What becomes a search token."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, strategies as st

from vectorstore.tokens import signature, tokenize


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("养老照护", ["养", "老", "照", "护", "养老", "老照", "照护"]),
        ("价值，共创", ["价", "值", "价值", "共", "创", "共创"]),  # no pair across a comma
        ("5G网络", ["5", "g", "网", "络", "网络"]),
        ("ＡＢＣ１２３", ["abc", "123"]),
        ("Customers' co-creating VALUE", ["custom", "co", "creat", "valu"]),
        ("don’t DON'T", ["don't", "don't"]),
        ("the firm's risk is not theirs", ["firm", "risk", "not"]),
        ("café naïve l'eau", ["café", "naïve", "l'eau"]),
        ("हिन्दी", ["हिन्दी"]),  # marks stay inside the word
        ("スーパー", ["ス", "ー", "パ", "ー", "スー", "ーパ", "パー"]),
        ("한국", ["한", "국", "한국"]),
        ("𠮷野家", ["𠮷", "野", "家", "𠮷野", "野家"]),
        ("snake_case — 3.5%", ["snake", "case", "3", "5"]),
        ("how do we?", []),
        (" \n。", []),
        ("", []),
    ],
)
def test_each_kind_of_character_has_its_rule(text: str, tokens: list[str]) -> None:
    assert tokenize(text) == tokens


def test_inflected_english_words_meet() -> None:
    assert set(tokenize("co-created values")) == set(tokenize("CO-CREATING VALUE"))


@given(st.text())
def test_any_text_gives_plain_tokens_that_do_not_depend_on_width_or_composition(text: str) -> None:
    tokens = tokenize(text)
    assert all(token and not any(c.isspace() for c in token) for token in tokens)
    assert tokens == tokenize(text) == tokenize(unicodedata.normalize("NFD", text))


def test_threads_do_not_disturb_each_other_while_stemming() -> None:
    words = [
        f"{stem}{ending}" for stem in ("creat", "valu", "organis", "negotiat") for ending in ("ing", "ed", "es", "ers")
    ]
    texts = [f"{word}{'x' * n} {word}" for n in range(40) for word in words]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(tokenize, texts))
    from vectorstore import tokens

    tokens._stem.cache_clear()
    assert together == [tokenize(text) for text in texts]


def test_the_signature_names_rules_and_stemmer() -> None:
    assert signature().startswith("tokens-1/snowball-")
