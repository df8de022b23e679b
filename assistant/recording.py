"""A model in, the same model out with every reply added to a file; or such a file in, a model that plays it back.

One JSON object per line, UTF-8: digest, model, messages, reply, finish, refusal, usage. The file holds the prompts, so
it is as confidential as the documents. A line is written at once or not at all as far as the system allows; half a
last line, left by a crash, is passed over in reading and removed when recording goes on.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.errors import ModelError, ProjectError, UsageError
from assistant.model import Prompt, Reply, Usage
from assistant.providers import Ask, Model

_FIRST = b'{"digest"'  # how every line begins
_MARK = b"\xef\xbb\xbf"  # a byte order mark, as some editors leave one
_FINISHES = ("stop", "length", "refusal", "content_filter")


def recorded(model: Model, path: Path) -> Model:
    """`model`, with every reply it gives added to `path`. UsageError if that file cannot be added to."""
    return replace(model, ask=recorder(model.ask, path))


def recorder(ask: Ask, path: Path) -> Ask:
    """`ask`, with every reply added to `path`; failures are not recorded. Raises as `recorded` does.

    ProjectError while asking if the file can no longer be written: a paid reply must not be lost unnoticed.
    """
    try:
        _mend(path)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", "choose another file for the recording"
        ) from None
    lock = threading.Lock()

    async def ask_and_record(prompt: Prompt) -> Reply:
        reply = await ask(prompt)
        line = (json.dumps(_line(prompt, reply), ensure_ascii=False) + "\n").encode("utf-8", "replace")
        try:
            with lock, path.open("ab", buffering=0) as file:  # unbuffered: the line goes out in one write
                file.write(line)
        except OSError as error:
            raise ProjectError(
                f"{path} cannot be written: {error.strerror}", "free some space, then run again"
            ) from None
        return reply

    return ask_and_record


def replay(path: Path) -> Model:
    """A model that answers from a recording, by prompt digest. Several replies to one prompt come in order, the last
    one again and again. ModelError (not_recorded): at once for a file that is no recording, naming the line; when
    asked, for a prompt that is not in it.
    """
    replies: dict[str, list[Reply]] = defaultdict(list)
    found, notes = _read(path)
    for digest, reply in found:
        replies[digest].append(reply)

    async def ask(prompt: Prompt) -> Reply:
        left = replies.get(prompt.digest)
        if not left:
            message = f"{path.name} holds no reply to this prompt (digest {prompt.digest[:12]})"
            hint = "the text, codebook or template has changed since: record again with a live model"
            raise ModelError(message, hint, kind="not_recorded")
        return left.pop(0) if len(left) > 1 else left[0]

    return Model(f"recorded:{path.name}", ask, notes=notes)


def _line(prompt: Prompt, reply: Reply) -> dict[str, Any]:
    usage = reply.usage
    return {
        "digest": prompt.digest,
        "model": reply.model,
        "messages": [{"role": message.role, "content": message.content} for message in prompt.messages],
        "reply": reply.text,
        "finish": reply.finish,
        "refusal": reply.refusal,
        "usage": {"input": usage.input, "output": usage.output, "cached": usage.cached},
    }


def _mend(path: Path) -> None:
    """Make sure that the file can be added to and ends with a line end. Only ever removes half a line of our own."""
    with path.open("a+b") as file:
        file.seek(0)
        content = file.read()
        if not content:
            return
        kept = content[: content.rfind(b"\n") + 1]
        rest = content[len(kept) :]
        if not content.removeprefix(_MARK).startswith(_FIRST[: len(content)]):
            raise UsageError(f"{path} is not a recording", "choose another file for the recording")
        if not rest:
            return
        try:
            json.loads(rest)
            file.write(b"\n")
        except ValueError:
            file.truncate(len(kept))


def _read(path: Path) -> tuple[list[tuple[str, Reply]], tuple[str, ...]]:
    """The replies with their digests, and a note on what was passed over."""
    try:
        lines = path.read_bytes().removeprefix(_MARK).split(b"\n")
    except OSError as error:
        raise _unusable(f"{path} cannot be read: {error.strerror}") from None
    found = []
    notes: tuple[str, ...] = ()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found.append(_reply(json.loads(line.decode("utf-8"))))
        except (ValueError, LookupError, TypeError) as error:
            if number == len(lines):  # no line end behind it: a crash cut it short
                notes = (f"{path.name}: line {number} is only half written and was passed over",)
                continue
            raise _unusable(f"{path}, line {number} is not a recorded reply: {error}") from None
    if not found:
        raise _unusable(f"{path} holds no recorded reply")
    return found, notes


def _reply(line: Any) -> tuple[str, Reply]:
    if not isinstance(line, dict):
        raise TypeError("it is no object")
    digest, text, model = line["digest"], line["reply"], line["model"]
    finish, refusal, usage = line.get("finish", "stop"), line.get("refusal", ""), line.get("usage") or {}
    if not all(isinstance(value, str) for value in (digest, text, model, refusal)) or finish not in _FINISHES:
        raise TypeError("a field has another type")
    counts = [usage.get(name) for name in ("input", "output", "cached")] if isinstance(usage, dict) else ["?"]
    if not all(count is None or isinstance(count, int) for count in counts):
        raise TypeError("its usage does not count tokens")
    return digest, Reply(text, model, Usage(*counts), finish, refusal)


def _unusable(message: str) -> ModelError:
    return ModelError(message, "record it again with a live model", kind="not_recorded", stops_run=True)
