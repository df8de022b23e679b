"""Text in, its language out ("zh", "en" or "mixed"). Pure. Also says which characters are Chinese."""

from __future__ import annotations

import re
from typing import Literal

Language = Literal["zh", "en", "mixed"]

# Ready to stand inside a regex class: ideographs (with extensions A-H and the compatibility block), then the
# marks that are set solid with them: CJK punctuation, kana, full-width forms.
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
CJK = HAN + "\u3001-\u303f\u3040-\u30ff\ufe30-\ufe4f\uff01-\uffee"

_HAN_CHARACTER = re.compile(f"[{HAN}]")
_WORD = re.compile(rf"(?:(?![{CJK}])[^\W\d_])+(?:['’](?:(?![{CJK}])[^\W\d_])+)?")
_CHARACTERS_A_WORD = 1.6  # so a page and its translation weigh about the same
_CLEAR = 0.75  # three quarters of the words decide; anything between is mixed


def detect(text: str) -> Language:
    """The language of `text` by the share of Chinese among its words, 1.6 ideographs counting as one word.

    At least 75 % Chinese is "zh", at most 25 % "en" (which stands for every alphabetic language), between them
    "mixed". Text without any word (numbers, marks, nothing) is "en".
    """
    chinese = len(_HAN_CHARACTER.findall(text)) / _CHARACTERS_A_WORD
    total = chinese + sum(1 for _ in _WORD.finditer(text))
    share = chinese / total if total else 0.0
    if share >= _CLEAR:
        return "zh"
    return "en" if share <= 1 - _CLEAR else "mixed"
