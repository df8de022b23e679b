"""A conversation over 10,000 segments: how soon something is shown, and what a turn sends as the conversation grows.

The model is a local server that streams an answer with one citation. Beside it stands the bare streamed call with the
prompt that was sent.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from assistant import indexing, streaming
from assistant.citing import Piece
from assistant.model import Document
from assistant.project import Project
from assistant.settings import Settings
from assistant.showing import Finished, Shown
from assistant.sitting import Sitting
from assistant.speech import Words
from bench.bulk import text_of
from tests.fake_streams import finish, streamed, words
from tests.fakes import FakeServer, Response

SEGMENTS = 10_000
TURNS = 30


def run() -> list[str]:
    """Markdown lines: milliseconds to the first thing shown, and tokens by turn."""
    with tempfile.TemporaryDirectory() as folder, FakeServer(_answer) as server, _project(Path(folder)) as project:
        return asyncio.run(_measure(project, server))


async def _measure(project: Project, server: FakeServer) -> list[str]:
    sitting = Sitting.open(project, model="compatible:m", base_url=server.base_url)
    try:
        first = await _turn(sitting, 0)  # builds or loads the index, and libraries
        times, sizes = [], []
        for turn in range(1, TURNS + 1):
            shown = await _turn(sitting, turn)
            times.append(shown)
            sizes.append(_sent(server))
        bare = [await _bare(server) for _ in range(10)]
    finally:
        await sitting.aclose()
    warm = median(times)
    return [
        f"{SEGMENTS:,} segments, {TURNS} turns, a local server that answers at once.",
        "",
        "| what | ms |",
        "|---|---|",
        f"| first words of the first answer (index and libraries are loaded) | {1000 * first:.0f} |",
        f"| first words of a later answer, median | {1000 * warm:.0f} |",
        f"| the bare streamed call with the same prompt, median | {1000 * median(bare):.0f} |",
        f"| ratio | {warm / median(bare):.1f} |",
        "",
        "| turn | characters sent |",
        "|---|---|",
        *(f"| {turn} | {sizes[turn - 1]:,} |" for turn in (1, 5, 10, 20, TURNS)),
    ]


async def _turn(sitting: Sitting, number: int) -> float:
    """Seconds until the first words of an answer; the whole of it is taken."""
    began, first = time.perf_counter(), 0.0
    async for event in sitting.take(f"用户在第 {number} 段里说了什么？"):
        if not first and isinstance(event, Words):
            first = time.perf_counter() - began
        _check(event)
    return first


def _check(event: Piece | Shown) -> None:
    if isinstance(event, Finished) and not event.whole:
        raise SystemExit("an answer broke off")


async def _bare(server: FakeServer) -> float:
    """The same lines, streamed without a conversation around them."""
    from assistant.speech import Line

    talker = streaming.talk("compatible:m", base_url=server.base_url)
    said: Any = server.chats[-1].body["messages"]
    lines = [Line(m["role"], m["content"]) for m in said if m["role"] != "tool" and m.get("content")]
    began = time.perf_counter()
    first = 0.0
    async for part in talker.talk(lines, ()):
        if not first and isinstance(part, Words):
            first = time.perf_counter() - began
    await talker.aclose()
    return first


def _sent(server: FakeServer) -> int:
    return sum(len(message.get("content") or "") for message in server.chats[-1].body["messages"])


def _answer(body: dict[str, Any]) -> Response:
    return streamed(*words("他们", "说", "了", "很多", "。"), finish())


def _project(folder: Path) -> Project:
    project = Project.create(folder / "study", Settings(question="用户怎样参与？"))
    text = text_of(SEGMENTS)
    project.documents.add(Document("long.txt", text, "0" * 64, "txt", "zh", source="long.txt"))
    indexing.segment_all(project)
    return project
