"""Human codings as other tools hold them, as immutable values. Pure: knows no file format and no project.

All offsets are code points, half-open, into text in the form of `Document.text`: BOM off, line ends LF, NFC.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from assistant.reading.composing import canonical

_POLARITIES = {
    "+": "+ positive pos 正 正面 正向 积极",
    "-": "- − – negative neg 负 负面 负向 消极",
    "±": "± +/- +- mixed both 混合 正负",
}
_POLARITY_WORDS = {word: sign for sign, words in _POLARITIES.items() for word in words.split()}
_NONE_WORDS = frozenset(["none", "no-code", "nocode", "无", "无编码", "-", "−", "–", "—"])
_SEPARATORS = re.compile(r"[;；|\n]")


@dataclass(frozen=True, slots=True)
class Source:
    """A text as the tool holds it; `text` is "" when the file does not carry it. Names are unique within a file."""

    name: str
    text: str
    case: str = ""


@dataclass(frozen=True, slots=True)
class Marked:
    """One code on one stretch. `start` and `end` are None where the tool gives only a quote."""

    source: str
    start: int | None
    end: int | None
    quote: str
    code: str
    coder: str
    memo: str = ""
    polarity: str = ""  # "+", "-", "±" or ""
    created: str = ""  # as the tool writes it


@dataclass(frozen=True, slots=True)
class Rated:
    """What a coder said of one unit. None: not coded; (): coded, and nothing given.

    `unit` is the segment's number or id, "" for the whole document. The marks' offsets count in the unit's own text.
    """

    source: str
    unit: str
    coder: str
    codes: tuple[str, ...] | None
    marks: tuple[Marked, ...] | None
    text: str = ""
    length: int | None = None  # of that text in code points, where the file says it
    polarities: tuple[tuple[str, str], ...] = ()  # code and sign, where a sign stands at a code of the whole unit


@dataclass(frozen=True, slots=True)
class CodeNote:
    """A code of the tool's code system. `parent` is the name of the code above it, "" at the top."""

    name: str
    definition: str
    parent: str
    colour: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """One file of human codings. `notes` names what the file held and this value cannot."""

    path: Path
    sha256: str
    format: str  # jsonl, csv, xlsx, qdpx, taguette, docx
    sources: tuple[Source, ...]
    marks: tuple[Marked, ...]
    rated: tuple[Rated, ...]
    codes: tuple[CodeNote, ...]
    coders: tuple[str, ...]  # those who coded, in order of appearance; a coder the file does not name is left out
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        path: Path,
        data: bytes,
        kind: str,
        *,
        sources: Iterable[Source],
        marks: Iterable[Marked] = (),
        rated: Iterable[Rated] = (),
        codes: Iterable[CodeNote] = (),
        notes: Iterable[str] = (),
    ) -> Foreign:
        """The value for the file at `path` with the bytes `data`; its coders are those of the marks and units."""
        marks, rated = tuple(marks), tuple(rated)
        coders = dict.fromkeys([*(mark.coder for mark in marks), *(one.coder for one in rated)])
        named = tuple(filter(None, coders))
        digest = sha256(data).hexdigest()
        return cls(path, digest, kind, tuple(sources), marks, rated, tuple(codes), named, tuple(notes))


def tidy(words: str) -> str:
    """A name on one line, NFC, without control characters: names are printed on terminals."""
    return " ".join(canonical(words).text.split())


def prose(words: str | None) -> str:
    """A memo or a quote in the form of our texts, white space around it off."""
    return canonical(words or "").text.strip()


def unique(names: Sequence[str]) -> list[str]:
    """The names, a repeated one with its number: "a", "a (2)"."""
    taken: set[str] = set(names)
    used: set[str] = set()
    result = []
    for name in names:
        number, own = 1, name
        while own in used or (number > 1 and own in taken):
            number += 1
            own = f"{name} ({number})"
        used.add(own)
        result.append(own)
    return result


def polarity(word: str) -> str | None:
    """The sign a word stands for: "+", "-", "±", "" for no word; None for a word that is none."""
    key = unicodedata.normalize("NFKC", word).strip().casefold()
    return _POLARITY_WORDS.get(key) if key else ""


def listed_codes(cell: str) -> tuple[str, ...] | None:
    """The codes of a list separated by ; ； | or line ends. None for an empty cell, () for "none", "无" or "-"."""
    codes = tuple(dict.fromkeys(code for part in _SEPARATORS.split(cell) if (code := tidy(part))))
    if len(codes) == 1 and means_none(codes[0]):
        return ()
    return codes or None


def means_none(word: str) -> bool:
    """Whether `word` says in place of a code that there is none."""
    return unicodedata.normalize("NFKC", word).strip().casefold() in _NONE_WORDS


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 note", "2 notes"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
