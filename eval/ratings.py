"""What each coder said of each unit in, as sets and as grids of numbers out. Pure.

A coder who read a unit and gave no code gave the empty set; a coder who was not asked, or whose answer could not be
read, gave None. The two are never mixed: None is missing data, the empty set is an answer.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

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
    """One value per unit and coder, as places in `values`. The order of `values` is the order of an ordinal scale.

    With `times` a row stands for so many like units of its document, at least one; statistics heed it.
    """

    values: tuple[Value, ...]
    cells: Numbers  # unit × coder; MISSING where the coder did not code the unit
    documents: Numbers  # of each unit, numbered from 0
    times: Array | None = None  # None: every row is one unit

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
        """Row × value: how many coders gave the unit that value."""
        counts = np.zeros((len(self.cells), len(self.values)))
        for column in self.cells.T:
            rows = np.flatnonzero(column != MISSING)
            counts[rows, column[rows]] += 1
        return counts

    def pair(self, first: int, second: int) -> Grid:
        """The same grid with two of its coders only."""
        return Grid(self.values, self.cells[:, [first, second]], self.documents, self.times)

    def gathered(self) -> Grid:
        """The same, like units of a document in one row: every statistic has the same value, from far fewer rows."""
        kinds = self.documents
        for column in self.cells.T:
            kinds = np.unique(kinds * (len(self.values) + 1) + column - MISSING, return_inverse=True)[1]
        _, firsts, times = np.unique(kinds, return_index=True, return_counts=True)
        return Grid(self.values, self.cells[firsts], self.documents[firsts], times.astype(np.float64))

    def complete(self) -> Grid:
        """The same grid, missing for everybody where anybody did not code the unit."""
        coded = (self.cells != MISSING).all(axis=1)
        return Grid(self.values, np.where(coded[:, None], self.cells, MISSING), self.documents, self.times)

    def both(self) -> Mask:
        """The units that the first two coders both coded."""
        return np.asarray((self.cells[:, :2] != MISSING).all(axis=1))


@dataclass(frozen=True, slots=True)
class Unit:
    """What is coded as one thing: a segment, and the document it stands in (the cluster)."""

    id: str
    document: str


@dataclass(frozen=True)
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

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Every code that anyone gave, sorted."""
        return tuple(sorted(frozenset[str]().union(*(codes for row in self.given for codes in row if codes))))

    @cached_property
    def documents(self) -> Numbers:
        """The document of each unit, numbered from 0."""
        return _numbered([unit.document for unit in self.units])

    @cached_property
    def answers(self) -> NDArray[np.int8]:
        """Code (as in `codes`) × unit × coder: 1 given, 0 not, MISSING where the coder did not code the unit."""
        place = {code: number for number, code in enumerate(self.codes)}
        found = np.zeros((len(place), len(self.units), len(self.coders)), dtype=np.int8)
        rows = [*enumerate(self.given)]
        skipped = [(u, c) for u, row in rows if None in row for c, codes in enumerate(row) if codes is None]
        yes = [(place[code], u, c) for u, row in rows for c, codes in enumerate(row) if codes for code in codes]
        if yes:
            found[tuple(np.array(yes).T)] = 1
        if skipped:
            found[:, *np.array(skipped).T] = MISSING
        return found

    def of(self, *coders: str) -> Ratings:
        """The ratings of these coders only, in this order. Raises UsageError for a coder who is not there."""
        for coder in coders:
            if coder not in self.coders:
                raise UsageError(f"No coder is called {coder!r}.", f"The coders are: {', '.join(self.coders)}.")
        places = [self.coders.index(coder) for coder in coders]
        return Ratings(self.units, coders, tuple(tuple(row[place] for place in places) for row in self.given))

    def code(self, code: str) -> Grid:
        """One code as a yes/no/missing grid; its values are always (False, True)."""
        if code in self.codes:
            cells = self.answers[self.codes.index(code)].astype(np.int64)
        else:
            coded = [[MISSING if codes is None else 0 for codes in row] for row in self.given]
            cells = np.array(coded, dtype=np.int64).reshape(len(self.units), len(self.coders))
        return Grid((False, True), cells, self.documents)

    def sets(self) -> Grid:
        """The label sets as single values; those that occur, sorted by their codes."""
        return self._sets

    @cached_property
    def _sets(self) -> Grid:
        held = {codes for row in self.given for codes in row if codes is not None}
        grid = Grid.of(self.given, sorted(held or {Codes()}, key=_sorting))
        return Grid(grid.values, grid.cells.reshape(len(self.units), len(self.coders)), self.documents)

    def complete(self) -> Ratings:
        """The units that every coder coded."""
        kept = [place for place, row in enumerate(self.given) if None not in row]
        return Ratings(tuple(self.units[k] for k in kept), self.coders, tuple(self.given[k] for k in kept))

    def paired(self) -> Ratings:
        """The same units, missing for everybody where anybody did not code: figures of pairs stay comparable."""
        nobody = (None,) * len(self.coders)
        return Ratings(self.units, self.coders, tuple(nobody if None in row else row for row in self.given))

    def with_consensus(self, *coders: str, name: str = "consensus") -> Ratings:
        """These ratings with one more coder: the codes that more than half of `coders` gave.

        The coders of a unit are those who coded it. A tie gives no code: of two coders the consensus is what both
        gave. A unit that none of them coded stays missing.
        """
        rows = self.of(*coders).given
        given = tuple((*row, _majority(voices)) for row, voices in zip(self.given, rows, strict=True))
        return Ratings(self.units, (*self.coders, name), given)


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
