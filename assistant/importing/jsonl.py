"""Bytes of a JSONL file of codings in, `Foreign` out. Pure. The format stands in docs/eval.md.

`null` or left out means not coded, `[]` means coded and nothing given; the two are never mixed. Beyond that format a
span may carry its `quote` and `polarity`; a quote must be what stands at its place wherever the text is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assistant.errors import ReadingError
from assistant.importing import fields
from assistant.importing.fields import FORMAT, Key, named
from assistant.importing.foreign import Foreign, Marked, Rated, Source, counted, polarity, prose
from assistant.importing.offsets import Moved, move

_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_KNOWN = frozenset({"document", "unit", "coder", "codes", "spans", "text", "length"})


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
    seen: dict[tuple[str, Key], int] = {}
    ignored: dict[str, int] = {}
    for number, content in enumerate(data.removeprefix(_UTF8_BOM).split(b"\n"), start=1):
        try:
            text = content.decode()
            if not text.strip():
                continue
            row = fields.object_in(text)
            line = _line(row, number)
        except UnicodeDecodeError:
            raise ReadingError(f"line {number}: not UTF-8", "save the file as UTF-8") from None
        except ValueError as wrong:
            raise ReadingError(f"line {number}: {wrong}", FORMAT) from None
        key = (line.rated.coder, _key(line.rated))
        if key in seen:
            what = f"line {number}: {key[0]} codes {named(key[1])} twice, first in line {seen[key]}"
            raise ReadingError(what, "give each unit one line for each coder")
        seen[key] = number
        lines.append(line)
        for field in row.keys() - _KNOWN:
            ignored[field] = ignored.get(field, 0) + 1
    if not lines:
        raise ReadingError("it is empty: it holds no coding", FORMAT)
    rated = _on_one_text(lines)
    whole = {one.source: one.text for one in rated if not one.unit and one.text}
    sources = [Source(name, whole.get(name, "")) for name in dict.fromkeys(one.source for one in rated)]
    notes = [f"field {field!r} in {counted(times, 'line')}" for field, times in sorted(ignored.items())]
    return Foreign.of(path, data, "jsonl", sources=sources, rated=rated, notes=notes)


def _on_one_text(lines: Sequence[_Line]) -> list[Rated]:
    """What every line says, with its offsets in the canonical text of its unit, where any line gives that text."""
    texts: dict[Key, tuple[Moved, _Line]] = {}
    lengths: dict[Key, tuple[int, _Line]] = {}
    for line in lines:
        key = _key(line.rated)
        if line.raw is not None:
            first = texts.setdefault(key, (_moved(line), line))[1]
            if first.raw != line.raw:
                raise ReadingError(
                    f"line {line.number}: the text of {named(key)} is another one in line {first.number}",
                    "spans can be compared only on the same text",
                )
        if line.rated.length is not None:
            length, first = lengths.setdefault(key, (line.rated.length, line))
            if length != line.rated.length:
                raise ReadingError(
                    f"line {line.number}: the text of {named(key)} has {line.rated.length} characters,"
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
                    f"line {line.number}: a span ends at {mark.end}, after the text's {length[0]} characters", FORMAT
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
        raise ReadingError(f"line {line.number}: {wrong}", FORMAT) from None


def _key(rated: Rated) -> Key:
    return rated.source, rated.unit


def _line(row: dict[str, Any], number: int) -> _Line:
    """What one object says. Raises ValueError with what is wrong."""
    coder, (document, unit) = fields.who_and_what(row)
    codes = fields.list_in(row, "codes", fields.code_in)
    marks = fields.list_in(row, "spans", lambda value: _mark(value, document, coder))
    length, text = fields.length_in(row)
    unlike = None if codes is None else tuple(dict.fromkeys(codes))
    rated = Rated(document, unit, coder, unlike, None if marks is None else tuple(marks), "", length)
    return _Line(number, rated, text)


def _mark(value: Any, document: str, coder: str) -> Marked:
    mark = fields.mark_in(value)
    quote, sign = value.get("quote"), value.get("polarity")
    if quote is not None and not isinstance(quote, str):
        raise ValueError(f'"quote" of a span must be text, not {fields.kind_of(quote)}')
    found = "" if sign is None else polarity(sign) if isinstance(sign, str) else None
    if found is None:
        raise ValueError(f'"polarity" of a span must be "+", "-" or "±", not {fields.kind_of(sign)}')
    return Marked(document, mark.start, mark.end, quote or "", mark.code, coder, polarity=found)
