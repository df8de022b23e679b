"""The commands that ask a model: a seat and what was typed in, what is shown out as it comes.

Suggestions come through the line of bulk coding and are stored like its; codes for text that stands in no document are
stored as no coding.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Any

from assistant import annotating, asking, conducting, indexing, lexical, pasting, streaming
from assistant.chatting import INTERRUPTED, NOTHING, keep_own
from assistant.consulting import one_line
from assistant.errors import CodartError, UsageError
from assistant.looking import coded
from assistant.model import Outcome, Suggestion
from assistant.ordering import Order
from assistant.pasting import Coded, Stands
from assistant.project import Project
from assistant.proposing import Listening, Proposed, propose, used
from assistant.seating import Notify, Seat
from assistant.showing import Item, Shown, Told
from assistant.speech import Ended, Line, Source, Words
from assistant.streaming import Talker

_TICK = 0.2  # seconds between two looks for news of a run
_MARKS = "\"“”'‘’「」『』＂ "


def connect(project: Project, model: str, base_url: str, notify: Notify) -> Talker | None:
    """What a model's name is talked to by; None for `lexical`. UsageError or ModelError if it cannot be had."""
    if model == lexical.NAME:
        return None
    price = conducting.price_of(project, Order(model, base_url)) if asking.is_served(model) else None
    return streaming.talk(
        model,
        base_url=base_url or None,
        max_tokens=project.settings.max_reply_tokens,
        price=price,
        notify=notify,
    )


async def model(seat: Seat, rest: str) -> AsyncGenerator[Shown, None]:
    """Say which model is talked to, or change it. One that cannot be had leaves the old one in place."""
    if rest:
        name, _, base_url = rest.partition(" ")
        talker = connect(seat.project, name, base_url.strip(), seat.notify)
        old, seat.talker, seat.model, seat.base_url = seat.talker, talker, name, base_url.strip()
        if old is not None:
            await old.aclose()
    where = f" ({seat.talker.base_url})" if seat.talker and seat.talker.base_url else ""
    yield seat.tell("model", name=seat.talker.name if seat.talker else seat.model, where=where)
    if not rest:
        yield seat.tell("model_hint")


async def suggest(seat: Seat, rest: str) -> AsyncGenerator[Shown, None]:
    """Codes for passages, through the line and stored in the project, numbered for decisions."""
    segments = _segments(seat, rest)
    for key in segments:
        seat.passage(key)  # one that is held out is refused before anything is sent
    yield seat.tell("coding", count=len(segments), name=seat.model)
    news: list[Shown] = []

    def progress(done: int) -> None:
        if len(segments) > 1:
            news.append(seat.tell("done_some", done=done, total=2 * len(segments)))  # two passes

    watch = Listening(lambda message: news.append(Told(message)), progress)
    work = propose(
        seat.project,
        segments,
        model=seat.model,
        base_url=seat.base_url,
        codebook=seat.codebook,
        watch=watch,
    )
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=_TICK)
            for told in news:
                yield told
            news.clear()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        seat.spent = used(watch.outcomes, seat.model)
        if task.cancelled() and not seat.keyless():  # calls that were dropped may have been billed
            seat.spent = replace(seat.spent or Ended("stop", seat.model), cost=None)
    made = task.result()
    seat.at = segments
    for shown in (*_proposed(seat, made), *_used(seat, seat.spent)):
        yield shown


def _proposed(seat: Seat, made: Proposed) -> list[Shown]:
    shown: list[Shown] = [*seat.offer(map(seat.entry, made.records))]
    for unit in made.failed:
        where = f"{unit.document_name}#{unit.segment}"
        shown.append(seat.tell("unit_failed", "warning", where=where, why=unit.error or unit.error_kind))
    if made.discards:
        why = "; ".join(dict.fromkeys(f"{d.code}: {d.detail}" if d.code else d.detail for d in made.discards))
        shown.append(seat.tell("discarded", count=len(made.discards), why=one_line(why, 400)))
    if made.records:
        shown.append(seat.tell("suggested", count=len(made.records)))
    elif not made.failed:
        shown.append(seat.tell("nothing_suggested"))
    return [*shown, seat.tell("keyless")] if seat.keyless() else shown


def _used(seat: Seat, spent: Ended | None) -> list[Told]:
    """What a served model was paid for; nothing where nothing was asked."""
    if spent is None or seat.keyless():
        return []
    tokens = ("?" if count is None else count for count in (spent.usage.input, spent.usage.output))
    return [seat.tell("used", input=next(tokens), output=next(tokens), money=spent.cost)]


def _segments(seat: Seat, rest: str) -> tuple[int, ...]:
    """The segments that are meant (UsageError if it is not clear which)."""
    if not rest:
        if not seat.at:
            raise UsageError("it is not clear which passage is meant", '/suggest 1, /suggest "words", /suggest 3#12')
        return seat.at
    if rest.startswith("[") and rest.endswith("]") and rest[1:-1].strip().isdecimal():
        return (_cited(seat, int(rest[1:-1])).segment,)
    if rest.isascii() and rest.isdecimal():
        number = int(rest)
        if number not in seat.numbers and number in seat.cited:
            return (_cited(seat, number).segment,)
        return (seat.segment_of(number),)
    indexing.segment_all(seat.project)
    name, mark, place = rest.rpartition("#")
    if mark and place.strip().isdecimal() and rest[0] not in _MARKS:
        found = annotating.about(seat.project, f"segment:{name.strip()}#{place.strip()}").segment
        return (found,) if found is not None else ()
    return _document(seat, rest) or _quoted(seat, rest.strip(_MARKS))


def _cited(seat: Seat, number: int) -> Source:
    found = seat.cited.get(number)
    if found is None or found.source is None:
        raise UsageError(f"the last answer has no proven citation {number}", "/sources lists what was used")
    return found.source


def _document(seat: Seat, name: str) -> tuple[int, ...]:
    """The segments of a document of that name."""
    found = next((d for d in seat.project.documents.all() if d.name == name.strip(_MARKS)), None)
    if found is None:
        return ()
    scheme = indexing.segment_all(seat.project)
    return tuple(segment.id for segment in seat.project.documents.segments(found.id, scheme))


def _quoted(seat: Seat, words: str) -> tuple[int, ...]:
    found = pasting.locate(seat.project, words)
    if not found:
        raise UsageError(
            f"these words stand in no document: {one_line(words, 60)}",
            "paste them as a text of their own (/paste …) for codes outside the corpus",
        )
    open_ = [one for one in found if not one.held_out]
    return (open_ or found)[0].segments


async def paste(seat: Seat, text: str) -> AsyncGenerator[Shown, None]:
    """A pasted text: where it stands in the project, else codes for it that are stored as no coding."""
    if not text.strip():
        raise UsageError("there is no text", "/paste TEXT")
    found = pasting.locate(seat.project, text)
    if found:
        for shown in _recognised(seat, found):
            yield shown
        return
    if len(text) > pasting.MOST:
        yield seat.tell("too_long", "error", length=len(text), most=pasting.MOST)
        return
    yield seat.tell("outside", "warning")
    notes: list[str] = []
    mark = seat.say("outside_mark").strip()
    try:
        made = await pasting.code(
            seat.project,
            text,
            model=seat.model,
            base_url=seat.base_url,
            codebook=seat.codebook,
            notify=notes.append,
        )
    except (asyncio.CancelledError, CodartError) as error:
        why = error.message if isinstance(error, CodartError) else INTERRUPTED
        seat.project.chats.add(seat.chat, Line("user", f"{mark}\n{text}"), raw=text)
        model = "" if seat.keyless() else seat.model
        seat.project.chats.add(seat.chat, Line("assistant", ""), model=model, error=why)
        raise
    items = _outside(seat, made)
    failed = [one.outcome for one in made if one.outcome.state in ("failed", "refused")]
    said = [f"{item.head}: “{item.body}”" if item.body else item.head for item in items]
    spent = used([(one.segment, one.outcome) for one in made], seat.model)
    keep_own(seat, f"{mark}\n{text}", text, [Words("\n\n".join(said))], spent or NOTHING)
    said_of: list[Shown] = [*map(Told, notes), *items, *_unanswered(seat, failed), *_used(seat, spent)]
    for shown in said_of:
        yield shown
    if seat.keyless():
        yield seat.tell("keyless")


def _recognised(seat: Seat, found: list[Stands]) -> list[Shown]:
    """The passages in which words stand; those held out are named and not offered."""
    shown: list[Shown] = [seat.tell("held_out", "warning", name=one.document.name) for one in found if one.held_out]
    keys = [key for one in found if not one.held_out for key in one.segments]
    if not keys:
        return shown
    seat.at = tuple(keys)
    passages = [seat.passage(key) for key in keys]
    records = seat.desk.library.shown_records()
    shown += seat.offer(seat.passage_entry(p, coded(seat, p, records)) for p in passages)
    first = passages[0]
    told = seat.tell("recognised", name=first.document_name, place=first.segment.number, number=1)
    return [*shown, told]


def _outside(seat: Seat, made: Sequence[Coded]) -> list[Item]:
    mark = seat.say("outside_mark")
    found = [
        Item(0, f"{mark}{_label(seat, s)}", s.quote.text, _value(s)) for one in made for s in one.outcome.suggestions
    ]
    return found or [Item(0, seat.say("outside_none"), "", {"outside_corpus": True})]


def _label(seat: Seat, suggestion: Suggestion) -> str:
    code = seat.book.code(suggestion.code) if suggestion.kind == "assignment" else None
    name = f"{code.id} {code.label(seat.language)}" if code else f"{seat.say('open')} {suggestion.code}"
    return " ".join(filter(None, (name, suggestion.polarity)))


def _value(suggestion: Suggestion) -> dict[str, Any]:
    return {
        "outside_corpus": True,
        "kind": suggestion.kind,
        "code": suggestion.code,
        "polarity": suggestion.polarity,
        "quote": suggestion.quote.text,
        "rationale": suggestion.rationale,
    }


def _unanswered(seat: Seat, failed: Sequence[Outcome]) -> list[Told]:
    where = seat.say("outside_mark").strip()
    return [seat.tell("unit_failed", "warning", where=where, why=o.error or o.error_kind) for o in failed]
