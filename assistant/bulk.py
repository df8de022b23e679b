"""A run over many segments: units out of the project, through the line, results back in, one transaction each.

Calls overlap, but a unit sees open-code labels only from units at least `WINDOW` places before it, and starts only when
those are done: what stands in its prompt does not depend on which call happened to return first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from assistant.errors import ModelError
from assistant.folding import Folded, fold
from assistant.model import Document, Outcome, Segment
from assistant.project import Project
from assistant.prompting import Request
from assistant.retrieving import Labels, Shelf
from assistant.suggesting import Line, suggest

WINDOW = 16  # places; also the most calls that can be under way at once

OnOutcome = Callable[[Segment, Outcome], None]


@dataclass(frozen=True, slots=True)
class Work:
    """One run, ready to go: its id in the project, the line its units pass, and what is shown beside them."""

    project: Project
    run: int
    line: Line
    shelf: Shelf
    labels: Labels | None  # None where codes come from a codebook
    chosen: frozenset[int]  # ids of the segments to ask about; other open units of the run are left as they are

    def open_units(self) -> list[tuple[int, Segment]]:
        """The units still to be asked among the chosen ones, each with its place in the run's order."""
        units = self.project.runs.open_units(self.run)
        return [(place, segment) for place, segment in units if segment.id in self.chosen]


async def work(job: Work, *, concurrency: int, on_outcome: OnOutcome) -> None:
    """Ask about every open unit of a job and store each outcome at once.

    Ends early with the ModelError of a model that cannot be asked (wrong key, no quota, server gone); units not yet
    answered then stay pending. Cancelling (Ctrl-C) likewise loses nothing that was stored.
    """
    running: dict[asyncio.Task[Outcome], tuple[int, Segment]] = {}
    texts = _Texts(job.project)
    try:
        for place, segment in job.open_units():
            while running and not _may_start(place, running, concurrency):
                await _finish_one(job, running, on_outcome)
            request = _request(job, texts, place, segment)
            task = asyncio.create_task(suggest(job.line, request, segment, texts.folded(segment.document)))
            running[task] = (place, segment)
        while running:
            await _finish_one(job, running, on_outcome)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _may_start(place: int, running: dict[asyncio.Task[Outcome], tuple[int, Segment]], concurrency: int) -> bool:
    oldest = min(at for at, _ in running.values())
    return len(running) < min(concurrency, WINDOW) and oldest > place - WINDOW


async def _finish_one(
    job: Work, running: dict[asyncio.Task[Outcome], tuple[int, Segment]], on_outcome: OnOutcome
) -> None:
    done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    stopped: ModelError | None = None
    for task in sorted(done, key=lambda t: running[t][0]):
        place, segment = running.pop(task)
        try:
            outcome = task.result()
        except ModelError as error:
            stopped = error  # raised after the others that are done have been stored
            continue
        job.project.runs.store(job.run, segment, outcome)
        if job.labels is not None:
            for suggestion in outcome.suggestions:
                job.labels.add(place, suggestion.code, suggestion.quote.text)
        on_outcome(segment, outcome)
    if stopped:
        raise stopped


def _request(job: Work, texts: _Texts, place: int, segment: Segment) -> Request:
    document = texts.document(segment.document)
    codebook = job.line.codebook
    return Request(
        kind="assignment" if codebook else "open",
        language="en" if document.language == "en" else "zh",
        question=job.project.settings.question,
        number=segment.number,
        text=segment.span.of(document.text),
        document=document.name,
        case=document.case,
        context=job.shelf.context(segment, job.labels, place - WINDOW + 1),
        codebook=codebook,
    )


class _Texts:
    """The few documents a run is at, read and folded once each."""

    def __init__(self, project: Project) -> None:
        self.document: Callable[[int], Document] = lru_cache(maxsize=8)(project.documents.get)
        self.folded: Callable[[int], Folded] = lru_cache(maxsize=8)(lambda key: fold(self.document(key).text))


def labels_so_far(project: Project, run: int) -> Labels:
    """The open-code labels a run has given up to now, so that a run that goes on sees what it saw before."""
    labels = Labels()
    for place, label, quote in project.runs.labels(run):
        labels.add(place, label, quote)
    return labels
