"""Bytes of a web page in, its words as content out. Pure.

Decoded here, not by the parser: BeautifulSoup loses GB18030 pages that declare gb2312 without a word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from assistant.errors import ReadingError
from assistant.languages import CJK
from assistant.reading.composing import Content, Draft, canonical
from assistant.reading.decoding import decode

if TYPE_CHECKING:
    from bs4 import Tag
    from bs4.element import PageElement

_LIMIT = 50_000_000  # bytes; the parsed page takes more than a hundred times that in memory
_DECLARED = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)|<\?xml[^>]{0,200}?encoding=["']([\w.:-]+)""", re.I
)
_HEAD = 4096  # bytes in which pages declare their encoding (the standard says 1024, old Chinese pages need more)
_WITHOUT_WORDS = "head script style nav template noscript iframe object svg canvas audio video select button datalist"
_OWN_LINES = (
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure"
    " footer form h1 h2 h3 h4 h5 h6 header hr html legend li main ol p pre section summary table tbody td tfoot th"
    " thead tr ul"
)
_DROPPED = frozenset(_WITHOUT_WORDS.split())
_BLOCKS = frozenset(_OWN_LINES.split())
_NOT_IN_DATA = "table ul ol h1 h2 h3 h4 h5 h6 blockquote pre article section"
_ROLES = {  # what an element inside a table row says about it
    **dict.fromkeys(_NOT_IN_DATA.split(), "layout"),
    **dict.fromkeys(("p", "div", "br"), "line"),
    **dict.fromkeys(("td", "th"), "cell"),
}
_CJK_BREAK = re.compile(rf"(?<=[{CJK}])[ \t]*\n\s*(?=[{CJK}])")
_BLANKS = re.compile(r"[ \t\n\r\f\u00a0]+")

Event = tuple[str, "Tag | str"]


def compose(data: bytes, extension: str) -> Content:
    """The page's headings, paragraphs, list items and table rows; scripts, styles and navigation left out."""
    from bs4 import BeautifulSoup

    if len(data) > _LIMIT:
        raise ReadingError(f"it is over {_LIMIT // 1_000_000} MB, too large for a web page", "Save it as plain text.")
    found = _DECLARED.search(data[:_HEAD])
    declared = (found[1] or found[2]).decode("ascii", "replace") if found else ""
    decoded = decode(data, declared)
    cleaned = canonical(decoded.text)
    soup = BeautifulSoup(cleaned.text, "lxml")
    page = _Page()
    page.draft.notes.extend((*decoded.notes, *cleaned.notes()))
    page.walk(soup)
    title = _squeeze(soup.title.get_text()) if soup.title else ""
    if title:
        page.draft.notes.append(f"Page title: {title}.")
    images = len(soup.find_all("img"))
    if images:
        page.draft.notes.append(f"Images left out: {images}.")
    return page.draft.finish(decoded.encoding)


class _Page:
    """The walk through one page: text waits in lines until the block it stands in ends."""

    def __init__(self) -> None:
        self.draft = Draft()
        self._lines: list[list[str]] = [[]]
        self._heading = ""
        self._preformatted = 0
        self._row = 0

    def walk(self, root: Tag) -> None:
        layout = _layout_rows(root)
        walker = _Walker(root)
        for event, node in walker:
            if isinstance(node, str):
                self._text(node)
            elif node.name == "br":
                if event == "open":
                    self._lines.append([])
            elif node.name == "tr" and event == "open" and id(node) not in layout:
                self._flush()
                self._table_row(node)
                walker.skip()
            elif node.name in _BLOCKS:
                self._flush()
                self._enter(event, node.name)
        self._flush()

    def _enter(self, event: str, name: str) -> None:
        opening = event == "open"
        if name == "table":
            self._row = 0
        elif name == "pre":
            self._preformatted += 1 if opening else -1
        elif len(name) == 2 and name[0] == "h" and name[1].isdigit():
            self._heading = name[1] if opening else ""

    def _text(self, words: str) -> None:
        if not self._preformatted:
            self._lines[-1].append(words)
            return
        first, *others = words.split("\n")
        self._lines[-1].append(first)
        self._lines.extend([line] for line in others)

    def _flush(self) -> None:
        lines = ["".join(line) for line in self._lines]
        self._lines = [[]]
        lines = [line.rstrip() for line in lines] if self._preformatted else [_squeeze(line) for line in lines]
        if self._heading:
            self.draft.add(" ".join(filter(None, lines)), "heading", self._heading)
            return
        for paragraph in re.split(r"\n{2,}", "\n".join(lines)):
            self.draft.add(paragraph)

    def _table_row(self, row: Tag) -> None:
        cells = [_squeeze(_plain(cell)) for cell in row.find_all(["td", "th"])]
        if not any(cells):
            return
        self._row += 1
        self.draft.add_row(cells, self._row)


class _Walker:
    """Opening tags, texts and closing tags in document order, without recursion: pages may nest without end."""

    def __init__(self, root: Tag) -> None:
        self._waiting: list[tuple[str, PageElement]] = [("open", root)]
        self._skipping = False

    def __iter__(self) -> Iterator[Event]:
        from bs4 import Tag
        from bs4.element import CData, NavigableString

        while self._waiting:
            event, node = self._waiting.pop()
            if not isinstance(node, Tag):
                # exact types: comments, declarations and ruby readings are subclasses
                if type(node) in (NavigableString, CData):
                    yield event, str(node)
                continue
            if event == "open" and node.name in _DROPPED:
                continue
            self._skipping = False
            yield event, node
            if event == "open" and not self._skipping:
                self._waiting.append(("close", node))
                self._waiting.extend(("open", child) for child in reversed(node.contents))

    def skip(self) -> None:
        """Leave out what is inside the element just opened."""
        self._skipping = True


def _layout_rows(root: Tag) -> frozenset[int]:
    """The ids of table rows that only place parts of the page side by side, as old pages and forums do.

    One pass over the page: asking each row for its descendants takes time quadratic in the depth of nested tables.
    """
    found: set[int] = set()
    open_rows: list[Counter[str]] = []
    for event, node in _Walker(root):
        if isinstance(node, str):
            continue
        if node.name == "tr" and event == "open":
            open_rows.append(Counter())
        elif node.name == "tr":
            row = open_rows.pop()
            if row["layout"] or row["line"] > 2 * max(1, row["cell"]):
                found.add(id(node))
        elif event == "open" and open_rows:
            open_rows[-1][_ROLES.get(node.name, "")] += 1
    return frozenset(found)


def _plain(cell: Tag) -> str:
    parts = []
    for _, node in _Walker(cell):
        if isinstance(node, str):
            parts.append(node)
        elif node.name in _BLOCKS or node.name == "br":
            parts.append(" ")
    return "".join(parts)


def _squeeze(words: str) -> str:
    """White space as a browser shows it, except that a source line break between Chinese characters is none."""
    return _BLANKS.sub(" ", _CJK_BREAK.sub("", words)).strip()
