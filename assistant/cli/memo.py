"""codart memo: write down what you think while you code. An edited memo is a new one; the old wording stays stored."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from typer.core import TyperGroup

from assistant.cli.decide import whose
from assistant.cli.options import HERE, AsJson, ProjectDir, opened
from assistant.cli.output import entries, say, show_json
from assistant.errors import UsageError


class _WordsFirst(TyperGroup):
    """`codart memo "text"` is short for `codart memo add "text"`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["add", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_WordsFirst,
    help='Write memos and list them. Short for add: codart memo "…" --about code:dart.access',
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.command("add")
def add(
    text: Annotated[str, typer.Argument(help="The memo.")],
    about: Annotated[
        str,
        typer.Option(help="document:ID, segment:DOCUMENT#NUMBER, code:NAME, suggestion:ID or chat:ID."),
    ] = "",
    replaces: Annotated[
        int, typer.Option(help="A memo of yours that this one is the new wording of.", show_default=False)
    ] = 0,
    coder: Annotated[str, typer.Option("--coder", help="Whose memo it is; the project's coder if left out.")] = "",
    project: ProjectDir = HERE,
) -> None:
    """Write a memo, about something in the project or about the study as a whole.

    Example: codart memo "两处“共创”指的不是一回事" --about segment:3#12
    """
    from assistant import annotating

    if about and replaces:
        raise UsageError("a new wording is about what the old one was about", "leave --about out")
    with opened(project) as study:
        by = whose(coder, study.settings)
        if replaces:
            key = study.memos.replace(replaces, text, by)
        else:
            key = study.memos.add(text, by, annotating.about(study, about))
        memo = study.memos.get(key)
    subject = annotating.in_words(memo.about, memo.document_name, memo.place)
    say(f"memo {key}{f' about {subject}' if subject else ''}; take it back with: codart undo --memo {key}")


@app.command("list")
def list_memos(
    about: Annotated[str, typer.Option(help="Only memos about this; write it as for add.")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Also older wordings and memos that were taken back.")
    ] = False,
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """List memos in the order they were written.

    Example: codart memo list --about code:dart.access
    """
    from assistant import annotating

    with opened(project) as study:
        wanted = {k: v for k, v in asdict(annotating.about(study, about)).items() if v is not None}
        memos = [m for m in study.memos.all(standing=not everything) if wanted.items() <= asdict(m.about).items()]
    if as_json:
        show_json([asdict(m) | {"stands": m.stands} for m in memos])
        return
    rows = []
    for memo in memos:
        subject = annotating.in_words(memo.about, memo.document_name, memo.place)
        gone = "taken back" if memo.withdrawn else f"replaced by {memo.replaced}" if memo.replaced else ""
        head = (f"{memo.id:>4}  {memo.created[:16]}", memo.coder, subject, gone)
        rows.append(("  ·  ".join(part for part in head if part), memo.text))
    entries(rows)
    if not rows:
        say('no memo fits; write one with: codart memo "…"')
