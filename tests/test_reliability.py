"""Bulk runs against a server full of faults: every unit ends once, where it must, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from assistant import asking, bulk, indexing, running
from assistant.model import Document, Outcome, Prompt, Reply, Segment
from assistant.running import Way
from tests.fakes import FakeServer
from tests.faulty import FINE, MOODS, Moody, ending, make, mood, work
from tests.heavy import sized
from tests.scripted import asked

SHARE = 0.3  # of requests that meet a fault
UNITS = sized(600, 2000)
PACKED = sized(240, 600)


def expected(text: str) -> tuple[str, str]:
    """State and error kind a unit must end with in a first run of moods."""
    end = ending(text, SHARE)
    whole = "coded" if "用户" in text or "user" in text else "none"
    return (whole if end.state == "right" else end.state), end.kind


@pytest.mark.timeout(300)  # up to half a minute of work; machines are shared
def test_units_under_mixed_faults_each_end_once_and_as_they_must(tmp_path: Path) -> None:
    """600 units; 2,000 with CODART_HEAVY=1."""
    moody = Moody(SHARE)
    taken: Counter[int] = Counter()
    with (
        make(tmp_path / "study", UNITS, documents=("zh1", "en1", "zh2", "en2")) as project,
        FakeServer(moody) as server,
    ):
        run = work(project, server.base_url, concurrency=32, seen=lambda segment, outcome: taken.update([segment.id]))
        units = list(project.units.all(run))
        texts = [unit.text.strip() for unit in units]
        assert len(set(texts)) == UNITS
        assert {t: (u.state, u.error_kind) for t, u in zip(texts, units, strict=True)} == {
            t: expected(t) for t in texts
        }
        assert {unit.attempts for unit in units} == set(taken.values()) == {1}
        assert len(taken) == UNITS
        coded = [text for text in texts if expected(text)[0] == "coded"]
        assert sorted(r.quote for r in project.codings.records()) == sorted(coded)
        assert moody.requests == {text: ending(text, SHARE).requests for text in texts}
        assert project.runs.get(run).replies == sum(ending(text, SHARE).replies for text in texts)
        assert sum(project.units.states(run).values()) == UNITS
        met = {kind for _, kind in map(expected, texts)}
        assert met >= {"rate_limit", "server", "connection", "content_filter", "truncated", "empty", "refusal"}

        moody.well = True
        server.forget()
        failed = [text for text in texts if expected(text)[0] == "failed"]
        assert work(project, server.base_url, concurrency=32) == run
        assert sorted(asked(request.body)[1] for request in server.chats) == sorted(failed)
        states = project.units.states(run)
        assert states["failed"] == states["pending"] == 0
        assert states["refused"] == sum(expected(text)[0] == "refused" for text in texts)
        whole = [text for text in texts if expected(text)[0] != "refused" and ("用户" in text or "user" in text)]
        assert sorted(r.quote for r in project.codings.records()) == sorted(whole)


def test_segments_that_share_calls_under_mixed_faults_end_once_and_every_reply_is_kept(tmp_path: Path) -> None:
    """240 segments; 600 with CODART_HEAVY=1."""
    moody = Moody(SHARE)
    with make(tmp_path / "study", PACKED, documents=("zh1", "en1")) as project, FakeServer(moody) as server:
        way = Way(pack=4)
        run = work(project, server.base_url, concurrency=16, way=way)
        states = project.units.states(run)
        assert sum(states.values()) == PACKED
        assert states["pending"] == 0
        assert min(states["coded"], states["none"], states["failed"], states["refused"]) > 0
        units = {u.text.strip(): u.state for u in project.units.all(run)}
        assert all(("user" in t or "用户" in t) == (s == "coded") for t, s in units.items() if s in ("coded", "none"))
        assert sorted(r.quote for r in project.codings.records()) == sorted(t for t in units if units[t] == "coded")
        assert project.runs.get(run).replies == moody.replies

        moody.well = True
        work(project, server.base_url, concurrency=16, way=way)
        healed = project.units.states(run)
        assert healed["failed"] == healed["pending"] == 0
        assert healed["refused"] == states["refused"]
        assert project.runs.get(run).replies == moody.replies
        quotes = [r.quote for r in project.codings.records()]
        assert len(quotes) == len(set(quotes)) == healed["coded"]


def test_every_mood_is_met_and_every_third_request_is_a_bad_one() -> None:
    met = [mood(f"text {n}", 1, SHARE) for n in range(5_000)]
    assert len({id(m) for m in met}) == len(MOODS) + 1
    assert 0.27 < sum(m is not FINE for m in met) / len(met) < 0.35


def test_answers_that_came_in_the_moment_a_run_breaks_are_stored(tmp_path: Path) -> None:
    answered = 0

    async def answer(prompt: Prompt, segments: Sequence[Segment], document: Document) -> list[Outcome]:
        nonlocal answered
        answered += 1
        if answered == 8:
            together.set()
        await together.wait()
        return [Outcome("none", prompt, Reply("{}", "scripted", cost=0.01)) for _ in segments]

    def break_at_once(segment: Segment, outcome: Outcome) -> None:
        raise RuntimeError("the terminal has gone")

    with make(tmp_path / "study", 60) as project:
        together = asyncio.Event()
        model = asking.connect("lexical", base_url="", codebook=None)
        scheme = indexing.segment_all(project)
        (job,) = running.prepare(
            project, model, [None], similar=lambda text, k: [], scheme=scheme, answers=lambda book: answer
        )
        with pytest.raises(RuntimeError, match="terminal"):
            asyncio.run(bulk.work(job, concurrency=8, on_outcome=break_at_once))
        assert project.runs.get(job.run).replies == project.units.states(job.run)["none"] == answered == 8
