"""A proposal and its source text in, suggestions with proven quotes or a discard out. Pure; the only maker of Quote.

A quote is `exact` or `folded` (equal up to `assistant.folding`), or it is not believed: words that are near but changed
are `edited`, and a person may repair them; words that stand more than once where they were looked for are `ambiguous`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import get_args

from assistant.errors import ProjectError, UsageError
from assistant.folding import Folded, fold, likely, standing
from assistant.model import (
    Discard,
    Flaw,
    Proposal,
    Quote,
    QuoteFlag,
    QuoteStatus,
    Segment,
    Span,
    Suggestion,
    SuggestionKind,
)
from assistant.negating import ChangeKind, Tokens, clips, kind_of_change, omits, passage

_TRUST: tuple[QuoteStatus, ...] = ("exact", "folded", "edited", "ambiguous", "not_found")
_WRAPPED = dict(zip("“\"”'‘「『«＂", "”\"“'’」』»＂", strict=True))
_EDGES = "“”\"„‟＂'‘’「」『』«»,.;:!?，。；：、！？()（）[]【】 \t\n\r\u3000"
_NESTED = str.maketrans("“”‘’「」『』", "‘’“”『』「」")  # a quotation inside a quotation changes its marks
_ELLIPSIS = re.compile(r"[\[(（【]?(?:…+|⋯+|\.(?:\s?\.){2,}|。{3,})[\])）】]?")
_MOST_PARTS = 8  # words with more gaps than this are no quote
_Op = tuple[bool, int, int, int, int]  # shared?, source tokens from and to, quote tokens from and to


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a quote's words in a text.

    `spans` is where they stand: one, one for each part of an elided quote, every place of an ambiguous one, or the
    nearest passage of an edited one. `part` is the part that fails; `likeness` is 100 for words that stand there, a
    fuzzy score (up to 100) for edited ones, 0 for those not found.
    """

    quote: str
    status: QuoteStatus
    spans: tuple[Span, ...] = ()
    flags: tuple[QuoteFlag, ...] = ()
    diff: str = ""  # the passage, with [-its words-]{+the quote's+} where they differ
    part: str = ""
    change: ChangeKind = ""
    likeness: float = 0.0

    @property
    def proven(self) -> bool:
        """Whether the words count as verified."""
        return self.status in ("exact", "folded")


def find(words: str, text: str | Folded, *, within: Span | None = None, widen: bool = False) -> Finding:
    """Look for a quote inside `within`; with `widen` also outside it, which sets `outside_segment`.

    Quotation marks that wrap the quote are left off where the bare words stand in the source. "A ... B" is looked for
    as it is first, then as parts in order; its status is the worst of its parts'.
    """
    found = _trace(words, _folded(text), within, widen)
    if len(found) == 1:
        return replace(found[0], quote=words)
    return Finding(
        quote=words,
        status=max((f.status for f in found), key=_TRUST.index),
        spans=tuple(span for f in found for span in f.spans),
        flags=tuple(dict.fromkeys(flag for f in found for flag in f.flags)),
        likeness=100.0,
    )


def verify(
    proposal: Proposal, segment: Segment, text: str | Folded, *, kind: SuggestionKind, widen: bool = False
) -> tuple[Suggestion, ...] | Discard:
    """Believe a proposal or not. An elided quote gives one suggestion for each part, or a discard naming what fails."""
    if not _says_something(proposal.quote):
        return _discard(proposal, "no_quote", f"no words of segment {segment.number} are quoted for this code")
    if not proposal.code.strip():
        return _discard(proposal, "no_code", f"words of segment {segment.number} are quoted, but no code is named")
    folded = _folded(text)
    found = _trace(proposal.quote, folded, segment.span, widen)
    failed = found[0]
    if failed.status != "exact" and failed.status != "folded":
        detail = _explain(failed, proposal.quote, segment, folded, widen)
        return _discard(proposal, failed.status, detail, failed.diff)
    return tuple(
        Suggestion(
            kind=kind,
            segment=segment.number,
            code=proposal.code.strip(),
            quote=_quote(finding, folded.source),
            polarity=proposal.polarity,
            modality=proposal.modality,
            voice=proposal.voice,
            rationale=proposal.rationale,
            confidence=proposal.confidence,
        )
        for finding in found
    )


def prove(span: Span, text: str | Folded) -> Quote:
    """The quote of a span that a person marked: exact by its nature, flagged like any other. UsageError if empty."""
    source = text if isinstance(text, str) else text.source
    if span.end > len(source) or not span.of(source).strip():
        raise UsageError(
            f"no words stand at {span.start} to {span.end} of a text of {len(source)} characters",
            "mark at least one word inside the document",
        )
    return Quote(span, span.of(source), "exact", clips(source, span))


def stored(span: Span, text: str, status: str, flags: Iterable[str]) -> Quote:
    """A quote as a project keeps it, proven before it was stored. ProjectError if the record is not one of a quote."""
    known: dict[str, QuoteFlag] = {flag: flag for flag in get_args(QuoteFlag)}
    names = tuple(flags)
    if status not in ("exact", "folded") or len(text) != span.end - span.start or not known.keys() >= set(names):
        raise ProjectError(
            f"the project holds a damaged quote at {span.start} to {span.end} (status {status!r}, flags {names})",
            "restore project.db from a backup, or suggest codes for this document again",
        )
    return Quote(span, text, "exact" if status == "exact" else "folded", tuple(known[name] for name in names))


def _folded(text: str | Folded) -> Folded:
    return fold(text) if isinstance(text, str) else text


def _quote(finding: Finding, source: str) -> Quote:
    (span,) = finding.spans
    return Quote(span, span.of(source), "exact" if finding.status == "exact" else "folded", finding.flags)


def _says_something(words: str) -> bool:
    """Whether there is more than punctuation and white space (an emoji says something)."""
    return any(unicodedata.category(character)[0] not in "PZC" for character in words)


def _discard(proposal: Proposal, flaw: Flaw, detail: str, diff: str = "") -> Discard:
    said = {name: value for name, value in asdict(proposal).items() if value not in ("", None)}
    return Discard(flaw, detail, json.dumps(said, ensure_ascii=False), proposal.code, proposal.quote, diff)


def _explain(failed: Finding, words: str, segment: Segment, text: Folded, widen: bool) -> str:
    """Why a quote is not believed, in plain words."""
    which = f"the part “{failed.part}” of the quote" if failed.part else "the quote"
    where = "the document" if widen else f"segment {segment.number}"
    if failed.status == "edited":
        what = {"negation": "a negation", "number": "a number", "name": "a name"}.get(failed.change, "words")
        return f"{which} changes {what} of {where}"
    if failed.status == "ambiguous":
        return f"{which} stands {len(failed.spans)} times in {where}, and nothing says which place is meant"
    if not widen and (_locate(failed.quote, text, None) or _search(words, text, None)[0].proven):
        return f"{which} does not stand in {where}; its words stand elsewhere in the document"
    return f"{which} does not stand in {where}"


def _trace(words: str, text: Folded, within: Span | None, widen: bool) -> tuple[Finding, ...]:
    """One finding for each proven part, or a single finding that is not proven."""
    inside = _search(words, text, within)
    if not widen or within is None or inside[0].proven or inside[0].status == "ambiguous":
        return inside
    outside = _search(words, text, None)
    if outside[0].status == "not_found" or outside[0].status == inside[0].status:
        return inside
    return tuple(
        f if all(map(within.contains, f.spans)) else replace(f, flags=(*f.flags, "outside_segment")) for f in outside
    )


def _search(words: str, text: Folded, within: Span | None) -> tuple[Finding, ...]:
    if not _says_something(words):
        return (Finding(words, "not_found"),)
    wordings = list(_wordings(words))
    for wording in wordings:
        if found := _locate(wording, text, within):
            return (found,)
    for wording in wordings:
        nested = wording.translate(_NESTED)
        if nested != wording and (found := _locate(nested, text, within)):
            return (replace(found, status="folded") if found.status == "exact" else found,)
    parts = [part for part in map(str.strip, _ELLIPSIS.split(words)) if _says_something(part)]
    if len(parts) > _MOST_PARTS or parts == [words.strip()] or not parts:
        return (_miss(wordings[-1], text, within),)
    return _chain(parts, text, within)


def _wordings(words: str) -> Iterator[str]:
    """The words as given, then without the quotation marks that wrap them."""
    words = words.strip()
    yield words
    while len(words) > 2 and _WRAPPED.get(words[0]) == words[-1]:
        words = words[1:-1].strip()
        yield words


def _chain(parts: list[str], text: Folded, within: Span | None) -> tuple[Finding, ...]:
    """The parts of an elided quote, each after the one before it; only one way to place them all proves them."""
    several = len(parts) > 1
    chain: list[Finding] = []
    missing: list[Finding] = []
    for part in parts:
        bare = part.strip(_EDGES)
        found = _locate(part, text, within) or _locate(bare, text, within)
        if found:
            chain.append(found)
        else:
            missing.append(_miss(bare, text, within))
    if missing:
        worst = max(missing, key=lambda finding: _TRUST.index(finding.status))
        return (replace(worst, part=worst.quote if several else ""),)
    after, before = 0, len(text.source)
    for index, finding in enumerate(chain):
        spans = tuple(span for span in finding.spans if span.start >= after)
        if not spans:
            return (Finding(finding.quote, "not_found", part=finding.quote),)
        chain[index] = replace(finding, spans=spans)
        after = min(span.end for span in spans)
    for index, finding in reversed(list(enumerate(chain))):
        spans = tuple(span for span in finding.spans if span.end <= before)
        chain[index] = _settled(finding.quote, spans, text)
        before = max(span.start for span in spans)
    unsettled = next((finding for finding in chain if not finding.proven), None)
    if unsettled:
        return (replace(unsettled, part=unsettled.quote if several else ""),)
    return _with_omissions(chain, text)


def _with_omissions(chain: list[Finding], text: Folded) -> tuple[Finding, ...]:
    """The parts, flagged where the words left out between two of them deny one: "I ... trust" of "I do not trust"."""
    flagged = list(chain)
    for index in range(len(chain) - 1):
        omitted = Span(chain[index].spans[0].end, chain[index + 1].spans[0].start)
        for part, denied in zip((index, index + 1), omits(text.source, omitted), strict=True):
            if denied and "clipped_negation" not in flagged[part].flags:
                flagged[part] = replace(flagged[part], flags=("clipped_negation", *flagged[part].flags))
    return tuple(flagged)


def _locate(words: str, text: Folded, within: Span | None) -> Finding | None:
    """Where the words stand, or None."""
    spans = standing(words, text, within)
    return _settled(words, spans, text) if spans else None


def _settled(words: str, spans: tuple[Span, ...], text: Folded) -> Finding:
    if len(spans) > 1:
        return Finding(words, "ambiguous", spans, likeness=100.0)
    status: QuoteStatus = "exact" if spans[0].of(text.source) == words else "folded"
    return Finding(words, status, spans, clips(text.source, spans[0]), likeness=100.0)


def _miss(words: str, text: Folded, within: Span | None) -> Finding:
    """The words do not stand there: edited, with the nearest passage, or not found."""
    quoted = fold(words)
    near = likely(quoted, text, within)
    if near is None:
        return Finding(words, "not_found")
    new = Tokens.of(quoted, Span(0, len(quoted.text)))
    old = passage(new, text, near[0], within)
    ops = _ops(old, new)
    changes = [(old.stretch(a, b), new.stretch(c, d)) for same, a, b, c, d in ops if not same]
    return Finding(
        words,
        "edited",
        (old.place(0, len(old.spans)),),
        diff=_diff(old, new, ops),
        change=kind_of_change(old, new, changes),
        likeness=near[1],
    )


def _ops(old: Tokens, new: Tokens) -> list[_Op]:
    """What is shared and what is changed between the passage and the quote, in order, changes side by side merged."""
    from rapidfuzz.distance import Indel

    ops: list[_Op] = []
    for op in Indel.opcodes(old.words, new.words):
        same = op.tag == "equal"
        if ops and ops[-1][0] == same:
            ops[-1] = (same, ops[-1][1], op.src_end, ops[-1][3], op.dest_end)
        else:
            ops.append((same, op.src_start, op.src_end, op.dest_start, op.dest_end))
    return ops


def _diff(old: Tokens, new: Tokens, ops: list[_Op]) -> str:
    """The passage on one line, with [-its words-]{+the quote's+} where they differ."""
    pieces: list[str] = []
    for same, a, b, c, d in ops:
        if pieces and (old.spaced(a) if a < b else new.spaced(c)):
            pieces.append(" ")
        if same:
            pieces.append(old.shown(a, b))
            continue
        pieces.append(f"[-{old.shown(a, b)}-]" if a < b else "")
        pieces.append(f"{{+{new.shown(c, d)}+}}" if c < d else "")
    return "".join(pieces)
