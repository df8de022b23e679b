"""Neighbouring segments in, through the line, their outcomes (state, suggestions, discards) out.

segments → prompt → (a reply paid for before, or an answer) → outcomes. Bulk runs, chat and the eval harness all drive
this same line. What a shared call left out or answered twice is asked again by itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assistant.answering import Answer, Judge
from assistant.errors import ModelError
from assistant.model import Document, Outcome, Prompt, Reply, Segment

Render = Callable[[Document, Sequence[Segment], int], Prompt]
"""A document, neighbouring segments of it, and the place before which labels may be shown in; the prompt out.
ModelError (kind "context") if it is too long."""

Recall = Callable[[str], Reply | None]
"""A key in; the reply that was paid for under it, or None, out."""

_ALONE = frozenset({"unanswered", "unreadable", "truncated", "empty", "context"})  # a call of one's own may mend it


def forget(key: str) -> Reply | None:
    """A `Recall` that remembers nothing."""
    return None


@dataclass(frozen=True, slots=True)
class Line:
    """What stays the same for every unit of a run."""

    render: Render
    answer: Answer
    judge: Judge
    scope: tuple[str, ...] = ()  # what a reply depends on besides its prompt: model, parameters; () keys nothing
    recall: Recall = forget

    def key(self, prompt: Prompt) -> str:
        """Under what the same work is known in any run: SHA-256 over scope, prompt and the words asked about."""
        if not self.scope:
            return ""
        parts = [self.scope, prompt.digest, prompt.segments, prompt.texts]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


async def suggest(line: Line, document: Document, segments: Sequence[Segment], before: int) -> list[Outcome]:
    """Ask about neighbouring segments of a document in one call; one outcome for each, in their order.

    Raises the ModelError of a model that cannot be asked at all (`stops_run`), unless some of the segments are
    answered: these are returned, and those left out are `failed`.
    """
    outcomes = await _ask(line, document, segments, before)
    if len(segments) == 1:
        return outcomes
    for place, segment in enumerate(segments):
        missing = outcomes[place]
        if missing.state != "failed" or missing.error_kind not in _ALONE:
            continue
        try:
            (alone,) = await _ask(line, document, [segment], before)
        except ModelError:
            if all(o.reply is None for o in outcomes):
                raise
            break
        paid = ((missing.prompt, missing.reply),) if missing.prompt and missing.reply else ()
        outcomes[place] = replace(alone, earlier=(*missing.earlier, *paid, *alone.earlier))
    return outcomes


def preview(line: Line, document: Document, segments: Sequence[Segment]) -> tuple[Prompt | None, bool]:
    """The prompt that would be sent, None if it is too long, and whether its reply was paid for before."""
    try:
        prompt = line.render(document, segments, 0)
    except ModelError:
        return None, False
    key = line.key(prompt)
    return prompt, bool(key and line.recall(key))


async def _ask(line: Line, document: Document, segments: Sequence[Segment], before: int) -> list[Outcome]:
    try:
        prompt = line.render(document, segments, before)
    except ModelError as error:  # too long for the limit
        return [Outcome("failed", error_kind=error.kind, error=error.message) for _ in segments]
    key = line.key(prompt)
    reply = line.recall(key) if key else None
    if reply is not None:
        return line.judge(prompt, reply, segments, document)
    return keyed(await line.answer(prompt, segments, document), key)


def keyed(outcomes: Sequence[Outcome], key: str) -> list[Outcome]:
    """Outcomes of one reply with the key under which it may be used again, if all of it was good: errors are not."""
    good = all(o.state in ("coded", "none") for o in outcomes)
    return [replace(o, key=key) if good else o for o in outcomes]
