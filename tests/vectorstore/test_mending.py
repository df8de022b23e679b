"""The retriever's index looks after itself: built, brought up to date, mended, done without."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.vectorstore.making import ROOT, Bench, Semantic, ids, many
from vectorstore import Corpus, Retriever, VectorstoreError
from vectorstore.embedders import HashEmbedder

pytestmark = pytest.mark.xdist_group("chroma")  # so that one process imports Chroma and builds what is copied


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vectorstore.chroma._WAIT", 0.3)


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


def test_an_index_that_answers_wrongly_mends_itself(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "index", many(50))
    search = bench.retriever()
    before = search.search("门店 risk", 5, by="vector")
    assert search._index is not None
    collection = search._index._opened()  # too small for files that the seal covers
    stored = collection.get(include=["embeddings"])
    collection.update(ids=stored["ids"], embeddings=-np.asarray(stored["embeddings"]))
    assert bench.again().search("门店 risk", 5, by="vector") == before
    assert bench.said == ["The vector index does not find its own rows. Built anew from 50 vectors."]


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
