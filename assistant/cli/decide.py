"""codart accept, reject, edit: a person decides about suggestions. Every decision is kept; the newest one counts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from assistant.cli.options import HERE, ProjectDir, check_choice, opened
from assistant.cli.output import say, shorten
from assistant.errors import UsageError
from assistant.vocabulary import Action, Modality, Polarity, Voice

if TYPE_CHECKING:
    from assistant.model import Record
    from assistant.settings import Settings

Ids = Annotated[list[int], typer.Argument(help="Ids from: codart suggestions list.")]
By = Annotated[str, typer.Option("--coder", help="Whose decision it is; the project's coder if left out.")]


def accept(ids: Ids, coder: By = "", why: str = "", project: ProjectDir = HERE) -> None:
    """Take suggestions over as your own codings.

    Example: codart accept 12 13
    """
    for record in _decide(ids, "accept", coder, why, project):
        say(f"accepted {record.id}: {record.code} ← {shorten(record.quote)}")


def reject(
    ids: Ids,
    why: Annotated[str, typer.Option(help="The reason; later prompts show it as a near miss.")] = "",
    coder: By = "",
    project: ProjectDir = HERE,
) -> None:
    """Turn suggestions down. They stay stored, marked as rejected.

    Example: codart reject 14 --why "after-sales, not risk"
    """
    for record in _decide(ids, "reject", coder, why, project):
        say(f"rejected {record.id}: {record.code} ← {shorten(record.quote)}")


def edit(
    suggestion: Annotated[int, typer.Argument(help="An id from: codart suggestions list.")],
    code: Annotated[str, typer.Option(help="Another code: an id or name of the codebook, or a label.")] = "",
    quote: Annotated[str, typer.Option(help="Other words; they must stand in the document.")] = "",
    polarity: Annotated[str, typer.Option(help="+, - or ±.")] = "",
    modality: Annotated[str, typer.Option(help=", ".join(get_args(Modality)))] = "",
    voice: Annotated[str, typer.Option(help=", ".join(get_args(Voice)))] = "",
    why: Annotated[str, typer.Option(help="The reason.")] = "",
    coder: By = "",
    project: ProjectDir = HERE,
) -> None:
    """Take a suggestion over with changes. The suggestion itself stays as it was made.

    Example: codart edit 15 --code dart.access --quote "开放了接口"
    """
    from assistant import reviewing
    from assistant.folding import fold
    from assistant.model import Decision

    polarity = "-" if polarity in ("−", "–") else polarity
    for name, value, known in (
        ("polarity", polarity, get_args(Polarity)),
        ("modality", modality, get_args(Modality)),
        ("voice", voice, get_args(Voice)),
    ):
        check_choice(name, value, known)
    with opened(project) as study:
        by = whose(coder, study.settings)
        record, segment_id = study.codings.suggestion(suggestion)
        segment = study.documents.segment(segment_id)
        book = (
            study.codebooks.version(record.codebook, record.codebook_version or "")
            if record.codebook
            else study.codebooks.in_force(study.settings.codebook)
        )
        text = fold(study.documents.get(record.document).text)
        decision = Decision(
            "edit",
            why=why,
            code=reviewing.code_for(record, code, book) if code else None,
            quote=reviewing.quote_for(quote, segment, text) if quote else None,
            polarity=polarity or None,  # type: ignore[arg-type]
            modality=modality or None,  # type: ignore[arg-type]
            voice=voice or None,  # type: ignore[arg-type]
        )
        # A second edit goes on from the person's own coding, not from the suggestion.
        coded = reviewing.decide(study.codings.own(record.id, by) or record, decision)
        if coded:
            segment = study.documents.segment_at(segment, coded.quote.span.start)
        study.codings.decide(record, segment, decision, coded, by)
    if coded:
        say(f"edited {record.id}: {coded.code} ← {shorten(coded.quote.text)}")


def _decide(ids: list[int], action: Action, coder: str, why: str, project: Path) -> list[Record]:
    from assistant import reviewing
    from assistant.model import Decision

    decision = Decision(action, why=why)
    with opened(project) as study, study.transaction():  # all of them or, where an id is wrong, none
        by = whose(coder, study.settings)
        found = [study.codings.suggestion(key) for key in dict.fromkeys(ids)]
        for record, segment in found:
            coded = reviewing.decide(record, decision)
            study.codings.decide(record, study.documents.segment(segment), decision, coded, by)
    return [record for record, _ in found]


def whose(coder: str, settings: Settings) -> str:
    """The person who decides: the one named, else the project's coder."""
    if not (coder or settings.coder):
        raise UsageError(
            "it is not clear whose decision this is", "name yourself: --coder NAME, or coder in codart.toml"
        )
    return coder or settings.coder
