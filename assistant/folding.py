"""Text in, its declared fold with a map back to the source's code points out. Pure.

The fold makes equal what differs in typography only: NFKC (with the exceptions below), full and half width, curly and
straight quotation marks, dashes, runs of white space, and white space between Chinese or Japanese characters or between
these and Latin letters or digits, with or without a mark between them. Letter case, traditional and simplified
characters, and invisible characters stay as they are: they are different words or different text. Every folded
character knows the source cluster it came from, so a match is always a slice of the source, never an offset into a
transformed copy.

Words must stand as words: in scripts that put spaces between words, a place begins and ends where a word does, so "art"
is not found in "partner", nor "I can" in "I can't". A Latin word among Chinese characters is a word of its own. Digits
are the exception: "000 users" is found in "12,000 users" (and flagged by `assistant.negating`), for models do cut
numbers, and a flag tells a person more than "not found" does.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice
from typing import Any, Literal

from assistant.model import Span

# Han, kana and bopomofo, half-width kana included. Hangul is left out: Korean puts spaces between its words.
CJK = "⺀-⿟々-〇〡-〩〸-〻㐀-䶿一-鿿\uf900-\ufaffぁ-ゖゝ-ゟァ-ヺー-ヿㄅ-ㄯㆠ-ㆿㇰ-ㇿｦ-ﾟ\U00020000-\U0003ffff"
_CJK = re.compile(f"[{CJK}]")
_UNSPACED = re.compile(f"[{CJK}가-힣ᄀ-ᇿ\u3130-\u318f\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_DASHES = "-‐‑‒–—―−⸺⸻﹘﹣－"
_APOSTROPHES = "'‘’‛ʼ＇"
_QUOTES = {**dict.fromkeys("“”„‟＂", '"'), **dict.fromkeys(_APOSTROPHES + "‚", "'")}
# The full-width full stop is 。 and its half-width counterpart is "."; NFKC knows only the pair 。/｡.
_SAME = {**_QUOTES, **dict.fromkeys(_DASHES, "-"), "。": "."}

_NEGATED = re.compile(rf"[{_APOSTROPHES}]t(?![A-Za-z0-9])", re.IGNORECASE)  # can|'t
_CLITIC = re.compile(r"(?:t|s|re|ve|ll|d|m)(?![A-Za-z0-9])", re.IGNORECASE)  # don'|t, they'|re

# NFKC turns 10² into 102, 3½ into 31⁄2 and ① into 1: another number in the same words. These decompositions are
# therefore never folded. (Any other character that would bring in a digit, ⒈ or ㏠, is refused in `_fold_character`.)
_CHANGES_MEANING = frozenset({"<super>", "<sub>", "<fraction>", "<circle>"})
_REFUSED = frozenset("№")  # its expansion "No" reads as a negator

# Between Latin words or numbers a full-width mark is the half-width mark and a space: 2019，300 is not 2019,300.
_SPACED = {"，": ", ", "；": "; ", "。": ". "}
NEAR = 80.0  # the fuzzy score from which changed words are still the same quote
_LEAST_CJK = 4  # shorter words are found as they are or not at all: one character of three is a third of the quote
_LEAST = 10
_LONGEST = 4_000  # and so are longer ones: nobody repairs a changed quote of pages
_DIRECT = 256  # rapidfuzz's cost grows with more than the square of the words' length; longer ones are probed in pieces
_SHORT = 48  # in longer words what is left out weighs little enough for a fuzzy score
_GAP = 16  # folded characters that may be left out: "do not really "
_TRIES = 16  # places looked at for each way to part the words
_PROBE = 64
_PROBES = 8
_PROBE_NEAR = 65.0  # one piece may hold more than its share of the changes
_REACH = 8  # how many marks to look past for the character that decides about white space; keeps folding linear


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """A text with its fold. `starts[i]:ends[i]` is the source cluster that folded character `i` came from."""

    source: str
    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    inner: frozenset[int]  # source offsets inside a grapheme or a run of dashes: no quote begins or ends there

    def span(self, start: int, end: int) -> Span | None:
        """The source span of `text[start:end]`, or None where an edge falls inside one source character's expansion."""
        starts = self.starts
        if not 0 <= start < end <= len(starts):
            return None
        if start and starts[start] == starts[start - 1]:
            return None
        if end < len(starts) and starts[end] == starts[end - 1]:
            return None
        return Span(starts[start], self.ends[end - 1])

    def reach(self, within: Span | None) -> tuple[int, int]:
        """The range of folded characters that lie wholly inside the source span `within` (None: all)."""
        if within is None:
            return 0, len(self.text)
        return bisect_left(self.starts, within.start), bisect_left(self.ends, within.end + 1)

    def index(self, offset: int) -> int:
        """The first folded character that comes from `offset` or later in the source."""
        return bisect_left(self.starts, offset)

    def whole(self, span: Span) -> bool:
        """Whether neither edge of the source span falls inside a grapheme."""
        return span.start not in self.inner and span.end not in self.inner

    def places(self, words: str, within: Span | None) -> Iterator[Span]:
        """Every source span inside `within` whose fold is `words`, which must be folded already. May overlap."""
        start, end = self.reach(within)
        for place in _occurrences(words, self.text, start, end):
            if span := self.span(place.start, place.end):
                yield span


def fold(text: str) -> Folded:
    """Fold `text`. Linear in its length; keep the result when several quotes are looked up in one document."""
    pieces: list[str] = []
    starts, ends = array("L"), array("L")
    inner: set[int] = set()
    for token in _tokens().finditer(text):
        start, end = token.span()
        kind = token.lastgroup
        if kind == "plain":
            pieces.append(text[start:end])
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
            continue
        piece = _fold_token(kind, text, start, end)
        pieces.append(piece)
        starts.extend([start] * len(piece))
        ends.extend([end] * len(piece))
        if end - start > 1 and kind != "space":
            inner.update(range(start + 1, end))
    return Folded(text, "".join(pieces), starts, ends, frozenset(inner))


def standing(words: str, text: Folded, within: Span | None = None) -> tuple[Span, ...]:
    """Where `words` stand in the source as words, as they are or folded, in order.

    A place that cuts a number ("5 users" of "15 users") counts only where the words stand nowhere whole. Exact places
    do not push folded ones aside: whoever straightened a quotation mark may have copied either.
    """
    start, end = (within.start, within.end) if within else (0, len(text.source))
    exact = _occurrences(words, text.source, start, end)
    places = {(span.start, span.end): span for span in (*exact, *text.places(fold(words).text, within))}
    return _uncut((places[key] for key in sorted(places)), text)


def likely(words: Folded, text: Folded, within: Span | None = None) -> tuple[Span, float] | None:
    """The range of `text.text` most like the words, with its likeness (0 to 100), or None where it falls short of NEAR.

    The band is that of rapidfuzz's `partial_ratio_alignment`, measured on a text of 35 kB: a quote with a fifth of its
    characters edited scored 78 or more, one stitched together from two real halves 80 at most, a salad of the text's
    words 64 at most. Short words that merely leave something out are like it at any score.
    """
    from rapidfuzz import fuzz  # slow to load, and needed only for words that do not stand in the text

    start, end = text.reach(within)
    needle, area = words.text, text.text[start:end]
    if len(needle) > _LONGEST or (_cjk_count(needle) < _LEAST_CJK and len(needle) < _LEAST):
        return None
    if len(needle) >= len(area):
        score = fuzz.ratio(needle, area)
        return (Span(start, end), score) if score >= NEAR else None
    if place := _left_out(needle, area):
        return Span(start + place.start, start + place.end), fuzz.ratio(needle, place.of(area))
    if len(needle) <= _DIRECT:
        found = fuzz.partial_ratio_alignment(needle, area, score_cutoff=NEAR)
        return (Span(start + found.dest_start, start + found.dest_end), found.score) if found else None
    best = Span(start, start)
    likeness = 0.0
    for at in range(0, len(needle) - _PROBE + 1, (len(needle) - _PROBE) // (_PROBES - 1)):
        found = fuzz.partial_ratio_alignment(needle[at : at + _PROBE], area, score_cutoff=_PROBE_NEAR)
        if found is None:
            continue
        first = max(0, found.dest_start - at)
        score = fuzz.ratio(needle, area[first : first + len(needle)])
        if score > likeness:
            best, likeness = Span(start + first, min(end, start + first + len(needle))), score
    return (best, likeness) if likeness >= NEAR else None


def is_cjk(character: str) -> bool:
    """Whether the character belongs to a script that is written without spaces between words (Han, kana, bopomofo)."""
    return _CJK.match(character) is not None


def _left_out(words: str, text: str) -> Span | None:
    """Where short words stand whole but for one gap between them, as "We trust them" does in "We never trust them".

    A fuzzy score misses that: a window as long as the words cannot hold what they leave out. One half of the words
    stands there unbroken, so only its places are looked at.
    """
    if len(words) > _SHORT:
        return None
    half = len(words) // 2
    for at in range(1, len(words)):
        if _is_spaced(words[at - 1]) and _is_spaced(words[at]):
            continue  # inside a word
        before, after = words[:at], words[at:]
        longer = before if at >= half else after
        for place in islice(_occurrences(longer, text, 0, len(text)), _TRIES):
            if at >= half:
                start, end = place.start, text.find(after, place.end + 1, place.end + _GAP + len(after)) + len(after)
            else:
                start, end = text.rfind(before, max(0, place.start - _GAP - at), max(0, place.start - 1)), place.end
            if start >= 0 and end - start > len(words):
                return Span(start, end)
    return None


def _cjk_count(text: str) -> int:
    return sum(1 for _ in _CJK.finditer(text))


def _occurrences(words: str, text: str, start: int, end: int) -> Iterator[Span]:
    """Every place of `words` in `text[start:end]`, overlapping ones too."""
    at = text.find(words, start, end) if words else -1
    while at >= 0:
        yield Span(at, at + len(words))
        at = text.find(words, at + 1, end)


def _uncut(places: Iterable[Span], text: Folded) -> tuple[Span, ...]:
    """The places that cut neither a grapheme nor a word; of those, the ones that cut no number, if there are any."""
    found = [
        (span, cuts)
        for span in places
        if text.whole(span) and "word" not in (cuts := (_cut(text, span.start), _cut(text, span.end)))
    ]
    return tuple(span for span, cuts in found if "number" not in cuts) or tuple(span for span, _ in found)


def _cut(text: Folded, at: int) -> Literal["", "word", "number"]:
    """What an edge at `at` cuts in two: nothing, a word, or a number (between digits, or from its unit)."""
    source = text.source
    if not 0 < at < len(source):
        return ""
    base = at - 1
    while base in text.inner:  # the letter under its combining marks
        base -= 1
    before, after = source[base], source[at]
    if _is_spaced(before) and _is_spaced(after):
        return "number" if before.isdecimal() else "word"
    cuts_contraction = (before.isalpha() and _NEGATED.match(source, at)) or (
        before in _APOSTROPHES and source[at - 2 : at - 1].isalpha() and _CLITIC.match(source, at)
    )
    return "word" if cuts_contraction else ""


def _is_spaced(character: str) -> bool:
    """Whether the character is part of a word in a script that puts spaces between words."""
    return (character.isalpha() or character.isdecimal()) and not _UNSPACED.match(character)


def _fold_token(kind: str | None, text: str, start: int, end: int) -> str:
    if kind == "space":
        return "" if _is_dropped(text, start, end) else " "
    if kind == "dash":
        return "-"
    if kind == "mark" and _is_spacing(text, start, end):
        return _SPACED[text[start]]
    return _fold_cluster(text[start:end])


@lru_cache(maxsize=8192)
def _fold_cluster(cluster: str) -> str:
    """One grapheme's fold. NFD first, so that a compatibility character under an accent is seen as well."""
    decomposed = unicodedata.normalize("NFD", cluster)
    return unicodedata.normalize("NFC", "".join(map(_fold_character, decomposed)))


def _fold_character(character: str) -> str:
    """The character's compatibility decomposition, unless that changes a number or brings in white space."""
    if character in _SAME:
        return _SAME[character]
    tag, *codes = unicodedata.decomposition(character).split() or [""]
    if not tag.startswith("<") or tag in _CHANGES_MEANING or character in _REFUSED:
        return character
    folded = "".join(_fold_character(chr(int(code, 16))) for code in codes)
    brings_digit = not character.isdecimal() and any(c.isdecimal() for c in folded)
    return character if brings_digit or any(c.isspace() for c in folded) else folded


def _is_dropped(text: str, start: int, end: int) -> bool:
    """Whether the white space at `start:end` stands between letters or digits of which one is CJK, marks aside.

    Between two Latin words or numbers it always stays, whatever the marks: "5, 300" is not "5,300".
    """
    before, after = _neighbour(text, start - 1, -1, "MPZC"), _neighbour(text, end, 1, "MPZC")
    return bool(before and after) and (is_cjk(before) or is_cjk(after))


def _is_spacing(text: str, start: int, end: int) -> bool:
    """Whether the full-width mark at `start:end` parts two Latin words or numbers."""
    before, after = _neighbour(text, start - 1, -1, "MP"), _neighbour(text, end, 1, "MP")
    return bool(before and after) and not (is_cjk(before) or is_cjk(after))


def _neighbour(text: str, at: int, step: int, skipped: str) -> str:
    """The nearest letter or digit from `at` on as it folds; "" if anything comes before it but `skipped` categories."""
    for place in range(at, at + _REACH * step, step):
        if not 0 <= place < len(text):
            return ""
        letter, category = _edge(text[place], step)
        if letter or category not in skipped:
            return letter
    return ""


@lru_cache(maxsize=16384)
def _edge(character: str, step: int) -> tuple[str, str]:
    """The letter or digit at the near edge of a character's fold ("" if there is none), and that edge's category."""
    edge = _fold_cluster(character)[-1 if step < 0 else 0]
    return (edge if edge.isalnum() else ""), unicodedata.category(edge)[0]


@cache
def _tokens() -> Any:
    r"""The scanner: white space, a dash, a full-width mark, characters that fold to themselves, or one grapheme (\X).

    A run of dashes is one dash (the Chinese dash is two em dashes, ASCII writes two hyphens), but a hyphen that may
    be a digit's minus sign keeps its own place. `regex` is imported here: it is slow to load, and `re` has no \X.
    """
    import regex  # type: ignore[import-untyped, unused-ignore]

    alone = r"(?![\p{GCB=Extend}\p{GCB=SpacingMark}\p{GCB=ZWJ}])"
    latin = "A-Za-z0-9"
    plain = "!-,./0-~À-ÖØ-öø-ı、「」『』《》ぁ-ゖァ-ヺ一-鿿"
    return regex.compile(
        rf"(?P<space>\s+{alone})"
        rf"|(?P<plain>[{plain}]+(?:(?<=[{latin}][,.;]?) (?=[{latin}])[{plain}]+)*{alone})"
        rf"|(?P<mark>[{''.join(_SPACED)}]{alone})"
        rf"|(?P<dash>[—―⸺⸻]+{alone}|[{regex.escape(_DASHES)}]+{alone}(?!\d))"
        r"|(?P<cluster>\X)"
    )
