"""A small study of sample documents with some codings, and a scripted model to talk to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from assistant import codebook as books, indexing, reading, resources, reviewing, verifying
from assistant.errors import ModelError
from assistant.model import Decision, Span, Suggestion
from assistant.project import Project, RunPlan
from assistant.settings import Settings
from assistant.speech import Call, Ended, Line, Streamed, Talk, Tool, Wanted, Words

FILES = {
    "xiaomi-miui-interview.zh.txt": "Xiaomi",
    "xiaomi-community-article.zh.md": "Xiaomi",
    "lego-ideas-interview.en.txt": "LEGO Ideas",
    "tarnbeck-open-report.en.md": "Tarnbeck",
    "tideline-mods-forum.zh.txt": "Tideline",
}
HELD_OUT = "xiaomi-community-article.zh.md"
DART = books.parse_yaml(resources.codebook_text("dart"), where="dart.yaml")
_PLAN = RunPlan("assignment", "dart", DART.version, "scripted", "assign_codes.v1@x", "?", "paragraph.v1", {})
_CODED = (  # document, words, code, polarity
    ("xiaomi-miui-interview.zh.txt", "他改了一版，让我们七八个人试", "dart.dialogue.two_way", "+"),
    ("xiaomi-miui-interview.zh.txt", "来回三轮", "dart.dialogue", "+"),  # in the same segment
    ("xiaomi-miui-interview.zh.txt", "说明里写得含含糊糊", "dart.transparency", "-"),
    ("lego-ideas-interview.en.txt", "they say it before you upload", "dart.transparency", "+"),
    ("tarnbeck-open-report.en.md", "The motor firmware is closed.", "dart.access", "-"),
    ("xiaomi-community-article.zh.md", "有人在表底下补机型", "dart.dialogue", "+"),
)


def study(folder: Path) -> Project:
    """Five documents of four cases, one of them held out; six suggestions: one accepted, one rejected, four open."""
    project = Project.create(folder, Settings(question="用户怎样参与共创？", coder="Li"))
    for name, case in FILES.items():
        project.documents.add(reading.read(resources.CASES / name, case=case))
    project.documents.hold_out(project.documents.find(HELD_OUT).id, True)
    scheme = indexing.segment_all(project)
    project.codebooks.add(DART)
    run = project.runs.open(_PLAN)
    for name, words, code, polarity in _CODED:
        document = project.documents.find(name)
        span = Span(at := document.text.index(words), at + len(words))
        segment = next(s for s in project.documents.segments(document.id, scheme) if s.span.contains(span))
        quote = verifying.prove(span, document.text)
        made = Suggestion("assignment", segment.number, code, quote, polarity)  # type: ignore[arg-type]
        project.codings.add_suggestions(run, segment, [made])
    first, _, second = (r for r in project.codings.records() if r.document_name.startswith("xiaomi-miui"))
    for record, decision in ((first, Decision("accept")), (second, Decision("reject", "只是说明不清"))):
        _, segment_id = project.codings.record(record.id)
        segment = project.documents.segment(segment_id)
        project.codings.decide(record, segment, decision, reviewing.decide(record, decision), "Li")
    return project


Turn = str | Call | ModelError
"""What a scripted model does next: says some text, calls a tool, or fails."""


def scripted(*answers: Sequence[Turn], cut: int = 7) -> tuple[Talk, list[tuple[list[Line], list[Tool]]]]:
    """A model that gives these answers in turn (the last one over and over), and what it was sent."""
    sent: list[tuple[list[Line], list[Tool]]] = []

    async def talk(lines: Sequence[Line], tools: Sequence[Tool]) -> AsyncIterator[Streamed]:
        sent.append((list(lines), list(tools)))
        answer = answers[min(len(sent), len(answers)) - 1]
        for turn in answer:
            if isinstance(turn, ModelError):
                raise turn
            if isinstance(turn, str):
                for at in range(0, len(turn), cut):
                    yield Words(turn[at : at + cut])
        if calls := tuple(turn for turn in answer if isinstance(turn, Call)):
            yield Wanted(calls)
        yield Ended("stop", "scripted")

    return talk, sent


def answering(make: Callable[[Sequence[Line]], str]) -> Talk:
    """A model that answers from what it was sent."""

    async def talk(lines: Sequence[Line], tools: Sequence[Tool]) -> AsyncIterator[Streamed]:
        yield Words(make(lines))
        yield Ended("stop", "scripted")

    return talk
