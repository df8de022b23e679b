"""Segments of a project in, a search over them out: embeds what is new, keeps the index a mere cache."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from assistant.errors import ModelError
from assistant.model import Passage
from assistant.project import Project
from assistant.segmenting import scheme, segment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vectorstore.embedders import Embedder
    from vectorstore.retriever import Retriever

_BATCH = 256  # segments embedded and stored at a time, so that an interruption loses little

Notify = Callable[[str], None]
"""Takes a sentence the person should read."""

OnProgress = Callable[[int, int], None]
"""Done, in all."""


def segment_all(project: Project) -> str:
    """Segment every current document that is not yet, by the project's setting; returns the scheme."""
    size = project.settings.segment_size
    name = scheme(size)
    for document in project.documents.unsegmented(name):
        project.documents.add_segments(document.id, name, segment(document, size))
    return name


def embedder(project: Project, notify: Notify) -> Embedder:
    """The embedder the project is set to (ModelError if it cannot be had); says so if texts leave the machine."""
    from vectorstore.embedders import connect
    from vectorstore.errors import VectorstoreError

    spec = project.settings.embedder
    if spec.startswith("openai:"):
        where = project.settings.embedder_base_url or "OpenAI"
        notify(f"segments and queries are sent to the embedder {spec} at {where}")
    # As with chat models: OPENAI_API_KEY goes to OpenAI only, a server of the user's own gets CODART_API_KEY.
    base_url = project.settings.embedder_base_url or None
    key = os.environ.get("CODART_API_KEY") if base_url else None
    try:
        return connect(spec, base_url=base_url, api_key=key)
    except VectorstoreError as error:
        raise ModelError(error.message, error.hint, kind="embedder") from error


def embedding(project: Project, notify: Notify) -> tuple[Embedder, Callable[[Sequence[str]], NDArray[np.float32]]]:
    """The project's embedder, and what embeds any texts with it (ModelError if that fails)."""
    from vectorstore.errors import VectorstoreError

    using = embedder(project, notify)

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        try:
            return using.embed(list(texts))
        except VectorstoreError as error:
            raise ModelError(error.message, error.hint, kind="embedder") from error

    return using, embed


def embed_new(project: Project, using: Embedder, name: str, on_progress: OnProgress) -> None:
    """Embed segments that have no vector of this embedder yet, and store the vectors."""
    from vectorstore.errors import VectorstoreError

    missing = set(project.vectors.missing(using.name, name))
    if not missing:
        return
    todo = [p for p in project.documents.passages(name) if p.segment.id in missing]
    for start in range(0, len(todo), _BATCH):
        batch = todo[start : start + _BATCH]
        try:
            vectors = using.embed([p.text for p in batch])
        except VectorstoreError as error:
            raise ModelError(error.message, error.hint, kind="embedder", stops_run=True) from error
        project.vectors.add(using.name, zip((p.segment.id for p in batch), vectors, strict=True))
        on_progress(start + len(batch), len(todo))


def retriever(
    project: Project, using: Embedder, passages: Callable[[], Iterable[Passage]], notify: Notify
) -> Retriever:
    """A search over passages whose vectors stand in project.db; a lost or broken index is rebuilt by itself.

    `passages` is called at the first search.
    """
    from vectorstore.retriever import Corpus, Retriever

    def corpus() -> Corpus:
        ids, texts = array("q"), []
        for passage in passages():
            ids.append(passage.segment.id)
            texts.append(passage.text)
        return Corpus(ids, texts, lambda: project.vectors.load(using.name, ids))

    return Retriever(project.index, using, corpus, notify=notify)
