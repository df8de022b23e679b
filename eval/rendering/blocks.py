"""What a report is made of, free of any file format: sections of texts, lists, tables, figures. Values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell: its main words and lines below them. `kind`: "" (words), "num", "soft", "biased", "strong"."""

    text: str
    lines: tuple[str, ...] = ()
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first cell of a row is its head. `note` stands under it. `folded`: shown when asked for."""

    name: str
    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph. `kind`: "" or "note"."""

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list, numbered if `ordered`; folded away under `fold` where that has words."""

    items: tuple[str, ...]
    ordered: bool = False
    fold: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A framed text. `kind`: "answer", "stance", "warning", "paste"."""

    kind: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing, made only when `draw` is called, and the same numbers as a table."""

    name: str
    title: str
    described: str
    draw: Callable[[], str]
    table: Table


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a unit's text. `sides`: "", "people", "model" or "both"; `said` tells who marked it with which code."""

    text: str
    sides: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One unit on which people and model differ; `filters` are the values of the four filters."""

    number: int
    heading: str
    where: str
    pieces: tuple[Piece, ...]
    said: tuple[tuple[str, str], ...]
    filters: dict[str, str]


@dataclass(frozen=True, slots=True)
class Browser:
    """All disagreements, with the choices of each filter: (name, heading, ((value, words), …))."""

    filters: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]
    items: tuple[Disagreement, ...]
    note: str


Block = Text | Heading | Bullets | Table | Box | Figure | Browser


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report; one without blocks is left out."""

    id: str
    title: str
    blocks: tuple[Block, ...]


Report = dict[str, Any]
