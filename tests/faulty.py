"""A server in changing moods: which fault a request meets, by segment and attempt, and how the segment must then end.

Moods are drawn from a hash, so `ending` knows beforehand what a run must come to, whatever the order of its calls.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from assistant import asking, bulk, indexing, running
from assistant.model import Document, Outcome, Segment, UnitState
from assistant.pacing import Pace, Pacer
from assistant.project import Project
from assistant.running import Way
from assistant.settings import Settings
from assistant.spending import Purse
from tests.fakes import BUSY, HTML, Body, Response, failing
from tests.scripted import asked, coder, reply, several

ATTEMPTS = 5  # of one call, as in assistant.pacing.Pace; twice as many for 429
_SPED_UP = 100  # a pacer's second passes in a hundredth of one
_CURSED = 0.03  # of the segments meet the same mood at every attempt


@dataclass(frozen=True, slots=True)
class Mood:
    """What a server makes of its answer. `end`: right, passes, turn (asked for once more), failed or refused."""

    bend: Callable[[Response], Response]
    end: str = "right"
    kind: str = ""  # of the error
    replied: bool = True  # whether the client gets a reply that it must keep


def _content(change: Callable[[str], str], **more: str) -> Callable[[Response], Response]:
    return lambda response: replace(response, content=change(response.content or ""), **more)  # type: ignore[arg-type]


def _instead(response: Response) -> Callable[[Response], Response]:
    return lambda answer: response


def _doubled(text: str) -> str:
    said = json.loads(text)
    for segment in said["segments"]:
        segment["codes"] *= 2
    said["segments"] *= 2
    return json.dumps(said, ensure_ascii=False)


def _passing(response: Response, kind: str = "server") -> Mood:
    return Mood(_instead(response), "passes", kind, replied=False)


def _ending(response: Response, kind: str = "server") -> Mood:
    return Mood(_instead(response), "failed", kind, replied=False)


FINE = Mood(lambda answer: answer)
MOODS: dict[str, Mood] = {
    "429": _passing(BUSY, "rate_limit"),
    "429 with a wait": _passing(replace(BUSY, headers={"retry-after": "0.4"}), "rate_limit"),
    "500": _passing(failing(500, "The server had an error", "server_error")),
    "503 with a wait": _passing(failing(503, "Service unavailable", "server_error", retry_after="0.2")),
    "HTML 502": _passing(Response(status=502, raw=HTML, media_type="text/html")),
    "reset": _passing(Response(end="reset"), "connection"),
    "overloaded in a 200": _passing(Response(raw=b'{"error": {"message": "engine overloaded", "code": 503}}')),
    "cut body": Mood(lambda answer: replace(answer, end="cut"), "passes", "connection", replied=False),
    "slow body": Mood(lambda answer: replace(answer, end="slow")),
    "duplicated items": Mood(_content(_doubled)),
    "fenced": Mood(_content(lambda text: f"```json\n{text}\n```")),
    "wrong segment": Mood(_content(lambda text: reply(99999, []).content or ""), "turn", "unreadable"),
    "prose": Mood(_content(lambda text: "I would rather talk about the weather."), "turn", "unreadable"),
    "no JSON in HTTP 200": _ending(Response(raw=b'{"id": "x", "choices": [')),
    "HTML 200": _ending(Response(raw=HTML, media_type="text/html")),
    "error in a 200": _ending(Response(raw=b'{"error": {"message": "something broke"}}')),
    "filtered prompt": _ending(failing(400, "The prompt was filtered", "content_filter"), "content_filter"),
    "cut reply": Mood(_content(lambda text: text[:22], finish="length"), "failed", "truncated"),
    "cut reply, unsaid": Mood(_content(lambda text: text[:22]), "failed", "truncated"),
    "empty reply": Mood(_content(lambda text: ""), "failed", "empty"),
    "refusal": Mood(lambda answer: replace(answer, content=None, refusal="I will not."), "refused", "refusal"),
    "held back": Mood(_content(lambda text: "", finish="content_filter"), "refused", "refusal"),
}
_NAMES = tuple(MOODS)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a segment must end. `state` "right": coded or none, as the scripted coder answers."""

    state: UnitState | str
    kind: str
    requests: int
    replies: int  # to be kept


def mood(text: str, attempt: int, share: float) -> Mood:
    """The mood that the `attempt`-th request (from 1) about a segment meets; `share` of them are bad."""
    cursed = _draw(f"cursed|{text}") < _CURSED
    key = text if cursed else f"{text}|{attempt}"
    if not cursed and _draw(f"whether|{key}") >= share:
        return FINE
    return MOODS[_NAMES[int(_draw(f"which|{key}") * len(_NAMES))]]


@cache
def ending(text: str, share: float) -> Ending:
    """What must become of a segment in a first run."""
    requests = replies = 0
    for turn in (1, 2):
        tries = 0
        while True:
            requests, tries = requests + 1, tries + 1
            met = mood(text, requests, share)
            replies += met.replied
            patience = 2 * ATTEMPTS if met.kind == "rate_limit" else ATTEMPTS
            if met.end != "passes":
                break
            if tries >= patience:
                return Ending("failed", met.kind, requests, replies)
        if met.end != "turn":
            return Ending(met.end, met.kind, requests, replies)
        if turn == 2:
            return Ending("failed", met.kind, requests, replies)
    raise AssertionError


class Moody:
    """The scripted coder in its moods, as a server's `answer`."""

    def __init__(self, share: float = 0.3) -> None:
        self.share = share
        self.well = False  # whether all moods have passed
        self.requests: Counter[str] = Counter()  # by the words of the segment, the first one of several
        self.replies = 0  # that the client must keep

    def __call__(self, body: Body) -> Response:
        _, text = asked(body)
        self.requests[text] += 1
        met = FINE if self.well else mood(text, self.requests[text], self.share)
        self.replies += met.replied
        return met.bend(several(body, coder))


def _draw(key: str) -> float:
    """A number in [0, 1) that hangs on nothing but the key."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6], "big") / 2**48


def sentence(document: str, number: int) -> str:
    """The words of one segment, found nowhere else; the scripted coder codes them, but for every fourth."""
    if document.startswith("zh"):
        what = f"第{number}位用户提了意见，工程师当天回复" if number % 4 else f"第{number}季度销量增长"
        return f"{document}：{what}。"
    what = "user asked for a change and got it" if number % 4 else "quarter saw sales grow"
    return f"In {document} the {number}th {what}."


def make(folder: Path, units: int, *, documents: tuple[str, ...] = ("zh1",), **settings: Any) -> Project:
    """A project of so many segments, evenly over its documents; prompts show little but the segment unless told."""
    spare: dict[str, Any] = {"passages": 0, "neighbours": 0, "labels": 0, "coder": "Li", "question": "用户怎样参与？"}
    made = Project.create(folder, Settings(**(spare | settings)))
    for name in documents:
        text = "\n".join(sentence(name, n) for n in range(1, units // len(documents) + 1))
        digest = hashlib.sha256(text.encode()).hexdigest()
        made.documents.add(Document(f"{name}.txt", text, digest, "txt", name[:2], source=f"{name}.txt"))
    indexing.segment_all(made)
    return made


def places(project: Project, run: int) -> list[tuple[str, int, str, str, int, int]]:
    """How a run ended, row by row: document, segment, state of the unit, code, start, end."""
    suggested: dict[tuple[int, int], list[tuple[str, int, int]]] = {}
    for r in project.codings.records():
        if r.run == run:
            suggested.setdefault((r.document, r.segment), []).append((r.code, r.start, r.end))
    return [
        (unit.document_name, unit.segment, unit.state, *row)
        for unit in project.units.all(run)
        for row in suggested.get((unit.document, unit.segment), [("", 0, 0)])
    ]


def hurried(purse: Purse | None = None, **pace: Any) -> Pacer:
    """A pacer whose waits are the production ones, a hundred times shorter."""
    return Pacer(
        Pace(**pace),
        purse,
        clock=lambda: time.monotonic() * _SPED_UP,
        sleep=lambda seconds: asyncio.sleep(seconds / _SPED_UP),
    )


def work(
    project: Project,
    base_url: str,
    *,
    concurrency: int = 8,
    way: Way = Way(),  # noqa: B008 - a frozen value
    timeout: float = 60,
    seen: Callable[[Segment, Outcome], None] = lambda segment, outcome: None,
) -> int:
    """Open coding over all segments by the model at this address; returns the run's id."""
    pacer = hurried(concurrency=concurrency)
    model = asking.connect("compatible:scripted", base_url=base_url, codebook=None, pacer=pacer, timeout=timeout)
    scheme = indexing.segment_all(project)
    (job,) = running.prepare(project, model, [None], similar=lambda text, k: [], scheme=scheme, way=way)

    async def go() -> None:
        try:
            await bulk.work(job, concurrency=concurrency, on_outcome=seen)
        finally:
            await model.aclose()

    asyncio.run(go())
    return job.run
