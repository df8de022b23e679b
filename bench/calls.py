"""What one model call costs on this machine beside the network: ours, bare LangChain and the bare SDK in one run.

All three ask the same loopback server, which answers at once, with the same messages and reply format. They take
turns, so that a busy machine is busy for each of them; CPU time is the process's own, the server's share included,
which is the same for all three.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

from assistant.chain import connect, silence_tracing
from assistant.model import Message, Prompt
from assistant.parsing import reply_schema
from tests.fakes import FakeServer, Response

CALLS = 300  # per round
ROUNDS = 5
AT_ONCE = 16
REPLY = Response(
    '{"segments": [{"segment": 1, "none": false, "why": "", "codes": ['
    '{"code": "a", "quote": "顾客参与设计", "rationale": "words", "confidence": 0.8}]}]}'
)
PROMPT = Prompt(
    (Message("system", "You code texts. Answer in json."), Message("user", "顾客参与设计。" * 100)),
    digest="bench",
    kind="open",
    language="zh",
    template="bench",
    segments=(1,),
    schema=reply_schema("open", code_ids=None, attributes=()),
)
FORMAT: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {"name": "reply", "strict": True, "schema": PROMPT.schema},
}
Call = Callable[[], Awaitable[Any]]


async def _spend(call: Call) -> tuple[float, float]:
    """Wall and CPU milliseconds per call over one round."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with gate:
            await call()

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one() for _ in range(CALLS)))
    return (time.perf_counter() - wall) * 1000 / CALLS, (time.process_time() - cpu) * 1000 / CALLS


async def _measure(base_url: str) -> dict[str, list[tuple[float, float]]]:
    from langchain_openai import ChatOpenAI
    from openai import AsyncOpenAI

    ours = connect("compatible:m", base_url=base_url)
    messages: list[Any] = [{"role": message.role, "content": message.content} for message in PROMPT.messages]
    sdk = AsyncOpenAI(base_url=base_url, api_key="none")
    chat = ChatOpenAI(model="m", base_url=base_url, api_key=lambda: "none", use_responses_api=False)
    bound = chat.bind(response_format=FORMAT)
    calls: dict[str, Call] = {
        "AsyncOpenAI.create": lambda: sdk.chat.completions.create(model="m", messages=messages, response_format=FORMAT),  # type: ignore[call-overload]
        "ChatOpenAI.ainvoke": lambda: bound.ainvoke(messages),
        "connect().ask": lambda: ours.ask(PROMPT),
    }
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for name in calls:
        await _spend(calls[name])  # connections, imports and caches of the first calls
    for _ in range(ROUNDS):
        for name in calls:
            spent[name].append(await _spend(calls[name]))
    await ours.aclose()
    await sdk.close()
    return spent


def run() -> list[str]:
    """Markdown lines: milliseconds per call and the ratio to the bare SDK."""
    silence_tracing()
    with FakeServer(lambda body: REPLY) as server:
        spent = asyncio.run(_measure(server.base_url))
    base = statistics.median(cpu for _, cpu in spent["AsyncOpenAI.create"])
    lines = ["| call | wall ms | CPU ms | CPU beside the bare SDK |", "|---|---|---|---|"]
    for name, rounds in spent.items():
        wall, cpu = (statistics.median(values) for values in zip(*rounds, strict=True))
        lines.append(f"| `{name}` | {wall:.2f} | {cpu:.2f} | {cpu / base:.2f} |")
    lines += ["", f"Medians of {ROUNDS} rounds of {CALLS} calls, {AT_ONCE} at once; CPU includes the server's share."]
    return lines
