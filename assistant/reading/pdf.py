"""Bytes of a PDF in, its text with one block per page out. Pure."""

from __future__ import annotations

import io
import logging
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.errors import ReadingError
from assistant.model import Block, Span
from assistant.reading.composing import Content, Draft, listed
from assistant.reading.joining import join, vocabulary

if TYPE_CHECKING:
    from pypdf import PdfReader

_OCR = "Is it scanned? Run OCR first (for example: ocrmypdf -l chi_sim+eng in.pdf out.pdf) and add the result."
_PAGE_NUMBER = re.compile(
    r"[-–—·\s]*(?:第\s*)?\d{1,4}(?:\s*页)?(?:\s*/\s*(?:共\s*)?\d{1,4}(?:\s*页)?)?[-–—·\s]*|(?i:page) \d+(?: of \d+)?"
)
# Fonts without a proper character map hand out Kangxi radicals and ligatures for everyday characters.
_LOOKALIKES = re.compile("[\u2f00-\u2fd5\ufb00-\ufb06]")
_UNMAPPED = re.compile("[\ufffd\ue000-\uf8ff]")
_UNMAPPED_SHARE = 0.05
_DIGITS = re.compile(r"\d+")


def compose(data: bytes, extension: str) -> Content:
    """The text of every page, wrapped lines joined. Raises ReadingError for encrypted and scanned files."""
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its warnings would go to the user's terminal
    reader = PdfReader(io.BytesIO(data), strict=False)
    draft = Draft()
    if reader.is_encrypted:
        _unlock(reader)
        draft.notes.append("The PDF restricts copying but opens without a password.")
    texts = _extract(reader)
    pages, numbers = _without_page_numbers([_lines(text) for text in texts])
    if not any(line.strip() for page in pages for line in page):
        raise ReadingError(f"there is no text on any of its pages ({len(pages)})", _OCR)
    lookalikes = sum(len(_LOOKALIKES.findall(text)) for text in texts)
    if lookalikes:
        draft.notes.append(f"Radicals and ligatures replaced by the characters they stand for: {lookalikes}.")
    if numbers:
        draft.notes.append(f"Bare page numbers left out: {numbers}.")
    _add_pages(draft, pages)
    draft.notes.extend(_warnings(pages, draft.text()))
    return draft.finish()


def _unlock(reader: PdfReader) -> None:
    from pypdf.errors import DependencyError

    try:
        opened = bool(reader.decrypt(""))
    except DependencyError:
        opened = False
    if not opened:
        raise ReadingError("it is encrypted", "Open it with its password, print it to a new PDF and add that.")


def _extract(reader: PdfReader) -> list[str]:
    """The text of every page as the PDF holds it."""
    pages = []
    for number, page in enumerate(reader.pages, 1):
        try:
            pages.append(page.extract_text())
        except Exception as error:
            reason = f"its page {number} is damaged ({type(error).__name__})"
            raise ReadingError(reason, "Print it to a new PDF and add that.") from error
    return pages


def _lines(text: str) -> list[str]:
    text = _LOOKALIKES.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)
    return re.split(r"\r\n?|\n", text)


def _without_page_numbers(pages: Sequence[list[str]]) -> tuple[list[list[str]], int]:
    """Pages without a first or last line that is only a page number, and how many of those there were."""
    kept, removed = [], 0
    for page in pages:
        filled = [place for place, line in enumerate(page) if line.strip()]
        bare = {p for p in (*filled[:1], *filled[-1:]) if _PAGE_NUMBER.fullmatch(page[p].strip())}
        removed += len(bare)
        kept.append([line for place, line in enumerate(page) if place not in bare])
    return kept, removed


def _add_pages(draft: Draft, pages: Sequence[list[str]]) -> None:
    words = vocabulary([line for page in pages for line in page])
    breaks = hyphens = 0
    for number, page in enumerate(pages, 1):
        joined = join(page, words)
        breaks += joined.breaks
        hyphens += joined.hyphens
        spans = [span for paragraph in joined.paragraphs if (span := draft.add(paragraph))]
        if spans:
            draft.blocks.append(Block(Span(spans[0].start, spans[-1].end), "page", str(number)))
    if breaks:
        draft.notes.append(f"Wrapped lines joined: {breaks}; line-end hyphens taken out: {hyphens}.")


def _warnings(pages: Sequence[list[str]], text: str) -> list[str]:
    notes = []
    empty = [str(n) for n, page in enumerate(pages, 1) if not any(line.strip() for line in page)]
    if empty:
        notes.append(f"Pages without text (images?): {listed(empty)}.")
    edges = Counter(_DIGITS.sub("", edge) for page in pages for edge in {line.strip() for line in _edges(page)})
    if any(count >= 3 and 2 * count >= len(pages) for count in edges.values()):
        notes.append("A line repeated at the edge of the pages (running header or footer) is left in the text.")
    if len(_UNMAPPED.findall(text)) > _UNMAPPED_SHARE * len(text):
        notes.append("Many characters have no meaning in the PDF's fonts; check the text, or run OCR.")
    return notes


def _edges(page: Sequence[str]) -> list[str]:
    filled = [line for line in page if line.strip()]
    return filled[:1] + filled[-1:]
