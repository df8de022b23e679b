"""A `Study` in, the sheets of its workbook out, as values. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.exporting.counting import UNIT_STATES, cases, first_runs, matrix, tallies
from assistant.exporting.labels import Labels
from assistant.exporting.layering import code_key
from assistant.exporting.naming import Names
from assistant.exporting.report.listing import UNKNOWN
from assistant.exporting.report.noting import sign
from assistant.model import Code, Codebook, Record, Study

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading and its width in characters."""

    head: str
    width: float = 12


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with the sentences that stand above it."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    above: Sequence[str] = ()


def sheets(study: Study, words: Labels) -> list[Sheet]:
    """All sheets, in the order of their tabs; a study with nothing in it has the same sheets, empty."""
    names = Names(study, words)
    return [
        _codings(study, names),
        _by_code(study, names),
        _code_by_case(study, names),
        _discards(study, words),
        _runs(study, names),
        _codebook(study, words),
        _documents(study, names),
    ]


def _columns(words: Labels, *wanted: tuple[str, float]) -> list[Column]:
    return [Column(words[key], width) for key, width in wanted]


def _codings(study: Study, names: Names) -> Sheet:
    columns = _columns(
        names.labels,
        *(("id", 7), ("document", 22), ("case", 14), ("segment", 9), ("quote", 60), ("code_id", 20)),
        *(("code_zh", 16), ("code_en", 18), ("polarity", 9), ("modality", 11), ("voice", 16), ("status", 18)),
        *(("flags", 18), ("coder", 22), ("coder_kind", 10), ("state", 12), ("rationale", 40), ("confidence", 10)),
        *(("why", 30), ("kind", 14), ("start", 8), ("end", 8), ("suggestions", 11), ("run", 7), ("created", 20)),
    )
    return Sheet(names.labels["codings"], columns, [_coding(r, names) for r in study.records])


def _coding(r: Record, names: Names) -> list[Value]:
    words = names.labels
    zh, en = names.both(code_key(r))
    return [
        *(r.id, r.document_name, r.case, r.segment, r.quote, r.code, zh, en, sign(r.polarity)),
        *(words.of("modality", r.modality), words.of("voice", r.voice), words.of("status", r.quote_status)),
        words["comma"].join(words.of("flag", f) for f in r.flags),
        *(names.coder(r.coder), words.of("coder", r.coder.kind), words.of("state", r.state)),
        *(r.rationale, r.confidence, r.why, words.of("kind", r.kind), r.start, r.end, r.suggestion, r.run, r.created),
    ]


def _by_code(study: Study, names: Names) -> Sheet:
    words = names.labels
    states = [Column(words.of("state", s), 12) for s in ("suggested", "accepted", "edited", "rejected")]
    columns = [
        *_columns(words, ("code_id", 28), ("code_zh", 18), ("code_en", 22)),
        *states,
        *_columns(words, ("people_codings", 14), ("gold_codings", 14), ("cases", 40)),
    ]
    rows: list[list[Value]] = [
        [
            *(t.key[2], *names.both(t.key), t.suggested, t.accepted, t.edited, t.rejected, t.people, t.gold),
            words["comma"].join(names.case(c) for c in t.cases),
        ]
        for t in tallies(study)
    ]
    return Sheet(words["by_code"], columns, rows)


def _code_by_case(study: Study, names: Names) -> Sheet:
    words = names.labels
    columns = [
        *_columns(words, ("basis", 20), ("code_id", 28), ("code", 22)),
        *(Column(names.case(c), 14) for c in cases(study)),
        Column(words["total"], 10),
    ]
    rows: list[list[Value]] = []
    for row in matrix(study):
        for basis, counts in (("basis_decided", row.decided), ("basis_all", row.all)):
            known = [n for n in counts if n is not None]
            cells = [UNKNOWN if n is None else n for n in counts]
            rows.append([words[basis], row.key[2], names.code(row.key), *cells, sum(known) if known else UNKNOWN])
    rows += _open_units(study, names)
    return Sheet(words["code_by_case"], columns, rows, (words["matrix_note"], words["units_note"]))


def _open_units(study: Study, names: Names) -> Iterator[list[Value]]:
    """Units that gave no answer, in rows of their own: a run knows them in all, not by case."""
    words = names.labels
    for run in first_runs(study):
        for state in ("failed", "refused", "pending"):
            if n := run.units.get(state, 0):
                row = words["units_row"].format(words.of("unit", state), run.id)
                yield [words.of("unit", state), "", row, *(UNKNOWN for _ in cases(study)), n]


def _discards(study: Study, words: Labels) -> Sheet:
    columns = _columns(
        words,
        *(("flaw", 24), ("detail", 40), ("quote", 50), ("diff", 50), ("code", 22)),
        *(("document", 22), ("segment", 9), ("run", 7), ("id", 7)),
    )
    rows: list[list[Value]] = [
        [words.of("flaw", d.flaw), d.detail, d.quote, d.diff, d.code, d.document_name, d.segment, d.run, d.id]
        for d in study.discards
    ]
    return Sheet(words["discards"], columns, rows, (words["discards_note"],))


def _runs(study: Study, names: Names) -> Sheet:
    words = names.labels
    columns = [
        *_columns(words, ("run", 7), ("kind", 14), ("model", 34), ("template", 26), ("lens", 14), ("version", 16)),
        *_columns(words, ("question", 40), ("started", 20)),
        *(Column(words.of("unit", s), 10) for s in UNIT_STATES),
        *_columns(words, ("errors", 24), ("tokens_in", 11), ("tokens_out", 11), ("tokens_cached", 11)),
        *_columns(words, ("parameters", 40)),
    ]
    rows: list[list[Value]] = [
        [
            *(r.id, names.run(r), names.model(r.model), r.template, r.lens, r.codebook_version),
            *(r.question, r.started),
            *(r.units.get(s, 0) for s in UNIT_STATES),
            words["comma"].join(f"{kind} {n}" for kind, n in sorted(r.errors.items())),
            *(r.usage.input, r.usage.output, r.usage.cached),
            json.dumps(r.parameters, ensure_ascii=False, sort_keys=True) if r.parameters else "",
        ]
        for r in study.runs
    ]
    return Sheet(words["runs"], columns, rows, (words["units_note"],))


def _codebook(study: Study, words: Labels) -> Sheet:
    columns = _columns(
        words,
        *(("codebook", 14), ("version", 16), ("code_id", 24), ("code_zh", 16), ("code_en", 18)),
        *(("definition", 50), ("definition_zh", 50), ("include", 40), ("exclude", 40), ("aliases", 20), ("facet", 14)),
    )
    return Sheet(words["codebook"], columns, [_code(b, c) for b in study.codebooks for c in b.codes])


def _code(book: Codebook, code: Code) -> list[Value]:
    return [
        *(book.id, book.version, code.id, code.zh, code.en, code.definition, code.definition_zh),
        *("\n".join(code.include), "\n".join(code.exclude), "\n".join(code.aliases), code.facet),
    ]


def _documents(study: Study, names: Names) -> Sheet:
    words = names.labels
    columns = [
        *_columns(words, ("id", 7), ("document", 30), ("case", 16), ("kind", 12), ("language", 18), ("length", 11)),
        *_columns(words, ("segments", 10), ("version", 8), ("format", 9), ("encoding", 12)),
        Column("SHA-256", 66),
        Column(words["notes"], 50),
    ]
    rows: list[list[Value]] = [
        [
            *(d.id, d.name, d.case, words.of("doc", d.kind), words.of("language", d.language), len(d.text)),
            *(len(study.segments.get(d.id, ())), d.version, d.media_type, d.encoding, d.sha256, "\n".join(d.notes)),
        ]
        for d in study.documents
    ]
    return Sheet(words["documents"], columns, rows)
