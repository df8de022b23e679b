"""Options that several commands share, and the opening of the project they name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.errors import UsageError

if TYPE_CHECKING:
    from assistant.project import Project

ProjectDir = Annotated[
    Path,
    typer.Option("--project", "-C", envvar="CODART_PROJECT", help="The project folder.", show_default="this folder"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines; fields: docs/json.md.")]
HERE = Path()


def check_choice(name: str, value: str, known: Sequence[str]) -> None:
    """UsageError if a word that was given is none of those an option knows."""
    if value and value not in known:
        raise UsageError(f"there is no {name} {value!r}", f"choose one of: {', '.join(known)}")


def at(project: Path) -> str:
    """What a command shown as the next step needs so that it finds this project from the same folder."""
    return "" if project == HERE else f" --project {quoted(project)}"


def quoted(path: Path) -> str:
    """A path as one types it: in quotation marks if it holds spaces."""
    return f'"{path}"' if " " in str(path) else str(path)


@contextmanager
def opened(folder: Path) -> Iterator[Project]:
    """The project in `folder`, closed afterwards."""
    from assistant.project import Project

    with Project.open(folder) as project:
        yield project
