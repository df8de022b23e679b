"""A span in, the negator or number it clips out; a changed quote in, what it changes of its source out. Pure.

A true substring can still lie: "trust the platform" stands in "I do not trust the platform", and "000 users" in
"12,000 users". The lists are for Chinese and English prose and err on the side of a flag, which only asks a person to
look. A word that merely contains a negator's character is not one: 不仅, 非常, 未来, 特别, "not only", "a few".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from assistant.folding import CJK, Folded, fold, is_cjk
from assistant.model import QuoteFlag, Span

if TYPE_CHECKING:
    from rapidfuzz.distance import MatchingBlock

ChangeKind = Literal["", "negation", "number", "name", "words"]
_Words = list[tuple[Span, str]]

# ASCII, so that a Latin word ends where a Chinese character begins; in folded text digits and quotes are ASCII too.
_FLAGS = re.IGNORECASE | re.ASCII
_NEGATOR = re.compile(
    r"\bnot\b(?!\s(?:only|just|merely|simply|least)\b)|\bcannot\b|\b\w+n't\b"
    r"|\b(?:ain|aren|couldn|didn|doesn|don|hadn|hasn|haven|isn|mustn|shouldn|wasn|weren|wouldn)t\b"
    r"|\bnever\b(?!\smind\b)|\bno\b(?!\.\s?\d|\s(?:doubt|matter|wonder|less|sooner)\b)|\bnone\b|\bnobody\b"
    r"|\bnothing\b(?!\sbut\b)|\bnowhere\b|\bneither\b|\bnor\b|\bnon-|\bwithout\b(?!\s(?:doubt|question)\b)"
    r"|\b(?:hardly|barely|scarcely|rarely|seldom)\b|(?<!\ba )\bfew\b"
    r"|(?<!\ba )(?<!\bthe )(?<!\bmy )(?<!\bour )\blittle\b"
    r"|\b(?:fail|fails|failed|unable|refuse|refuses|refused)\sto\b|\black(?:s|ed|ing)?\b|\bfar\sfrom\b"
    r"|(?<!不得)(?<!差)不(?!但|仅|只|光|单|过(?![来去])|错(?!过)|管|论|断|同(?!意)|久|少|妨|免|禁|时|愧|得不|惜|料|由|约而|遗余|失为|亚于|乏|外乎)"
    r"|(?<![淹沉埋出吞覆湮])没(?!关系|错|准|收|落|劲)|未(?!来|免|央)"
    r"|无(?!论|线|疑|非|数|限|锡|人机|人驾|形|比|缝|偿|产|所谓|时无刻)"
    r"|(?<![除无莫南西东北])非(?!常|洲|凡|得|要|但|遗|同寻常|同小可)"
    r"|(?<![特分区级个性类差辨鉴识判告离派国辞道各诀])别(?![的人处墅致名样具称家])"
    r"|[勿甭毋]|切莫|莫(?=[要可再让使怪急以忘问])|难以|缺乏|缺少|拒绝|[很极鲜甚]少|鲜有|禁止|严禁",
    _FLAGS,
)
_KINDS_OF_NOT = re.compile(r"not|cannot|\w+n't|\w+nt", _FLAGS)
# What may stand between a negator and the words it denies without ending its reach: degree words and auxiliaries.
_TO_THE_RIGHT = re.compile(
    r"\s?(?:(?:really|quite|always|yet|fully|entirely|completely|truly|very|too|so|much|ever|even|all|necessarily"
    r"|particularly|especially|exactly|currently|actually|longer|be|been|being|have|to|an?|the|any)\b\s?"
    r"|(?:完全|真正|真的?|很|太|再|十分|特别|[怎那这]么|够|足够|全|都|能够?|会|可以|可能?|应该?|应当|该|必须?|愿意?|想|要"
    r"|敢|肯|曾|被|是|有|得|去)){0,3}",
    _FLAGS,
)
_ADVERBS = (
    r"\s?(?:(?:really|quite|still|simply|actually|truly|just|also)\b\s?"
    r"|(?:并|也|都|从|绝|决|根本|完全|真的|还|却|又|就|均|毫|尚|仍|可|是)){0,3}"
)
_TO_THE_LEFT = re.compile(_ADVERBS, _FLAGS)
_TO_THE_LEFT_OF_NOT = re.compile(  # "do not" is as much one negator as "don't"
    rf"{_ADVERBS}(?:\b(?:do|does|did|am|is|are|was|were|have|has|had|will|would|can|could|should|shall|may|might|must"
    r"|need)\s)?",
    _FLAGS,
)

_NUMERAL = "〇零一二两三四五六七八九十百千万亿兆"
_EXPONENT = "²³¹⁰-⁹⁻½¼¾⅓⅔⅛-⅞"
_EN_NUMERAL = (
    "(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    "|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|dozen"
    "|half)"
)
_EN_UNIT = (
    r"(?:percent|per\s?cent|percentage\spoints?|m|k|bn|mn|kg|g|km|cm|mm|ml|l|mb|gb|tb|hz|years?|months?|weeks?|days?"
    r"|hours?|hrs?|minutes?|mins?|seconds?|secs?|times|fold|users?|customers?|people|persons?|members?|employees?"
    r"|compan(?:y|ies)|firms?|suppliers?|partners?|respondents?|interviewees?|participants?|dollars?|euros?|pounds?"
    r"|yuan|rmb|usd|eur|units?|items?|points?|degrees?)\b"
)
_ZH_UNIT = (
    "(?:个?百分点|个?(?:小时|月|星期)|个|家|人次?|部(?!分)|名|位|次|倍|年|月|日|天|周|分钟|秒|户|台|套|件|款|种|项|条|份"
    "|张|辆|吨|公斤|千克|平方米|公里|米|岁|美元|港元|欧元|元|成|折)"
)
_NUMBER = re.compile(
    r"第?(?:(?:rmb|usd|us\$|[$€£¥])\s?)?(?:[<>≤≥≈~]\s?)?(?:(?<!\w)[-+±])?"
    rf"\d+(?:[,.:/'~-]\d+)*[{_EXPONENT}]*(?:[a-z]{{1,6}}\b|[\s-]?{_EN_NUMERAL}\b)?"
    rf"(?:[十百千万亿兆]*[多余来]?(?:{_ZH_UNIT}|[度点代级线分号页层届期批片])|[十百千万亿兆]+"
    rf"|\s?[%‰°][a-z]?|[\s-]?{_EN_UNIT})?"
    rf"|\b{_EN_NUMERAL}(?:[\s-](?:and\s)?{_EN_NUMERAL})*\b(?:[\s-]{_EN_UNIT}|\s?%)?"
    rf"|(?:百分之|[{_NUMERAL}]+分之)[{_NUMERAL}\d点.]+"
    rf"|第?数?[{_NUMERAL}]+(?:点[{_NUMERAL}]+)?[多余来]?{_ZH_UNIT}"
    rf"|第[{_NUMERAL}]+|(?!十分)[{_NUMERAL}]{{2,}}",
    _FLAGS,
)
_NUMERALS = re.compile(  # without units, to tell whether two wordings name the same number
    rf"[-+]?\d+(?:[.,]\d+)*[{_EXPONENT}]*|[%‰]|percent\b|\b{_EN_NUMERAL}s?\b"
    rf"|(?!十分|百度|一[起些样定直般旦切致方面])(?<![统唯万单])[{_NUMERAL}]+",
    _FLAGS,
)
_LATIN_WORD = re.compile(rf"(?:(?![{CJK}])[^\W\d_])+")
# The capital letter at the head of a sentence makes no name of these.
_NO_NAME = re.compile(
    r"(?:i|an?|the|th(?:is|at|ese|ose)|it|we|you|s?he|they|my|our|your|his|her|its|their|t?here|and|but|or|so|if|when"
    r"|while|as|at|by|for|from|in|of|on|to|with|not|no|never|however|therefore|moreover)",
    _FLAGS,
)
_TOKEN = re.compile(
    rf"[{CJK}]|\d+(?:[.,]\d+)*|(?:(?![{CJK}])\w)+(?:'(?:(?![{CJK}\d])\w)+)*|(?P<mark>[^\w\s])(?P=mark)*"
)
_CLAUSE_END = re.compile(r"[,.;:!?]")
_STRAY = 3  # source tokens that may lie between a lone matching token and the rest of an edited passage
_TRIES = 16  # stray ends to cut off a passage at most
_GAP = 200  # code points of an omission looked at from each end
_SIGHT = 80  # code points looked at on the far side of an edge: more than any negator with its adverbs, or any number
_INSIDE = 40  # and on the near side, for words such as 不|仅 that only their second half explains


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words, Chinese characters and marks of a stretch of folded text, as offsets into the whole of it."""

    folded: Folded
    spans: tuple[Span, ...]

    @classmethod
    def of(cls, folded: Folded, stretch: Span) -> Tokens:
        """The tokens of `stretch`, a range of folded characters."""
        found = _TOKEN.finditer(folded.text, stretch.start, stretch.end)
        return cls(folded, tuple(Span(*match.span()) for match in found))

    @property
    def words(self) -> list[str]:
        """The tokens as folded strings."""
        return [span.of(self.folded.text) for span in self.spans]

    def stretch(self, start: int, end: int) -> Span:
        """The folded range of the tokens from `start` to `end`; an empty one where there are none."""
        return Span(self.spans[start].start, self.spans[end - 1].end) if start < end else Span(0, 0)

    def place(self, start: int, end: int) -> Span:
        """Where the tokens from `start` to `end` stand in the source; there must be at least one."""
        return Span(self.folded.starts[self.spans[start].start], self.folded.ends[self.spans[end - 1].end - 1])

    def shown(self, start: int, end: int) -> str:
        """These tokens as the source writes them, on one line."""
        return " ".join(self.place(start, end).of(self.folded.source).split())

    def spaced(self, at: int) -> bool:
        """Whether white space stands before the token `at`."""
        first = self.place(at, at + 1).start
        return self.folded.source[first - 1 : first].isspace()


def negators(text: str) -> tuple[Span, ...]:
    """Where the negators stand in `text`, which must be folded; spans are offsets into that same string."""
    return tuple(Span(*match.span()) for match in _NEGATOR.finditer(text))


def numbers(text: str) -> tuple[Span, ...]:
    """Where number expressions stand in folded `text`: digits or numerals with sign, separators, magnitude and unit."""
    return tuple(Span(*match.span()) for match in _NUMBER.finditer(text))


def clips(text: str, span: Span) -> tuple[QuoteFlag, ...]:
    """The flags that a quote at `span` of the source `text` must carry: clipped_negation, clipped_number."""
    before, start = _window(text, span.start, _SIGHT, _INSIDE)
    after, end = _window(text, span.end, _INSIDE, _SIGHT)
    flags: list[QuoteFlag] = []
    if negator_before(before.text, start) is not None or _negator_follows(after.text, end):
        flags.append("clipped_negation")
    if _cuts_number(before.text, start) or _cuts_number(after.text, end):
        flags.append("clipped_number")
    return tuple(flags)


def negator_before(text: str, at: int) -> Span | None:
    """The negator that denies what begins at `at` of the folded `text`: adjacent, cut in two, or some adverbs away."""
    for negator in negators(text):
        cut = negator.start < at < negator.end
        if cut or (negator.end <= at and _TO_THE_RIGHT.fullmatch(text, negator.end, at)):
            return negator
    return None


def omits(text: str, gap: Span) -> tuple[bool, bool]:
    """Whether the words that an elided quote leaves out deny the clause it breaks off, and the one it goes on with."""
    before = fold(text[gap.start : min(gap.end, gap.start + _GAP)]).text
    after = fold(text[max(gap.start, gap.end - _GAP) : gap.end]).text
    return bool(negators(_CLAUSE_END.split(before)[0])), bool(negators(_CLAUSE_END.split(after)[-1]))


def passage(new: Tokens, text: Folded, place: Span, within: Span | None) -> Tokens:
    """The tokens of the source that an edited quote stands for; `place` is about where, in folded characters.

    A fuzzy match is as long as the quote, so it ends too early where the quote left words out, and begins too late
    where the first of them was a negator: hence the wider view, cut back to what is shared.
    """
    start, end = text.reach(within)
    margin = 24 + (place.end - place.start) // 3
    old = Tokens.of(text, Span(max(start, place.start - margin), min(end, place.end + margin)))
    for _ in range(_TRIES):
        blocks = _shared(old, new)
        if len(blocks) > 1 and _is_stray(blocks[0], blocks[1], blocks[0].size):
            old = Tokens(text, old.spans[blocks[0].a + blocks[0].size :])
        elif len(blocks) > 1 and _is_stray(blocks[-2], blocks[-1], blocks[-1].size):
            old = Tokens(text, old.spans[: blocks[-1].a])
        else:
            break
    if not blocks:
        return Tokens.of(text, place)
    last = blocks[-1].a + blocks[-1].size
    start = _reach_back(old, blocks[0].a, blocks[0].b)
    end = last + _reach_on(old.words[last:], len(new.spans) - blocks[-1].b - blocks[-1].size)
    return Tokens(text, old.spans[start:end])


def kind_of_change(old: Tokens, new: Tokens, changes: Sequence[tuple[Span, Span]]) -> ChangeKind:
    """What the gravest change does; each is a stretch of the source's folded text and one of the quote's.

    Negators and numbers are read in their context: to take the 不 out of 不仅 drops no negation.
    """
    start = old.spans[0].start
    said, quoted = old.folded.text[start : old.spans[-1].end], new.folded.text
    placed = [(Span(a.start - start, a.end - start) if a.start < a.end else a, b) for a, b in changes]
    spelt = [(a, b) for a, b in placed if a.of(said).casefold() != b.of(quoted).casefold()]
    readers: tuple[tuple[ChangeKind, Callable[[str], _Words]], ...] = (
        ("negation", _negations),
        ("number", _numerals),
        ("name", _names),
    )
    for kind, read in readers:
        before, after = read(said), read(quoted)
        if any(_touched(before, a) != _touched(after, b) for a, b in spelt):
            return kind
    return "words"


def _touched(found: _Words, stretch: Span) -> Counter[str]:
    return Counter(word for span, word in found if span.overlaps(stretch) and stretch.start < stretch.end)


def _negations(text: str) -> _Words:
    """Negators, one name for each kind: "don't", "do not" and "cannot" deny alike."""
    words = [(span, span.of(text).lower()) for span in negators(text)]
    return [(span, "not" if _KINDS_OF_NOT.fullmatch(word) else word) for span, word in words]


def _numerals(text: str) -> _Words:
    return [(Span(*m.span()), m.group().lower().replace(",", "")) for m in _NUMERALS.finditer(text)]


def _names(text: str) -> _Words:
    """Capitalised words, and any Latin word that stands among Chinese characters."""
    found = []
    for match in _LATIN_WORD.finditer(text):
        word, (start, end) = match.group(), match.span()
        among = is_cjk(text[start - 1 : start]) or is_cjk(text[end : end + 1])
        if among or (word[0].isupper() and not _NO_NAME.fullmatch(word)):
            found.append((Span(start, end), word.casefold()))
    return found


def _negator_follows(text: str, at: int) -> bool:
    """Whether a negator comes next in the clause that ends at `at`; one behind a full stop is of another clause."""
    if _CLAUSE_END.match(text[:at].rstrip(" \"')]")[-1:]):
        return False
    for negator in negators(text):
        if negator.start < at < negator.end:
            return True
        if negator.start >= at:
            gap = _TO_THE_LEFT_OF_NOT if negator.of(text).lower() == "not" else _TO_THE_LEFT
            return gap.fullmatch(text, at, negator.start) is not None
    return False


def _cuts_number(text: str, at: int) -> bool:
    return any(number.start < at < number.end for number in numbers(text))


def _window(text: str, edge: int, back: int, ahead: int) -> tuple[Folded, int]:
    """The folded surroundings of `edge`, not past a blank line, and the edge's place in them."""
    start, end = max(0, edge - back), min(len(text), edge + ahead)
    blank = text.rfind("\n\n", start, edge)
    start = blank + 2 if blank >= 0 else start
    blank = text.find("\n\n", edge, end)
    return _fold_window(text[start : blank if blank >= 0 else end], edge - start)


@lru_cache(maxsize=256)
def _fold_window(text: str, edge: int) -> tuple[Folded, int]:
    folded = fold(text)
    return folded, folded.index(edge)


def _shared(old: Tokens, new: Tokens) -> list[MatchingBlock]:
    from rapidfuzz.distance import Indel

    return [block for block in Indel.opcodes(old.words, new.words).as_matching_blocks() if block.size]


def _is_stray(one: MatchingBlock, next_one: MatchingBlock, size: int) -> bool:
    """Whether an outermost run of `size` shared tokens lies too far from the others to belong to the same passage."""
    apart = next_one.a - one.a - one.size
    quoted = next_one.b - one.b - one.size
    return apart - quoted > _STRAY + 2 * size


def _reach_back(old: Tokens, first: int, unshared: int) -> int:
    """Where the passage begins if the quote has `unshared` tokens of its own in front: as many, and their negator."""
    if not unshared:
        return first
    start = first - _reach_on(old.words[:first][::-1], unshared)
    offset = old.spans[0].start
    text = old.folded.text[offset : old.spans[-1].end]
    if negator := negator_before(text, old.spans[start].start - offset):
        while start and old.spans[start].start - offset > negator.start:
            start -= 1
    return start


def _reach_on(words: list[str], most: int) -> int:
    """How many of the words, `most` at most, stand before the end of the clause."""
    ends = (at for at, word in enumerate(words[:most]) if _CLAUSE_END.match(word))
    return next(ends, min(most, len(words)))
