"""A question and the conversation before it in, the answer as it comes out: words, proven citations, tools used.

The passages that fit the question best stand in it from the start, so that models without tools can answer; others may
look further, for a bounded number of rounds. Reads only: whatever a passage or the model says, nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from assistant import citing, languages
from assistant.calling import TOOLS, use
from assistant.citing import Citing
from assistant.consulting import SHOWN, cut
from assistant.errors import ModelError
from assistant.prompting import fence, fill
from assistant.resources import prompt_template
from assistant.shelving import Desk
from assistant.speech import Call, Ended, Line, Talk, Tool, Wanted, Words

ROUNDS = 4  # of using tools, for one question
FIRST = 6  # passages put into the question
MOST_CALLS = 6  # in one round
MOST_TOLD = (
    60_000  # code points that tools answer to one question, all in all; the answer that goes over it is the last
)
_FULL = "Not done: no more can be shown for this question. Answer with what you have."
_CROWDED = f"Not done: more than {MOST_CALLS} calls at once."
_ENOUGH = {
    "zh": "不能再使用工具了。请根据已有的来源作答；仍不清楚的，直接说明。",
    "en": "No more tools can be used. Answer from the sources you have, and say what is still open.",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A model is asked: all lines as they are sent, and the tools it may call."""

    lines: tuple[Line, ...]
    tools: tuple[Tool, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What the model said, as it came, with its marks. `ended` None: it broke off, and its calls are left out."""

    line: Line
    ended: Ended | None


@dataclass(frozen=True, slots=True)
class Used:
    """A tool was used: the call, and the line that answers it. `again`: it was answered from before."""

    call: Call
    line: Line
    again: bool = False


Event = citing.Piece | Sent | Said | Used


def speaks(text: str) -> Literal["zh", "en"]:
    """The language in which a question is answered: Chinese where there is a good share of it."""
    return "en" if languages.detect(text) == "en" else "zh"


def opening(question: str, desk: Desk, *, can_call: bool, first: int = FIRST) -> tuple[Line, Line]:
    """The system's line and the person's, with the passages that fit the question best as numbered sources."""
    found, _ = desk.find(question, first)
    library = desk.library
    values = {
        "book": library.codebooks[0] if library.codebooks else None,
        "question": library.question,
        "cases": [" ".join(case.split()) for case in library.cases],
        "sources": [(source, cut(source.text.strip(), SHOWN)) for source in found],
        "can_call": can_call,
        "asked": question,
        "fence": fence([question, *(source.text for source in found)]),
    }
    system, user = fill(f"chat.v1.{speaks(question)}.jinja", prompt_template, values)
    return Line("system", system.content), Line("user", user.content)


async def converse(
    question: str, history: Sequence[Line], desk: Desk, talk: Talk, *, can_call: bool, rounds: int = ROUNDS
) -> AsyncGenerator[Event, None]:
    """Answer a question, after the lines of `history` (without a system line), as it comes.

    `Sent` precedes each answer and `Said` ends it. After `rounds` of tools the model is asked to answer without them.
    Raises the ModelError of `talk` when what had come is told, with a last `Said` if any of it is the model's words.
    """
    desk.clear()
    system, asked = opening(question, desk, can_call=can_call and rounds > 0)
    lines = [system, *history, asked]
    reading = Citing(desk.sources, desk.begins)
    using = _Using(desk)
    for left in range(rounds if can_call else 0, -1, -1):
        if using.calls and not left:
            lines.append(Line("user", _ENOUGH[speaks(question)]))
        tools = TOOLS if left else ()
        yield Sent(tuple(lines), tools)
        said: Said | None = None
        async with aclosing(_listen(talk, lines, tools, reading)) as events:
            async for event in events:
                said = event if isinstance(event, Said) else said
                yield event
        if said is None or not said.line.calls:
            return
        lines.append(said.line)
        for used in using.all(said.line.calls):
            lines.append(used.line)
            yield used


async def _listen(
    talk: Talk, lines: Sequence[Line], tools: Sequence[Tool], reading: Citing
) -> AsyncGenerator[citing.Piece | Said, None]:
    """One answer of the model in pieces, and all of it at the end. Calls count only where tools were offered."""
    raw: list[str] = []
    calls: tuple[Call, ...] = ()
    ended: Ended | None = None
    failure: ModelError | None = None
    stream = talk(lines, tools)
    try:
        async for event in stream:
            if isinstance(event, Words):
                raw.append(event.text)
                for piece in reading.feed(event.text):
                    yield piece
            elif isinstance(event, Wanted):
                calls += event.calls if tools else ()
            else:
                ended = event
    except ModelError as error:
        failure = error
    finally:
        await _close(stream)
    for piece in reading.finish():
        yield piece
    if failure is None:
        yield Said(Line("assistant", "".join(raw), calls), ended)
        return
    if raw:
        yield Said(Line("assistant", "".join(raw)), None)
    raise failure


async def _close(stream: AsyncIterator[object]) -> None:
    """Let go of an answer that nobody listens to any more."""
    if isinstance(stream, AsyncGenerator):
        await stream.aclose()


class _Using:
    """Carries out the calls of one question: each once, and no more than may be told."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._told: dict[str, str] = {}
        self._room = MOST_TOLD
        self.calls = 0

    def all(self, calls: Sequence[Call]) -> list[Used]:
        """Every call with its answer: a server refuses a conversation in which one has none."""
        return [self._one(call, place) for place, call in enumerate(calls)]

    def _one(self, call: Call, place: int) -> Used:
        self.calls += 1
        key = json.dumps([call.name, dict(call.arguments), call.problem], sort_keys=True, default=str)
        again = key in self._told
        if self._room <= 0 or place >= MOST_CALLS:
            return Used(call, Line("tool", _FULL if self._room <= 0 else _CROWDED, answers=call.id))
        content = self._told[key] if again else use(self._desk, call)
        self._told[key] = content
        self._room -= len(content)
        return Used(call, Line("tool", content, answers=call.id), again)
