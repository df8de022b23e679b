"""What a batch says about its requests in, outcomes of units in the project out: one transaction for each request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from assistant.batching import Result
from assistant.bulk import Work
from assistant.errors import ModelError
from assistant.model import Document, Outcome, Prompt, Reply, Segment, SuggestionKind
from assistant.project import Batch, Posted
from assistant.requesting import Gauge
from assistant.spending import Purse
from assistant.suggesting import keyed

OnResult = Callable[[int, Segment, Outcome], None]
"""Hears of a run's id, a segment and its outcome, once stored."""


@dataclass(slots=True)
class Collector:
    """Stores results and counts them; `skip` learns, by run, which segments failed and are not asked again for now."""

    works: dict[int, Work]  # by run id
    gauge: Gauge
    purse: Purse
    skip: dict[int, set[int]]
    on_result: OnResult
    stored: int = 0  # requests
    known: int = 0  # results that were stored before
    unanswered: int = 0  # requests that are open again
    stopped: ModelError | None = None  # of a request whose error would stop a live run: no key, no quota, no model
    _document: Callable[[int], Document] = field(init=False)
    _kinds: dict[int, SuggestionKind] = field(init=False)

    def __post_init__(self) -> None:
        project = next(iter(self.works.values())).project
        self._document = lru_cache(maxsize=8)(project.documents.get)
        self._kinds = {run: project.runs.get(run).kind for run in self.works}

    async def take(self, batch: Batch, posted: Posted, result: Result) -> None:
        """Store what came back for one request. A reply that comes after all is kept, for it was paid for."""
        work = self.works[batch.run]
        late = posted.state == "answered" and result.reply is not None
        mends = late and work.project.units.without_reply(batch.run, posted.segments)  # the first answer was damaged
        if (posted.state == "answered" and not mends) or (posted.state == "open" and result.reply is None):
            self.known += 1
            return
        segments = [work.project.documents.segment(key) for key in posted.segments]
        numbers = tuple(segment.number for segment in segments)
        prompt = work.project.replies.prompt(posted.prompt, kind=self._kinds[batch.run], segments=numbers)
        if result.reply is not None:
            outcomes = self._judged(work, prompt, await self._paid(prompt, result.reply), segments, posted.key)
        else:
            error = result.error or ModelError("the result is empty", passing=True)
            await self._book(prompt, error)
            if error.passing or error.stops_run:
                self.stopped = self.stopped or (error if error.stops_run else None)
                self.unanswered += 1
                work.project.batches.settle(posted.custom_id, "open")
                return
            outcomes = [Outcome("failed", prompt, error_kind=error.kind, error=error.message) for _ in segments]
        self._store(batch, posted, zip(segments, outcomes, strict=True))

    def _judged(self, work: Work, prompt: Prompt, reply: Reply, segments: list[Segment], key: str) -> list[Outcome]:
        document = self._document(segments[0].document)
        return keyed(work.line.judge(prompt, reply, segments, document), key)

    def _store(self, batch: Batch, posted: Posted, results: Iterable[tuple[Segment, Outcome]]) -> None:
        project = self.works[batch.run].project
        with project.transaction():
            taken = project.units.store(batch.run, list(results), batch=batch.id)
            project.batches.settle(posted.custom_id, "answered")
        self.stored += 1
        for segment, outcome in taken:
            # What failed in a shared request may come right in one of its own, and is asked again at once.
            if outcome.state == "failed" and len(posted.segments) == 1:
                self.skip[batch.run].add(segment.id)
            self.on_result(batch.run, segment, outcome)

    async def _paid(self, prompt: Prompt, reply: Reply) -> Reply:
        """The reply with what it cost, as `Purse.settle` knows it."""
        held = await self.gauge.purse.hold(prompt)
        cost = self.gauge.purse.settle(held, prompt, reply)
        self.purse.book(cost or 0.0)
        return replace(reply, cost=cost)

    async def _book(self, prompt: Prompt, error: ModelError) -> None:
        if error.charged:
            self.purse.book(await self.gauge.worst(prompt))
