"""A model's word for a value in, the value out (polarity, modality, voice, confidence, yes or no), or None. Pure.

Chinese and English variants are read; nothing is guessed: "not practised" is not read as "practised".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, get_args

from assistant.model import Modality, Polarity, Voice

CHOICES: Mapping[str, tuple[str, ...]] = {
    "polarity": get_args(Polarity),
    "modality": get_args(Modality),
    "voice": get_args(Voice),
}
_VARIANTS: Mapping[str, Mapping[str, str]] = {
    "polarity": {
        "+": "+ positive pos plus present 有 促进 正 正面 正向 肯定 积极",
        "-": "- − – — ‐ negative neg minus absent 缺失 阻碍 负 负面 负向 否定 消极",
        "±": "± +/- -/+ +- +/− both mixed ambivalent contradictory 矛盾 混合 正负 两面",
    },
    "modality": {
        "practised": "practised practiced practice done 已做 已实践 实践",
        "promised": "promised promise planned plan 计划 计划要做 承诺",
        "claimed": "claimed claim claimed_value 主张 主张价值 口号",
        "judged": "judged judgement judgment evaluated 评价 评判",
    },
    "voice": {
        "firm": "firm company enterprise 企业自述 企业 公司",
        "user": "user customer consumer 用户 顾客 消费者",
        "third_party": "third_party thirdparty 第三方",
        "author": "author 作者",
    },
}
_READ = {
    name: {word: value for value, words in table.items() for word in words.split()} for name, table in _VARIANTS.items()
}
_BETWEEN = re.compile(r"[\s/|,;:()、]+")
# Words for a confidence are a convention of ours: the schema asks for a number, and few models answer with a word.
_CONFIDENCE = {"high": 0.9, "高": 0.9, "medium": 0.6, "moderate": 0.6, "中": 0.6, "中等": 0.6, "low": 0.3, "低": 0.3}
_FIGURE = re.compile(r"(\d{1,6}(?:\.\d{1,12})?)\s*(%|/\s*\d{1,4})?")
_TRUTH = {"true": True, "yes": True, "是": True, "false": False, "no": False, "否": False}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def read_attribute(name: str, said: str) -> str | None:
    """The value of a polarity, modality or voice. Of several words ("有/促进") all must say the same."""
    table = _READ[name]
    word = _folded(said)
    whole = table.get(word) or table.get(re.sub(r"[\s-]+", "_", word))
    if whole is not None:
        return whole
    values = {table.get(part) for part in _BETWEEN.split(word) if part}
    return values.pop() if len(values) == 1 else None


def read_confidence(said: Any) -> float | None:
    """A confidence from 0 to 1: .8, "80%", 85, "8/10" or a word. Numbers from 1 to 10 could be either scale: None."""
    if isinstance(said, str):
        word = _folded(said)
        if word in _CONFIDENCE:
            return _CONFIDENCE[word]
        figure = _FIGURE.fullmatch(word)
        if figure is None:
            return None
        number, scale = float(figure[1]), figure[2] or ""
        if scale:
            most = 100.0 if scale == "%" else float(scale[1:])
            return number / most if number <= most and most else None
        said = number
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    if 0 <= said <= 1:
        return float(said)
    return said / 100 if 10 < said <= 100 else None


def read_truth(said: Any) -> bool | None:
    """Yes or no; None for anything else."""
    if isinstance(said, str):
        return _TRUTH.get(_folded(said))
    return said if isinstance(said, bool) else None


def clean(text: str) -> str:
    """The text without what cannot be stored or shown: halves of surrogate pairs, control characters, outer space."""
    return _CONTROL.sub(" ", text.encode("utf-8", "replace").decode("utf-8")).strip()


def _folded(said: str) -> str:
    return unicodedata.normalize("NFKC", said).strip().strip("\"'`.。“”").casefold()
