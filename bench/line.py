"""What the line costs per unit (prompt, parsing, proof, storing) beside the bare chat-model call, at a local server."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from assistant import bulk, indexing, running
from assistant.chain import connect
from assistant.model import Document, Message, Prompt
from assistant.project import Project
from assistant.settings import Settings
from tests.fakes import FakeServer
from tests.scripted import coder

_UNITS = 300
_CONCURRENCY = 8


def run() -> list[str]:
    """Markdown lines: time per unit of a bare call and of the whole line, same server, same run, no latency."""
    with tempfile.TemporaryDirectory() as folder, FakeServer(coder) as server:
        project = _project(Path(folder) / "study")
        with project:
            whole = asyncio.run(_line(project, server.base_url))
            sent = [project.replies.sent(1, key) for key in range(1, _UNITS + 1)]
            prompts = [Prompt(p.messages, "d", "open", "zh", "t", (1,), {"type": "object"}) for p in sent if p]
            bare = asyncio.run(_bare(prompts, server.base_url))
    return [
        f"| {_UNITS} units, {_CONCURRENCY} at a time | per unit |",
        "|---|---|",
        f"| the bare call of the chat model | {1000 * bare / _UNITS:.1f} ms |",
        f"| the whole line, stored | {1000 * whole / _UNITS:.1f} ms |",
        f"| ratio | {whole / bare:.2f} |",
    ]


def _project(folder: Path) -> Project:
    project = Project.create(folder, Settings(question="用户怎样参与？"))
    text = "\n".join(f"第{n}位用户在论坛里提了意见，工程师当天逐条回复，下一版就改了。" for n in range(_UNITS))
    project.documents.add(Document("a.txt", text, "1" * 64, "txt", "zh", source="a.txt"))
    indexing.segment_all(project)
    return project


async def _line(project: Project, base_url: str) -> float:
    model = connect("compatible:m", base_url=base_url)
    scheme = indexing.segment_all(project)
    with running.similar_in(project, scheme, lambda message: None) as similar:
        (job,) = running.prepare(project, model, [None], similar=similar, scheme=scheme)
        await model.ask(
            Prompt((Message("user", "«DATA a segment 1»\nx\n«END a»"),) * 2, "d", "open", "zh", "t", (1,), {})
        )
        start = time.perf_counter()
        await bulk.work(job, concurrency=_CONCURRENCY, on_outcome=lambda segment, outcome: None)
        took = time.perf_counter() - start
    await model.aclose()
    return took


async def _bare(prompts: list[Prompt], base_url: str) -> float:
    model = connect("compatible:m", base_url=base_url)
    await model.ask(prompts[0])
    gate = asyncio.Semaphore(_CONCURRENCY)

    async def one(prompt: Prompt) -> None:
        async with gate:
            await model.ask(prompt)

    start = time.perf_counter()
    await asyncio.gather(*(one(prompt) for prompt in prompts))
    took = time.perf_counter() - start
    await model.aclose()
    return took
