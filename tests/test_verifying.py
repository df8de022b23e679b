"""When a quote is proven: the acceptance table, flags, elision, and what holds for any text and any quote."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import accumulate
from typing import get_args

import pytest
from hypothesis import assume, given, settings, strategies as st

from assistant.errors import ProjectError, UsageError
from assistant.folding import fold
from assistant.model import Discard, Proposal, QuoteFlag, QuoteStatus, Segment, Span, Suggestion
from assistant.verifying import Finding, find, prove, stored, verify

relaxed = settings(deadline=None)  # the first example loads regex and rapidfuzz
EN = (
    "We joined in 2019 and paid 12,000 dollars. However, I do not trust the platform with our customer records. "
    "It’s a risk for us. We use AI every day."
)
ZH = "我们在2019年加入，付了三千元。但是，我并不信任平台来保管我们的客户记录。这是一种风险。我们每天使用AI技术。"
TWICE = (
    "The users decide. Nobody asks. The users decide.\n\n"
    "The users decide. 用户说了算。没人问。用户说了算。\n\n用户说了算。"
)
FIRST, SECOND = Span(0, TWICE.index("\n\n") + 2), Span(TWICE.index("\n\n") + 2, len(TWICE))

ROWS = {
    "exact words": (EN, "I do not trust the platform with our customer records", "exact", ""),
    "not dropped": (EN, "I do trust the platform with our customer records", "edited", "negation"),
    "not dropped, few words": (EN, "I do trust the platform", "edited", "negation"),
    "do not dropped": (EN, "I trust the platform", "edited", "negation"),
    "do not contracted": (EN, "I don't trust the platform with our customer records", "edited", "words"),
    "not to never": (EN, "I do never trust the platform with our customer records", "edited", "negation"),
    "customer to supplier": (EN, "I do not trust the platform with our supplier records", "edited", "words"),
    "true substring after the negator": (EN, "trust the platform with our customer records", "exact", ""),
    "straight for curly": (EN, "It's a risk for us", "folded", ""),
    "invented": (EN, "Our suppliers welcome every audit of their factories", "not_found", ""),
    "two letters": (EN, "AI", "exact", ""),
    "number changed": (EN, "We joined in 2018 and paid 12,000 dollars", "edited", "number"),
    "number regrouped": (EN, "We joined in 2019 and paid 120,00 dollars", "edited", "words"),
    "name changed": (EN, "We use Baidu every day", "edited", "name"),
    "zh exact": (ZH, "我并不信任平台来保管我们的客户记录", "exact", ""),
    "zh two characters": (ZH, "风险", "exact", ""),
    "zh two characters repeated": (ZH, "我们", "ambiguous", ""),
    "zh two characters absent": (ZH, "风暴", "not_found", ""),
    "zh negation dropped": (ZH, "我信任平台来保管我们的客户记录", "edited", "negation"),
    "zh negation dropped, few characters": (ZH, "我信任平台", "edited", "negation"),
    "zh true substring after the negator": (ZH, "信任平台来保管我们的客户记录", "exact", ""),
    "zh half-width comma": (ZH, "但是,我并不信任平台", "folded", ""),
    "zh half-width comma and space": (ZH, "但是, 我并不信任平台", "folded", ""),
    "zh stray inner space": (ZH, "但是，我并 不信任平 台来保管", "folded", ""),
    "zh Latin word": (ZH, "AI", "exact", ""),
    "zh space beside a Latin word": (ZH, "我们每天使用 AI 技术", "folded", ""),
    "zh customer to supplier": (ZH, "我并不信任平台来保管我们的供应商记录", "edited", "words"),
    "zh number changed": (ZH, "我们在2019年加入，付了五千元", "edited", "number"),
    "zh invented": (ZH, "供应商欢迎每一次工厂审核", "not_found", ""),
    "Turkish": ("İstanbul'da beklemek zordu", "zordu", "exact", ""),
    "emoji before": ("👨‍👩‍👧 👍🏽 said: we trust it.", "we trust it", "exact", ""),
    "combining marks before": ("cafe\u0301 nai\u0308ve: we trust it.", "we trust it", "exact", ""),
    "combining marks composed": ("the cafe\u0301 is ours", "café is ours", "folded", ""),
    "line ends": ("One line\nand another.\n", "One line\r\nand another", "folded", ""),
    "line end for a space": ("One line\nand another.\n", "One line and another", "folded", ""),
}


@pytest.mark.parametrize("row", ROWS)
def test_acceptance_table(row: str) -> None:
    source, words, status, change = ROWS[row]
    found = find(words, source)
    assert (found.status, found.change) == (status, change)
    if status in ("exact", "folded"):
        (span,) = found.spans
        assert fold(span.of(source)).text == fold(words).text
        assert (span.of(source) == words) == (status == "exact")
    if status == "edited":
        assert "[-" in found.diff or "{+" in found.diff


@pytest.mark.parametrize(
    ("words", "diff"),
    [
        ("I do trust the platform", "I do [-not-] trust the platform"),
        ("the platform with our supplier records", "the platform with our [-customer-]{+supplier+} records"),
        ("It is a risk for us", "[-It’s-]{+It is+} a risk for us"),
    ],
)
def test_an_edited_quote_shows_what_was_changed(words: str, diff: str) -> None:
    assert find(words, EN).diff == diff


def test_an_edited_quote_shows_what_was_changed_in_chinese() -> None:
    found = find("但是,我信任平台来保管我们的用户记录。", ZH)
    assert found.diff == "但是，我[-并不-]信任平台来保管我们的[-客-]{+用+}户记录。"
    assert found.spans[0].of(ZH) == "但是，我并不信任平台来保管我们的客户记录。"


@pytest.mark.parametrize("words", ["The users decide", "用户说了算"])
def test_a_sentence_that_stands_twice_is_settled_by_its_segment(words: str) -> None:
    assert find(words, TWICE).status == "ambiguous"
    assert len(find(words, TWICE).spans) == 3
    found = find(words, TWICE, within=SECOND if "users" in words else Span(TWICE.rindex("\n\n"), len(TWICE)))
    assert (found.status, found.spans[0].start) == ("exact", TWICE.rindex(words) if "用" in words else SECOND.start)


def test_a_sentence_that_stands_twice_in_the_segment_is_ambiguous() -> None:
    found = find("The users decide", TWICE, within=FIRST)
    assert found.status == "ambiguous"
    assert [span.start for span in found.spans] == [0, 31]


NOT_CLIPPED: tuple[QuoteFlag, ...] = ()
NEGATION: tuple[QuoteFlag, ...] = ("clipped_negation",)
NUMBER: tuple[QuoteFlag, ...] = ("clipped_number",)
FLAGGED = [
    ("However, I do not trust the platform.", "trust the platform", NEGATION),
    ("However, I do not trust the platform.", "do not trust the platform", NOT_CLIPPED),
    ("However, I do not trust the platform.", "I do", NEGATION),
    ("However, I do not really trust the platform.", "trust the platform", NEGATION),
    ("We don’t fully trust them.", "trust them", NEGATION),
    ("We don’t fully trust them.", "We", NEGATION),
    ("They have never been asked.", "asked", NEGATION),
    ("They work without any help.", "help", NEGATION),
    ("It hardly works.", "works", NEGATION),
    ("They no longer answer.", "answer", NEGATION),
    ("Few users came.", "users came", NEGATION),
    ("A few users came.", "users came", NOT_CLIPPED),
    ("Not only users came.", "users came", NOT_CLIPPED),
    ("We did not; trust came later.", "trust came later", NOT_CLIPPED),
    ("No, we trust them.", "we trust them", NOT_CLIPPED),
    ("The note trust them.", "trust them", NOT_CLIPPED),
    ("I do not.\n\nTrust is all.", "Trust is all", NOT_CLIPPED),
    ("但是，我并不信任平台。", "信任平台", NEGATION),
    ("但是，我并不信任平台。", "不信任平台", NOT_CLIPPED),
    ("但是，我并不信任平台。", "我", NEGATION),
    ("我并不完全信任平台。", "信任平台", NEGATION),
    ("我并 不 信 任平台。", "信 任平台", NEGATION),
    ("我们没有信任平台。", "信任平台", NEGATION),
    ("我们从未信任平台。", "信任平台", NEGATION),
    ("用户无法退货。", "法退货", NEGATION),
    ("请勿打扰用户。", "打扰用户", NEGATION),
    ("大家别相信平台。", "相信平台", NEGATION),
    ("我觉得不可信。", "可信", NEGATION),
    ("这家非营利组织很好。", "营利组织很好", NEGATION),
    ("平台不仅开放接口。", "开放接口", NOT_CLIPPED),
    ("我们非常信任平台。", "信任平台", NOT_CLIPPED),
    ("我们非常信任平台。", "常信任平台", NOT_CLIPPED),
    ("在未来信任平台。", "信任平台", NOT_CLIPPED),
    ("用户无论信任与否。", "信任与否", NOT_CLIPPED),
    ("我们特别信任平台。", "信任平台", NOT_CLIPPED),
    ("没关系信任平台。", "信任平台", NOT_CLIPPED),
    ("我们不，信任来自平台。", "信任来自平台", NOT_CLIPPED),
    ("客户不得不信任平台。", "信任平台", NOT_CLIPPED),
    ("They have 12,000 users.", "000 users", NUMBER),
    ("They have 12,000 users.", "They have 12", NUMBER),
    ("They have 12,000 users.", "They have 12,000", NUMBER),
    ("They have 12,000 users.", "12,000 users", NOT_CLIPPED),
    ("It grew by 3.5% in May.", "It grew by 3", NUMBER),
    ("It grew by 3.5% in May.", "It grew by 3.5", NUMBER),
    ("It grew by 3.5% in May.", "grew by 3.5% in", NOT_CLIPPED),
    ("It sold 5 million.", "It sold 5", NUMBER),
    ("It weighs 10kg now.", "It weighs 10", NUMBER),
    ("In 2019, 300 came.", "In 2019", NOT_CLIPPED),
    ("增长１２．５％左右。", "增长１２", NUMBER),
    ("销售2.5亿部手机。", "亿部手机", NUMBER),
    ("销售2.5亿部手机。", "销售2.5亿部手机", NOT_CLIPPED),
    ("等了三十分钟左右。", "分钟左右", NUMBER),
    ("一共三百万用户。", "万用户", NUMBER),
    ("大约百分之三十的用户。", "三十的用户", NUMBER),
    ("面积10²平方米。", "面积10", NUMBER),
    ("十分信任平台。", "信任平台", NOT_CLIPPED),
    ("我们统一战线。", "我们统一", NOT_CLIPPED),
]


@pytest.mark.parametrize(("text", "words", "flags"), FLAGGED, ids=[f"{text}|{words}" for text, words, _ in FLAGGED])
def test_flags_of_a_true_substring(text: str, words: str, flags: tuple[str, ...]) -> None:
    found = find(words, text)
    assert (found.status, found.flags) == ("exact", flags)
    assert prove(found.spans[0], text).flags == flags


@pytest.mark.parametrize(
    "words", ["However, I do not trust … customer records", "However, I do not trust ... customer records"]
)
def test_an_elided_quote_is_two_proven_spans(words: str) -> None:
    found = find(words, EN)
    assert (found.status, [span.of(EN) for span in found.spans]) == (
        "exact",
        ["However, I do not trust", "customer records"],
    )


@pytest.mark.parametrize("dots", ["...", "…", "……", " [...] ", "（……）", ". . ."])
def test_an_elided_chinese_quote_is_two_proven_spans(dots: str) -> None:
    found = find(f"“我并不信任平台{dots}客户记录”", ZH)
    assert (found.status, [span.of(ZH) for span in found.spans]) == ("exact", ["我并不信任平台", "客户记录"])


@pytest.mark.parametrize(
    ("words", "status", "part"),
    [
        ("I do not trust ... invoices of the year", "not_found", "invoices of the year"),
        ("nobody at all said ... customer records", "not_found", "nobody at all said"),
        (
            "the platform with our supplier records ... a risk for us",
            "edited",
            "the platform with our supplier records",
        ),
        ("a risk for us ... customer records", "not_found", "customer records"),
        ("We … every day", "ambiguous", "We"),
        ("我并不信任平台……供应商的发票", "not_found", "供应商的发票"),
    ],
)
def test_the_part_that_fails_is_named(words: str, status: str, part: str) -> None:
    found = find(words, ZH if "我" in words else EN)
    assert (found.status, found.part) == (status, part)


def test_the_worst_part_decides() -> None:
    found = find("It's a risk ... use AI every day", EN)
    assert found.status == "folded"
    discard = verify(
        _proposal("the platform with our supplier records ... nobody said this"), _segment(EN), EN, kind="open"
    )
    assert isinstance(discard, Discard)
    assert (discard.flaw, "nobody said this" in discard.detail) == ("not_found", True)


def test_an_ellipsis_of_the_source_is_its_own_text() -> None:
    text = "Well… we trust them. 嗯……我们信任。"
    assert find("Well… we trust them", text).spans == (Span(0, 19),)
    assert find("Well... we trust them", text).status == "folded"
    assert find("嗯……我们信任", text).status == "exact"


def test_a_leading_or_trailing_ellipsis_is_left_off() -> None:
    found = find("... do not trust the platform …", EN)
    assert (found.status, found.spans[0].of(EN)) == ("exact", "do not trust the platform")


def test_elision_settles_a_repeated_part_by_order() -> None:
    text = "We ask users. We ask firms. Users answer. We ask users."
    found = find("We ask firms ... We ask users", text)
    assert found.spans == (Span(14, 26), Span(42, 54))


@pytest.mark.parametrize(
    ("text", "words", "flags"),
    [
        ("I do not in any way trust the platform.", "I ... trust the platform", NEGATION),
        ("The firm, which is big, has not so far been trusted by us.", "The firm ... trusted by us", NEGATION),
        ("The firm, not being big, is after all trusted by us.", "The firm ... trusted by us", NOT_CLIPPED),
        ("平台没有得到我们任何人的信任。", "平台……我们任何人的信任", NEGATION),
    ],
)
def test_an_elision_that_hides_a_negator_is_flagged(text: str, words: str, flags: tuple[str, ...]) -> None:
    found = find(words, text)
    assert (found.status, len(found.spans), found.flags) == ("exact", 2, flags)


@pytest.mark.parametrize(
    "words",
    [
        "“not trust the platform”",
        '"not trust the platform"',
        "「not trust the platform」",
        "‘“not trust the platform”’",
    ],
)
def test_wrapping_quotation_marks_of_the_model_are_left_off(words: str) -> None:
    found = find(words, EN)
    assert (found.status, found.spans[0].of(EN)) == ("exact", "not trust the platform")


def test_quotation_marks_of_the_source_stay() -> None:
    text = "She said “we trust it” twice."
    assert find("“we trust it”", text).spans[0].of(text) == "“we trust it”"
    assert find('"we trust it"', text).status == "folded"


def test_pdf_text_with_stray_spaces_and_line_ends() -> None:
    text = "但是 ，我 并不\n信 任平台 来保管我们的\n客户 记录。The plat-\nform is open."
    found = find("但是，我并不信任平台来保管我们的客户记录。", text)
    assert (found.status, found.spans) == ("folded", (Span(0, text.index("The")),))


def test_the_model_reads_a_sentence_across_a_line_end() -> None:
    assert find("The firm listens to users.", "The firm listens\n  to users.").status == "folded"


def test_outside_its_segment_a_quote_counts_only_when_asked_for() -> None:
    segment = _segment(TWICE, SECOND)
    proposal = _proposal("Nobody asks")
    refused = verify(proposal, segment, TWICE, kind="open")
    assert isinstance(refused, Discard)
    assert (refused.flaw, "elsewhere in the document" in refused.detail) == ("not_found", True)
    (taken,) = _verified(verify(proposal, segment, TWICE, kind="open", widen=True))
    assert (taken.quote.flags, taken.quote.text) == (("outside_segment",), "Nobody asks")
    (inside,) = _verified(verify(_proposal("The users decide"), segment, TWICE, kind="open", widen=True))
    assert (inside.quote.flags, inside.quote.span.start) == ((), SECOND.start)


def test_a_quote_across_the_end_of_its_segment_is_outside_it() -> None:
    text = "We trust them. They trust us."
    found = find("trust them. They", text, within=Span(0, 15), widen=True)
    assert (found.status, found.flags) == ("exact", ("outside_segment",))
    assert not find("trust them. They", text, within=Span(0, 15)).proven


def test_verify_carries_the_proposal_over() -> None:
    proposal = replace(
        _proposal("I do not trust … customer records", "dart.risk"),
        polarity="-",
        modality="practised",
        voice="user",
        rationale="why",
        confidence=0.5,
    )
    first, second = _verified(verify(proposal, _segment(EN), fold(EN), kind="assignment"))
    assert [s.quote.text for s in (first, second)] == ["I do not trust", "customer records"]
    for made in (first, second):
        assert (made.kind, made.segment, made.code, made.polarity) == ("assignment", 7, "dart.risk", "-")
        assert (made.modality, made.voice, made.rationale, made.confidence) == ("practised", "user", "why", 0.5)


@pytest.mark.parametrize(
    ("words", "code", "flaw", "says"),
    [
        ("", "risk", "no_quote", "no words"),
        (" … ", "risk", "no_quote", "no words"),
        ("trust the platform", " ", "no_code", "no code"),
        ("I do trust the platform", "risk", "edited", "a negation"),
        ("We joined in 2018 and paid", "risk", "edited", "a number"),
        ("We use Baidu every day", "risk", "edited", "a name"),
        ("with our supplier records", "risk", "edited", "words"),
        ("We", "risk", "ambiguous", "2 times"),
        ("nobody ever said this here", "risk", "not_found", "does not stand"),
    ],
)
def test_a_discard_says_what_is_wrong_and_keeps_what_the_model_said(
    words: str, code: str, flaw: str, says: str
) -> None:
    discard = verify(_proposal(words, code), _segment(EN), EN, kind="open")
    assert isinstance(discard, Discard)
    assert (discard.flaw, discard.quote, discard.code) == (flaw, words, code)
    assert says in discard.detail
    assert bool(discard.diff) == (flaw == "edited")
    assert json.loads(discard.raw).get("quote", "") == words


def test_prove_takes_what_a_person_marks() -> None:
    quote = prove(Span(EN.index("trust"), EN.index(" with")), fold(EN))
    assert (quote.text, quote.status, quote.flags) == ("trust the platform", "exact", NEGATION)


@pytest.mark.parametrize("span", [Span(3, 3), Span(2, 3), Span(0, 10_000), Span(9_000, 9_001)])
def test_prove_refuses_a_span_without_words(span: Span) -> None:
    with pytest.raises(UsageError) as caught:
        prove(span, EN)
    assert caught.value.hint


def test_stored_gives_back_what_was_proven() -> None:
    quote = prove(Span(EN.index("trust"), EN.index(" with")), EN)
    assert stored(quote.span, quote.text, quote.status, quote.flags) == quote


@pytest.mark.parametrize(
    ("text", "status", "flags"),
    [("abc", "edited", ()), ("abc", "", ()), ("abcd", "exact", ()), ("abc", "folded", ("made_up",))],
)
def test_stored_believes_no_damaged_record(text: str, status: str, flags: tuple[str, ...]) -> None:
    with pytest.raises(ProjectError) as caught:
        stored(Span(0, 3), text, status, flags)
    assert caught.value.hint


# --- for any text and any quote -------------------------------------------------------------------------------------

CHINESE = ["我们", "信任", "平台", "并不", "价值共创", "数据", "三千", "用户々", "カメラ"]
LATIN = ["trust", "the", "platform", "don’t", "AI", "İstanbul", "naïve", "co-creation", "not", "2019", "12,000", "3.5%"]
SIGNS = ["❤️", "👨‍👩‍👧", "👍🏽", "🇨🇳", "①"]
ODD = ["cafe\u0301", "nai\u0308ve", "ＡＢＣ", "１２", "ﬁnd", "5㎏", "ｶﾞ"]
TOKEN = st.sampled_from([*CHINESE, *LATIN, *SIGNS, *ODD])
GAP = st.sampled_from([" ", " ", "，", "。", ", ", ". ", "\n", "——", " – ", "；", " “", "” ", "！"])


@st.composite
def texts(draw: st.DrawFn, least: int = 1) -> tuple[list[str], list[str]]:
    """Tokens and what follows each; nothing may follow a Chinese one or a sign."""
    tokens = draw(st.lists(TOKEN, min_size=least, max_size=14))
    gaps = [draw(st.just("") | GAP if token in CHINESE or token in SIGNS else GAP) for token in tokens]
    return tokens, gaps


@st.composite
def cuttings(draw: st.DrawFn) -> tuple[list[str], list[str], int, int]:
    tokens, gaps = draw(texts())
    first = draw(st.integers(0, len(tokens) - 1))
    return tokens, gaps, first, draw(st.integers(first, len(tokens) - 1))


def _joined(tokens: list[str], gaps: list[str]) -> str:
    return "".join(token + gap for token, gap in zip(tokens, gaps, strict=True))


def _spanned(tokens: list[str], gaps: list[str], first: int, last: int) -> Span:
    ends = [0, *accumulate(len(token) + len(gap) for token, gap in zip(tokens, gaps, strict=True))]
    return Span(ends[first], ends[last] + len(tokens[last]))


@relaxed
@given(cuttings())
def test_any_words_stand_where_they_were_taken_from(cutting: tuple[list[str], list[str], int, int]) -> None:
    tokens, gaps, first, last = cutting
    text, span = _joined(tokens, gaps), _spanned(tokens, gaps, first, last)
    found = find(span.of(text), text)
    assert found.status in ("exact", "ambiguous")
    assert span in found.spans
    settled = find(span.of(text), text, within=span)
    assert (settled.status, settled.spans) == ("exact", (span,))


@relaxed
@given(cuttings(), st.data())
def test_words_in_other_typography_stand_in_the_same_place(
    cutting: tuple[list[str], list[str], int, int], data: st.DataObject
) -> None:
    tokens, gaps, first, last = cutting
    text, span = _joined(tokens, gaps), _spanned(tokens, gaps, first, last)
    words = ""
    for at in range(first, last + 1):
        words += data.draw(st.sampled_from(_spellings(tokens[at])))
        if at < last:
            words += data.draw(st.sampled_from(_gap_spellings(tokens[at], gaps[at], tokens[at + 1])))
    found = find(words, text)
    assert found.status in ("exact", "folded", "ambiguous")
    assert span in found.spans


def _spellings(token: str) -> list[str]:
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in token)
    other = {
        "don’t": ["don't"],
        "ﬁnd": ["find"],
        "5㎏": ["5kg", "５㎏"],
        "cafe\u0301": ["café"],
        "naïve": ["nai\u0308ve"],
        "nai\u0308ve": ["naïve"],
        "ＡＢＣ": ["ABC"],
        "１２": ["12"],
        "ｶﾞ": ["ガ"],
        "co-creation": ["co–creation", "co‑creation"],
        "3.5%": ["3.5％"],
    }
    return [token, wide, *other.get(token, []), *([" ".join(token), "\n".join(token)] if token in CHINESE else [])]


def _gap_spellings(before: str, gap: str, after: str) -> list[str]:
    pair = {before, after}
    beside_chinese = bool(pair & {*CHINESE}) and not pair & {*SIGNS}
    blanks = [" ", "  ", "\n", "\u00a0", "\u3000", "\t\n"]
    if not gap:
        return ["", " ", "\n"] if beside_chinese else [""]
    if gap.isspace():
        return [*blanks, ""] if beside_chinese else blanks
    if gap == "，" and beside_chinese:
        return ["，", ",", ", ", "， "]
    return {
        "，": ["，", ","] if pair & {*SIGNS} else ["，", ", "],
        ", ": [", ", ",\n"],
        ". ": [". ", ".\u3000"],
        "——": ["——", "—"],
        " – ": [" – ", " - ", " — ", " −  "],
        " “": [" “", ' "', " „"],
        "” ": ["” ", '" '],
        "！": ["！", "!"],
        "；": ["；"],
    }.get(gap, [gap])


@relaxed
@given(cuttings(), st.data())
def test_no_quote_with_another_word_is_verified(
    cutting: tuple[list[str], list[str], int, int], data: st.DataObject
) -> None:
    tokens, gaps, first, last = cutting
    at = data.draw(st.integers(first, last))
    changed = [*tokens[:at], data.draw(st.sampled_from(["supplier", "鑫淼", "7", "Zürich", "👻"])), *tokens[at + 1 :]]
    words = _spanned(changed, gaps, first, last).of(_joined(changed, gaps))
    found = find(words, _joined(tokens, gaps))
    assert found.status in ("edited", "not_found")
    assert not found.flags


DENIALS = [
    ("We do ", "not ", "trust the platform"),
    ("Our users have ", "never ", "seen these rules"),
    ("The firm grew ", "without ", "any help from partners"),
    ("I can", "not", " recommend the service"),
    ("I could", "n’t", " recommend the service"),
    ("The dealers ", "hardly ", "answer our calls"),
    ("", "No ", "dealer answers our calls"),
    ("", "Few ", "dealers answer our calls"),
    ("我们", "并不", "信任这个平台"),
    ("用户", "从不", "参与产品设计"),
    ("企业", "没有", "公开它的数据"),
    ("经销商", "未", "得到任何补偿"),
    ("客户", "无法", "看到真实价格"),
    ("平台", "不", "向用户开放接口"),
]


@relaxed
@given(
    st.lists(st.sampled_from(["They met in May. ", "其他人也在场。", "Well, ", "不过，", "2019年，"]), max_size=4),
    st.sampled_from(DENIALS),
    st.sampled_from([".", "。", "!", ", they said.", "，他说。"]),
    st.booleans(),
)
def test_no_quote_without_its_negator_is_verified(
    before: list[str], denial: tuple[str, str, str], after: str, alone: bool
) -> None:
    head, negator, tail = denial
    text = "".join(before) + head + negator + tail + after
    words = head + tail if alone else (head + tail + after)
    found = find(words, text)
    if head:
        assert (found.status, found.change) == ("edited", "negation")
    else:
        assert (found.status, found.flags) == ("exact", NEGATION)


@relaxed
@given(texts(least=4), st.data())
def test_no_suggestion_lies_outside_its_segment_unless_flagged(
    drawn: tuple[list[str], list[str]], data: st.DataObject
) -> None:
    tokens, gaps = drawn
    text = _joined(tokens, gaps)
    first = data.draw(st.integers(0, len(tokens) - 1))
    last = data.draw(st.integers(first, len(tokens) - 1))
    words = _spanned(tokens, gaps, first, last).of(text)
    if data.draw(st.booleans()):
        other = data.draw(st.integers(0, len(tokens) - 1))
        words += " ... " + tokens[other]
    border = data.draw(st.integers(0, len(text)))
    span = data.draw(st.sampled_from([Span(0, border), Span(border, len(text))]))
    widen = data.draw(st.booleans())
    result = verify(_proposal(words), _segment(text, span), text, kind="open", widen=widen)
    for made in () if isinstance(result, Discard) else result:
        quote = made.quote
        assert quote.text == quote.span.of(text)
        assert span.contains(quote.span) == ("outside_segment" not in quote.flags)
        assert widen or span.contains(quote.span)


@relaxed
@given(st.text(max_size=60), st.text(max_size=30), st.booleans())
def test_whatever_is_verified_is_a_slice_of_the_source(text: str, words: str, inside: bool) -> None:
    source = text + words + text if inside else text + words[::2]
    found = find(words, source)
    assert found.status in get_args(QuoteStatus)
    assert set(found.flags) <= set(get_args(QuoteFlag))
    assert (found.status in ("exact", "folded")) == found.proven
    result = verify(_proposal(words), _segment(source), source, kind="open")
    assert isinstance(result, Discard) == (not found.proven)
    for made in () if isinstance(result, Discard) else result:
        assert made.quote.text == made.quote.span.of(source)
        assert (made.quote.status == "exact") <= (made.quote.text in words)


@relaxed
@given(cuttings())
def test_a_folded_document_gives_the_same_findings(cutting: tuple[list[str], list[str], int, int]) -> None:
    tokens, gaps, first, last = cutting
    text = _joined(tokens, gaps)
    words = _spanned(tokens, gaps, first, last).of(text)
    assume(words)
    assert find(words, text) == find(words, fold(text))
    assert find(words + " 鑫淼", text) == find(words + " 鑫淼", fold(text))


def test_nothing_is_found_for_no_words() -> None:
    assert find("  ", EN) == Finding("  ", "not_found")
    assert find("trust", "") == Finding("trust", "not_found")


def _proposal(words: str, code: str = "risk") -> Proposal:
    return Proposal(segment=7, code=code, quote=words)


def _segment(text: str, span: Span | None = None) -> Segment:
    return Segment(span or Span(0, len(text)), number=7)


def _verified(result: tuple[Suggestion, ...] | Discard) -> tuple[Suggestion, ...]:
    assert not isinstance(result, Discard), result
    return result


@pytest.mark.parametrize(
    "words",
    [
        "The company shares all results with the owners.",
        "公司公开了全部结果。",
        "公司公开了全部结果，",
    ],
)
def test_a_negator_behind_the_end_of_the_clause_clips_nothing(words: str) -> None:
    text = "The company shares all results with the owners. No one else sees them. 公司公开了全部结果。没有人反对。"
    text += "公司公开了全部结果，没有人反对。"
    found = find(words, text)
    assert found.spans
    assert found.flags == ()


def test_quotation_marks_inside_a_quotation_may_have_changed_their_kind() -> None:
    text = "他说：“我们把车主当作合伙人”，这是他们的话。"
    found = find("‘我们把车主当作合伙人’，这是他们的话", text)
    assert (found.status, found.spans[0].of(text)) == ("folded", "“我们把车主当作合伙人”，这是他们的话")
