"""Rows of tables of codings in, sources and what coders said of them out. Pure.

An empty cell and a "none" differ: the first says that nobody coded, the second that someone did and gave nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from assistant.errors import ReadingError
from assistant.importing.columns import HINT, Column, shape_of
from assistant.importing.foreign import (
    CodeNote,
    Marked,
    Rated,
    Source,
    counted,
    listed_codes,
    polarity,
    prose,
    tidy,
)

_YES = frozenset({"1", "x", "yes", "y", "true", "✓", "✔", "√", "☑", "是", "有", "对"})
_NO = frozenset({"0", "no", "n", "false", "✗", "✘", "☐", "否", "没有"})
_MARKS_HINT = "Mark a code with 1 or 0, x, 是 or 否, yes or no, ✓, or +, - or ±; delete columns that are no codes."
_KEEP = "Keep one of the two."
_ONCE = "Give each unit one row for each coder."
_Key = tuple[str, str, str]  # coder, document, unit


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its column names read. `place` begins the name of a row in a sentence: "sheet A, " or ""."""

    place: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[int, list[str]], ...]  # number in the file, cells


@dataclass(slots=True)
class _Row:
    """One row: its known cells, and those of the columns that are codes."""

    where: str
    cells: dict[str, str]
    others: list[tuple[str, str]]

    @property
    def key(self) -> _Key:
        return tidy(self.cells.get("coder", "")), tidy(self.cells["document"]), tidy(self.cells.get("unit", ""))


@dataclass(slots=True)
class _Said:
    """What is said of one unit by one coder, as far as read."""

    where: str
    codes: list[str] = field(default_factory=list)
    marks: list[Marked] = field(default_factory=list)
    signs: list[tuple[str, str]] = field(default_factory=list)
    quoted: bool = False  # whether the table tells quotes
    none: str = ""  # the row that says "none"
    left: str = ""  # the row that says nothing


@dataclass(slots=True)
class Gathered:
    """All that the tables of one file hold."""

    sources: list[Source] = field(default_factory=list)
    marks: list[Marked] = field(default_factory=list)
    rated: list[Rated] = field(default_factory=list)
    codes: list[CodeNote] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def gather(tables: Sequence[Table]) -> Gathered:
    """What the tables say. Raises ReadingError naming the row that cannot be used."""
    return _Gathering().finish(tables)


class _Gathering:
    """The walk over all rows; units and texts wait in order of their first appearance."""

    def __init__(self) -> None:
        self._found = Gathered()
        self._said: dict[_Key, _Said] = {}
        self._texts: dict[tuple[str, str], tuple[str, str]] = {}  # text and where it stands
        self._cases: dict[str, tuple[str, str]] = {}  # by document

    def finish(self, tables: Sequence[Table]) -> Gathered:
        for table in tables:
            rows = [_row(table, number, cells) for number, cells in table.rows]
            for row in rows:
                self._keep_text_and_case(row)
            shape = shape_of(table.columns)
            if shape == "wide":
                self._add_wide(table, rows)
            for row in rows:
                if shape == "long":
                    self._add_coding(row)
                elif shape == "list":
                    self._add(row.key, _listed(row))
            self._note_columns(table, shape)
        if not self._said and not self._found.marks:
            raise ReadingError("its tables have no rows", HINT)
        found = self._found
        found.sources = [Source(name, self._text(name, ""), case) for name, (case, _) in self._cases.items()]
        found.marks = [self._placed(mark, "") for mark in found.marks]
        found.rated = [self._rated(key, said) for key, said in self._said.items()]
        self._note_quotes()
        return found

    def _keep_text_and_case(self, row: _Row) -> None:
        _, document, unit = row.key
        if not document:
            raise ReadingError(f"{row.where}: no document is named", "Name it in every row, also below merged cells.")
        case, text = tidy(row.cells.get("case", "")), prose(row.cells.get("text"))
        first = self._cases.setdefault(document, (case, row.where))
        if first[0] != case:
            raise ReadingError(f"{row.where}: document {document!r} is of another case in {first[1]}", "Mend one.")
        if text:
            first = self._texts.setdefault((document, unit), (text, row.where))
            if first[0] != text:
                what = f"{row.where}: the text of {_named(document, unit)} is another one in {first[1]}"
                raise ReadingError(what, "If each row is a text of its own, give each its own document or unit.")

    def _add(self, key: _Key, said: _Said) -> None:
        first = self._said.setdefault(key, said)
        if first is not said:
            what = f"{said.where}: {key[0] or 'the coder'} codes {_named(*key[1:])} twice, first in {first.where}"
            raise ReadingError(what, _ONCE)

    def _add_coding(self, row: _Row) -> None:
        coder, document, unit = row.key
        codes, quote = _codes(row), prose(row.cells.get("quote"))
        sign = polarity(row.cells.get("polarity", ""))
        if sign is None:
            raise ReadingError(f"{row.where}: {row.cells['polarity']!r} is no polarity", "Write +, - or ±.")
        if quote and not codes:
            raise ReadingError(f"{row.where}: a quote without a code", "Name its code, or delete the row.")
        if codes is None and not unit:
            raise ReadingError(f"{row.where}: neither unit nor quote nor code", HINT)
        memo, created = prose(row.cells.get("memo")), tidy(row.cells.get("created", ""))
        marks = [Marked(document, None, None, quote, code, coder, memo, sign, created) for code in codes or () if quote]
        if quote and not unit:
            self._found.marks += marks
            return
        said = self._said.setdefault(row.key, _Said(row.where))
        said.quoted |= "quote" in row.cells
        said.marks += marks
        said.codes += codes or ()
        said.signs += [(code, sign) for code in codes or () if sign and not quote]
        said.none = said.none or (row.where if codes == () else "")
        said.left = said.left or (row.where if codes is None else "")
        if sum(map(bool, (said.codes, said.none, said.left))) > 1:
            what = f"{row.where}: {_named(document, unit)} has a code, none, or nothing, by turns, since {said.where}"
            raise ReadingError(what, 'Keep the rows with codes, or one row with "none".')

    def _add_wide(self, table: Table, rows: Iterable[_Row]) -> None:
        signs: set[str] = set()
        minus = ""
        for row in rows:
            given = [(code, _mark(row, code, cell)) for code, cell in row.others]
            signs |= {mark for _, mark in given}
            minus = minus or next((f"{row.where}: {code!r}" for code, mark in given if mark == "-"), "")
            self._add(row.key, _marked(row, given))
        if minus and not signs & {"+", "±"} and signs & {"yes", "no"}:
            hint = "Write 0 for no; if it means negative, mark the others with + instead of 1 or x."
            raise ReadingError(f"{minus} is marked '-', which may mean no or negative here", hint)
        known = {code.name for code in self._found.codes}
        titles = (column.title for column in table.columns if column.title and not column.field)
        self._found.codes += [CodeNote(title, "", "", "") for title in titles if title not in known]

    def _note_columns(self, table: Table, shape: str) -> None:
        lost = {"long": {""}, "list": {"", "memo", "created", "polarity"}}
        left = lost.get(shape, {"memo", "created", "polarity", "quote"})
        titles = (column.title for column in table.columns if column.title and column.field in left)
        self._found.notes += [f"{table.place}column {title!r}" for title in titles]

    def _note_quotes(self) -> None:
        found = self._found
        bare = sum(len(set(said.codes) - {m.code for m in said.marks}) for said in self._said.values() if said.marks)
        if bare:
            found.notes.append(f"{counted(bare, 'code')} without a quote beside codes with one in the same unit")

    def _text(self, document: str, unit: str) -> str:
        return self._texts.get((document, unit), ("", ""))[0]

    def _placed(self, mark: Marked, unit: str) -> Marked:
        """The mark with its place, where the unit's text is known and holds the quote once."""
        text = self._text(mark.source, unit)
        start = text.find(mark.quote)
        if not text or start < 0 or text.find(mark.quote, start + 1) >= 0:
            return mark
        return replace(mark, start=start, end=start + len(mark.quote))

    def _rated(self, key: _Key, said: _Said) -> Rated:
        coder, document, unit = key
        text = self._text(document, unit)
        codes = tuple(dict.fromkeys(said.codes)) or (() if said.none else None)
        marks: tuple[Marked, ...] | None = tuple(self._placed(mark, unit) for mark in said.marks)
        if not marks and (codes or codes is None or not said.quoted):
            marks = None
        length = len(text) if text else None
        return Rated(document, unit, coder, codes, marks, text, length, tuple(dict.fromkeys(said.signs)))


def _row(table: Table, number: int, cells: Sequence[str]) -> _Row:
    where = f"{table.place}row {number}"
    row = _Row(where, {}, [])
    for place, cell in enumerate(cells):
        column = table.columns[place] if place < len(table.columns) else Column("", "")
        if column.field:
            row.cells[column.field] = cell
        elif column.title:
            row.others.append((column.title, cell))
        elif cell.strip():
            what = f"{where}: {cell[:40]!r} stands in column {place + 1}, which has no name"
            raise ReadingError(what, "Name the column, or put quotation marks round a cell that holds the delimiter.")
    row.cells.setdefault("document", "")
    return row


def _listed(row: _Row) -> _Said:
    codes = _codes(row)
    return _Said(row.where, codes=list(codes or ()), none=row.where if codes == () else "")


def _codes(row: _Row) -> tuple[str, ...] | None:
    """The codes in the row's cell for them, () where that cell or a column for it says that there is none."""
    codes = listed_codes(row.cells.get("code") or row.cells.get("codes", ""))
    if _mark(row, "none", row.cells.get("none", "")) in ("", "no"):
        return codes
    if codes:
        raise ReadingError(f"{row.where}: it is marked as without codes, and has {codes[0]!r}", _KEEP)
    return ()


def _marked(row: _Row, given: Sequence[tuple[str, str]]) -> _Said:
    """What one row of marks says. Raises ReadingError where it says both codes and none, or neither."""
    codes = [code for code, mark in given if mark not in ("", "no")]
    none = _mark(row, "none", row.cells.get("none", ""))
    if none not in ("", "no") and codes:
        raise ReadingError(f"{row.where}: it is marked as without codes, and has {codes[0]!r}", _KEEP)
    answered = any(mark == "no" for _, mark in given)
    if none == "no" and answered and not codes:
        raise ReadingError(f"{row.where}: it has no code, and is marked as not without codes", "Mark one of the two.")
    coded_none = none not in ("", "no") or answered
    signs = [(code, mark) for code, mark in given if mark in ("+", "-", "±")]
    return _Said(row.where, codes=codes, signs=signs, none=row.where if coded_none else "")


def _mark(row: _Row, column: str, cell: str) -> str:
    """ "yes", "no", a sign (which means yes), or "" for an empty cell."""
    key = unicodedata.normalize("NFKC", cell).strip().casefold()
    if key in _YES or key in _NO:
        return "yes" if key in _YES else "no"
    sign = polarity(cell)
    if sign is None:
        raise ReadingError(f"{row.where}: {cell[:40]!r} in column {column!r} is no mark", _MARKS_HINT)
    return sign


def _named(document: str, unit: str) -> str:
    return f"unit {unit!r} of document {document!r}" if unit else f"document {document!r}"
