"""A suggestion and a person's decision in, that person's coding (or nothing, for a reject) out. Pure.

A quote a person types is proven like a model's: it must stand in the document, exactly or up to the declared fold.
"""

from __future__ import annotations

from assistant import codebook as books, verifying
from assistant.errors import UsageError
from assistant.folding import Folded
from assistant.model import Codebook, Decision, Quote, Record, Segment, Span, Suggestion


def decide(record: Record, decision: Decision) -> Suggestion | None:
    """The coding a decision makes of a suggestion; None for a reject (UsageError if the decision lacks something)."""
    if decision.action == "reject":
        return None
    if decision.action == "edit" and not _changes(decision):
        raise UsageError(
            f"nothing to edit in suggestion {record.id}",
            "name what changes: --code, --quote, --polarity, --modality or --voice; or use: codart accept",
        )
    return Suggestion(
        kind=record.kind,
        segment=record.segment,
        code=decision.code or record.code,
        quote=decision.quote or _quote(record),
        polarity=decision.polarity or record.polarity,
        modality=decision.modality or record.modality,
        voice=decision.voice or record.voice,
        rationale=decision.why,  # the person's own; the model's stays with the suggestion
    )


def code_for(record: Record, name: str, codebook: Codebook | None) -> str:
    """The code a person names, as the suggestion's codebook writes it; open codes take any label."""
    label = " ".join(name.split())
    if not label:
        raise UsageError("a code needs a name", f'codart edit {record.id} --code "…"')
    if record.kind == "open":
        known = books.resolve(codebook, label) if codebook else None
        if codebook and known and known.id == label:
            raise UsageError(
                f"suggestion {record.id} is an open code, and {label} is a code of the codebook {codebook.id}",
                "edit an assignment instead: codart suggestions list --kind assignment",
            )
        return label
    if codebook is None:
        raise UsageError(f"codebook {record.codebook} of suggestion {record.id} is missing", "codart codebook list")
    code = books.resolve(codebook, label)
    if code is None:
        raise UsageError(
            f"codebook {codebook.id} has no code {label!r}", f"see its codes with: codart codebook show {codebook.id}"
        )
    return code.id


def quote_for(words: str, segment: Segment, document: Folded) -> Quote:
    """The quote a person gives, proven in the suggestion's segment, or else in its document."""
    for widen in (False, True):
        finding = verifying.find(words, document, within=segment.span, widen=widen)
        if finding.status in ("exact", "folded") and len(finding.spans) == 1:
            return verifying.prove(finding.spans[0], document)
    what = {
        "edited": f"these words are changed in the document: {finding.diff}",
        "ambiguous": f"these words stand {len(finding.spans)} times in the document",
    }.get(finding.status, "these words do not stand in the document as one piece")
    raise UsageError(f"cannot take that quote: {what}", f'look it up with: codart quote "{words[:40]}"')


def _changes(decision: Decision) -> bool:
    return any((decision.code, decision.quote, decision.polarity, decision.modality, decision.voice))


def _quote(record: Record) -> Quote:
    return verifying.stored(Span(record.start, record.end), record.quote, record.quote_status, record.flags)
