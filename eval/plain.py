"""Codings in a JSONL file in, the same as checked values out: who gave what to which unit. Reads the file, no more.

One object per unit and coder: `document`, `coder`, `unit` (left out: the whole document), `codes` and/or `spans`.
`null` or left out means not coded, `[]` means coded and nothing given; the two are never mixed. The format stands in
docs/eval.md.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from assistant.errors import ReadingError
from eval.ratings import Codes, Unit
from eval.spans import Mark

_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_UTF8_BOM = b"\xef\xbb\xbf"
_FORMAT = "the format of these files: docs/eval.md"
_MOST = 2**40  # no text is longer; squares of lengths still fit
_Value = TypeVar("_Value")

Key = tuple[str, str]
"""A document and a unit in it; the unit is "" for the document as a whole."""


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
            coder, key, found = _said(_object(text), number)
        except ValueError as wrong:
            raise ReadingError(f"{path}, line {number}: {wrong}", _FORMAT) from None
        units = said.setdefault(coder, {})
        if key in units:
            raise ReadingError(
                f"{path}, line {number}: {coder} codes {named(key)} twice, first in line {units[key].line}",
                "give each unit one line for each coder",
            )
        units[key] = found
    if not said:
        raise ReadingError(f"{path} is empty: it holds no coding", _FORMAT)
    return Plain(path, digest.hexdigest(), said)


def named(key: Key) -> str:
    """A unit as one writes it in a sentence."""
    return f"unit {key[1]!r} of document {key[0]!r}" if key[1] else f"document {key[0]!r}"


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
            raise ReadingError(f"{place}: a span ends after the text's {length} characters ({first})", _FORMAT)
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


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.colno}") from None
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, brackets a thousand deep
        raise ValueError(f"not JSON that can be read: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"an object {{…}} is needed, not {_kind(value)}")
    return value


def _said(row: dict[str, Any], number: int) -> tuple[str, Key, Said]:
    """Coder, unit, and what was said. Raises ValueError with what is wrong."""
    coder, document = _name(row, "coder"), _id(row, "document")
    unit = "" if row.get("unit") is None else _id(row, "unit")
    if "codes" not in row and "spans" not in row:
        raise ValueError('neither "codes" nor "spans"; write "codes": null for a unit that was not coded')
    codes = _list(row, "codes", _code)
    marks = _list(row, "spans", _mark)
    length = _length(row)
    for mark in marks or []:
        if length is not None and mark.end > length:
            raise ValueError(f"a span ends at {mark.end}, after the text's {length} characters")
    return (
        coder,
        (document, unit),
        Said(number, None if codes is None else frozenset(codes), None if marks is None else tuple(marks), length),
    )


def _length(row: dict[str, Any]) -> int | None:
    """The `length` given, or that of the `text`. Raises ValueError where they differ."""
    length, text = row.get("length"), row.get("text")
    if length is not None and (not _whole(length) or not 0 <= length <= _MOST):
        raise ValueError(f'"length" must be a whole number of characters, not {_kind(length)}')
    if text is not None and not isinstance(text, str):
        raise ValueError(f'"text" must be text, not {_kind(text)}')
    if text is not None and length is not None and len(text) != length:
        raise ValueError(f'"text" has {len(text)} characters (code points), "length" says {length}')
    return len(text) if text is not None else length


def _list(row: dict[str, Any], field: str, item: Callable[[Any], _Value]) -> list[_Value] | None:
    value = row.get(field)
    if value is None:
        return None
    if not isinstance(value, list):
        raise ValueError(f'"{field}" must be a list or null, not {_kind(value)}')
    return [item(each) for each in value]


def _code(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f'each of "codes" must be the name of a code, not {_kind(value)}')
    return _clean(value)


def _mark(value: Any) -> Mark:
    if not isinstance(value, dict):
        raise ValueError(f'each of "spans" must be an object, not {_kind(value)}')
    start, end, code = value.get("start"), value.get("end"), value.get("code")
    if not isinstance(start, int) or not isinstance(end, int) or isinstance(start, bool) or isinstance(end, bool):
        raise ValueError('a span needs "start" and "end", whole numbers of characters')
    if not 0 <= start <= end <= _MOST:
        raise ValueError(f"not a span: {start} to {end}")
    if not isinstance(code, str) or not code.strip():
        raise ValueError(f'"code" of a span must be the name of a code, not {_kind(code)}')
    return Mark(start, end, _clean(code))


def _name(row: dict[str, Any], field: str) -> str:
    value = row.get(field)
    if value is None:
        raise ValueError(f'"{field}" is missing')
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f'"{field}" must be a name, not {_kind(value)}')
    return _clean(value)


def _id(row: dict[str, Any], field: str) -> str:
    return str(row[field]) if _whole(row.get(field)) else _name(row, field)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@lru_cache(maxsize=4096)
def _clean(text: str) -> str:
    """Names are printed on terminals and hashed: no control characters, no halves of characters."""
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        raise ValueError(f"a name with control characters: {text!r}")
    return text


def _kind(value: object) -> str:
    """What a JSON value is, shortly."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return f"the text {value[:40]!r}" if value.strip() else "an empty text"
    kinds = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return kinds[type(value)]
