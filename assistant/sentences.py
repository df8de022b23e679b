"""The text of a paragraph in, the spans of its sentences out: Chinese, English and mixed. Pure.

Spans tile the text: white space after a sentence belongs to it. A sentence ends at 。！？ ! ? or at a full stop that is
not part of an abbreviation, an initial, a number, an enumeration or a name with a dot. Closing quotes and brackets,
footnote marks, emoji and a short remark in brackets stay with the sentence they follow. Nothing ends inside brackets or
a URL, and words that only attribute a quotation stay with it (“真的吗？”他问。). A semicolon never ends a sentence, nor
does an ellipsis in the middle of a thought. A sentence too long to be coded is cut at its clauses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from assistant.languages import HAN
from assistant.model import Span

LIMIT = 1200  # about 1,200 Chinese characters or 400 English words: the most that one unit of coding should hold

BLANK = r"\s\x00-\x08\x0e-\x1b\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
CJK = HAN + r"\u3005-\u3007\u3040-\u30ff"  # ideographs with their iteration marks, and kana
_EMOJI = r"\u2600-\u27bf\u2b00-\u2bff\u200d\ufe0f\u20e3\U0001f000-\U0001faff\U000e0020-\U000e007f"
_FULL = "。！？｡‼⁇⁈⁉"
_QUOTES = dict(zip("”’」』＂", "“‘「『＂", strict=True))
_BRACKETS = dict(zip("）)】》〕〉]", "（(【《〔〈[", strict=True))
_LONGEST_BRACKET = 300  # code points; a bracket that stays open for longer is taken for a slip

_END = re.compile(
    rf"[{_FULL}!?…⋯.．][{_FULL}!?…⋯.．”’」』＂）)】》〕〉\]\"'*~～]*|(?<![{_EMOJI}])[{_EMOJI}]++(?=[ \t\n]+[{CJK}])"
)
_TAIL = re.compile(
    rf"(?:\[\d{{1,3}}(?:[-–,，]\d{{1,3}})*\]|[¹²³⁰-⁹]+|[ \t]*[{_EMOJI}]+"
    r"|[ \t]?(?![（(\[]\s?(?:\d{1,2}|[一二三四五六七八九十]{1,3}|[a-zA-Z]|[ivx]{1,4})\s?[)）\]])"
    r"(?:（[^（）。！？\n]{1,20}）|\([^().!?\n]{1,20}\)|\[[^\[\].!?\n]{1,20}\]))*"
)
_GAP = re.compile(rf"[{BLANK}]*")
_MARK = re.compile(r"\*\*|[\"“‘「『”’」』＂（(【《〔〈\[）)】》〕〉\]]")
_URL = re.compile(rf"(?:https?://|www\.)[^{BLANK}{CJK}\u3000-\u303f\uff00-\uffef“”‘’\"<>]+")
_IS_CJK = re.compile(rf"[{CJK}]")
_IS_EMOJI = re.compile(rf"[{_EMOJI}]")
_COMBINING = re.compile(r"[\u0300-\u036f\u200d\u20d0-\u20ff\u3099\u309a\ufe00-\ufe0f]")
_TOKEN = re.compile(r"[^\W_](?:[^\W_]|[.&])*")  # read backwards from a full stop
_GLUED = re.compile(r"(?:[A-Z][a-z]+|[AI](?=\s)|[A-Z]{2,6}(?=\s))(?![\w./])")
_ENUMERATION = re.compile(r"\d{1,3}(?:\.\d{1,2})*|[A-Za-z]|[ivxIVX]{1,4}|[一二三四五六七八九十]{1,3}")
_DOTTED = re.compile(r"(?:[A-Za-z]{1,2}\.)+[A-Za-z]{1,2}")
_SAYS = re.compile(r"[A-Z][\w’'-]*(?: [A-Z][\w’'-]*)? (?:said|says|asked|replied|added|answered|wrote|told|recalled)\b")
_CLAUSE = re.compile(
    rf"(?s:.{{1,400}}?(?:[；;，、]|,(?!\d))[”’」』）)\"]{{0,3}}[{BLANK}]*|.{{1,400}}\s+"
    r"|.{1,200}(?:\u200d.|[\u0300-\u036f\ufe0f\U0001f3fb-\U0001f3ff]){0,50})"
)
_WORD = re.compile(rf"[^\W{CJK}]{{1,20}}")
_SIGN = re.compile(rf"[{CJK}]|[^\w{BLANK}]")


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_NEVER_LAST = _words(
    "e.g eg i.e ie dr mr mrs ms mx prof rev hon gen col capt lt sgt sen rep gov pres messrs mme mlle vs v cf viz approx"
    " ca resp incl excl est dept govt univ assn bros ed eds trans repr p pp para"
)
_BEFORE_NUMBER = _words(
    "no nos nr fig figs eq eqs sec sect ch chap vol art tab app ex pt par p pp line jan feb mar apr jun jul aug sep"
    " sept oct nov dec rev ver"
)
_MAY_BE_LAST = _words("inc ltd co corp plc llc jr sr st ave rd blvd mt ft al max min avg temp ph.d")
_STARTERS = _words(
    "the this that these those it its we he she they you i a an in on at for when while if as but and so however there"
    " then our my his her their what why how who where after before since although because by with to from no yes not"
    " one some many most all both each another here now first second third finally moreover furthermore therefore"
    " thus"
)
_INFORMAL_STARTERS = _words("i i'm it it's we he she they you this that there but so then the my")
_NAME_ENDINGS = _words("net com org cn io js py pdf html htm doc docx txt csv xls xlsx xml json png jpg zip exe")


@dataclass(frozen=True, slots=True)
class _Marks:
    """What encloses what in a text: found once, in one pass."""

    opener: dict[int, int]  # place of a closing quote or bracket → place of what it closes
    opening: frozenset[int]  # places of signs that look the same on both sides (" and **) and open here
    inside: bytearray  # 1 where no sentence may begin: within brackets and URLs


def sentences(text: str) -> tuple[Span, ...]:
    """The sentences of one paragraph, in order and without gap; blank text gives none.

    Linear in the text's length. No sentence weighs more than `LIMIT` (see `weight`): longer ones are cut at clauses.
    """
    if not visible(text):
        return ()
    starts = [0, *_boundaries(text), len(text)]
    found: list[Span] = []
    for start, end in pairwise(starts):
        found += _cut(text, Span(start, end))
    return tuple(found)


def pack(text: str, spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Adjoining spans joined into as few stretches of about equal weight as `LIMIT` allows."""
    weights = [weight(span.of(text)) for span in spans]
    total = sum(weights)
    if total <= LIMIT:
        return (Span(spans[0].start, spans[-1].end),)
    target = total / ceil(total / LIMIT)
    starts: list[int] = [spans[0].start]
    before = held = 0  # weight before this span: in all, and in the stretch it would join
    for span, heavy in zip(spans, weights, strict=True):
        if held and heavy and (held + heavy > LIMIT or before + heavy / 2 > target * len(starts)):
            starts.append(span.start)
            held = 0
        before += heavy
        held += heavy
    return tuple(Span(a, b) for a, b in pairwise([*starts, spans[-1].end]))


def weight(text: str) -> int:
    """How much there is to read, in Chinese characters: a character or sign counts 1, a word in letters 3."""
    return 3 * len(_WORD.findall(text)) + len(_SIGN.findall(text))


def visible(text: str) -> bool:
    """Whether anything in the text can be seen (white space and zero-width signs cannot)."""
    return _GAP.fullmatch(text) is None


def _cut(text: str, span: Span) -> tuple[Span, ...]:
    words = span.of(text)
    if len(words) <= LIMIT // 2 or weight(words) <= LIMIT:  # a code point weighs at most 2
        return (span,)
    clauses = tuple(Span(span.start + m.start(), span.start + m.end()) for m in _CLAUSE.finditer(words))
    return pack(text, clauses)


def _boundaries(text: str) -> list[int]:
    marks = _marks(text)
    found: list[int] = []
    start = _end_of(_GAP, text, 0)
    last = next((i for i in range(len(text) - 1, -1, -1) if text[i].isalnum()), 0)  # marks alone are no sentence
    for match in _END.finditer(text):
        stop = next((i for i in range(match.start() + 1, match.end()) if i in marks.opening), match.end())
        end = _end_of(_TAIL, text, stop)
        following = _end_of(_GAP, text, end)
        if following > last:
            break
        if _ends(text, marks, start, match.start(), stop, end, following):
            found.append(following)
            start = following
    return found


def _end_of(pattern: re.Pattern[str], text: str, place: int) -> int:
    match = pattern.match(text, place)
    return match.end() if match else place


def _marks(text: str) -> _Marks:
    """Pairs quotes and brackets, each sort by itself, so that a stray one spoils nothing else."""
    open_at: dict[str, list[int]] = {}
    opener: dict[int, int] = {}
    opening: set[int] = set()
    inside = bytearray(len(text) + 1)
    for match in _MARK.finditer(text):
        sign, place = match[0], match.start()
        if sign in ('"', "＂", "**"):
            if _opens(text, match.start(), match.end(), bool(open_at.get(sign))):
                open_at[sign] = [place]
                opening.add(place)
            elif open_at.get(sign):
                opener[place] = open_at.pop(sign)[0]
        elif sign in _QUOTES or sign in _BRACKETS:
            waiting = open_at.get(_QUOTES.get(sign) or _BRACKETS[sign])
            if waiting:
                opener[place] = first = waiting.pop()
                if sign in _BRACKETS and place - first <= _LONGEST_BRACKET:
                    inside[first + 1 : place + 1] = b"\1" * (place - first)
        else:
            open_at.setdefault(sign, []).append(place)
    for match in _URL.finditer(text):
        length = len(match[0].rstrip(".,!?;:)"))
        inside[match.start() + 1 : match.start() + length] = b"\1" * (length - 1)
    return _Marks(opener, frozenset(opening), inside)


def _opens(text: str, start: int, end: int, is_open: bool) -> bool:
    before = text[start - 1 : start].isspace() or start == 0
    after = text[end : end + 1].isspace() or end == len(text)
    return before if before != after else not is_open


def _ends(text: str, marks: _Marks, start: int, sign: int, stop: int, end: int, following: int) -> bool:
    """Whether the sentence begun at `start` ends with the signs in text[sign:stop]; `following` is what comes next."""
    char = text[following]
    if marks.inside[following] or char in "，,；;：:、。.!?！？)）]】》”’」』…" or _COMBINING.match(text, end):
        return False
    run = text[sign:stop]
    if _IS_EMOJI.match(run):  # in Chinese chat an emoji and a space do for a full stop
        return sign > start and any(c.isalnum() for c in text[max(start, sign - 2) : sign])
    last = max(i for i, c in enumerate(run) if c in _FULL + "!?…⋯.．")
    closers = run[last + 1 :].rstrip("*~～")
    if closers and not _closed(text, marks, start, sign + last + len(closers), following):
        return False
    if any(c in _FULL for c in run):
        return True
    gap = following > end
    if any(c in "!?" for c in run):
        return _after_mark(text, sign, following, gap=gap, closers=closers)
    if ".." in run or "…" in run or "⋯" in run:
        return _after_ellipsis(text, following, gap=gap, closers=closers)
    return _after_stop(text, start, sign + last, following, gap=gap, closers=closers)


def _closed(text: str, marks: _Marks, start: int, closer: int, following: int) -> bool:
    """Whether a sentence may end after a closing quote or bracket, or the words behind it still belong to it."""
    first = marks.opener.get(closer)
    if first is None:
        return True
    before = first - 1
    while before >= start and text[before].isspace():
        before -= 1
    leads = before < start  # the quotation or bracket opens the sentence, or was opened before it
    char = text[following]
    if text[closer] in _BRACKETS:
        return leads or (char.isupper() and text[following - 1].isspace())
    if char in "—–-":
        return False
    if not _IS_CJK.match(char):
        return not (char.islower() or _SAYS.match(text, following))
    if before >= 0 and text[before] in "：:，,":
        return char != "的"
    if leads:
        return False
    return text[closer - 1] not in "！？!?" and char not in "的时時等之这這那后後"


def _after_mark(text: str, sign: int, following: int, *, gap: bool, closers: str) -> bool:
    """After an ASCII exclamation or question mark."""
    char = text[following]
    if not gap and char.isascii() and char.isalnum():
        return text[sign - 1 : sign].isalpha() and _GLUED.match(text, following) is not None
    return not char.islower() or (not closers and _starts(text, following, _INFORMAL_STARTERS))


def _after_ellipsis(text: str, following: int, *, gap: bool, closers: str) -> bool:
    """An ellipsis is a pause unless what follows clearly begins anew."""
    char = text[following]
    if closers or char in '“「『"':
        return not char.islower()
    return gap and char.isupper() and not re.match(r"I\b", text[following : following + 2])


def _after_stop(text: str, start: int, stop: int, following: int, *, gap: bool, closers: str) -> bool:
    """After one full stop at text[stop]."""
    char = text[following]
    before = text[stop - 1] if stop > start else ""
    if not before or before.isspace():
        return gap and not char.islower() and text[stop - 2 : stop - 1] != "."
    token = _token(text, start, stop)
    if stop - len(token) == start and _ENUMERATION.fullmatch(token):
        return False
    if _IS_CJK.match(before):
        return gap or char.isupper() or not char.isascii()
    known = _abbreviation(text, token, following, gap=gap)
    if known is not None:
        return known
    if _IS_CJK.match(char) or char in "“「『":
        first = stop - len(token)
        return gap or not (token.isdigit() and text[first - 1 : first] in "图圖表第")
    if not gap:
        whole = token.isalpha() and token[1:].islower() and len(token) > 1
        return (whole or not token or (token.isdigit() and len(token) > 1)) and _glued(text, following)
    return not char.islower() or (not closers and token.isalpha() and _starts(text, following, _INFORMAL_STARTERS))


def _token(text: str, start: int, stop: int) -> str:
    """The word, number or dotted name right before `stop`, at most 40 code points of it."""
    match = _TOKEN.match(text[max(start, stop - 40) : stop][::-1])
    token = match[0][::-1].lstrip(".&") if match else ""
    han = max((i for i, c in enumerate(token) if _IS_CJK.match(c)), default=-1)
    return token if _ENUMERATION.fullmatch(token) else token[han + 1 :]


def _abbreviation(text: str, token: str, following: int, *, gap: bool) -> bool | None:
    """Whether a sentence ends after this abbreviation; None if the token is none."""
    low = token.lower()
    if low in _NEVER_LAST:
        return False
    if low in _BEFORE_NUMBER and re.match(r"[A-Z]?\d|[IVX]{2,}\b", text[following : following + 6]):
        return False
    if low == "etc":
        return not text[following].islower() and (gap or not text[following].isdigit())
    initial = len(token) == 1 and token.isupper()
    if initial or low in _MAY_BE_LAST or _DOTTED.fullmatch(token):
        chinese = _IS_CJK.match(text[following]) is not None
        return gap and (chinese or (text[following].isupper() and _starts(text, following, _STARTERS)))
    return None


def _starts(text: str, place: int, words: frozenset[str]) -> bool:
    """Whether the word at `place` is one of `words` and no initial."""
    match = re.match(r"[A-Za-z]+(?:['’][a-z]+)?", text[place : place + 30])
    if match is None:
        return False
    initial = len(match[0]) == 1 and text[place + 1 : place + 2] == "."
    return not initial and match[0].lower().replace("’", "'") in words


def _glued(text: str, place: int) -> bool:
    """Whether a new sentence follows a full stop although no space does ("…needs.Producers can")."""
    match = _GLUED.match(text, place)
    return match is not None and match[0].lower() not in _NAME_ENDINGS
