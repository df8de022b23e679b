"""A language in, the words of headings and labels out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assistant.errors import UsageError
from assistant.exporting.labels.en import EN
from assistant.exporting.labels.zh import ZH

TABLES: Mapping[str, Mapping[str, str]] = {"zh": ZH, "en": EN}


@dataclass(frozen=True, slots=True)
class Labels:
    """The interface words of one language. A word that is missing is a KeyError: no page shows a raw key."""

    language: str
    words: Mapping[str, str]

    def __getitem__(self, key: str) -> str:
        return self.words[key]

    def of(self, group: str, value: str | None) -> str:
        """The word for a value of a closed list ("state", "accepted"); an unknown value stays as it is."""
        return self.words.get(f"{group}.{value}", value) if value else ""


def labels(language: str) -> Labels:
    """The labels in "zh" or "en" (UsageError for any other language)."""
    if language not in TABLES:
        raise UsageError(f"no labels in the language {language!r}", f"use one of: {', '.join(TABLES)}")
    return Labels(language, TABLES[language])
