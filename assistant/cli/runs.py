"""codart runs: how each run stands, what failed in it and why, how runs of the same segments differ."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.cli.options import HERE, AsJson, ProjectDir, at, opened
from assistant.cli.output import entries, say, shorten, show_json, table
from assistant.errors import UsageError
from assistant.vocabulary import UnitState

if TYPE_CHECKING:
    from assistant.comparing import Comparison
    from assistant.model import RunRecord, UnitRecord
    from assistant.project import Project

app = typer.Typer(help="List runs, look into them, go on with them, compare them.", rich_markup_mode=None)
_STATES: tuple[UnitState, ...] = ("coded", "none", "failed", "refused", "pending")
_MOST_CODES = 15


@app.command("list")
def list_runs(project: ProjectDir = HERE, as_json: AsJson = False) -> None:
    """List all runs with where their units stand and what they cost.

    Example: codart runs list
    """
    from assistant.cli.board import name_of
    from assistant.pricing import money

    with opened(project) as study:
        runs = study.runs.all()
    if as_json:
        show_json([asdict(run) for run in runs])
    elif not runs:
        say(f"no run yet; begin one with: codart suggest{at(project)}")
    else:
        rows = [
            [r.id, name_of(r), r.model, *(r.units[s] for s in _STATES), money(r.cost), r.started[:16]] for r in runs
        ]
        table(["run", "what", "model", *_STATES, "cost", "begun (UTC)"], rows)


@app.command("show")
def show(
    run: Annotated[int, typer.Argument(help="A run's number, from the list.")],
    failed: Annotated[bool, typer.Option("--failed", help="Also each failed unit, with its reason.")] = False,
    refused: Annotated[bool, typer.Option("--refused", help="Also each refused unit, with the reason given.")] = False,
    pending: Annotated[bool, typer.Option("--pending", help="Also each unit not asked about yet.")] = False,
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Show one run: its model, parameters, tokens and cost, where its units stand, and which did not come through.

    Example: codart runs show 3 --failed
    """
    wanted: list[UnitState] = []
    for given, state in ((failed, "failed"), (refused, "refused"), (pending, "pending")):
        if given:
            wanted.append(state)  # type: ignore[arg-type]
    with opened(project) as study:
        record = study.runs.get(run)
        units = list(study.units.all(run, wanted)) if wanted else []
    if as_json:
        show_json(asdict(record) | ({"listed": [asdict(unit) for unit in units]} if wanted else {}))
        return
    _say_run(record)
    if units:
        say()
        entries([_entry(unit) for unit in units])
    elif wanted:
        say(f"no unit is {' or '.join(wanted)}")
    if record.units["failed"] or record.units["pending"] > record.waiting:
        say(f"go on with it: codart runs retry {run}{at(project)}")


def _say_run(run: RunRecord) -> None:
    from assistant.cli.board import name_of, short, states_of
    from assistant.pricing import money

    say(f"run {run.id}: {name_of(run)} by {run.model}, begun {run.started[:16]} UTC")
    say(f"template   {run.template}")
    if run.lens:
        say(f"codebook   {run.lens}, version {(run.codebook_version or '')[:12]}")
    say(f"parameters {', '.join(f'{name} {value}' for name, value in run.parameters.items() if value != '')}")
    called = states_of(run)
    say(f"units      {', '.join(f'{run.units[s]} {called[s]}' for s in _STATES if run.units[s]) or 'none'}")
    if run.waiting:
        say(f"           {run.waiting} of the pending ones wait in batches (--batch-api or --batch-in fetches them)")
    for kind, count in run.errors.items():
        say(f"           {count} failed, {kind}: {shorten(run.reasons[kind], 160)}")
    if run.units["refused"]:
        say(f"           {run.units['refused']} refused: {shorten(run.reasons.get('refusal', ''), 160)}")
    if run.checks:
        say(f"checks     {', '.join(f'{count} {verdict}' for verdict, count in run.checks.items())}")
    tokens, cached = run.usage, f" ({short(run.usage.cached)} of them cached)" if run.usage.cached else ""
    if tokens.input is not None:
        say(f"tokens     {short(tokens.input)} in{cached}, {short(tokens.output or 0)} out, in {run.replies} replies")
    elif run.replies:
        say(f"tokens     not reported, in {run.replies} replies")
    more = f"; calls that broke off may have cost {money(run.possible_cost)} more" if run.possible_cost else ""
    say(f"cost       {money(run.cost)}{more}{f'; {run.reused} units from stored replies' if run.reused else ''}")


def _entry(unit: UnitRecord) -> tuple[str, str]:
    why = f": {unit.error_kind} after {unit.attempts} attempts. {shorten(unit.error, 200)}" if unit.error else ""
    where = f"{unit.document_name} (document {unit.document}) #{unit.segment}"
    return f"{where}, {unit.state}{why}", shorten(unit.text, 120)


@app.command("retry")
def retry(
    run: Annotated[int, typer.Argument(help="A run's number, from the list.")],
    refused: Annotated[bool, typer.Option("--refused", help="Ask again about refused units too.")] = False,
    concurrency: Annotated[int, typer.Option(min=1, max=256, help="Calls under way at once.")] = 8,
    rpm: Annotated[int | None, typer.Option(min=1, help="Most requests a minute.")] = None,
    tpm: Annotated[int | None, typer.Option(min=1, help="Most tokens a minute.")] = None,
    budget: Annotated[float | None, typer.Option(min=0, help="Stop before the run costs more US dollars.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Send without asking first.")] = False,
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Go on with a run: ask again about its failed and pending units, with its own model and parameters.

    Example: codart runs retry 3
    """
    from assistant.cli.suggest import carry_out
    from assistant.ordering import order_of
    from assistant.pacing import Pace

    with opened(project) as study:
        record = study.runs.get(run)
        pace = Pace(concurrency=concurrency, rpm=rpm, tpm=tpm)
        order = order_of(record, pace=pace, refused=refused, budget=budget)
        code = carry_out(study, order, run=record, where=at(project), as_json=as_json, yes=yes)
    if code:
        raise typer.Exit(code)


@app.command("compare")
def compare(
    runs: Annotated[list[int], typer.Argument(help="Two or more runs of the same segments.")],
    differences: Annotated[bool, typer.Option("--differences", help="Also each segment they differ on.")] = False,
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Compare what runs gave: repeats of one model (--runs), a run and its check (--verify), one model and another.

    Descriptive figures, with nothing taken off for chance. Open codes are compared by their words.

    Example: codart runs compare 2 5 6 --differences
    """
    from assistant import comparing

    with opened(project) as study:
        records = [study.runs.get(run) for run in runs]
        lenses = {(record.kind, record.lens) for record in records}
        if len(lenses) > 1:
            raise UsageError(
                "these runs give codes of different kinds",
                f"compare runs of one codebook, or of open coding; see: codart runs list{at(project)}",
            )
        result = comparing.compare([_coded(study, run) for run in runs])
        listed = _differences(study, result) if differences else []
    if as_json:
        show_json(asdict(result))
        return
    _say_comparison(result)
    if listed:
        say()
        entries(listed)


def _coded(study: Project, run: int) -> Any:
    from assistant.comparing import Coded, UnitCodes

    return Coded(run, {key: UnitCodes(state, codes) for key, (state, codes) in study.units.codes(run).items()})


def _say_comparison(result: Comparison) -> None:
    names = ", ".join(str(run) for run in result.runs)
    say(f"runs {names}: {result.compared} segments answered in all of them")
    if result.left_out:
        reasons = ", ".join(f"{count} {state}" for state, count in result.left_out_for.items())
        say(f"left out: {len(result.left_out)} asked in all but not answered in all ({reasons})")
    if result.asked_by_some:
        say(f"left out: {result.asked_by_some} asked in some of them only")
    say(f"same codes in all: {_percent(result.identical)}; mean Jaccard of the sets of codes: {_share(result.jaccard)}")
    say()
    count = len(result.runs)
    pairs = [[f"{p.first} and {p.second}", p.n, _percent(p.identical), _share(p.jaccard)] for p in result.pairs]
    table(["runs", "segments", "same codes", "Jaccard"], pairs)
    say()
    given = [[f"{k} of {count}", n] for k, n in enumerate(result.support, start=1)]
    table(["a code on a segment is given in", "times"], given)
    unsteady = [code for code in result.codes if code.stability < 1]
    if not unsteady:
        return
    say()
    rows = [
        [f"{c.code}{' ' + c.polarity if c.polarity else ''}", sum(c.support), _percent(c.stability)]
        for c in unsteady[:_MOST_CODES]
    ]
    table(["least steady codes", "segments", "mean share of runs"], rows, wide=["least steady codes"])
    if len(unsteady) > _MOST_CODES:
        say(f"and {len(unsteady) - _MOST_CODES} more: --json")


def _differences(study: Project, result: Comparison) -> list[tuple[str, str]]:
    listed = []
    for difference in result.differences:
        passage = study.documents.passage(difference.segment)
        said = "\n".join(
            f"run {run}: {', '.join(' '.join(part for part in given if part) for given in codes) or 'no code'}"
            for run, codes in zip(result.runs, difference.said, strict=True)
        )
        if passage is not None:
            head = f"{passage.document_name} #{passage.segment.number}: {shorten(passage.text, 80)}"
            listed.append((head, said))
    return listed


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
