"""A report dict in, a Word file out: methods paragraph and three-line tables, fonts for Chinese set. Pure.

The same dict gives the same bytes: no date but a fixed one, inside the file and in its archive.
"""

from __future__ import annotations

import io
import unicodedata
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING, Any

from eval.rendering.blocks import Cell, Report, Table
from eval.rendering.journal import tables
from eval.rendering.saying import Say
from eval.rendering.sections.pasting import paragraph

if TYPE_CHECKING:
    from docx.document import Document

_LATIN, _CHINESE = "Times New Roman", "宋体"
_DATE = datetime(2000, 1, 1)  # a file format's "no date": python-docx would write the clock's
_THICK, _THIN = 12, 6  # eighths of a point


def dump(report: Report, say: Say) -> bytes:
    """The file, A4 landscape."""
    import docx
    from docx.enum.section import WD_ORIENT
    from docx.shared import Mm, Pt

    document = docx.Document()
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(20)
    for name, size in (("Normal", 10.5), ("Heading 1", 14), ("Title", 18), ("Caption", 9)):
        _font(document.styles[name], Pt(size))
    document.add_paragraph(_clean(report["title"]), style="Title")
    document.add_paragraph(_clean(say("methods")), style="Heading 1")
    for words in paragraph(report, say):
        document.add_paragraph(_clean(words))
    for table in tables(report, say):
        _table(document, table)
    _fixed(document, report, say)
    out = io.BytesIO()
    document.save(out)
    return _archive(out.getvalue())


def _font(style: Any, size: Any) -> None:
    from docx.oxml.ns import qn
    from docx.shared import RGBColor

    style.font.name, style.font.size = _LATIN, size
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    for kind in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{kind}"), _LATIN)
    fonts.set(qn("w:eastAsia"), _CHINESE)


def _table(document: Document, table: Table) -> None:
    from docx.shared import Pt

    caption = document.add_paragraph(_clean(table.caption), style="Caption")
    caption.paragraph_format.keep_with_next = True
    caption.paragraph_format.space_before = Pt(14)
    grid = document.add_table(rows=1, cols=len(table.heads))
    for cell, head in zip(grid.rows[0].cells, table.heads, strict=True):
        _fill(cell, Cell(head))
    for row in table.rows:
        for cell, made in zip(grid.add_row().cells, row, strict=True):
            _fill(cell, made)
    _rule(grid.rows[0], "top", _THICK)
    _rule(grid.rows[0], "bottom", _THIN)
    _rule(grid.rows[-1], "bottom", _THICK)
    _repeat(grid.rows[0])
    if table.note:
        note = document.add_paragraph()
        note.add_run(_clean(table.note)).font.size = Pt(8.5)


def _fill(cell: Any, made: Cell) -> None:
    from docx.shared import Pt

    paragraph_ = cell.paragraphs[0]
    paragraph_.paragraph_format.space_after = Pt(1)
    paragraph_.add_run(_clean(made.text)).font.size = Pt(8.5)
    for line in made.lines:
        paragraph_.add_run().add_break()
        paragraph_.add_run(_clean(line)).font.size = Pt(7.5)


def _rule(row: Any, side: str, size: int) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for cell in row.cells:
        properties = cell._tc.get_or_add_tcPr()
        borders = properties.find(qn("w:tcBorders"))
        if borders is None:
            borders = OxmlElement("w:tcBorders")
            properties.append(borders)
        line = OxmlElement(f"w:{side}")
        for key, value in (("val", "single"), ("sz", str(size)), ("space", "0"), ("color", "000000")):
            line.set(qn(f"w:{key}"), value)
        borders.append(line)


def _repeat(row: Any) -> None:
    """The head line comes again on each page."""
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cs") and c not in "\ufffe\uffff")


def _fixed(document: Document, report: Report, say: Say) -> None:
    core = document.core_properties
    core.created = core.modified = _DATE
    core.title, core.author, core.last_modified_by = _clean(report["title"])[:200], "codart", "codart"
    core.language = "zh-CN" if say.lang == "zh" else "en"
    core.comments, core.revision = "", 1


def _archive(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as given, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in sorted(given.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            entry = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0  # the same on every system
            made.writestr(entry, given.read(name))
    return out.getvalue()
