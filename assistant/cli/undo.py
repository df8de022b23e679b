"""codart undo: take back one's last decision or memo, or a named one. It stays stored, marked as withdrawn."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from assistant.cli.decide import whose
from assistant.cli.options import HERE, AsJson, ProjectDir, opened
from assistant.cli.output import say, show_json
from assistant.errors import UsageError


def undo(
    listed: Annotated[bool, typer.Option("--list", help="Only list what could be undone, the newest first.")] = False,
    decision: Annotated[int, typer.Option(help="This decision instead of the last write.", show_default=False)] = 0,
    memo: Annotated[int, typer.Option(help="This memo instead of the last write.", show_default=False)] = 0,
    why: Annotated[str, typer.Option(help="The reason.")] = "",
    coder: Annotated[str, typer.Option("--coder", help="Whose; the project's coder if left out.")] = "",
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Take back your last decision or memo. What it had replaced counts again; exports still list it, as withdrawn.

    Example: codart undo --list
    """
    from assistant import undoing

    if sum(map(bool, (listed, decision, memo))) > 1:
        raise UsageError("--list, --decision and --memo say different things", "use one of them")
    with opened(project) as study:
        by = whose(coder, study.settings)
        if listed:
            found = undoing.undoable(study, by)
            if as_json:
                show_json([asdict(write) for write in found])
                return
            for write in found:
                say(f"{write.created[:16]}  {undoing.in_words(write)}")
            say(f"{len(found)} in all; take one back with: codart undo [--decision ID | --memo ID]")
            return
        if decision:
            done = undoing.undo_decision(study, decision, by, why=why)
        elif memo:
            done = undoing.undo_memo(study, memo, by, why=why)
        else:
            done = undoing.undo(study, by, why=why)
    if as_json:
        show_json({"undone": done})
    else:
        say(done)
