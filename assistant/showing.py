"""What a conversation shows, as immutable values: a terminal draws them, a script prints them as JSON. Pure.

Beside these, the pieces of an answer (`assistant.citing.Piece`: words, proven or failed citations, unsupported marks).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence of codart's own."""

    text: str
    kind: Literal["note", "warning", "error"] = "note"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of a list that the person can name by its number (0: it has none), such as a suggestion or a passage.

    `head` names it on one line; `body` is words of a document or a reason; `value` is the same for machines.
    """

    number: int
    head: str
    body: str = ""
    value: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Using:
    """A tool is being used for the model: its name and arguments, shortly."""

    name: str
    arguments: str
    again: bool = False
    refused: bool = False  # nothing was done: there is no such tool, or its arguments cannot be used


@dataclass(frozen=True, slots=True)
class Finished:
    """A turn is over. `whole` False: the answer broke off or was interrupted. Tokens and cost None: not reported."""

    whole: bool
    sources: int
    citations: int
    failed_citations: int
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None


Shown = Told | Item | Using | Finished
