"""What each coder said of each unit in, as sets and as grids of numbers out. Pure.

A coder who read a unit and gave no code gave the empty set; a coder who was not asked, or whose answer could not be
read, gave None. The two are never mixed: None is missing data, the empty set is an answer.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.errors import UsageError

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]
Codes = frozenset[str]
Value = bool | float | str | Codes

MISSING = -1


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """One value per unit and coder, as places in `values`. The order of `values` is the order of an ordinal scale."""

    values: tuple[Value, ...]
    cells: Numbers  # unit × coder; MISSING where the coder did not code the unit
    documents: Numbers  # of each unit, numbered from 0

    @classmethod
    def of(
        cls,
        rows: Sequence[Sequence[Value | None]],
        values: Sequence[Value] | None = None,
        documents: Sequence[Hashable] | None = None,
    ) -> Grid:
        """A grid from rows of values, one row per unit, None where missing.

        Without `values` the scale is what occurs, sorted; without `documents` every unit is its own document.
        """
        scale = tuple(values) if values is not None else _scale(rows)
        place = {value: number for number, value in enumerate(scale)}
        cells = [[MISSING if value is None else place[value] for value in row] for row in rows]
        width = len(rows[0]) if rows else 0
        clusters = range(len(rows)) if documents is None else documents
        return cls(scale, np.array(cells, dtype=np.int64).reshape(len(rows), width), _numbered(clusters))

    def counts(self) -> Array:
        """Unit × value: how many coders gave the unit that value."""
        counts = np.zeros((len(self.cells), len(self.values)))
        for column in self.cells.T:
            rows = np.flatnonzero(column != MISSING)
            counts[rows, column[rows]] += 1
        return counts

    def pair(self, first: int, second: int) -> Grid:
        """The same grid with two of its coders only."""
        return Grid(self.values, self.cells[:, [first, second]], self.documents)

    def both(self) -> Mask:
        """The units that the first two coders both coded."""
        return np.asarray((self.cells[:, :2] != MISSING).all(axis=1))


@dataclass(frozen=True, slots=True)
class Unit:
    """What is coded as one thing: a segment, and the document it stands in (the cluster)."""

    id: str
    document: str


@dataclass(frozen=True, slots=True)
class Ratings:
    """Sets of codes by unit and coder; rows of `given` follow `units`, their places follow `coders`."""

    units: tuple[Unit, ...]
    coders: tuple[str, ...]
    given: tuple[tuple[Codes | None, ...], ...]

    def __post_init__(self) -> None:
        if len({unit.id for unit in self.units}) != len(self.units):
            raise UsageError("A unit stands twice in the ratings.", "Give every segment one id and each coder one row.")
        if len(set(self.coders)) != len(self.coders):
            raise UsageError("A coder stands twice in the ratings.", "Give every coder a name of their own.")
        if len(self.given) != len(self.units) or any(len(row) != len(self.coders) for row in self.given):
            raise ValueError("ratings need one row per unit and one place per coder")

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code that anyone gave, sorted."""
        return tuple(sorted(frozenset[str]().union(*(codes for row in self.given for codes in row if codes))))

    @property
    def documents(self) -> Numbers:
        """The document of each unit, numbered from 0."""
        return _numbered([unit.document for unit in self.units])

    def of(self, *coders: str) -> Ratings:
        """The ratings of these coders only, in this order. Raises UsageError for a coder who is not there."""
        for coder in coders:
            if coder not in self.coders:
                raise UsageError(f"No coder is called {coder!r}.", f"The coders are: {', '.join(self.coders)}.")
        places = [self.coders.index(coder) for coder in coders]
        return Ratings(self.units, coders, tuple(tuple(row[place] for place in places) for row in self.given))

    def code(self, code: str) -> Grid:
        """One code as a yes/no/missing grid; its values are always (False, True)."""
        rows = [[None if codes is None else code in codes for codes in row] for row in self.given]
        return self._grid(rows, (False, True))

    def sets(self) -> Grid:
        """The label sets as single values; those that occur, sorted by their codes."""
        held = {codes for row in self.given for codes in row if codes is not None}
        return self._grid(self.given, sorted(held or {Codes()}, key=_sorting))

    def complete(self) -> Ratings:
        """The units that every coder coded."""
        kept = [place for place, row in enumerate(self.given) if None not in row]
        return Ratings(tuple(self.units[k] for k in kept), self.coders, tuple(self.given[k] for k in kept))

    def with_consensus(self, *coders: str, name: str = "consensus") -> Ratings:
        """These ratings with one more coder: the codes that more than half of `coders` gave.

        The coders of a unit are those who coded it. A tie gives no code: of two coders the consensus is what both
        gave. A unit that none of them coded stays missing.
        """
        rows = self.of(*coders).given
        given = tuple((*row, _majority(voices)) for row, voices in zip(self.given, rows, strict=True))
        return Ratings(self.units, (*self.coders, name), given)

    def _grid(self, rows: Sequence[Sequence[Value | None]], values: Sequence[Value]) -> Grid:
        grid = Grid.of(rows, values, [unit.document for unit in self.units])
        return Grid(grid.values, grid.cells.reshape(len(self.units), len(self.coders)), grid.documents)


def _majority(voices: Sequence[Codes | None]) -> Codes | None:
    """The codes of more than half of those who spoke; None when nobody did."""
    spoken = [codes for codes in voices if codes is not None]
    if not spoken:
        return None
    named = frozenset[str]().union(*spoken)
    return frozenset(code for code in named if 2 * sum(code in codes for codes in spoken) > len(spoken))


def _scale(rows: Sequence[Sequence[Value | None]]) -> tuple[Value, ...]:
    """The values that occur, in an order that does not depend on where they stand."""
    found = {value for row in rows for value in row if value is not None}
    return tuple(sorted(found, key=_sorting))


def _sorting(value: Value) -> tuple[float, tuple[str, ...]]:
    """Numbers by size, label sets by how many codes they hold and which."""
    if isinstance(value, frozenset):
        return len(value), tuple(sorted(value))
    return (0, (value,)) if isinstance(value, str) else (value, ())


def _numbered(names: Sequence[Hashable]) -> Numbers:
    """Equal names as equal numbers, in order of first appearance."""
    place: dict[Hashable, int] = {}
    return np.array([place.setdefault(name, len(place)) for name in names], dtype=np.int64)
