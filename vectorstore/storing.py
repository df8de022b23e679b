"""Texts in, digests of them out; and bytes onto disk in one step, so that a file is whole or absent."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def stamps(texts: Sequence[str]) -> NDArray[np.uint64]:
    """A 64-bit digest of each text (BLAKE2b), to see which texts changed."""
    joined = b"".join(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest() for text in texts)
    return np.frombuffer(joined, dtype="<u8").astype(np.uint64)


def fingerprint(ids: Sequence[int], texts: Sequence[str], maker: str) -> str:
    """A digest of ids, texts and the name of what was made of them: another fingerprint means a stale index."""
    whole = blake2b(maker.encode(), digest_size=16)
    whole.update(np.asarray(ids, dtype="<i8").tobytes())
    whole.update(stamps(texts).astype("<u8").tobytes())
    return whole.hexdigest()


def replace(path: Path, content: bytes | memoryview) -> None:
    """Write a file so that readers see the old content or the new, never a part (OSError if it cannot be written)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
