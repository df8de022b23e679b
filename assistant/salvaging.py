"""A model's text in, the JSON that can be read out of it out, marked where it was cut off. Pure; never raises.

Models wrap JSON in prose and fences, leave commas behind, put bare quotation marks inside strings, and stop in the
middle. Whatever is valid JSON is read by the standard library; only what is not goes through the reader here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_DEEPEST = 40  # levels of nesting; a reply has five
_OPENING = re.compile(r"[{\[]")
_SPACE = re.compile(r"\s*")
_SCALAR = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)\b")
_SCALAR_CUT = re.compile(r"-?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d*)?)?\Z|(?:tr?u?|fa?l?s?|nu?l?)\Z")
_UNESCAPED = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
# A quotation mark ends a string only where JSON goes on behind it, so that `"他说"好"。"` stays one string.
_ENDS_MEMBER = re.compile(r'"(?=\s*(?:[}\]:]|\Z|,\s*(?:[}\]]|\Z|"[^"]*(?:\Z|"\s*(?::|\Z)))))')
_ENDS_ELEMENT = re.compile(r'"(?=\s*(?:[}\]]|\Z|,\s*(?:["{\[\d}\]-]|true|false|null|\Z)))')
_ESCAPE = re.compile(r'\\(["\\/bfnrt]|u[0-9a-fA-F]{4})|\\')
_THOUGHT_END = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_THOUGHT_START = re.compile(r"<think(?:ing)?>", re.IGNORECASE)


class CutObject(dict[str, Any]):
    """An object whose closing brace never came: its members are whole, or cut values themselves."""

    raw: str = ""  # the text from its brace on


class CutList(list[Any]):
    """A list whose closing bracket never came."""


@dataclass(frozen=True, slots=True)
class Found:
    """The wanted values in the order of the text, and whether the text breaks off inside a value."""

    values: tuple[Any, ...]
    cut: bool


def read(text: str, wanted: Callable[[Any], bool]) -> Found:
    """Every outermost JSON value in `text` that is wanted, cut values included. Reads in time linear in the text."""
    try:
        value = json.loads(text, strict=False)
        if _depth(value) <= _DEEPEST and wanted(value):
            return Found((value,), cut=False)
    except (ValueError, RecursionError):
        pass
    values: list[Any] = []
    cut = False
    position, budget = 0, 8 * len(text) + 1000  # characters; prose full of brackets must not cost its square
    while budget > 0 and (opening := _OPENING.search(text, position)) is not None:
        reader = _Reader(text, opening.start())
        position = opening.start() + 1
        try:
            value = reader.value(0)
        except _NotJson:
            budget -= reader.at - opening.start() + 1
            continue
        budget -= reader.at - opening.start() + 1
        broken = isinstance(value, CutObject | CutList)
        cut = cut or broken
        if wanted(value):
            values.append(value)
            position = len(text) if broken else reader.at
    return Found(tuple(values), cut)


def spoken(text: str) -> str:
    """The text without what a reasoning model thought aloud first. An answer that begins at once is left as it is."""
    while not text.lstrip().startswith(("{", "[", "```")) and (end := _THOUGHT_END.search(text)) is not None:
        text = text[end.end() :]
    start = _THOUGHT_START.search(text)
    if start is not None and "{" not in text[: start.start()]:  # never closed: all of it is thought
        text = text[: start.start()]
    return text


def _depth(value: Any) -> int:
    """Levels of nesting, found without recursion: what is read here must be safe to walk recursively."""
    depth, level = 0, [value]
    while level := [inner for outer in level if isinstance(outer, dict | list) for inner in _inside(outer)]:
        depth += 1
    return depth


def _inside(outer: dict[str, Any] | list[Any]) -> list[Any]:
    return outer if isinstance(outer, list) else list(outer.values())


class _NotJson(Exception):
    """What stands here is not JSON."""


class _End(Exception):
    """The text ends inside a string, a number or a word."""


class _Reader:
    """Reads one value from `at` on, moving `at` behind it."""

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at

    def value(self, depth: int, ends: re.Pattern[str] = _ENDS_ELEMENT) -> Any:
        if depth > _DEEPEST:
            raise _NotJson
        character = self._next()
        if character == "{":
            return self._object(depth)
        if character == "[":
            return self._list(depth)
        if character == '"':
            return self._string(ends)
        scalar = _SCALAR.match(self.text, self.at)
        if scalar is not None and scalar.end() < len(self.text):
            self.at = scalar.end()
            try:
                return json.loads(scalar[0])
            except ValueError:  # more digits than Python converts
                raise _NotJson from None
        if not character or scalar is not None or _SCALAR_CUT.match(self.text, self.at):
            self.at = len(self.text)
            raise _End
        raise _NotJson

    def _next(self) -> str:
        """The next character that is no space, or "" at the end."""
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at
        return self.text[self.at : self.at + 1]

    def _object(self, depth: int) -> dict[str, Any]:
        start = self.at
        members: dict[str, Any] = {}
        self.at += 1
        try:
            while (character := self._next()) != "}":
                if character == ",":  # doubled or left behind
                    self.at += 1
                    continue
                if character != '"':
                    raise _NotJson if character else _End
                key = self._string(_ENDS_MEMBER)
                if (colon := self._next()) != ":":
                    raise _NotJson if colon else _End
                self.at += 1
                members[key] = value = self.value(depth + 1, _ENDS_MEMBER)
                if isinstance(value, CutObject | CutList):
                    raise _End
        except _End:
            cut = CutObject(members)
            cut.raw = self.text[start:]
            return cut
        self.at += 1
        return members

    def _list(self, depth: int) -> list[Any]:
        elements: list[Any] = []
        self.at += 1
        try:
            while (character := self._next()) != "]":
                if character == ",":
                    self.at += 1
                    continue
                if not character:
                    raise _End
                elements.append(self.value(depth + 1))
                if isinstance(elements[-1], CutObject | CutList):
                    raise _End
        except _End:
            return CutList(elements)
        self.at += 1
        return elements

    def _string(self, ends: re.Pattern[str]) -> str:
        start = at = self.at + 1
        bare: list[int] = []  # quotation marks inside that should have been escaped
        while True:
            chunk = _UNESCAPED.match(self.text, at)
            at = chunk.end() if chunk else len(self.text)
            if at >= len(self.text) or self.text[at] == "\\":
                self.at = len(self.text)
                raise _End
            if ends.match(self.text, at):
                break
            bare.append(at)
            at += 1
        self.at = at + 1
        pieces = [self.text[a:b] for a, b in zip([start, *(i + 1 for i in bare)], [*bare, at], strict=True)]
        return _unescape('\\"'.join(pieces))


def _unescape(inside: str) -> str:
    try:
        return str(json.loads(f'"{inside}"', strict=False))
    except ValueError:
        sound = _ESCAPE.sub(lambda escape: escape[0] if escape[1] else "\\\\", inside)
        return str(json.loads(f'"{sound}"', strict=False))
