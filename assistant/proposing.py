"""Segments and a model in, what the very line of `codart suggest` gives for them out, stored in the project like there.

A chat's suggestions join the run that a `codart suggest` with the same model and settings makes: what was answered
before is neither asked nor paid for again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from assistant import conducting
from assistant.errors import UsageError
from assistant.model import DiscardRecord, Outcome, Record, RunRecord, Segment, UnitRecord, Usage
from assistant.ordering import Order, Stop
from assistant.project import Choice, Project
from assistant.speech import Ended
from assistant.spending import Purse

_Number = TypeVar("_Number", int, float)

MOST = 40  # segments of one order; more is work for `codart suggest`


@dataclass(frozen=True, slots=True)
class Proposed:
    """What stands in the project for the segments."""

    records: tuple[Record, ...]  # suggestions, in the order of the texts
    failed: tuple[UnitRecord, ...]
    discards: tuple[DiscardRecord, ...]


@dataclass(slots=True)
class Listening:
    """Hears how the runs go, and keeps what they gave so far."""

    say: Callable[[str], None]
    progress: Callable[[int], None]
    outcomes: list[tuple[Segment, Outcome]] = field(default_factory=list)

    def note(self, message: str) -> None:
        """A sentence the person should read."""
        self.say(message)

    def begin(self, run: RunRecord, total: int, purse: Purse) -> None:
        """Nothing is shown yet."""

    def outcome(self, segment: Segment, outcome: Outcome) -> None:
        """A unit was stored."""
        self.outcomes.append((segment, outcome))
        self.progress(len(self.outcomes))

    def end(self, run: RunRecord) -> None:
        """What the run gave is read from the project."""


async def propose(
    project: Project,
    segments: tuple[int, ...],
    *,
    model: str,
    base_url: str,
    codebook: str,
    watch: Listening,
) -> Proposed:
    """Open codes and codes of the codebook for these segments. Raises as `Conductor.run` does.

    Cancelled, it drops the calls under way; what was answered is stored. UsageError for too many segments.
    """
    if len(segments) > MOST:
        raise UsageError(
            f"these are {len(segments)} passages; here at most {MOST} are coded at once",
            "name one passage: DOCUMENT#NUMBER, or code a whole document with: codart suggest --document NAME",
        )
    order = Order(model, base_url, codebook=codebook, choice=Choice(segments=segments))
    with conducting.ready(project, order, watch) as conductor:
        try:
            runs = await conductor.run(watch, Stop())
        finally:
            await conductor.model.aclose()
    return _read(project, runs, segments)


def used(outcomes: list[tuple[Segment, Outcome]], model: str) -> Ended | None:
    """What new replies behind outcomes used, summed; None if there are none. What one does not report is unknown."""
    pairs = [
        reply for _, o in outcomes for reply in (o.reply, *(earlier for _, earlier in o.earlier)) if reply is not None
    ]
    replies = {id(reply): reply for reply in pairs if not reply.id}
    if not replies:
        return None
    usages = [reply.usage for reply in replies.values()]
    return Ended(
        "stop",
        model,
        Usage(total(u.input for u in usages), total(u.output for u in usages), total(u.cached for u in usages)),
        total(reply.cost for reply in replies.values()),
    )


def total(values: Iterable[_Number | None]) -> _Number | None:
    """The sum, None where one of the values is unknown."""
    found = list(values)
    known = [value for value in found if value is not None]
    return sum(known) if len(known) == len(found) else None


def _read(project: Project, runs: Sequence[int], segments: tuple[int, ...]) -> Proposed:
    """What the runs hold for the segments."""
    keys = [key for segment in segments for run in runs for key, *_ in project.codings.suggested(run, segment)]
    places = {(s.document, s.number) for s in map(project.documents.segment, segments)}
    failed = [unit for run in runs for unit in project.units.all(run, ("failed", "refused"))]
    return Proposed(
        tuple(project.codings.record(key)[0] for key in keys),
        tuple(unit for unit in failed if (unit.document, unit.segment) in places),
        tuple(d for d in project.codings.discards() if d.run in runs and (d.document, d.segment) in places),
    )
