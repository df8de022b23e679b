"""Bytes of a JSONL file of codings in, `Foreign` out. Pure. The format stands in docs/eval.md.

`null` or left out means not coded, `[]` means coded and nothing given; the two are never mixed. Beyond that format a
span may carry its `quote` and `polarity`; a quote must be what stands at its place wherever the text is known.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from assistant.errors import ReadingError
from assistant.importing.foreign import Foreign, Marked, Rated, Source, counted, polarity, prose
from assistant.importing.offsets import Moved, move

_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_FORMAT = "the format of these files: docs/eval.md"
_MOST = 2**40  # no text is longer
_KNOWN = frozenset({"document", "unit", "coder", "codes", "spans", "text", "length"})
_Value = TypeVar("_Value")
_Key = tuple[str, str]  # document, unit


@dataclass(frozen=True, slots=True)
class _Line:
    """One line as it stands: offsets in the raw text."""

    number: int
    rated: Rated
    raw: str | None


def read(path: Path, data: bytes) -> Foreign:
    """The codings of a JSONL file. Raises ReadingError naming the line and what is wrong."""
    if data[:2] in _UTF16_BOMS:
        raise ReadingError("it is UTF-16, not UTF-8", "save it as UTF-8")
    lines: list[_Line] = []
    seen: dict[tuple[str, _Key], int] = {}
    ignored: dict[str, int] = {}
    for number, content in enumerate(data.removeprefix(_UTF8_BOM).split(b"\n"), start=1):
        try:
            text = content.decode()
            if not text.strip():
                continue
            row = _object(text)
            line = _line(row, number)
        except UnicodeDecodeError:
            raise ReadingError(f"line {number}: not UTF-8", "save the file as UTF-8") from None
        except ValueError as wrong:
            raise ReadingError(f"line {number}: {wrong}", _FORMAT) from None
        key = (line.rated.coder, _key(line.rated))
        if key in seen:
            what = f"line {number}: {key[0]} codes {_named(key[1])} twice, first in line {seen[key]}"
            raise ReadingError(what, "give each unit one line for each coder")
        seen[key] = number
        lines.append(line)
        for field in row.keys() - _KNOWN:
            ignored[field] = ignored.get(field, 0) + 1
    if not lines:
        raise ReadingError("it is empty: it holds no coding", _FORMAT)
    rated = _on_one_text(lines)
    whole = {one.source: one.text for one in rated if not one.unit and one.text}
    sources = [Source(name, whole.get(name, "")) for name in dict.fromkeys(one.source for one in rated)]
    notes = [f"field {field!r} in {counted(times, 'line')}" for field, times in sorted(ignored.items())]
    return Foreign.of(path, data, "jsonl", sources=sources, rated=rated, notes=notes)


def _on_one_text(lines: Sequence[_Line]) -> list[Rated]:
    """What every line says, with its offsets in the canonical text of its unit, where any line gives that text."""
    texts: dict[_Key, tuple[Moved, _Line]] = {}
    lengths: dict[_Key, tuple[int, _Line]] = {}
    for line in lines:
        key = _key(line.rated)
        if line.raw is not None:
            first = texts.setdefault(key, (_moved(line), line))[1]
            if first.raw != line.raw:
                raise ReadingError(
                    f"line {line.number}: the text of {_named(key)} is another one in line {first.number}",
                    "spans can be compared only on the same text",
                )
        if line.rated.length is not None:
            length, first = lengths.setdefault(key, (line.rated.length, line))
            if length != line.rated.length:
                raise ReadingError(
                    f"line {line.number}: the text of {_named(key)} has {line.rated.length} characters,"
                    f" {length} in line {first.number}",
                    "spans can be compared only on the same text; count code points",
                )
    return [_settled(line, texts.get(_key(line.rated)), lengths.get(_key(line.rated))) for line in lines]


def _settled(line: _Line, text: tuple[Moved, _Line] | None, length: tuple[int, _Line] | None) -> Rated:
    marks = line.rated.marks
    if length is not None:
        for mark in marks or ():
            if (mark.end or 0) > length[0]:
                raise ReadingError(
                    f"line {line.number}: a span ends at {mark.end}, after the text's {length[0]} characters", _FORMAT
                )
    if text is None:
        return replace(line.rated, length=length[0] if length else None)
    moved, raw = text[0], text[1].raw or ""
    if marks is not None:
        marks = tuple(_placed(mark, raw, moved, line.number) for mark in marks)
    own = moved.text if line.raw is not None else ""
    return replace(line.rated, marks=marks, text=own, length=len(moved.text))


def _placed(mark: Marked, raw: str, moved: Moved, number: int) -> Marked:
    start, end = mark.start or 0, mark.end or 0
    stands = raw[start:end]
    if mark.quote and prose(mark.quote) != prose(stands):
        raise ReadingError(
            f"line {number}: at {start} to {end} stands {stands[:40]!r}, not the quote {mark.quote[:40]!r}",
            "count code points, from 0, the end not included",
        )
    start, end = moved.span(start, end)
    return replace(mark, start=start, end=end, quote=moved.text[start:end])


def _moved(line: _Line) -> Moved:
    try:
        return move(line.raw or "")
    except ValueError as wrong:
        raise ReadingError(f"line {line.number}: {wrong}", _FORMAT) from None


def _key(rated: Rated) -> _Key:
    return rated.source, rated.unit


def _named(key: _Key) -> str:
    return f"unit {key[1]!r} of document {key[0]!r}" if key[1] else f"document {key[0]!r}"


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


def _line(row: dict[str, Any], number: int) -> _Line:
    """What one object says. Raises ValueError with what is wrong."""
    coder, document = _name(row, "coder"), _id(row, "document")
    unit = "" if row.get("unit") is None else _id(row, "unit")
    if "codes" not in row and "spans" not in row:
        raise ValueError('neither "codes" nor "spans"; write "codes": null for a unit that was not coded')
    codes = _list(row, "codes", _code)
    marks = _list(row, "spans", lambda value: _mark(value, document, coder))
    length, text = _length(row)
    unlike = None if codes is None else tuple(dict.fromkeys(codes))
    rated = Rated(document, unit, coder, unlike, None if marks is None else tuple(marks), "", length)
    return _Line(number, rated, text)


def _length(row: dict[str, Any]) -> tuple[int | None, str | None]:
    """The text's length and the text, as far as given. Raises ValueError where the two differ."""
    length, text = row.get("length"), row.get("text")
    if length is not None and (not _whole(length) or not 0 <= length <= _MOST):
        raise ValueError(f'"length" must be a whole number of characters, not {_kind(length)}')
    if text is not None and not isinstance(text, str):
        raise ValueError(f'"text" must be text, not {_kind(text)}')
    if text is not None and length is not None and len(text) != length:
        raise ValueError(f'"text" has {len(text)} characters (code points), "length" says {length}')
    return (len(text) if text is not None else length), text


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


def _mark(value: Any, document: str, coder: str) -> Marked:
    if not isinstance(value, dict):
        raise ValueError(f'each of "spans" must be an object, not {_kind(value)}')
    start, end, code = value.get("start"), value.get("end"), value.get("code")
    if not isinstance(start, int) or not isinstance(end, int) or isinstance(start, bool) or isinstance(end, bool):
        raise ValueError('a span needs "start" and "end", whole numbers of characters')
    if not 0 <= start <= end <= _MOST:
        raise ValueError(f"not a span: {start} to {end}")
    if not isinstance(code, str) or not code.strip():
        raise ValueError(f'"code" of a span must be the name of a code, not {_kind(code)}')
    quote, sign = value.get("quote"), value.get("polarity")
    if quote is not None and not isinstance(quote, str):
        raise ValueError(f'"quote" of a span must be text, not {_kind(quote)}')
    found = "" if sign is None else polarity(sign) if isinstance(sign, str) else None
    if found is None:
        raise ValueError(f'"polarity" of a span must be "+", "-" or "±", not {_kind(sign)}')
    return Marked(document, start, end, quote or "", _clean(code), coder, polarity=found)


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
