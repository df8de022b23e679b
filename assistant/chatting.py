"""A question typed in a sitting in, its answer as it comes out; every line of it is stored as it comes.

Whatever ends an answer early, a broken connection, a closed generator, a cancelled task, what had come is stored with
the reason, and the next question finds the conversation whole.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace

from assistant import keyless, lexical, remembering, tokens
from assistant.calling import TOOLS
from assistant.citing import Piece, Unsupported, gather, plain
from assistant.consulting import one_line
from assistant.conversing import Event, Said, Sent, Used, converse, opening, speaks
from assistant.errors import ModelError, UsageError
from assistant.model import Usage
from assistant.proposing import total
from assistant.remembering import Turn
from assistant.seating import Seat
from assistant.showing import Finished, Shown, Told, Using
from assistant.speech import Citation, Ended, Line, Streamed, Tool, Words
from assistant.streaming import Talker

INTERRUPTED = "interrupted"
NOTHING = Ended("stop", lexical.NAME, Usage(0, 0, 0), 0.0)  # what an answer without a language model uses


async def ask(seat: Seat, question: str) -> AsyncGenerator[Piece | Shown, None]:
    """Answer a question. ModelError if the embedder cannot be had; what a model does wrong is told, not raised."""
    if not question.strip():
        raise UsageError("there is no question", "/ask TEXT")
    desk = seat.desk
    if not desk.library.documents:
        yield seat.tell("all_held_out" if seat.project.documents.all() else "no_documents", "warning")
        return
    if seat.talker is None:
        for piece in await _without_model(seat, question):
            yield piece
        yield Finished(True, *_counts(seat.cited.values()), 0, 0, 0.0)
        return
    async with aclosing(_with_model(seat, question, seat.talker)) as events:
        async for event in events:
            yield event


async def _without_model(seat: Seat, question: str) -> list[Piece]:
    pieces = await keyless.answer(question, seat.desk)
    seat.keep_sources()
    keep_own(seat, question, question, pieces, NOTHING)
    return pieces


def keep_own(seat: Seat, content: str, typed: str, pieces: Sequence[Piece], used: Ended | None) -> None:
    """Store a turn whose answer codart wrote itself: `raw` holds its pieces as JSON, for they may hold any marks."""
    answer = gather(pieces)
    chats = seat.project.chats
    with seat.project.transaction():
        chats.add(seat.chat, Line("user", content), raw=typed if typed != content else "")
        raw = json.dumps(answer.as_dict()["paragraphs"], ensure_ascii=False)
        line = chats.add(seat.chat, Line("assistant", answer.text), raw=raw, ended=used)
        chats.add_citations(line, answer.citations)
    seat.cited = {c.number: c for c in answer.citations if c.quote}


async def _with_model(seat: Seat, question: str, talker: Talker) -> AsyncGenerator[Piece | Shown, None]:
    seat.desk.clear()
    first = opening(question, seat.desk, can_call=talker.can_call)
    seat.keep_sources()
    history = remembered(seat, talker, question, first)
    seat.project.chats.add(seat.chat, Line("user", first[1].content), raw=question)
    seat.cited = {}
    answer = _Answer(seat, talker)
    noted = len(talker.notes)
    try:
        async with aclosing(converse(question, history, seat.desk, answer.talk, can_call=talker.can_call)) as events:
            async for event in events:
                for shown in answer.take(event):
                    yield shown
    except ModelError as error:
        answer.broke_off(f"{error.message}", charged=error.charged)
        yield Told("\n".join(filter(None, (seat.say("broken", why=error.message), error.hint))), "error")
    except (asyncio.CancelledError, GeneratorExit):
        answer.broke_off(INTERRUPTED, charged=True)
        raise
    for note in talker.notes[noted:]:
        yield Told(note)
    for told in answer.remarks():
        yield told
    yield answer.finished()


def remembered(seat: Seat, talker: Talker, question: str, first: Sequence[Line]) -> tuple[Line, ...]:
    """The conversation before a question, as far as the project's limit for prompts leaves room beside it.

    Passages that stood in a question go with the newest turn only; where even that is too long, without its tools.
    """

    def count(text: str) -> int:
        return tokens.count(text, talker.name)[0]

    def weight(lines: Sequence[Line]) -> int:
        return sum(remembering.weigh(line, count) for line in lines)

    tools = json.dumps([[t.name, t.description, dict(t.parameters)] for t in TOOLS]) if talker.can_call else ""
    budget = max(0, seat.project.settings.max_prompt_tokens - weight(first) - count(tools))
    turns = [turn for turn in seat.project.chats.turns(seat.chat) if turn.lines[0].role == "user"]
    *older, newest = turns or [Turn(())]
    if weight(newest.lines) > budget:
        newest = replace(_bare(newest), lines=tuple(x for x in _bare(newest).lines if x.role != "tool"))
    shown = [*map(_bare, older), newest]
    return remembering.remember(shown, budget=budget, count=count, language=speaks(question)).lines


def _bare(turn: Turn) -> Turn:
    """The turn with its question as it was typed."""
    asked = turn.question
    return replace(
        turn, lines=tuple(replace(x, content=asked) if asked and x.role == "user" else x for x in turn.lines)
    )


class _Answer:
    """One answer, over all its rounds, as it is heard and stored."""

    def __init__(self, seat: Seat, talker: Talker) -> None:
        self._seat = seat
        self._talker = talker
        self._raw: list[str] = []  # the model's words since it was last asked
        self._prompt = ""
        self._pieces: list[Piece] = []  # since it was last asked
        self._all: list[Piece] = []
        self._ends: list[Ended | None] = []
        self._listening = False  # whether the model was asked and what it said is not stored yet
        self._unended: Said | None = None
        self._whole = False

    async def _heard(self, stream: AsyncIterator[Streamed]) -> AsyncIterator[Streamed]:
        try:
            async for event in stream:
                if isinstance(event, Words):
                    self._raw.append(event.text)
                yield event
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()

    def talk(self, lines: Sequence[Line], tools: Sequence[Tool]) -> AsyncIterator[Streamed]:
        """The talker, overheard."""
        return self._heard(self._talker.talk(lines, tools))

    def take(self, event: Event) -> Iterator[Piece | Shown]:
        """Store what an event brings; what of it is shown."""
        if isinstance(event, Sent):
            self._asked(event)
        elif isinstance(event, Said):
            self._said(event)
        elif isinstance(event, Used):
            self._seat.keep_sources()
            self._seat.project.chats.add(self._seat.chat, event.line)
            arguments = ", ".join(f"{key}: {value}" for key, value in event.call.arguments.items())
            yield Using(
                one_line(event.call.name, 40),
                one_line(arguments, 120),
                event.again,
                event.line.content.startswith("Not done"),
            )
        else:
            self._pieces.append(event)
            self._all.append(event)
            yield event

    def _asked(self, sent: Sent) -> None:
        self._raw.clear()
        self._pieces.clear()
        self._prompt = self._seat.project.chats.keep_prompt(sent.lines, sent.tools)
        self._listening, self._whole = True, False

    def _said(self, said: Said) -> None:
        if said.ended is None:  # why is told by the error that follows
            self._unended = said
            return
        self._keep(said.line, said.ended, "")
        self._whole = not said.line.calls

    def _keep(self, line: Line, ended: Ended | None, error: str, *, charged: bool = True) -> None:
        seat, words = self._seat, line.content
        self._listening = False
        self._ends.append(ended if ended or charged else NOTHING)
        citations = [piece for piece in self._pieces if isinstance(piece, Citation)]
        content = replace(line, content=plain(words))
        with seat.project.transaction():
            seat.keep_sources()
            key = seat.project.chats.add(
                seat.chat,
                content,
                raw=words if words != content.content else "",
                prompt=self._prompt,
                model=self._talker.name if charged else "",
                ended=ended,
                error=error,
            )
            seat.project.chats.add_citations(key, citations)
        seat.cited |= {c.number: c for c in citations if c.quote}

    def broke_off(self, why: str, *, charged: bool) -> None:
        """Store what had come of an answer that ends here, and why."""
        if self._listening:
            said = self._unended or Said(Line("assistant", "".join(self._raw)), None)
            self._keep(replace(said.line, calls=()), None, why, charged=charged or bool(self._raw))
        elif not self._whole:
            self._seat.project.chats.add(self._seat.chat, Line("assistant", ""), error=why)

    def remarks(self) -> Iterator[Told]:
        """What else is to be said of the answer."""
        if self._listening:  # the stream ended without an end or an error
            self.broke_off("the stream ended before the answer did", charged=True)
            yield self._seat.tell("broken", "error", why="the stream ended before the answer did")
        last = self._ends[-1] if self._ends else None
        if last is None or not self._whole:
            return
        if last.finish == "length":
            yield self._seat.tell("cut_off", "warning")
        if last.refusal or last.finish in ("refusal", "content_filter"):
            yield self._seat.tell("refused", "warning", why=last.refusal or last.finish)
        elif not gather(self._all).text.strip() and not any(isinstance(p, Citation) for p in self._all):
            yield self._seat.tell("silent", "warning")
        elif not any(isinstance(p, Citation | Unsupported) for p in self._all):
            yield self._seat.tell("unproven", "warning")

    def finished(self) -> Finished:
        """How the answer ended, with all that it used; None for what is unknown of any part of it."""
        used = [ended.usage if ended else Usage() for ended in self._ends]
        citations = {p.number: p for p in self._all if isinstance(p, Citation)}
        return Finished(
            self._whole,
            *_counts(citations.values()),
            total(usage.input for usage in used),
            total(usage.output for usage in used),
            total(ended.cost if ended else None for ended in self._ends),
        )


def _counts(citations: Iterable[Citation]) -> tuple[int, int, int]:
    """Different sources cited with proof, all citations, and those of them that are not proven."""
    found = list(citations)
    proven = [c for c in found if c.quote is not None]
    return len({c.source.number for c in proven if c.source}), len(found), len(found) - len(proven)
