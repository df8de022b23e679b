"""A `Study` in, an Excel workbook out: one sheet per question a reader asks. Pure.

Every text is written as a string, never as a formula or a link; Excel's limits on cells, rows and names are kept.
"""

from __future__ import annotations

import io
from typing import Any

from assistant.errors import UsageError
from assistant.exporting.labels import Labels, labels
from assistant.exporting.sheets import Sheet, Value, sheets
from assistant.model import Study

CELL = 32_767  # UTF-16 units that fit in a cell, by Excel's specification
ROWS = 1_048_576


def dump(study: Study, language: str) -> bytes:
    """The workbook, sheet names and headings in `language`. UsageError if Excel has not rows enough for a sheet."""
    import xlsxwriter

    words = labels(language)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"title": fit(study.name)[0][:255]})
        base = {"font_name": "Microsoft YaHei" if language == "zh" else "Calibri", "font_size": 10, "valign": "top"}
        formats = {
            "head": book.add_format({**base, "bold": True, "bg_color": "#EDE8DD", "bottom": 1, "text_wrap": True}),
            "text": book.add_format({**base, "text_wrap": True}),
            "number": book.add_format(base),
            "above": book.add_format({**base, "italic": language != "zh", "font_color": "#6B655B"}),
        }
        for sheet in sheets(study, words):
            _write(book.add_worksheet(sheet.name), sheet, formats, words)
    return out.getvalue()


def _write(page: Any, sheet: Sheet, formats: dict[str, Any], words: Labels) -> None:
    top = len(sheet.above) + 1 if sheet.above else 0
    if top + 1 + len(sheet.rows) > ROWS:
        raise UsageError(
            f"{len(sheet.rows)} lines do not fit on the sheet {sheet.name!r}: Excel takes {ROWS}",
            "export to a name that ends in .jsonl or .csv",
        )
    for n, text in enumerate(sheet.above):
        page.write_string(n, 0, fit(text)[0], formats["above"])
    for column, about in enumerate(sheet.columns):
        page.set_column(column, column, about.width)
        page.write_string(top, column, about.head, formats["head"])
    for row, values in enumerate(sheet.rows, top + 1):
        for column, value in enumerate(values):
            _cell(page, row, column, value, formats, words)
    page.freeze_panes(top + 1, 0)
    page.autofilter(top, 0, top + max(1, len(sheet.rows)), len(sheet.columns) - 1)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(top)


def _cell(page: Any, row: int, column: int, value: Value, formats: dict[str, Any], words: Labels) -> None:
    if value is None or value == "":
        page.write_blank(row, column, None, formats["number"])
    elif isinstance(value, str):
        text, whole = fit(value)
        page.write_string(row, column, text, formats["text"])
        if not whole:
            page.write_comment(row, column, words["cut"].format(f"{CELL:,}"))
    else:
        page.write_number(row, column, value, formats["number"])


def fit(text: str) -> tuple[str, bool]:
    """What a cell can hold of `text`, an ellipsis where it was cut, and whether all of it fits."""
    sound = text.encode("utf-8", "backslashreplace").decode("utf-8")
    units = sound.encode("utf-16-le")
    if len(units) // 2 <= CELL:
        return sound, True
    return units[: 2 * (CELL - 1)].decode("utf-16-le", "ignore") + "…", False
