"""The words of reports on agreement, in Chinese and English. Data."""

from __future__ import annotations

from collections.abc import Mapping

from eval.rendering.words.en import EN
from eval.rendering.words.en_prose import EN_PROSE
from eval.rendering.words.en_terms import EN_TERMS
from eval.rendering.words.zh import ZH
from eval.rendering.words.zh_prose import ZH_PROSE
from eval.rendering.words.zh_terms import ZH_TERMS

TABLES: Mapping[str, Mapping[str, str]] = {"zh": {**ZH, **ZH_TERMS, **ZH_PROSE}, "en": {**EN, **EN_TERMS, **EN_PROSE}}
