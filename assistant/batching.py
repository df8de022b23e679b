"""Prompts in, lines of a batch's input file out; lines of its result files in, replies out. Pure.

The format is the Batch API of OpenAI, which DashScope (`qwen:`) speaks too: one JSON object a line, matched by
`custom_id` only, for results come in any order and in two files: replies in one, errors in the other.
https://developers.openai.com/api/docs/guides/batch (read November 2026)
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from assistant.errors import ModelError
from assistant.model import Prompt, Reply
from assistant.providers import Endpoint, explain, misread
from assistant.replying import read_reply

Form = Literal["json_schema", "json_object", "plain"]

ENDPOINT: Final = "/v1/chat/completions"
MOST_LINES = 50_000  # requests in one input file, as documented
MOST_BYTES = 200_000_000  # of one input file, as documented by OpenAI; DashScope takes 500 MB
ENDED = frozenset({"completed", "failed", "expired", "cancelled"})

_BOM = b"\xef\xbb\xbf"
_OURS_NO_MORE = re.compile(r"server|internal|unavailable|overload|throttl|rate.?limit|timeout", re.I)
# Line ends to some readers, though not to JSON: a server that splits on them would tear the request apart.
_ODD_LINE_ENDS = {ord(c): f"\\u{ord(c):04x}" for c in "\x85\u2028\u2029"}


@dataclass(frozen=True, slots=True)
class Item:
    """One prompt of a batch. `custom_id` must differ from every other in its batch, or the batch fails."""

    custom_id: str
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Result:
    """What a batch has to say about one item: a reply, or why there is none. `error.passing`: worth asking again."""

    custom_id: str
    reply: Reply | None = None
    error: ModelError | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """A batch the server has taken on: its id there, and the id of its input file."""

    remote: str
    file: str


@dataclass(frozen=True, slots=True)
class State:
    """Where a batch stands. `output_file` and `error_file` may hold results of expired and cancelled batches too."""

    status: str  # validating, in_progress, finalizing, completed, failed, expired, cancelling or cancelled
    total: int = 0  # requests
    done: int = 0
    failed: int = 0
    output_file: str | None = None
    error_file: str | None = None
    errors: tuple[str, ...] = ()  # why the whole batch failed its check, one sentence each

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in ENDED


def line(
    item: Item,
    model_name: str,
    *,
    form: Form,
    max_reply_tokens: int | None,
    provider: str,
    temperature: float | None = None,
) -> bytes:
    """One line of an input file, line end included. Its body is what `assistant.chain` sends for the same prompt.

    Only `"stream": false` is left out: it is the default, and a batch cannot stream. Options left None are not sent.
    """
    messages = [{"role": message.role, "content": message.content} for message in item.prompt.messages]
    body: dict[str, Any] = {"model": model_name, "messages": messages}
    if item.prompt.schema and form == "json_schema":
        named = {"name": "reply", "strict": True, "schema": item.prompt.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    elif item.prompt.schema and form == "json_object":
        body["response_format"] = {"type": "json_object"}
    if temperature is not None:
        body["temperature"] = temperature
    if max_reply_tokens is not None:
        body["max_completion_tokens" if provider == "openai" else "max_tokens"] = max_reply_tokens
    request = {"custom_id": item.custom_id, "method": "POST", "url": ENDPOINT, "body": body}
    text = json.dumps(request, ensure_ascii=False, separators=(",", ":")).translate(_ODD_LINE_ENDS)
    return text.encode("utf-8", "replace") + b"\n"


def split(lines: Iterable[bytes], *, most: int = MOST_LINES, most_bytes: int = MOST_BYTES) -> Iterator[list[bytes]]:
    """The lines in as few files as the limits allow, in order. Holds one file's lines at a time.

    Raises ModelError (context) for a line that is too long for any file.
    """
    held: list[bytes] = []
    size = 0
    for number, one in enumerate(lines, start=1):
        if len(one) > most_bytes:
            message = f"Request {number} is {len(one):,} bytes long; a batch takes {most_bytes:,}."
            raise ModelError(message, "Use smaller segments or fewer examples", kind="context")
        if held and (len(held) == most or size + len(one) > most_bytes):
            yield held
            held, size = [], 0
        held.append(one)
        size += len(one)
    if held:
        yield held


class ResultReader:
    """Reads the result files of one batch, line by line: the replies' file first, so that a reply beats an error."""

    def __init__(self, endpoint: Endpoint, asked: Container[str]) -> None:
        self.notes: list[str] = []  # what was passed over, one sentence each
        self._endpoint = endpoint
        self._asked = asked  # the custom_ids that were sent
        self._seen: set[str] = set()
        self._file = ""
        self._number = 0

    def start(self, file: str) -> None:
        """From here on the lines are those of `file`, as notes call it."""
        self._file, self._number = file, 0

    def read(self, line: bytes) -> Result | None:
        """What one line says; None for a blank line and for one that `notes` now tells of."""
        self._number += 1
        if not line.removeprefix(_BOM).strip():
            return None
        said = _opened(line)
        custom_id = said.get("custom_id")
        if not isinstance(custom_id, str):
            self._pass_over("is no result of a request")
            return None
        if custom_id not in self._asked:
            self._pass_over(f"answers {custom_id[:80]!r}, which was not asked")
            return None
        if custom_id in self._seen:
            self._pass_over(f"answers {custom_id[:80]!r} once more; the first answer counts")
            return None
        self._seen.add(custom_id)
        try:
            return Result(custom_id, reply=_reply(self._endpoint, said))
        except ModelError as error:
            return Result(custom_id, error=error)

    def _pass_over(self, why: str) -> None:
        self.notes.append(f"{self._file}, line {self._number} {why}.")


def _opened(line: bytes) -> Mapping[str, Any]:
    """The JSON object of a line; empty when there is none."""
    try:
        said = json.loads(line.removeprefix(_BOM).decode("utf-8"))
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def results(lines: Iterable[bytes], reader: ResultReader, file: str) -> Iterator[Result]:
    """What a whole result file says; `file` is its name in the reader's notes."""
    reader.start(file)
    for one in lines:
        if (result := reader.read(one)) is not None:
            yield result


def _reply(endpoint: Endpoint, said: Mapping[str, Any]) -> Reply:
    response = said.get("response")
    error = said.get("error")
    if not isinstance(response, dict) or (error and "body" not in response):
        raise _without_response(endpoint, error if isinstance(error, dict) else {"message": error})
    body = response.get("body")
    status = _status(response.get("status_code"), 200)
    if status != 200:
        raise explain(endpoint, status, _text(response if body is None else body))
    if isinstance(body, str):  # some servers put JSON into JSON
        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            body = None
    try:
        return read_completion(endpoint, body)
    except (LookupError, TypeError, AttributeError):
        failed = isinstance(body, dict) and "error" in body
    raise misread(endpoint, _text(body), charged=not failed)


def _without_response(endpoint: Endpoint, error: Mapping[str, Any]) -> ModelError:
    """The error for a request that got no HTTP answer at all; OpenAI documents three codes, others have their own."""
    code = str(error.get("code") or "")
    again = "Run the same command again: it asks only for what is missing"
    if code == "batch_expired":
        message = f"{endpoint.name}: the batch ran out of time before this request."
        return ModelError(message, again, kind="expired", passing=True)
    if code == "batch_cancelled":
        message = f"{endpoint.name}: the batch was cancelled before this request."
        return ModelError(message, again, kind="cancelled", passing=True)
    if code == "request_timeout":
        message = f"{endpoint.name} did not answer this request of the batch in time."
        return ModelError(message, again, kind="timeout", passing=True, charged=True)
    status = _status(code, 500 if not error.get("message") or _OURS_NO_MORE.search(code) else 400)
    return explain(endpoint, status, _text({"error": error}))


def _status(said: Any, otherwise: int) -> int:
    return int(said) if re.fullmatch(r"[1-5]\d\d", str(said)) else otherwise


def _text(said: Any) -> str:
    return said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)


def read_completion(endpoint: Endpoint, completion: Any) -> Reply:
    """The reply a chat completion holds. Raises ModelError when it was broken off, LookupError when it holds none."""
    choice = completion["choices"][0]
    message = choice["message"]
    found = (message.get("content"), choice.get("finish_reason"), message.get("refusal"))
    return read_reply(endpoint, *found, completion.get("usage"), completion.get("model"))
