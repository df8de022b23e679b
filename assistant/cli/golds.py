"""codart gold: bring in what people coded, draw what they should code blind, keep documents for a test."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.cli.options import HERE, AsJson, ProjectDir, at, check_choice, opened, quoted
from assistant.cli.output import note, say, show_json, table
from assistant.errors import UsageError

if TYPE_CHECKING:
    from assistant.adopting import Adopted, Wish
    from assistant.model import Code, Passage
    from assistant.project import Project

app = typer.Typer(help="Gold: what people coded, to measure agreement against.", rich_markup_mode=None)

_BY = ("case", "kind", "language", "document")


@app.command("import")
def import_gold(
    files: Annotated[
        list[Path] | None, typer.Argument(help=".jsonl, .csv, .xlsx, .qdpx, .docx or Taguette .sqlite3 files.")
    ] = None,
    coder: Annotated[str, typer.Option(help="Who coded; where the file names several, only this one of them.")] = "",
    codebook: Annotated[str, typer.Option(help="The codebook of the codes; the project's if left out.")] = "",
    open_codes: Annotated[bool, typer.Option("--open", help="The codes are labels of the coder's own.")] = False,
    blind: Annotated[
        bool | None, typer.Option("--blind/--not-blind", help="Whether suggestions were hidden while coding.")
    ] = None,
    why: Annotated[str, typer.Option(help="Why this edition, e.g. a correction; kept with it.")] = "",
    read_all: Annotated[bool, typer.Option("--read-all", help="Documents without any code were read too.")] = False,
    leave_out: Annotated[bool, typer.Option("--leave-out", help="Import what fits, list what does not.")] = False,
    sample: Annotated[
        bool, typer.Option("--sample", help="The sample gold that codart ships, for the documents of codart demo.")
    ] = False,
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Bring in what people coded, as gold to compare suggestions with. Words, units and codes are checked first.

    A second import by the same coder adds a new edition; nothing is overwritten. Formats: docs/gold.md.

    Example: codart gold import codes.xlsx --coder "Coder A" --blind
    """
    from assistant import importing
    from assistant.adopting import Wish, adopt

    if bool(files) == sample:
        raise UsageError("name the files to import, or --sample", "codart gold import codes.xlsx --coder NAME")
    wish = Wish(coder, codebook, open_codes, blind, why, read_all, leave_out)
    wishes = _shipped() if sample else [(path, wish) for path in files or ()]
    with opened(project) as study:
        done = []
        with study.transaction():
            for path, each in wishes:
                done.append((path, adopt(study, importing.read(path), each)))
    if as_json:
        show_json([_as_dict(path, adopted) for path, adopted in done])
        return
    for path, adopted in done:
        _say_adopted(path, adopted)
    say(f"next: codart eval run{at(project)}   ·   codart gold list{at(project)}")


def _shipped() -> list[tuple[Path, Wish]]:
    """The shipped sample gold; its files say in their names whether they hold open codes."""
    from assistant.adopting import Wish
    from assistant.resources import GOLD

    files = sorted(GOLD.glob("*.jsonl"))
    return [(file, Wish(codebook="dart", open_codes=file.name.startswith("open."), blind=True)) for file in files]


def _as_dict(path: Path, adopted: Adopted) -> dict[str, Any]:
    return {
        "file": str(path),
        "editions": [
            {
                "gold": key or None,
                "already_there": not key,
                "coder": edition.coder,
                "units": len(edition.units),
                "not_coded": edition.not_coded,
                "codings": len(edition.codings),
            }
            for key, edition in adopted.editions
        ],
        "documents_added": list(adopted.added),
        "left_out": list(adopted.left_out),
        "unread": list(adopted.unread),
        "notes": list(adopted.notes),
    }


def _say_adopted(path: Path, adopted: Adopted) -> None:
    for key, edition in adopted.editions:
        what = f"{len(edition.codings)} codings on {_stretches(len(edition.units))} by {edition.coder}"
        left = f"; {edition.not_coded} units in the file are not coded" if edition.not_coded else ""
        say(f"{path}: {what}" + (f", gold {key}{left}" if key else ": there already, nothing added"))
    if adopted.added:
        say(f"documents that came with it: {', '.join(adopted.added)}")
    for name in adopted.unread:
        note(f"{name} carries no code: taken as not read (if it was read: --read-all)")
    for trouble in adopted.left_out:
        note(f"left out: {trouble}")
    for remark in adopted.notes:
        note(f"note: {remark}")


def _stretches(count: int) -> str:
    return f"{count} unit{'s' if count != 1 else ''} or whole document{'s' if count != 1 else ''} read"


@app.command("list")
def list_gold(project: ProjectDir = HERE, as_json: AsJson = False) -> None:
    """List whose gold the project holds, edition by edition, what was drawn, and what is kept for the test.

    Example: codart gold list
    """
    with opened(project) as study:
        golds, samples, lock = study.golds.all(), study.samples.all(), study.locks.current()
        names = {d.id: d.name for d in study.documents.all(current=False)}
    if as_json:
        show_json(
            {
                "golds": [asdict(g) for g in golds],
                "samples": [_sample_dict(s) for s in samples],
                "lock": asdict(lock) | {"documents": [names.get(d, "") for d in lock.documents]} if lock else None,
            }
        )
        return
    if not golds:
        say(f"no gold yet; bring some in with: codart gold import FILE --coder NAME{at(project)}")
    else:
        blind = {True: "yes", False: "no", None: "not said"}
        rows = [
            [g.id, g.coder, g.codebook or "open codes", g.units, g.codings, blind[g.blind], g.file, g.created[:10]]
            for g in golds
        ]
        table(["gold", "coder", "codebook", "units", "codings", "blind", "file", "date"], rows, wide=["file"])
    for sample in samples:
        by = f", by {sample.by}" if sample.by else ""
        say(f"sample {sample.id}: {len(sample.chances)} segments drawn{by}, seed {sample.seed}, {sample.created[:10]}")
    if lock:
        kept = ", ".join(names.get(d, "?") for d in lock.documents)
        say(f"kept for the test: {kept}; opened {len(lock.openings)} times since {lock.created[:10]}")


def _sample_dict(sample: Any) -> dict[str, Any]:
    return asdict(sample) | {"chances": {str(key): chance for key, chance in sample.chances.items()}}


@app.command("sample")
def sample(
    n: Annotated[int, typer.Option("--n", min=1, help="How many segments.")],
    by: Annotated[str, typer.Option(help=f"Draw from each {', '.join(_BY)} in proportion to its size.")] = "",
    out: Annotated[Path, typer.Option("-o", "--out", help="The sheet to fill in.")] = Path("to-code.xlsx"),
    seed: Annotated[int, typer.Option(help="The same seed draws the same segments.")] = 0,
    codebook: Annotated[str, typer.Option(help="Whose codes get a column each; the project's if left out.")] = "",
    open_codes: Annotated[bool, typer.Option("--open", help="A column for codes of the coder's own.")] = False,
    every_code: Annotated[bool, typer.Option("--every-code", help="Columns for sub-codes too.")] = False,
    split: Annotated[str, typer.Option(help="Only dev, or only test.")] = "",
    case: Annotated[str, typer.Option(help="Only this case.")] = "",
    language: Annotated[str, typer.Option(help="zh or en; the project's setting if left out.")] = "",
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Draw segments at random for people to code blind, and record how: shares can then be corrected for it.

    Give each coder a copy of the sheet; read it back with codart gold import.

    Example: codart gold sample --n 60 --by case
    """
    from assistant.drawing import recorded

    check_choice("grouping", by, _BY)
    check_choice("split", split, ("dev", "test"))
    check_choice("sheet language", language, ("zh", "en"))
    if out.exists():
        raise UsageError(f"{out} is there already, and may hold codings", "name another file with --out")
    if out.suffix.lower() != ".xlsx":
        raise UsageError(f"{out}: the sheet is an Excel workbook", "name a file that ends in .xlsx")
    with opened(project) as study, study.transaction():
        drawn = recorded(study, n, by=by, seed=seed, split=split, case=case)
        words = language or study.settings.language
        codes = () if open_codes else _columns(study, codebook, every_code=every_code)
        _write_sheet(out, drawn.passages, codes, words)
    if as_json:
        show_json({"sample": drawn.id, "file": str(out), "strata": [asdict(s) for s in drawn.strata]})
        return
    rows = [[s.name or "all", s.frame, s.drawn, f"{s.drawn / s.frame:.2f}"] for s in drawn.strata]
    table([by or "material", "segments", "drawn", "chance"], rows, wide=[by or "material"])
    say(f"sample {drawn.id}: {len(drawn.passages)} segments in {out}")
    say(f"next, for each coder: codart gold import {quoted(out)} --coder NAME --blind{at(project)}")


def _columns(study: Project, codebook: str, *, every_code: bool) -> tuple[Code, ...]:
    from assistant.exporting.counting import blocks

    book = study.codebooks.in_force(codebook or study.settings.codebook)
    return book.codes if every_code else blocks(book)


def _write_sheet(out: Path, passages: tuple[Passage, ...], codes: tuple[Code, ...], language: str) -> None:
    from assistant.exporting.blind import dump
    from assistant.exporting.saving import save

    save(out, dump(passages, codes, language))


@app.command("lock")
def lock(
    test: Annotated[int, typer.Option(min=1, max=90, help="Per cent of the documents to keep for the test.")] = 30,
    by: Annotated[str, typer.Option(help="Keep some of each case, kind or language.")] = "",
    document: Annotated[list[str] | None, typer.Option(help="Keep just these documents instead of a draw.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed keeps the same documents.")] = 0,
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Keep documents for the test: no prompt shows them as examples or passages, and each look at their gold is logged.

    Work on prompts and codebook with the rest (dev), look at the test once, at the end.

    Example: codart gold lock --test 30 --by case
    """
    from assistant.drawing import kept

    check_choice("grouping", by, _BY[:3])
    with opened(project) as study:
        before = study.locks.current()
        documents = kept(study, test, by=by, seed=seed, named=document or ())
    if as_json:
        show_json({"documents": [d.name for d in documents]})
        return
    again = " (the earlier lock gives way)" if before else ""
    say(f"kept for the test: {', '.join(d.name for d in documents)}{again}")
    say("examples and passages leave them out; codart eval … --split test opens their gold, and that is logged")
