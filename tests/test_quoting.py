"""Finding the quotations of a manuscript: which marks, which lengths, where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from assistant.quoting import quotes_in
from assistant.verifying import find


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("She said “we do not trust them” twice.", ["we do not trust them"]),
        ('She said "we do not trust them", and "they know it well".', ["we do not trust them", "they know it well"]),
        ("他说“我并不信任平台”。", ["我并不信任平台"]),
        ("他说「我并不信任平台」。", ["我并不信任平台"]),
        ("他说『我并不信任平台』。", ["我并不信任平台"]),
        ('他说"我并不信任平台"，又说"我们都这样看"。', ["我并不信任平台", "我们都这样看"]),
        ("他说＂我并不信任平台＂。", ["我并不信任平台"]),
        ("Il dit «nous ne croyons pas» enfin.", ["nous ne croyons pas"]),
        ("‘We do not trust them’ is what they say.", ["We do not trust them"]),
        ("他说‘我并不信任平台’。", ["我并不信任平台"]),
        ("“We do not\ntrust them”", ["We do not\ntrust them"]),
        ("“ we do not trust them ”", ["we do not trust them"]),
        ("“我们用AI技术”", ["我们用AI技术"]),
        ('A 5" screen, then "we do not trust them".', ["we do not trust them"]),
        ("《价值共创的理论与实践》一书", []),
        ("no marks at all, in a long sentence", []),
        ("", []),
    ],
)
def test_quotations_by_mark(text: str, words: list[str]) -> None:
    assert [quoted.text for quoted in quotes_in(text).quotes] == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("‘I don’t trust them’ and it’s the users’ view.", ["I don’t trust them"]),
        ("‘the users’ trust isn’t high’, they said", ["the users’ trust isn’t high"]),
        ("It’s the users’ own view that the firm’s data isn’t theirs.", []),
        ("the ’90s were ‘quite a good time’ here", ["quite a good time"]),
        ("It's the users' own view that the firm's data isn't theirs.", []),
    ],
)
def test_apostrophes_are_no_quotation_marks(text: str, words: list[str]) -> None:
    assert [quoted.text for quoted in quotes_in(text).quotes] == words


@pytest.mark.parametrize(
    ("text", "skipped"),
    [
        ("the so-called “users” and their “own data”", 2),
        ("所谓“用户”和“大数据”", 2),
        ("“我并不信任平台”与“四个字的”", 0),
        ("“价值 of it all”", 0),
        ("“价值 it”", 1),
        ("“never closed, although it is long\n\nnext “this one is closed” here", 1),
        ("「没有结束的引文", 1),
        ('one inch is 1" and that is all', 0),
    ],
)
def test_short_and_unclosed_quotations_are_counted(text: str, skipped: int) -> None:
    assert quotes_in(text).skipped == skipped


def test_nested_quotations_are_both_reported_outer_first() -> None:
    text = "“她说‘我们并不信任平台’然后走了”，我们记下“「我们也不信任它」，他说”。"
    found = [(quoted.text, quoted.depth) for quoted in quotes_in(text).quotes]
    assert found == [
        ("她说‘我们并不信任平台’然后走了", 0),
        ("我们并不信任平台", 1),
        ("「我们也不信任它」，他说", 0),
        ("我们也不信任它", 1),
    ]


def test_a_block_quote_is_one_quotation_without_its_marks_and_its_speaker() -> None:
    text = "As one manager put it:\n\n> We do not trust\n> the platform.\n> — Manager 3\n\nAnd so on.\n> Only two\n"
    found = quotes_in(text)
    (block,) = found.quotes
    assert (block.form, block.depth) == ("block", 0)
    assert block.text.split() == ["We", "do", "not", "trust", "the", "platform."]
    assert block.span.of(text) == "We do not trust\n> the platform."
    assert found.skipped == 1
    assert find(block.text, "And: We do not trust the platform. Never.").status == "folded"


def test_a_quotation_inside_a_block_quote_is_reported_too() -> None:
    text = "> 受访者说：“我们并不\n> 信任平台。”\n"
    block, inner = quotes_in(text).quotes
    assert (block.form, inner.form, inner.depth) == ("block", "inline", 1)
    assert inner.span.of(text) == "我们并不\n> 信任平台。"
    assert find(inner.text, "她想了想，我们并不信任平台。").status == "folded"


def test_two_block_quotes_are_two_quotations() -> None:
    text = "> 我们并不信任平台\n\n中间的话\n\n> 他们也不信任我们\n>\n> 真的是这样"
    assert [quoted.text.split() for quoted in quotes_in(text).quotes] == [
        ["我们并不信任平台"],
        ["他们也不信任我们", "真的是这样"],
    ]


def test_a_quotation_does_not_run_over_a_blank_line() -> None:
    assert quotes_in('He said "we do not\n\ntrust them" often.').quotes == ()


def test_quotations_come_in_order_with_code_point_offsets() -> None:
    text = "👍🏽 “first we trust them” then\n\n> second we trust them\n\n“third we trust them”"
    found = quotes_in(text).quotes
    assert [quoted.text.split()[0] for quoted in found] == ["first", "second", "third"]
    assert [quoted.span.of(text) for quoted in found] == [quoted.text for quoted in found]


MARKS = "“”\"「」『』‘’«»>\n '-"


@given(st.lists(st.sampled_from([*MARKS, "s", "word ", "我们信任平台", "\n> "]), max_size=60).map("".join))
def test_every_quotation_lies_in_the_manuscript(text: str) -> None:
    found = quotes_in(text)
    assert found.skipped >= 0
    for quoted in found.quotes:
        assert quoted.text == quoted.text.strip()
        slice_ = quoted.span.of(text)
        assert len(slice_) == len(quoted.text)
        assert all(a == b or (b in " \t" and a in " \t>") for a, b in zip(slice_, quoted.text, strict=True))


@given(
    st.sampled_from(["“”", "「」", "『』", "«»", '""']),
    st.text(alphabet="我们信任平台abc ，。", min_size=4, max_size=30).map(lambda words: f"信{words}任平台"),
)
def test_what_stands_between_two_marks_is_found(marks: str, words: str) -> None:
    text = f"他说：{marks[0]}{words}{marks[1]}。"
    assert [quoted.text for quoted in quotes_in(text).quotes] == [words]


def test_a_flood_of_marks_is_read_in_one_pass() -> None:
    """Marks that are never closed must not pile up: each new one would be compared with all before it."""
    text = "“" * 20_000 + "we do not trust them”" + "‘“" * 10_000
    found = quotes_in(text)
    assert [quoted.text for quoted in found.quotes] == ["we do not trust them"]
    assert found.skipped == 19_999 + 10_000
