"""What submitting batches, writing them to files and reading from files have in common: the desk they are done at.

Runs of an order in, their requests out; knows what waits, what the budget leaves, and who is told. Project I/O.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Self

from assistant import batching, running
from assistant.batching import Result
from assistant.bulk import Work
from assistant.collecting import Collector
from assistant.conducting import Conductor
from assistant.errors import ProjectError
from assistant.model import Outcome, Segment, UnitState
from assistant.ordering import Watch
from assistant.pricing import money
from assistant.project import Batch, Posted, Project
from assistant.providers import Endpoint, locate
from assistant.requesting import Gauge, Request, Requests
from assistant.spending import Purse


class Desk:
    """What submitting, writing to a file and reading from one have in common, for some runs of an order."""

    def __init__(self, conductor: Conductor, works: Sequence[Work], watch: Watch) -> None:
        order, project = conductor.order, conductor.project
        self.project = project
        self.works = {work.run: work for work in works}
        self.note = watch.note
        self.endpoint: Endpoint = locate(order.model, order.base_url or None, os.environ)
        self.purse = conductor.purse
        self._watch = watch
        self._limit = running.reply_limit(project.settings, order.way.pack)
        self._gauge = Gauge(Purse(conductor.price, max_reply_tokens=self._limit, batch=True))
        self._skip: dict[int, set[int]] = {run: set() for run in self.works}
        self._keys: set[str] = set()  # of requests that this submission holds
        self._room: float | None = None  # US dollars
        self._turn = 0  # the run the watch hears of
        self._locks = ExitStack()
        self.collector = Collector(self.works, self._gauge, self.purse, self._skip, self._heard)

    def __enter__(self) -> Self:
        """Be the only process that works on these runs."""
        with ExitStack() as locks:
            for run, work in self.works.items():
                locks.enter_context(self.project.working_on(run))
                total = work.open_units() + self.project.batches.units(run)
                self._watch.begin(self.project.runs.get(run), total, self.purse)
                self._turn = run
            self._locks = locks.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._locks.close()
        for run in self.works:
            self.turn(run)
            self._watch.end(self.project.runs.get(run))

    def turn(self, run: int) -> None:
        """What the watch hears next is about this run."""
        if run != self._turn:
            self._turn = run
            self._watch.begin(self.project.runs.get(run), 0, self.purse)

    def _heard(self, run: int, segment: Segment, outcome: Outcome) -> None:
        self.turn(run)
        self._watch.outcome(segment, outcome)

    def requests(self, work: Work) -> Requests:
        """What is to be asked of a run now."""
        return Requests(
            work,
            self.endpoint,
            self._gauge,
            max_reply_tokens=self._limit,
            skip=self._skip[work.run],
            keys=self._keys,
            on_outcome=lambda segment, outcome: self._heard(work.run, segment, outcome),
        )

    async def take(self, result: Result | None) -> None:
        """Store what came back for one request of these runs, if anything did."""
        found = self.project.batches.find(result.custom_id) if result else None
        if result and found:
            await self.collector.take(*found, result)

    def skip(self, batch: Batch) -> None:
        """Leave alone, in this command, what a batch did not answer."""
        for posted in self.project.batches.unanswered(batch.id):
            self._skip[batch.run].update(posted.segments)

    def waiting(self) -> list[Batch]:
        """The batches of these runs whose results are still to come."""
        return self.project.batches.waiting(list(self.works))

    def begin(self) -> None:
        """Begin a submission: see what of the budget is neither spent nor may be spent by what waits."""
        self._keys.clear()
        if self.purse.limit is not None:
            family = [run.id for run in self.project.runs.all() if run.id in self.works or run.parent in self.works]
            self._room = self.purse.limit - self.purse.spent - self.project.batches.worst(family)

    def affords(self, request: Request) -> bool:
        """Whether the budget covers one more request, which is then taken from it; says so if it does not."""
        if self._room is None:
            return True
        if request.posted.worst <= self._room:
            self._room -= request.posted.worst
            return True
        self.note(
            f"{money(max(self._room, 0.0))} of the budget of {money(self.purse.limit)} is free, and one more request "
            f"may cost up to {money(request.posted.worst)}: no more is submitted for now"
        )
        return False

    def still_open(self, states: tuple[UnitState, ...]) -> int:
        """How many units in these states wait in no batch."""
        count = self.project.units.count_open
        return sum(count(run, work.choice, states) for run, work in self.works.items())

    def say_what_waits(self) -> None:
        """Tell of batches whose results are still to come, and how they come."""
        waiting = self.waiting()
        count = self.project.batches.count
        if remote := [count(batch.id) for batch in waiting if not batch.file]:
            said = f"{sum(remote)} requests in {len(remote)} batches go on at the server"
            self.note(f"{said}; the same command fetches them")
        for said in in_files(self.project, waiting):
            self.note(said)


def in_files(project: Project, waiting: Sequence[Batch]) -> list[str]:
    """What to say of those batches that were written to files, file by file."""
    requests: Counter[str] = Counter()
    for batch in waiting:
        if batch.file:
            requests[batch.file] += project.batches.count(batch.id)
    return [
        f"{count} requests wait in {file} and are left alone; read their results in with --batch-in"
        for file, count in requests.items()
    ]


@dataclass(slots=True)
class Draft:
    """An input file that is being written, as far as a budget goes."""

    file: IO[bytes]
    most: int  # requests
    posted: list[Posted] = field(default_factory=list)
    size: int = 0  # bytes

    def takes(self, request: Request) -> bool:
        """Whether one more request fits."""
        return len(self.posted) < self.most and self.size + len(request.line) <= batching.MOST_BYTES

    def add(self, request: Request) -> None:
        """One more request."""
        try:
            self.file.write(request.line)
        except OSError as error:
            raise ProjectError(f"the requests cannot be written: {error.strerror}", "make room on the disk") from error
        self.posted.append(request.posted)
        self.size += len(request.line)

    def clear(self) -> None:
        """Begin a new one in the same place."""
        self.file.seek(0)
        self.file.truncate()
        self.posted.clear()
        self.size = 0
