"""Codings in a JSONL file in, the same as checked values out: who gave what to which unit. Reads the file, no more.

One object per unit and coder: `document`, `coder`, `unit` (left out: the whole document), `codes` and/or `spans`.
`null` or left out means not coded, `[]` means coded and nothing given; the two are never mixed. The format stands in
docs/eval.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from assistant.errors import ReadingError
from assistant.importing import fields
from assistant.importing.fields import FORMAT, Key as Key, named as named
from eval.ratings import Codes, Unit
from eval.spans import Mark

_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_UTF8_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Said:
    """What one coder gave to one unit. None: not coded. `length`: of the unit's text in code points, if known."""

    line: int
    codes: Codes | None
    marks: tuple[Mark, ...] | None
    length: int | None


@dataclass(frozen=True, slots=True)
class Plain:
    """One file: by coder, in order of first appearance, what was said of each unit."""

    path: Path
    sha256: str
    said: Mapping[str, Mapping[Key, Said]]

    @property
    def keys(self) -> set[Key]:
        """Every unit that the file names."""
        return {key for units in self.said.values() for key in units}


def unit_of(key: Key) -> Unit:
    """The unit with an id that no unit of another document has."""
    return Unit(json.dumps(key, ensure_ascii=False), key[0])


def read(path: Path) -> Plain:
    """A JSONL file of codings, read line by line.

    Raises ReadingError, naming file and line: no such file, not UTF-8, empty, not JSON, a field that is missing or of
    the wrong type, a unit twice for one coder, a span outside its text.
    """
    digest, said = sha256(), dict[str, dict[Key, Said]]()
    for number, line in _lines(path):
        digest.update(line)
        text = _text(path, number, line)
        if not text.strip():
            continue
        try:
            coder, key, found = _said(fields.object_in(text), number)
        except ValueError as wrong:
            raise ReadingError(f"{path}, line {number}: {wrong}", FORMAT) from None
        units = said.setdefault(coder, {})
        if key in units:
            raise ReadingError(
                f"{path}, line {number}: {coder} codes {named(key)} twice, first in line {units[key].line}",
                "give each unit one line for each coder",
            )
        units[key] = found
    if not said:
        raise ReadingError(f"{path} is empty: it holds no coding", FORMAT)
    return Plain(path, digest.hexdigest(), said)


def lengths(keys: Sequence[Key], files: Sequence[Plain]) -> dict[Key, int]:
    """The length of each unit's text, where any line says it. ReadingError if lines differ, or a span ends after it."""
    wanted, found = set(keys), dict[Key, tuple[int, str]]()
    every = [
        (f"{file.path}, line {said.line}", key, said)
        for file in files
        for units in file.said.values()
        for key, said in units.items()
        if key in wanted
    ]
    for place, key, said in every:
        if said.length is not None and found.setdefault(key, (said.length, place))[0] != said.length:
            length, first = found[key]
            raise ReadingError(
                f"{place}: the text of {named(key)} has {said.length} characters, {length} in {first}",
                "spans can be compared only on the same text; count code points",
            )
    for place, key, said in every:
        if key in found and any(mark.end > found[key][0] for mark in said.marks or ()):
            length, first = found[key]
            raise ReadingError(f"{place}: a span ends after the text's {length} characters ({first})", FORMAT)
    return {key: length for key, (length, _) in found.items()}


def holding(file: Plain) -> set[str]:
    """Which of "codes" and "spans" the file says anything about."""
    every = [said for units in file.said.values() for said in units.values()]
    kinds = {"codes": any(s.codes is not None for s in every), "spans": any(s.marks is not None for s in every)}
    return {kind for kind, there in kinds.items() if there}


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            yield from enumerate(file, start=1)
    except OSError as error:
        raise ReadingError(f"{path} cannot be read: {error.strerror or error}", "name a JSONL file") from None


def _text(path: Path, number: int, line: bytes) -> str:
    """The line as text. A UTF-8 BOM at the start of the file is passed over."""
    if number == 1 and line[:2] in _BOMS:
        raise ReadingError(f"{path} is {_BOMS[line[:2]]}, not UTF-8", "save it as UTF-8")
    try:
        return line.removeprefix(_UTF8_BOM if number == 1 else b"").decode()
    except UnicodeDecodeError:
        raise ReadingError(f"{path}, line {number}: not UTF-8", "save the file as UTF-8") from None


def _said(row: dict[str, Any], number: int) -> tuple[str, Key, Said]:
    """Coder, unit, and what was said. Raises ValueError with what is wrong."""
    coder, key = fields.who_and_what(row)
    codes = fields.list_in(row, "codes", fields.code_in)
    marks = fields.list_in(row, "spans", _mark)
    length, _ = fields.length_in(row)
    for mark in marks or []:
        if length is not None and mark.end > length:
            raise ValueError(f"a span ends at {mark.end}, after the text's {length} characters")
    said = Said(number, None if codes is None else frozenset(codes), None if marks is None else tuple(marks), length)
    return coder, key, said


def _mark(value: Any) -> Mark:
    mark = fields.mark_in(value)
    return Mark(mark.start, mark.end, mark.code)
