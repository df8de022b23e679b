"""The Batch API at a fake server: uploads and batches in; state, result files or a scripted mishap out.

    with FakeServer(coder) as server:
        batches = FakeBatches(server)
        api = connect("compatible:any", base_url=server.base_url)

Every request of a batch is answered by the server's own `answer`. A server without a FakeBatches has no Batch API.
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes import Body, FakeServer, Request, Response, completion, failing

GOES_WELL = ("validating", "in_progress", "finalizing", "completed")
CALLED_OFF = {
    "expired": ("batch_expired", "This request could not be executed before the completion window expired."),
    "cancelled": ("batch_cancelled", "This request was cancelled with its batch."),
}


@dataclass(frozen=True, slots=True)
class Mishap:
    """Something that goes wrong in one step. `done`: the step is carried out, and only its answer is lost."""

    response: Response = field(default_factory=lambda: Response(end="reset"))
    done: bool = False


@dataclass(slots=True)
class FakeBatch:
    """One batch as the server keeps it."""

    id: str
    body: Body  # as it was created
    script: list[str]  # states still to come, one a look; the last one stays
    status: str = "validating"
    looks: int = 0
    errors: list[Body] = field(default_factory=list)
    output_file: str | None = None
    error_file: str | None = None
    counts: dict[str, int] = field(default_factory=lambda: {"total": 0, "completed": 0, "failed": 0})


class FakeBatches:
    """Files and batches of one account. Tests read `files`, `uploads` and `created`, and script the rest."""

    def __init__(self, server: FakeServer, script: tuple[str, ...] = GOES_WELL) -> None:
        self.script = script  # what the looks at a new batch show, e.g. ("in_progress", "expired")
        self.unfinished: Callable[[str], bool] = lambda custom_id: False  # not reached when a batch is called off
        self.faults: Mapping[str, Response] = {}  # by custom_id: the answer to that request, instead of the server's
        self.mishaps: dict[str, list[Mishap]] = defaultdict(list)  # by step: upload, create, list, look, fetch, …
        self.page_size = 100
        self.files: dict[str, bytes] = {}
        self.uploads: list[Mapping[str, str]] = []  # name and purpose of each file that was sent
        self.created: list[FakeBatch] = []
        self._numbers = count(1)
        self._server = server
        server.also = self.respond

    def respond(self, request: Request) -> Response | None:
        """The answer to a request about files or batches; None to any other."""
        found = _step(request)
        if found is None:
            return None
        step, wanted = found
        mishap = self.mishaps[step].pop(0) if self.mishaps[step] else None
        if mishap is not None and not mishap.done:
            return mishap.response
        response: Response = getattr(self, f"_{step}")(request, wanted)
        if mishap is None:
            return response
        return replace(response, end="cut") if mishap.response.end == "cut" else mishap.response

    def _upload(self, request: Request, wanted: str) -> Response:
        head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
        parts: Any = message_from_bytes(head + request.body["raw"].encode("latin-1")).get_payload()
        named = {str(part.get_param("name", header="content-disposition")): part for part in parts}
        content = named["file"].get_payload(decode=True)
        purpose = named["purpose"].get_payload(decode=True)
        assert isinstance(content, bytes) and isinstance(purpose, bytes)
        self.uploads.append({"name": str(named["file"].get_filename()), "purpose": purpose.decode()})
        return _json({"id": self._store(content), "object": "file", "bytes": len(content), "purpose": "batch"})

    def _create(self, request: Request, wanted: str) -> Response:
        if request.body.get("input_file_id") not in self.files:
            return failing(400, "No such File object", "invalid_request_error")
        if any(len(key) > 64 or len(value) > 512 for key, value in (request.body.get("metadata") or {}).items()):
            return failing(400, "Invalid 'metadata': too long", "invalid_request_error")
        batch = FakeBatch(f"batch_{len(self.created) + 1}", request.body, list(self.script))
        self.created.append(batch)
        return _json(_shown(batch))

    def _list(self, request: Request, wanted: str) -> Response:
        asked = parse_qs(urlsplit(request.path).query)
        newest = self.created[::-1]
        after = asked.get("after", [""])[0]
        start = next((i + 1 for i, batch in enumerate(newest) if batch.id == after), 0)
        page = newest[start : start + min(self.page_size, int(asked["limit"][0]))]
        more = start + len(page) < len(newest)
        return _json({"object": "list", "data": [_shown(batch) for batch in page], "has_more": more})

    def _look(self, request: Request, wanted: str) -> Response:
        batch = self._batch(wanted)
        if batch is None:
            return failing(404, f"No batch found with id '{wanted}'", "invalid_request_error")
        batch.looks += 1
        if batch.script:
            self._turn(batch, batch.script.pop(0))
        return _json(_shown(batch))

    def _cancel(self, request: Request, wanted: str) -> Response:
        batch = self._batch(wanted)
        if batch is None:
            return failing(404, f"No batch found with id '{wanted}'", "invalid_request_error")
        if batch.status in ("completed", "failed", "expired", "cancelled"):
            return failing(409, f"Cannot cancel a batch with status '{batch.status}'.", "invalid_request_error")
        batch.status, batch.script = "cancelling", ["cancelled"]
        return _json(_shown(batch))

    def _fetch(self, request: Request, wanted: str) -> Response:
        if wanted not in self.files:
            return failing(404, f"No such File object: {wanted}", "invalid_request_error")
        return Response(raw=self.files[wanted], media_type="application/octet-stream")

    def _delete(self, request: Request, wanted: str) -> Response:
        if self.files.pop(wanted, None) is None:
            return failing(404, f"No such File object: {wanted}", "invalid_request_error")
        return _json({"id": wanted, "object": "file", "deleted": True})

    def lines(self, batch: FakeBatch) -> list[Body]:
        """The requests of a batch."""
        return [json.loads(line) for line in self.files[batch.body["input_file_id"]].split(b"\n") if line]

    def _store(self, content: bytes) -> str:
        name = f"file-{next(self._numbers)}"
        self.files[name] = content
        return name

    def _batch(self, wanted: str) -> FakeBatch | None:
        return next((batch for batch in self.created if batch.id == wanted), None)

    def _turn(self, batch: FakeBatch, status: str) -> None:
        if status != "failed" and not batch.counts["total"]:
            batch.errors = _checked(self.lines(batch), batch.body["endpoint"])
            batch.counts["total"] = 0 if batch.errors else len(self.lines(batch))
        if status == "failed" or batch.errors:
            batch.status, batch.script = "failed", []
            batch.errors = batch.errors or [{"code": "token_limit_exceeded", "message": "Enqueued token limit reached"}]
            return
        batch.status = status
        if status in ("completed", "expired", "cancelled"):
            self._finish(batch)

    def _finish(self, batch: FakeBatch) -> None:
        good: list[Body] = []
        bad: list[Body] = []
        for number, line in enumerate(self.lines(batch), start=1):
            result: Body = {
                "id": f"batch_req_{number}",
                "custom_id": line["custom_id"],
                "response": None,
                "error": None,
            }
            if batch.status in CALLED_OFF and self.unfinished(line["custom_id"]):
                code, message = CALLED_OFF[batch.status]
                bad.append(result | {"error": {"code": code, "message": message}})
                continue
            response = self._answered(line)
            body = completion(response, line["body"]["model"]) if response.raw is None else json.loads(response.raw)
            result["response"] = {"status_code": response.status, "request_id": f"req_{number}", "body": body}
            (good if response.status == 200 else bad).append(result)
        batch.counts |= {"completed": len(good), "failed": len(bad)}
        random.Random(len(good)).shuffle(good)
        batch.output_file = self._store(_jsonl(good)) if good else None
        batch.error_file = self._store(_jsonl(bad)) if bad else None

    def _answered(self, line: Body) -> Response:
        if (fault := self.faults.get(line["custom_id"])) is not None:
            return fault
        return self._server.complete(Request("POST", line["url"], {}, line["body"]), 0)


def _step(request: Request) -> tuple[str, str] | None:
    path = urlsplit(request.path).path
    for pattern, step in (
        (r"POST /v1/files", "upload"),
        (r"GET /v1/files/([^/]+)/content", "fetch"),
        (r"DELETE /v1/files/([^/]+)", "delete"),
        (r"POST /v1/batches", "create"),
        (r"GET /v1/batches", "list"),
        (r"GET /v1/batches/([^/]+)", "look"),
        (r"POST /v1/batches/([^/]+)/cancel", "cancel"),
    ):
        if (found := re.fullmatch(pattern, f"{request.method} {path}")) is not None:
            return step, "".join(found.groups())
    return None


def _checked(lines: list[Body], endpoint: str) -> list[Body]:
    """What the server finds wrong with an input file before it begins."""
    seen: set[str] = set()
    errors: list[Body] = []
    for number, line in enumerate(lines, start=1):
        if line["custom_id"] in seen:
            message = f"The custom_id '{line['custom_id']}' is not unique."
            errors.append({"code": "duplicate_custom_id", "line": number, "message": message, "param": "custom_id"})
        if (line["method"], line["url"]) != ("POST", endpoint):
            errors.append({"code": "invalid_url", "line": number, "message": "The url does not match the endpoint."})
        seen.add(line["custom_id"])
    return errors


def _shown(batch: FakeBatch) -> Body:
    return {
        "id": batch.id,
        "object": "batch",
        "created_at": 1,
        **{key: batch.body.get(key) for key in ("endpoint", "input_file_id", "completion_window", "metadata")},
        "status": batch.status,
        "errors": {"object": "list", "data": batch.errors} if batch.errors else None,
        "output_file_id": batch.output_file,
        "error_file_id": batch.error_file,
        "request_counts": dict(batch.counts),
    }


def _json(said: Any) -> Response:
    return Response(raw=json.dumps(said, ensure_ascii=False).encode())


def _jsonl(lines: list[Body]) -> bytes:
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)
