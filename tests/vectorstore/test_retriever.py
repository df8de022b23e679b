"""The retriever: which way it searches, and what its filters do."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.vectorstore.making import ROOT, Bench, Semantic, ids, many
from vectorstore import Corpus, exact
from vectorstore.hybrid import fuse


def test_each_way_of_searching_finds_the_passage_without_network(bench: Bench, no_network: list[object]) -> None:
    search = bench.retriever()
    for by in ("keyword", "vector", "hybrid", None):
        assert ids(search.search("谁承担退货的风险", 1, by=by)) == [13]
        assert ids(search.search("delivery risk of customers", 1, by=by)) == [16]


def test_left_to_choose_a_word_embedder_searches_by_keyword(bench: Bench) -> None:
    search = bench.retriever()
    assert search.search("会员 risk", 5) == search.search("会员 risk", 5, by="keyword") != []
    assert bench.asked == 0


def test_left_to_choose_a_semantic_embedder_fuses_both(bench: Bench) -> None:
    bench.embedder = Semantic()
    search = bench.retriever()
    both = [search.search("会员 risk", 50, by="keyword"), search.search("会员 risk", 50, by="vector")]
    assert search.search("会员 risk", 3) == fuse(both)[:3] != []


def test_similar_takes_a_text_or_a_vector_and_leaves_out_what_it_is_told(bench: Bench) -> None:
    search = bench.retriever()
    text = bench.texts[16]
    by_text, by_vector = search.similar(text, 3), search.similar(bench.embedder.embed([text])[0], 3)
    assert by_text == by_vector
    assert by_text[0].id == 16
    others = search.similar(text, 3, exclude=[16])
    assert 16 not in ids(others)
    assert [hit.rank for hit in others] == list(range(1, len(others) + 1))


@pytest.mark.parametrize("by", ["keyword", "vector", "hybrid"])
def test_nothing_asked_nothing_found(bench: Bench, by: str) -> None:
    search = bench.retriever()
    assert search.search("", 5, by=by) == search.search("how do we", 5, by=by) == []  # type: ignore[arg-type]
    assert search.search("风险", 0, by=by) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("by", ["keyword", "vector", "hybrid"])
def test_an_empty_corpus_is_no_trouble(bench: Bench, by: str) -> None:
    bench.texts = {}
    assert bench.retriever().search("risk", 5, by=by) == []  # type: ignore[arg-type]


def test_importing_and_searching_by_keyword_loads_neither_chroma_nor_openai(tmp_path: Path) -> None:
    body = (
        "import sys\nimport vectorstore\nassert 'numpy' not in sys.modules\n"
        "from pathlib import Path\nfrom vectorstore import Corpus, Retriever, connect\n"
        "r = Retriever(Path(sys.argv[1]), connect('hash'), lambda: Corpus([1], ['shared risk'], lambda: None))\n"
        "assert [h.id for h in r.search('risk', 1)] == [1]\n"
        "print([m for m in ('chromadb', 'openai', 'bm25s', 'scipy', 'httpx', 'requests') if m in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", body, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.parametrize("allowed", [[16, 13], [16], [], [999], [11, 12, 13, 14, 15, 16, 17, 18]])
@pytest.mark.parametrize("by", ["keyword", "vector", "hybrid"])
def test_a_filter_keeps_its_ids_only(bench: Bench, by: str, allowed: list[int]) -> None:
    found = ids(bench.retriever().search("delivery risk 风险", 8, by=by, allowed=allowed))  # type: ignore[arg-type]
    assert set(found) == {13, 16} & set(allowed)


def test_a_wide_filter_over_fetches_and_a_narrow_one_is_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vectorstore.retriever._NARROW", 150)
    bench = Bench(tmp_path / "index", many(600))
    exact_searches: list[int] = []
    plain = exact.search

    def counted(*args: object, **kwargs: object) -> object:
        exact_searches.append(1)
        return plain(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr("vectorstore.exact.search", counted)
    wide, narrow = set(range(1, 400)), set(range(500, 601))
    with bench.retriever() as search:
        for allowed, wanted in ((wide, 0), (narrow, 1)):
            exact_searches.clear()
            found = search.search("门店 risk menu 透明", 10, by="vector", allowed=allowed)
            assert len(exact_searches) == wanted
            corpus = bench.corpus()
            asked = bench.embedder.embed(["门店 risk menu 透明"])[0]
            wanted_hits = plain(asked, corpus.ids, corpus.vectors(), 10, allowed)
            assert ids(found) == ids(wanted_hits)
            assert [hit.score for hit in found] == pytest.approx([hit.score for hit in wanted_hits], abs=1e-5)


@pytest.mark.parametrize(("keys", "texts"), [([1, 1], ["a", "b"]), ([1], ["a", "b"])])
def test_a_corpus_has_one_text_for_each_id(keys: list[int], texts: list[str]) -> None:
    with pytest.raises(ValueError, match="one text for each id"):
        Corpus(keys, texts, lambda: np.zeros((2, 2), dtype=np.float32))


def test_threads_may_share_a_retriever(bench: Bench) -> None:
    search = bench.retriever()
    queries = [("谁承担退货的风险", 13), ("delivery risk", 16), ("积分有效期", 12), ("5G outage", 17)] * 10
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda pair: ids(search.search(pair[0], 1, by="hybrid")), queries))
    assert found == [[wanted] for _, wanted in queries]
    assert len(bench.said) == 2  # built once, though many asked at once
