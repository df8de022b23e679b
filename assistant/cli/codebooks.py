"""codart codebook: list, show, check, import."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.cli.options import HERE, AsJson, ProjectDir, at, opened
from assistant.cli.output import note, say, show_json, table
from assistant.errors import CodebookError, ReadingError

if TYPE_CHECKING:
    from assistant.model import Codebook

_MOST_WARNINGS = 8

app = typer.Typer(help="See, check and bring in codebooks.", rich_markup_mode=None, no_args_is_help=True)


@app.command("list")
def list_codebooks(project: ProjectDir = HERE, as_json: AsJson = False) -> None:
    """List the codebooks that `codart suggest --codebook` knows here.

    Example: codart codebook list
    """
    from assistant import resources
    from assistant.project import SETTINGS

    shipped = [_shipped(name) for name in resources.codebook_names()]
    own: list[Codebook] = []
    if (project / SETTINGS).exists():
        with opened(project) as study:
            own = study.codebooks.all()
    newest = {book.id: book for book in own}
    rows = [_row(b, "project") for b in newest.values()]
    rows += [_row(b, "shipped") for b in shipped if b.id not in newest]
    if as_json:
        show_json(rows)
    else:
        keys = ["codebook", "codes", "version", "where"]
        lines = [
            [*(row[k] for k in keys), " / ".join(name for name in (row["zh"], row["en"]) if name)]
            for row in sorted(rows, key=lambda r: r["codebook"])
        ]
        table([*keys, "name"], lines, wide=["name"])


@app.command("show")
def show(
    codebook: Annotated[str, typer.Argument(help="A codebook's id, e.g. dart, or a file.")],
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Show a codebook: every code with its rules, in both languages.

    Example: codart codebook show dart
    """
    from assistant import codebook as books

    book = _found(codebook, project)
    if as_json:
        from dataclasses import asdict

        show_json(asdict(book))
    else:
        say(books.dump_yaml(book).rstrip())


@app.command("check")
def check(
    codebook: Annotated[str, typer.Argument(help="A YAML or CSV file, or a codebook's id.")],
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Check a codebook: errors stop it from being used, warnings say what would make coders disagree.

    Example: codart codebook check mycodes.yaml
    """
    from assistant import codebook as books

    book = _found(codebook, project)
    warnings = books.check(book)
    if as_json:
        show_json({"codebook": book.id, "version": book.version, "codes": len(book.codes), "warnings": warnings})
        return
    _warn(warnings)
    say(f"{book.id}: {len(book.codes)} codes, version {book.version}, {len(warnings)} warnings")


@app.command("import")
def import_codebook(
    file: Annotated[Path, typer.Argument(help="YAML, or CSV with name,path,description.")],
    codebook_id: Annotated[str, typer.Option("--id", help="The id of a CSV codebook; its file name if left out.")] = "",
    project: ProjectDir = HERE,
) -> None:
    """Bring a codebook of your own into the project.

    Example: codart codebook import mycodes.csv --id trust
    """
    from assistant import codebook as books, resources

    book = _from_file(file, codebook_id)
    with opened(project) as study:
        study.codebooks.add(book)
    if book.id in resources.codebook_names():
        note(f"this project now uses its own codebook {book.id} instead of the one codart ships")
    _warn(books.check(book))
    say(f"{book.id}: {len(book.codes)} codes, version {book.version}")
    say(f"next: codart suggest --codebook {book.id}{at(project)}")


def _found(name: str, project: Path) -> Codebook:
    """A codebook by file, by id in the project, or by id among those shipped."""
    from assistant import resources
    from assistant.project import SETTINGS

    if Path(name).suffix.lower() in (".yaml", ".yml", ".csv"):
        return _from_file(Path(name), "")
    if (project / SETTINGS).exists():
        with opened(project) as study:
            return study.codebooks.in_force(name)
    if name in resources.codebook_names():
        return _shipped(name)
    raise CodebookError(
        f"there is no codebook {name!r}", f"shipped are: {', '.join(resources.codebook_names())}; or name a file"
    )


def _shipped(name: str) -> Codebook:
    from assistant import codebook as books, resources

    return books.parse_yaml(resources.codebook_text(name), where=f"{name}.yaml")


def _from_file(file: Path, codebook_id: str) -> Codebook:
    from assistant import codebook as books
    from assistant.reading.decoding import decode

    try:
        data = file.read_bytes()
    except OSError as error:
        raise CodebookError(f"cannot read {file}: {error.strerror}", "check the path") from error
    try:
        text = decode(data).text
    except ReadingError as error:
        raise CodebookError(f"cannot read {file}: {error.message}", "save it as UTF-8 text") from error
    if file.suffix.lower() == ".csv":
        return books.parse_csv(text, where=str(file), codebook_id=codebook_id or file.stem)
    return books.parse_yaml(text, where=str(file))


def _warn(warnings: list[str]) -> None:
    for warning in warnings[:_MOST_WARNINGS]:
        note(f"warning: {warning}")
    if len(warnings) > _MOST_WARNINGS:
        note(f"… and {len(warnings) - _MOST_WARNINGS} warnings more; all of them: codart codebook check FILE --json")


def _row(book: Codebook, where: str) -> dict[str, Any]:
    return {
        "codebook": book.id,
        "zh": book.zh,
        "en": book.en,
        "codes": len(book.codes),
        "version": book.version,
        "where": where,
    }
