"""codart accept, reject, edit: a person decides about suggestions. Every decision is kept; the newest one counts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from assistant.cli.options import HERE, ProjectDir, opened
from assistant.cli.output import say, shorten
from assistant.errors import UsageError
from assistant.vocabulary import Action, Modality, Voice

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
    from assistant import deciding

    changes = {"code": code, "quote": quote, "modality": modality, "voice": voice, "why": why}
    changes["polarity"] = "-" if polarity in ("−", "–") else polarity
    with opened(project) as study:
        record, coded = deciding.edit(study, suggestion, changes, whose(coder, study.settings))
    say(f"edited {record.id}: {coded.code} ← {shorten(coded.quote.text)}")


def _decide(ids: list[int], action: Action, coder: str, why: str, project: Path) -> list[Record]:
    from assistant import deciding

    with opened(project) as study:
        return deciding.decide(study, ids, action, whose(coder, study.settings), why=why)


def whose(coder: str, settings: Settings) -> str:
    """The person who decides: the one named, else the project's coder."""
    if not (coder or settings.coder):
        raise UsageError(
            "it is not clear whose decision this is", "name yourself: --coder NAME, or coder in codart.toml"
        )
    return coder or settings.coder
