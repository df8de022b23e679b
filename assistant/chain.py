"""A prompt in, a model's raw reply out: the one door to LangChain. Network I/O.

LangChain carries the call; the reply's text is left as it came, for `assistant.parsing`. Tracing to LangSmith is
switched off whatever the user's shell says: research material goes to the chosen endpoint and nowhere else.
"""

from __future__ import annotations

import asyncio
import os
import re
import warnings
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from assistant.errors import ModelError
from assistant.model import Prompt, Reply, Usage
from assistant.providers import Ask, Endpoint, Model, explain, locate, quoted, unreachable

if TYPE_CHECKING:
    import httpx2
    from langchain_core.messages import BaseMessage
    from langchain_openai import ChatOpenAI

__all__ = ["Ask", "Model", "connect", "silence_tracing"]

LONGEST_WAIT = 30.0  # seconds a server may ask us to wait before one retry; asked for more, the unit fails at once
CONNECT_TIMEOUT = 10.0  # seconds
FORMATS = ("json_schema", "json_object", "plain")  # what a server is asked for, best first

_SPEAKS_OF_FORMAT = re.compile(r"response_?format|json_schema|json_object|structured.?output|grammar", re.I)
_SENT_TO_ANYONE = {"host", "accept", "accept-encoding", "connection", "content-type", "content-length", "user-agent"}
_BROKEN_OFF = ("insufficient_system_resource", "abort", "error")  # DeepSeek's and vLLM's words for a reply not ended


class _Chat:
    """A chat model behind one endpoint, and which reply format that endpoint takes."""

    def __init__(self, endpoint: Endpoint, chat: ChatOpenAI, options: dict[str, Any], deadline: float) -> None:
        self._endpoint = endpoint
        self._chat = chat
        self._options = options
        self._deadline = deadline  # seconds for one reply, retries and waits included
        self._rung = 0  # of FORMATS

    async def ask(self, prompt: Prompt) -> Reply:
        """The model's raw reply, asked for in the best format that the server has not turned down so far."""
        rung = self._rung if prompt.schema else len(FORMATS) - 1
        while True:
            try:
                async with asyncio.timeout(self._deadline):
                    reply = await self._send(prompt, FORMATS[rung])
                if prompt.schema:
                    self._rung = max(self._rung, rung)  # only now: one odd refusal must not lower all later prompts
                return reply
            except Exception as error:
                if rung + 1 == len(FORMATS) or not _declines_format(error):
                    failure = _failure(self._endpoint, error)
                    break
            rung += 1
        # Raised out here so that no traceback carries the SDK's error, which may hold the key.
        raise failure

    async def _send(self, prompt: Prompt, form: str) -> Reply:
        from langsmith import tracing_context

        messages = [(message.role, message.content) for message in prompt.messages]
        options = self._options | _response_format(form, prompt.schema)
        try:
            # The variables set below do not help when something read them earlier: LangSmith remembers the first look.
            with tracing_context(enabled=False):
                message = await self._chat.ainvoke(messages, **options)
        except Exception as error:
            completion = _completion(error)
            if completion is None:
                raise
            return _from_completion(self._endpoint, completion)
        return _from_message(self._endpoint, message)


def connect(
    spec: str,
    *,
    base_url: str | None,
    timeout: float = 90,
    max_retries: int = 2,
    temperature: float | None = None,
    max_tokens: int | None = None,
) -> Model:
    """The chat model that `provider:model` names (see `assistant.providers`). Sends nothing yet.

    `timeout` is in seconds per attempt. 429, 5xx and broken connections are retried `max_retries` times by the SDK,
    which is the only layer that retries. Options left None are not sent. A model belongs to the event loop it is
    first asked in. `Reply.model` is the name the server gives itself, dated where it dates it.
    Raises UsageError for a bad spec or URL, ModelError for a missing key; asking raises ModelError only.
    """
    endpoint = locate(spec, base_url, os.environ)
    silence_tracing()
    import httpx2
    from langchain_openai import ChatOpenAI

    # LangChain's advice for its own structured output; the ladder of formats answers both cases.
    warnings.filterwarnings("ignore", "(This model does not support|Invalid schema for) OpenAI's structured output")
    try:
        client = _client(endpoint, timeout)
    except (ImportError, ValueError) as error:  # a SOCKS proxy without its package, or a proxy URL that is none
        raise unreachable(endpoint, f"The proxy settings cannot be used: {error}") from None
    chat = ChatOpenAI(
        model=endpoint.model,
        base_url=endpoint.base_url,
        api_key=_giving(endpoint.key),
        timeout=httpx2.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT)),
        max_retries=max_retries,
        http_async_client=client,
        use_responses_api=False,
    )
    deadline = timeout * (max_retries + 1) + LONGEST_WAIT * max_retries
    asking = _Chat(endpoint, chat, _options(endpoint, temperature, max_tokens), deadline)
    return Model(endpoint.name, asking.ask, endpoint.base_url, client.aclose)


def silence_tracing() -> None:
    """Switch LangSmith's tracing off for this process and its children."""
    for prefix in ("LANGSMITH", "LANGCHAIN"):
        os.environ[f"{prefix}_TRACING"] = os.environ[f"{prefix}_TRACING_V2"] = "false"
    os.environ.pop("LANGCHAIN_HANDLER", None)  # the old switch: LangChain refuses to run with it


def _giving(key: str) -> Callable[[], Awaitable[str]]:
    # Given as a coroutine, the key stands in no repr, and LangChain builds no synchronous client beside ours.
    async def give() -> str:
        return key

    return give


def _options(endpoint: Endpoint, temperature: float | None, max_tokens: int | None) -> dict[str, Any]:
    # Passed per call: given to the constructor, LangChain silently drops a temperature for some model names.
    options: dict[str, Any] = {} if temperature is None else {"temperature": temperature}
    if max_tokens is not None and endpoint.provider == "openai":
        options["max_completion_tokens"] = max_tokens
    elif max_tokens is not None:
        # LangChain would rename it to OpenAI's newer word, which compatible servers ignore.
        options["extra_body"] = {"max_tokens": max_tokens}
    return options


def _client(endpoint: Endpoint, timeout: float) -> httpx2.AsyncClient:
    import httpx2

    async def strip_headers(request: httpx2.Request) -> None:
        # The SDK adds what OPENAI_ORG_ID, OPENAI_PROJECT_ID and OPENAI_CUSTOM_HEADERS hold, whoever the server is.
        for name in list(request.headers):
            if name not in _SENT_TO_ANYONE and not name.startswith("x-stainless-"):  # the SDK reads its own back
                del request.headers[name]
        request.headers["authorization"] = f"Bearer {endpoint.key}"

    async def limit_retries(response: httpx2.Response) -> None:
        if response.status_code != 429 and response.status_code < 500:
            return
        await response.aread()
        if _asked_wait(response.headers) > LONGEST_WAIT or b"insufficient_quota" in response.content:
            response.headers["x-should-retry"] = "false"

    return httpx2.AsyncClient(
        timeout=timeout,
        limits=httpx2.Limits(max_connections=256, max_keepalive_connections=256),
        follow_redirects=False,  # a redirect would carry the text to a host nobody chose
        trust_env=not endpoint.local,
        event_hooks={
            "request": [] if endpoint.provider == "openai" else [strip_headers],
            "response": [limit_retries],
        },
    )


def _asked_wait(headers: Mapping[str, str]) -> float:
    """Seconds the server asks to wait, 0 if it does not say."""
    said = headers.get("retry-after", "")
    try:
        if "retry-after-ms" in headers:
            return float(headers["retry-after-ms"]) / 1000
        if said[:1].isalpha():
            return (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()
        return float(said or 0)
    except (ValueError, TypeError):
        return 0.0


def _response_format(form: str, schema: dict[str, Any]) -> dict[str, Any]:
    if form == "json_schema":
        named = {"name": "reply", "strict": True, "schema": schema}
        return {"response_format": {"type": "json_schema", "json_schema": named}}
    return {"response_format": {"type": "json_object"}} if form == "json_object" else {}


def _declines_format(error: Exception) -> bool:
    status = getattr(error, "status_code", None)
    return status in (400, 422) and _SPEAKS_OF_FORMAT.search(_body(error)) is not None


def _body(error: Exception) -> str:
    response = getattr(error, "response", None)
    return str(error) if response is None else str(response.text)


def _completion(error: Exception) -> dict[str, Any] | None:
    """The completion behind an error of the SDK's own parsing, which raises on a cut or filtered reply."""
    response = getattr(error, "response", None)
    if response is None or response.status_code != 200:
        return None
    try:
        completion = response.json()
        return completion if completion["choices"][0]["message"] else None
    except (ValueError, LookupError, TypeError):
        return None


def _from_completion(endpoint: Endpoint, completion: Mapping[str, Any]) -> Reply:
    choice = completion["choices"][0]
    message = choice["message"]
    found = (message.get("content"), choice.get("finish_reason"), message.get("refusal"))
    return _reply(endpoint, *found, completion.get("usage"), completion.get("model"))


def _from_message(endpoint: Endpoint, message: BaseMessage) -> Reply:
    metadata = message.response_metadata
    found = (message.content, metadata.get("finish_reason"), message.additional_kwargs.get("refusal"))
    return _reply(endpoint, *found, metadata.get("token_usage"), metadata.get("model_name"))


def _reply(endpoint: Endpoint, content: Any, finish: Any, refusal: Any, usage: Any, model: Any) -> Reply:
    if finish in _BROKEN_OFF:
        raise explain(endpoint, 503, f"The reply was broken off: {finish}")
    if isinstance(content, list):
        content = "".join(str(part.get("text", "")) if isinstance(part, dict) else str(part) for part in content)
    # Half a surrogate pair can be sent as JSON but not stored as UTF-8.
    text = str(content or "").encode("utf-8", "replace").decode("utf-8")
    named = str(model or endpoint.name)
    if refusal:
        return Reply(text, named, _usage(usage), "refusal", str(refusal))
    if finish == "length":
        return Reply(text, named, _usage(usage), "length")
    if finish == "content_filter":
        return Reply(text, named, _usage(usage), "content_filter")
    return Reply(text, named, _usage(usage))


def _usage(said: Any) -> Usage:
    """Tokens from the server's `usage`; DeepSeek counts its cache hits under a name of its own."""
    if not isinstance(said, Mapping):
        return Usage()
    details = said.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, Mapping) else said.get("prompt_cache_hit_tokens")
    counts = (said.get("prompt_tokens"), said.get("completion_tokens"), cached)
    return Usage(*(n if isinstance(n, int) else None for n in counts))


def _failure(endpoint: Endpoint, error: Exception) -> ModelError:
    if isinstance(error, ModelError):
        return error
    import httpx2
    import openai

    causes = list(_causes(error))
    if (
        cause := next((c for c in causes if isinstance(c, httpx2.ConnectError | httpx2.ConnectTimeout)), None)
    ) is not None:
        return unreachable(endpoint, str(cause) or type(cause).__name__)
    hint = "Run the same command again; finished units are kept"
    if isinstance(error, openai.APITimeoutError | TimeoutError):
        return ModelError(f"{endpoint.name} did not answer in time.", hint, kind="timeout")
    if isinstance(error, openai.APIConnectionError):
        why = quoted(endpoint, str(causes[-1]))
        return ModelError(
            f"{endpoint.name}: the connection to {endpoint.base_url} broke. {why}", hint, kind="connection"
        )
    status = getattr(getattr(error, "response", None), "status_code", 200)
    if status != 200:
        return explain(endpoint, status, _body(error))
    said = quoted(endpoint, _body(error))
    return ModelError(f"{endpoint.name}: the answer is not a chat completion. {said}", hint, kind="server")


def _causes(error: BaseException) -> list[BaseException]:
    chain = [error]
    while (deeper := chain[-1].__cause__ or chain[-1].__context__) is not None and len(chain) < 10:
        chain.append(deeper)
    return chain
