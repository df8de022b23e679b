"""A scripted coder behind the fake server: reads the segment out of the prompt, answers as a careful model would."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.fakes import Body, Response

_ASKED = re.compile(r"«DATA (\w+) segment (\d+)»\n(.*?)\n«END \1»", re.S)

_ITEM = re.compile(r"«DATA (\w+) item (\d+)»\n(.*?)\n«END \1»", re.S)


def asked(body: Body) -> tuple[int, str]:
    """The number and the words of the segment a request asks about."""
    found = _ASKED.search(body["messages"][1]["content"])
    assert found, "the prompt shows no segment"
    return int(found.group(2)), found.group(3)


def all_asked(body: Body) -> list[tuple[int, str]]:
    """The numbers and words of all segments a request asks about."""
    return [(int(number), words) for _, number, words in _ASKED.findall(body["messages"][1]["content"])]


def is_check(body: Body) -> bool:
    """Whether a request asks whether quotes support their codes."""
    return _ITEM.search(body["messages"][1]["content"]) is not None


def is_open(body: Body) -> bool:
    """Whether a request asks for open codes."""
    return "dart." not in body["messages"][0]["content"]


def coder(body: Body) -> Response:
    """Codes the first clause of every segment that speaks of users or 用户; answers "none" for the rest.

    Asked for a check, it finds all but the quotes with a question mark supported.
    """
    if is_check(body):
        found = _ITEM.findall(body["messages"][1]["content"])
        return checks({int(number): "no" if re.search("[?？]", words) else "yes" for _, number, words in found})
    return Response(
        json.dumps({"segments": [_coded(body, *one) for one in all_asked(body)]}, ensure_ascii=False),
    )


def _coded(body: Body, number: int, text: str) -> dict[str, Any]:
    clause = re.split(r"(?<=[。！？!?])|(?<=\.) ", text.strip())[0].strip()
    if "用户" not in text and "user" not in text.lower():
        return answer(number, [])
    if is_open(body):
        return answer(number, [item("用户参与", clause)])
    return answer(number, [item("dart.dialogue", clause, polarity="+", modality="practised", voice="author")])


def item(code: str, quote: str, **attributes: str) -> dict[str, Any]:
    """One coded item of a reply."""
    return {"code": code, "quote": quote, "rationale": "it says so", "confidence": 0.8, **attributes}


def reply(number: int, codes: list[dict[str, Any]]) -> Response:
    """A reply about one segment in the wanted format."""
    return Response(json.dumps({"segments": [answer(number, codes)]}, ensure_ascii=False))


def answer(number: int, codes: list[dict[str, Any]]) -> dict[str, Any]:
    """One segment's part of a reply."""
    return {"segment": number, "none": not codes, "why": "", "codes": codes}


def checks(verdicts: dict[int, str]) -> Response:
    """A reply to a check in the wanted format."""
    found = [{"item": number, "why": "as it says", "supported": verdict} for number, verdict in verdicts.items()]
    return Response(json.dumps({"checks": found}, ensure_ascii=False))


def several(body: Body, answer: Callable[[Body], Response]) -> Response:
    """What `answer` says of each segment of a request that asks about several, in one reply."""
    system, user = body["messages"][:2]
    said = []
    for found in _ASKED.finditer(user["content"]):
        alone = body | {"messages": [system, user | {"content": found.group()}]}
        said += json.loads(answer(alone).content or "")["segments"]
    return Response(json.dumps({"segments": said}, ensure_ascii=False))
