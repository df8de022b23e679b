"""LangChain's streaming chat model, tapped: each event of the server comes out whole. Network I/O.

LangChain's own chunks leave out what a chat needs: a refusal, calls whose server does not number them, DeepSeek's
count of cached tokens; and a server that answers at once instead of streaming leaves it with nothing. Imported only
when a model is talked to: it needs LangChain at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import httpx2
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.outputs import ChatGenerationChunk
from langchain_openai import ChatOpenAI
from pydantic import Field

from assistant.speech import Call, Line, Tool

_STREAMED = re.compile(r"\s*(?:data|event|id|retry)?:")
_NAME = re.compile(r"[^\w-]", re.ASCII)


class Event(AIMessageChunk):
    """A chunk that carries the server's event as it was sent."""

    event: dict[str, Any] = Field(default_factory=dict)


class TappedChat(ChatOpenAI):
    """Streams `Event`s."""

    # The place where LangChain's own packages for other servers, such as langchain-deepseek, read their events.
    def _convert_chunk_to_generation_chunk(
        self, chunk: dict[str, Any], default_chunk_class: type, base_generation_info: dict[str, Any] | None
    ) -> ChatGenerationChunk | None:
        return ChatGenerationChunk(message=Event(content="", event=chunk))


class StreamingClient(httpx2.AsyncClient):
    """Makes a stream of one event of the answer of a server that does not stream."""

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """As `httpx2.AsyncClient.send`."""
        response = await super().send(request, **options)
        kind = response.headers.get("content-type", "")
        if response.status_code != 200 or not re.search("json|html", kind, re.I):
            return response
        try:
            body = (await response.aread()).decode("utf-8", "replace")
        finally:
            await response.aclose()
        headers = {"content-type": "text/event-stream"}
        return httpx2.Response(200, headers=headers, content=_as_events(body).encode(), request=request)


def _as_events(body: str) -> str:
    if _STREAMED.match(body):  # streamed after all, under a wrong name
        return body
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    return f"data: {json.dumps(said if isinstance(said, dict) else {'message': body})}\n\n"


def tool_for(tool: Tool) -> dict[str, Any]:
    """A tool as OpenAI's protocol words it."""
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def messages_for(lines: Sequence[Line], *, can_call: bool) -> list[BaseMessage]:
    """A conversation as LangChain sends it; for a model that cannot call, tools' results are the user's lines."""
    names = {call.id: call.name for line in lines for call in line.calls}
    return [_message(line, names, can_call) for line in lines if can_call or line.content or not line.calls]


def _message(line: Line, names: dict[str, str], can_call: bool) -> BaseMessage:
    content = line.content.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair cannot be sent
    if line.role == "system":
        return SystemMessage(content)
    if line.role == "assistant":
        return AIMessage(content, tool_calls=[_called(call) for call in line.calls] if can_call else [])
    if line.role == "tool" and can_call:
        return ToolMessage(content, tool_call_id=line.answers)
    return HumanMessage(f"[{names.get(line.answers, 'tool')}]\n{content}" if line.role == "tool" else content)


def _called(call: Call) -> dict[str, Any]:
    # A name the model made up may hold what servers refuse in a name, and with it the whole conversation.
    return {"id": call.id, "name": _NAME.sub("_", call.name)[:64] or "none", "args": dict(call.arguments)}
