"""What a report is made from: units with their words, what people and runs said of them. Values only, pure.

A unit is a segment of a document. A coder who read a unit and gave nothing said the empty set; one who was not asked,
or whose answer failed, said nothing at all: the unit is missing from `codings`, and never counts as "no code".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from eval.plain import Key
from eval.ratings import Codes

Split = Literal["all", "dev", "test"]
Stance = Literal["reliability", "codebook", "reflexive"]
"""How the study stands to agreement (Braun & Clarke 2021): reflexive work asks for no coefficients."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A unit's words and where it stands. `chance`: that a recorded draw would pick it for people; None if undrawn."""

    text: str
    case: str = ""
    kind: str = ""  # of the document: interview, report …
    language: str = ""
    held_out: bool = False  # in the test split
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """One code that a coder gave to a unit, with the words it stands on.

    `start`, `end`: code points of the unit's text; both 0 where the code is about the whole unit.
    """

    code: str
    quote: str = ""
    start: int = 0
    end: int = 0
    polarity: str = ""
    confidence: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Coding:
    """All that one coder said of one unit. `marked`: whether words were marked, so that spans can be compared."""

    given: tuple[Given, ...]
    marked: bool = True

    @property
    def codes(self) -> Codes:
        """The set of codes."""
        return frozenset(one.code for one in self.given)


@dataclass(frozen=True, slots=True)
class Person:
    """A gold coder: codings by unit and where they came from."""

    name: str
    codings: Mapping[Key, Coding]
    blind: bool | None = None  # whether suggestions were hidden while coding; None: not said
    sources: tuple[str, ...] = ()  # file names
    sha256: str = ""  # over all codings


@dataclass(frozen=True, slots=True)
class Machine:
    """A run of a model: codings by unit, for all units it has answered, whether or not people coded them.

    `states`: how many units are coded, none, failed, refused, pending. `facts`: what the model card of the report
    shows (model, parameters, template and codebook hashes, tokens, cost …), JSON values. `repeats`: the same asked
    again, for stability. `flaws`: discarded proposals by reason; `quotes`: how many were proposed in all, of which the
    `failures` do not stand in their text.
    """

    name: str
    model: str
    codings: Mapping[Key, Coding]
    states: Mapping[str, int]
    facts: Mapping[str, Any] = field(default_factory=dict)
    repeats: tuple[Mapping[Key, Coding], ...] = ()
    paraphrases: tuple[Mapping[Key, Coding], ...] = ()
    flaws: Mapping[str, int] = field(default_factory=dict)
    quotes: int = 0
    failures: tuple[tuple[str, str, str], ...] = ()  # flaw, quote as the model gave it, where: for the quote check
    baseline: bool = False  # a keyless baseline, no language model


@dataclass(frozen=True, slots=True)
class Label:
    """A code's names, and its definition for what to mend first."""

    zh: str
    en: str
    definition: str = ""
    definition_zh: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything a report says, it says from this.

    `units` are all units of the material; the ones compared are those that a person coded and that lie in `split`.
    """

    title: str
    question: str
    kind: Literal["open", "assignment"]
    codebook: str  # "" for open codes
    labels: Mapping[str, Label]  # by code id; for open codes empty
    units: Mapping[Key, Passage]
    people: tuple[Person, ...]
    machines: tuple[Machine, ...]
    split: Split = "all"
    lock: Mapping[str, Any] = field(default_factory=dict)  # test gold's hash, openings, whether tuned on test
    sample: Mapping[str, Any] = field(default_factory=dict)  # how units were drawn for people
    sample_gold: bool = False  # the gold is a shipped sample, written for trying things out
    stance: Stance = "codebook"
    unit: str = "paragraph"  # what was coded as one thing
    unplaced: int = 0  # stretches that people coded as a whole and that are no unit (any more)
