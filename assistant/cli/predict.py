"""codart eval run: ask models about the units that people coded, by the very line that codart suggest uses."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from assistant.cli.options import HERE, AsJson, ProjectDir, at, check_choice, opened
from assistant.cli.output import say, show_json
from assistant.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant.ordering import Order
    from assistant.project import Choice, Gold, Project
    from assistant.running import Way

BASELINE = "lexical"
_RETRIEVAL = ("none", "context", "examples", "both")


def run(
    gold: Annotated[
        list[str] | None, typer.Option(help='Gold coders, e.g. "Coder A,Coder B"; all if left out.')
    ] = None,
    model: Annotated[list[str] | None, typer.Option(help="A model; may be given several times.")] = None,
    base_url: Annotated[str, typer.Option(help="Of any OpenAI-compatible server.")] = "",
    codebook: Annotated[str, typer.Option(help="Where gold has codes of several codebooks: which.")] = "",
    only: Annotated[str, typer.Option(help="One pass only: open or assignment.")] = "",
    split: Annotated[str, typer.Option(help="dev, test or all; dev if documents are kept for a test.")] = "",
    everything: Annotated[
        bool, typer.Option("--everything", help="All segments, not only coded ones: for shares of the whole material.")
    ] = False,
    runs: Annotated[int, typer.Option(min=1, max=20, help="Ask so many times, to see how steady answers are.")] = 1,
    retrieval: Annotated[
        list[str] | None, typer.Option(help="Show none, context, examples or both; several to compare them.")
    ] = None,
    prompt_language: Annotated[
        list[str] | None, typer.Option(help="Prompts in zh or en whatever the document's; several to compare.")
    ] = None,
    one_call: Annotated[bool, typer.Option("--one-call", help="Open codes and assignments in one call.")] = False,
    no_baseline: Annotated[bool, typer.Option("--no-baseline", help="Leave out the keyless baseline lexical.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Send without asking first.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent and cost.")] = False,
    budget: Annotated[float | None, typer.Option(min=0, help="Stop before these runs cost more US dollars.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=256, help="Calls under way at once.")] = 8,
    rpm: Annotated[int | None, typer.Option(min=1, help="Most requests a minute.")] = None,
    tpm: Annotated[int | None, typer.Option(min=1, help="Most tokens a minute.")] = None,
    pack: Annotated[int, typer.Option(min=1, max=50, help="Segments in one call.")] = 1,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds for one call.")] = 90,
    record: Annotated[Path | None, typer.Option(help="Add every reply to this file; recorded:FILE plays it.")] = None,
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Ask models about the segments that gold coders coded; what is done is not asked again.

    Without --model the project's model is asked. The keyless baseline runs beside it, for what it reaches needs no
    language model. Prompts never show gold. Then: codart eval report.

    Example: codart eval run --gold "Coder A,Coder B" --model openai:gpt-6-luna --runs 3
    """
    from assistant.cli.suggest import Summary, carry_out, dry

    check_choice("pass", only, ("open", "assignment"))
    check_choice("split", split, ("dev", "test", "all"))
    for each in retrieval or ():
        check_choice("retrieval", each, _RETRIEVAL)
    for each in prompt_language or ():
        check_choice("prompt language", each, ("zh", "en"))
    with opened(project) as study:
        from assistant.ordering import Order
        from assistant.pacing import Pace

        golds = _golds(study, gold or ())
        books = {g.codebook for g in golds if g.codebook and codebook in ("", g.codebook)}
        if len(books) > 1:
            raise UsageError(f"gold has codes of {', '.join(sorted(books))}", "choose one with --codebook")
        kinds = {g.kind for g in golds if g.kind == "open" or g.codebook in books}
        chosen = _split(study, split)
        orders = [
            Order(
                model=name,
                base_url=base_url if name != BASELINE else "",
                codebook=next(iter(books), ""),
                only="" if one_call else only or (next(iter(kinds)) if len(kinds) == 1 else ""),
                choice=_choice(golds, chosen, everything=everything),
                way=way,
                pace=Pace(concurrency=concurrency, rpm=rpm, tpm=tpm),
                repeats=runs if name != BASELINE else 1,
                budget=budget,
                timeout=timeout,
                record=record if name != BASELINE else None,
            )
            for name in _models(study, model or (), no_baseline=no_baseline)
            for way in _ways(concurrency, pack, retrieval or (), prompt_language or (), joint=one_call)
        ]
        if any(not order.base_url and order.model == study.settings.model for order in orders):
            orders = [_at_home(study, order) for order in orders]
        if dry_run:
            for order in orders:
                dry(study, order, as_json=as_json)
            return
        code, done = 0, list[Summary]()
        for order in orders:
            code = max(code, carry_out(study, order, as_json=as_json, yes=yes, hints=False, collect=done))
    if as_json:
        show_json([asdict(summary) for summary in done])
    elif not code:
        say(f"next: codart eval report -o report.html{at(project)}")
    if code:
        raise typer.Exit(code)


def _golds(study: Project, asked: Sequence[str]) -> list[Gold]:
    """The gold of these coders, or all. UsageError if there is none."""
    from eval.gathering import named

    golds = study.golds.all()
    if not golds:
        raise UsageError("there is no gold yet", "bring some in with: codart gold import FILE --coder NAME")
    chosen = named(asked, list(dict.fromkeys(g.coder for g in golds)), "any codes")
    return [g for g in golds if not chosen or g.coder in chosen]


def _split(study: Project, split: str) -> Literal["", "dev", "test"]:
    if split == "test":
        return "test"
    return "dev" if split == "dev" or (not split and study.locks.current()) else ""


def _choice(golds: Sequence[Gold], split: Literal["", "dev", "test"], *, everything: bool) -> Choice:
    from assistant.project import Choice

    return Choice(gold=() if everything else tuple(dict.fromkeys(g.coder for g in golds)), split=split)


def _models(study: Project, wanted: Sequence[str], *, no_baseline: bool) -> list[str]:
    names = [*(wanted or [study.settings.model]), *(() if no_baseline else [BASELINE])]
    return list(dict.fromkeys(names))


def _at_home(study: Project, order: Order) -> Order:
    """The order with the project's own address, where it asks the project's own model."""
    same = not order.base_url and order.model == study.settings.model
    return replace(order, base_url=study.settings.base_url) if same else order


def _ways(
    concurrency: int, pack: int, retrievals: Sequence[str], languages: Sequence[str], *, joint: bool
) -> Iterator[Way]:
    """A way for each combination of what is to be compared."""
    from assistant.running import Way

    for retrieval, language in product(retrievals or ("both",), languages or ("",)):
        yield Way(concurrency=concurrency, pack=pack, retrieval=retrieval, language=language, joint=joint)  # type: ignore[arg-type]
