"""A conversation in, a served model's answer out as it comes: the streaming half of the door to LangChain. Network I/O.

The other half, `assistant.chain`, says where text may go and how failures are named; all of that holds here too.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from os import environ
from typing import TYPE_CHECKING, Any, cast

from assistant import chain
from assistant.assembling import Answer
from assistant.errors import ModelError, UsageError
from assistant.pacing import BACKOFF, LONGEST_BACKOFF
from assistant.pricing import Price, cost
from assistant.providers import Endpoint, broken_off, explain, locate, misread
from assistant.speech import Ended, Line, Streamed, Talk, Tool, Wanted, Words

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk
    from langchain_openai import ChatOpenAI

ATTEMPTS = 4  # of one answer, as long as nothing of it was shown
LONGEST_WAIT = 60.0  # seconds a server may ask a person to wait; asked for more, the answer fails at once

_TOOLS, _USAGE = "tools", "usage"  # what a request may be made without
_SPEAKS_OF = {
    _TOOLS: re.compile(r"\btools?\b|tool_|function", re.I),
    _USAGE: re.compile("stream_options|include_usage"),
}
# OpenRouter has no endpoint for them (404), llama.cpp fails for want of a switch (500).
_DECLINES_TOOLS = re.compile(r"\btools?\b.*(?:support|requir)|support.*\btools?\b", re.I | re.S)
_HINTS = {  # the hints of the chain speak of units of a run
    "quota": "Top up the account, or use another model; the conversation is kept",
    "rate_limit": "Ask again a little later; the conversation is kept",
    "context": "Ask with less text, begin a new conversation, or use a model with a longer context",
    "content_filter": "Ask in other words, or use another model",
    "bad_request": "Use another model",
    "timeout": "Ask again; the conversation is kept",
    "server": "Ask again; the conversation is kept",
}
_MEANT = {"rate_limit|quota": 429, "context_length|content_filter|invalid_request": 400, "api_key|auth": 401}

Stream = AsyncGenerator["AIMessageChunk", None]


async def _nothing() -> None:
    """What closing a talker without connections does."""


@dataclass(slots=True)
class Learned:
    """What a server has turned out to do."""

    declined: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Talker:
    """Something to talk to. `aclose` it after the last answer."""

    name: str  # as the user wrote it, e.g. openai:gpt-5-mini
    talk: Talk
    base_url: str = ""
    aclose: Callable[[], Awaitable[None]] = _nothing
    local: bool = False  # whether that address is this machine
    learned: Learned = field(default_factory=Learned, repr=False, compare=False)

    @property
    def can_call(self) -> bool:
        """Whether it may be given tools: True until its server turns them down."""
        return _TOOLS not in self.learned.declined

    @property
    def notes(self) -> tuple[str, ...]:
        """What its server turned down so far, one sentence each."""
        return tuple(self.learned.notes)


def talk(
    spec: str,
    *,
    base_url: str | None,
    timeout: float = 90,
    longest: float = 600,
    max_tokens: int | None = None,
    price: Price | None = None,
    notify: Callable[[str], None] = lambda message: None,
) -> Talker:
    """The chat model that `provider:model` names (see `assistant.providers`), to be talked to. Sends nothing yet.

    `timeout` is the seconds a server may be silent, `longest` those one answer may take of it as a whole. What passes
    is tried again while nothing was shown, `notify` being told of the wait. A talker belongs to the event loop it
    first talks in. Without `price`, or where the server reports no tokens, an answer's cost is None.
    Raises UsageError for a bad spec or URL, ModelError for a missing key; talking raises ModelError only.
    """
    if spec.startswith("recorded:"):
        raise UsageError(f"'{spec}' plays replies back and cannot be talked to.", "Name a served model, or lexical")
    endpoint = locate(spec, base_url, environ)
    chain.silence_tracing()
    from assistant.tapping import StreamingClient, TappedChat

    # The SDK's, for events of a shape it has not seen.
    warnings.filterwarnings("ignore", "Pydantic serializer warnings")
    chat, client = chain.chat_for(endpoint, timeout, TappedChat, StreamingClient)
    learned = Learned()
    talking = _Talking(endpoint, chat, chain.options_for(endpoint, None, max_tokens), longest, price, notify, learned)
    return Talker(endpoint.name, talking.talk, endpoint.base_url, client.aclose, endpoint.local, learned)


@dataclass(slots=True)
class _Patience:
    """Seconds that may still be spent waiting for the server."""

    left: float


@dataclass(frozen=True, slots=True)
class _Talking:
    """A chat model behind one endpoint."""

    endpoint: Endpoint
    chat: ChatOpenAI  # tapped: its chunks are `assistant.tapping.Event`s
    options: dict[str, Any]
    longest: float
    price: Price | None
    notify: Callable[[str], None]
    learned: Learned

    async def talk(self, lines: Sequence[Line], tools: Sequence[Tool]) -> AsyncIterator[Streamed]:
        """The answer to a conversation, asked for again while what fails passes and nothing of it was shown."""
        patience = _Patience(self.longest)
        attempt = 1
        while True:
            failure: ModelError | None = None
            shown = False
            async with aclosing(self._answer(lines, tools, patience)) as parts:
                try:
                    async for part in parts:
                        shown = True
                        yield part
                except ModelError as error:
                    failure = error
            if failure is None:
                return
            await self._wait_after(failure, attempt, shown)
            attempt += 1

    async def _wait_after(self, failure: ModelError, attempt: int, shown: bool) -> None:
        """Wait until the next attempt, as `assistant.pacing` does between calls. Raises the error if there is none."""
        asked = failure.retry_after or 0.0
        # Someone sits before the screen: after one silence as long as `timeout` it is for them to ask again.
        patient = failure.passing and failure.kind != "timeout" and asked <= LONGEST_WAIT
        if shown or not patient or attempt >= ATTEMPTS:
            raise failure
        wait = max(asked, random.random() * min(LONGEST_BACKOFF, BACKOFF * 2.0 ** (attempt - 1)))  # noqa: S311
        self.notify(f"{failure.message} Asking again in {wait:.1f} s")
        await asyncio.sleep(wait)

    async def _answer(
        self, lines: Sequence[Line], tools: Sequence[Tool], patience: _Patience
    ) -> AsyncGenerator[Streamed, None]:
        answer = Answer(len(lines))
        stream, event = await self._open(lines, tools, patience)
        async with aclosing(stream):
            while event is not None:
                if text := answer.add(event):
                    yield Words(text)
                try:
                    event = await self._next(stream, patience)
                    continue
                except Exception as error:
                    if answer.finish:  # what was still to come is at most a count of tokens
                        break
                    failure = self._failure(error, begun=answer.begun)
                raise failure  # out here for the reason told in `assistant.chain`
        for part in self._end(answer):
            yield part

    async def _open(
        self, lines: Sequence[Line], tools: Sequence[Tool], patience: _Patience
    ) -> tuple[Stream, dict[str, Any] | None]:
        """The answer's events and the first of them, asked for with all that the server has not turned down so far."""
        asked = ({_TOOLS} if tools else set()) | {_USAGE}
        without = asked & self.learned.declined
        while True:
            stream = self._send(lines, tools, without | self.learned.declined)
            try:
                event = await self._next(stream, patience)
            except Exception as error:
                declined = self._declined(error, asked - without)
                if declined is not None:
                    without.add(declined)
                    continue
                failure = self._failure(error, begun=False)
            else:
                self._learn(asked, without)  # only now: one odd refusal must not lower all later answers
                return stream, event
            raise failure

    def _send(self, lines: Sequence[Line], tools: Sequence[Tool], without: set[str]) -> Stream:
        from assistant.tapping import messages_for, tool_for

        options = self.options | {"stream_usage": _USAGE not in without}
        messages = messages_for(lines, can_call=_TOOLS not in without)
        if not tools or _TOOLS in without:
            return cast("Stream", self.chat.astream(messages, **options))
        return cast("Stream", self.chat.bind_tools([tool_for(tool) for tool in tools]).astream(messages, **options))

    async def _next(self, stream: Stream, patience: _Patience) -> dict[str, Any] | None:
        """The next event; None after the last. What the person does with an event does not count as waiting."""
        from langsmith import tracing_context

        began = time.monotonic()
        try:
            with tracing_context(enabled=False):
                async with asyncio.timeout(max(0.0, patience.left)):
                    chunk = await anext(stream)
        except StopAsyncIteration:
            return None
        except ValueError as error:
            if str(error).startswith("No generation"):  # LangChain's word for a stream without events
                return None
            raise
        finally:
            patience.left -= time.monotonic() - began
        return getattr(chunk, "event", {})  # LangChain adds a last chunk of its own

    def _declined(self, error: Exception, asked: set[str]) -> str | None:
        """What a server turned a request down for, of what it was asked for and never took before."""
        status, said = getattr(error, "status_code", None), chain.body_of(error)
        for part in (_USAGE, _TOOLS):
            if part in asked - self.learned.accepted and status in (400, 422) and _SPEAKS_OF[part].search(said):
                return part
        untaken = _TOOLS in asked - self.learned.accepted and status in (404, 500, 501)
        return _TOOLS if untaken and _DECLINES_TOOLS.search(said) else None

    def _learn(self, asked: set[str], without: set[str]) -> None:
        if _TOOLS in without - self.learned.declined:
            note = f"{self.endpoint.name} does not take tools: it answers without looking anything up itself"
            self.learned.notes.append(note)
        self.learned.declined |= without
        self.learned.accepted |= asked - without

    def _end(self, answer: Answer) -> Iterator[Streamed]:
        """What is left when the stream is over. Raises ModelError if the answer is not."""
        if not answer.finish:
            if not answer.begun:
                raise _in_chat(misread(self.endpoint, answer.odd, charged=True))
            raise _in_chat(broken_off(self.endpoint, answer.odd or "the stream ended before the answer did"))
        try:
            reply = answer.end(self.endpoint)
        except ModelError as error:
            failure = error
        else:
            if rest := answer.rest():
                yield Words(rest)
            if answer.calls:
                yield Wanted(answer.calls)
            paid = None if self.price is None else cost(self.price, reply.usage)
            yield Ended(reply.finish, reply.model, reply.usage, paid, reply.refusal)
            return
        raise _in_chat(failure)

    def _failure(self, error: Exception, *, begun: bool) -> ModelError:
        body = getattr(error, "body", None)
        if body is not None and getattr(error, "response", None) is None:
            return _in_chat(_said_in_stream(self.endpoint, body), charged=begun)
        failure = chain.failure_of(self.endpoint, error)
        return _in_chat(failure, charged=failure.charged or begun)


def _said_in_stream(endpoint: Endpoint, body: Any) -> ModelError:
    """The error for one that a server put into an answer of HTTP 200."""
    said = json.dumps({"error": body}, ensure_ascii=False, default=str)
    code = str(body.get("code") or body.get("type")) if isinstance(body, dict) else ""
    if re.fullmatch("[45][0-9][0-9]", code):
        return explain(endpoint, int(code), said)
    status = next((status for words, status in _MEANT.items() if re.search(words, code)), None)
    return broken_off(endpoint, said) if status is None else explain(endpoint, status, said)


def _in_chat(error: ModelError, *, charged: bool | None = None) -> ModelError:
    """`error` with a hint for someone in a conversation."""
    connected = error.kind == "connection" and not error.stops_run
    return ModelError(
        error.message,
        "Ask again; the conversation is kept" if connected else _HINTS.get(error.kind, error.hint),
        kind=error.kind,
        stops_run=error.stops_run,
        passing=error.passing,
        retry_after=error.retry_after,
        charged=error.charged if charged is None else charged,
    )
