"""The keyword index: its scores, its order, its file."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from vectorstore import IndexDamaged
from vectorstore.keyword import KeywordIndex, stamp
from vectorstore.tokens import tokenize


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("用户提出功能", 11),
        ("积分有效期", 12),
        ("谁承担退货风险", 13),
        ("co-creation of menus", 14),
        ("inspecting how data is used", 15),
        ("delivery risks for a customer", 16),
        ("5G 网络 outage", 17),
    ],
)
def test_chinese_english_and_mixed_queries_find_the_passage(texts: dict[int, str], query: str, found: int) -> None:
    hits = KeywordIndex.build(list(texts), list(texts.values())).search(query, 3)
    assert hits[0].id == found
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))


def test_scores_are_those_of_bm25s() -> None:
    bm25s = pytest.importorskip("bm25s")
    chance = random.Random(5)
    words = [f"w{n}" for n in range(60)]
    texts = [" ".join(chance.choices(words, k=chance.randint(1, 30))) for _ in range(200)]
    reference = bm25s.BM25(k1=1.5, b=0.75, method="lucene")
    reference.index([tokenize(text) for text in texts], show_progress=False)
    index = KeywordIndex.build(range(len(texts)), texts)
    for _ in range(20):
        query = " ".join(chance.choices(words, k=4))
        expected = reference.get_scores(tokenize(query))
        found = {hit.id: hit.score for hit in index.search(query, len(texts))}
        assert found == {i: pytest.approx(float(s), abs=1e-4) for i, s in enumerate(expected) if s > 0}


def test_equal_texts_come_by_id_however_they_were_given() -> None:
    ids = [9, 3, 7, 1, 5]
    hits = KeywordIndex.build(ids, ["同样的话 same words"] * 5).search("same 话", 3)
    assert [hit.id for hit in hits] == [1, 3, 5]
    assert len({hit.score for hit in hits}) == 1


@pytest.mark.parametrize("query", ["", "zzz", "how do we", "，。"])
def test_a_query_that_shares_nothing_finds_nothing(texts: dict[int, str], query: str) -> None:
    assert KeywordIndex.build(list(texts), list(texts.values())).search(query, 10) == []


@pytest.mark.parametrize("texts", [[], [""], ["", "how do we"]])
def test_nothing_to_index_is_no_trouble(texts: list[str], tmp_path: Path) -> None:
    index = KeywordIndex.build(range(len(texts)), texts)
    index.save(tmp_path)
    loaded = KeywordIndex.load(tmp_path)
    assert loaded is not None
    assert index.search("risk", 5) == loaded.search("risk", 5) == []


def test_the_filter_applies_before_the_best_are_taken() -> None:
    index = KeywordIndex.build(range(100), ["risk risk risk"] * 99 + ["a risk among many other words in a long text"])
    assert [hit.id for hit in index.search("risk", 2, allowed=[99, 500])] == [99]
    assert index.search("risk", 2, allowed=()) == []


words = st.lists(st.sampled_from(["risk", "价值", "access", "对话", "5"]), max_size=6).map(" ".join)


@settings(deadline=None)
@given(st.lists(words, max_size=12), words, st.integers(0, 15))
def test_the_best_k_are_the_head_of_all_hits(texts: list[str], query: str, k: int) -> None:
    index = KeywordIndex.build(range(len(texts)), texts)
    everything = index.search(query, 100)
    assert index.search(query, k) == everything[:k]
    assert all(hit.score > 0 for hit in everything)
    assert [(-hit.score, hit.id) for hit in everything] == sorted((-hit.score, hit.id) for hit in everything)


def test_ids_and_texts_must_pair_up() -> None:
    with pytest.raises(ValueError, match="2 ids for 1 texts"):
        KeywordIndex.build([1, 2], ["one"])


def test_a_saved_index_answers_the_same(texts: dict[int, str], tmp_path: Path) -> None:
    index = KeywordIndex.build(list(texts), list(texts.values()))
    index.save(tmp_path)
    loaded = KeywordIndex.load(tmp_path)
    assert loaded is not None
    assert loaded.fingerprint == index.fingerprint == stamp(list(texts), list(texts.values()))
    assert loaded.search("退货 delivery risk", 8) == index.search("退货 delivery risk", 8) != []
    assert [path.name for path in tmp_path.iterdir()] == ["keyword.npz"]  # no temporary file stays


def test_the_fingerprint_tells_ids_order_and_words_apart() -> None:
    prints = {
        stamp([1, 2], ["a", "b"]),
        stamp([1, 3], ["a", "b"]),
        stamp([2, 1], ["a", "b"]),
        stamp([1, 2], ["a", "c"]),
    }
    assert len(prints) == 4


def test_no_index_is_not_a_damaged_index(tmp_path: Path) -> None:
    assert KeywordIndex.load(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"not a zip file", b"PK\x03\x04" + bytes(200)])
def test_a_foreign_file_is_damage(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "keyword.npz").write_bytes(content)
    with pytest.raises(IndexDamaged):
        KeywordIndex.load(tmp_path)


def test_an_archive_without_the_parts_is_damage(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "keyword.npz", "w") as archive:
        archive.writestr("ids.npy", b"x")
    with pytest.raises(IndexDamaged):
        KeywordIndex.load(tmp_path)


def test_flipped_bytes_are_noticed_or_harmless(texts: dict[int, str], tmp_path: Path) -> None:
    index = KeywordIndex.build(list(texts), list(texts.values()))
    index.save(tmp_path)
    path = tmp_path / "keyword.npz"
    good = path.read_bytes()
    expected = index.search("退货 delivery risk 5G", 8)
    chance = random.Random(3)
    noticed = 0
    for place in [*range(0, len(good), 7), *(chance.randrange(len(good)) for _ in range(100))]:
        path.write_bytes(good[:place] + bytes([good[place] ^ (1 << chance.randrange(8))]) + good[place + 1 :])
        try:
            loaded = KeywordIndex.load(tmp_path)
        except IndexDamaged:
            noticed += 1
        else:
            assert loaded is not None
            assert loaded.search("退货 delivery risk 5G", 8) == expected
    assert noticed > 100


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_cut_off_file_is_damage(texts: dict[int, str], tmp_path: Path, share: float) -> None:
    KeywordIndex.build(list(texts), list(texts.values())).save(tmp_path)
    path = tmp_path / "keyword.npz"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(IndexDamaged):
        KeywordIndex.load(tmp_path)
