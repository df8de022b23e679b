"""A prompt in, a model's raw reply out: the one door to LangChain. Network I/O.

LangChain carries the call; the reply's text is left as it came, for `assistant.parsing`. Tracing to LangSmith is
switched off whatever the user's shell says: research material goes to the chosen endpoint and nowhere else.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import warnings
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from assistant.errors import ModelError
from assistant.model import Prompt, Reply
from assistant.providers import (
    Ask,
    Endpoint,
    Model,
    asked_wait,
    explain,
    locate,
    misread,
    quoted,
    unreachable,
)
from assistant.replying import read_reply

if TYPE_CHECKING:
    import httpx2
    from langchain_core.messages import BaseMessage
    from langchain_openai import ChatOpenAI

__all__ = [
    "CONNECT_TIMEOUT",
    "Ask",
    "Model",
    "body_of",
    "causes_of",
    "chat_for",
    "client_for",
    "connect",
    "failure_of",
    "not_reached",
    "options_for",
    "silence_tracing",
]

CONNECT_TIMEOUT = 10.0  # seconds
FORMATS = ("json_schema", "json_object", "plain")  # what a server is asked for, best first

_SPEAKS_OF_FORMAT = re.compile(r"response_?format|json_schema|json_object|structured.?output|grammar", re.I)
_SENT_TO_ANYONE = {"host", "accept", "accept-encoding", "connection", "content-type", "content-length", "user-agent"}


class _Chat:
    """A chat model behind one endpoint, and which reply format that endpoint takes."""

    def __init__(self, endpoint: Endpoint, chat: ChatOpenAI, options: dict[str, Any], timeout: float) -> None:
        self._endpoint = endpoint
        self._chat = chat
        self._options = options
        self._timeout = timeout
        self._rung = 0  # of FORMATS

    async def ask(self, prompt: Prompt) -> Reply:
        """The model's raw reply, asked for in the best format that the server has not turned down so far."""
        try:
            # The SDK's own limit begins anew with every byte that comes.
            async with asyncio.timeout(self._timeout):
                return await self._climb(prompt)
        except Exception as error:
            failure = failure_of(self._endpoint, error)
        # Raised out here so that no traceback carries the SDK's error, which may hold the key.
        raise failure

    async def _climb(self, prompt: Prompt) -> Reply:
        rung = self._rung if prompt.schema else len(FORMATS) - 1
        while True:
            try:
                reply = await self._send(prompt, FORMATS[rung])
            except Exception as error:
                if rung + 1 == len(FORMATS) or not _declines_format(error):
                    raise
                rung += 1
                continue
            if prompt.schema:
                self._rung = max(self._rung, rung)  # only now: one odd refusal must not lower all later prompts
            return reply

    async def _send(self, prompt: Prompt, form: str) -> Reply:
        from langsmith import tracing_context

        messages = [(message.role, message.content) for message in prompt.messages]
        # Given as `response_format`, the SDK would check our JSON reply against its own types: twice the work.
        extra = self._options.get("extra_body", {}) | _response_format(form, prompt.schema)
        options = self._options | {"extra_body": extra}
        # The variables set below do not help when something read them earlier: LangSmith remembers the first look.
        with tracing_context(enabled=False):
            message = await self._chat.ainvoke(messages, **options)
        return _from_message(self._endpoint, message)


def connect(
    spec: str,
    *,
    base_url: str | None,
    timeout: float = 90,
    temperature: float | None = None,
    max_tokens: int | None = None,
) -> Model:
    """The chat model that `provider:model` names (see `assistant.providers`). Sends nothing yet.

    `timeout` is the seconds one call may take as a whole. Nothing is retried here: `assistant.pacing` does that for
    all calls together. Options left None are not sent. A model belongs to the event loop it is first asked in.
    `Reply.model` is the name the server gives itself, dated where it dates it.
    Raises UsageError for a bad spec or URL, ModelError for a missing key; asking raises ModelError only.
    """
    endpoint = locate(spec, base_url, os.environ)
    silence_tracing()
    # LangChain's advice for its own structured output; the ladder of formats answers both cases.
    warnings.filterwarnings("ignore", "(This model does not support|Invalid schema for) OpenAI's structured output")
    chat, client = chat_for(endpoint, timeout)
    asking = _Chat(endpoint, chat, options_for(endpoint, temperature, max_tokens), timeout)
    return Model(endpoint.name, asking.ask, endpoint.base_url, client.aclose, local=endpoint.local)


def chat_for(
    endpoint: Endpoint,
    timeout: float,
    chat_type: type[ChatOpenAI] | None = None,
    client_type: type[httpx2.AsyncClient] | None = None,
) -> tuple[ChatOpenAI, httpx2.AsyncClient]:
    """LangChain's model for an endpoint, made to retry nothing and to show no key, and the client to close after it.

    `timeout` is the seconds a server may be silent. Raises ModelError for proxy settings that cannot be used.
    """
    import httpx2
    from langchain_openai import ChatOpenAI

    try:
        client = client_for(endpoint, timeout, client_type)
    except (ImportError, ValueError) as error:  # a SOCKS proxy without its package, or a proxy URL that is none
        raise unreachable(endpoint, f"The proxy settings cannot be used: {error}") from None
    chat = (chat_type or ChatOpenAI)(
        model=endpoint.model,
        base_url=endpoint.base_url,
        api_key=_giving(endpoint.key),
        # Below the whole call's limit, so that a server that cannot be reached is told from one that thinks too long.
        timeout=httpx2.Timeout(timeout, connect=min(timeout / 2, CONNECT_TIMEOUT)),
        max_retries=0,
        http_async_client=client,
        use_responses_api=False,
    )
    return chat, client


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


def options_for(endpoint: Endpoint, temperature: float | None, max_tokens: int | None) -> dict[str, Any]:
    """What is passed with each call, in the words that this provider's servers know; what is None is not sent."""
    # Passed per call: given to the constructor, LangChain silently drops a temperature for some model names.
    options: dict[str, Any] = {} if temperature is None else {"temperature": temperature}
    if max_tokens is not None and endpoint.provider == "openai":
        options["max_completion_tokens"] = max_tokens
    elif max_tokens is not None:
        # LangChain would rename it to OpenAI's newer word, which compatible servers ignore.
        options["extra_body"] = {"max_tokens": max_tokens}
    return options


def client_for(
    endpoint: Endpoint, timeout: float, client_type: type[httpx2.AsyncClient] | None = None
) -> httpx2.AsyncClient:
    """The connections to an endpoint: no redirects, no proxy before a local server, no header that is not its own."""
    import httpx2

    async def strip_headers(request: httpx2.Request) -> None:
        # The SDK adds what OPENAI_ORG_ID, OPENAI_PROJECT_ID and OPENAI_CUSTOM_HEADERS hold, whoever the server is.
        for name in list(request.headers):
            if name not in _SENT_TO_ANYONE and not name.startswith("x-stainless-"):  # the SDK reads its own back
                del request.headers[name]
        request.headers["authorization"] = f"Bearer {endpoint.key}"

    return (client_type or httpx2.AsyncClient)(
        timeout=timeout,
        limits=httpx2.Limits(max_connections=256, max_keepalive_connections=256),
        follow_redirects=False,  # a redirect would carry the text to a host nobody chose
        trust_env=not endpoint.local,
        event_hooks={"request": [] if endpoint.provider == "openai" else [strip_headers]},
    )


def _response_format(form: str, schema: dict[str, Any]) -> dict[str, Any]:
    if form == "json_schema":
        named = {"name": "reply", "strict": True, "schema": schema}
        return {"response_format": {"type": "json_schema", "json_schema": named}}
    return {"response_format": {"type": "json_object"}} if form == "json_object" else {}


def _declines_format(error: Exception) -> bool:
    status = getattr(error, "status_code", None)
    return status in (400, 422) and _SPEAKS_OF_FORMAT.search(body_of(error)) is not None


def body_of(error: Exception) -> str:
    """What the server said when it turned a request down; the error's own words if it said nothing."""
    response = getattr(error, "response", None)
    return str(error) if response is None else str(response.text)


def _from_message(endpoint: Endpoint, message: BaseMessage) -> Reply:
    metadata = message.response_metadata
    found = (message.content, metadata.get("finish_reason"), message.additional_kwargs.get("refusal"))
    return read_reply(endpoint, *found, metadata.get("token_usage"), metadata.get("model_name"))


def failure_of(endpoint: Endpoint, error: Exception) -> ModelError:
    """The error for whatever LangChain, the SDK or the client raised. Raise it outside the `except`: see `ask`."""
    if isinstance(error, ModelError):
        return error
    import httpx2
    import openai

    causes = causes_of(error)
    if (unreached := not_reached(endpoint, causes)) is not None:
        return unreached
    hint = "Run the same command again; finished units are kept"
    unsent = (httpx2.PoolTimeout, httpx2.WriteTimeout, httpx2.WriteError, httpx2.LocalProtocolError)
    charged = not any(isinstance(cause, unsent) for cause in causes)
    if isinstance(error, openai.APITimeoutError | TimeoutError):
        message = f"{endpoint.name} did not answer in time."
        return ModelError(message, hint, kind="timeout", passing=True, charged=charged)
    if isinstance(error, openai.APIConnectionError):
        message = f"{endpoint.name}: the connection to {endpoint.base_url} broke. {quoted(endpoint, str(causes[-1]))}"
        return ModelError(message, hint, kind="connection", passing=True, charged=charged)
    response = getattr(error, "response", None)
    if response is not None and response.status_code != 200:
        return explain(endpoint, response.status_code, response.text, asked_wait(response.headers))
    said = _said(error)
    return misread(endpoint, said or ("" if response is None else response.text), charged=not said)


def _said(error: Exception) -> str:
    """The error that a server put into an answer of HTTP 200, which LangChain raises as it is; empty if it put none."""
    said = error.args[0] if type(error) is ValueError and error.args else ""
    if isinstance(said, str):
        return "" if said.startswith("Unexpected response type") else said  # LangChain's words for what is no JSON
    return json.dumps({"error": said}, ensure_ascii=False, default=str)


def not_reached(endpoint: Endpoint, causes: list[BaseException]) -> ModelError | None:
    """The error for a server that no connection could be made to, if that is among the causes of a failure."""
    import httpx2

    for cause in causes:
        if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout):
            why = str(cause) or type(cause).__name__
            return unreachable(endpoint, why, passing=isinstance(cause, httpx2.ConnectTimeout))
    return None


def causes_of(error: BaseException) -> list[BaseException]:
    """An error and what it came from, at most ten deep."""
    chain = [error]
    while (deeper := chain[-1].__cause__ or chain[-1].__context__) is not None and len(chain) < 10:
        chain.append(deeper)
    return chain
