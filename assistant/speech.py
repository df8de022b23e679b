"""A conversation as immutable values: lines, tools and calls, what streams in, claims and their proofs.

Pure: imports only values.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from assistant.model import Finish, Quote, Usage

LineRole = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Call:
    """A tool that the model wants used. `arguments` is what it wrote, unbelieved; {} with `problem` if unreadable."""

    id: str
    name: str
    arguments: Mapping[str, Any]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a conversation as a model sees it. `answers`: on a tool's line, the id of the call it answers."""

    role: LineRole
    content: str
    calls: tuple[Call, ...] = ()
    answers: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """Something the model may call: `parameters` is a JSON schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """Some more of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """The model stopped to have tools used."""

    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """The answer is over. `cost` in US dollars, None if unknown."""

    finish: Finish
    model: str
    usage: Usage = field(default_factory=Usage)
    cost: float | None = None
    refusal: str = ""


Streamed = Words | Wanted | Ended

Talk = Callable[[Sequence[Line], Sequence[Tool]], AsyncIterator[Streamed]]
"""A conversation so far and the tools at hand in; the answer as it comes out, `Ended` last. Raises ModelError."""


@dataclass(frozen=True, slots=True)
class Source:
    """A passage that was put before the model: `number` is how it is cited in this conversation."""

    number: int
    segment: int  # id in the project
    document: int
    document_name: str
    case: str
    place: int  # number of the segment in its document
    text: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A claim's marker: words the model says stand in a source, and whether they do.

    `quote` None: they do not stand there; `why` says what is wrong ("edited", "not_found", "ambiguous", "no_source" …).
    """

    number: int  # of the marker shown, from 1 in each answer
    source: Source | None
    words: str
    quote: Quote | None
    why: str = ""
