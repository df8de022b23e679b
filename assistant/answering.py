"""A prompt in, one verified outcome for each of its segments out. Needs a model to ask and no project.

prompt → reply → proposals → suggestions, with one further turn where a reply cannot be read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from assistant import codebook as books, parsing, tokens, verifying
from assistant.errors import ModelError
from assistant.folding import Folded, fold
from assistant.model import (
    Code,
    Codebook,
    Discard,
    Document,
    Message,
    Outcome,
    Prompt,
    Proposal,
    Reply,
    Segment,
    Suggestion,
)
from assistant.prompting import Same, digest

Ask = Callable[[Prompt], Awaitable[Reply]]

Answer = Callable[[Prompt, Sequence[Segment], Document], Awaitable[list[Outcome]]]
"""A prompt, the segments it asks about and their document in; one outcome for each segment out."""

Judge = Callable[[Prompt, Reply, Sequence[Segment], Document], list[Outcome]]
"""A prompt and its reply, the segments and their document in; one outcome for each segment out."""

_KEPT = 8  # folded documents kept; neighbouring segments stand in the same one
_KEPT_NAMES = 512  # looked up in a codebook; models mostly say the same ones


@dataclass(frozen=True, slots=True)
class Answering:
    """A model and the codebook it assigns from, as an `Answer`."""

    ask: Ask
    codebook: Codebook | None
    folded: dict[int, Folded]

    @classmethod
    def with_model(cls, ask: Ask, codebook: Codebook | None) -> Answering:
        """An `Answer` that asks this model."""
        return cls(ask, codebook, {})

    async def __call__(self, prompt: Prompt, segments: Sequence[Segment], document: Document) -> list[Outcome]:
        """Ask, and believe only what the document's words prove.

        A model that cannot be asked at all (`ModelError.stops_run`) is the caller's to handle; any other trouble is a
        failed outcome, and never "none".
        """
        try:
            reply = await self.ask(prompt)
        except ModelError as error:
            if error.stops_run:
                raise
            return [Outcome("failed", prompt, error_kind=error.kind, error=error.message) for _ in segments]
        parsed = parsing.parse(reply, prompt)
        earlier: tuple[tuple[Prompt, Reply], ...] = ()
        if parsed.failure == "unreadable":
            turn = _repair(prompt, reply, parsed)
            try:
                second = await self.ask(turn)
            except ModelError as error:
                # The first reply was paid for and stays with its unit, whatever became of the second call.
                kind, why = ("unreadable", parsed.detail) if error.stops_run else (error.kind, error.message)
                return [Outcome("failed", prompt, reply, error_kind=kind, error=why) for _ in segments]
            earlier = ((prompt, reply),)
            prompt, reply = turn, second
            parsed = parsing.parse(reply, prompt)
        return [replace(o, earlier=earlier) for o in self._judge(parsed, prompt, reply, segments, document)]

    def judge(self, prompt: Prompt, reply: Reply, segments: Sequence[Segment], document: Document) -> list[Outcome]:
        """What a reply comes to for each of its segments."""
        return self._judge(parsing.parse(reply, prompt), prompt, reply, segments, document)

    def _judge(
        self, parsed: parsing.Parsed, prompt: Prompt, reply: Reply, segments: Sequence[Segment], document: Document
    ) -> list[Outcome]:
        folded = self._folded(document)
        return [judge(parsed, prompt, reply, segment, folded, self.codebook) for segment in segments]

    def _folded(self, document: Document) -> Folded:
        found = self.folded.get(document.id)
        if found is None:
            while len(self.folded) >= _KEPT:
                del self.folded[next(iter(self.folded))]
            found = self.folded[document.id] = fold(document.text)
        return found


def judge(
    parsed: parsing.Parsed,
    prompt: Prompt,
    reply: Reply,
    segment: Segment,
    document: Folded,
    codebook: Codebook | None,
) -> Outcome:
    """What a parsed reply comes to for one segment. Pure."""
    if parsed.refused:
        return Outcome("refused", prompt, reply, error_kind="refusal", error=parsed.refused)
    shared = len(prompt.segments) > 1
    answer = next((a for a in parsed.answers if a.segment == segment.number), None)
    # Strays of a shared reply cannot be laid at one segment's door, so they are kept with the first.
    strays = list(parsed.strays) if segment.number == prompt.segments[0] else []
    if parsed.failure or answer is None:
        kind = parsed.failure or "unanswered"
        detail = parsed.detail or "the reply does not speak of this segment"
        return Outcome("failed", prompt, reply, discards=strays, error_kind=kind, error=detail)
    if shared and answer.again:
        detail = "the reply answers this segment twice, and not in the same way"
        return Outcome("failed", prompt, reply, discards=strays, error_kind="unanswered", error=detail)
    suggestions, discards = _believe(answer.proposals, prompt, segment, document, codebook)
    discards = [*strays, *answer.discards, *discards]
    if suggestions:
        return Outcome("coded", prompt, reply, suggestions, discards)
    if answer.none:
        return Outcome("none", prompt, reply, discards=discards)
    count = len(answer.proposals) + len(answer.discards)
    return Outcome(
        "failed",
        prompt,
        reply,
        discards=discards,
        error_kind="unproven",
        error=f"{count} suggested, none could be proven",
    )


def _repair(prompt: Prompt, reply: Reply, parsed: parsing.Parsed) -> Prompt:
    """One more turn: the model is shown its unreadable reply and what was wrong with it."""
    messages = (
        *prompt.messages,
        Message("assistant", reply.text),
        Message("user", parsing.repair_message(parsed)),
    )
    more = tokens.estimate("\n".join(message.content for message in messages[len(prompt.messages) :]))
    return replace(
        prompt,
        messages=messages,
        digest=digest(messages, prompt.schema),
        tokens=prompt.tokens + more,
        tokens_estimated=True,
    )


def _believe(
    proposals: tuple[Proposal, ...], prompt: Prompt, segment: Segment, document: Folded, codebook: Codebook | None
) -> tuple[list[Suggestion], list[Discard]]:
    suggestions: list[Suggestion] = []
    discards: list[Discard] = []
    seen: set[tuple[str, str, int, int, str | None]] = set()
    for proposal in proposals:
        kind = proposal.kind or prompt.kind
        known = _known(proposal, codebook if kind == "assignment" else None)
        if isinstance(known, Discard):
            discards.append(known)
            continue
        verified = verifying.verify(known, segment, document, kind=kind)
        if isinstance(verified, Discard):
            discards.append(verified)
            continue
        for suggestion in verified:
            span = suggestion.quote.span
            key = (kind, suggestion.code, span.start, span.end, suggestion.polarity)
            if key in seen:
                detail = "the same code on the same words was suggested before in this reply"
                discards.append(Discard("duplicate", detail, code=suggestion.code, quote=suggestion.quote.text))
            else:
                seen.add(key)
                suggestions.append(suggestion)
    return suggestions, discards


def _known(proposal: Proposal, codebook: Codebook | None) -> Proposal | Discard:
    """The proposal with its code as the codebook writes it; a code the book does not have is a discard."""
    if codebook is None:
        return proposal
    code = _resolve(Same(codebook), proposal.code)
    if code is None:
        detail = f"codebook {codebook.id} has no code {proposal.code!r}"
        return Discard("unknown_code", detail, code=proposal.code, quote=proposal.quote)
    return replace(proposal, code=code.id)


@lru_cache(maxsize=_KEPT_NAMES)
def _resolve(same: Same, name: str) -> Code | None:
    return None if same.book is None else books.resolve(same.book, name)
