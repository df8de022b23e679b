"""Memory of a stored run by its number of segments, and how soon a run of that size goes on. Linux only (VmHWM).

Made-up segments, a model in this process that answers at once, and everything else as in any run: index, prompts,
proof, one transaction per call. Each size is coded in a process of its own, as is what goes on with it.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
import zlib
from dataclasses import replace
from pathlib import Path

from assistant import bulk, indexing, running
from assistant.model import Document, Outcome, Prompt, Reply, Segment, Span, Usage
from assistant.project import Project
from assistant.providers import Model
from assistant.settings import Settings
from bench.retrieval import segments

SIZES = (1_000, 10_000, 100_000)  # segments
ASKED = {0: 5_000, 2: 1_000}  # most units asked about, by passages shown: with some, it is the index that grows
LEFT = 100  # units left open for the run that goes on
PER_DOCUMENT = 1_000  # segments
CONCURRENCY = 16
LABEL, LABELS = "用户参与", 10_000  # more than a run keeps
MB = 1024  # KB


def run() -> list[str]:
    """Markdown lines: resident memory by size, with and without passages shown, and the time to go on."""
    lines = [
        "| segments | passages shown | units asked | before | index stands | at the end | peak | CPU per unit |",
        "|---|---|---|---|---|---|---|---|",
    ]
    again = []
    for size in SIZES:
        for passages, most in ASKED.items():
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                _apart("make", folder, size + LEFT, passages)
                units = min(size, most)
                found = _apart("code", folder, units, passages)
                if not passages:
                    _apart("answer", folder, LEFT, passages)
                    again.append((size, _apart("go on", folder, LEFT, passages)))
            memory = " | ".join(f"{found[name]:.0f} MB" for name in ("before", "indexed", "end", "peak"))
            lines.append(f"| {size:,} | {passages} | {units:,} | {memory} | {found['cpu']:.1f} ms |")
    lines += ["", f"| units done, {LEFT} open | opened and planned | first call sent | peak |", "|---|---|---|---|"]
    for size, found in again:
        lines.append(f"| {size:,} | {found['planned']:.2f} s | {found['asked']:.2f} s | {found['peak']:.0f} MB |")
    return [
        *lines,
        "",
        "Seconds since the modules were loaded; no passages shown; units beyond those asked were set to none before.",
    ]


def _apart(step: str, folder: str, units: int, passages: int) -> dict[str, float]:
    """What one step measures in a process of its own."""
    command = [sys.executable, "-m", "bench.memory", step, folder, str(units), str(passages)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _make(folder: Path, count: int, passages: int) -> dict[str, float]:
    """Begin a project with so many segments."""
    with Project.create(folder, Settings(question="用户怎样参与？", passages=passages)) as project:
        scheme = indexing.segment_all(project)
        for first in range(0, count, PER_DOCUMENT):
            words = segments(min(PER_DOCUMENT, count - first), seed=first)
            texts = [f"{'user' if n % 4 else 'they'} {first + n} {text}" for n, text in enumerate(words)]
            name = f"{first}.txt"
            added = project.documents.add(Document(name, "\n".join(texts), f"{first:064d}", "txt", "zh", source=name))
            project.documents.add_segments(added.document.id, scheme, _cut(texts))
    return {}


def _cut(texts: list[str]) -> list[Segment]:
    found, start = [], 0
    for number, text in enumerate(texts, start=1):
        found.append(Segment(Span(start, start + len(text)), "paragraph", "", number))
        start += len(text) + 1
    return found


def _code(folder: Path, units: int, passages: int) -> dict[str, float]:
    """Ask about so many units; resident memory in MB, CPU milliseconds per unit."""
    before, done = _resident("VmRSS"), 0

    def count(segment: Segment, outcome: Outcome) -> None:
        nonlocal done
        done += 1

    with Project.open(folder) as project:
        scheme = indexing.segment_all(project)
        with running.similar_in(project, scheme, lambda message: None) as similar:
            (job,) = running.prepare(project, _model([]), [None], similar=similar, scheme=scheme)
            if passages:
                similar("用户", 1)
            indexed = _resident("VmRSS")
            cpu = time.process_time()
            asyncio.run(
                bulk.work(job, concurrency=CONCURRENCY, on_outcome=count, stopping=lambda: done + CONCURRENCY >= units)
            )
            cpu = time.process_time() - cpu
    peak, end = _resident("VmHWM"), _resident("VmRSS")
    return {"before": before, "indexed": indexed, "end": end, "peak": peak, "cpu": 1000 * cpu / done}


def _answer(folder: Path, left: int, passages: int) -> dict[str, float]:
    """Let all but so many units stand as answered, without asking."""
    with Project.open(folder) as project:
        scheme = indexing.segment_all(project)
        with running.similar_in(project, scheme, lambda message: None) as similar:
            (job,) = running.prepare(project, _model([]), [None], similar=similar, scheme=scheme)
        units = list(project.units.open(job.run, job.choice))
        with project.transaction():
            for unit in units[: len(units) - left]:
                project.units.store(job.run, [(unit.segment, Outcome("none"))])
    return {}


def _go_on(folder: Path, units: int, passages: int) -> dict[str, float]:
    """Go on with a run of which few units are open; seconds until it is planned and until its first call is sent."""
    sent: list[float] = []
    start = time.perf_counter()
    with Project.open(folder) as project:
        scheme = indexing.segment_all(project)
        with running.similar_in(project, scheme, lambda message: None) as similar:
            (job,) = running.prepare(project, _model(sent), [None], similar=similar, scheme=scheme)
            planned = time.perf_counter() - start
            asyncio.run(bulk.work(job, concurrency=CONCURRENCY, on_outcome=lambda segment, outcome: None))
    return {"planned": planned, "asked": sent[0] - start, "peak": _resident("VmHWM")}


def _model(sent: list[float]) -> Model:
    """A coder in this process that gives three segments of four one label of many; notes when it is first asked."""

    async def ask(prompt: Prompt) -> Reply:
        if not sent:
            sent.append(time.perf_counter())
        await asyncio.sleep(0)
        (number,), (text,) = prompt.segments, prompt.texts
        label = f"{LABEL} {zlib.crc32(text.encode()) % LABELS}"
        none = not text.startswith("user")
        codes = (
            []
            if none
            else [{"code": label, "quote": " ".join(text.split()[:3]), "rationale": "words", "confidence": 0.8}]
        )
        said = {"segment": number, "none": none, "why": "", "codes": codes}
        return Reply(json.dumps({"segments": [said]}), "compatible:m", Usage(100, 30, 0), cost=0.0)

    return replace(Model("compatible:m", ask), base_url="http://localhost/v1")


def _resident(name: str) -> float:
    """A line of Linux's account of this process's memory, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(name)) / MB


if __name__ == "__main__":
    steps = {"make": _make, "code": _code, "answer": _answer, "go on": _go_on}
    step, where, number, shown = sys.argv[1:]
    print(json.dumps(steps[step](Path(where), int(number), int(shown))))
