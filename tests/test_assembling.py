"""Putting a streamed answer together: wherever a server cuts it, and whatever else it sends."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, strategies as st

from assistant.assembling import Answer
from assistant.providers import locate

Pieces = list[str]
ENDPOINT = locate("compatible:m", "http://h/v1", {})


def json_of(numbers: st.SearchStrategy[float]) -> st.SearchStrategy[Any]:
    return st.recursive(
        st.none() | st.booleans() | st.integers() | numbers | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    )


JSON = json_of(st.floats())
FINITE = json_of(st.floats(allow_nan=False, allow_infinity=False))
SHAPES = {
    "choices": ["delta", "finish_reason", "message"],
    "delta": ["content", "refusal", "tool_calls", "role"],
    "tool_calls": ["index", "id", "function"],
    "function": ["name", "arguments"],
}


@st.composite
def cut(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> Pieces:
    """A text in pieces."""
    text = draw(texts)
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)))
    return [text[begin:end] for begin, end in zip([0, *places], [*places, len(text)], strict=True)]


def nearly(name: str) -> st.SearchStrategy[Any]:
    """Mostly what the protocol has under that name, with anything at all in some places."""
    if name not in SHAPES:
        return JSON
    shape = st.fixed_dictionaries({}, optional={inner: nearly(inner) for inner in SHAPES[name]})
    return JSON | (st.lists(shape, max_size=3) if name in ("choices", "tool_calls") else shape)


def said(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"delta": delta}]}


def shown(pieces: Pieces) -> str:
    answer = Answer(0)
    return "".join(answer.add(said(content=piece)) for piece in pieces) + answer.rest()


@given(cut(st.text(alphabet="ab<>/think 服😀\n")))
def test_text_is_the_same_wherever_it_is_cut(pieces: Pieces) -> None:
    assert shown(pieces) == shown(["".join(pieces)])


@given(cut(st.text(alphabet="ab/服😀\n<", min_size=1).filter(lambda text: not text[0].isspace())))
def test_text_without_thoughts_comes_whole(pieces: Pieces) -> None:
    assert shown(pieces) == "".join(pieces)


@given(st.text(alphabet="ab<>服\n"), st.text(alphabet="cd<>客 ", min_size=1), st.data())
def test_a_thought_is_never_shown(thought: str, text: str, data: st.DataObject) -> None:
    pieces = data.draw(cut(st.just(f"\n<think>{thought}</think>\n{text}")))
    assert shown(pieces) == text.lstrip()


@given(cut(st.dictionaries(st.text(max_size=4), FINITE, max_size=3).map(json.dumps)))
def test_arguments_are_the_same_wherever_they_are_cut(pieces: Pieces) -> None:
    answer = Answer(0)
    answer.add(said(tool_calls=[{"index": 0, "id": "c", "function": {"name": "search"}}]))
    for piece in pieces:
        answer.add(said(tool_calls=[{"index": 0, "function": {"arguments": piece}}]))
    (call,) = answer.calls
    assert (call.arguments, call.problem) == (json.loads("".join(pieces)), "")


@given(st.lists(st.fixed_dictionaries({}, optional={n: nearly(n) for n in ("choices", "usage", "model")}), max_size=5))
def test_events_of_any_shape_break_nothing(events: list[dict[str, Any]]) -> None:
    answer = Answer(0)
    text = "".join(answer.add(event) for event in events) + answer.rest()
    text.encode("utf-8")
    ids = [call.id for call in answer.calls]
    assert len(set(ids)) == len(ids) and all(ids)
    assert all(call.arguments == {} for call in answer.calls if call.problem)
    if answer.finish not in ("insufficient_system_resource", "abort", "error"):
        assert answer.end(ENDPOINT).text == ""
