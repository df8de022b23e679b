"""The vector index against real Chroma: what it stores and finds."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.vectorstore.making import WIDTH, fill, rows, stamps
from vectorstore import IndexDamaged, exact
from vectorstore.chroma import VectorIndex, _collection_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.xdist_group("chroma")  # so that one process imports Chroma and builds what is copied


def test_it_finds_what_exact_search_finds(copy: Path) -> None:
    matrix = rows(1500)
    with VectorIndex(copy, "hash.v1", WIDTH) as index:
        assert len(index) == 1500
        found = [{hit.id for hit in index.search(matrix[i], 10)} for i in range(0, 1500, 50)]
    wanted = [{hit.id for hit in exact.search(matrix[i], range(1500), matrix, 10)} for i in range(0, 1500, 50)]
    assert np.mean([len(a & b) / 10 for a, b in zip(found, wanted, strict=True)]) > 0.97


def test_scores_are_cosines_and_ties_come_by_id(index: VectorIndex) -> None:
    matrix = np.zeros((6, WIDTH), dtype=np.float32)
    matrix[[0, 1, 2], 0] = 1
    matrix[3, :2] = 0.6, 0.8
    matrix[4, 0] = -1  # row 5 stays zero
    with index:
        fill(index, matrix)
        hits = index.search(matrix[0], 10)
        nothing = index.search(matrix[5], 10)
    assert [(hit.id, hit.rank) for hit in hits] == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert [hit.score for hit in hits] == pytest.approx([1, 1, 1, 0.6], abs=1e-5)
    assert nothing == []


def test_an_empty_index_finds_nothing_and_is_not_taken_for_a_half_written_one(index: VectorIndex) -> None:
    for _ in range(2):
        with index:
            assert index.search(rows(1)[0], 5) == []
            assert index.healthy()


def test_more_rows_than_chroma_takes_at_once(index: VectorIndex) -> None:
    matrix = rows(5600)
    with index:
        fill(index, matrix)
        assert index.healthy()
        assert index.search(matrix[5599], 1)[0].id == 5599


def test_sync_adds_removes_and_replaces_and_asks_for_vectors_only_when_needed(index: VectorIndex) -> None:
    matrix = rows(60)
    asked: list[str] = []

    def vectors(of: NDArray[np.float32]) -> Callable[[], NDArray[np.float32]]:
        return lambda: asked.append("vectors") or of  # type: ignore[func-returns-value]

    with index:
        assert index.sync(range(40), stamps(40), vectors(matrix[:40])) == 40
        assert index.sync(range(40), stamps(40), vectors(matrix[:40])) == 0
        assert index.sync(range(5, 40), stamps(40)[5:], vectors(matrix[5:40])) == 5
        assert asked == ["vectors"]
        assert index.sync(range(5, 60), stamps(60)[5:], vectors(matrix[5:])) == 20
        assert [hit.id for hit in index.search(matrix[3], 60) if hit.id < 5] == []
        changed = stamps(60)[5:].copy()
        changed[0] = 999  # the text of id 5 became another one, with the vector row 3 had
        swapped = matrix[5:].copy()
        swapped[0] = matrix[3]
        assert index.sync(range(5, 60), changed, vectors(swapped)) == 1
        assert index.search(matrix[3], 1)[0].id == 5
        assert (len(index), index.healthy()) == (55, True)


def test_repeated_and_empty_texts_do_not_hide_the_others(index: VectorIndex) -> None:
    matrix = rows(1200)
    matrix[200:1000] = matrix[0]  # as interviews are full of "Yes."
    matrix[1000:1100] = 0  # and of texts with nothing to find
    marks = stamps(1200)
    marks[600:1000] = marks[0]  # half of the repeats are the same text, the others only have the same vector
    with index:
        index.sync(range(1200), marks, lambda: matrix)
        assert index._opened().count() == 300
        assert index.healthy()
        assert [hit.id for hit in index.search(matrix[700], 5)] == [0, 200, 201, 202, 203]
        for place in [*range(1, 200), *range(1100, 1200)]:
            assert index.search(matrix[place], 1)[0].id == place
        kept = [0, *range(600, 1200)]
        assert index.sync(kept, marks[kept], lambda: matrix[kept]) == 599
        assert [hit.id for hit in index.search(matrix[700], 3)] == [0, 600, 601]


def test_equal_texts_share_the_vector_of_the_first(index: VectorIndex) -> None:
    matrix = rows(3)  # a server may answer the same text with slightly different numbers
    with index:
        index.sync([1, 2], stamps(1)[[0, 0]], lambda: matrix[:2])
        assert index.sync([1, 2, 3], stamps(1)[[0, 0, 0]], lambda: matrix) == 1
        assert [hit.id for hit in index.search(matrix[0], 5)] == [1, 2, 3]


def test_when_most_rows_go_it_starts_anew(index: VectorIndex, tmp_path: Path) -> None:
    with index:
        fill(index, rows(30))
        before = list((tmp_path / "chroma").glob("data-*"))
        index.sync([1], stamps(1), lambda: rows(1))
        after = list((tmp_path / "chroma").glob("data-*"))
        assert len(index) == 1
    assert len(before) == len(after) == 1
    assert before != after


def test_a_closed_index_opens_again_with_its_rows(index: VectorIndex, tmp_path: Path) -> None:
    matrix = rows(200)
    with index:
        fill(index, matrix)
    index.close()
    for _ in range(3):  # reading must not break the seal
        with VectorIndex(tmp_path / "chroma", "hash.v1", WIDTH) as again:
            assert again.sync(range(200), stamps(200), lambda: matrix) == 0
            assert again.healthy()
            assert again.search(matrix[17], 1)[0].id == 17


def test_it_must_be_open(index: VectorIndex) -> None:
    with pytest.raises(RuntimeError, match="open the index first"):
        fill(index, rows(3))


def test_no_file_stays_open_after_closing(index: VectorIndex, tmp_path: Path) -> None:
    with index:
        fill(index, rows(1200))
        index.search(rows(1)[0], 3)
    held = Path("/proc/self/fd")
    if not held.exists():
        pytest.skip("only Linux lists a process's open files")

    def still_open() -> list[str]:
        targets = []
        for path in held.iterdir():
            with suppress(OSError):  # closed since it was listed
                targets.append(str(path.readlink()))
        return [target for target in targets if str(tmp_path) in target]

    deadline = time.monotonic() + 10  # Chroma closes its database in a thread of its own
    while still_open() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert still_open() == []


def test_nothing_asks_the_network(index: VectorIndex, no_network: list[object]) -> None:
    with index:
        fill(index, rows(50))
        assert index.search(rows(50)[7], 1)[0].id == 7


@pytest.mark.parametrize("name", ["访谈", "openai:text-embedding-3-small", "x" * 600, "-x", ""])
def test_a_name_chroma_refuses_is_hashed(tmp_path: Path, name: str) -> None:
    with VectorIndex(tmp_path / "chroma", name, WIDTH) as index:
        fill(index, rows(3))
        assert len(index) == 3
    assert _collection_name(name, WIDTH) != _collection_name(name, WIDTH + 1)
    assert len({_collection_name(n, 8) for n in (name, name + "y", "hash.v1")}) == 3


def test_vectors_of_another_embedder_are_never_mixed_in(copy: Path) -> None:
    for other in (VectorIndex(copy, "openai:x", WIDTH), VectorIndex(copy, "hash.v1", 64)):
        with pytest.raises(IndexDamaged, match="another embedder"):
            other.open()
