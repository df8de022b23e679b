"""codart eval report, compare, novel: runs held against gold, as a report, a comparison, a sheet to rate."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from assistant.cli.options import HERE, AsJson, ProjectDir, at, check_choice, opened
from assistant.cli.output import note, say, show_json, table
from assistant.errors import ReadingError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.project import Project
    from eval.contrasting import Contrast
    from eval.evidence import Evidence
    from eval.gathering import Wanted

FORMS = ("html", "md", "csv", "json", "tex", "docx")

Runs = Annotated[list[int] | None, typer.Argument(help="Numbers of runs; all that fit if left out.")]
Gold = Annotated[
    list[str] | None,
    typer.Option(help='Gold coders, e.g. "Coder A,Coder B"; all if left out (sample gold only where it is alone).'),
]
Book = Annotated[str, typer.Option("--codebook", help="The codebook compared; the project's if left out.")]
Open = Annotated[bool, typer.Option("--open", help="Compare open codes instead of codes of a codebook.")]
Split = Annotated[str, typer.Option(help="dev, test or all; dev if documents are kept for a test.")]
EveryCode = Annotated[bool, typer.Option("--every-code", help="Compare sub-codes, not the blocks they belong to.")]


def on_one_thread() -> None:
    """Say so before numpy is loaded: many small matrix products are slower on threads that wait for each other."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def report(
    runs: Runs = None,
    out: Annotated[
        list[Path] | None, typer.Option("-o", "--out", help=f"File to write: .{', .'.join(FORMS)}; for each file.")
    ] = None,
    gold: Gold = None,
    codebook: Book = "",
    open_codes: Open = False,
    split: Split = "",
    every_code: EveryCode = False,
    stance: Annotated[
        str, typer.Option(help="How the study stands to agreement: reliability, codebook (if left out) or reflexive.")
    ] = "",
    coders_are: Annotated[
        str, typer.Option(help="expert, skilled or crowd: what replacing a coder may cost in agreement.")
    ] = "skilled",
    tau: Annotated[float | None, typer.Option(min=0.05, max=1, help="Open codes this similar are one.")] = None,
    judgements: Annotated[
        Path | None, typer.Option(help="CSV label,label,same (yes/no), judged blind, to find tau by.")
    ] = None,
    language: Annotated[str, typer.Option("--lang", help="zh or en; the project's setting if left out.")] = "",
    source: Annotated[
        Path | None, typer.Option("--from", help="Write an earlier report (.json) anew; no project is needed.")
    ] = None,
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Write how far suggestions agree with gold: the answer first, then figures with intervals, people beside them.

    HTML to read, Markdown, LaTeX and Word tables to paste, CSV and JSON for machines, all from one result. The same
    codings give the same files, to the byte. With --stance reflexive there are no coefficients, only points to discuss.

    Example: codart eval report -o report.html -o tables.tex --lang en
    """
    on_one_thread()
    from eval.replacing import EPSILONS

    check_choice("stance", stance, ("reliability", "codebook", "reflexive"))
    check_choice("kind of coder", coders_are, tuple(EPSILONS))
    check_choice("report language", language, ("zh", "en"))
    files = _forms(out or ([] if as_json else [Path("report.html")]))
    if source is not None:
        if runs or gold or codebook or open_codes or split or every_code or stance or tau or judgements:
            raise UsageError("a stored report is written as it is", "leave out all but --from, -o and --lang")
        _again(files, source, language or "en")
        return
    with opened(project) as study:
        wish = wanted(
            runs, gold, codebook, split, open_codes=open_codes, every_code=every_code, stance=stance or "codebook"
        )
        result = _result(study, wish, "report", EPSILONS[coders_are], tau=tau, judgements=judgements)
        words = language or study.settings.language
    if as_json:
        show_json(result)
    _write(files, result, words)
    if not result["runs"]:
        note(f"no run has answered these units yet: codart eval run{at(project)}")


def _forms(files: list[Path]) -> list[tuple[Path, str]]:
    """Each file with its form. UsageError for an unknown ending, before anything is worked out."""
    for file in files:
        if file.suffix[1:].lower() not in FORMS:
            raise UsageError(f"{file}: its ending says nothing to go by", f"end it in one of: .{', .'.join(FORMS)}")
        if not file.absolute().parent.is_dir():
            raise UsageError(f"{file}: there is no such folder", "make it first, or name a file elsewhere")
    return [(file, file.suffix[1:].lower()) for file in files]


def _write(files: list[tuple[Path, str]], result: dict[str, Any], language: str) -> None:
    from assistant.exporting.saving import save
    from eval.rendering import render

    for file, form in files:
        save(file, render(result, form, language))  # type: ignore[arg-type]
        say(f"report written to {file}")


def _again(files: list[tuple[Path, str]], source: Path, language: str) -> None:
    stored = _stored(source)
    try:
        _write(files, stored, language)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ReadingError(
            f"{source} is no whole report: {type(error).__name__} at {error}", "write it anew from its project"
        ) from error


def _stored(path: Path) -> dict[str, Any]:
    from eval.assessing import SCHEMA

    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ReadingError(
            f"{path} is no report: {error}", "name a file that codart eval report -o … .json wrote"
        ) from None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise ReadingError(f"{path} is no report of this version ({SCHEMA})", "write it anew from its project")
    return found


def wanted(
    runs: list[int] | None,
    gold: Sequence[str] | None,
    codebook: str,
    split: str,
    *,
    open_codes: bool,
    every_code: bool,
    stance: str = "codebook",
) -> Wanted:
    """What the options ask for."""
    from eval.gathering import Wanted

    check_choice("split", split, ("dev", "test", "all"))
    return Wanted(
        coders=tuple(gold or ()),
        runs=tuple(dict.fromkeys(runs or ())),
        codebook=codebook,
        kind="open" if open_codes else "assignment",
        split=split or None,  # type: ignore[arg-type]
        every_code=every_code,
        stance=stance,  # type: ignore[arg-type]
    )


def evidence(study: Project, wanted: Wanted, command: str) -> Evidence:
    """What is compared; looking at gold kept for the test is logged first."""
    from eval.gathering import gather
    from eval.locking import log_opening

    found = gather(study, wanted)
    if found.unplaced:
        note(
            f"{found.unplaced} codings of whole stretches fit no segment and are left out: "
            "the stretch has several segments, or the segment size was changed"
        )
    return log_opening(study, found, f"codart eval {command}", [machine.facts["run"] for machine in found.machines])


def _result(
    study: Project,
    wanted: Wanted,
    command: Literal["report", "novel"],
    epsilon: float,
    *,
    tau: float | None = None,
    judgements: Path | None = None,
) -> dict[str, Any]:
    from assistant.indexing import embedding
    from eval.assessing import assess
    from eval.inducing import induce

    found = evidence(study, wanted, command)
    if wanted.kind != "open":
        return assess(found, epsilon=epsilon)
    using, embed = embedding(study, note)
    judged = _judgements(judgements) if judgements else ()
    return assess(
        found,
        epsilon=epsilon,
        inductive=lambda e: induce(
            e, embed, name=using.name, semantic=using.semantic, tau=tau, judgements=judged, seed=0
        ),
    )


def _judgements(path: Path) -> list[tuple[str, str, bool]]:
    """Pairs of labels that somebody judged blind to mean the same, or not."""
    import csv

    yes = {"yes", "y", "1", "same", "是", "同"}
    no = {"no", "n", "0", "different", "否", "异"}
    found = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.reader(file), 1):
                said = row[2].strip().casefold() if len(row) >= 3 else ""
                if said in yes | no:
                    found.append((row[0], row[1], said in yes))
                elif number > 1 and any(row):
                    raise ReadingError(f"{path}, row {number}: no judgement {said!r}", "write: label,label,yes or no")
    except (OSError, UnicodeDecodeError) as error:
        raise ReadingError(f"{path} cannot be read: {error}", "save it as CSV in UTF-8") from None
    return found


def compare(
    first: Annotated[int, typer.Argument(help="A run.")],
    second: Annotated[int, typer.Argument(help="Another run.")],
    gold: Gold = None,
    codebook: Book = "",
    split: Split = "",
    every_code: EveryCode = False,
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Say whether one run agrees better with gold than another: paired on the same units, clustered by document.

    Two intervals that overlap do not answer that; the interval of the difference does.

    Example: codart eval compare 3 5
    """
    on_one_thread()
    from eval.contrasting import contrasts
    from eval.joining import join

    with opened(project) as study:
        wish = wanted([first, second], gold, codebook, split, open_codes=False, every_code=every_code)
        if first == second:
            raise UsageError("a run does not differ from itself", "name two runs; see: codart runs list")
        joined = join(evidence(study, wish, f"compare {first} {second}"))
    machines = joined.evidence.machines
    found = contrasts(joined, [(machine.name, machine.codings) for machine in machines], joined.codes)
    if as_json:
        show_json([asdict(each) for each in found])
        return
    one, other = (machine.name for machine in machines)
    both = sum(all(key in m.codings for m in machines) for key in joined.keys)
    say(f"{one} minus {other}, on {both} units that both answered, against {', '.join(p.name for p in joined.people)}")
    table(
        ["code", "figure", "difference", "95 % interval", "p (Holm)"],
        [_contrast_row(each) for each in found],
        wide=["code"],
    )
    say("an interval that holds 0: the data do not show which is better; p after Holm over the codes of a figure")


_NAMES = {
    "kappa": "kappa",
    "p_pos": "agree: given",
    "alpha_jaccard": "alpha, Jaccard distance",
    "f1_micro": "F1, all codes pooled",
}


def _contrast_row(one: Contrast) -> list[str]:
    found = one.difference
    value = found.status if found.value is None else f"{found.value:+.2f}"
    interval = "" if found.low is None or found.high is None else f"[{found.low:+.2f}, {found.high:+.2f}]"
    return [one.code or "all codes", _NAMES[one.metric], value, interval, "" if one.holm is None else f"{one.holm:.3f}"]


def novel(
    run: Annotated[int, typer.Argument(help="A run with open codes.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The sheet to fill in (.csv); its key goes beside it.")
    ] = None,
    k: Annotated[int, typer.Option("--n", min=1, help="How many of the run's novel codes, and of the people's.")] = 20,
    ratings: Annotated[Path | None, typer.Option(help="A sheet that was filled in: count its ratings.")] = None,
    gold: Gold = None,
    tau: Annotated[float | None, typer.Option(min=0.05, max=1, help="Open codes this similar are one.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed draws the same codes.")] = 0,
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Have people judge the codes that only the run gave, blind, mixed with people's own; then count what they said.

    Ratings: valid_new, valid_redundant, too_broad, unsupported. A novel code is no error until somebody says so.

    Example: codart eval novel 3 -o rate.csv   then   codart eval novel 3 --ratings rate.csv
    """
    from eval import blind_sheets, blinding

    if (out is None) == (ratings is None):
        raise UsageError("a sheet is written with --out, or read with --ratings", "codart eval novel 3 -o rate.csv")
    if ratings is not None:
        rates = blinding.read_ratings(blind_sheets.read_rows(ratings), blind_sheets.read_key(ratings))
        if as_json:
            show_json(rates)
        else:
            _say_rates(rates)
        return
    assert out is not None  # noqa: S101 - one of the two is given
    if out.exists():
        raise UsageError(f"{out} is there already, and may hold ratings", "name another file with --out")
    with opened(project) as study:
        wish = wanted([run], gold, "", "", open_codes=True, every_code=False)
        result = _result(study, wish, "novel", 0.15, tau=tau)
    rows, key = blinding.novel_sheet(result["open"], result["runs"][0]["name"], k, seed)
    blind_sheets.write(out, rows, key)
    if as_json:
        show_json({"file": str(out), "key": str(blind_sheets.key_of(out)), "codes": len(rows)})
        return
    say(f"{len(rows)} codes to rate in {out}; keep {blind_sheets.key_of(out).name} from whoever rates them")
    say(f"words for the column rating: {', '.join(blinding.WORDS)}")
    say(f"then: codart eval novel {run} --ratings {out}{at(project)}")


def _say_rates(rates: dict[str, Any]) -> None:
    rows = []
    for origin, found in rates["origins"].items():
        for word, rate in found["rates"].items():
            share = "" if rate["share"] is None else f"{100 * rate['share']:.0f} %"
            interval = "" if rate["low"] is None else f"[{100 * rate['low']:.0f}, {100 * rate['high']:.0f}]"
            rows.append([origin, word, rate["count"], share, interval])
        rows.append([origin, "not rated", found["not_rated"], "", ""])
    table(["codes of", "rated", "codes", "share", "95 % interval"], rows, wide=["rated"])
