"""A model's name in, something to ask out: a chat model, recorded replies, or the keyless baseline, all of one type."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from assistant import chain, lexical, recording
from assistant.chain import Model
from assistant.errors import UsageError
from assistant.model import Codebook, Prompt, Reply
from assistant.pacing import Pace, Pacer, paced
from assistant.providers import Ask, locate

RECORDED = "recorded:"
TIMEOUT = 90.0  # seconds for one call


def is_served(spec: str) -> bool:
    """Whether a spec names a model at a server, not one in this program."""
    return spec != lexical.NAME and not spec.startswith(RECORDED)


def lists_price(spec: str, base_url: str) -> bool:
    """Whether a model is asked where its list price holds: at its provider's own address, or on this machine."""
    if not is_served(spec):
        return True
    endpoint = locate(spec, base_url or None, _with_any_key())
    return endpoint.usual or (endpoint.local and endpoint.provider in ("ollama", "vllm"))


def elsewhere(spec: str, base_url: str) -> Model:
    """The model a spec names as others will ask it: its name and address, without a key. UsageError as `connect`."""
    return replace(unasked(spec, base_url), local=False)  # an address of this machine is another on theirs


def unasked(spec: str, base_url: str) -> Model:
    """The model a spec names, only to look at: its name and address, without a key. UsageError as `connect`."""
    endpoint = locate(spec, base_url or None, _with_any_key())

    async def ask(prompt: Prompt) -> Reply:
        raise UsageError(f"{spec} is not asked from here", "leave out --engine dask")

    return Model(endpoint.name, ask, endpoint.base_url, local=endpoint.local)


def _with_any_key() -> dict[str, str]:
    """The environment as if every key were set: to look an address up, none is needed."""
    return {**os.environ, **dict.fromkeys(("OPENAI_API_KEY", "DEEPSEEK_API_KEY", "DASHSCOPE_API_KEY"), "none")}


def connect(
    spec: str,
    *,
    base_url: str,
    codebook: Codebook | None,
    record: Path | None = None,
    pacer: Pacer | None = None,
    max_reply_tokens: int | None = None,
    timeout: float = TIMEOUT,
) -> Model:
    """The model `spec` names: "lexical", "recorded:FILE.jsonl", or "provider:model" at an OpenAI-compatible server.

    `codebook` is what the baseline compares with; every reply is added to the file `record` if there is one. A server
    is asked through `pacer`, which retries what passes; `timeout` is in seconds, for one attempt.
    """
    if spec == lexical.NAME:

        async def ask(prompt: Prompt) -> Reply:
            return lexical.answer(prompt, codebook if prompt.kind == "assignment" else None)

        model = Model(lexical.NAME, ask)
    elif spec.startswith(RECORDED):
        model = recording.replay(Path(spec.removeprefix(RECORDED)))
    else:
        model = chain.connect(spec, base_url=base_url or None, timeout=timeout, max_tokens=max_reply_tokens)
    if record:
        model = recording.recorded(model, record)
    return paced(model, pacer or Pacer(Pace())) if model.base_url else replace(model, ask=_free(model.ask))


def _free(ask: Ask) -> Ask:
    """`ask`, which no one is paid for."""

    async def ask_for_nothing(prompt: Prompt) -> Reply:
        return replace(await ask(prompt), cost=0.0)

    return ask_for_nothing
