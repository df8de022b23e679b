"""The parts of a server's chat completion in, a `Reply` out, the same whether it came by a call or in a batch. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.model import Reply, Usage
from assistant.providers import Endpoint, broken_off

_BROKEN_OFF = ("insufficient_system_resource", "abort", "error")  # DeepSeek's and vLLM's words for a reply not ended


def read_reply(endpoint: Endpoint, content: Any, finish: Any, refusal: Any, usage: Any, model: Any) -> Reply:
    """The reply these parts of a completion make. Raises ModelError if it was broken off."""
    if finish in _BROKEN_OFF:
        raise broken_off(endpoint, finish)
    if isinstance(content, list):
        content = "".join(str(part.get("text", "")) if isinstance(part, dict) else str(part) for part in content)
    # Half a surrogate pair can be sent as JSON but not stored as UTF-8.
    text = str(content or "").encode("utf-8", "replace").decode("utf-8")
    named = str(model or endpoint.name)
    counts = read_usage(usage)
    if refusal:
        return Reply(text, named, counts, "refusal", str(refusal))
    if finish in ("length", "content_filter"):
        return Reply(text, named, counts, finish)
    return Reply(text, named, counts)


def read_usage(said: Any) -> Usage:
    """Tokens from a server's `usage`; DeepSeek counts its cache hits under a name of its own.

    What is no count (a word, a negative number) is taken as not reported.
    """
    if not isinstance(said, Mapping):
        return Usage()
    details = said.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, Mapping) else said.get("prompt_cache_hit_tokens")
    counts = (said.get("prompt_tokens"), said.get("completion_tokens"), cached)
    return Usage(*(n if isinstance(n, int) and not isinstance(n, bool) and n >= 0 else None for n in counts))
