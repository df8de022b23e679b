"""codart chat: talk about the documents, each claim with its proof; and codart chats, which lists conversations."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.options import HERE, AsJson, ProjectDir, at, opened
from assistant.cli.output import note, say, shorten, show_json, table
from assistant.errors import UsageError

if TYPE_CHECKING:
    from assistant.cli.drawing_talk import Language
    from assistant.project import Chat, Project
    from assistant.sitting import Sitting


def chat(
    question: Annotated[str | None, typer.Option("--question", "-q", help="Answer this and stop.")] = None,
    go_on: Annotated[bool, typer.Option("--continue", help="Go on with the last conversation.")] = False,
    number: Annotated[
        int, typer.Option("--chat", help="Go on with this one; see codart chats.", show_default=False)
    ] = 0,
    model: Annotated[str, typer.Option(help='As for suggest; "lexical" needs no key.')] = "",
    base_url: Annotated[str, typer.Option(help="Of any OpenAI-compatible server.")] = "",
    codebook: Annotated[str, typer.Option(help="The codebook in force; the project's if left out.")] = "",
    coder: Annotated[str, typer.Option("--coder", help="Whose decisions; the project's coder if left out.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Send segments to the model without asking first.")] = False,
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Talk about the documents. Claims carry markers [1] of quotes that were looked up in their source; those that do
    not stand there are struck out.

    /help lists the commands. Ctrl-C stops an answer, Ctrl-D leaves. Lines of a pipe are taken one after another.

    Example: codart chat -q "用户为什么参与测试？" --json
    """
    if question is not None and not question.strip():
        raise UsageError("there is nothing to ask", 'write a question: codart chat -q "…"')
    if as_json and question is None:
        raise UsageError("--json goes with a question", 'write it: codart chat -q "…" --json')
    if go_on and number:
        raise UsageError("--continue and --chat say different things", "use one of them")
    with opened(project) as study:
        import asyncio

        chosen = study.chats.get(number).id if number else _latest(study) if go_on else None
        code = asyncio.run(_talk(study, chosen, question, (model, base_url, codebook, coder), yes, as_json))
    if code:
        raise typer.Exit(code)


def chats(project: ProjectDir = HERE, as_json: AsJson = False) -> None:
    """List the conversations, the last one first.

    Example: codart chats
    """
    with opened(project) as study:
        found = [(one, study.chats.total(one.id)) for one in _held(study)]
    if as_json:
        show_json(
            [
                asdict(one) | {"tokens": {"input": t.usage.input, "output": t.usage.output}, "cost": t.cost}
                for one, t in found
            ]
        )
        return
    if not found:
        say(f"there is no chat yet; begin one with: codart chat{at(project)}")
        return
    from assistant.cli.wrapping import clean

    rows = [
        (one.id, one.latest[:16].replace("T", " "), one.turns, one.model, shorten(clean(one.title), 60))
        for one, _ in found
    ]
    table(("chat", "last", "turns", "model", "title"), rows, wide=("title",))


def _held(study: Project) -> list[Chat]:
    """The conversations in which anything was said, the last one first."""
    return [one for one in study.chats.all() if one.turns or study.chats.lines(one.id)]


def _latest(study: Project) -> int:
    found = _held(study)
    if not found:
        raise UsageError("there is no chat to go on with", "begin one with: codart chat")
    return found[0].id


async def _talk(
    study: Project, number: int | None, question: str | None, how: tuple[str, str, str, str], yes: bool, as_json: bool
) -> int:
    from assistant.cli import talking
    from assistant.sitting import Sitting

    model, base_url, codebook, coder = how
    talking.lenient()
    sitting = Sitting.open(
        study,
        chat=number,
        model=model,
        base_url=base_url,
        codebook=codebook,
        coder=coder,
        notify=note,
    )
    try:
        if question is not None:
            return await talking.once(sitting, question.strip(), yes=yes, as_json=as_json)
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            return await talking.read(sitting, iter(sys.stdin), yes=yes)
        return await _sit(study, sitting, resumed=number is not None, yes=yes)
    finally:
        await sitting.aclose()


async def _sit(study: Project, sitting: Sitting, *, resumed: bool, yes: bool) -> int:
    from assistant.cli import talking
    from assistant.cli.keyboard import Input

    lines = Input(study.folder, sitting.complete)
    language: Language = "zh" if study.settings.language == "zh" else "en"
    return await talking.sit(sitting, lines, yes=yes, resumed=resumed, language=language)
