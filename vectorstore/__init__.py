"""Ids and strings in, ranked ids out: keyword, vector and hybrid search over an index that can always be rebuilt.

Importing the package is cheap; numpy, chromadb, openai load with the names or calls that need them.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vectorstore.embedders import Embedder, connect
    from vectorstore.errors import IndexBusy, IndexDamaged, VectorstoreError
    from vectorstore.retriever import Corpus, Retriever

__all__ = [
    "Corpus",
    "Embedder",
    "Hit",
    "IndexBusy",
    "IndexDamaged",
    "Retriever",
    "VectorstoreError",
    "connect",
]

_HOMES = {
    "Corpus": "vectorstore.retriever",
    "Embedder": "vectorstore.embedders",
    "IndexBusy": "vectorstore.errors",
    "IndexDamaged": "vectorstore.errors",
    "Retriever": "vectorstore.retriever",
    "VectorstoreError": "vectorstore.errors",
    "connect": "vectorstore.embedders",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """One text found: its id, its score (more is better; comparable within one result list only), its 1-based rank."""

    id: int
    score: float
    rank: int


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
