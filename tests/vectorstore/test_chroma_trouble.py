"""The vector index when its folder is damaged, half-written, gone, or held by another process."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.vectorstore.making import ROOT, WIDTH, fill, rows
from vectorstore import IndexBusy, IndexDamaged
from vectorstore.chroma import VectorIndex

pytestmark = pytest.mark.xdist_group("chroma")  # so that one process imports Chroma and builds what is copied


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vectorstore.chroma._WAIT", 0.3)


def hnsw(folder: Path, name: str) -> Path:
    return next(folder.glob(f"data-*/*/{name}"))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scribble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    chance = random.Random(4)
    for start in range(0, len(content), 4096):
        content[start : start + 512] = chance.randbytes(len(content[start : start + 512]))
    path.write_bytes(bytes(content))


def blank(path: Path) -> None:
    path.write_bytes(b"")


DAMAGE: list[Callable[[Path], None]] = [truncate, scribble, blank, Path.unlink]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize(
    "name", ["header.bin", "data_level0.bin", "link_lists.bin", "length.bin", "index_metadata.pickle"]
)
def test_damaged_hnsw_files_are_noticed_before_chroma_reads_them(
    copy: Path, name: str, damage: Callable[[Path], None]
) -> None:
    damage(hnsw(copy, name))
    with pytest.raises(IndexDamaged, match="not as they were left"):
        VectorIndex(copy, "hash.v1", WIDTH).open()


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("name", ["chroma.sqlite3", "seal.npz"])
def test_a_damaged_database_or_seal_is_damage_and_a_reset_heals_it(
    copy: Path, name: str, damage: Callable[[Path], None]
) -> None:
    damage(next(copy.rglob(name)))
    index = VectorIndex(copy, "hash.v1", WIDTH)
    with pytest.raises(IndexDamaged):
        index.open()
    index.reset()
    fill(index, rows(20))
    assert index.search(rows(20)[4], 1)[0].id == 4
    index.close()
    with VectorIndex(copy, "hash.v1", WIDTH) as again:
        assert (len(again), again.healthy()) == (20, True)
    assert len(list(copy.glob("data-*"))) == 1


def test_a_data_folder_that_vanished_is_damage(copy: Path) -> None:
    shutil.rmtree(next(copy.glob("data-*")))
    with pytest.raises(IndexDamaged):
        VectorIndex(copy, "hash.v1", WIDTH).open()


def test_a_deleted_folder_is_an_empty_index(copy: Path) -> None:
    shutil.rmtree(copy)
    with VectorIndex(copy, "hash.v1", WIDTH) as index:
        assert len(index) == 0


def test_rows_swapped_behind_its_back_are_noticed(copy: Path) -> None:
    with VectorIndex(copy, "hash.v1", WIDTH) as index:
        assert index.healthy()
        index._opened().update(ids=index._opened().get(include=[])["ids"], embeddings=rows(1500, seed=9))
        assert not index.healthy()


def test_rows_lost_behind_its_back_are_noticed(copy: Path) -> None:
    with VectorIndex(copy, "hash.v1", WIDTH) as index:
        index._opened().delete(ids=index._opened().get(limit=1, include=[])["ids"])
        assert not index.healthy()
    with pytest.raises(IndexDamaged, match="1499 rows instead of 1500"):
        VectorIndex(copy, "hash.v1", WIDTH).open()


ADDING = """
import sys
from pathlib import Path
import numpy as np
from vectorstore.chroma import VectorIndex
matrix = np.random.default_rng(0).standard_normal((40_000, 64)).astype('f4')
index = VectorIndex(Path(sys.argv[1]), "hash.v1", 64)
index.open()
print("adding", flush=True)
index.sync(range(len(matrix)), np.arange(len(matrix), dtype=np.uint64), lambda: matrix)
"""


def test_a_process_killed_while_adding_leaves_a_folder_that_is_not_trusted(tmp_path: Path) -> None:
    folder = tmp_path / "chroma"
    command = [sys.executable, "-c", ADDING, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "adding\n"
        while (folder / "seal.npz").exists():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(0.5)
        assert process.poll() is None, "it was done before it could be killed"
        process.kill()
    index = VectorIndex(folder, "hash.v1", WIDTH)
    with pytest.raises(IndexDamaged, match="half-written"):
        index.open()
    index.reset()
    fill(index, rows(20))
    assert index.healthy()
    index.close()


HOLDING = """
import sys
from pathlib import Path
from vectorstore.chroma import VectorIndex
with VectorIndex(Path(sys.argv[1]), "hash.v1", 32):
    print("open", flush=True)
    sys.stdin.readline()
"""


def test_a_folder_another_process_holds_is_busy_until_it_lets_go(copy: Path) -> None:
    command = [sys.executable, "-c", HOLDING, str(copy)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        with pytest.raises(IndexBusy, match="in use by another process"):
            VectorIndex(copy, "hash.v1", WIDTH).open()
        with pytest.raises(IndexBusy):
            VectorIndex(copy, "hash.v1", WIDTH).reset()
        process.communicate("\n", timeout=20)
    with VectorIndex(copy, "hash.v1", WIDTH) as index:
        assert len(index) == 1500


def test_two_indexes_of_one_process_do_not_share_a_folder_either(copy: Path) -> None:
    with VectorIndex(copy, "hash.v1", WIDTH), pytest.raises(IndexBusy):
        VectorIndex(copy, "hash.v1", WIDTH).open()


def test_a_folder_that_cannot_be_made_is_busy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(IndexBusy, match="cannot be written"):
        VectorIndex(tmp_path / "file" / "chroma", "hash.v1", WIDTH).open()
