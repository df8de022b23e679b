"""The open units of a run in, requests of a batch's input file out, a few at a time. Writes prompts to the project.

What needs no request is stored at once: units whose reply was paid for before, and those that no prompt can hold.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from assistant import batching
from assistant.batching import Form
from assistant.bulk import OnOutcome, Work
from assistant.errors import ModelError
from assistant.model import Document, Outcome, Prompt, Segment
from assistant.project import Posted
from assistant.providers import Endpoint
from assistant.spending import Purse

_STORED_AT_ONCE = 64  # prompts in one transaction

# A batch cannot step down to another format after a refusal, as live calls do, so each server is asked for what all
# its models take. vLLM has no Batch API, but its `run_batch` reads the same files.
_FORMS: dict[str, Form] = {"openai": "json_schema", "vllm": "json_schema", "qwen": "json_object"}


def form_for(provider: str) -> Form:
    """The reply format that a batch asks a provider's models for; "plain" leaves it to the prompt's words."""
    return _FORMS.get(provider, "plain")


@dataclass(slots=True)
class Gauge:
    """What requests may cost at most and what replies did cost, US dollars at the batch price."""

    purse: Purse  # without a limit, so that nothing ever waits for it

    async def worst(self, prompt: Prompt) -> float:
        """The most a request may cost; 0 where the price is unknown."""
        held = await self.purse.hold(prompt)
        self.purse.settle(held, prompt, None)
        return held


@dataclass(frozen=True, slots=True)
class Request:
    """One request: its line in an input file, and what the project keeps of it."""

    line: bytes
    posted: Posted


class Requests:
    """Writes the requests of one run.

    `skip` holds ids of segments that were asked about and are to be left alone. `keys` are those of requests that are
    under way: the same work, as two checks of one suggestion are, is asked once and stays open until its reply is here.
    """

    def __init__(
        self,
        work: Work,
        endpoint: Endpoint,
        gauge: Gauge,
        *,
        max_reply_tokens: int,
        skip: set[int],
        keys: set[str],
        on_outcome: OnOutcome,
    ) -> None:
        self._work = work
        self._endpoint = endpoint
        self._gauge = gauge
        self._max_reply_tokens = max_reply_tokens
        self._skip = skip
        self._keys = keys
        self._on_outcome = on_outcome
        self._token = secrets.token_hex(12)
        self._prompts: list[Prompt] = []
        self._document: Callable[[int], Document] = lru_cache(maxsize=8)(work.project.documents.get)

    async def write(self) -> AsyncGenerator[Request, None]:
        """The requests in the run's order, units that failed before first.

        A unit that failed is asked by itself, for a shared call may be why. Prompts are in the project by the time the
        generator ends, or `save` is called.
        """
        states = self._work.states
        failed = replace(self._work, states=tuple(s for s in states if s != "pending"), pack=1)
        for part in (failed, replace(self._work, states=tuple(s for s in states if s == "pending"))):
            if not part.states:
                continue
            for pack in part.packs():
                segments = [unit.segment for unit in pack.units if unit.segment.id not in self._skip]
                for request in await self._requests(segments):
                    yield request
        self.save()

    def save(self) -> None:
        """Store the prompts written so far."""
        project = self._work.project
        with project.transaction():
            for prompt in self._prompts:
                project.replies.add_prompt(prompt)
        self._prompts.clear()

    async def _requests(self, segments: Sequence[Segment]) -> list[Request]:
        """One request for the segments; one for each if they are too long together; none if none is needed."""
        if not segments:
            return []
        document = self._document(segments[0].document)
        try:
            prompt = self._work.line.render(document, segments, 0)
            key = self._work.line.key(prompt)
            reply = self._work.line.recall(key) if key else None
            if reply is not None:
                self._store(segments, self._work.line.judge(prompt, reply, segments, document))
                return []
            if key and key in self._keys:
                return []
            return [await self._request(prompt, key, segments)]
        except ModelError as error:
            if len(segments) > 1:
                return [request for segment in segments for request in await self._requests([segment])]
            self._store(segments, [Outcome("failed", error_kind=error.kind, error=error.message)])
            return []

    async def _request(self, prompt: Prompt, key: str, segments: Sequence[Segment]) -> Request:
        # No key or prompt decides this id: the same work asked twice, or in two projects, must not be confused.
        custom_id = f"{self._token}-{segments[0].id}"
        line = batching.line(
            batching.Item(custom_id, prompt),
            self._endpoint.model,
            form=form_for(self._endpoint.provider),
            max_reply_tokens=self._max_reply_tokens,
            provider=self._endpoint.provider,
        )
        if len(line) > batching.MOST_BYTES:
            message = f"the request is {len(line):,} bytes long; a batch takes {batching.MOST_BYTES:,}"
            raise ModelError(message, "Use smaller segments or fewer examples", kind="context")
        worst = await self._gauge.worst(prompt)
        self._prompts.append(prompt)
        self._keys.update((key,) if key else ())
        if len(self._prompts) >= _STORED_AT_ONCE:
            self.save()
        return Request(line, Posted(custom_id, prompt.digest, key, tuple(s.id for s in segments), worst))

    def _store(self, segments: Sequence[Segment], outcomes: Sequence[Outcome]) -> None:
        results = list(zip(segments, outcomes, strict=True))
        for segment, outcome in self._work.project.units.store(self._work.run, results):
            if outcome.state == "failed":
                self._skip.add(segment.id)
            self._on_outcome(segment, outcome)
