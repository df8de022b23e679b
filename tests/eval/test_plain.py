"""Codings from JSONL: what a line says is what is held, and every fault is named with file and line."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from assistant.errors import ReadingError
from eval.plain import lengths, read
from eval.spans import Mark

GOOD: dict[str, Any] = {"document": "d1", "unit": "u1", "coder": "Li", "codes": ["D"]}


def written(folder: Path, *rows: object, name: str = "a.jsonl") -> Path:
    path = folder / name
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    return path


def test_a_line_says_who_gave_what_to_which_unit(tmp_path: Path) -> None:
    path = written(
        tmp_path, {**GOOD, "codes": ["对话", "A", "A"], "note": "ignored"}, {**GOOD, "coder": "Wu", "unit": 7}
    )
    found = read(path)
    assert list(found.said) == ["Li", "Wu"]
    assert found.said["Li"]["d1", "u1"].codes == frozenset({"对话", "A"})
    assert found.said["Wu"]["d1", "7"].line == 2
    assert found.keys == {("d1", "u1"), ("d1", "7")}
    assert found.sha256 == sha256(path.read_bytes()).hexdigest()


def test_not_coded_and_coded_with_nothing_are_two_things(tmp_path: Path) -> None:
    found = read(written(tmp_path, {**GOOD, "codes": None}, {**GOOD, "unit": "u2", "codes": []})).said["Li"]
    assert found["d1", "u1"].codes is None
    assert found["d1", "u2"].codes == frozenset()
    assert found["d1", "u2"].marks is None


def test_spans_of_a_whole_document_take_their_length_from_its_text(tmp_path: Path) -> None:
    span = {"start": 2, "end": 4, "code": "D"}
    row = {"document": "d1", "coder": "Li", "spans": [span], "text": "共创🚲平台"}
    said = read(written(tmp_path, row)).said["Li"]["d1", ""]
    assert said.marks == (Mark(2, 4, "D"),)
    assert said.length == 5
    assert said.codes is None


def test_the_same_unit_id_in_two_documents_is_two_units(tmp_path: Path) -> None:
    assert len(read(written(tmp_path, GOOD, {**GOOD, "document": "d2"})).keys) == 2


def test_a_utf8_bom_and_blank_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "bom.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r\n\r\n")
    assert read(path).keys == {("d1", "u1")}


SPAN = {"start": 0, "end": 3, "code": "D"}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("{not json", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"a": ' + "1" * 5000 + "}", "not JSON"),
        ([1], "an object"),
        ({**GOOD, "codes": "D"}, r'"codes" must be a list or null, not the text \'D\''),
        ({**GOOD, "codes": [1]}, "name of a code, not a number"),
        ({**GOOD, "codes": [" "]}, "an empty text"),
        ({**GOOD, "codes": ["D\u001b[31m"]}, "control characters"),
        ('{"document": "d", "coder": "Li", "codes": ["\\ud800"]}', "control characters"),
        ({"document": "d1", "coder": "Li"}, 'neither "codes" nor "spans"'),
        ({"document": "d1", "codes": []}, '"coder" is missing'),
        ({"unit": "u1", "coder": "Li", "codes": []}, '"document" is missing'),
        ({**GOOD, "unit": True}, '"unit" must be a name'),
        ({**GOOD, "spans": [SPAN | {"start": "0"}]}, "whole numbers"),
        ({**GOOD, "spans": [SPAN | {"start": True}]}, "whole numbers"),
        ({**GOOD, "spans": [SPAN | {"start": 5}]}, "not a span: 5 to 3"),
        ({**GOOD, "spans": [SPAN | {"end": 10**30}]}, "not a span"),
        ({**GOOD, "spans": [SPAN | {"code": None}]}, "not null"),
        ({**GOOD, "spans": ["D"]}, "must be an object"),
        ({**GOOD, "spans": [SPAN], "length": 2}, "ends at 3, after the text's 2 characters"),
        ({**GOOD, "length": -1}, '"length"'),
        ({**GOOD, "text": 5}, '"text" must be text'),
        ({**GOOD, "text": "abc", "length": 4}, '"text" has 3 characters'),
    ],
)
def test_a_fault_is_named_with_file_and_line(tmp_path: Path, row: object, words: str) -> None:
    path = written(tmp_path, {**GOOD, "unit": "other"}, row)
    with pytest.raises(ReadingError, match=words) as fault:
        read(path)
    assert f"{path}, line 2: " in fault.value.message
    assert fault.value.hint


def test_a_unit_twice_for_one_coder_names_both_lines(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD, {**GOOD, "coder": "Wu"}, {**GOOD, "codes": []})
    with pytest.raises(ReadingError, match=r"line 3: Li codes unit 'u1' of document 'd1' twice, first in line 1"):
        read(path)


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_bytes(content)
    with pytest.raises(ReadingError, match="is empty"):
        read(path)


def test_other_encodings_and_missing_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(json.dumps(GOOD).encode("utf-16"))
    with pytest.raises(ReadingError, match="UTF-16, not UTF-8"):
        read(path)
    path.write_bytes(json.dumps({**GOOD, "codes": ["对话"]}, ensure_ascii=False).encode("gb18030"))
    with pytest.raises(ReadingError, match="line 1: not UTF-8"):
        read(path)
    for missing in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(ReadingError, match="cannot be read"):
            read(missing)


def test_texts_of_two_lengths_and_spans_after_the_end_are_errors(tmp_path: Path) -> None:
    row = {**GOOD, "spans": [SPAN], "length": 3}
    one, other = read(written(tmp_path, row)), read(written(tmp_path, {**row, "length": 4}, name="b.jsonl"))
    with pytest.raises(ReadingError, match=r"b.jsonl, line 1: the text of .* has 4 characters, 3 in .*a.jsonl, line 1"):
        lengths([("d1", "u1")], (one, other))
    late = {**GOOD, "spans": [SPAN | {"end": 9}]}
    with pytest.raises(ReadingError, match="ends after the text's 3"):
        lengths([("d1", "u1")], (read(written(tmp_path, late, name="c.jsonl")), one))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD, *SPAN, "spans"]), inner),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys((*GOOD, "spans", "length", "text"), JSON)))
def test_no_json_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, row: dict[str, Any]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    try:
        assert len(read(path).keys) == 1
    except ReadingError as fault:
        assert str(path) in fault.message
