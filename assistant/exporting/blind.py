"""Segments in, an Excel sheet on which a person codes them blind out: no suggestion of any model is on it. Pure.

`codart gold import` reads it back: a column per code, in which any mark means yes, a column for "none", and rows left
empty for what was not coded.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from assistant.codebook import wording
from assistant.exporting.spreadsheet import fit
from assistant.model import Code, Passage

_WORDS = {
    "en": {
        "sheet": "coding",
        "codes": "codes",
        "document": "document",
        "unit": "unit",
        "text": "text",
        "none": "none",
        "code": "code",
        "definition": "definition",
        "include": "include",
        "exclude": "exclude",
        "label": "codes",
        "how": "Mark each code that a row carries with x; or, to say its polarity, with + - or ± in all rows. "
        "Carries none: x under “none”. A row left empty counts as not coded. "
        "Please do not look at suggestions or at another coder's sheet.",
        "how_open": "Write your own short codes for each row under “codes”, separated by ; . Nothing to code: write "
        "none. A row left empty counts as not coded. Please do not look at suggestions or at another coder's sheet.",
    },
    "zh": {
        "sheet": "编码",
        "codes": "编码说明",
        "document": "文档",
        "unit": "单元",
        "text": "文本",
        "none": "无",
        "code": "编码",
        "definition": "定义",
        "include": "包括",
        "exclude": "不包括",
        "label": "编码列表",
        "how": "每行适用的编码下打 x；若要记极性，则所有行都用 +、-、±；都不适用，就在“无”下打 x。"
        "整行留空表示没有编码。"
        "请不要看任何建议，也不要看别人的编码表。",
        "how_open": "在“编码列表”一栏写下自己的简短概念，多个用；隔开；没有可编的写“无”。留空表示没有编码。"
        "请不要看任何建议，也不要看别人的编码表。",
    },
}


def dump(passages: Sequence[Passage], codes: Sequence[Code], language: str) -> bytes:
    """The workbook: a row for each passage and, with `codes`, a column for each; without, one for open codes."""
    import xlsxwriter

    words = _WORDS[language]
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        base = {"font_name": "Microsoft YaHei" if language == "zh" else "Calibri", "font_size": 10, "valign": "top"}
        formats = {
            "head": book.add_format({**base, "bold": True, "bg_color": "#EDE8DD", "bottom": 1, "text_wrap": True}),
            "text": book.add_format({**base, "text_wrap": True}),
            "mark": book.add_format({**base, "align": "center", "bottom": 4, "left": 4}),
        }
        names = [*(_column(code, codes, language) for code in codes), words["none"]] if codes else [words["label"]]
        _rows(book.add_worksheet(words["sheet"]), passages, names, formats, words)
        _explain(book.add_worksheet(words["codes"]), codes, language, formats)
    return out.getvalue()


def _column(code: Code, codes: Sequence[Code], language: str) -> str:
    """The code's name, or its id where two have one name."""
    label = code.label(language)
    return label if sum(other.label(language) == label for other in codes) == 1 else code.id


def _rows(page: Any, passages: Sequence[Passage], names: Sequence[str], formats: dict[str, Any], words: Any) -> None:
    heads = [words["document"], words["unit"], words["text"], *names]
    widths = [24, 6, 70, *(12 if len(names) > 1 else 40 for _ in names)]
    for column, (head, width) in enumerate(zip(heads, widths, strict=True)):
        page.set_column(column, column, width)
        page.write_string(0, column, head, formats["head"])
    for row, passage in enumerate(passages, 1):
        page.write_string(row, 0, fit(passage.document_name)[0], formats["text"])
        page.write_number(row, 1, passage.segment.number, formats["text"])
        page.write_string(row, 2, fit(passage.text)[0], formats["text"])
        for column in range(3, len(heads)):
            page.write_blank(row, column, None, formats["mark"])
    page.freeze_panes(1, 3)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)


def _explain(page: Any, codes: Sequence[Code], language: str, formats: dict[str, Any]) -> None:
    words = _WORDS[language]
    page.set_column(0, 0, 24)
    page.set_column(1, 3, 60)
    page.merge_range(0, 0, 0, 3, words["how"] if codes else words["how_open"], formats["text"])
    page.set_row(0, 60)
    if not codes:
        return
    for column, name in enumerate(("code", "definition", "include", "exclude")):
        page.write_string(2, column, words[name], formats["head"])
    for row, code in enumerate(codes, 3):
        definition = (code.definition_zh if language == "zh" else "") or code.definition
        rules = ("\n".join(wording(rule, language) for rule in each) for each in (code.include, code.exclude))
        cells = (_column(code, codes, language), definition, *rules)
        for column, cell in enumerate(cells):
            page.write_string(row, column, fit(cell)[0], formats["text"])
