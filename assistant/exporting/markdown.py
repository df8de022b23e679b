"""A `Study` in, a Markdown summary for a paper out: question, texts, codes with quotes, counts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from assistant.exporting import counting
from assistant.exporting.labels import Labels, labels
from assistant.exporting.layering import CodeKey, Layer, stack
from assistant.exporting.naming import Names
from assistant.exporting.report.listing import UNKNOWN, block_views, count, discards, runs
from assistant.exporting.report.noting import Note, Notes
from assistant.exporting.saving import encode
from assistant.model import DiscardRecord, Study

_SPECIAL = re.compile(r"[\\`*_\[\]<>&|~$#]")
_AT_START = re.compile(r"^(\s*)([-+=:]|\d+(?=[.)]))", re.MULTILINE)
_BREAK = re.compile(r"\s*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]\s*")


def plain(text: str) -> str:
    r"""`text` so that Markdown prints it as it is: signs it would act on behind a backslash, no raw HTML."""
    escaped = _SPECIAL.sub(r"\\\g<0>", text)
    return _AT_START.sub(lambda m: m[1] + (m[2] + "\\" if m[2].isdigit() else "\\" + m[2]), escaped)


def inline(text: str) -> str:
    """The same in one line, for headings, list items and table cells."""
    return plain(_BREAK.sub(" ", text.strip()))


def quoted(text: str) -> str:
    """The same as a block quote, line by line."""
    lines = [plain(line.strip()) for line in _BREAK.split(text.strip())]
    return "\n".join(f"> {line}" if line else ">" for line in lines)


def fenced(text: str) -> str:
    """`text` as a code block that nothing in it can close."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A pipe table; the cells are Markdown already."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def dump(study: Study, language: str) -> bytes:
    """The summary in UTF-8, its headings in `language`."""
    words = labels(language)
    names = Names(study, words)
    notes = Notes(study, names)
    parts = [f"# {inline(study.name or words['untitled'])}"]
    if study.question:
        parts.append(f"**{words['question']}{words['colon'].rstrip()}** {inline(study.question)}")
    if study.documents:
        parts += _documents(study, names)
        parts += _done(study, names)
        parts += _blocks(study, names, notes)
        parts += _codes(study, names, notes)
        parts += _discards(study, words)
    else:
        parts += [f"## {words['empty_title']}", words["empty_text"]]
    return encode("\n\n".join(parts) + "\n")


def _documents(study: Study, names: Names) -> Iterator[str]:
    words = names.labels
    heads = [words[k] for k in ("id", "document", "case", "kind", "language", "length", "segments")]
    yield f"## {words['documents']}"
    yield table(
        [*heads, "SHA-256"],
        (
            [
                str(d.id),
                inline(d.name),
                inline(names.case(d.case)),
                words.of("doc", d.kind),
                words.of("language", d.language),
                str(len(d.text)),
                str(len(study.segments.get(d.id, ()))),
                f"`{d.sha256[:12]}`",
            ]
            for d in study.documents
        ),
    )


def _done(study: Study, names: Names) -> Iterator[str]:
    words = names.labels
    yield f"## {words['what_was_done']}"
    found = counting.outcomes(study)
    if study.runs:
        heads = [words[k] for k in ("run", "kind", "model", "lens", "template", "started", "question")]
        yield table(
            [*heads, *(words.of("unit", s) for s in counting.UNIT_STATES), words["errors"]],
            (
                [
                    str(r.run.id),
                    names.run(r.run),
                    inline(r.model),
                    inline(f"{r.lens} {(r.run.codebook_version or '')[:12]}"),
                    inline(r.run.template),
                    r.run.started[:16].replace("T", " "),
                    inline(r.run.question),
                    *(str(n) for _, n in r.units),
                    inline(r.errors),
                ]
                for r in runs(study, names)
            ),
        )
        yield words["units_note"]
    units = counting.units(study)
    if units["pending"] or units["failed"] or units["refused"]:
        yield f"**{words['incomplete'].format(units['pending'], units['failed'], units['refused'])}**"
    if sum(found.values()):
        shares = words["comma"].join(f"{n} {words.of('state', state)}" for state, n in found.items())
        yield f"{words['decisions']}{words['colon']}{shares}."


def _blocks(study: Study, names: Names, notes: Notes) -> Iterator[str]:
    words = names.labels
    for view in block_views(study, names, notes):
        yield f"## {inline(words['by_case'].format(view.title))}"
        rows = []
        for case, cells in view.rows:
            rows.append([inline(case)])
            for certain, open_, empty in cells:
                found = [f"**{' '.join(f'{sign}{n}' for sign, n in certain)}**"] if certain else []
                found += [f"○ {' '.join(f'{sign}{n}' for sign, n in open_)}"] if open_ else []
                rows[-1].append(" ".join(found) or empty)
        yield table([words["case"], *(inline(label) for label, _ in view.heads)], rows)
        yield words["blocks_note"]


def _codes(study: Study, names: Names, notes: Notes) -> Iterator[str]:
    words = names.labels
    tallies = counting.tallies(study)
    if not tallies:
        return
    yield f"## {words['codes']}"
    states = [words.of("state", s) for s in ("suggested", "accepted", "edited", "rejected")]
    yield table(
        [words["code"], *states, words["people_codings"], words["gold_codings"], words["cases"]],
        (
            [
                inline(names.code(t.key)),
                *(str(n) for n in (t.suggested, t.accepted, t.edited, t.rejected, t.people, t.gold)),
                inline(words["comma"].join(names.case(c) for c in t.cases)) or UNKNOWN,
            ]
            for t in tallies
        ),
    )
    columns = counting.cases(study)
    yield table(
        [words["code_by_case"], *(inline(names.case(c)) for c in columns)],
        (
            [
                inline(names.code(row.key)),
                *(
                    count(a) if a == b else f"{count(a)} / {count(b)}"
                    for a, b in zip(row.decided, row.all, strict=True)
                ),
            ]
            for row in counting.matrix(study)
        ),
    )
    yield words["matrix_note"]
    yield f"{words['offsets_note']} {words['rejected_listed']}"
    under: dict[CodeKey, list[Layer]] = {}
    for layer in stack(study):
        if layer.standing in ("decided", "suggested"):
            under.setdefault(layer.code, []).append(layer)
    for tally in tallies:
        if tally.key in under:
            yield from _code(tally.key, under[tally.key], names, notes)


def _code(key: CodeKey, layers: Iterable[Layer], names: Names, notes: Notes) -> Iterator[str]:
    other = names.other(key)
    identity = f" `{key[2]}`" if key[0] == "assignment" and "`" not in key[2] else ""
    yield f"### {inline(names.code(key))}{f' ({inline(other)})' if other else ''}{identity}"
    for layer in layers:
        note = notes.note(layer)
        yield f"{quoted(note.quote)}\n>\n> — {_place(layer, note, names)}"


def _place(layer: Layer, note: Note, names: Names) -> str:
    words = names.labels
    coders = words["comma"].join(inline(f"{line.coder} ({line.state})") for line in note.lines)
    parts = [
        inline(names.case(note.case)),
        inline(note.document_name),
        words["place"].format(note.segment, layer.span.start, layer.span.end),
        *([note.lines[0].attributes] if note.lines[0].attributes else []),
        coders,
        *(f"**⚠ {flag}**" for flag in note.flags),
        *([] if layer.placed else [f"**⚠ {words['unplaced']}**"]),
    ]
    return " · ".join(parts)


def _discards(study: Study, words: Labels) -> Iterator[str]:
    if not study.discards:
        return
    yield f"## {words['discards']}"
    yield words["discards_note"]
    for flaw, found in discards(study):
        yield f"### {words.of('flaw', flaw)} ({len(found)})"
        yield from (_discard(d, words) for d in found)


def _discard(discard: DiscardRecord, words: Labels) -> str:
    where = f"{inline(discard.document_name)} · {words['segment']} {discard.segment} · {words['run']} {discard.run}"
    parts = [" · ".join([where, *(inline(x) for x in (discard.code, discard.detail) if x)])]
    if discard.quote:
        parts.append(quoted(discard.quote))
    if discard.diff:
        parts.append(fenced(discard.diff))
    return "\n\n".join(parts)
