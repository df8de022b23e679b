"""codart search and codart quote: where does it say so?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from assistant.cli.options import HERE, AsJson, ProjectDir, check_choice, opened
from assistant.cli.output import entries, note, say, shorten, show_json
from assistant.errors import UsageError
from assistant.vocabulary import DocumentKind

if TYPE_CHECKING:
    from assistant.model import Passage
    from assistant.project import Project
    from assistant.proving import Proof


def search(
    query: Annotated[str, typer.Argument(help="Words or a question, Chinese or English.")],
    case: Annotated[str, typer.Option(help="Only this case.")] = "",
    document: Annotated[str, typer.Option(help="Only this document, by id or name.")] = "",
    kind: Annotated[str, typer.Option(help=f"Only documents of this kind: {', '.join(get_args(DocumentKind))}.")] = "",
    coded: Annotated[
        bool | None, typer.Option("--coded/--uncoded", help="Only passages a person has (not) coded.")
    ] = None,
    by: Annotated[
        str, typer.Option(help="keyword, vector or hybrid; the best for the project's embedder if left out.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many passages.")] = 10,
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Find passages, the best first, with scores and where they stand.

    Example: codart search "用户参与产品设计" --case Xiaomi
    """
    from assistant import indexing, retrieving
    from vectorstore.retriever import By

    check_choice("search by", by, get_args(By))
    check_choice("kind of document", kind, get_args(DocumentKind))
    if not query.strip():
        raise UsageError("there is nothing to search for", 'codart search "用户参与产品设计"')
    with opened(project) as study:
        scheme = indexing.segment_all(study)
        using = indexing.embedder(study, note)
        indexing.embed_new(study, using, scheme, lambda done, total: None)
        passages = {p.segment.id: p for p in study.documents.passages(scheme)}
        allowed = _allowed(study, passages, case, document, kind, coded)
        books = [] if using.semantic else [study.codebooks.in_force(study.settings.codebook)]
        widened, terms = retrieving.widen(query, books)
        with indexing.retriever(study, using, passages.values, note) as index:
            hits = index.search(widened, limit, by=cast("By | None", by or None), allowed=allowed)
    rows = [_row(passages[hit.id], hit.rank, hit.score) for hit in hits]
    if as_json:
        show_json(rows)
        return
    if terms:
        note(f"offline search does not cross languages; widened by codebook terms: {', '.join(terms)}")
    if not rows:
        say("nothing found; try other words, or fewer filters")
        return
    entries([_entry(row) for row in rows])


def _entry(row: dict[str, Any]) -> tuple[str, str]:
    case = f", {row['case']}" if row["case"] else ""
    where = f"{row['document_name']}{case}  ·  {row['document']}#{row['segment']}, {row['start']}-{row['end']}"
    return f"{row['rank']:>3}  {where}  ·  score {row['score']:.3f}", shorten(row["text"], 300)


def _allowed(
    study: Project, passages: dict[int, Passage], case: str, document: str, kind: str, coded: bool | None
) -> list[int] | None:
    if not (case or document or kind) and coded is None:
        return None
    wanted = study.documents.find(document).id if document else None
    kinds = {d.id: d.kind for d in study.documents.all()}
    done = study.codings.coded_segments()
    return [
        key
        for key, p in passages.items()
        if (not case or p.case == case)
        and (wanted is None or p.segment.document == wanted)
        and (not kind or kinds[p.segment.document] == kind)
        and (coded is None or (key in done) == coded)
    ]


def _row(passage: Passage, rank: int, score: float) -> dict[str, Any]:
    return {
        "rank": rank,
        "score": round(score, 6),
        "document": passage.segment.document,
        "document_name": passage.document_name,
        "case": passage.case,
        "segment": passage.segment.number,
        "start": passage.segment.span.start,
        "end": passage.segment.span.end,
        "text": passage.text,
    }


def quote(
    words: Annotated[
        list[str] | None, typer.Argument(help="The words to prove, each quote in quotation marks.")
    ] = None,
    within: Annotated[str, typer.Option("--in", help="Look in this document only, by id or name.")] = "",
    file: Annotated[Path | None, typer.Option(help="Prove every quotation in a manuscript of yours.")] = None,
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Prove that words stand in the documents: exact, folded (width, quotes, spaces), edited, ambiguous or not found.

    Example: codart quote "用户参与产品设计" --in 3

    Example: codart quote --file chapter.docx
    """
    from assistant import proving

    if bool(words) == bool(file) or not all(word.strip() for word in words or []):
        raise UsageError(
            "name either words or a manuscript", 'codart quote "…words…"   or   codart quote --file chapter.docx'
        )
    with opened(project) as study:
        documents = [study.documents.find(within)] if within else study.documents.all()
        if not documents:
            raise UsageError("there are no documents to look in yet", "add some with: codart add FILE … --case NAME")
        proofs, skipped = (
            proving.prove_file(file, documents) if file else (proving.prove_all(words or [], documents), 0)
        )
    if as_json:
        show_json([proof.as_dict() for proof in proofs])
        return
    names = {d.id: d.name for d in documents}
    for proof in proofs:
        _show(proof, names)
    _count(proofs, skipped)


def _show(proof: Proof, names: dict[int, str]) -> None:
    flags = f"  ⚠ {', '.join(proof.flags)}" if proof.flags else ""
    say(f"{proof.status:<10} “{shorten(proof.quote, 120)}”{flags}")
    for place in proof.places:
        say(f"           {names[place.document]} (document {place.document}), {place.start}-{place.end}")
    if proof.part:
        say(f"           the part that fails: “{shorten(proof.part, 100)}”")
    if proof.diff:
        say(f"           {proof.diff}")


def _count(proofs: Sequence[Proof], skipped: int) -> None:
    counts: dict[str, int] = {}
    for proof in proofs:
        counts[proof.status] = counts.get(proof.status, 0) + 1
    if len(proofs) != 1:
        say(", ".join(f"{count} {status}" for status, count in counts.items()) or "no quotation found in that file")
    if skipped:
        say(f"{skipped} quotations are too short to prove anything and were passed over")
