"""codart add, codart documents: source files in, and what is stored of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from assistant.cli.options import HERE, AsJson, ProjectDir, at, check_choice, opened
from assistant.cli.output import note, progress, say, shorten, show_json, table
from assistant.errors import CodartError, UsageError
from assistant.vocabulary import DocumentKind

if TYPE_CHECKING:
    from assistant.model import Document
    from assistant.project import Project

app = typer.Typer(help="List and read the stored documents.", rich_markup_mode=None)


def add(
    files: Annotated[list[Path], typer.Argument(help="Files, folders or patterns such as docs/*.docx.")],
    case: Annotated[str, typer.Option(help="The case they belong to, e.g. Xiaomi.")] = "",
    kind: Annotated[str, typer.Option(help=f"One of: {', '.join(get_args(DocumentKind))}; guessed if left out.")] = "",
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Add documents: txt, md, html, docx, pdf, vtt, srt, csv, xlsx.

    The same file twice adds nothing; a changed file is a new version, and codings on the old one stay where they are.

    Example: codart add docs/*.docx report.pdf --case Xiaomi
    """
    check_choice("kind of document", kind, get_args(DocumentKind))
    with opened(project) as study:
        results = add_files(study, [(path, case, kind) for path in _expanded(files)])
        failed = [r for r in results if r["error"]]
        if as_json:
            show_json(results)
        else:
            _report(results, project)
        index(study)
    if failed:
        raise typer.Exit(1)


def add_files(study: Project, files: Iterable[tuple[Path, str, str]]) -> list[dict[str, Any]]:
    """Read, store, segment and index files; one that cannot be read is reported and the others still go in."""
    from assistant import reading

    results: list[dict[str, Any]] = []
    todo = list(files)
    with progress("reading") as advance:
        for number, (path, case, kind) in enumerate(todo, start=1):
            result: dict[str, Any] = {"file": _readable(str(path)), "error": None, "help": None}
            try:
                document = reading.read(path, kind=kind or None, case=case)  # type: ignore[arg-type]
                document = replace(document, name=_readable(document.name), source=_readable(_source(study, path)))
                added = study.documents.add(document, kind_given=bool(kind))
                result |= {"how": added.how, **_row(added.document), "notes": list(added.document.notes)}
            except CodartError as error:
                result |= {"error": _readable(error.message), "help": error.hint}
            results.append(result)
            advance(number, len(todo), _readable(path.name))
    return results


def index(study: Project) -> None:
    """Segment and embed what is new, and bring the search index up to date."""
    from assistant import indexing

    scheme = indexing.segment_all(study)
    using = indexing.embedder(study, note)
    with progress("indexing") as advance:
        indexing.embed_new(study, using, scheme, lambda done, total: advance(done, total, using.name))
        with indexing.retriever(study, using, lambda: study.documents.passages(scheme), lambda message: None) as search:
            search.refresh()


def _expanded(files: list[Path]) -> list[Path]:
    from assistant import reading

    found: dict[Path, None] = {}
    for path in files:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in reading.SUPPORTED and p.is_file())
            if not inside:
                raise UsageError(
                    f"{path} holds no file codart reads", f"it reads: {', '.join(sorted(reading.SUPPORTED))}"
                )
            found |= dict.fromkeys(inside)
        elif not path.exists() and any(mark in str(path) for mark in "*?["):
            matches = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
            if not matches:
                raise UsageError(f"no file matches {path}", "check the folder's name")
            found |= dict.fromkeys(matches)
        else:
            found[path] = None
    return list(found)


def _readable(name: str) -> str:
    """A file's name as text, also where it was written in another encoding than the system's."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _source(study: Project, path: Path) -> str:
    """Where a file came from: relative to the project where it can be, so that a moved project still knows it."""
    absolute = path.resolve()
    try:
        return Path(os.path.relpath(absolute, study.folder.resolve())).as_posix()
    except ValueError:  # another drive
        return absolute.as_posix()


def _row(document: Document) -> dict[str, Any]:
    return {
        "document": document.id,
        "name": document.name,
        "version": document.version,
        "case": document.case,
        "kind": document.kind,
        "language": document.language,
        "media_type": document.media_type,
        "encoding": document.encoding,
        "characters": len(document.text),
        "sha256": document.sha256,
    }


def _report(results: list[dict[str, Any]], project: Path) -> None:
    for result in results:
        if result["error"]:
            note(f"error: {result['error']}")
            if result["help"]:
                note(f"  help: {result['help']}")
        else:
            say(f"{result['document']:>4}  {result['name']}  {result['how']}, {result['characters']} characters")
            for remark in result["notes"]:
                say(f"      {remark}")
    failed = sum(1 for r in results if r["error"])
    new = sum(1 for r in results if r.get("how") in ("added", "new version"))
    say(f"{new} added, {len(results) - new - failed} already there, {failed} not readable")
    if new:
        say(f"next: codart suggest{at(project)}")


@app.callback(invoke_without_command=True)
def _documents(context: typer.Context, project: ProjectDir = HERE, as_json: AsJson = False) -> None:
    """List the stored documents.

    Example: codart documents --json
    """
    if context.invoked_subcommand is None:
        _list(project, as_json)
    elif project != HERE:  # `codart documents -C P show 1` means the same as `codart documents show 1 -C P`
        context.default_map = {context.invoked_subcommand: {"project": project}}


@app.command("list")
def list_documents(project: ProjectDir = HERE, as_json: AsJson = False) -> None:
    """List the stored documents.

    Example: codart documents list --json
    """
    _list(project, as_json)


def _list(project: Path, as_json: bool) -> None:
    from assistant.segmenting import scheme

    with opened(project) as study:
        name = scheme(study.settings.segment_size)
        rows = [
            _row(d) | {"segments": len(study.documents.segments(d.id, name)), "held_out": d.id in held}
            for held in [study.documents.held_out()]
            for d in study.documents.all()
        ]
    if as_json:
        show_json(rows)
    elif not rows:
        say(f"no documents yet; add some with: codart add FILE … --case NAME{at(project)}")
    else:
        headers = ["id", "name", "case", "kind", "lang", "chars", "segs"]
        table(headers, [_line(row) for row in rows], wide=["name", "case"])


def _line(row: dict[str, Any]) -> list[object]:
    marks = [f"(version {row['version']})"] if row["version"] > 1 else []
    marks += ["(held out)"] if row["held_out"] else []
    name = " ".join((row["name"], *marks))
    return [row["document"], name, *(row[k] for k in ("case", "kind", "language", "characters", "segments"))]


@app.command("show")
def show(
    document: Annotated[str, typer.Argument(help="A document's id or name.")],
    text: Annotated[bool, typer.Option("--text", help="Print exactly the stored text, nothing else.")] = False,
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Show one document with its segments.

    Example: codart documents show 3 --text > text.txt
    """
    from assistant.segmenting import scheme

    with opened(project) as study:
        found = study.documents.find(document)
        segments = study.documents.segments(found.id, scheme(study.settings.segment_size))
    if text:
        _print_exactly(found.text)
        return
    rows = [
        {
            "segment": s.number,
            "start": s.span.start,
            "end": s.span.end,
            "kind": s.kind,
            "speaker": s.speaker,
            "text": s.span.of(found.text),
        }
        for s in segments
    ]
    if as_json:
        show_json(_row(found) | {"notes": list(found.notes), "source": found.source, "segments": rows})
        return
    say(f"{found.id}  {found.name}  version {found.version}  case {found.case or '-'}  {found.kind}, {found.language}")
    for remark in found.notes:
        say(f"  {remark}")
    table(
        ["segment", "start", "text"],
        [[r["segment"], r["start"], shorten(str(r["text"]), 300)] for r in rows],
        wide=["text"],
    )


@app.command("hold-out")
def hold_out(
    documents: Annotated[list[str], typer.Argument(help="Ids or names of documents.")],
    release: Annotated[bool, typer.Option("--release", help="Take them back in.")] = False,
    project: ProjectDir = HERE,
) -> None:
    """Keep documents out of what prompts show as examples and passages (a test split).

    Example: codart documents hold-out 3 7
    """
    with opened(project) as study:
        found = [study.documents.find(name) for name in documents]
        lock = study.locks.current()
        if lock and release and any(one.id in lock.documents for one in found):
            raise UsageError(
                "these documents are kept for the test, and their gold was hashed when they were locked",
                f"to keep others instead: codart gold lock{at(project)}",
            )
        for one in found:
            study.documents.hold_out(one.id, not release)
    say(f"{'released' if release else 'held out'}: {', '.join(one.name for one in found)}")


def _print_exactly(text: str) -> None:
    """The text as UTF-8 bytes: no newline added, none translated."""
    import sys

    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8"))
    sys.stdout.buffer.flush()
