"""One unit through the line: a request in, an outcome (state, suggestions, discards) out. Pure but for the call.

request → prompt → reply → proposals → suggestions. Bulk runs, chat and the eval harness all drive this same line.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from assistant import codebook as books, parsing, verifying
from assistant.errors import ModelError
from assistant.folding import Folded
from assistant.model import (
    Codebook,
    Discard,
    Message,
    Outcome,
    Prompt,
    Proposal,
    Reply,
    Segment,
    Suggestion,
    Usage,
)
from assistant.prompting import Count, Load, Request, digest, render

Ask = Callable[[Prompt], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Line:
    """What stays the same for every unit of a run."""

    ask: Ask
    load: Load  # templates by file name
    count: Count
    max_tokens: int
    codebook: Codebook | None  # None for lens-free open coding


async def suggest(line: Line, request: Request, segment: Segment, document: Folded) -> Outcome:
    """Ask about one segment and believe only what its words prove.

    A model that cannot be asked at all (`ModelError.stops_run`) is the caller's to handle; any other trouble is this
    unit's own failed outcome, and never "none".
    """
    prompt: Prompt | None = None
    reply: Reply | None = None
    try:
        prompt = render(request, line.load, max_tokens=line.max_tokens, count=line.count)
        reply = await line.ask(prompt)
        parsed = parsing.parse(reply, prompt)
        if parsed.failure == "unreadable":
            prompt, reply = await _repair(line, prompt, reply, parsed)
            parsed = parsing.parse(reply, prompt)
    except ModelError as error:
        if error.stops_run:
            raise
        return Outcome("failed", prompt, reply, error_kind=error.kind, error=error.message)
    return judge(parsed, prompt, reply, segment, document, line.codebook)


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
    answer = next((a for a in parsed.answers if a.segment == segment.number), None)
    strays = list(parsed.strays)
    if parsed.failure or answer is None:
        kind = parsed.failure or "unanswered"
        detail = parsed.detail or "the reply does not speak of this segment"
        return Outcome("failed", prompt, reply, discards=strays, error_kind=kind, error=detail)
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


async def _repair(line: Line, prompt: Prompt, reply: Reply, parsed: parsing.Parsed) -> tuple[Prompt, Reply]:
    """One more turn: the model is shown its unreadable reply and what was wrong with it."""
    messages = (
        *prompt.messages,
        Message("assistant", reply.text),
        Message("user", parsing.repair_message(parsed)),
    )
    again = replace(prompt, messages=messages, digest=digest(messages, prompt.schema))
    second = await line.ask(again)
    return again, replace(second, usage=_sum(reply.usage, second.usage))


def _sum(first: Usage, second: Usage) -> Usage:
    def plus(a: int | None, b: int | None) -> int | None:
        return None if a is None and b is None else (a or 0) + (b or 0)

    return Usage(plus(first.input, second.input), plus(first.output, second.output), plus(first.cached, second.cached))


def _believe(
    proposals: tuple[Proposal, ...], prompt: Prompt, segment: Segment, document: Folded, codebook: Codebook | None
) -> tuple[list[Suggestion], list[Discard]]:
    suggestions: list[Suggestion] = []
    discards: list[Discard] = []
    seen: set[tuple[str, int, int, str | None]] = set()
    for proposal in proposals:
        known = _known(proposal, codebook)
        if isinstance(known, Discard):
            discards.append(known)
            continue
        verified = verifying.verify(known, segment, document, kind=prompt.kind)
        if isinstance(verified, Discard):
            discards.append(verified)
            continue
        for suggestion in verified:
            key = (suggestion.code, suggestion.quote.span.start, suggestion.quote.span.end, suggestion.polarity)
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
    code = books.resolve(codebook, proposal.code)
    if code is None:
        detail = f"codebook {codebook.id} has no code {proposal.code!r}"
        return Discard("unknown_code", detail, code=proposal.code, quote=proposal.quote)
    return replace(proposal, code=code.id)
