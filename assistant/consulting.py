"""What a model's tools do: a desk and what is asked of it in, lines of text for the model out. Writes nothing.

Passages and codings are documents' and models' words: they stand between fences, one coding to a line. Every list is
bounded, and says what it left out.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assistant import codebook as books
from assistant.codebook_csv import fold
from assistant.errors import UsageError
from assistant.exporting.layering import open_suggestion
from assistant.model import Code, Codebook, Record
from assistant.prompting import fence
from assistant.shelving import Desk
from assistant.speech import Source

SHOWN = 1_600  # code points of a passage that are shown; an opened one shows OPENED
OPENED = 6_000
MOST_FOUND = 12  # passages of one search
MOST_NEIGHBOURS = 3  # on each side of an opened passage
MOST_CODINGS = 30
MOST_CODES = 120
MOST_LABELS = 60  # open codes
MOST_QUOTES = 3  # of one case in a comparison
_QUOTE = 240  # code points of a coding's quote or reason
_DEFINITION = 200
_STATES = ("decided", "suggested", "rejected")
_SUGGESTED = "SUGGESTED by a model, decided by nobody"


@dataclass(frozen=True, slots=True)
class _Named:
    """The records of one code, with those of its sub-codes, and what it is called."""

    title: str
    records: list[Record] = field(default_factory=list)


def search(desk: Desk, query: str, case: str = "", limit: int = 6) -> str:
    """The passages that fit a query best, as numbered sources."""
    if not query.strip():
        raise UsageError("there is nothing to search for", "give words or a question")
    found, terms = desk.find(query, max(1, min(limit, MOST_FOUND)), desk.library.named_case(case))
    if not found:
        return "Nothing found, or no more sources may be shown. Try other words, or answer with what you have."
    said = f"{len(found)} passages, the best first."
    if terms:
        said += f" Also searched for the codebooks' words: {', '.join(terms[:12])}."
    return "\n".join((said, shown(found, SHOWN)))


def open_passage(desk: Desk, source: int = 0, document: int = 0, place: int = 0, neighbours: int = 1) -> str:
    """One passage at length with its neighbours, by its source number or by document and place."""
    if source:
        known = desk.sources.get(source)
        if known is None:
            raise UsageError(f"there is no source {source}", "search first; results are numbered")
        key: int | None = known.segment
    elif document and place:
        key = desk.library.segment_at(document, place)
    else:
        raise UsageError("which passage is meant is not said", "give source, or document and place")
    passage = desk.library.passage(key) if key is not None else None
    middle = desk.put(passage)
    if passage is None or middle is None:
        raise UsageError("there is no such passage that may be shown", "search for it instead")
    width = min(neighbours, MOST_NEIGHBOURS)
    around = [desk.put(p) for p in desk.library.around(passage.segment, width, width)] if width else []
    sources = sorted([middle, *(s for s in around if s is not None)], key=lambda s: s.place)
    return shown(sources, OPENED if len(sources) == 1 else OPENED // 2)


def list_codes(desk: Desk, codebook: str = "") -> str:
    """The codes of a codebook, or open codes ("open"), with how often people decided for each and models suggest it."""
    records = desk.library.shown_records()
    wanted = codebook.strip()
    known = desk.library.codebooks
    book = next((b for b in known if b.id == wanted), known[0] if not wanted and known else None)
    if book is None and wanted != "open":
        raise UsageError(f"there is no codebook {wanted!r}", f"known: {', '.join(b.id for b in known)}, open")
    lines = _codes_of(book, records) if book else []
    if wanted in ("", "open"):
        lines += _open_codes(records)
    return _fenced(lines, "codes") if lines else "There are no codes yet."


def list_codings(desk: Desk, code: str, case: str = "", state: str = "") -> str:
    """The codings with a code and its sub-codes; people's decisions first, each line saying what it is."""
    if state and state not in _STATES:
        raise UsageError(f"there is no state {state!r}", f"one of: {', '.join(_STATES)}")
    named = _named(desk, code)
    where = desk.library.named_case(case)
    found = [
        r for r in named.records if (not where or r.case == where) and _state(r) in ((state,) if state else _STATES)
    ]
    found.sort(key=lambda r: _STATES.index(_state(r)))  # stable: in the order of the texts within each
    counts = Counter(map(_state, found))
    said = ", ".join(f"{counts[s]} {s}" for s in _STATES if counts[s] or not state) or "none"
    head = f"{named.title}{f' in case {where}' if where else ''}: {said}."
    if not found:
        return f"{head} That nothing is coded does not mean that there is nothing."
    left = f"\n{len(found) - MOST_CODINGS} more are left out." if len(found) > MOST_CODINGS else ""
    return f"{head}\n{_fenced([_line(desk, r) for r in found[:MOST_CODINGS]], 'codings')}{left}"


def compare_cases(desk: Desk, code: str) -> str:
    """In how many segments of each case a code stands, decided apart from suggested, with some quotes."""
    named = _named(desk, code)
    lines = []
    for case in (*desk.library.cases, ""):
        found = [r for r in named.records if r.case == case and _state(r)]
        if found or case:
            lines.append(f"case {case or '(none)'}: {_tally(found)}")
        best = sorted((r for r in found if _state(r) != "rejected"), key=lambda r: _STATES.index(_state(r)))
        lines += [f"  {_line(desk, r)}" for r in best[:MOST_QUOTES]]
    return f"{named.title}, by case, in segments:\n{_fenced(lines, 'codings')}"


def shown(sources: Sequence[Source], most: int) -> str:
    """Sources as they are put before a model: where each stands, and its words between fences, cut at `most`."""
    mark = fence([source.text for source in sources])
    return "\n".join(
        f"source {s.number}: {_where(s)}\n«DATA {mark} source {s.number}»\n{cut(s.text.strip(), most)}\n«END {mark}»"
        for s in sources
    )


def cut(text: str, most: int) -> str:
    """The text, or its beginning with a word that the rest is left out."""
    return text if len(text) <= most else f"{text[:most]} … (cut; {len(text) - most} characters left out)"


def _where(source: Source) -> str:
    case = f", case {one_line(source.case)}" if source.case else ""
    return f"{one_line(source.document_name)} (document {source.document}{case}), place {source.place}"


def one_line(text: str, most: int = _QUOTE) -> str:
    """Foreign words on one line, so that none can pass for a line of ours."""
    words = " ".join(text.split())
    return words if len(words) <= most else f"{words[:most]}…"


def _fenced(lines: Sequence[str], what: str) -> str:
    mark = fence(list(lines))
    return "\n".join((f"«DATA {mark} {what}»", *lines, f"«END {mark}»"))


def _state(record: Record) -> str:
    """What a record is to a reader; "" for a suggestion that lives on in the coding a person made of it."""
    if record.coder.kind != "model":
        return "decided" if record.state != "rejected" else "rejected"
    if open_suggestion(record):
        return "suggested"
    return "rejected" if record.state == "rejected" else ""


def _line(desk: Desk, record: Record) -> str:
    """One coding on one line, with who stands behind it."""
    state = _state(record)
    if state == "decided":
        who = (
            f"DECIDED by {'gold coder' if record.coder.kind == 'gold' else 'person'} {one_line(record.coder.name, 60)}"
        )
    elif state == "suggested":
        who = _SUGGESTED
    else:
        who = f"REJECTED by person{f', because: {one_line(record.why)}' if record.why else ''}"
    source = desk.holding(record)
    where = f"source {source.number}, place {source.place}" if source else f"no source, place {record.segment}"
    sign = f" {record.polarity}" if record.polarity else ""
    name, case = one_line(record.document_name, 80), one_line(record.case, 40) or "-"
    stands = f"{where}, {name}, {case}"
    return f"- {who}: {one_line(record.code, 80)}{sign} ({stands}): “{one_line(record.quote)}”"


def _tally(records: Iterable[Record]) -> str:
    """Segments by state and polarity; one that people decided on counts no more as suggested."""
    places: dict[str, dict[tuple[int, int], set[str]]] = {state: {} for state in _STATES}
    for record in records:
        places[_state(record)].setdefault((record.document, record.segment), set()).add(record.polarity or "")
    open_only = {key: signs for key, signs in places["suggested"].items() if key not in places["decided"]}
    parts = []
    for name, found in (
        ("decided", places["decided"]),
        ("only suggested", open_only),
        ("rejected", places["rejected"]),
    ):
        signs = Counter(sign for each in found.values() for sign in each if sign)
        parts.append(f"{len(found)} {name}" + "".join(f", {count} of them {s}" for s, count in sorted(signs.items())))
    return "; ".join(parts) if any(places.values()) else "nothing coded, which does not mean that there is nothing"


def _named(desk: Desk, name: str) -> _Named:
    """What a code's name means: a code of a codebook in use, else an open code's label (UsageError if nothing)."""
    records = desk.library.shown_records()
    for book in desk.library.codebooks:
        code = books.resolve(book, name)
        if code is not None:
            return _Named(
                _title(code, book), [r for r in records if r.codebook == book.id and _within(r.code, code.id)]
            )
    found = [r for r in records if r.kind == "open" and fold(r.code) == fold(name)]
    if found:
        return _Named(f"open code {one_line(found[0].code, 80)}", found)
    labels = {r.code for r in records if r.kind == "open"}
    known = [c for book in desk.library.codebooks for code in book.codes for c in (code.id, code.zh, code.en) if c]
    near = difflib.get_close_matches(name, [*known, *labels], n=3, cutoff=0.5)
    raise UsageError(
        f"there is no code {one_line(name, 80)!r}", f"nearest: {', '.join(near) or 'none; see list_codes'}"
    )


def _within(code: str, above: str) -> bool:
    return code == above or code.startswith(f"{above}.")


def _title(code: Code, book: Codebook) -> str:
    names = " / ".join(name for name in (code.zh, code.en) if name)
    below = ", with its sub-codes" if any(other.id.startswith(f"{code.id}.") for other in book.codes) else ""
    return f"{code.id} {names}{below}"


def _codes_of(book: Codebook, records: Sequence[Record]) -> list[str]:
    counts = Counter((r.code, _state(r)) for r in records if r.codebook == book.id)
    return [
        f"- {code.id} {code.zh} / {code.en}: {one_line(code.definition or code.definition_zh, _DEFINITION)}"
        f" [{counts[code.id, 'decided']} decided, {counts[code.id, 'suggested']} suggested]"
        for code in book.codes[:MOST_CODES]
    ]


def _open_codes(records: Sequence[Record]) -> list[str]:
    decided = Counter(r.code for r in records if r.kind == "open" and _state(r) == "decided")
    suggested = Counter(r.code for r in records if r.kind == "open" and _state(r) == "suggested")
    ranked = sorted({*decided, *suggested}, key=lambda label: (-decided[label], -suggested[label], label))
    return [
        f"- open code {one_line(label, 80)} [{decided[label]} decided, {suggested[label]} suggested]"
        for label in ranked[:MOST_LABELS]
    ]
