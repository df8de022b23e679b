"""Bytes of a CSV or Excel file of codings in, `Foreign` out. Pure.

Three shapes, told apart by the column names (Chinese or English): one coding per row (`code`), one unit per row with
all its codes in a cell (`codes`), one unit per row with a column per code (all columns that have no other meaning).
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import ReadingError
from assistant.importing.columns import HINT, columns_of, count_known
from assistant.importing.foreign import Foreign
from assistant.importing.rows import Table, gather
from assistant.reading.archives import inspect
from assistant.reading.decoding import decode

_DELIMITERS = ",\t;|"
_CELL_LENGTH = 200_000_000  # characters
_CELL_LIMIT = 10_000_000
_FORMULA = re.compile(rb"<f[ >/]")

_Rows = list[tuple[int, list[str]]]  # number in the file, cells


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A table and what to call it in a sentence ("" in a file of one table)."""

    name: str
    rows: _Rows


def read_csv(path: Path, data: bytes) -> Foreign:
    """The codings of a delimited text file. Raises ReadingError naming the row and what is wrong."""
    csv.field_size_limit(_CELL_LENGTH)
    decoded = decode(data)
    text = decoded.text.lstrip("\ufeff\r\n")
    delimiter = max(_DELIMITERS, key=lambda sign: count_known(_header(text, sign)))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    skipped = decoded.text[: len(decoded.text) - len(text)].count("\n")
    try:
        rows = list(enumerate(reader, start=1 + skipped))
    except csv.Error as error:
        hint = "Look for a quotation mark that is never closed, or save the table as .xlsx."
        raise ReadingError(f"line {reader.line_num}: its rows cannot be told apart ({error})", hint) from error
    return _gathered(path, data, "csv", [_Sheet("", rows)], decoded.notes)


def _header(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []


def read_xlsx(path: Path, data: bytes) -> Foreign:
    """The codings of an Excel workbook, of every sheet that has the columns. Raises ReadingError naming the row."""
    names = inspect(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [name for name in names if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        formulas = any(_FORMULA.search(archive.read(name)) for name in parts)
    sheets = _sheets(data, stored=True)
    if formulas:
        written = _sheets(data, stored=False)
        sheets = [
            _Sheet(one.name, list(_filled(one.rows, other.rows))) for one, other in zip(sheets, written, strict=True)
        ]
    return _gathered(path, data, "xlsx", sheets, ())


def _sheets(data: bytes, *, stored: bool) -> list[_Sheet]:
    """Every sheet's rows; formulas as the value the program last stored, or as they are written."""
    import openpyxl

    book: Any = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=stored)
    sheets = []
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # the declared size may be wrong or a trap
        rows: _Rows = []
        cells = 0
        for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
            cells += len(values)
            if cells > _CELL_LIMIT:
                raise ReadingError(f"sheet {sheet.title}: larger than any real table", "Save the codings as .csv.")
            rows.append((number, [_value(value) for value in values]))
        sheets.append(_Sheet(sheet.title, rows))
    return sheets


def _filled(rows: _Rows, written: _Rows) -> Iterator[tuple[int, list[str]]]:
    """The rows, with the formula's own text where the program stored no value: an empty cell would mean not coded."""
    originals = dict(written)
    for number, cells in rows:
        others = originals.get(number, [])
        yield number, [cell or (others[place] if place < len(others) else "") for place, cell in enumerate(cells)]


def _value(value: object) -> str:
    """A cell as text: whole numbers without a point, so that 17.0 is unit 17; TRUE and FALSE as Excel shows them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _gathered(path: Path, data: bytes, kind: str, sheets: Sequence[_Sheet], notes: Iterable[str]) -> Foreign:
    tables, said = [], list(notes)
    for sheet in sheets:
        rows = [row for row in sheet.rows if any(map(str.strip, row[1]))]
        columns = columns_of(rows[0][1]) if rows else None
        if columns is not None:
            tables.append(Table(f"sheet {sheet.name}, " if len(sheets) > 1 else "", columns, tuple(rows[1:])))
        elif rows and sheet.name:
            said.append(f"sheet {sheet.name!r}: no columns of codings")
    if not tables:
        raise ReadingError("no row of column names that codings have", HINT)
    found = gather(tables)
    return Foreign.of(
        path,
        data,
        kind,
        sources=found.sources,
        marks=found.marks,
        rated=found.rated,
        codes=found.codes,
        notes=(*said, *found.notes),
    )
