"""An index folder in, a seal out that says what a finished one looks like; and whether a folder still looks so.

Chroma cannot be asked whether its folder is sound: with damaged HNSW files version 1.5.9 ends the whole process
(segmentation fault on the first count) or answers with wrong neighbours. So the folder is sealed when an update is
complete, the seal is broken before the next one begins, and nothing is opened whose seal does not fit.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vectorstore.errors import IndexDamaged
from vectorstore.planning import Holding
from vectorstore.storing import replace

_FILE = "seal.npz"
_PERSISTED = "index_metadata.pickle"  # beside the HNSW files that Chroma reads back; others it makes anew on opening
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Seal:
    """What the folder held when it was last complete."""

    collection: str
    data: str  # the subfolder Chroma works in
    holding: Holding
    checksums: dict[str, list[int]]  # file → size in bytes, CRC-32


def read(folder: Path) -> Seal | None:
    """The seal of a folder, None for a folder without one; IndexDamaged if it cannot be read or does not fit."""
    path = folder / _FILE
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            about = json.loads(stored["about"].tobytes())
            holding = Holding(stored["ids"], stored["stamps"], stored["keys"], stored["probes"])
            seal = Seal(about["collection"], about["data"], holding, about["checksums"])
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise IndexDamaged(f"The seal of the vector index {folder} cannot be read.") from error
    if not holding.coherent or checksums(folder / seal.data) != seal.checksums:
        raise IndexDamaged(f"Files of the vector index {folder} are not as they were left.")
    return seal


def write(folder: Path, seal: Seal) -> None:
    """Seal a folder (OSError if it cannot be written)."""
    about = {"collection": seal.collection, "data": seal.data, "checksums": seal.checksums}
    content = io.BytesIO()
    np.savez(
        content,
        about=np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
        ids=seal.holding.ids,
        stamps=seal.holding.stamps,
        keys=seal.holding.keys,
        probes=seal.holding.probes,
    )
    replace(folder / _FILE, content.getvalue())


def remove(folder: Path) -> None:
    """Break the seal: from now on the folder counts as half-written."""
    (folder / _FILE).unlink(missing_ok=True)


def checksums(data: Path) -> dict[str, list[int]]:
    """Size and CRC-32 of every file whose damage could end the process; reading the index leaves these files alone."""
    files = sorted(file for mark in data.glob(f"*/{_PERSISTED}") for file in mark.parent.iterdir())
    return {file.relative_to(data).as_posix(): [file.stat().st_size, _crc(file)] for file in files}


def _crc(path: Path) -> int:
    code = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            code = zlib.crc32(chunk, code)
    return code
