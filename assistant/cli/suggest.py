"""codart suggest: ask a model about every segment, and say first what that sends and costs."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from assistant.cli.options import HERE, AsJson, ProjectDir, at, check_choice, opened
from assistant.cli.output import note, say, show_json
from assistant.errors import UsageError
from assistant.vocabulary import SuggestionKind, Support, UnitState

if TYPE_CHECKING:
    from assistant.cli.batches import Batching
    from assistant.cli.board import Board, Tally
    from assistant.conducting import Conductor
    from assistant.model import RunRecord
    from assistant.ordering import Order
    from assistant.project import Project

_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Summary:
    """How one run stands after it was worked on."""

    run: int
    kind: str
    lens: str | None
    model: str
    units: dict[UnitState, int]
    suggestions: int  # made just now
    discards: int  # made just now
    trimmed: int  # prompts made just now that had to leave something out
    repeat: int
    parent: int | None
    reused: int  # units answered just now from replies paid for before
    input_tokens: int  # just now, as the server reports
    output_tokens: int
    cost: float | None  # US dollars of the whole run; None: unknown
    possible_cost: float  # US dollars that calls without a stored reply may have cost beside
    checks: dict[Support, int]

    def line(self) -> str:
        """Two lines for a person."""
        from assistant.pricing import money

        what = "open codes" if self.kind == "open" else f"codes of {self.lens}"
        what = f"check of run {self.parent}" if self.parent is not None else what
        again = f", repeat {self.repeat}" if self.repeat > 1 else ""
        shown = {"coded": "supported", "none": "not supported"} if self.parent is not None else {}
        units = ", ".join(f"{count} {shown.get(state, state)}" for state, count in self.units.items() if count)
        made = f"{self.suggestions} suggested, {self.discards} discarded just now"
        if self.parent is not None:
            made = ", ".join(f"{count} {verdict}" for verdict, count in self.checks.items()) or "nothing checked"
        loss = f"; {self.trimmed} prompts shortened to fit the limit" if self.trimmed else ""
        stored = f"; {self.reused} from stored replies" if self.reused else ""
        paid = f"; cost so far {money(self.cost)}" if self.cost is None or self.cost > 0 else ""
        if self.possible_cost:
            paid += f"; calls that broke off may have cost {money(self.possible_cost)} more"
        return f"run {self.run}, {what} by {self.model}{again}: {made}\n  units: {units or 'none'}{stored}{loss}{paid}"


def suggest(
    model: Annotated[
        str, typer.Option(help='E.g. "openai:gpt-6-luna", "ollama:qwen3", "recorded:FILE"; "lexical" needs no key.')
    ] = "",
    base_url: Annotated[str, typer.Option(help="Of any OpenAI-compatible server.")] = "",
    codebook: Annotated[str, typer.Option(help="The codebook to assign from; the project's (dart) if left out.")] = "",
    only: Annotated[str, typer.Option(help="One pass only: open or assignment.")] = "",
    case: Annotated[str, typer.Option(help="Only documents of this case.")] = "",
    document: Annotated[str, typer.Option(help="Only this document, by id or name.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent and cost.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Send without asking first.")] = False,
    budget: Annotated[float | None, typer.Option(min=0, help="Stop before these runs cost more US dollars.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=256, help="Calls under way at once.")] = 8,
    rpm: Annotated[int | None, typer.Option(min=1, help="Most requests a minute.")] = None,
    tpm: Annotated[int | None, typer.Option(min=1, help="Most tokens a minute.")] = None,
    pack: Annotated[int, typer.Option(min=1, max=50, help="Segments in one call.")] = 1,
    runs: Annotated[int, typer.Option(min=1, max=20, help="Ask so many times, each as a run of its own.")] = 1,
    verify: Annotated[bool, typer.Option("--verify", help="Then ask whether each quote supports its code.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Use no stored reply; repeat what is done.")] = False,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds for one call.")] = 90,
    time_limit: Annotated[float | None, typer.Option(min=0, help="Minutes after which no call is begun.")] = None,
    record: Annotated[Path | None, typer.Option(help="Add every reply to this file; recorded:FILE plays it.")] = None,
    engine: Annotated[str, typer.Option(help='Who sends the calls: "dask", the workers of a cluster.')] = "",
    scheduler: Annotated[str, typer.Option(help="Of the cluster, e.g. tcp://HOST:8786.")] = "",
    batch_api: Annotated[bool, typer.Option("--batch-api", help="In the server's batches: cheaper, slower.")] = False,
    batch_out: Annotated[Path | None, typer.Option(help="Write the requests to this file instead of sending.")] = None,
    batch_in: Annotated[list[Path] | None, typer.Option(help="Read results of --batch-out; for each file.")] = None,
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Suggest open codes and codebook assignments for every segment, each with a proven quote.

    Two passes: open coding sees no codebook, so that it stays open; assignments see the codebook. What is done is not
    asked or paid for again; pending and failed units are asked. Before anything leaves this machine you see what, where
    to and for how much. Ctrl-C once finishes the calls under way, twice drops them; the same command goes on later.
    Keys come from the environment (OPENAI_API_KEY, DEEPSEEK_API_KEY …).

    Example: codart suggest --model openai:gpt-6-luna --case Xiaomi --budget 5
    """
    from assistant.cli.batches import chosen
    from assistant.ordering import Order
    from assistant.pacing import Pace
    from assistant.project import Choice
    from assistant.running import Way

    check_choice("pass", only, get_args(SuggestionKind))
    check_choice("engine", engine, ("dask",))
    if bool(engine) != bool(scheduler):
        raise UsageError(
            "--engine dask and --scheduler belong together", "write: --engine dask --scheduler tcp://HOST:8786"
        )
    with opened(project) as study:
        order = Order(
            model=model or study.settings.model,
            base_url=base_url or ("" if model else study.settings.base_url),
            codebook=codebook,
            only=only,
            choice=Choice(case, study.documents.find(document).id if document else None),
            way=Way(concurrency=concurrency, pack=pack, fresh=fresh),
            pace=Pace(concurrency=concurrency, rpm=rpm, tpm=tpm),
            repeats=runs,
            verify=verify,
            budget=budget,
            timeout=timeout,
            time_limit=time_limit * 60 if time_limit is not None else None,
            record=record,
            scheduler=scheduler,
        )
        order, batching = chosen(order, api=batch_api, out=batch_out, results=batch_in or ())
        if dry_run:
            dry(study, order, as_json=as_json, batch=batching is not None)
            return
        code = carry_out(study, order, where=at(project), as_json=as_json, yes=yes, batching=batching)
    if code:
        raise typer.Exit(code)


def dry(study: Project, order: Order, *, as_json: bool, batch: bool = False) -> None:
    """Print the manifest of an order and do nothing."""
    import asyncio

    from assistant.cli.board import board
    from assistant.cli.manifest import as_dict, show
    from assistant.conducting import ready

    with board(as_json=as_json) as watch, ready(study, order, watch, asking_it=False) as conductor:
        manifest = conductor.manifest(batch=batch)
        asyncio.run(_let_go(conductor))
    if as_json:
        show_json(as_dict(manifest))
    else:
        show(manifest, say)
        say("nothing was sent")


async def _let_go(conductor: Conductor) -> None:
    await conductor.model.aclose()


def carry_out(
    study: Project,
    order: Order,
    *,
    run: RunRecord | None = None,
    where: str = "",
    as_json: bool = False,
    yes: bool = True,
    hints: bool = True,
    batching: Batching | None = None,
    collect: list[Summary] | None = None,
) -> int:
    """Do an order, or go on with one run, with progress shown; then print how runs stand. Returns the exit code.

    With `collect`, summaries are added to it and printed for people only.
    """
    import asyncio

    from assistant.cli.batches import say_waiting
    from assistant.cli.board import board
    from assistant.conducting import ready

    with board(as_json=as_json) as watch:
        try:
            with ready(study, order, watch) as conductor:
                for remark in conductor.model.notes:
                    watch.note(remark)
                if batching is None:
                    say_waiting(study, order)
                if batching is None or batching.sends:
                    _agree(conductor, watch, yes=yes, batch=batching is not None)
                why = asyncio.run(batching.conduct(conductor, watch) if batching else _conduct(conductor, watch, run))
        finally:
            summaries = [_summary(study, tally) for tally in watch.tallies]
            _close(watch)
            if collect is None or not as_json:
                _print(summaries, as_json=as_json)
            if collect is not None:
                collect += summaries
            if hints and not as_json:
                _advise(summaries, order.model, where)
    return _exit_code(why, summaries)


def _agree(conductor: Conductor, watch: Board, *, yes: bool, batch: bool = False) -> None:
    """Say what leaves the machine and ask, unless it goes to this machine itself or was agreed to beforehand."""
    from assistant.cli.manifest import show

    model = conductor.model
    if not model.base_url:
        return
    if model.local or yes:
        through = f", by the workers of {conductor.order.scheduler}" if conductor.order.scheduler else ""
        watch.announce = f"segments with their context are sent to {model.name} at {model.base_url}{through}"
        return
    manifest = conductor.manifest(batch=batch)
    if not manifest.calls and not manifest.verify:  # what waits in a batch was agreed to before
        return
    show(manifest, watch.note)
    if not sys.stdin.isatty():
        raise UsageError("nothing was sent: this needs a yes", "look at it with --dry-run, then add --yes")
    if not typer.confirm("Send this?", err=True):
        raise UsageError("nothing was sent", "choose less with --case or --document, or set a --budget")


async def _conduct(conductor: Conductor, watch: Board, run: RunRecord | None) -> str:
    """Do the runs; returns why they stopped early, "" if they did not."""
    import asyncio

    from assistant.cli.interrupting import INTERRUPTED, graceful
    from assistant.ordering import Stop

    stop = Stop()

    def say_so() -> None:
        calls = conductor.pacer.in_flight
        under_way = f"finishing {calls} call{'s' if calls > 1 else ''} under way, then stopping; Ctrl-C again drops"
        watch.note(f"{under_way} {'them' if calls > 1 else 'it'}" if calls else "nothing is under way: stopping")

    try:
        with graceful(stop, say_so):
            if run is not None:
                await conductor.go_on(run, watch, stop)
            else:
                await conductor.run(watch, stop)
    except asyncio.CancelledError:
        return INTERRUPTED
    finally:
        await conductor.model.aclose()
    return stop.why


def _close(watch: Board) -> None:
    close = getattr(watch, "close", None)
    if close:
        close()


def _summary(study: Project, tally: Tally) -> Summary:
    run = study.runs.get(tally.run.id)
    return Summary(
        run=run.id,
        kind=run.kind,
        lens=run.lens,
        model=run.model,
        units=run.units,
        suggestions=tally.suggestions,
        discards=tally.discards,
        trimmed=tally.trimmed,
        repeat=run.repeat,
        parent=run.parent,
        reused=tally.reused,
        input_tokens=tally.input_tokens,
        output_tokens=tally.output_tokens,
        cost=run.cost,
        possible_cost=run.possible_cost,
        checks=run.checks,
    )


def _print(summaries: list[Summary], *, as_json: bool) -> None:
    if as_json:
        show_json([asdict(s) for s in summaries])
        return
    for summary in summaries:
        say(summary.line())


def _advise(summaries: list[Summary], model: str, where: str) -> None:
    if not summaries:
        return
    if model == "lexical":
        say("`lexical` is a keyless baseline that only compares words; for a language model: --model provider:model")
    if any(s.units["failed"] for s in summaries):
        say(f"some units failed (why: codart status{where}); the same command tries them again")
    if any(s.units["refused"] for s in summaries):
        say(f"some units were refused (why: codart status{where})")
    if any(s.units["coded"] for s in summaries):
        say(f"next: codart suggestions list{where}   ·   codart export report.html{where}")


def _exit_code(why: str, summaries: list[Summary]) -> int:
    from assistant.cli.interrupting import INTERRUPTED

    if why == INTERRUPTED:
        return _INTERRUPTED
    if why:
        note(f"{why}; what was finished is stored, and the same command goes on with the rest")
        return 1
    return int(any(s.units["failed"] for s in summaries))
