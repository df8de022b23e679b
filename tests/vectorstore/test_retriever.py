"""The retriever: which way it searches, and that its index looks after itself."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from vectorstore import Corpus, Retriever, VectorstoreError, exact
from vectorstore.embedders import HashEmbedder
from vectorstore.hybrid import fuse

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
TOPICS = ["risk", "access", "dialogue", "menu", "chef", "数据", "风险", "会员", "门店", "透明", "delivery", "forum"]


class Semantic(HashEmbedder):
    """Hashed vectors that claim to know meaning, so that the semantic defaults run without a server."""

    def __init__(self) -> None:
        super().__init__()
        self.semantic = True


class Bench:
    """A corpus that can change, with a count of how often its vectors were asked for."""

    def __init__(self, folder: Path, texts: dict[int, str], embedder: HashEmbedder | None = None) -> None:
        self.folder = folder
        self.texts = texts
        self.embedder = embedder or HashEmbedder()
        self.said: list[str] = []
        self.asked = 0
        self.opened: list[Retriever] = []

    def corpus(self) -> Corpus:
        ids, texts = list(self.texts), list(self.texts.values())

        def vectors() -> NDArray[np.float32]:
            self.asked += 1
            return self.embedder.embed(texts)

        return Corpus(ids, texts, vectors)

    def retriever(self) -> Retriever:
        self.opened.append(Retriever(self.folder, self.embedder, self.corpus, notify=self.said.append))
        return self.opened[-1]

    def again(self) -> Retriever:
        """Another retriever, as a later command would make it; what was said before is forgotten."""
        for one in self.opened:
            one.close()
        self.said.clear()
        self.asked = 0
        return self.retriever()


@pytest.fixture
def bench(tmp_path: Path, texts: dict[int, str]) -> Iterator[Bench]:
    made = Bench(tmp_path / "index", texts)
    yield made
    for one in made.opened:
        one.close()


def many(count: int) -> dict[int, str]:
    chance = random.Random(2)
    return {n: " ".join(chance.choices(TOPICS, k=6)) + f" case{n}" for n in range(1, count + 1)}


def ids(hits: Sequence[object]) -> list[int]:
    return [hit.id for hit in hits]  # type: ignore[attr-defined]


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


def test_the_first_search_builds_and_later_ones_find_everything_in_place(bench: Bench) -> None:
    first = bench.retriever().search("风险 risk", 5, by="hybrid")
    assert [message.split(":")[0] for message in bench.said] == [
        "The keyword index was missing",
        "The vector index was missing",
    ]
    assert bench.again().search("风险 risk", 5, by="hybrid") == first
    assert (bench.said, bench.asked) == ([], 0)


def test_a_changed_corpus_is_noticed_by_the_next_command(bench: Bench) -> None:
    bench.retriever().search("风险", 5, by="hybrid")
    bench.texts[12] = "这里改成谈风险的话"
    bench.texts[19] = "新的一段，也谈风险"
    del bench.texts[13]
    search = bench.again()
    for by in ("keyword", "vector"):
        assert set(ids(search.search("风险", 5, by=by))) == {12, 19}
    assert [message.split(":")[0] for message in bench.said] == [
        "The keyword index was out of date",
        "The vector index was out of date",
    ]


def test_refresh_looks_at_the_corpus_again(bench: Bench) -> None:
    search = bench.retriever()
    assert search.search("琉璃", 5) == []
    bench.texts[20] = "琉璃的一段"
    assert search.search("琉璃", 5) == []
    search.refresh()
    assert ids(search.search("琉璃", 5)) == [20]
    assert ids(search.search("琉璃", 1, by="vector")) == [20]


def test_refresh_builds_what_the_default_search_uses(bench: Bench) -> None:
    bench.retriever().refresh()
    assert sorted(path.name for path in bench.folder.iterdir()) == ["keyword.npz"]
    bench.embedder = Semantic()
    bench.again().refresh()
    assert (bench.folder / "chroma" / "seal.npz").exists()


def test_another_embedder_rebuilds_the_vectors(bench: Bench) -> None:
    bench.retriever().search("风险", 2, by="vector")
    other = HashEmbedder()
    other.name = "hash.v0"
    bench.embedder = other
    assert ids(bench.again().search("退货的风险", 1, by="vector")) == [13]
    assert len(bench.said) == 1
    assert "another embedder" in bench.said[0]


def spoil_seal(folder: Path) -> None:
    (folder / "chroma" / "seal.npz").unlink()


def spoil_database(folder: Path) -> None:
    next(folder.rglob("chroma.sqlite3")).write_bytes(b"not a database at all" * 100)


def cut_database(folder: Path) -> None:
    path = next(folder.rglob("chroma.sqlite3"))
    path.write_bytes(path.read_bytes()[:5000])


def spoil_graph(folder: Path) -> None:
    path = next(folder.rglob("link_lists.bin"))
    path.write_bytes(bytes(path.stat().st_size))


def spoil_data(folder: Path) -> None:
    shutil.rmtree(next(folder.glob("chroma/data-*")))


def spoil_everything(folder: Path) -> None:
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large") / "index"
    with Bench(folder, many(1100)).retriever() as search:
        search.search("门店", 1, by="hybrid")
    return folder


@pytest.mark.parametrize(
    "spoil",
    [spoil_seal, spoil_database, cut_database, spoil_graph, spoil_data, spoil_everything],
    ids=lambda f: f.__name__,
)
def test_a_spoilt_vector_index_mends_itself_and_finds_the_same(
    large: Path, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    bench = Bench(shutil.copytree(large, tmp_path / "index"), many(1100))
    query = "门店 risk menu 透明 case77"
    before = bench.retriever().search(query, 10, by="vector")
    assert (len(before), bench.said) == (10, [])
    search = bench.again()
    spoil(bench.folder)
    assert search.search(query, 10, by="vector") == before
    assert len([message for message in bench.said if "vector index" in message]) == 1
    assert bench.asked == 1  # from the caller's vectors: nothing is embedded again
    assert bench.again().search(query, 10, by="vector") == before
    assert bench.said == []
    search.close()


def test_an_index_that_breaks_while_open_mends_itself(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "index", many(50))
    with bench.retriever() as search:
        before = search.search("门店 risk", 5, by="vector")
        index = search._index
        assert index is not None
        assert index._client is not None
        index._client.delete_collection(index._name)
        assert search.search("门店 risk", 5, by="vector") == before
        assert "Built anew from 50 vectors" in bench.said[-1]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half an archive"])
def test_a_damaged_keyword_index_mends_itself(bench: Bench, content: bytes) -> None:
    before = bench.retriever().search("风险 risk", 5)
    (bench.folder / "keyword.npz").write_bytes(content)
    assert bench.again().search("风险 risk", 5) == before
    assert bench.said == ["The keyword index was damaged: built from 8 texts."]
    assert bench.again().search("风险 risk", 5) == before
    assert bench.said == []


HOLDING = """
import sys
from pathlib import Path
from vectorstore.chroma import VectorIndex
with VectorIndex(Path(sys.argv[1]) / "chroma", "hash.v1", 1024):
    print("open", flush=True)
    sys.stdin.readline()
"""


def test_while_another_process_holds_the_index_search_is_exact(bench: Bench) -> None:
    bench.folder.mkdir()
    command = [sys.executable, "-c", HOLDING, str(bench.folder)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        search = bench.retriever()
        assert ids(search.search("谁承担退货的风险", 1, by="vector")) == [13]
        assert ids(search.search("delivery risk", 1, by="vector")) == [16]
        assert len(bench.said) == 1  # said once, not at every search
        assert "in use by another process" in bench.said[0]
        process.communicate("\n", timeout=20)
    search.refresh()
    assert ids(search.search("谁承担退货的风险", 1, by="vector")) == [13]
    assert bench.said[-1] == "The vector index was missing: built from 8 vectors."


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path, texts: dict[int, str]) -> None:
    (tmp_path / "index").write_text("a file where the folder should be", encoding="utf-8")
    bench = Bench(tmp_path / "index", texts)
    found = bench.retriever().search("谁承担退货的风险", 1, by="hybrid")
    assert ids(found) == [13]
    assert len(bench.said) == 2


def test_vectors_of_the_wrong_shape_are_refused_and_nothing_stays_locked(bench: Bench) -> None:
    broken = Retriever(
        bench.folder,
        bench.embedder,
        lambda: Corpus([1, 2], ["a risk", "b"], lambda: np.zeros((2, 7), dtype=np.float32)),
    )
    with pytest.raises(VectorstoreError, match="shape"):
        broken.search("risk", 1, by="vector")
    assert ids(bench.retriever().search("谁承担退货的风险", 1, by="vector")) == [13]
    assert not any("another process" in message for message in bench.said)


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
