"""A `Study` in, the lists of the report around the texts out: runs, blocks, codes with quotes, discards. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from assistant.exporting.counting import (
    UNIT_STATES,
    BlockCell,
    MatrixRow,
    block_tables,
    matrix,
)
from assistant.exporting.layering import CodeKey, Layer
from assistant.exporting.naming import Names
from assistant.exporting.report.noting import Note, Notes, sign
from assistant.model import Code, DiscardRecord, RunRecord, Study

UNKNOWN = "–"
_CHANGE = re.compile(r"(\[-.*?-\]|\{\+.*?\+\})", re.DOTALL)
Signed = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class RunView:
    """One run with its honest model name and its units in the order of the states."""

    run: RunRecord
    what: str
    model: str
    lens: str
    units: tuple[tuple[str, int], ...]
    errors: str


@dataclass(frozen=True, slots=True)
class BlockView:
    """One codebook's blocks by case; each cell: decided, suggested, and what stands where both are empty."""

    title: str
    heads: tuple[tuple[str, str], ...]  # label and colour
    rows: tuple[tuple[str, tuple[tuple[Signed, Signed, str], ...]], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One code with its notes and its counts by case (decided / with undecided suggestions)."""

    number: int
    key: CodeKey
    label: str
    other: str
    hue: str
    row: Code | None
    depth: int
    cells: tuple[tuple[str, str], ...]
    notes: tuple[Note, ...]

    @property
    def definition(self) -> str:
        """What the codebook says the code means, in English."""
        return self.row.definition if self.row else ""

    @property
    def definition_zh(self) -> str:
        """What the codebook says the code means, in Chinese."""
        return self.row.definition_zh if self.row else ""


@dataclass(frozen=True, slots=True)
class Group:
    """A codebook's codes, or the open codes, and what the filter offers of them."""

    title: str
    entries: Sequence[Entry]
    options: Sequence[tuple[str, str]]


def runs(study: Study, names: Names) -> list[RunView]:
    """Every run of the study."""
    return [
        RunView(
            run=r,
            what=names.run(r),
            model=names.model(r.model),
            lens=names.book(r.lens) if r.lens else "",
            units=tuple((state, r.units.get(state, 0)) for state in UNIT_STATES),
            errors=", ".join(f"{kind}: {n}" for kind, n in sorted(r.errors.items())),
        )
        for r in study.runs
    ]


def block_views(study: Study, names: Names, notes: Notes) -> list[BlockView]:
    """The blocks of every codebook with codings, by case."""
    found = []
    for table in block_tables(study):
        heads = tuple(
            (b.label(names.language), notes.hue(("assignment", table.codebook.id, b.id))) for b in table.blocks
        )
        rows = tuple((names.case(case), tuple(_cell(c) for c in cells)) for case, cells in table.rows)
        found.append(BlockView(names.book(table.codebook.id), heads, rows))
    return found


def _cell(cell: BlockCell) -> tuple[Signed, Signed, str]:
    empty = "" if cell.decided or cell.suggested else "0" if cell.known else UNKNOWN
    return _signed(cell.decided), _signed(cell.suggested), empty


def _signed(counts: Iterable[tuple[str | None, int]]) -> Signed:
    return tuple((sign(polarity), n) for polarity, n in counts)


def groups(study: Study, made: Sequence[tuple[Layer, Note]], names: Names, notes: Notes) -> list[Group]:
    """Every code of the books in use, and every open code, with the passages under it."""
    under: dict[CodeKey, list[Note]] = {}
    for layer, note in made:
        under.setdefault(layer.code, []).append(note)
    rows = matrix(study)
    keys = {row.key for row in rows}
    books: dict[tuple[str, str], list[Entry]] = {}
    for row in rows:
        found = tuple(under.get(row.key, ()))
        books.setdefault(row.key[:2], []).append(_entry(row, len(_above(row.key, keys)), found, names, notes))
    return [
        Group(names.labels["open_codes"] if kind == "open" else names.book(book), entries, _options(entries))
        for (kind, book), entries in books.items()
    ]


def _entry(row: MatrixRow, depth: int, found: tuple[Note, ...], names: Names, notes: Notes) -> Entry:
    key = row.key
    return Entry(
        number=notes.numbers[key],
        key=key,
        label=names.code(key),
        other=names.other(key),
        hue=notes.hue(key),
        row=names.row(key),
        depth=depth,
        cells=tuple((count(a), count(b)) for a, b in zip(row.decided, row.all, strict=True)),
        notes=found,
    )


def count(n: int | None) -> str:
    """A count as printed; what is not known is a dash, never 0."""
    return UNKNOWN if n is None else str(n)


def changes(diff: str) -> list[tuple[str, str]]:
    """A difference as (sort, words): "del" for the source's words, "ins" for the model's, "" for what both have."""
    sorts = {"[-": "del", "{+": "ins"}
    parts = [(sorts.get(part[:2], "") if n % 2 else "", part) for n, part in enumerate(_CHANGE.split(diff))]
    return [(sort, part[2:-2] if sort else part) for sort, part in parts if part]


def discards(study: Study) -> list[tuple[str, list[DiscardRecord]]]:
    """What was discarded, by flaw, the most frequent first."""
    groups: dict[str, list[DiscardRecord]] = {}
    for d in study.discards:
        groups.setdefault(d.flaw, []).append(d)
    return sorted(groups.items(), key=lambda g: (-len(g[1]), g[0]))


def _options(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """For the filter: value and label of each code with passages; the value names the codes below it as well."""
    within: dict[CodeKey, list[int]] = {e.key: [] for e in entries}
    for entry in entries:
        for key in (entry.key, *_above(entry.key, within)) if entry.notes else ():
            within[key].append(entry.number)
    return [(" ".join(map(str, numbers)), e.label) for e in entries if (numbers := within[e.key])]


def _above(key: CodeKey, known: Container[CodeKey]) -> list[CodeKey]:
    """The codes that head this one, by the dots of its id; an open label is no id and has none."""
    kind, book, code = key
    words = code.split(".") if kind == "assignment" else []
    above = ((kind, book, ".".join(words[:n])) for n in range(1, len(words)))
    return [k for k in above if k in known]
