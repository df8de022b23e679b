"""A project in, a `Study` out: the snapshot that exporters, the report and the eval harness read."""

from __future__ import annotations

from dataclasses import replace

from assistant.model import Codebook, Record, Study
from assistant.project import Project
from assistant.segmenting import scheme


def snapshot(project: Project, *, whole: bool = True) -> Study:
    """All of a project that is shown: current documents, and older versions that carry records.

    With `whole` False, what would count the same words twice is left out, unless people have decided on it: a model's
    suggestions on a text that has since been replaced, and those of repeats.
    """
    runs = tuple(project.runs.all())
    books = {(book.id, book.version): book for book in project.codebooks.all()}
    records = tuple(labelled(record, books) for record in project.codings.records())
    discards = tuple(project.codings.discards())
    current = {d.id for d in project.documents.all()}
    if not whole:
        repeats = {run.id for run in runs if run.repeat > 1}

        def counts(record: Record) -> bool:
            once = record.document in current and record.run not in repeats
            return once or record.coder.kind != "model" or record.state != "suggested"

        records = tuple(r for r in records if counts(r))
        discards = tuple(d for d in discards if d.document in current and d.run not in repeats)
    wanted = current | {r.document for r in records} | {d.document for d in discards}
    documents = tuple(d for d in project.documents.all(current=False) if d.id in wanted)
    name = scheme(project.settings.segment_size)
    used = {(run.lens, run.codebook_version) for run in runs}
    return Study(
        name=project.folder.resolve().name,
        question=project.settings.question,
        documents=documents,
        segments={d.id: tuple(project.documents.segments(d.id, name)) for d in documents},
        records=records,
        discards=discards,
        runs=runs,
        codebooks=tuple(book for key, book in books.items() if key in used),
    )


def labelled(record: Record, books: dict[tuple[str, str], Codebook]) -> Record:
    """The record with its code's names in both languages, where its codebook has them."""
    book = books.get((record.codebook or "", record.codebook_version or ""))
    code = book.code(record.code) if book else None
    return replace(record, code_zh=code.zh, code_en=code.en) if code else record
