"""Bytes of a Word document with comments in, `Foreign` out. Pure. A comment's range is the quote, its text the codes.

Positions are those of `Document.text`: the document goes through the walk of `assistant.reading.word` once as it is
and once with a sign of its own at both ends of every commented run, so that each sign tells where its run came out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from assistant.errors import ReadingError
from assistant.importing.foreign import Foreign, Marked, Source, counted, prose, tidy
from assistant.importing.offsets import move
from assistant.reading import word

_MAIN = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_2010 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_2012 = "{http://schemas.microsoft.com/office/word/2012/wordml}"
_START, _END, _REFERENCE = (_MAIN + tag for tag in ("commentRangeStart", "commentRangeEnd", "commentReference"))
_TEXT, _ID = _MAIN + "t", _MAIN + "id"
_SIGNS = (0xF0000, 0x10FFFE)  # the private planes 15 and 16
_SEPARATORS = re.compile(r"[;；\n]")
_MEMO = re.compile(r"([^:：]+)(?::\s+|：\s*)(.*)")
_HASHES = "#＃"


@dataclass(frozen=True, slots=True)
class _Comment:
    """One comment: who, when and what, and whether it answers another."""

    coder: str
    created: str
    codes: tuple[tuple[str, str], ...]  # code and memo
    reply: bool


def read(path: Path, data: bytes) -> Foreign:
    """The comments of a Word document as codings. Raises ReadingError for a document that has none."""
    document = word.load(data)
    comments = _comments(document.part)
    if not comments:
        raise ReadingError("it is a Word document without comments", "Mark words in Word and comment with their codes.")
    text = word.walk(document).text
    places = _places(document, text)
    name = tidy(path.name)
    marks: list[Marked] = []
    left: Counter[tuple[str, str]] = Counter()
    for key, comment in comments.items():
        if comment.reply:
            left["reply to a comment", "replies to comments"] += 1
        elif key not in places:
            left["comment on no words", "comments on no words"] += 1
        elif not comment.codes:
            left["empty comment", ""] += 1
        else:
            start, end = places[key]
            quote = text[start:end]
            marks += [
                Marked(name, start, end, quote, code, comment.coder, memo, created=comment.created)
                for code, memo in comment.codes
            ]
    marks.sort(key=lambda mark: (mark.start or 0, mark.end or 0))
    notes = [counted(number, one, many) for (one, many), number in left.items()]
    return Foreign.of(path, data, "docx", sources=[Source(name, text)], marks=marks, notes=notes)


def codes_of(words: str) -> tuple[tuple[str, str], ...]:
    """The codes in a comment, each with its memo.

    Separated by ; ； or line ends; "code: memo" gives a memo. Where any begins with #, the others are memos of the code
    before them.
    """
    parts = [part for part in map(tidy, _SEPARATORS.split(words)) if part]
    hashed = any(part[0] in _HASHES for part in parts)
    found: list[tuple[str, str]] = []
    before: list[str] = []
    for part in parts:
        if not hashed or part[0] in _HASHES:
            code, memo = _code_and_memo(part.lstrip(_HASHES).strip())
            if code:
                found.append((code, memo))
        elif found:
            found[-1] = (found[-1][0], "; ".join(filter(None, (found[-1][1], part))))
        else:
            before.append(part)
    if found and before:
        found[0] = (found[0][0], "; ".join(filter(None, (*before, found[0][1]))))
    return tuple(found)


def _code_and_memo(part: str) -> tuple[str, str]:
    match = _MEMO.fullmatch(part)
    return (match[1].strip(), match[2].strip()) if match else (part, "")


def _comments(part: Any) -> dict[str, _Comment]:
    """Every comment by its id."""
    replies = _replies(part)
    found: dict[str, _Comment] = {}
    for root in _related(part, "/comments"):
        for element in root.iter(_MAIN + "comment"):
            paragraphs = {paragraph.get(_2010 + "paraId") for paragraph in element.iter(_MAIN + "p")}
            words = prose("\n".join(word.paragraphs(element)))
            found[element.get(_ID)] = _Comment(
                tidy(element.get(_MAIN + "author") or ""),
                tidy(element.get(_MAIN + "date") or ""),
                codes_of(words),
                bool(paragraphs & replies),
            )
    return found


def _replies(part: Any) -> set[str]:
    """The ids of the paragraphs that end comments which answer others."""
    return {
        element.get(_2012 + "paraId")
        for root in _related(part, "/commentsExtended")
        for element in root.iter(_2012 + "commentEx")
        if element.get(_2012 + "paraIdParent")
    }


def _related(part: Any, ending: str) -> Iterator[Any]:
    from docx.oxml import parse_xml

    for relation in part.rels.values():
        if not relation.is_external and relation.reltype.endswith(ending):
            yield parse_xml(relation.target_part.blob)  # python-docx's parser: entities not resolved, no network


def _places(document: Any, text: str) -> dict[str, tuple[int, int]]:
    """Where the words of each comment stand in `text`; none for a comment on no words that are read."""
    runs = _runs(document.element.body)
    elements = list(dict.fromkeys(element for run in runs.values() for element in run))
    signs = _signs(text, len(elements))
    for element, sign in zip(elements, signs, strict=True):
        words = element.text
        core = words.strip()
        begin = words.index(core)
        element.text = f"{words[:begin]}{sign}{core}{sign}{words[begin + len(core) :]}"
    spans = _between(word.walk(document).text, dict(zip(signs, elements, strict=True)), text)
    places = {}
    for key, run in runs.items():
        found = [spans[element] for element in run if element in spans]
        if found:
            places[key] = min(start for start, _ in found), max(end for _, end in found)
    return places


def _runs(body: Any) -> dict[str, list[Any]]:
    """The text elements with words in the range of each comment, in document order."""
    found: dict[str, list[Any]] = {}
    opened: dict[str, None] = {}
    for element in body.iter(_START, _END, _REFERENCE, _TEXT):
        if element.tag == _START:
            opened[element.get(_ID)] = None
        elif element.tag == _TEXT:
            if (element.text or "").strip():
                for key in opened:
                    found.setdefault(key, []).append(element)
        else:
            opened.pop(element.get(_ID), None)
    for key in opened:  # a range that never ends would take the rest of the document
        found.pop(key, None)
    return found


def _signs(text: str, number: int) -> list[str]:
    """As many characters that the text does not hold."""
    held = set(text)
    private = (chr(code) for code in range(*_SIGNS) if code & 0xFFFF < 0xFFFE)  # the rest are no characters
    free = list(islice((sign for sign in private if sign not in held), number))
    if len(free) < number:
        raise ReadingError(f"it has {number:,} commented runs, too many", "Split the document.")
    return free


def _between(signed: str, elements: dict[str, Any], text: str) -> dict[Any, tuple[int, int]]:
    """Where in `text` each element's words stand, from the text with the signs in it."""
    places: dict[str, list[int]] = {}
    plain: list[str] = []
    for character in signed:
        if character in elements:
            places.setdefault(character, []).append(len(plain))
        else:
            plain.append(character)
    moved = move("".join(plain))  # a sign keeps a letter from its accent in the next run
    if moved.text != text:
        raise ReadingError("its comments cannot be placed on its text", "Accept all changes in Word and save it again.")
    return {elements[sign]: moved.span(two[0], two[-1]) for sign, two in places.items()}
