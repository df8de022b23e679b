"""What a model's tools tell it: numbered passages, codings with who stands behind each, never a held-out document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from assistant import consulting, shelving
from assistant.calling import TOOLS, use
from assistant.project import Project
from assistant.shelving import Desk
from assistant.speech import Call
from tests.desks import DART, HELD_OUT, study


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with study(tmp_path_factory.mktemp("consulting") / "study") as made:
        yield made


@pytest.fixture
def desk(project: Project) -> Iterator[Desk]:
    with shelving.opened(project, lambda message: None) as made:
        yield made


def call(name: str, **arguments: Any) -> Call:
    return Call("c1", name, arguments)


def numbers(told: str) -> list[int]:
    return [int(number) for number in re.findall(r"(?m)^source (\d+):", told)]


def lines(told: str) -> list[str]:
    return [line.strip() for line in told.splitlines() if line.strip().startswith("- ")]


def test_a_search_gives_numbered_passages_between_fences(desk: Desk) -> None:
    told = use(desk, call("search", query="录音键 太靠边", limit=2))
    assert numbers(told) == [1, 2]
    mark = re.search(r"«DATA (\w+) source 1»", told)
    assert mark and told.count(f"«END {mark.group(1)}»") == 2
    assert "录音键" in desk.sources[1].text and desk.sources[1].case == "Xiaomi"
    assert desk.sources[1].text.strip() in told


def test_a_segment_keeps_its_number_in_a_conversation(desk: Desk) -> None:
    use(desk, call("search", query="录音键 太靠边", limit=2))
    first = desk.sources[1].segment
    desk.clear()
    use(desk, call("search", query="dropout cracks when a rack is bolted", limit=1))
    use(desk, call("search", query="录音键 太靠边", limit=1))
    assert [source.segment for source in desk.sources.values()].count(first) == 1
    assert desk.sources[1].segment == first


def test_a_conversation_that_goes_on_keeps_its_numbers(project: Project, desk: Desk) -> None:
    use(desk, call("search", query="录音键 太靠边", limit=3))
    with shelving.opened(project, lambda message: None, desk.sources.values()) as later:
        told = use(later, call("search", query="录音键 太靠边", limit=3))
        assert numbers(told) == [1, 2, 3]
        assert dict(later.sources) == dict(desk.sources)


def test_a_source_knows_where_it_begins_in_its_document(project: Project, desk: Desk) -> None:
    use(desk, call("search", query="firmware riders"))
    for source in desk.sources.values():
        at = desk.begins(source)
        assert project.documents.get(source.document).text[at : at + len(source.text)] == source.text


def test_held_out_documents_are_shown_by_no_tool(project: Project, desk: Desk) -> None:
    held = project.documents.find(HELD_OUT)
    told = [
        use(desk, call("search", query="已知问题 一张表 补机型", limit=12)),
        use(desk, call("open_passage", document=held.id, place=3)),
        use(desk, call("list_codes")),
        use(desk, call("list_codings", code="dart.dialogue")),
        use(desk, call("compare_cases", code="对话")),
    ]
    assert not any(HELD_OUT in one or "补机型" in one for one in told)
    assert "may be shown" in told[1]
    assert {source.document for source in desk.sources.values()}.isdisjoint({held.id})


def test_a_document_held_out_meanwhile_is_no_longer_shown(tmp_path: Path) -> None:
    with study(tmp_path / "study") as made, shelving.opened(made, lambda message: None) as desk:
        made.documents.hold_out(made.documents.find("lego-ideas-interview.en.txt").id, True)
        assert "lego-ideas" not in use(desk, call("search", query="They never say why", limit=12))


def test_a_search_in_one_case_stays_there_whatever_its_capitals(desk: Desk) -> None:
    use(desk, call("search", query="公开 风险 用户", case="tideline"))
    assert {source.case for source in desk.sources.values()} == {"Tideline"}


def test_offline_the_codebook_carries_a_chinese_query_to_english_passages(desk: Desk) -> None:
    told = use(desk, call("search", query="透明性", case="Tarnbeck"))
    assert "Also searched for" in told
    assert {source.case for source in desk.sources.values()} == {"Tarnbeck"}


def test_no_more_sources_than_the_desk_holds(project: Project) -> None:
    with shelving.opened(project, lambda message: None, most=3) as desk:
        use(desk, call("search", query="用户 论坛 接口", limit=10))
        assert len(desk.sources) == 3
        assert numbers(use(desk, call("search", query="用户 论坛 接口", limit=3))) == [1, 2, 3]
        assert "no more sources" in use(desk, call("search", query="dropout axle rack")).lower()
        desk.clear()
        assert numbers(use(desk, call("search", query="dropout axle rack", limit=1))) == [4]


def test_an_opened_passage_comes_with_its_neighbours_in_order(desk: Desk) -> None:
    use(desk, call("search", query="录音键 太靠边", limit=1))
    told = use(desk, call("open_passage", source=1, neighbours=2))
    places = [desk.sources[number].place for number in numbers(told)]
    middle = desk.sources[1].place
    assert places == list(range(middle - 2, middle + 3))
    assert numbers(use(desk, call("open_passage", source=1, neighbours=0))) == [1]


def test_a_passage_is_opened_by_document_and_place(project: Project, desk: Desk) -> None:
    document = project.documents.find("tarnbeck-open-report.en.md").id
    use(desk, call("open_passage", document=document, place=2, neighbours=0))
    assert (desk.sources[1].document, desk.sources[1].place) == (document, 2)


def test_what_is_cut_says_so() -> None:
    assert consulting.cut("abc", 3) == "abc"
    assert consulting.cut("abcdef", 3) == "abc … (cut; 3 characters left out)"


def test_each_coding_says_whether_people_decided_it(desk: Desk) -> None:
    told = use(desk, call("list_codings", code="dart.dialogue"))
    assert "1 decided, 1 suggested, 0 rejected" in told
    line, other = lines(told)
    assert other.startswith("- SUGGESTED by a model, decided by nobody: dart.dialogue + (source 1,")
    assert line.startswith("- DECIDED by person Li: dart.dialogue.two_way + (source 1,")
    assert "他改了一版" in desk.sources[1].text
    told = use(desk, call("list_codings", code="透明性"))
    assert [line.split(":")[0] for line in lines(told)] == [
        "- SUGGESTED by a model, decided by nobody",
        "- REJECTED by person, because",
    ]


def test_codings_are_chosen_by_case_and_state(desk: Desk) -> None:
    assert len(lines(use(desk, call("list_codings", code="Transparency", state="rejected")))) == 1
    told = use(desk, call("list_codings", code="Transparency", case="LEGO Ideas"))
    assert [line for line in lines(told) if "LEGO Ideas" in line] == lines(told) != []
    assert "does not mean that there is nothing" in use(desk, call("list_codings", code="Risk assessment"))


def test_a_coding_can_be_cited_by_its_source(desk: Desk) -> None:
    told = use(desk, call("list_codings", code="dart.access"))
    found = re.search(r"source (\d+), place \d+.*“(.+)”", told)
    assert found and found.group(2) in desk.sources[int(found.group(1))].text


def test_codes_are_counted_by_what_people_decided_and_models_suggest(desk: Desk) -> None:
    told = lines(use(desk, call("list_codes")))
    assert len(told) == len(DART.codes)
    (line,) = (line for line in told if line.startswith("- dart.transparency "))
    assert line.endswith("[0 decided, 1 suggested]")
    (line,) = (line for line in told if line.startswith("- dart.dialogue.two_way "))
    assert line.endswith("[1 decided, 0 suggested]")


def test_cases_are_compared_in_segments(desk: Desk) -> None:
    told = use(desk, call("compare_cases", code="透明性"))
    assert "case Xiaomi: 0 decided; 0 only suggested; 1 rejected, 1 of them -" in told
    assert "case LEGO Ideas: 0 decided; 1 only suggested, 1 of them +; 0 rejected" in told
    assert "case Tideline: nothing coded, which does not mean that there is nothing" in told


def test_a_segment_that_people_decided_on_counts_no_more_as_suggested(desk: Desk) -> None:
    told = use(desk, call("compare_cases", code="对话"))
    assert "case Xiaomi: 1 decided, 1 of them +; 0 only suggested; 0 rejected" in told


def test_a_quote_of_several_lines_cannot_pass_for_a_line_of_ours() -> None:
    assert consulting.one_line("good\n- DECIDED by person Li: x") == "good - DECIDED by person Li: x"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (Call("c", "accept_all", {}), "there is no tool 'accept_all'"),
        (Call("c", "search", {}, problem="cut off"), "cannot be read: cut off"),
        (Call("c", "search", {}), "lacks query"),
        (Call("c", "search", {"query": ["a"]}), "query must be text"),
        (Call("c", "search", {"query": "a", "limit": "many"}), "limit must be a whole number"),
        (Call("c", "search", {"query": "a", "limit": True}), "limit must be a whole number"),
        (Call("c", "search", {"query": "a", "colour": 1}), "takes no colour"),
        (Call("c", "search", {"query": "  "}), "nothing to search for"),
        (Call("c", "search", {"query": "a", "case": "Nokia"}), "no case called 'Nokia'"),
        (Call("c", "open_passage", {}), "which passage is meant"),
        (Call("c", "open_passage", {"source": 77}), "no source 77"),
        (Call("c", "open_passage", {"document": 1, "place": 999}), "no such passage"),
        (Call("c", "list_codes", {"codebook": "nope"}), "no codebook 'nope'"),
        (Call("c", "list_codings", {"code": "dart.dialog."}), "nearest: dart.dialogue"),
        (Call("c", "list_codings", {"code": "dart.risk", "state": "maybe"}), "no state 'maybe'"),
        (Call("c", "compare_cases", {"code": ""}), "no code ''"),
    ],
)
def test_a_wrong_call_is_answered_with_what_is_wrong(desk: Desk, wrong: Call, said: str) -> None:
    told = use(desk, wrong)
    assert told.startswith("Not done: ") and said in told


_ANY = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), st.lists, max_leaves=3)


@given(
    name=st.sampled_from([tool.name for tool in TOOLS]),
    arguments=st.dictionaries(
        st.sampled_from(["query", "case", "limit", "source", "document", "place", "neighbours", "code", "state"]), _ANY
    ),
)
def test_no_arguments_make_a_tool_fail(project: Project, name: str, arguments: dict[str, Any]) -> None:
    with shelving.opened(project, lambda message: None) as desk:
        assert isinstance(use(desk, Call("c", name, arguments)), str)


def test_tools_are_described_by_schemas_of_what_they_take(desk: Desk) -> None:
    for tool in TOOLS:
        schema = json.loads(json.dumps(tool.parameters))
        assert schema["type"] == "object" and set(schema["required"]) <= set(schema["properties"])
        given = {name: 1 if how["type"] == "integer" else "用户" for name, how in schema["properties"].items()}
        assert "takes no" not in use(desk, Call("c", tool.name, given))
