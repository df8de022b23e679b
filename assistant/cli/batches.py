"""What the --batch-… options of codart suggest do: an order's runs by a server's Batch API, or by files."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.cli.output import note
from assistant.errors import UsageError

if TYPE_CHECKING:
    from assistant.cli.board import Board, Tally
    from assistant.conducting import Conductor
    from assistant.model import Outcome, RunRecord, Segment
    from assistant.ordering import Order, Stop
    from assistant.project import Project
    from assistant.spending import Purse

Do = Callable[["Conductor", "Board", "Stop"], Awaitable[str]]
"""Does an order; returns what is left undone."""


@dataclass(frozen=True, slots=True)
class Batching:
    """How an order is done that is not asked call by call."""

    do: Do
    sends: bool  # whether anything leaves this machine

    async def conduct(self, conductor: Conductor, watch: Board) -> str:
        """Do the runs; returns why they stopped early, "" if they did not."""
        from assistant.cli.interrupting import INTERRUPTED, graceful
        from assistant.ordering import Stop

        stop = Stop()
        turns = _Turns(watch)
        try:
            with graceful(stop, lambda: watch.note("stopping; Ctrl-C again breaks off")):
                return await self.do(conductor, turns, stop)
        except asyncio.CancelledError:
            return INTERRUPTED
        finally:
            await conductor.model.aclose()
            watch.tallies.sort(key=lambda tally: tally.run.id)


def chosen(order: Order, *, api: bool, out: Path | None, results: Sequence[Path]) -> tuple[Order, Batching | None]:
    """The order as the options want it, and how it is then done; None for call by call.

    UsageError for options that cannot go together.
    """
    from assistant import dispatching, filing

    ways = [name for name, given in (("--batch-api", api), ("--batch-out", out), ("--batch-in", results)) if given]
    if not ways:
        return order, None
    _check(order, ways)
    # A batch is sent before any label is given, so that it can show none.
    order = replace(order, way=replace(order.way, labels=False))
    if out is not None:
        return order, Batching(lambda conductor, watch, stop: filing.write_out(conductor, watch, stop, out), False)
    if results:
        return order, Batching(lambda conductor, watch, stop: filing.read_in(conductor, watch, stop, results), False)
    return order, Batching(dispatching.dispatch, True)


def _check(order: Order, ways: Sequence[str]) -> None:
    if len(ways) > 1:
        raise UsageError(f"{ways[0]} and {ways[1]} cannot go together", "give one of them")
    if ":" not in order.model or order.model.startswith("recorded:"):
        raise UsageError(f"{order.model} is asked on this machine, not in batches", f"leave out {ways[0]}")
    if order.scheduler:
        raise UsageError(f"--engine and {ways[0]} cannot go together", "a server's batches need no workers of yours")
    if order.way.fresh:
        raise UsageError(
            f"--fresh and {ways[0]} cannot go together: the same command could not fetch what it submitted",
            "ask the same again with --runs 2",
        )
    if order.record is not None:
        raise UsageError("--record keeps replies to calls, not to batches", f"leave out --record or {ways[0]}")
    if order.verify and ways != ["--batch-api"]:
        raise UsageError(
            f"{ways[0]} cannot check what is not suggested yet", "leave out --verify; codart suggest --verify checks"
        )


def say_waiting(study: Project, order: Order) -> None:
    """Tell, before an order is done call by call, what of its model waits in batches."""
    from assistant.posting import in_files

    runs = {run.id: run for run in study.runs.all() if run.model == order.model}
    waiting = study.batches.waiting(list(runs))
    for said in in_files(study, waiting):
        note(said)
    if requests := sum(study.batches.count(batch.id) for batch in waiting if not batch.file):
        note(f"{requests} requests wait at the server and are left alone; --batch-api fetches them")
    elsewhere = any(runs[batch.run].kind == "open" and not runs[batch.run].parameters["labels"] for batch in waiting)
    if elsewhere and order.way.labels and study.settings.labels and order.only != "assignment":
        note("open coding call by call shows labels, so it is a run of its own and asks about those segments as well")


class _Turns:
    """A board for several runs that give results by turns: begun again, a run goes on with its tally."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.tallies: list[Tally] = board.tallies
        self.announce = ""  # the board itself says what is to be said first
        self.note = board.note
        self.end = board.end

    def begin(self, run: RunRecord, total: int, purse: Purse) -> None:
        known = next((tally for tally in self.tallies if tally.run.id == run.id), None)
        self._board.begin(run, total, purse)
        if known:
            self.tallies[:] = [tally for tally in self.tallies[:-1] if tally is not known] + [known]

    def outcome(self, segment: Segment, outcome: Outcome) -> None:
        self._board.outcome(segment, outcome)
