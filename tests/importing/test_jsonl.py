"""Codings in JSONL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import ReadingError
from assistant.importing import Foreign, Marked, read

GOLD = Path(__file__).resolve().parents[2].parent / "shared" / "gold"


def written(folder: Path, *rows: Any) -> Foreign:
    path = folder / "gold.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    return read(path)


def test_null_and_empty_stay_apart(tmp_path: Path) -> None:
    found = written(
        tmp_path,
        {"document": "d", "unit": 7, "coder": "李", "codes": ["对话", "Access", "对话"]},
        {"document": "d", "unit": "8", "coder": "李", "codes": []},
        {"document": "d", "unit": 9, "coder": "李", "codes": None},
        {"document": "d", "coder": "Bo", "spans": [], "length": 12},
    )
    assert [(one.unit, one.codes, one.marks) for one in found.rated] == [
        ("7", ("对话", "Access"), None),
        ("8", (), None),
        ("9", None, None),
        ("", None, ()),
    ]
    assert (found.format, found.coders, found.rated[3].length) == ("jsonl", ("李", "Bo"), 12)
    assert [source.name for source in found.sources] == ["d"]


def test_spans_move_with_their_text_and_fill_in_their_quote(tmp_path: Path) -> None:
    raw = "\ufeffcafe\u0301\r\n𠮷😀好"
    span = {"start": 8, "end": 10, "code": "C", "quote": "𠮷😀", "polarity": "-"}
    found = written(
        tmp_path,
        {"document": "d", "coder": "a", "text": raw, "spans": [span]},
        {"document": "d", "coder": "b", "spans": [{"start": 1, "end": 6, "code": "C"}]},
    )
    assert found.sources[0].text == "café\n𠮷😀好"
    assert found.rated[0].marks == (Marked("d", 5, 7, "𠮷😀", "C", "a", polarity="-"),)
    assert found.rated[1].marks == (Marked("d", 0, 4, "café", "C", "b"),)
    assert found.rated[0].length == found.rated[1].length == 8


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (["{"], "line 1: not JSON"),
        (["[" * 100_000], "not JSON"),
        (['{"a": 1}\n[]'], 'line 1: "coder" is missing'),
        ([{"document": "d", "coder": "a"}], 'neither "codes" nor "spans"'),
        ([{"document": "d", "coder": "a", "codes": "C"}], '"codes" must be a list or null, not the text'),
        ([{"document": "d", "coder": "a", "codes": [""]}], "not an empty text"),
        ([{"document": "d", "coder": "a\x1b[31m", "codes": []}], "control characters"),
        ([{"document": "d", "coder": "a", "spans": [{"start": 3, "end": 2, "code": "C"}]}], "not a span: 3 to 2"),
        ([{"document": "d", "coder": "a", "spans": [{"start": 0, "end": True, "code": "C"}]}], "whole numbers"),
        ([{"document": "d", "coder": "a", "length": 1, "spans": [{"start": 0, "end": 2, "code": "C"}]}], "ends at 2"),
        ([{"document": "d", "coder": "a", "text": "abc", "length": 4, "codes": []}], "3 characters"),
        ([{"document": "d", "coder": "a", "text": "\ud800", "codes": []}], "halves"),
        (
            [{"document": "d", "coder": "a", "spans": [{"start": 0, "end": 1, "code": "C", "polarity": "?"}]}],
            '"polarity" of a span',
        ),
        (
            [
                {
                    "document": "d",
                    "coder": "a",
                    "text": "abc",
                    "spans": [{"start": 0, "end": 1, "code": "C", "quote": "b"}],
                }
            ],
            "at 0 to 1 stands 'a', not the quote 'b'",
        ),
        (
            [{"document": "d", "coder": "a", "codes": []}, {"document": "d", "coder": "a", "codes": []}],
            "line 2: a codes document 'd' twice, first in line 1",
        ),
        (
            [{"document": "d", "coder": c, "text": c, "codes": []} for c in "ab"],
            "line 2: the text of document 'd' is another one in line 1",
        ),
        (
            [
                {"document": "d", "coder": "a", "length": 3, "codes": []},
                {"document": "d", "coder": "b", "spans": [{"start": 2, "end": 4, "code": "C"}]},
            ],
            "line 2: a span ends at 4, after the text's 3 characters",
        ),
        (["", " "], "it is empty"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, rows: list[Any], reason: str) -> None:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path = tmp_path / "gold.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ReadingError) as caught:
        read(path)
    assert reason in caught.value.message
    assert caught.value.message.startswith(str(path))
    assert caught.value.hint


def test_bytes_that_are_no_utf8_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_bytes('{"document": "文"}'.encode("gb18030"))
    with pytest.raises(ReadingError, match="line 1: not UTF-8"):
        read(path)
    path.write_bytes('{"document": "d"}'.encode("utf-16"))
    with pytest.raises(ReadingError, match="UTF-16"):
        read(path)


def test_fields_that_are_ignored_are_named(tmp_path: Path) -> None:
    found = written(tmp_path, {"document": "d", "coder": "a", "codes": [], "mood": 1})
    assert found.notes == ("field 'mood' in 1 line",)


def test_real_quote_codes_land_on_their_quotes(tmp_path: Path) -> None:
    source = GOLD / "en-games-as-art-quotes" / "experience_texts_quote_codes.jsonl"
    if not source.exists():
        pytest.skip(f"no {source}")
    rows = []
    for line in source.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for coder, spans in row["codings"].items():
            given = None if spans is None else [{**s, "code": code} for s in spans for code in s["codes"]]
            rows.append({"document": row["id"], "coder": coder, "text": row["text"], "spans": given})
    found = written(tmp_path, *rows)
    coded = {coder: sum(one.marks is not None for one in found.rated if one.coder == coder) for coder in found.coders}
    assert sorted(coded.values()) == [100, 100, 124]
    marks = [mark for one in found.rated for mark in one.marks or ()]
    assert len(marks) == 299 + 282 + 491
    texts = {source.name: source.text for source in found.sources}
    assert all(texts[mark.source][mark.start : mark.end] == mark.quote for mark in marks)
