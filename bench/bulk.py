"""How near a stored run comes to what its server lets through, and its CPU time beside that of the bare chat model.

The server answers after a fixed time, in a process of its own, so that its CPU time is not ours. Per number of calls at
once, all in one run: the whole line (prompts, calls, proof, one synced transaction per call), assignment and open
coding one after the other, and then `ChatOpenAI.ainvoke` with the very same prompts.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from assistant import asking, bulk, indexing, running
from assistant.chain import Model
from assistant.model import Document, Prompt, Reply
from assistant.pacing import Pace, Pacer
from assistant.project import Project
from assistant.running import Way
from assistant.settings import Settings
from tests.fakes import FakeServer
from tests.scripted import coder

LATENCY = 0.2  # seconds the server takes to answer
UNITS = {16: 480, 64: 960}  # segments, by calls at once; each is asked about twice
AIMS = {16: 0.95, 64: 0.7}  # of the server's bound
WARM = 8  # calls before the clock starts, for connections and imports

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Spent:
    """What some calls took."""

    calls: int
    wall: float  # seconds
    cpu: float  # seconds, of this process

    @property
    def per_call(self) -> float:
        """CPU milliseconds for one call."""
        return 1000 * self.cpu / self.calls

    def share(self, at_once: int) -> float:
        """Calls a second, as a share of what a server lets through that always takes LATENCY."""
        return self.calls / self.wall / (at_once / LATENCY)


def run() -> list[str]:
    """Markdown lines: shares of the server's bound and CPU time per call."""
    lines = [
        "| calls at once | the server's bound | `ChatOpenAI.ainvoke` | the whole line, stored | aim |",
        "|---|---|---|---|---|",
    ]
    cpu = [
        "",
        "| CPU time per call, at once | `ChatOpenAI.ainvoke` | the whole line, stored | beside the call | ratio |",
        "|---|---|---|---|---|",
    ]
    for at_once, units in UNITS.items():
        with serving(LATENCY) as url, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            line, bare = asyncio.run(_measure(Path(folder) / "study", url, at_once, units))
        lines.append(
            f"| {at_once} | {at_once / LATENCY:.0f} a second | {bare.share(at_once):.2f} | {line.share(at_once):.2f}"
            f" | {AIMS[at_once]} |"
        )
        cpu.append(
            f"| {at_once} | {bare.per_call:.1f} ms | {line.per_call:.1f} ms | {line.per_call - bare.per_call:.1f} ms"
            f" | {line.per_call / bare.per_call:.2f} |"
        )
    return [*lines, *cpu, "", f"The server takes {1000 * LATENCY:.0f} ms for an answer; two calls per segment."]


async def _measure(folder: Path, url: str, at_once: int, units: int) -> tuple[Spent, Spent]:
    """What the whole line took, and what the bare chat model took for the same prompts."""
    sent: list[Prompt] = []
    with Project.create(folder, Settings(question="用户怎样参与？")) as project:
        project.documents.add(Document("a.txt", text_of(units), "1" * 64, "txt", "zh", source="a.txt"))
        scheme = indexing.segment_all(project)
        book = project.codebooks.in_force("dart")
        pacer = Pacer(Pace(concurrency=at_once))
        model = asking.connect("compatible:m", base_url=url, codebook=book, pacer=pacer)
        with running.similar_in(project, scheme, lambda message: None) as similar:
            way = Way(concurrency=at_once)
            works = running.prepare(
                project, _noting(model, sent), [book, None], similar=similar, scheme=scheme, way=way
            )
            warm = works[0].line.render(project.documents.get(1), project.documents.segments(1, scheme)[:1], 0)
            await asyncio.gather(*(model.ask(warm) for _ in range(WARM)))
            similar("用户", 1)
            line = await _spend(2 * units, lambda: _work(works, at_once))
        await model.aclose()
        for work in works:
            assert project.runs.get(work.run).units["coded"] == units, "the scripted coder codes every segment"
    return line, await _bare(sent, url, at_once)


async def _work(works: Sequence[bulk.Work], at_once: int) -> None:
    for work in works:
        await bulk.work(work, concurrency=at_once, on_outcome=lambda segment, outcome: None)


async def _bare(sent: Sequence[Prompt], url: str, at_once: int) -> Spent:
    from langchain_openai import ChatOpenAI

    chat = ChatOpenAI(model="m", base_url=url, api_key=lambda: "none", use_responses_api=False)
    gate = asyncio.Semaphore(at_once)

    async def one(prompt: Prompt) -> None:
        form = {"type": "json_schema", "json_schema": {"name": "reply", "strict": True, "schema": prompt.schema}}
        async with gate:
            await chat.ainvoke([(m.role, m.content) for m in prompt.messages], response_format=form)

    async def all_of(prompts: Sequence[Prompt]) -> None:
        await asyncio.gather(*(one(prompt) for prompt in prompts))

    await all_of(sent[:WARM])
    return await _spend(len(sent), lambda: all_of(sent))


def _noting(model: Model, sent: list[Prompt]) -> Model:
    async def ask(prompt: Prompt) -> Reply:
        sent.append(prompt)
        return await model.ask(prompt)

    return replace(model, ask=ask)


async def _spend(calls: int, work: Callable[[], Awaitable[T]]) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    await work()
    return Spent(calls, time.perf_counter() - wall, time.process_time() - cpu)


def text_of(units: int) -> str:
    """As many paragraphs about users, no two alike."""
    chance = random.Random(units)
    words = (
        "社区",
        "工程师",
        "意见",
        "版本",
        "论坛",
        "设计",
        "公开",
        "流程",
        "风险",
        "平台",
        "团队",
        "会员",
        "数据",
        "活动",
    )

    def line(number: int) -> str:
        return f"第{number}位用户在论坛里提了意见，" + "".join(chance.choices(words, k=20)) + "。"

    return "\n".join(map(line, range(units)))


@contextmanager
def serving(latency: float) -> Iterator[str]:
    """The address of a scripted server in a process of its own, which ends with the block."""
    command = [sys.executable, "-m", "bench.bulk", str(latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def _serve(latency: float) -> None:
    with FakeServer(coder, latency=latency) as server:
        print(server.base_url, flush=True)
        sys.stdin.read()  # until the other end is closed


if __name__ == "__main__":
    _serve(float(sys.argv[1]))
