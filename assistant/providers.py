"""What can be asked, and where: a model spec in, an endpoint out; a server's failure in, a ModelError out. No network.

A key goes only where its provider's name was given: OPENAI_API_KEY is sent for `openai:` specs and for no other,
DEEPSEEK_API_KEY for `deepseek:`, DASHSCOPE_API_KEY for `qwen:`. `compatible:`, `ollama:` and `vllm:` send
CODART_API_KEY when it is set and else a placeholder, which local servers accept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

from assistant.errors import ModelError, UsageError
from assistant.model import Prompt, Reply

Ask = Callable[[Prompt], Awaitable[Reply]]

PLACEHOLDER_KEY = "none"
SAID_LIMIT = 300  # characters of a server's own words that an error message repeats

_CONTEXT = re.compile(
    r"context_length_exceeded|maximum context length|context window|prompt is too long|input length|too many tokens",
    re.I,
)
_FILTERED = re.compile(
    r"content_filter|content management policy|data_?inspection_?failed|content exists risk|inappropriate content", re.I
)
_QUOTA = re.compile(r"insufficient_quota|insufficient balance|arrearage|exceeded your current quota", re.I)
_OVERLOADED = re.compile(
    r"overload|capacity|too busy|is busy|unavailable|rate.?limit|too many requests|try again|\b(?:429|50[0234])\b",
    re.I,
)
_GAVE_UP_WAITING = (504, 524)  # a gateway's words for a model that was at work and took too long
_KEY_LIKE = re.compile(r"\b(?:sk|pk|lsv2|gsk|key)[-_][\w.*-]{4,}|\bBearer\s+\S+|\*{3,}[\w-]*", re.I)
_LOCAL = re.compile(r"localhost|127(\.\d+){3}|::1|0\.0\.0\.0|host\.docker\.internal", re.I)


async def _nothing() -> None:
    """What closing a model without connections does."""


@dataclass(frozen=True, slots=True)
class Model:
    """Something to ask: a chat model, recorded replies, or the keyless baseline. `aclose` it after the last prompt."""

    name: str  # as the user wrote it, e.g. openai:gpt-5-mini
    ask: Ask
    base_url: str = ""
    aclose: Callable[[], Awaitable[None]] = _nothing
    notes: tuple[str, ...] = ()  # what opening it had to pass over, one sentence each
    local: bool = False  # whether that address is this machine


@dataclass(frozen=True, slots=True)
class _Provider:
    base_url: str
    key_name: str
    needs_key: bool
    start: str = ""  # the command that starts its server
    fetch: str = ""  # the command that fetches a model; {model} stands for its name


_PROVIDERS: Mapping[str, _Provider] = {
    "openai": _Provider("https://api.openai.com/v1", "OPENAI_API_KEY", needs_key=True),
    "deepseek": _Provider("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", needs_key=True),
    "qwen": _Provider("https://dashscope.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY", needs_key=True),
    "ollama": _Provider(
        "http://localhost:11434/v1",
        "CODART_API_KEY",
        needs_key=False,
        start="ollama serve",
        fetch="ollama pull {model}",
    ),
    "vllm": _Provider(
        "http://localhost:8000/v1",
        "CODART_API_KEY",
        needs_key=False,
        start="vllm serve {model}",
        fetch="vllm serve {model}",
    ),
    "compatible": _Provider("", "CODART_API_KEY", needs_key=False),
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one model is asked, and with which key."""

    provider: str
    model: str
    base_url: str
    key_name: str  # the environment variable the key comes from
    key: str = field(repr=False, default=PLACEHOLDER_KEY)

    @property
    def name(self) -> str:
        """The spec it was made from, e.g. `openai:gpt-5-mini`."""
        return f"{self.provider}:{self.model}"

    @property
    def local(self) -> bool:
        """Whether the server is this machine, so that no proxy may stand between."""
        return _LOCAL.fullmatch(urlsplit(self.base_url).hostname or "") is not None

    @property
    def usual(self) -> bool:
        """Whether this is the address the provider is known by, where its list prices hold."""
        return self.base_url == _PROVIDERS[self.provider].base_url


def locate(spec: str, base_url: str | None, environment: Mapping[str, str]) -> Endpoint:
    """The endpoint `provider:model` names; `base_url` overrides the provider's own, as OPENAI_BASE_URL does for openai.

    Raises UsageError for a spec or URL that is none, ModelError (auth, stops the run) when the key is missing.
    """
    provider_name, colon, model = spec.strip().partition(":")
    provider = _PROVIDERS.get(provider_name.lower())
    if provider is None or not colon or not model.strip():
        known = ", ".join(f"{name}:MODEL" for name in _PROVIDERS)
        raise UsageError(
            f"'{spec}' does not name a model.", f"Write it as one of: lexical, {known}, recorded:FILE.jsonl"
        )
    configured = environment.get("OPENAI_BASE_URL", "") if provider_name.lower() == "openai" else ""
    url = _checked_url((base_url or configured or provider.base_url).strip(), spec)
    key = _checked_key(environment.get(provider.key_name, "").strip(), provider, spec)
    return Endpoint(provider_name.lower(), model.strip(), url, provider.key_name, key)


def _checked_url(url: str, spec: str) -> str:
    if not url:
        raise UsageError(f"'{spec}' needs the address of its server.", "Add --base-url http://host:port/v1")
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname is not None and parts.port != 0
    except ValueError:
        raise UsageError("The base URL is not a web address.", "Write it as --base-url http://host:port/v1") from None
    if not sound:
        raise UsageError(f"'{url}' is not a web address.", "Write it as --base-url http://host:port/v1")
    if parts.username is not None or parts.password is not None:
        # Such a password would end up in the project file and in error messages.
        raise UsageError("The base URL holds a user name or password.", "Give the key as CODART_API_KEY instead")
    return url.rstrip("/")


def _checked_key(key: str, provider: _Provider, spec: str) -> str:
    if not key and provider.needs_key:
        raise _missing_key(f"{spec} needs a key, and {provider.key_name} is not set.", provider.key_name)
    if not (key.isascii() and key.isprintable()):
        raise _missing_key(f"{provider.key_name} holds characters that no key has.", provider.key_name)
    return key or PLACEHOLDER_KEY


def _missing_key(message: str, key_name: str) -> ModelError:
    hint = f"export {key_name}=…   (PowerShell: $env:{key_name} = '…')"
    return ModelError(message, hint, kind="auth", stops_run=True)


def explain(endpoint: Endpoint, status: int, body: str, retry_after: float | None = None) -> ModelError:
    """The error for an HTTP answer that is no completion. `body` is the server's text: scrubbed and clipped here.

    `retry_after` is what the server asks to wait, in seconds; only an error that passes repeats it.
    """
    said = quoted(endpoint, body)
    where = f"{endpoint.name} at {endpoint.base_url}"
    provider = _PROVIDERS[endpoint.provider]
    if status == 402 or (status in (400, 403, 429) and _QUOTA.search(body)):
        hint = "Top up the account, or use another model; finished units are kept"
        return ModelError(f"{where}: the account has no credit left. {said}", hint, kind="quota", stops_run=True)
    if status in (401, 403):
        return _missing_key(
            f"{where} refused the key in {endpoint.key_name} (HTTP {status}). {said}", endpoint.key_name
        )
    if status == 404 or 300 <= status < 400:
        hint = provider.fetch.format(model=endpoint.model) or "Check the model's name and that the base URL ends in /v1"
        message = f"{where}: no such model or address (HTTP {status}). {said}"
        return ModelError(message, hint, kind="not_found", stops_run=True)
    if status == 413 or (status in (400, 422) and _CONTEXT.search(body)):
        hint = "Use smaller segments, fewer examples, or a model with a longer context"
        return ModelError(f"{where}: the prompt is too long. {said}", hint, kind="context")
    if status in (400, 422):
        return _bad_request(where, body, said)
    return _busy(where, status, said, retry_after)


def _busy(where: str, status: int, said: str, retry_after: float | None) -> ModelError:
    """The error for an answer that may be another one a little later."""
    hint = "Run the same command again later; finished units are kept"
    if status == 429:
        message = f"{where}: too many requests. {said}"
        hint = "Ask fewer at a time, or run the same command again later; finished units are kept"
        return ModelError(message, hint, kind="rate_limit", passing=True, retry_after=retry_after)
    known = {
        408: "the server waited too long for the request",
        409: "the server was busy with another request that stood in the way",
    }
    message = f"{where}: {known.get(status, 'the server failed')} (HTTP {status}). {said}"
    passing = status in known or status >= 500
    charged = status in _GAVE_UP_WAITING
    return ModelError(message, hint, passing=passing, retry_after=retry_after if passing else None, charged=charged)


def misread(endpoint: Endpoint, body: str, *, charged: bool) -> ModelError:
    """The error for an HTTP 200 whose `body` is no completion. It passes if the server says that it is overloaded."""
    hint = "Run the same command again; finished units are kept"
    message = f"{endpoint.name}: the answer is not a chat completion. {quoted(endpoint, body)}".rstrip()
    passing = not charged and _OVERLOADED.search(body) is not None
    return ModelError(message, hint, passing=passing, charged=charged)


def broken_off(endpoint: Endpoint, finish: str) -> ModelError:
    """The error for a reply that the server began and did not end, as its `finish` says."""
    hint = "Run the same command again; finished units are kept"
    message = f"{endpoint.name}: the server broke its reply off. {quoted(endpoint, finish)}"
    return ModelError(message, hint, passing=True, charged=True)


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds the server asks to wait, never negative; None if it does not say. RFC 9110, section 10.2.3.

    A date is counted from the server's own clock where its answer shows it: ours may be wrong.
    """
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if isfinite(seconds):
            return max(0.0, seconds)
    until = _moment(headers.get("retry-after", ""))
    if until is None:
        return None
    return max(0.0, (until - (_moment(headers.get("date", "")) or datetime.now(UTC))).total_seconds())


def _moment(said: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(said)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _bad_request(where: str, body: str, said: str) -> ModelError:
    if _FILTERED.search(body):
        hint = "Code this passage by hand, or use another model"
        return ModelError(f"{where}: the server's filter turned the text away. {said}", hint, kind="content_filter")
    hint = "Leave out options the model does not know (--temperature), or use another model"
    return ModelError(f"{where}: the server did not accept the request. {said}", hint, kind="bad_request")


def unreachable(endpoint: Endpoint, why: str, *, passing: bool = False) -> ModelError:
    """The error for a server that cannot be reached at all: refused, unknown host, bad certificate. Stops the run.

    `passing`: it may be reached a little later, as after a connection that took too long to open.
    """
    provider = _PROVIDERS[endpoint.provider]
    hint = "Check the network, the proxy settings and --base-url"
    if "certificate" in why.lower():
        hint = "Name the certificate authority's file in SSL_CERT_FILE, or check --base-url"
    elif endpoint.local and provider.start:
        hint = provider.start.format(model=endpoint.model)
    message = f"{endpoint.name}: cannot reach {endpoint.base_url}. {quoted(endpoint, why)}"
    return ModelError(message, hint, kind="connection", stops_run=True, passing=passing)


def quoted(endpoint: Endpoint, body: str) -> str:
    """A server's own words fit for a message: JSON's `message` or the bare text, no tags, no keys, clipped."""
    text = _message(body)
    if endpoint.key != PLACEHOLDER_KEY:
        text = text.replace(endpoint.key, "(key)")
    text = _KEY_LIKE.sub("(key)", re.sub(r"<[^>]*>", " ", text))
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not text:
        return ""
    return f"It said: {text if len(text) <= SAID_LIMIT else text[: SAID_LIMIT - 1] + '…'}"


def _message(body: str) -> str:
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return body
    if isinstance(said, dict):
        inner = said.get("error", said)
        said = inner.get("message", inner.get("detail", inner)) if isinstance(inner, dict) else inner
    return said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
