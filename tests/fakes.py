"""A loopback server that speaks the OpenAI protocol: model name in, scripted answer or fault out.

    with FakeServer(answer=lambda body: Response('{"segments": []}')) as server:
        model = connect("compatible:any", base_url=server.base_url)

`answer` receives the request's JSON body. A model name listed in FAULTS bends that answer or fails in its own way.
"""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import struct
import sys
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

Body = dict[str, Any]
CHAT = "/v1/chat/completions"
PAUSE = 0.03  # seconds between the halves of a slow body
USAGE: Mapping[str, Any] = {
    "prompt_tokens": 120,
    "completion_tokens": 30,
    "total_tokens": 150,
    "prompt_tokens_details": {"cached_tokens": 20},
}


@dataclass(frozen=True, slots=True)
class Response:
    """What the server sends back. `raw` replaces the JSON body; `end` says how the exchange ends instead."""

    content: str | None = ""
    finish: str = "stop"
    refusal: str | None = None
    usage: Mapping[str, Any] | None = field(default_factory=lambda: USAGE)
    status: int = 200
    error: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    media_type: str = "application/json"
    delay: float = 0.0  # seconds
    # hang: never answers · reset: drops the line · drip: blank lines · cut: half the body · slow: half, later the rest
    end: str = "normal"
    # Instead of a body of known length: bytes sent one after another, and the seconds of silence between them. With
    # end="cut" the line is dropped after the last of them.
    steps: Sequence[bytes | float] | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One request as received."""

    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    body: Body

    @property
    def prompt(self) -> str:
        """The text of all its messages."""
        return "\n".join(str(m.get("content", "")) for m in self.body.get("messages", ()))


Answer = Callable[[Body], Response]
Fault = Callable[[Request, Response, int], Response]  # request, the answer it would get, earlier requests of its model


def failing(status: int, message: str, code: str = "", **headers: str) -> Response:
    """An error in OpenAI's form."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, error={"message": message, "type": code, "code": code or None}, headers=named)


def wrong_types(text: str) -> str:
    """The same reply with the first code of every segment spoilt: number as code, list as quote, word as attribute."""
    reply = json.loads(text)
    for segment in reply["segments"]:
        for code in segment["codes"][:1]:
            code.update(code=7, quote=["not", "a", "string"], confidence={"level": "very"})
    return json.dumps(reply, ensure_ascii=False)


def _format(request: Request) -> str:
    return str((request.body.get("response_format") or {}).get("type", ""))


def _noschema(request: Request, response: Response, earlier: int) -> Response:
    if _format(request) == "json_schema":
        return failing(400, "This response_format type is unavailable now", "invalid_request_error")
    return response


def _noformat(request: Request, response: Response, earlier: int) -> Response:
    if _format(request):
        return Response(status=422, raw=b'{"detail": [{"loc": ["body", "response_format"], "msg": "extra field"}]}')
    return response


def _echo(request: Request, response: Response, earlier: int) -> Response:
    key = request.headers.get("authorization", "").removeprefix("Bearer ")
    return failing(401, f"Incorrect API key provided: {key}", "invalid_api_key")


def _once(fault: Response) -> Fault:
    return lambda request, response, earlier: response if earlier else fault


def _always(fault: Response) -> Fault:
    return lambda request, response, earlier: fault


def _bend(bend: Callable[[str], str], **changes: Any) -> Fault:
    return lambda request, response, earlier: replace(response, content=bend(response.content or ""), **changes)


BUSY = failing(429, "Rate limit reached", "rate_limit_exceeded")
HTML = b"<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
FAULTS: dict[str, Fault] = {
    "trunc": _bend(lambda text: text[: len(text) * 2 // 3], finish="length"),
    "refusal": lambda request, response, earlier: replace(response, content=None, refusal="I will not read this text."),
    "content_filter": _bend(lambda text: "", finish="content_filter"),
    "fence": _bend(lambda text: f"```json\n{text}\n```"),
    "think": _bend(lambda text: f'<think>Perhaps {{"segments": []}}? No.</think>\n\n{text}'),
    "prose": _bend(lambda text: f"Of course! Here is the coding you asked for:\n{text}\nTell me if you need more."),
    "wrongtypes": _bend(wrong_types),
    "empty": _bend(lambda text: ""),
    "401": _always(failing(401, "Incorrect API key provided", "invalid_api_key")),
    "401-echo": _echo,
    "403": _always(failing(403, "You do not have access to this model", "forbidden")),
    "404": _always(failing(404, "The model `404` does not exist", "model_not_found")),
    "402": _always(failing(402, "Insufficient Balance", "unknown_error")),
    "quota": _always(failing(429, "You exceeded your current quota", "insufficient_quota")),
    "429": _always(BUSY),
    "429-once": _once(replace(BUSY, headers={"retry-after": "1"})),
    "429-wait": _always(replace(BUSY, headers={"retry-after": "75"})),
    "500": _always(failing(500, "The server had an error", "server_error")),
    "500-once": _once(failing(500, "The server had an error", "server_error")),
    "503": _always(failing(503, "Service unavailable", "server_error")),
    "html502": _always(Response(status=502, raw=HTML, media_type="text/html")),
    "307": _always(Response(status=307, raw=b"", headers={"location": "http://elsewhere.invalid/v1/chat"})),
    "hang": _always(Response(end="hang")),
    "drip": _always(Response(end="drip")),
    "reset": _always(Response(end="reset")),
    "noschema": _noschema,
    "noformat": _noformat,
    "context": _always(failing(400, "This model's maximum context length is 8192", "context_length_exceeded")),
    "filtered400": _always(failing(400, "The prompt was filtered", "content_filter")),
    "400": _always(failing(400, "Unsupported value: 'temperature'", "unsupported_value")),
    "badjson": _always(Response(raw=b'{"id": "x", "choices": [')),
    "error200": _always(Response(raw=b'{"error": {"message": "engine overloaded", "code": 503}}')),
    "nochoices": _always(Response(raw=b'{"id": "x", "object": "chat.completion", "choices": []}')),
}


def _no_answer(body: Body) -> Response:
    return Response('{"segments": []}')


class FakeServer:
    """Serves /v1/chat/completions, /v1/models and /v1/embeddings while the `with` block lasts; keeps every request.

    `also` answers what these do not: `tests.fake_batches.FakeBatches` puts itself there.
    """

    def __init__(self, answer: Answer = _no_answer, *, latency: float = 0.0, dimensions: int = 8) -> None:
        self.answer = answer
        self.latency = latency  # seconds, added to each chat answer
        self.dimensions = dimensions
        self.also: Callable[[Request], Response | None] = lambda request: None
        self.requests: list[Request] = []
        self.sent: list[tuple[Request, Response]] = []  # chat requests with their answers, as soon as these are begun
        self.most_at_once = 0
        self.hung_up = 0  # clients that closed the line while it was being answered
        self._at_once = 0
        self._seen: Counter[str] = Counter()  # requests by model
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self.base_url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        start = asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=256)
        self._server = asyncio.run_coroutine_threadsafe(start, self._loop).result(10)
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def chats(self) -> list[Request]:
        """The chat requests received so far."""
        return [r for r in self.requests if r.path == CHAT]

    def forget(self) -> None:
        """Start afresh: no requests seen, so that faults which strike once strike again."""
        self.requests.clear()
        self.sent.clear()
        self._seen.clear()

    async def _stop(self) -> None:
        assert self._server is not None
        self._server.close()
        tasks = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while (request := await _read(reader)) is not None:
                model = str(request.body.get("model", ""))
                earlier, self._seen[model] = self._seen[model], self._seen[model] + 1
                self.requests.append(request)
                self._at_once += 1
                self.most_at_once = max(self.most_at_once, self._at_once)
                try:
                    response = self._respond(request, earlier)
                    await asyncio.sleep(response.delay)
                finally:
                    self._at_once -= 1
                if request.path == CHAT:
                    self.sent.append((request, response))
                try:
                    if not await _write(writer, response, model):
                        break
                except ConnectionError:
                    self.hung_up += 1
                    raise
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def _respond(self, request: Request, earlier: int) -> Response:
        if request.path == "/v1/models":
            listed = {"object": "list", "data": [{"id": name, "object": "model"} for name in sorted(FAULTS)]}
            return Response(raw=json.dumps(listed).encode())
        if request.path == "/v1/embeddings":
            return Response(raw=json.dumps(self._embed(request.body)).encode())
        if request.path != CHAT:
            return self.also(request) or failing(404, f"Unknown path {request.path}")
        response = self.complete(request, earlier)
        return replace(response, delay=response.delay + self.latency)

    def complete(self, request: Request, earlier: int) -> Response:
        """The scripted answer to a chat request, bent by its model's fault; `earlier` requests of it came before."""
        response = self.answer(request.body)
        fault = FAULTS.get(str(request.body.get("model", "")))
        return response if fault is None else fault(request, response, earlier)

    def _embed(self, body: Body) -> Body:
        inputs = [body["input"]] if isinstance(body["input"], str) else body["input"]
        data = []
        for number, text in enumerate(inputs):
            # Equal texts get equal vectors, other texts others: all a test of plumbing needs.
            numbers = [zlib.crc32(f"{i}:{text}".encode()) / 2**31 - 1 for i in range(self.dimensions)]
            packed = base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()
            vector = packed if body.get("encoding_format") == "base64" else numbers
            data.append({"object": "embedding", "index": number, "embedding": vector})
        return {
            "object": "list",
            "model": body.get("model"),
            "data": data,
            "usage": {"prompt_tokens": 1, "total_tokens": 1},
        }


async def _read(reader: asyncio.StreamReader) -> Request | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    size = int(headers.get("content-length", 0))
    sent = await reader.readexactly(size)
    try:
        body = json.loads(sent) if sent else {}
    except ValueError:  # not for us: a multipart upload, say; kept so that a test can see it
        body = {"raw": sent.decode("latin-1")}
    return Request(method, path, headers, body)


async def _write(writer: asyncio.StreamWriter, response: Response, model: str) -> bool:
    """Send `response`; False when the connection must not be used again."""
    if response.end == "hang":
        await asyncio.sleep(3600)
    if response.end == "reset":
        # Linger 0 makes close() send RST instead of FIN.
        linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
        return False
    if response.end == "drip":
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99999999\r\n\r\n")
        while True:
            writer.write(b"\n")
            await writer.drain()
            await asyncio.sleep(0.05)
    if response.steps is not None:
        return await _stream(writer, response, response.steps)
    body = response.raw if response.raw is not None else json.dumps(completion(response, model)).encode()
    lines = [f"HTTP/1.1 {response.status} Scripted", f"content-type: {response.media_type}"]
    lines += [f"content-length: {len(body)}", *(f"{name}: {value}" for name, value in response.headers.items())]
    half = len(body) // 2 if response.end in ("cut", "slow") else len(body)
    writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body[:half])
    await writer.drain()
    if response.end == "slow":
        await asyncio.sleep(PAUSE)
        writer.write(body[half:])
        await writer.drain()
    return response.end != "cut"


async def _stream(writer: asyncio.StreamWriter, response: Response, steps: Sequence[bytes | float]) -> bool:
    lines = [f"HTTP/1.1 {response.status} Scripted", f"content-type: {response.media_type}"]
    lines += ["transfer-encoding: chunked", *(f"{name}: {value}" for name, value in response.headers.items())]
    writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")
    for step in steps:
        if isinstance(step, bytes):
            writer.write(b"%x\r\n%b\r\n" % (len(step), step))
            await writer.drain()
        else:
            await asyncio.sleep(step)
    if response.end != "cut":
        writer.write(b"0\r\n\r\n")
    await writer.drain()
    return response.end != "cut"


def completion(response: Response, model: str) -> Body:
    """The chat completion of `response` as OpenAI words it, or its error."""
    if response.error is not None:
        return {"error": dict(response.error)}
    message = {"role": "assistant", "content": response.content, "refusal": response.refusal}
    said: Body = {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": response.finish}],
    }
    if response.usage is not None:
        said["usage"] = dict(response.usage)
    return said
