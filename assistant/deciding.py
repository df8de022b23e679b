"""A project, suggestions by id and what a person decided in, the stored decisions out. All of them, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

from assistant import reviewing
from assistant.errors import UsageError
from assistant.folding import fold
from assistant.model import Decision, Record, Segment, Suggestion
from assistant.project import Project
from assistant.vocabulary import Action, Modality, Polarity, Voice

_CHOICES = {"polarity": get_args(Polarity), "modality": get_args(Modality), "voice": get_args(Voice)}


def decide(
    project: Project, keys: Sequence[int], action: Action, coder: str, *, why: str = "", chat: int | None = None
) -> list[Record]:
    """Accept or reject suggestions; `chat` is the conversation it happens in. Returns them as they were.

    UsageError if one is no suggestion of a model; then nothing is decided.
    """
    decision = Decision(action, why=why)
    with project.transaction():
        found = [project.codings.suggestion(key) for key in dict.fromkeys(keys)]
        for record, segment in found:
            coded = reviewing.decide(record, decision)
            _store(project, record, project.documents.segment(segment), decision, coded, coder, chat)
    return [record for record, _ in found]


def edit(
    project: Project, key: int, changes: Mapping[str, str], coder: str, *, chat: int | None = None
) -> tuple[Record, Suggestion]:
    """Accept a suggestion with changes: code, quote, polarity, modality, voice, why. Returns it and the coding made.

    UsageError if a change is none that can be made: a code the codebook lacks, words that do not stand there.
    """
    for name, known in _CHOICES.items():
        if changes.get(name) and changes[name] not in known:
            raise UsageError(f"there is no {name} {changes[name]!r}", f"choose one of: {', '.join(known)}")
    with project.transaction():
        record, segment_id = project.codings.suggestion(key)
        segment = project.documents.segment(segment_id)
        decision = _decision(project, record, segment, changes)
        # A second edit goes on from the person's own coding, not from the suggestion.
        coded = reviewing.decide(project.codings.own(record.id, coder) or record, decision)
        assert coded is not None  # noqa: S101 - an edit always makes a coding
        segment = project.documents.segment_at(segment, coded.quote.span.start)
        _store(project, record, segment, decision, coded, coder, chat)
    return record, coded


def _decision(project: Project, record: Record, segment: Segment, changes: Mapping[str, str]) -> Decision:
    book = (
        project.codebooks.version(record.codebook, record.codebook_version or "")
        if record.codebook
        else project.codebooks.in_force(project.settings.codebook)
    )
    code, quote = changes.get("code", ""), changes.get("quote", "")
    text = fold(project.documents.get(record.document).text) if quote else None
    return Decision(
        "edit",
        why=changes.get("why", ""),
        code=reviewing.code_for(record, code, book) if code else None,
        quote=reviewing.quote_for(quote, segment, text) if text else None,
        polarity=changes.get("polarity") or None,  # type: ignore[arg-type]
        modality=changes.get("modality") or None,  # type: ignore[arg-type]
        voice=changes.get("voice") or None,  # type: ignore[arg-type]
    )


def _store(
    project: Project,
    record: Record,
    segment: Segment,
    decision: Decision,
    coded: Suggestion | None,
    coder: str,
    chat: int | None,
) -> None:
    made = project.codings.decide(record, segment, decision, coded, coder)
    if chat is not None:
        project.chats.add_decision(chat, made)
