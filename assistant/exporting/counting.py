"""A `Study` in, the tables of counts that every readable export shows out. Pure.

A code counts once per segment (a block once per segment and polarity), however many coders or passages say so. Where
nothing was found, a count is 0 only if a run looked everywhere and finished; otherwise it is None: not known.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from assistant.exporting.layering import CodeKey, code_key, decided, open_suggestion
from assistant.model import Code, Codebook, Document, Record, RunRecord, Study, UnitState

UNIT_STATES: tuple[UnitState, ...] = ("pending", "coded", "none", "failed", "refused")
SIGNS: tuple[str | None, ...] = ("+", "-", "±", None)
CROWDED = 3  # blocks on one segment from which on a coder should look again


@dataclass(frozen=True, slots=True)
class Tally:
    """How often one code was suggested and what became of it, in records; the cases where it stands or is open."""

    key: CodeKey
    suggested: int
    accepted: int
    edited: int
    rejected: int
    people: int
    gold: int
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """Segments that carry a code, by case; None where it is not known that there are none."""

    key: CodeKey
    decided: tuple[int | None, ...]
    all: tuple[int | None, ...]  # with the suggestions that nobody has decided


@dataclass(frozen=True, slots=True)
class BlockCell:
    """Segments that carry a block in a case, by polarity: decided ones, and those only suggested so far."""

    decided: tuple[tuple[str | None, int], ...]
    suggested: tuple[tuple[str | None, int], ...]
    known: bool  # whether emptiness means zero


@dataclass(frozen=True, slots=True)
class BlockTable:
    """The top-level blocks of one codebook by case."""

    codebook: Codebook
    blocks: tuple[Code, ...]
    rows: tuple[tuple[str, tuple[BlockCell, ...]], ...]


def cases(study: Study) -> tuple[str, ...]:
    """The cases in the order of the documents; "" is that of the documents without one."""
    return tuple(dict.fromkeys([*(d.case for d in study.documents), *(r.case for r in study.records)]))


def current(study: Study) -> tuple[Document, ...]:
    """Of each document the newest version."""
    newest = {d.name: d for d in sorted(study.documents, key=lambda d: d.version)}
    return tuple(d for d in study.documents if newest[d.name] is d)


def first_runs(study: Study) -> tuple[RunRecord, ...]:
    """The runs whose units count: repeats ask about the same segments again, and checks about what others suggested."""
    return tuple(r for r in study.runs if r.repeat == 1 and r.parent is None)


def complete(study: Study, kind: str, codebook: str) -> bool:
    """Whether one finished run for that kind and lens asked about every segment of the study (headings apart).

    A joint run is for both kinds.
    """
    wanted = sum(s.kind != "heading" for d in current(study) for s in study.segments.get(d.id, ()))
    return any(
        (r.kind == kind or bool(r.parameters.get("joint")))
        and (kind == "open" or r.lens == codebook)
        and not any(r.units.get(s) for s in ("pending", "failed", "refused"))
        and sum(r.units.values()) >= wanted > 0
        for r in first_runs(study)
    )


def units(study: Study) -> dict[UnitState, int]:
    """Units by state, of all runs but repeats and checks."""
    return {state: sum(r.units.get(state, 0) for r in first_runs(study)) for state in UNIT_STATES}


def outcomes(study: Study) -> dict[str, int]:
    """Models' suggestions by what people decided about them."""
    states = Counter(r.state for r in study.records if r.coder.kind == "model")
    return {state: states[state] for state in ("suggested", "accepted", "edited", "rejected")}


def tallies(study: Study) -> list[Tally]:
    """One row per code: the codes of every codebook in use in its order, then open codes, the most frequent first."""
    found: dict[CodeKey, list[Record]] = {key: [] for key in _book_keys(study)}
    for record in study.records:
        found.setdefault(code_key(record), []).append(record)
    columns = cases(study)
    rows = [_tally(key, records, columns) for key, records in found.items()]
    books = [t for t in rows if t.key[0] == "assignment"]
    loose = [t for t in rows if t.key[0] == "open"]
    return books + sorted(loose, key=lambda t: (-(t.people + t.gold + t.suggested), t.key))


def _tally(key: CodeKey, records: Sequence[Record], columns: Sequence[str]) -> Tally:
    states = Counter(r.state for r in records if r.coder.kind == "model")
    kinds = Counter(r.coder.kind for r in records if decided(r))
    where = {r.case for r in records if decided(r) or open_suggestion(r)}
    return Tally(
        key=key,
        suggested=states["suggested"],
        accepted=states["accepted"],
        edited=states["edited"],
        rejected=states["rejected"],
        people=kinds["human"],
        gold=kinds["gold"],
        cases=tuple(c for c in columns if c in where),
    )


def _book_keys(study: Study) -> list[CodeKey]:
    used = {r.codebook for r in study.records if r.kind == "assignment"}
    used |= {r.lens for r in study.runs if r.kind == "assignment"}
    return [("assignment", b.id, c.id) for b in study.codebooks if b.id in used for c in b.codes]


def matrix(study: Study) -> list[MatrixRow]:
    """Code by case: in how many segments each code stands."""
    columns = cases(study)
    certain = _segments(study.records, decided)
    every = _segments(study.records, lambda r: decided(r) or open_suggestion(r))
    zero: dict[tuple[str, str], int | None] = {}
    rows = []
    for tally in tallies(study):
        about = tally.key[:2]
        if about not in zero:
            zero[about] = 0 if complete(study, *about) else None
        rows.append(
            MatrixRow(
                tally.key,
                tuple(certain[tally.key, case] or zero[about] for case in columns),
                tuple(every[tally.key, case] or zero[about] for case in columns),
            )
        )
    return rows


def _segments(records: Iterable[Record], wanted: Callable[[Record], bool]) -> Counter[tuple[CodeKey, str]]:
    found = {(code_key(r), r.case, r.document, r.segment) for r in records if wanted(r)}
    return Counter((key, case) for key, case, _, _ in found)


def parent(code: Code) -> str:
    """The id of the code above, "" at the top."""
    return code.parent or code.id.rpartition(".")[0]


def blocks(book: Codebook) -> tuple[Code, ...]:
    """A codebook's top-level codes; below a single code that heads all others, its children."""
    ids = {c.id for c in book.codes}
    top = tuple(c for c in book.codes if parent(c) not in ids)
    below = tuple(c for c in book.codes if len(top) == 1 and parent(c) == top[0].id)
    return below or top


def block_of(book: Codebook) -> dict[str, str]:
    """For each code id of the book the id of its block."""
    ids = {c.id: c for c in book.codes}
    tops = {c.id for c in blocks(book)}
    found = {}
    for code in book.codes:
        at, seen = code.id, set[str]()
        while at not in tops and at in ids and at not in seen:
            seen.add(at)
            at = parent(ids[at])
        if at in tops:
            found[code.id] = at
    return found


def block_tables(study: Study) -> list[BlockTable]:
    """For each codebook with codings: its blocks by case and polarity."""
    books = {b.id: b for b in study.codebooks}
    used = dict.fromkeys(r.codebook for r in study.records if r.kind == "assignment")
    return [_block_table(study, books[b]) for b in used if b in books]


def _block_table(study: Study, book: Codebook) -> BlockTable:
    home = block_of(book)
    certain: dict[tuple[str, str], set[tuple[int, int, str | None]]] = defaultdict(set)
    open_: dict[tuple[str, str], set[tuple[int, int, str | None]]] = defaultdict(set)
    for r in study.records:
        if r.kind != "assignment" or r.codebook != book.id or r.code not in home:
            continue
        target = certain if decided(r) else open_ if open_suggestion(r) else None
        if target is not None:
            target[r.case, home[r.code]].add((r.document, r.segment, r.polarity))
    known = complete(study, "assignment", book.id)
    tops = blocks(book)

    def cell(case: str, block: str) -> BlockCell:
        sure = certain[case, block]
        return BlockCell(_by_sign(sure), _by_sign(open_[case, block] - sure), known)

    rows = tuple((case, tuple(cell(case, b.id) for b in tops)) for case in cases(study))
    return BlockTable(book, tops, rows)


def _by_sign(found: Iterable[tuple[int, int, str | None]]) -> tuple[tuple[str | None, int], ...]:
    signs = Counter(sign for _, _, sign in found)
    return tuple((sign, signs[sign]) for sign in SIGNS if signs[sign])


def crowded(study: Study) -> dict[tuple[int, int], tuple[Code, ...]]:
    """Segments (document id, number) on which one coder put three or more blocks of one codebook, with the blocks."""
    books = {b.id: (block_of(b), blocks(b)) for b in study.codebooks}
    on: dict[tuple[int, int, object, str], set[str]] = defaultdict(set)
    for r in study.records:
        book = r.codebook or ""
        if r.kind == "assignment" and r.state != "rejected" and r.code in books.get(book, ({}, ()))[0]:
            on[r.document, r.segment, r.coder, book].add(books[book][0][r.code])
    found: dict[tuple[int, int], tuple[Code, ...]] = {}
    for (document, segment, _, book), ids in on.items():
        if len(ids) >= CROWDED and len(ids) > len(found.get((document, segment), ())):
            found[document, segment] = tuple(c for c in books[book][1] if c.id in ids)
    return found
