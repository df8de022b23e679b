"""Words and settings in, source files for the reading tests out."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ZH = "平台把开发者和用户放在同一个社区里，大家可以直接提出意见。工程师每周公开说明哪些建议被采用，哪些没有，为什么。"
EN = "The platform lets developers and users meet in one forum, and every week the engineers say which ideas they took."


def save(folder: Path, name: str, data: str | bytes) -> Path:
    """Write `data` (text as UTF-8, line ends untouched) and return the path."""
    path = folder / name
    path.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
    return path


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip file with these parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return target.getvalue()


def rezipped(data: bytes, changes: Mapping[str, bytes]) -> bytes:
    """The zip `data` with some parts replaced or added."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    return zipped({**parts, **changes})


def part(data: bytes, name: str) -> bytes:
    """One part of the zip `data`."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)


def word(document: Any) -> bytes:
    """The bytes of a python-docx document."""
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def word_body(xml: str) -> bytes:
    """A .docx whose body is `xml` (prefixes w, r, mc, wp, a, pic, m, v may be used)."""
    import docx

    spaces = {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
        "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
    }
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in spaces.items())
    document = f'<?xml version="1.0" encoding="UTF-8"?><w:document {declared}><w:body>{xml}</w:body></w:document>'
    return rezipped(word(docx.Document()), {"word/document.xml": document.encode("utf-8")})


def workbook(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """An .xlsx file with these sheets."""
    import openpyxl

    book: Any = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def pdf_lines(pages: Sequence[Sequence[str]], **settings: Any) -> bytes:
    """A PDF that sets every line where it is told to break; Chinese in STSong-Light, 12 points."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    target = io.BytesIO()
    canvas = Canvas(target, invariant=1, **settings)
    for lines in pages:
        height = 780
        for line in lines:
            canvas.setFont("Helvetica" if line.isascii() else "STSong-Light", 12)
            canvas.drawString(72, height, line)
            height -= 18
        canvas.showPage()
    canvas.save()
    return target.getvalue()
