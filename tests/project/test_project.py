"""The project folder: documents, runs, decisions, and what two processes do to it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from assistant.errors import ProjectError, UsageError
from assistant.model import (
    Decision,
    Discard,
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
from assistant.project.schema import MIGRATIONS
from assistant.settings import Settings

TEXT = "工程师逐条回复。用户改了方案。"
DOCUMENT = Document(
    name="a.txt", text=TEXT, sha256="1" * 64, media_type="txt", language="zh", case="小米", source="a.txt"
)
PLAN = RunPlan("open", None, None, "lexical", "open_codes.v1@x", "?", "paragraph.v1", {})
PROMPT = Prompt(
    (Message("system", "s"), Message("user", "u")),
    "d" * 64,
    "open",
    "zh",
    "t",
    (1,),
    {},
    trimmed=("left out passage 2",),
)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "study", Settings(coder="Li")) as made:
        yield made


def with_segments(project: Project, document: Document = DOCUMENT) -> list[Segment]:
    stored = project.documents.add(document).document
    project.documents.add_segments(
        stored.id, "paragraph.v1", [Segment(Span(0, 8), number=1), Segment(Span(8, len(TEXT)), number=2)]
    )
    return project.documents.segments(stored.id, "paragraph.v1")


def suggestion(start: int = 0, end: int = 7, code: str = "逐条回复") -> Suggestion:
    return Suggestion("open", 1, code, Quote(Span(start, end), TEXT[start:end], "exact", ()), rationale="because")


def coded(project: Project) -> tuple[int, int]:
    """A run with one suggestion; returns (run, suggestion id)."""
    first, _ = with_segments(project)
    run = project.runs.open(PLAN)
    project.units.plan(run, "paragraph.v1", Choice())
    reply = Reply("{}", "lexical", Usage(10, 5, 0))
    assert project.units.store(run, [(first, Outcome("coded", PROMPT, reply, [suggestion()]))])
    ((key, *_),) = project.codings.suggested(run, first.id)
    return run, key


def test_the_same_bytes_are_added_once(project: Project) -> None:
    first = project.documents.add(DOCUMENT)
    again = project.documents.add(replace(DOCUMENT, source="copy/b.txt", name="b.txt"))
    assert (first.how, again.how) == ("added", "already there")
    assert again.document.id == first.document.id
    assert len(project.documents.all()) == 1


def test_a_changed_file_is_a_new_version_and_codings_stay_on_the_old_one(project: Project) -> None:
    _, key = coded(project)
    old = project.documents.all()[0]
    new = project.documents.add(replace(DOCUMENT, text=TEXT + "后来关了。", sha256="2" * 64))
    assert new.how == "new version"
    assert new.document.version == 2
    assert [d.id for d in project.documents.all()] == [new.document.id]
    record, _ = project.codings.suggestion(key)
    assert record.document == old.id
    assert project.documents.get(old.id).text[record.start : record.end] == record.quote


def test_a_case_given_later_is_taken_over(project: Project) -> None:
    project.documents.add(replace(DOCUMENT, case=""))
    again = project.documents.add(DOCUMENT)
    assert again.how == "case set"
    assert project.documents.all()[0].case == "小米"


def test_two_documents_of_one_name_must_be_named_by_id(project: Project) -> None:
    one = project.documents.add(DOCUMENT).document
    project.documents.add(replace(DOCUMENT, source="other/a.txt", sha256="2" * 64))
    assert project.documents.find(str(one.id)).id == one.id
    with pytest.raises(UsageError, match=r"2 documents are called a\.txt"):
        project.documents.find("a.txt")


def test_a_unit_is_answered_once(project: Project) -> None:
    run, _ = coded(project)
    first = next(s for s in project.documents.segments(1, "paragraph.v1"))
    again = project.units.store(run, [(first, Outcome("coded", PROMPT, Reply("{}", "lexical"), [suggestion()]))])
    assert again == []
    assert project.codings.count() == (1, 0)


def test_the_same_plan_goes_on_with_its_run_and_another_plan_is_another_run(project: Project) -> None:
    run, _ = coded(project)
    assert project.runs.open(PLAN) == run
    assert project.runs.open(replace(PLAN, question="another")) != run
    assert [unit.place for unit in project.units.open(run, Choice())] == [1]


def test_a_failed_unit_is_open_again_and_only_its_last_discards_count(project: Project) -> None:
    first, _ = with_segments(project)
    run = project.runs.open(PLAN)
    project.units.plan(run, "paragraph.v1", Choice())
    flawed = Discard("not_found", "the quote does not stand there", quote="没有的话")
    for _ in range(2):
        failed = Outcome("failed", PROMPT, Reply("x", "m"), (), [flawed], "unproven", "none proven")
        project.units.store(run, [(first, failed)])
    assert project.units.states(run) == {"pending": 1, "coded": 0, "none": 0, "failed": 1, "refused": 0}
    assert len(project.codings.discards()) == 1
    assert [u.segment.id for u in project.units.open(run, Choice())][:1] == [first.id]
    assert project.runs.all()[0].errors == {"unproven": 1}


def test_the_prompt_is_kept_as_it_was_sent(project: Project) -> None:
    run, _ = coded(project)
    sent = project.replies.sent(run, 1)
    assert sent
    assert (sent.messages, sent.trimmed) == (PROMPT.messages, ("left out passage 2",))
    assert project.replies.sent(run, 2) is None


def test_a_decision_leaves_the_suggestion_as_it_was_and_adds_a_coding_by_the_person(project: Project) -> None:
    _, key = coded(project)
    record, segment = project.codings.suggestion(key)
    project.codings.decide(record, project.documents.segment(segment), Decision("accept"), suggestion(), "Li")
    model, person = project.codings.records()
    assert (model.coder.kind, model.state, model.id) == ("model", "accepted", key)
    assert (person.coder.kind, person.coder.name, person.suggestion) == ("human", "Li", key)
    assert person.id != model.id


def test_a_later_decision_replaces_the_earlier_one_of_the_same_person_in_what_is_shown(project: Project) -> None:
    _, key = coded(project)
    record, segment_id = project.codings.suggestion(key)
    segment = project.documents.segment(segment_id)
    project.codings.decide(record, segment, Decision("accept"), suggestion(), "Li")
    project.codings.decide(record, segment, Decision("edit", code="回应"), suggestion(code="回应"), "Li")
    assert [(r.code, r.state) for r in project.codings.records()] == [("逐条回复", "edited"), ("回应", "edited")]
    project.codings.decide(record, segment, Decision("reject", why="no"), None, "Li")
    assert [(r.coder.kind, r.state, r.why) for r in project.codings.records()] == [("model", "rejected", "no")]
    assert project.codings.count() == (1, 3)
    assert project.codings.coded_segments() == frozenset()


def test_two_people_keep_their_own_codings(project: Project) -> None:
    _, key = coded(project)
    record, segment_id = project.codings.suggestion(key)
    segment = project.documents.segment(segment_id)
    project.codings.decide(record, segment, Decision("accept"), suggestion(), "Li")
    project.codings.decide(record, segment, Decision("reject"), None, "Wang")
    assert [(r.coder.name, r.state) for r in project.codings.records()] == [("lexical", "rejected"), ("Li", "accepted")]


def test_a_coding_by_a_person_is_not_a_suggestion_to_decide_about(project: Project) -> None:
    _, key = coded(project)
    record, segment_id = project.codings.suggestion(key)
    project.codings.decide(record, project.documents.segment(segment_id), Decision("accept"), suggestion(), "Li")
    human = project.codings.records()[1]
    with pytest.raises(UsageError, match="is a coding by Li"):
        project.codings.suggestion(human.id)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE codings SET code = 'x'",
        "DELETE FROM codings",
        "UPDATE decisions SET action = 'accept'",
        "DELETE FROM decisions",
        "UPDATE documents SET text = 'x'",
        "DELETE FROM documents",
    ],
)
def test_what_was_stored_cannot_be_changed_or_deleted(project: Project, statement: str) -> None:
    _, key = coded(project)
    record, segment_id = project.codings.suggestion(key)
    project.codings.decide(record, project.documents.segment(segment_id), Decision("accept"), suggestion(), "Li")
    with sqlite3.connect(project.folder / "project.db") as raw, pytest.raises(sqlite3.IntegrityError):
        raw.execute(statement)


def test_all_or_nothing_when_one_decision_of_several_is_wrong(project: Project) -> None:
    _, key = coded(project)
    record, segment_id = project.codings.suggestion(key)
    with pytest.raises(UsageError), project.transaction():
        project.codings.decide(record, project.documents.segment(segment_id), Decision("accept"), suggestion(), "Li")
        project.codings.suggestion(999)
    assert project.codings.count() == (1, 0)


def test_a_folder_without_a_project_says_how_to_begin_one(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        Project.open(tmp_path)
    assert "codart init" in caught.value.hint


def test_a_damaged_database_is_said_plainly(project: Project) -> None:
    folder = project.folder
    project.close()
    (folder / "project.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(ProjectError, match="damaged"):
        Project.open(folder)


def test_a_database_of_a_newer_codart_is_left_alone(project: Project) -> None:
    folder = project.folder
    project.close()
    with sqlite3.connect(folder / "project.db") as raw:
        raw.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(ProjectError, match="newer codart"):
        Project.open(folder)


def test_only_one_process_at_a_time_asks_about_a_run(project: Project) -> None:
    with Project.open(project.folder) as other, project.working_on(1):
        with other.working_on(2):
            pass
        with pytest.raises(ProjectError, match="another process is working on run 1"), other.working_on(1):
            pytest.fail("two at once")
    with project.working_on(1):
        pass


def test_two_processes_write_to_one_project_and_nothing_is_lost(project: Project) -> None:
    script = dedent(
        """
        import sys
        from dataclasses import replace
        from pathlib import Path
        from assistant.model import Document
        from assistant.project import Project
        who = sys.argv[2]
        with Project.open(Path(sys.argv[1])) as project:
            for n in range(40):
                text = f"{who} {n}"
                project.documents.add(Document(text, text, text.rjust(64, "0"), "txt", "en", source=text))
        """
    )
    root = Path(__file__).resolve().parents[2]
    both = [subprocess.Popen([sys.executable, "-c", script, str(project.folder), who], cwd=root) for who in ("a", "b")]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    assert len(project.documents.all()) == 80
