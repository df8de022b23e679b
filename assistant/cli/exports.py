"""codart export: suggestions, codings and discards as a file to work with or to read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.options import HERE, ProjectDir, check_choice, opened
from assistant.cli.output import say

if TYPE_CHECKING:
    from assistant.project import Project


def export(
    path: Annotated[Path, typer.Argument(help="The file to write: .xlsx, .csv, .jsonl, .html or .md.")],
    language: Annotated[str, typer.Option(help="zh or en; the project's setting if left out.")] = "",
    project: ProjectDir = HERE,
) -> None:
    """Write all suggestions and codings with their quotes, and what was discarded and why.

    Example: codart export codes.xlsx --language zh
    """
    check_choice("report language", language, ("zh", "en"))
    with opened(project) as study:
        count = write(study, path, language or study.settings.language)
    say(f"{count} suggestions and codings written to {path}")


def write(study: Project, path: Path, language: str) -> int:
    """Write one export; returns how many records it holds."""
    from assistant import exporting
    from assistant.studying import snapshot

    shown = snapshot(study, whole=path.suffix.lower() in (".jsonl", ".csv"))
    exporting.write(shown, path, language=language)
    return len(shown.records)
