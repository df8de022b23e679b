"""A project in; segments drawn for people to code, or documents kept for the test, drawn and recorded out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from assistant import indexing, sampling
from assistant.errors import UsageError
from assistant.model import Document, Passage
from assistant.project import Project, Stratum


@dataclass(frozen=True, slots=True)
class Drawn:
    """A recorded draw with the passages to code, in the order of the texts."""

    id: int
    passages: tuple[Passage, ...]
    strata: tuple[Stratum, ...]


def recorded(project: Project, wanted: int, *, by: str, seed: int, split: str, case: str) -> Drawn:
    """Draw segments (no headings) and record how. UsageError if there are not that many."""
    scheme = indexing.segment_all(project)
    about = {document.id: document for document in project.documents.all()}
    frame: dict[int, Passage] = {}
    strata: dict[str, list[int]] = {}
    for passage in project.documents.passages(scheme):
        document = about[passage.segment.document]
        left_out = passage.segment.kind == "heading" or (case and document.case != case)
        if left_out or (split and passage.held_out != (split == "test")):
            continue
        frame[passage.segment.id] = passage
        strata.setdefault(_group(document, by), []).append(passage.segment.id)
    if not frame:
        raise UsageError("there are no segments to draw from", "add documents with: codart add FILE … --case NAME")
    drawn = sampling.draw(strata, wanted, seed)
    key = project.samples.add(
        scheme, wanted, seed, by, {name: (len(strata[name]), segments) for name, segments in drawn.items()}
    )
    chosen = {segment for segments in drawn.values() for segment in segments}
    return Drawn(
        key,
        tuple(passage for segment, passage in frame.items() if segment in chosen),
        tuple(Stratum(name, len(strata[name]), len(segments)) for name, segments in drawn.items()),
    )


def kept(project: Project, percent: int, *, by: str, seed: int, named: Sequence[str]) -> tuple[Document, ...]:
    """Keep a share of the documents for the test, or those that are named; returns them."""
    documents = project.documents.all()
    if named:
        chosen = {project.documents.find(name).id for name in named}
    else:
        strata: dict[str, list[int]] = {}
        for document in documents:
            strata.setdefault(_group(document, by), []).append(document.id)
        wanted = max(round(len(documents) * percent / 100), 1)
        if wanted >= len(documents):
            raise UsageError(
                f"{wanted} of {len(documents)} documents would be kept for the test, and none left to work with",
                "add documents, or keep a smaller share with --test",
            )
        chosen = {d for group in sampling.draw(strata, wanted, seed, least=0).values() for d in group}
    found = tuple(document for document in documents if document.id in chosen)
    project.locks.add([d.id for d in found], digest(project, [d.id for d in found]), seed, by)
    return found


def digest(project: Project, documents: Sequence[int]) -> str:
    """SHA-256 over all gold that stands on these documents."""
    scheme = indexing.segment_all(project)
    series = sorted({(gold.coder, gold.kind, gold.codebook) for gold in project.golds.all()})
    each = [project.golds.digest(one, scheme, documents) for one in series]
    return hashlib.sha256(json.dumps(each).encode()).hexdigest()


def _group(document: Document, by: str) -> str:
    return {
        "": "",
        "case": document.case,
        "kind": document.kind,
        "language": document.language,
        "document": document.name,
    }[by]
