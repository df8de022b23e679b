"""What asking about several neighbouring segments in one call saves: calls, tokens and time on the sample corpus.

The prompts are those of both passes (open coding, dart), their tokens estimated (docs/prompts.md); the replies come
from the scripted coder behind a local server of fixed latency. How well a model codes several segments at once is not
measured here.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from assistant import asking, bulk, indexing, resources, running, tokens
from assistant.chain import Model
from assistant.model import Prompt, Reply
from assistant.pacing import Pace, Pacer
from assistant.project import Project
from assistant.reading import read
from assistant.running import Way
from assistant.settings import Settings
from bench.bulk import LATENCY, serving

PACKS = (1, 4, 8)  # segments in one call
AT_ONCE = 16
SUFFIXES = (".txt", ".md", ".html", ".srt", ".csv")


@dataclass(slots=True)
class Sum:
    """What the calls of a run add up to."""

    segments: int = 0  # asked about in both passes
    answered: int = 0
    calls: int = 0
    prompts: int = 0  # tokens
    replies: int = 0  # tokens
    seconds: float = 0.0

    def noting(self, model: Model) -> Model:
        """The model, its calls added up here."""

        async def ask(prompt: Prompt) -> Reply:
            reply = await model.ask(prompt)
            self.calls += 1
            self.prompts += prompt.tokens
            self.replies += tokens.estimate(reply.text)
            return reply

        return replace(model, ask=ask)


def run() -> list[str]:
    """Markdown lines: calls, tokens per segment and time, by segments in one call."""
    with serving(LATENCY) as url:
        sums = {pack: asyncio.run(_measure(url, pack)) for pack in PACKS}
    first = sums[PACKS[0]]
    lines = [
        "| segments in one call | calls | prompt tokens per segment | reply tokens per segment"
        " | both, beside one by one | time | answered |",
        "|---|---|---|---|---|---|---|",
    ]
    for pack, found in sums.items():
        sent, said = found.prompts / found.segments, found.replies / found.segments
        share = (found.prompts + found.replies) / (first.prompts + first.replies)
        lines.append(
            f"| {pack} | {found.calls} | {sent:.0f} | {said:.0f} | {share:.2f} | {found.seconds:.1f} s"
            f" | {found.answered} of {found.segments} |"
        )
    return [
        *lines,
        "",
        f"{first.segments // 2} segments of the sample corpus, asked about in two passes; tokens are estimates; "
        f"{AT_ONCE} calls at once at a server that takes {1000 * LATENCY:.0f} ms whatever it is asked (a real model "
        "takes longer for a longer reply). The quality of replies is not measured.",
    ]


async def _measure(url: str, pack: int) -> Sum:
    found, way = Sum(), Way(concurrency=AT_ONCE, pack=pack)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        Project.create(Path(folder) / "study", Settings(question="用户怎样参与？")) as project,
    ):
        for path in sorted(resources.CASES.iterdir()):
            if path.suffix in SUFFIXES:
                project.documents.add(read(path, case=path.stem.partition("-")[0]))
        scheme = indexing.segment_all(project)
        book = project.codebooks.in_force("dart")
        model = asking.connect("compatible:m", base_url=url, codebook=book, pacer=Pacer(Pace(concurrency=AT_ONCE)))
        with running.similar_in(project, scheme, lambda message: None) as similar:
            works = running.prepare(project, found.noting(model), [book, None], similar=similar, scheme=scheme, way=way)
            await model.ask(
                works[0].line.render(project.documents.get(1), project.documents.segments(1, scheme)[:1], 0)
            )
            start = time.perf_counter()
            for work in works:
                await bulk.work(work, concurrency=AT_ONCE, on_outcome=lambda segment, outcome: None)
            found.seconds = time.perf_counter() - start
        await model.aclose()
        for work in works:
            states = project.units.states(work.run)
            found.segments += sum(states.values())
            found.answered += states["coded"] + states["none"]
    return found
