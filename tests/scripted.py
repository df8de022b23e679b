"""A scripted coder behind the fake server: reads the segment out of the prompt, answers as a careful model would."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.fakes import Body, Response

_ASKED = re.compile(r"«DATA (\w+) segment (\d+)»\n(.*?)\n«END \1»", re.S)


def asked(body: Body) -> tuple[int, str]:
    """The number and the words of the segment a request asks about."""
    found = _ASKED.search(body["messages"][1]["content"])
    assert found, "the prompt shows no segment"
    return int(found.group(2)), found.group(3)


def is_open(body: Body) -> bool:
    """Whether a request asks for open codes."""
    return "dart." not in body["messages"][0]["content"]


def coder(body: Body) -> Response:
    """Codes the first clause of every segment that speaks of users or 用户; answers "none" for the rest."""
    number, text = asked(body)
    clause = re.split(r"(?<=[。！？!?])|(?<=\.) ", text.strip())[0].strip()
    if "用户" not in text and "user" not in text.lower():
        return reply(number, [])
    if is_open(body):
        return reply(number, [item("用户参与", clause)])
    return reply(number, [item("dart.dialogue", clause, polarity="+", modality="practised", voice="author")])


def item(code: str, quote: str, **attributes: str) -> dict[str, Any]:
    """One coded item of a reply."""
    return {"code": code, "quote": quote, "rationale": "it says so", "confidence": 0.8, **attributes}


def reply(number: int, codes: list[dict[str, Any]]) -> Response:
    """A reply about one segment in the wanted format."""
    answer = {"segment": number, "none": not codes, "why": "", "codes": codes}
    return Response(json.dumps({"segments": [answer]}, ensure_ascii=False))
