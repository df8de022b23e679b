"""The declared fold: what it makes equal, what it must not, and that every folded character knows its source."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from assistant import folding
from assistant.folding import fold, likely, standing
from assistant.model import Span

relaxed = settings(deadline=None)  # the first example loads regex and rapidfuzz
SIMPLE = "aeiITt059 \n\t,.;:!?-–—“”\"'’()，。；：！？（）「」、…％我并不信任平台三千カガ々ＡｂＺ０５"
ODD = "İßé한½²①⒈㏠㎏㎡℃ﬁ№ﷺ´"
CLUSTERS = ("e\u0301", "ｶﾞ", "क्षि", "❤️", "👨‍👩‍👧", "👍🏽", "🇨🇳", "1️⃣", "\u0301", "\u200d", "\u200b", "\u00a0", "\u3000")
TEXTS = st.lists(st.sampled_from([*SIMPLE, *ODD, *CLUSTERS]), max_size=40).map("".join)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("但是，我信任", "但是,我信任"),
        ("但是，我信任", "但是, 我信任"),
        ("平台。来", "平台.来"),
        ("ＡＢＣ１２％", "ABC12%"),
        ("ｶﾞ", "ガ"),
        ("“it’s”", '"it\'s"'),
        ("well–known", "well-known"),
        ("−5", "-5"),
        ("平台——信任", "平台—信任"),
        ("平台——信任", "平台--信任"),
        ("a  b\n\tc\u00a0d\u3000e", "a b c d e"),
        ("我并 不信\n任", "我并不信任"),
        ("用 AI 技术 5 年", "用AI技术5年"),
        ("平台 （ 甲 ） 来", "平台（甲）来"),
        ("他说，OK", "他说, OK"),
        ("Bob，OK", "Bob, OK"),
        ("2019，300家", "2019, 300家"),
        ("5㎏ 平台，ﬁnd，x", "5kg平台，find, x"),
        ("ｶﾞ 平台", "ガ平台"),
        ("㎏ ㎡ ℃ …", "kg m² °C ..."),
        ("ﬁnd", "find"),
        ("Ⅱ期", "II期"),
        ("é", "e\u0301"),
        ("⼀", "一"),
    ],
)
def test_typography_folds_to_the_same(one: str, other: str) -> None:
    assert fold(one).text == fold(other).text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("10²", "102"),
        ("x₂", "x2"),
        ("3½", "31⁄2"),
        ("第①", "第1"),
        ("5ⁿ", "5n"),
        ("第㊂", "第三"),
        ("Brand™", "BrandTM"),
        ("3⒈", "31."),
        ("2㏠", "21日"),
        ("2019，300家", "2019,300家"),
        ("5， 300", "5,300"),
        ("１，２３４", "1,234"),
        ("5 300", "5300"),
        ("3。5", "3.5"),
        ("--5", "-5"),
        ("№ trust", "No trust"),
        ("Apple", "apple"),
        ("İ", "i̇"),
        ("ß", "ss"),
        ("信任", "信賴"),
        ("體", "体"),
        ("「甲」", "“甲”"),
        ("with our", "withour"),
        ("trust,the", "trust, the"),
        ("한 국", "한국"),
        ("a\u200bb", "ab"),
    ],
)
def test_other_words_and_other_numbers_stay_apart(one: str, other: str) -> None:
    assert fold(one).text != fold(other).text


@relaxed
@given(TEXTS)
def test_the_map_is_monotone_and_covers_all_but_dropped_white_space(text: str) -> None:
    folded = fold(text)
    clusters = list(zip(folded.starts, folded.ends, strict=True))
    assert len(clusters) == len(folded.text)
    for (start, end), (next_start, next_end) in pairwise(clusters):
        assert (start, end) == (next_start, next_end) or end <= next_start
    covered = {offset for start, end in clusters for offset in range(start, end)}
    assert all(0 <= offset < len(text) for offset in covered)
    assert all(text[offset].isspace() for offset in set(range(len(text))) - covered)


@relaxed
@given(TEXTS)
def test_every_range_of_whole_clusters_maps_to_a_slice_that_folds_to_it_at_its_edges(text: str) -> None:
    folded = fold(text)
    for at in range(len(folded.text)):
        span = folded.span(at, at + 1)
        cluster = Span(folded.starts[at], folded.ends[at])
        single = sum(start == cluster.start for start in folded.starts) == 1
        assert span == (cluster if single else None)
    assert not folded.text or folded.span(0, len(folded.text)) == Span(folded.starts[0], folded.ends[-1])


@relaxed
@given(TEXTS)
def test_no_number_is_changed(text: str) -> None:
    assert [int(run) for run in re.findall(r"\d+", text)] == [int(run) for run in re.findall(r"\d+", fold(text).text)]


@relaxed
@given(TEXTS)
def test_no_place_begins_or_ends_inside_a_grapheme(text: str) -> None:
    import regex  # type: ignore[import-untyped, unused-ignore]

    edges = {0} | {match.end() for match in regex.finditer(r"\X", text)}
    for words in ("a", "我", "e", "5", "👨", "🇨", "ｶ", "k", "."):
        for span in standing(words, fold(text)):
            assert span.start in edges
            assert span.end in edges


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("k", "5㎏ rice"),
        ("g rice", "5㎏ rice"),
        ("nd", "ﬁnd"),
        (".", "wait…"),
        ("wait.", "wait…"),
        ("e", "cafe\u0301"),
        ("\u0301", "cafe\u0301"),
        ("👩", "👨‍👩‍👧"),
        ("👨", "👨‍👩‍👧"),
        ("❤", "❤️"),
        ("👍", "👍🏽"),
        ("🇨", "🇨🇳"),
        ("1", "1️⃣"),
        ("ｶ", "ｶﾞ"),
    ],
)
def test_a_part_of_one_character_does_not_stand(words: str, text: str) -> None:
    assert standing(words, fold(text)) == ()


@pytest.mark.parametrize(
    ("words", "text", "slice_"),
    [
        ("5kg rice", "5㎏ rice.", "5㎏ rice"),
        ("find", "to ﬁnd it", "ﬁnd"),
        ("wait...", "wait… now", "wait…"),
        ("café", "the cafe\u0301s… cafe\u0301 x", "cafe\u0301"),
        ("zordu", "İstanbul'da beklemek zordu", "zordu"),
        ("信任 - 平台", "对信任——平台的", "信任——平台"),
    ],
)
def test_a_place_is_a_slice_of_the_source(words: str, text: str, slice_: str) -> None:
    (span,) = standing(words, fold(text))
    assert span.of(text) == slice_


@pytest.mark.parametrize(
    ("words", "text", "count"),
    [
        ("art", "partner, party, smart", 0),
        ("art", "the art, of art", 2),
        ("AI", "用AI技术", 1),
        ("GPT", "GPT4 and MyGPT", 0),
        ("I can", "I can't", 0),
        ("I don", "I don’t", 0),
        ("t trust", "I don’t trust", 0),
        ("s view", "the user's view", 0),
        ("İstanbul", "İstanbul'da", 1),
        ("customer", "the customer's view", 1),
        ("love", "❤️love", 1),
        ("平台", "平台化平台", 2),
        ("trust", "trust¹ matters", 1),
        ("5 users", "15 users", 1),
        ("5 users", "15 users, then 5 users", 1),
        ("哈哈", "哈哈哈", 2),
        ("", "anything", 0),
    ],
)
def test_words_stand_as_words(words: str, text: str, count: int) -> None:
    assert len(standing(words, fold(text))) == count


def test_places_count_up_to_the_fold_for_a_model_may_have_straightened_either() -> None:
    text = "It’s a risk. It's a risk."
    assert standing("It's a risk", fold(text)) == (Span(0, 11), Span(13, 24))


def test_a_whole_number_is_preferred_to_a_cut_one() -> None:
    assert standing("5 users", fold("15 users, then 5 users")) == (Span(15, 22),)


@pytest.mark.parametrize("within", [Span(0, 5), Span(5, 13), Span(0, 13), Span(2, 4), Span(5, 5)])
def test_within_keeps_places_inside(within: Span) -> None:
    text = "信任 平台, 信任平台。"
    assert all(within.contains(span) for span in standing("信任平台", fold(text), within))
    assert len(standing("信任平台", fold(text), within)) == {(0, 5): 1, (5, 13): 1, (0, 13): 2}.get(
        (within.start, within.end), 0
    )


def test_likely_stays_inside_and_names_the_nearest_place() -> None:
    text = fold("We never met them. The platform shares its customer data with us. They left early.")
    found = likely(fold("the platform shared its customers data"), text)
    assert found is not None
    place, likeness = found
    assert 80 <= likeness < 100
    assert "shares its customer" in place.of(text.text)
    assert likely(fold("the platform shared its customers data"), text, Span(0, 18)) is None


def test_long_words_are_compared_in_pieces_never_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """rapidfuzz's cost grows with more than the square of a quote's length: 3,000 characters took it seconds."""
    from rapidfuzz import fuzz

    asked: list[int] = []
    search = fuzz.partial_ratio_alignment

    def spy(words: str, text: str, *, score_cutoff: float) -> object:
        asked.append(len(words))
        return search(words, text, score_cutoff=score_cutoff)

    monkeypatch.setattr(fuzz, "partial_ratio_alignment", spy)
    source = "".join(f"Sentence {n} says that firm {n * 7} listens to user {n * 13}. " for n in range(1200))
    changed = source[20_000:23_000].replace("listens", "listened")
    assert likely(fold(changed), fold(source)) is not None
    assert likely(fold("vq" * 1500), fold(source)) is None
    assert max(asked) <= 256
    assert len(asked) <= 2 * 9
    asked.clear()
    assert likely(fold("vq" * 5000), fold(source)) is None
    assert asked == []


def test_a_fold_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking a quote up in a folded document folds the quote, not the document again."""
    from assistant import negating, verifying

    sizes: list[int] = []

    def spy(text: str) -> folding.Folded:
        sizes.append(len(text))
        return fold(text)

    document = fold("我们并不信任平台。The firm listens to its users. " * 1200)
    for module in (folding, negating, verifying):
        monkeypatch.setattr(module, "fold", spy)
    assert verifying.find("a sentence that nobody ever said here", document).status == "not_found"
    assert verifying.find("我们信任平台", document).status == "edited"
    assert sizes
    assert max(sizes) < 200
