"""Bytes of a CSV, TSV or Excel file in, one paragraph per row out. Pure.

A row reads "column: value; column: value", so that it can be coded and quoted by itself; a table of one column is
just its texts.
"""

from __future__ import annotations

import csv
import datetime
import io
import itertools
import re
import zipfile
from collections.abc import Sequence
from typing import Any

from assistant.errors import ReadingError
from assistant.reading.archives import inspect
from assistant.reading.composing import Content, Draft, canonical, listed
from assistant.reading.decoding import decode

_DELIMITERS = (",", "\t", ";", "|")
_SNIFFED_ROWS = 50
_ROW_LIMIT = 1_048_576  # rows of an Excel sheet
_CELL_LIMIT = 10_000_000
_CELL_LENGTH = 200_000_000  # characters; a cell may hold a whole interview, and no file is longer than this
_HEADER_LENGTH = 40
_LONGER = 2  # a body this many times as long as its column's name shows that the name is one
_FEW = 2  # cells that can show anything
_NUMBER = re.compile(r"[-+]?[\d.,/:%\-\s]+")
_COLUMN_NAMES = (
    "id no name text content comment comments review reviews answer response question date time user author title"
    " rating score source type category notes quote code label sentence message post reply"
    " 序号 编号 姓名 名称 文本 内容 评论 评价 正文 留言 回答 问题 原文 日期 时间 用户 作者"
    " 标题 评分 分数 来源 类型 类别 备注 句子 帖子 回复"
)
_NAMES = frozenset(_COLUMN_NAMES.split())
_SPOKEN = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "vertical bars"}
_NO_DELIMITER = "\x1f"  # canonical text cannot hold it
_SAMPLE = 200_000  # characters
_STEADY = 0.8  # share of rows that must have as many columns as the first
_UNSTORED = re.compile(rb"</f>(?:<v\s*/>|<v></v>)?</c>")

_Row = tuple[int, list[str]]  # number in the file, cells


def compose_csv(data: bytes, extension: str) -> Content:
    """The rows of a delimited text file; the delimiter is sniffed, for .tsv it is the tab."""
    csv.field_size_limit(_CELL_LENGTH)
    decoded = decode(data)
    cleaned = canonical(decoded.text)
    delimiter = "\t" if extension == ".tsv" else _delimiter(cleaned.text)
    draft = Draft()
    draft.notes.extend((*decoded.notes, *cleaned.notes()))
    if delimiter in _SPOKEN:
        draft.notes.append(f"Columns separated by {_SPOKEN[delimiter]}.")
    try:
        rows = _records(cleaned.text, delimiter, quoted=True)
    except csv.Error as error:
        if delimiter != "\t":
            hint = "Look for a quotation mark that is never closed, or save the table as .xlsx."
            raise ReadingError(f"its rows cannot be told apart ({error})", hint) from error
        rows = _records(cleaned.text, delimiter, quoted=False)
        draft.notes.append("Quotation marks read as ordinary characters.")
    _add_rows(draft, rows)
    return draft.finish(decoded.encoding)


def _records(text: str, delimiter: str, *, quoted: bool) -> list[_Row]:
    source = io.StringIO(text, newline="")
    if quoted:
        reader = csv.reader(source, delimiter=delimiter, strict=True)
    else:
        reader = csv.reader(source, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    return [(number, [_line(cell) for cell in row]) for number, row in enumerate(reader, 1)]


def _delimiter(text: str) -> str:
    """The delimiter that gives the first rows as many columns each, at least two; else one that is never there."""
    lines = text[:_SAMPLE]
    best = (0.0, 1, "," if set(_widths(lines, ",")) == {1} else _NO_DELIMITER)
    for delimiter in _DELIMITERS:
        widths = _widths(lines, delimiter)
        first = widths[0] if widths else 1
        share = widths.count(first) / max(1, len(widths))
        if first > 1 and share >= _STEADY and (share, first) > best[:2]:
            best = (share, first, delimiter)
    return best[2]


def _widths(lines: str, delimiter: str) -> list[int]:
    reader = csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter)
    return [len(row) for row in itertools.islice(reader, _SNIFFED_ROWS) if row]


def compose_xlsx(data: bytes, extension: str) -> Content:
    """The rows of every sheet under its name as a heading; formulas as the values the program last stored."""
    names = inspect(data)
    if not any(name.startswith("xl/") for name in names):
        raise ReadingError("it is a zip file but not an Excel workbook", "Save it as .xlsx from Excel or WPS.")
    import openpyxl

    draft = Draft()
    book: Any = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    for sheet in book.worksheets:
        rows = _sheet_rows(sheet)
        if any(any(cells) for _, cells in rows):
            draft.add(_line(sheet.title), "heading", "1")
            _add_rows(draft, rows, sheet.title)
        if sheet.sheet_state != "visible":
            draft.notes.append(f"Sheet {sheet.title} is hidden in the workbook, but was read.")
    unstored = _unstored_formulas(data, names)
    if unstored:
        draft.notes.append(f"Formulas without a stored value, so empty cells: {unstored}.")
    return draft.finish("utf-8")


def _sheet_rows(sheet: Any) -> list[_Row]:
    sheet.reset_dimensions()  # the declared size may be wrong or a trap
    rows: list[_Row] = []
    cells = 0
    for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
        cells += len(values)
        if number > _ROW_LIMIT or cells > _CELL_LIMIT:
            raise ReadingError(f"its sheet {sheet.title} is larger than any real table", "Save the texts as .csv.")
        if values:
            rows.append((number, [_line(_value(value)) for value in values]))
    return rows


def _value(value: object) -> str:
    """A cell as a reader sees it, near enough: whole numbers without a point, days without midnight."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ")
    return str(value)


def _unstored_formulas(data: bytes, names: frozenset[str]) -> int:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = [name for name in names if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        return sum(len(_UNSTORED.findall(archive.read(name))) for name in sheets)


def _line(cell: str) -> str:
    return " ".join(filter(None, (line.strip() for line in cell.replace("\r", "\n").split("\n"))))


def _add_rows(draft: Draft, rows: Sequence[_Row], sheet: str = "") -> None:
    rows = [(number, cells) for number, cells in rows if any(cells)]
    if not rows:
        return
    where = f" in sheet {sheet}" if sheet else ""
    columns = {place for _, cells in rows for place, cell in enumerate(cells) if cell}
    names: list[str] = []
    if _has_header([cells for _, cells in rows], columns):
        names = rows[0][1]
        rows = rows[1:]
        draft.notes.append(f"First row read as column names{where}: {listed(names)}.")
    elif len(columns) > 1:
        draft.notes.append(f"No row of column names found{where}; cells are joined with |.")
    for number, cells in rows:
        draft.add(_sentence(cells, names if len(columns) > 1 else []), "table", str(number))


def _sentence(cells: Sequence[str], names: Sequence[str]) -> str:
    if not names:
        return " | ".join(filter(None, cells))
    pairs = itertools.zip_longest(names, cells, fillvalue="")
    return "; ".join(f"{name}: {cell}" if name else cell for name, cell in pairs if cell)


def _has_header(rows: Sequence[list[str]], columns: set[int]) -> bool:
    """Whether the first row names the columns: short, distinct, no numbers, and something below shows it."""
    first, body = rows[0], rows[1:]
    named = [column for column in sorted(columns) if column < len(first)]
    names = [first[column] for column in named]
    if not body or not all(names) or len(set(names)) < len(names):
        return False
    if any(len(name) > _HEADER_LENGTH or _NUMBER.fullmatch(name) for name in names):
        return False
    if any(name.casefold() in _NAMES for name in names):
        return True
    below = [[row[column] for row in body if column < len(row) and row[column]] for column in named]
    return len(columns) > 1 and any(map(_shows_name, names, below))


def _shows_name(name: str, cells: Sequence[str]) -> bool:
    """Whether the cells below are all numbers, or all much longer than their column's name."""
    if len(cells) < _FEW:
        return False
    return all(_NUMBER.fullmatch(cell) for cell in cells) or all(len(cell) >= _LONGER * len(name) for cell in cells)
