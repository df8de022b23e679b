"""A run over many segments: units out of the project, through the line, results back in, one transaction per call.

Calls overlap, but where a prompt shows open-code labels, a unit sees them only from units at least a window before it,
and starts only when those are done: what stands in its prompt does not depend on which call happened to return first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.errors import ModelError, ProjectError
from assistant.model import Document, Outcome, Segment, UnitState
from assistant.project import Choice, Project, Unit
from assistant.suggesting import Line, suggest

OnOutcome = Callable[[Segment, Outcome], None]

Account = Callable[[Sequence[tuple[Segment, Outcome]]], None]
"""Told, inside their transaction, of results that are being stored."""


def _no_account(results: Sequence[tuple[Segment, Outcome]]) -> None:
    pass


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Pack:
    """Units that are asked about in one call, and the last place such a call covers in the run's order."""

    units: tuple[Unit, ...]
    last: int


@dataclass(frozen=True, slots=True)
class Work:
    """One run, ready to go."""

    project: Project
    run: int
    line: Line
    choice: Choice  # of the segments to ask about; other open units of the run are left as they are
    window: int | None = None  # places; None where no prompt shows what other units gave
    pack: int = 1  # segments in one call
    states: tuple[UnitState, ...] = ("pending", "failed")  # of the units to ask about
    account: Account = _no_account

    def open_units(self) -> int:
        """How many units are still to be asked."""
        return self.project.units.count_open(self.run, self.choice, self.states)

    def packs(self) -> Iterator[Pack]:
        """The units still to be asked, in calls. A unit is always packed with the same others, whatever is done."""
        together: list[Unit] = []
        for unit in self.project.units.open(self.run, self.choice, self.states):
            if together and self._slot(unit) != self._slot(together[0]):
                yield self._packed(together)
                together = []
            together.append(unit)
        if together:
            yield self._packed(together)

    def _slot(self, unit: Unit) -> tuple[int, int]:
        return unit.segment.document, (unit.segment.number - 1) // self.pack

    def _packed(self, units: Sequence[Unit]) -> Pack:
        first = units[0]
        return Pack(tuple(units), first.place - (first.segment.number - 1) % self.pack + self.pack - 1)


class _Running:
    """The calls of a job that are under way, and the storing of what they give."""

    def __init__(self, job: Work, on_outcome: OnOutcome) -> None:
        self.calls: dict[asyncio.Task[list[Outcome]], Pack] = {}
        self.stopped: ModelError | ProjectError | None = None
        self._job = job
        self._on_outcome = on_outcome
        self._unsaved: list[tuple[Segment, Outcome]] = []
        self._document: Callable[[int], Document] = lru_cache(maxsize=8)(job.project.documents.get)

    def start(self, pack: Pack) -> None:
        segments = [unit.segment for unit in pack.units]
        before = pack.last - self._job.window + 1 if self._job.window else 0
        call = suggest(self._job.line, self._document(segments[0].document), segments, before)
        self.calls[asyncio.ensure_future(call)] = pack

    def has_room(self, pack: Pack, concurrency: int) -> bool:
        if len(self.calls) >= concurrency:
            return False
        window = self._job.window
        return window is None or all(other.units[0].place > pack.last - window for other in self.calls.values())

    async def finish_one(self) -> None:
        """Wait for the next call that is done, and store it with all that are done by then."""
        done, _ = await asyncio.wait(self.calls, return_when=asyncio.FIRST_COMPLETED)
        for task in sorted(done, key=lambda t: self.calls[t].last):
            pack = self.calls.pop(task)
            try:
                outcomes = task.result()
            except ModelError as error:  # kept until the calls under way have ended and are stored
                self.stopped = self.stopped or error
                continue
            self._keep(list(zip((unit.segment for unit in pack.units), outcomes, strict=True)))

    async def drop(self) -> None:
        """Cancel the calls under way. What was answered by then was paid for, and is stored."""
        for task in self.calls:
            task.cancel()
        await asyncio.gather(*self.calls, return_exceptions=True)
        answered = [(t.result(), pack) for t, pack in self.calls.items() if not t.cancelled() and t.exception() is None]
        if answered:
            self._keep([(u.segment, o) for got, pack in answered for u, o in zip(pack.units, got, strict=True)])

    def _keep(self, results: list[tuple[Segment, Outcome]]) -> None:
        if isinstance(self.stopped, ProjectError):
            self._unsaved += results
            return
        try:
            taken = self._store(results)
        except ProjectError as error:  # a full disk, a locked file: start nothing more, try once again at the end
            self.stopped = error
            self._unsaved += results
            return
        for segment, outcome in taken:
            self._on_outcome(segment, outcome)

    def _store(self, results: Sequence[tuple[Segment, Outcome]]) -> list[tuple[Segment, Outcome]]:
        with self._job.project.transaction():
            taken = self._job.project.units.store(self._job.run, results)
            self._job.account(results)
        return taken

    def save_the_rest(self) -> None:
        """Store what could not be stored before. Raises as storing does."""
        if not self._unsaved:
            return
        try:
            taken = self._store(self._unsaved)
        except ProjectError as error:
            answered = len(self._unsaved)
            raise ProjectError(
                f"{error.message}; {answered} answered units could not be stored and will be asked again", error.hint
            ) from error
        for segment, outcome in taken:
            self._on_outcome(segment, outcome)


async def work(job: Work, *, concurrency: int, on_outcome: OnOutcome, stopping: Callable[[], bool] = _never) -> None:
    """Ask about every open unit of a job and store each outcome at once, `concurrency` calls at a time.

    When `stopping` becomes true, no call is begun any more, those under way are finished and stored, and it returns.
    The ModelError of a model that cannot be asked (wrong key, no quota, budget spent) is raised in the same way, after
    the calls under way have been stored; units not answered stay pending. ProjectError if the project cannot be
    written. Cancelling drops the calls under way and loses nothing that was stored.
    """
    running = _Running(job, on_outcome)
    try:
        for pack in job.packs():
            while running.calls and running.stopped is None and not running.has_room(pack, concurrency):
                await running.finish_one()
            if running.stopped or stopping():
                break
            running.start(pack)
        while running.calls:
            await running.finish_one()
    finally:
        await running.drop()
    running.save_the_rest()
    stopped = running.stopped
    if stopped is not None and not (isinstance(stopped, ModelError) and stopped.kind == "stopped"):
        raise stopped
