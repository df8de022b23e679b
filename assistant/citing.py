"""A model's answer in as it streams, its words and its proven or failed citations out. Pure.

The model writes ⟦7: words copied from source 7⟧ behind a claim and ⟦?⟧ behind what no source supports. Words are passed
on as soon as they can be no part of a mark; a finished mark is looked up in that source's text. A bare [7] is taken for
a mark without words: left as text, it would look like the marker of a proven quote.

Why a citation is not believed (`Citation.why`): "edited", "ambiguous" or "not_found" as in `assistant.verifying`;
"other_source 5": not there, but it stands in source 5; "no_source": no source has that number; "no_words": nothing is
quoted; "unclosed": the mark never ended; "overlong": it holds more than `LONGEST` code points.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

from assistant import verifying
from assistant.folding import Folded, fold
from assistant.model import Quote, Span
from assistant.speech import Citation, Source, Words

LONGEST = 4_000  # code points of a quote; in a mark that runs on, what comes after them is text again
_OPENERS = re.compile(r"[⟦\[［【]")
_BRACKETS = re.compile(r"[⟦⟧]")
_NUMBER = re.compile(r"\d+")
_BLANK_BEFORE_MARK = re.compile(r"[ \t]+(?=\x00)")


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The model says that no source supports what stands before this."""


Piece = Words | Citation | Unsupported
"""What an answer is made of, in its order."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer without its rendering: paragraphs of pieces, and each citation once, by its marker's number."""

    paragraphs: tuple[tuple[Piece, ...], ...]
    citations: tuple[Citation, ...]

    @property
    def text(self) -> str:
        """The answer's words alone, paragraphs parted by a blank line."""
        return "\n\n".join(_tidy("".join(map(_as_text, pieces))) for pieces in self.paragraphs)

    def as_dict(self) -> dict[str, Any]:
        """The answer as JSON values: pieces are {"text"}, {"citation": number} or {"unsupported": true}."""
        return {
            "paragraphs": [[_as_value(piece) for piece in pieces] for pieces in self.paragraphs],
            "citations": [_as_record(citation) for citation in self.citations],
        }


@dataclass(frozen=True, slots=True)
class _Mark:
    """A mark as the model wrote it. `number` is None where none can be read."""

    number: int | None
    words: str = ""
    flaw: str = ""


_Token = Words | Unsupported | _Mark


class Citing:
    """Reads one answer as it comes. `sources` is looked at when a mark ends, so it may grow meanwhile.

    `begins` says where in its document a source's text begins: quotes have their spans in documents.
    """

    def __init__(self, sources: Mapping[int, Source], begins: Callable[[Source], int]) -> None:
        self._sources = sources
        self._begins = begins
        self._scanner = _Scanner()
        self._folded: dict[int, Folded] = {}
        self._numbers: dict[tuple[object, ...], int] = {}

    def feed(self, text: str) -> list[Piece]:
        """Some more of the answer; what is settled by it."""
        return [piece for token in self._scanner.feed(text) for piece in self._settle(token)]

    def finish(self) -> list[Piece]:
        """The answer, or this turn of it, is over: what was still held back. More may be fed after it."""
        return [piece for token in self._scanner.finish() for piece in self._settle(token)]

    def _settle(self, token: _Token) -> list[Piece]:
        return list(self._verified(token)) if isinstance(token, _Mark) else [token]

    def _verified(self, mark: _Mark) -> tuple[Citation, ...]:
        source = self._sources.get(mark.number) if mark.number is not None else None
        words = mark.words.strip()
        if mark.flaw or source is None or not words:
            why = mark.flaw or ("no_source" if source is None else "no_words")
            return (self._failed(mark, source, words, why),)
        text = self._fold(source)
        found = verifying.find(words, text)
        if not found.proven:
            other = None if found.status == "ambiguous" else self._elsewhere(words, source.number)
            if other is not None:  # shown with the place where the words do stand
                return (self._failed(mark, other, words, f"other_source {other.number}"),)
            return (self._failed(mark, source, words, found.status),)
        quotes = (verifying.stored(s, s.of(source.text), found.status, found.flags) for s in found.spans)
        placed = (moved(quote, self._begins(source)) for quote in quotes)
        return tuple(Citation(self._marker(source.number, quote.span), source, words, quote) for quote in placed)

    def _failed(self, mark: _Mark, source: Source | None, words: str, why: str) -> Citation:
        return Citation(self._marker(mark.number, words, why), source, words, None, why)

    def _elsewhere(self, words: str, but: int) -> Source | None:
        for number, source in self._sources.items():
            if number != but and verifying.find(words, self._fold(source)).proven:
                return source
        return None

    def _fold(self, source: Source) -> Folded:
        if source.number not in self._folded:
            self._folded[source.number] = fold(source.text)
        return self._folded[source.number]

    def _marker(self, *key: object) -> int:
        return self._numbers.setdefault(key, len(self._numbers) + 1)


class _Scanner:
    """Cuts a stream into words and marks, in the same way however it is chopped."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> list[_Token]:
        self._held += text
        return self._take(final=False)

    def finish(self) -> list[_Token]:
        return self._take(final=True)

    def _take(self, *, final: bool) -> list[_Token]:
        tokens: list[_Token] = []
        while self._held:
            found, used = _next(self._held, final)
            if not used:
                break
            tokens += found
            self._held = self._held[used:]
        return tokens


def _next(held: str, final: bool) -> tuple[list[_Token], int]:
    """What the text begins with, and how much of it that is; nothing while that depends on what comes next."""
    opener = _OPENERS.search(held)
    if opener is None or opener.start():
        end = opener.start() if opener else len(held)
        return [Words(held[:end])], end
    pattern = _head() if held[0] == "⟦" else _bare()
    match = pattern.match(held, partial=True)
    if match is None:
        return [Words(held[0])], 1
    if match.partial:
        if not final:
            return [], 0
        # What may have become a mark is dropped with its reason; a bracket that may have become a number is text.
        return [_Mark(_number(held), flaw="unclosed") if held[0] == "⟦" else Words(held)], len(held)
    if held[0] != "⟦":
        return [_Mark(int(number)) for number in _NUMBER.findall(match.group())], match.end()
    if match.group("unsupported"):
        return [Unsupported()], match.end()
    number = _number(match.group("number"))
    return ([_Mark(number)], match.end()) if match.group("empty") else _body(held, match.end(), number, final)


def _body(held: str, start: int, number: int | None, final: bool) -> tuple[list[_Token], int]:
    """The mark whose words begin at `start`. Brackets within them come in pairs; if not, the first closes it.

    A mark that begins inside another shows that the outer one was never closed.
    """
    depth, first, limit = 0, -1, start + LONGEST
    cut, flaw = (len(held), "unclosed") if len(held) <= limit else (limit, "overlong")
    for bracket in _BRACKETS.finditer(held, start, min(len(held), limit + 1)):
        at = bracket.start()
        if bracket.group() == "⟧":
            if not depth:
                return [_Mark(number, held[start:at])], at + 1
            depth, first = depth - 1, at if first < 0 else first
            continue
        inner = _head().match(held, at, partial=True)
        if inner is not None and inner.partial and not final:
            return [], 0
        if inner is not None:
            cut, flaw = at, "unclosed"
            break
        depth += 1
    if cut == len(held) and not final:
        return [], 0
    if first >= 0:
        return [_Mark(number, held[start:first])], first + 1
    return [_Mark(number, held[start:cut], flaw)], cut


def _number(text: str) -> int | None:
    found = _NUMBER.search(text)
    return int(found.group()) if found else None


@cache
def _head() -> Any:
    """How a mark begins. `regex` knows what may still become one; it is imported here because it is slow to load."""
    import regex  # type: ignore[import-untyped, unused-ignore]

    blank = r"[ \t\u3000]{0,3}"
    return regex.compile(
        rf"⟦{blank}(?:(?P<unsupported>[?？]{blank}⟧)"
        rf"|(?:(?i:sources?)|来源|资料|出处)?{blank}\#?(?P<number>[0-9]{{1,6}}){blank}(?:(?P<empty>⟧)|[:：]))"
    )


@cache
def _bare() -> Any:
    import regex

    numbers = r"[0-9]{1,3}(?:[ ,，、]{1,2}[0-9]{1,3}){0,7}"
    return regex.compile(rf"\[{numbers}\]|［{numbers}］|【{numbers}】")


def moved(quote: Quote, by: int) -> Quote:
    """A quote proven in a passage, as a quote of the document in which the passage begins at code point `by`."""
    return replace(quote, span=Span(quote.span.start + by, quote.span.end + by))


def plain(text: str) -> str:
    """A whole answer without its marks, as it is remembered."""
    scanner = _Scanner()
    tokens = [*scanner.feed(text), *scanner.finish()]
    return _tidy("".join(token.text if isinstance(token, Words) else "\x00" for token in tokens)).strip()


def gather(pieces: Iterable[Piece]) -> Answer:
    """The whole answer that pieces make, cut into paragraphs at blank lines."""
    paragraphs: list[list[Piece]] = [[]]
    citations: dict[int, Citation] = {}
    for piece in _joined(pieces):
        if isinstance(piece, Words):
            first, *rest = re.split(r"\n[ \t]*\n\s*", piece.text)
            paragraphs[-1] += [Words(first)] if first else []
            paragraphs += [[Words(text)] if text else [] for text in rest]
            continue
        if isinstance(piece, Citation):
            citations.setdefault(piece.number, piece)
        paragraphs[-1].append(piece)
    kept = (tuple(pieces) for pieces in paragraphs if _says_something(pieces))
    return Answer(tuple(kept), tuple(citations[number] for number in sorted(citations)))


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces with neighbouring words made one: how the stream was chopped says nothing."""
    joined: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Words) and joined and isinstance(joined[-1], Words):
            joined[-1] = Words(joined[-1].text + piece.text)
        else:
            joined.append(piece)
    return joined


def _says_something(pieces: Iterable[Piece]) -> bool:
    return any(not isinstance(piece, Words) or piece.text.strip() for piece in pieces)


def _tidy(text: str) -> str:
    """Text in which NUL stands for a mark, without the marks and the blanks before them."""
    return _BLANK_BEFORE_MARK.sub("", text).replace("\x00", "")


def _as_text(piece: Piece) -> str:
    return piece.text if isinstance(piece, Words) else "\x00"


def _as_value(piece: Piece) -> dict[str, Any]:
    if isinstance(piece, Words):
        return {"text": piece.text}
    return {"citation": piece.number} if isinstance(piece, Citation) else {"unsupported": True}


def _as_record(citation: Citation) -> dict[str, Any]:
    source, quote = citation.source, citation.quote
    return {
        "number": citation.number,
        "words": citation.words,
        "proven": quote is not None,
        "why": citation.why,
        "quote": asdict(quote) if quote else None,
        "source": {name: value for name, value in asdict(source).items() if name != "text"} if source else None,
    }
