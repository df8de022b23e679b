"""An `Answer` in, the same kept within a run's money out: workers have no purse. No I/O of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.answering import Answer
from assistant.errors import ModelError
from assistant.model import Document, Outcome, Prompt, Reply, Segment
from assistant.pacing import Purse

_MAYBE_BILLED = frozenset({"timeout", "connection", "server", "worker"})  # troubles of a call that may have been billed


def paid(answer: Answer, purse: Purse) -> Answer:
    """`answer`, begun only when the worst cost of a call fits the purse, its replies with their cost.

    A call without a reply is booked whole if it may have been billed. What a worker asks beyond one call, because a
    reply could not be read or an attempt failed, is booked only when it is known: by that much a budget can be passed.
    """

    async def paying(prompt: Prompt, segments: Sequence[Segment], document: Document) -> list[Outcome]:
        held = await purse.hold(prompt)
        charged = True  # a call that is broken off may be billed
        replies: dict[int, tuple[Prompt, Reply]] = {}
        try:
            outcomes = await answer(prompt, segments, document)
            replies = {id(reply): (asked, reply) for outcome in outcomes for asked, reply in _replies(outcome)}
            charged = any(outcome.error_kind in _MAYBE_BILLED for outcome in outcomes)
        except ModelError as error:
            charged = error.charged or error.kind == "worker"
            raise
        finally:
            if not replies:
                purse.settle(held, prompt, None, charged=charged)
        costs: dict[int, Reply] = {}
        for place, (asked, reply) in replies.items():
            costs[place] = replace(reply, cost=purse.settle(held, asked, reply))
            held = 0.0  # given back with the first
        return [_with(outcome, costs) for outcome in outcomes]

    return paying


def _replies(outcome: Outcome) -> list[tuple[Prompt, Reply]]:
    last = [(outcome.prompt, outcome.reply)] if outcome.prompt and outcome.reply else []
    return [*outcome.earlier, *last]


def _with(outcome: Outcome, costs: dict[int, Reply]) -> Outcome:
    earlier = tuple((prompt, costs[id(reply)]) for prompt, reply in outcome.earlier)
    return replace(outcome, reply=costs[id(outcome.reply)] if outcome.reply else None, earlier=earlier)
