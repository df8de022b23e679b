"""A project with one document of two segments, and a suggestion of a model in the first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.model import (
    Decision,
    Document,
    Message,
    Outcome,
    Prompt,
    Quote,
    Reply,
    Segment,
    Span,
    Suggestion,
    Usage,
)
from assistant.project import Choice, Project, RunPlan
from assistant.settings import Settings

TEXT = "工程师逐条回复。用户改了方案。"
DOCUMENT = Document(
    name="a.txt", text=TEXT, sha256="1" * 64, media_type="txt", language="zh", case="小米", source="a.txt"
)
PLAN = RunPlan("open", None, None, "lexical", "open_codes.v1@x", "?", "paragraph.v1", {})
PROMPT = Prompt((Message("system", "s"), Message("user", "u")), "d" * 64, "open", "zh", "t", (1,), {})


def suggestion(code: str = "逐条回复") -> Suggestion:
    return Suggestion("open", 1, code, Quote(Span(0, 7), TEXT[0:7], "exact", ()), rationale="because")


def decide(project: Project, key: int, action: str, coder: str = "Li", code: str = "", why: str = "") -> int:
    """A person's decision about a suggestion; returns its id."""
    record, segment = project.codings.suggestion(key)
    coded = None if action == "reject" else suggestion(code or record.code)
    decision = Decision(action, why=why, code=code or None)  # type: ignore[arg-type]
    return project.codings.decide(record, project.documents.segment(segment), decision, coded, coder)


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "study", Settings(coder="Li")) as made:
        document = made.documents.add(DOCUMENT).document
        made.documents.add_segments(
            document.id, "paragraph.v1", [Segment(Span(0, 8), number=1), Segment(Span(8, len(TEXT)), number=2)]
        )
        first, _ = made.documents.segments(document.id, "paragraph.v1")
        run = made.runs.open(PLAN)
        made.units.plan(run, "paragraph.v1", Choice())
        reply = Reply("{}", "lexical", Usage(10, 5, 0))
        made.units.store(run, [(first, Outcome("coded", PROMPT, reply, [suggestion()]))])
        yield made


@pytest.fixture
def key(study: Project) -> int:
    """The id of the suggestion."""
    ((found, *_),) = study.codings.suggested(1, 1)
    return found
