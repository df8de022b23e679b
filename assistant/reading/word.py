"""Bytes of a .docx file in, its words as content out. Pure.

An own walk in document order, because python-docx's paragraph text drops tracked insertions and its block iterator
passes over content controls. What a reader sees with all changes accepted is kept.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from assistant.errors import ReadingError
from assistant.languages import detect
from assistant.reading.archives import inspect
from assistant.reading.composing import Content, Draft

_MAIN = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_PARAGRAPH, _TABLE, _ROW, _CELL = (_MAIN + tag for tag in ("p", "tbl", "tr", "tc"))
_TEXT, _BOX = _MAIN + "t", _MAIN + "txbxContent"
_VALUE = _MAIN + "val"
_PROPERTIES = _MAIN + "pPr"
# Deleted and moved-away words, ruby readings, the second copy of a text box, and what holds no words.
_PASSED_OVER = frozenset(
    {_FALLBACK, _PROPERTIES, *(_MAIN + t for t in ("del", "moveFrom", "rt", "rPr", "tblPr", "trPr", "tcPr", "sectPr"))}
)
_SIGNS = {
    _MAIN + "tab": "\t",
    _MAIN + "ptab": "\t",
    _MAIN + "br": "\n",
    _MAIN + "cr": "\n",
    _MAIN + "noBreakHyphen": "-",
}
_LEFT_OUT = {  # elements whose presence a note reports
    _MAIN + "del": "Tracked deletions left out",
    _MAIN + "moveFrom": "Passages tracked as moved, left out at their old place",
    _MAIN + "commentReference": "Comments left out",
    "{http://schemas.openxmlformats.org/drawingml/2006/picture}pic": "Images left out",
    "{http://schemas.openxmlformats.org/officeDocument/2006/math}oMath": "Equations left out",
}
_HEADING_NAME = re.compile(r"(?:heading|标题|標題) ?([1-9])", re.IGNORECASE)
_MAIN_PART = "word/document.xml"
_NOTE_KINDS = (("footnote", "脚注", "Footnotes"), ("endnote", "尾注", "Endnotes"))


def compose(data: bytes, extension: str) -> Content:
    """Paragraphs, headings and table rows in order; footnotes and endnotes follow under a heading of their own."""
    return walk(load(data))


def load(data: bytes) -> Any:
    """The python-docx document in `data`, once its zip is known to be safe. Raises ReadingError where it is not."""
    if not any(name.startswith("word/") for name in inspect(data)):
        raise ReadingError("it is a zip file but not a Word document", "Save it as .docx from Word or WPS.")
    import docx

    return docx.Document(io.BytesIO(data))


def walk(document: Any) -> Content:
    """The content of a loaded document; equal documents give equal text."""
    levels = _heading_levels(document.styles.element)
    draft = Draft()
    body = document.element.body
    for element in _blocks(body):
        if element.tag == _TABLE:
            _add_table(draft, element)
        else:
            _add_paragraph(draft, element, levels)
    _add_notes(draft, document.part, body)
    draft.notes.extend(_left_out(document))
    return draft.finish("utf-8")


def _blocks(container: Any) -> Iterator[Any]:
    """Paragraphs and tables in order, also those inside content controls and tracked insertions."""
    for child in container:
        if child.tag in (_PARAGRAPH, _TABLE):
            yield child
        elif isinstance(child.tag, str) and child.tag not in _PASSED_OVER:
            yield from _blocks(child)


def _add_paragraph(draft: Draft, paragraph: Any, levels: dict[str, str]) -> None:
    words, boxes = _words(paragraph)
    level = _level(paragraph, levels)
    if level:
        draft.add(" ".join(words.split("\n")), "heading", level)
    else:
        draft.add(words)
    for box in boxes:
        for element in _blocks(box):
            if element.tag == _TABLE:
                _add_table(draft, element)
            else:
                _add_paragraph(draft, element, levels)


def _words(paragraph: Any) -> tuple[str, list[Any]]:
    """The paragraph's text, and the text boxes anchored in it."""
    parts: list[str] = []
    boxes: list[Any] = []

    def collect(element: Any) -> None:
        for child in element:
            if child.tag == _TEXT:
                parts.append((child.text or "").replace("\n", " "))
            elif child.tag in _SIGNS:
                parts.append(_SIGNS[child.tag])
            elif child.tag == _BOX:
                boxes.append(child)
            elif isinstance(child.tag, str) and child.tag not in _PASSED_OVER:
                collect(child)

    collect(paragraph)
    return "".join(parts), boxes


def paragraphs(container: Any) -> Iterator[str]:
    """The words of each paragraph in `container`, tracked changes accepted; line breaks as line feeds."""
    for element in _blocks(container):
        if element.tag == _PARAGRAPH:
            yield _words(element)[0]


def _add_table(draft: Draft, table: Any) -> None:
    number = 0
    for row in _rows(table):
        if any(row):
            number += 1
            draft.add_row(row, number)


def _rows(table: Any) -> Iterator[list[str]]:
    """The cells of each row as one line each; a cell merged downwards speaks once, in its first row."""
    for row in _children(table, _ROW):
        if row.find(f"{_MAIN}trPr/{_MAIN}del") is None:
            yield [" ".join(_cell_lines(cell)) for cell in _children(row, _CELL)]


def _children(container: Any, tag: str) -> Iterator[Any]:
    for child in container:
        if child.tag == tag:
            yield child
        elif isinstance(child.tag, str) and child.tag not in _PASSED_OVER:
            yield from _children(child, tag)


def _cell_lines(container: Any) -> Iterator[str]:
    for element in _blocks(container):
        if element.tag == _TABLE:
            yield from (" | ".join(row) for row in _rows(element) if any(row))
            continue
        words, boxes = _words(element)
        yield from words.split()
        for box in boxes:
            yield from _cell_lines(box)


def _level(paragraph: Any, levels: dict[str, str]) -> str:
    properties = paragraph.find(_PROPERTIES)
    if properties is None:
        return ""
    outline = properties.find(_MAIN + "outlineLvl")
    if outline is not None:
        return _outline(outline)
    style = properties.find(_MAIN + "pStyle")
    return levels.get(style.get(_VALUE), "") if style is not None else ""


def _outline(element: Any) -> str:
    value = element.get(_VALUE, "")
    return str(int(value) + 1) if value in tuple("012345678") else ""


def _heading_levels(styles: Any) -> dict[str, str]:
    """Heading level by style id, own or inherited; "0" is the document's title."""
    found = {style.get(_MAIN + "styleId"): style for style in styles.iter(_MAIN + "style")}
    return {identifier: level for identifier in found if (level := _style_level(identifier, found))}


def _style_level(identifier: str, styles: dict[str, Any]) -> str:
    for _ in styles:  # as many steps as there are styles: a chain in a circle ends
        style = styles.get(identifier)
        if style is None:
            return ""
        name = style.find(_MAIN + "name")
        words = name.get(_VALUE, "") if name is not None else ""
        heading = _HEADING_NAME.fullmatch(words)
        if heading:
            return heading[1]
        if words.lower() == "title":
            return "0"
        outline = style.find(f"{_PROPERTIES}/{_MAIN}outlineLvl")
        if outline is not None:
            return _outline(outline)
        parent = style.find(_MAIN + "basedOn")
        identifier = parent.get(_VALUE, "") if parent is not None else ""
    return ""


def _add_notes(draft: Draft, part: Any, body: Any) -> None:
    """Append footnotes and endnotes, numbered as the text refers to them."""
    chinese = detect(draft.text()) != "en"
    for kind, zh, en in _NOTE_KINDS:
        texts: dict[str, str] = {}
        for blob in _related(part, f"/{kind}s"):
            for note in _parsed(blob).iter(_MAIN + kind):
                texts[note.get(_MAIN + "id")] = " ".join(_cell_lines(note))
        references = [
            r.get(_MAIN + "id") for r in body.iter(f"{_MAIN}{kind}Reference") if not _within(r, _MAIN + "del")
        ]
        lines = [f"[{n}] {texts[r]}" for n, r in enumerate(references, 1) if texts.get(r)]
        if not lines:
            continue
        draft.add(zh if chinese else en, "heading", "1")
        for line in lines:
            draft.add(line)
        draft.notes.append(f"{en} put after the text: {len(lines)}; their marks are not in the text.")


def _left_out(document: Any) -> Iterator[str]:
    body = document.element.body
    for tag, phrase in _LEFT_OUT.items():
        count = sum(1 for element in body.iter(tag) if not _within(element, _FALLBACK))
        if count:
            yield f"{phrase}: {count}."
    styles = document.styles.element.iter(_MAIN + "style")
    listed = {s.get(_MAIN + "styleId") for s in styles if s.find(f"{_PROPERTIES}/{_MAIN}numPr") is not None}
    used = {element.get(_VALUE) for element in body.iter(_MAIN + "pStyle")}
    if listed & used or next(body.iter(_MAIN + "numPr"), None) is not None:
        yield "Automatic numbers and bullets of lists left out."
    if _has_margins(document.part):
        yield "Page headers and footers left out."


def _has_margins(part: Any) -> bool:
    return any(
        (text.text or "").strip()
        for kind in ("/header", "/footer")
        for blob in _related(part, kind)
        for text in _parsed(blob).iter(_TEXT)
    )


def _related(part: Any, ending: str) -> Iterator[bytes]:
    for relation in part.rels.values():
        if not relation.is_external and relation.reltype.endswith(ending):
            yield relation.target_part.blob


def _parsed(blob: bytes) -> Any:
    from docx.oxml import parse_xml

    return parse_xml(blob)  # python-docx's parser: entities not resolved, no network


def _within(element: Any, tag: str) -> bool:
    return next(element.iterancestors(tag), None) is not None
