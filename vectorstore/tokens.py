"""Text in, search tokens out; the same tokens feed the keyword index and the hashed vectors. Pure and deterministic.

The text is NFKC-folded (full-width forms become half-width) and lower-cased, then read by kind of character:

* ideographs, kana and Hangul: every character, and every pair of neighbours within an unbroken run. Chinese is
  written without spaces; pairs carry most words, single characters keep one-character queries working.
* other letters, with their marks and inner apostrophes: one token per word. Words in plain Latin letters are
  stemmed as English (Snowball), so that "co-creating" and "co-created" meet; other words stay as they are.
  English function words are left out, negations and modal verbs are not: without weights by rarity (hashed
  vectors) they would drown what a passage is about. A text of function words alone has no tokens.
* digits: one token per run, kept apart from letters, so that "5G" and "5 g" meet.
* everything else (punctuation, spaces, symbols, underscores) only separates.

Traditional and simplified characters are not folded into each other.
"""

from __future__ import annotations

import threading
import unicodedata
from functools import lru_cache
from importlib.metadata import version
from itertools import pairwise

import regex  # type: ignore[import-untyped, unused-ignore]
from snowballstemmer.english_stemmer import EnglishStemmer

RULES = 1  # raise when the rules above change: stored indexes are then rebuilt

_IDEOGRAPHS = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\u3005\u3007\u30fc"
_LETTER = rf"[\p{{L}}--[{_IDEOGRAPHS}]]"
_WORD = rf"{_LETTER}[{_LETTER}\p{{M}}]*"
_RUNS = regex.compile(
    rf"(?P<cjk>[{_IDEOGRAPHS}]+)|(?P<digits>\p{{Nd}}+)|(?P<word>{_WORD}(?:'{_WORD})*)", regex.VERSION1
)
_WORDS = """
a an the this that these those there here and or but if so as than then because while though although
of to in on at by for with from into onto upon about over under between through during before after since until
i me my mine we us our ours you your yours he him his she her hers it its they them their theirs
am is are was were be been being do does did done doing has have had having will would can could shall
what which who whom whose when where why how also too very just such
"""
_FUNCTION_WORDS = frozenset(_WORDS.split())

_stemmer = EnglishStemmer()  # the pure Python one: the same stems whether or not PyStemmer is installed
_stemming = threading.Lock()  # a Snowball stemmer keeps the word it works on in itself


def tokenize(text: str) -> list[str]:
    """The search tokens of `text` in reading order, repeats kept; empty when there is nothing to search for."""
    tokens: list[str] = []
    for run in _RUNS.finditer(unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")):
        piece = run.group()
        if run.lastgroup == "cjk":
            tokens.extend(piece)
            tokens.extend(a + b for a, b in pairwise(piece))
        elif run.lastgroup == "digits":
            tokens.append(piece)
        elif piece.removesuffix("'s") not in _FUNCTION_WORDS:
            tokens.append(_stem(piece))
    return tokens


def signature() -> str:
    """Names the rules and the stemmer release: indexes built under another signature do not fit this tokenizer."""
    return f"tokens-{RULES}/snowball-{version('snowballstemmer')}"


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    if not word.isascii():
        return word
    with _stemming:
        stem: str = _stemmer.stemWord(word)
    return stem
