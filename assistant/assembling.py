"""The events of a streamed chat answer in, its words, tool calls and end out. Pure.

Servers that speak OpenAI's protocol differ in how they cut an answer up. What they send is believed in nothing: an
event of another shape is passed over, and kept only to be named if no answer comes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assistant.model import Reply
from assistant.providers import Endpoint
from assistant.replying import read_reply
from assistant.speech import Call

_THOUGHT_STARTS = ("<think>", "<thinking>")
_THOUGHT_END = re.compile(r"</think(?:ing)?>", re.I)
_HIGH_HALF = re.compile("[\ud800-\udbff]$")


class Answer:
    """One answer as far as it has come."""

    def __init__(self, turn: int) -> None:
        """`turn` tells apart the ids that are made for calls whose server gives them none."""
        self._turn = turn
        self._words = _Words()
        self._calls: list[_Parts] = []
        self._refusal: list[str] = []
        self._usage: Any = None
        self._model = ""
        self.finish = ""  # the server's word for why the answer ended; empty while it has not
        self.begun = False  # whether anything of an answer has come, thoughts included
        self.odd = ""  # the last event that was no part of an answer

    def add(self, event: Mapping[str, Any]) -> str:
        """Take one event in; returns the text it lets be shown."""
        choices = event.get("choices")
        self._usage = event.get("usage") or self._usage
        self._model = str(event.get("model") or self._model)
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, Mapping):
            if choices is None and not event.get("usage"):
                said = {name: value for name, value in event.items() if value is not None}
                self.odd = json.dumps(said, ensure_ascii=False, default=str) if said else self.odd
            return ""
        self.begun = True
        self.finish = str(choice.get("finish_reason") or self.finish)
        delta = choice.get("delta") or choice.get("message")  # "message": the server did not stream
        return self._take(delta) if isinstance(delta, Mapping) else ""

    def rest(self) -> str:
        """The text still held back, once the last event was added."""
        return self._words.rest()

    @property
    def calls(self) -> tuple[Call, ...]:
        """The tools that are wanted, as far as they have come."""
        made: list[Call] = []
        for parts in self._calls:
            taken = {call.id for call in made}
            given = parts.id if parts.id not in taken else ""
            made.append(parts.call(given or f"call_{self._turn}_{len(made)}", cut=self.finish == "length"))
        return tuple(made)

    def end(self, endpoint: Endpoint) -> Reply:
        """How the answer ended, without its text. Raises ModelError if the server broke it off."""
        refusal = "".join(self._refusal)
        return read_reply(endpoint, "", self.finish, refusal, self._usage, self._model)

    def _take(self, delta: Mapping[str, Any]) -> str:
        if isinstance(delta.get("refusal"), str):
            self._refusal.append(delta["refusal"])
        wanted = delta.get("tool_calls")
        for piece in wanted if isinstance(wanted, list) else ():
            if isinstance(piece, Mapping):
                self._parts_for(piece).add(piece)
        return self._words.add(_text(delta.get("content")))

    def _parts_for(self, piece: Mapping[str, Any]) -> _Parts:
        """The call that a piece belongs to: by index where there is one, else the last, unless it begins a new one."""
        index, given = piece.get("index"), piece.get("id")
        function = piece.get("function")
        named = isinstance(function, Mapping) and bool(function.get("name"))
        known = next((parts for parts in reversed(self._calls) if index is None or parts.index == index), None)
        # Some servers number all calls 0: another id and name after the arguments begin another call all the same.
        begun = known is not None and bool(known.name) and (index is None or any(known.arguments))
        if known is None or (begun and named and given and given != known.id):
            self._calls.append(known := _Parts(index))
        return known


def _text(content: Any) -> str:
    """A delta's text; where it comes as a list of blocks, those of text."""
    if isinstance(content, list):
        blocks = (block for block in content if isinstance(block, Mapping) and block.get("type") == "text")
        return "".join(str(block.get("text") or "") for block in blocks)
    return content if isinstance(content, str) else ""


@dataclass(slots=True)
class _Parts:
    """A call as far as it has come."""

    index: Any
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    def add(self, piece: Mapping[str, Any]) -> None:
        function = piece.get("function")
        self.id = _grown(self.id, piece.get("id"))
        if not isinstance(function, Mapping):
            return
        self.name = _grown(self.name, function.get("name"))
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            self.arguments.append(arguments)
        elif isinstance(arguments, Mapping):  # as Ollama's own protocol has it
            self.arguments.append(json.dumps(arguments))

    def call(self, id: str, *, cut: bool) -> Call:
        arguments, problem = _read("".join(self.arguments))
        if problem and cut:
            problem = "the answer reached its longest length before the arguments were complete"
        if not self.name:
            problem = "it names no tool"
        return Call(id, self.name, {} if problem else arguments, problem)


def _grown(text: str, piece: Any) -> str:
    # Some servers repeat the whole name or id with every piece of the arguments.
    return text + piece if isinstance(piece, str) and piece != text else text


def _read(written: str) -> tuple[dict[str, Any], str]:
    """A call's arguments, and what is wrong with them; a tool without parameters is called with nothing."""
    if not written.strip():
        return {}, ""
    try:
        arguments = json.loads(written)
        # Half a surrogate pair can be written in JSON but not be sent back or stored as UTF-8.
        arguments = json.loads(json.dumps(arguments, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        return {}, f"its arguments are no JSON: {error}"
    if not isinstance(arguments, dict):
        return {}, "its arguments are not a JSON object"
    return arguments, ""


class _Words:
    """Text as it comes in, less the thoughts before it that some servers leave in; never half a character."""

    def __init__(self) -> None:
        self._held = ""  # what cannot be told yet
        self._half = ""  # of a surrogate pair
        self._thinking = False
        self._speaking = False

    def add(self, piece: str) -> str:
        text = self._half + piece
        half = _HIGH_HALF.search(text)
        self._half = half.group() if half else ""
        whole = text[: len(text) - len(self._half)].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if self._speaking:
            return whole
        self._held += whole
        return self._sort()

    def rest(self) -> str:
        """What was held back and turned out to be text."""
        half, self._half = "\ufffd" if self._half else "", ""
        held, self._held = "" if self._thinking else self._held, ""
        return held + half

    def _sort(self) -> str:
        while True:
            if self._thinking:
                end = _THOUGHT_END.search(self._held)
                if end is None:
                    self._held = self._held[-len("</thinking>") :]  # all that may still become the end mark
                    return ""
                self._held, self._thinking = self._held[end.end() :], False
            self._held = self._held.lstrip()
            begun = self._held.lower()
            mark = next((mark for mark in _THOUGHT_STARTS if begun.startswith(mark)), None)
            if mark is None:
                break
            self._held, self._thinking = self._held[len(mark) :], True
        if any(mark.startswith(begun) for mark in _THOUGHT_STARTS):
            return ""
        self._speaking = True
        text, self._held = self._held, ""
        return text
