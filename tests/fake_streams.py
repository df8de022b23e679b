"""Streamed answers for `tests.fakes.FakeServer`, as servers of the OpenAI protocol send them: events in, Response out.

with FakeServer(lambda body: streamed(*words("你", "好"), finish())) as server: ...
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes import USAGE, Response

DONE = b"data: [DONE]\n\n"
KEEP_ALIVE = b": keep-alive\n\n"
Step = bytes | float  # sent, or seconds of silence


def event(data: Any) -> bytes:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def chunk(choice: Mapping[str, Any] | None, **more: Any) -> bytes:
    """One event of an answer; None: without choices."""
    choices = [] if choice is None else [{"index": 0, "finish_reason": None, **choice}]
    head = {"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 1, "model": "fine-2026"}
    return event({**head, "choices": choices, **more})


def delta(**said: Any) -> bytes:
    return chunk({"delta": said})


def words(*pieces: str) -> list[bytes]:
    """The role, then each piece."""
    return [delta(role="assistant", content=""), *(delta(content=piece) for piece in pieces)]


def called(index: int | None, id: str | None = None, name: str | None = None, arguments: Any = None) -> bytes:
    """A piece of a tool call; what is None is left out."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    piece = {key: value for key, value in (("index", index), ("id", id)) if value is not None}
    return delta(tool_calls=[{**piece, "type": "function", "function": function}])


def finish(reason: str = "stop") -> bytes:
    return chunk({"delta": {}, "finish_reason": reason})


def usage(counts: Mapping[str, Any] = USAGE) -> bytes:
    return chunk(None, usage=dict(counts))


def streamed(*steps: Step, end: str = "normal", media_type: str = "text/event-stream") -> Response:
    """An answer of these steps; unless it is cut, its end is marked as the protocol has it."""
    closing: Sequence[Step] = [] if end == "cut" else [DONE]
    return Response(steps=[*steps, *closing], end=end, media_type=media_type)


def bytewise(*steps: bytes) -> list[Step]:
    """The same bytes, one packet each."""
    return [bytes((byte,)) for byte in b"".join(steps)]
