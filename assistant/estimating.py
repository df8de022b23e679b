"""Runs that are ready in, what doing them would send and cost out, before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant import pricing
from assistant.bulk import Pack, Work
from assistant.chain import Model
from assistant.model import SuggestionKind
from assistant.pricing import Price, Range
from assistant.project import Project
from assistant.suggesting import preview

SAMPLE = 100  # prompts of a run that are written to measure how long they are
ENOUGH = 20  # replies of a model from which on its own lengths are taken as typical
_REPLY_LOW, _REPLY_HIGH = 40, 800  # tokens of a reply about one segment, where nothing is known of the model
_SPREAD_LOW, _SPREAD_HIGH = 0.6, 1.6  # around the mean of replies so far
_LABEL = 8  # tokens of a label that open coding may show later


@dataclass(frozen=True, slots=True)
class Part:
    """One run of a manifest."""

    kind: SuggestionKind
    lens: str | None
    repeat: int
    parent: int | None
    open_units: int
    done_units: int
    waiting_units: int  # in batches, at a server or in files
    calls: int
    reused: int  # calls that cost nothing, for their reply is here already; scaled up from the sample
    too_long: int  # segments that no prompt can hold; scaled up from the sample
    prompt_tokens: int  # of all calls that are to be paid for; scaled up from the sample
    sampled: int  # prompts that were written to know this


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a command would do, before it does it."""

    model: str
    base_url: str  # "" where nothing leaves this machine's programs
    local: bool  # whether that address is this machine
    question: str
    parts: tuple[Part, ...]
    documents: int
    document_names: tuple[str, ...]
    segments: int  # different ones that are still to be asked about
    prompt_tokens: Range
    tokens_estimated: bool
    reply_tokens: Range
    reply_assumed: bool  # whether the lengths of replies are a general assumption
    cost: Range | None  # US dollars; None: unknown
    price: Price | None
    budget: float | None
    batch: bool
    verify: bool  # whether checks follow, whose number is not known yet
    scheduler: str  # of the cluster whose workers ask; "" where they are asked from here

    @property
    def calls(self) -> int:
        """Calls that are to be paid for."""
        return sum(part.calls - part.reused for part in self.parts)


def estimate(
    works: Sequence[Work],
    model: Model,
    price: Price | None,
    *,
    budget: float | None,
    verify: bool = False,
    batch: bool = False,
    scheduler: str = "",
) -> Manifest:
    """The manifest of prepared runs. Writes a sample of their prompts and sends none."""
    project = works[0].project
    documents: dict[int, str] = {}
    segments: set[int] = set()
    estimated = False
    parts = []
    for work in works:
        part, guessed = _part(project, work, documents, segments)
        parts.append(part)
        estimated = estimated or guessed
    seen, mean = project.replies.typical_output(model.name)
    low, high = (mean * _SPREAD_LOW, mean * _SPREAD_HIGH) if seen >= ENOUGH else (_REPLY_LOW, _REPLY_HIGH)
    packed = 1 if seen >= ENOUGH else max(work.pack for work in works)
    low, high = low * packed, high * packed
    calls = sum(part.calls - part.reused for part in parts)
    tokens = sum(part.prompt_tokens for part in parts)
    labels = sum(part.calls for part, work in zip(parts, works, strict=True) if work.window)
    most = tokens + labels * project.settings.labels * _LABEL
    factor = (pricing.ESTIMATE_LOW, pricing.ESTIMATE_HIGH) if estimated else (1.0, 1.0)
    cheap = pricing.before(price, calls, tokens, estimated, round(low), round(low), batch)
    dear = pricing.before(price, calls, most, estimated, round(high), round(high), batch)
    return Manifest(
        model=model.name,
        base_url=model.base_url,
        local=model.local,
        question=project.settings.question,
        parts=tuple(parts),
        documents=len(documents),
        document_names=tuple(documents.values()),
        segments=len(segments),
        prompt_tokens=Range(tokens * factor[0], most * factor[1]),
        tokens_estimated=estimated,
        reply_tokens=Range(calls * low, calls * high),
        reply_assumed=seen < ENOUGH,
        cost=Range(cheap.low, dear.high) if cheap and dear else None,
        price=price,
        budget=budget,
        batch=batch,
        verify=verify,
        scheduler=scheduler,
    )


def _part(project: Project, work: Work, documents: dict[int, str], segments: set[int]) -> tuple[Part, bool]:
    run = project.runs.get(work.run)
    open_units = work.open_units()
    every = max(1, -(-open_units // (work.pack * SAMPLE)))
    calls = sampled = reused = too_long = tokens = 0
    estimated = False
    for number, pack in enumerate(work.packs()):
        calls += 1
        _note_documents(project, pack, documents, segments)
        if number % every:
            continue
        sampled += 1
        asked = [unit.segment for unit in pack.units]
        prompt, known = preview(work.line, project.documents.get(asked[0].document), asked)
        too_long += prompt is None
        reused += known
        if prompt is not None and not known:
            tokens += prompt.tokens
            estimated = estimated or prompt.tokens_estimated
    scale = calls / sampled if sampled else 0.0
    part = Part(
        kind=run.kind,
        lens=run.lens,
        repeat=run.repeat,
        parent=run.parent,
        open_units=open_units,
        done_units=sum(run.units[state] for state in ("coded", "none", "refused")),
        waiting_units=run.waiting,
        calls=calls,
        reused=round(reused * scale),
        too_long=round(too_long * scale),
        prompt_tokens=round(tokens * scale),
        sampled=sampled,
    )
    return part, estimated


def _note_documents(project: Project, pack: Pack, documents: dict[int, str], segments: set[int]) -> None:
    segments.update(unit.segment.id for unit in pack.units)
    key = pack.units[0].segment.document
    if key not in documents:
        documents[key] = project.documents.get(key).name
