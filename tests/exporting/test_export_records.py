"""The line-by-line formats: the contract of .jsonl, and .csv that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from assistant.exporting import delimited, jsonl
from assistant.model import Study

KEYS = [
    *("id", "kind", "document", "document_name", "sha256", "case", "segment", "start", "end", "quote", "quote_status"),
    *("flags", "code", "code_zh", "code_en", "polarity", "modality", "voice", "codebook", "codebook_version", "coder"),
    *("run", "state", "rationale", "confidence", "suggestion", "why", "created", "decisions", "checks"),
]
DOCS = Path(__file__).resolve().parents[2] / "docs" / "export.md"


def lines(study: Study) -> list[dict[str, Any]]:
    return [json.loads(line) for line in jsonl.dump(study).decode("utf-8").split("\n")[:-1]]


def rows(study: Study) -> list[dict[str, str]]:
    text = delimited.dump(study).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_line_has_the_keys_of_the_contract_in_their_order(study: Study) -> None:
    assert [list(line) for line in lines(study)] == [KEYS] * len(study.records)
    assert all(list(line["coder"]) == ["kind", "name"] for line in lines(study))


def test_the_page_on_exports_names_the_same_keys_in_the_same_order() -> None:
    table = DOCS.read_text(encoding="utf-8").split("| key | value |")[1].split("\n\n")[0]
    heads = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert re.findall(r"`(\w+)`", " ".join(heads)) == KEYS


def test_offsets_cut_the_quote_out_of_the_stored_text(study: Study) -> None:
    texts = {d.id: d.text for d in study.documents}
    found = lines(study)
    assert len(found) == len(study.records) > 0
    for line in found:
        assert texts[line["document"]][line["start"] : line["end"]] == line["quote"]


def test_a_quote_behind_emoji_keeps_its_code_point_offsets(study: Study) -> None:
    first = jsonl.as_dict(study.records[0])
    before = study.documents[0].text[: first["start"]]
    assert "👩‍🔧🎛️" in before
    assert len(before.encode("utf-16-le")) // 2 > len(before)


def test_text_is_utf_8_without_escapes_or_byte_order_mark(study: Study) -> None:
    data = jsonl.dump(study)
    assert data.startswith(b"{")
    assert "帖子里吵了两周".encode() in data
    assert data.endswith(b"}\n")
    assert b"\r" not in data


def test_line_separators_inside_a_text_do_not_split_its_line(study: Study) -> None:
    split = replace(study, records=(replace(study.records[0], rationale="a\nb\u2028c\x85d"),))
    data = jsonl.dump(split)
    assert data.count(b"\n") == 1
    assert json.loads(data)["rationale"] == "a\nb\u2028c\x85d"


def test_what_is_not_known_is_null_and_not_an_empty_text(study: Study) -> None:
    own = next(line for line in lines(study) if line["code"] == "trust withheld")
    assert [own[k] for k in ("polarity", "codebook", "confidence", "suggestion", "run")] == [None] * 5


def test_a_decided_suggestion_keeps_its_line_beside_the_coding(study: Study) -> None:
    found = {line["id"]: line for line in lines(study)}
    coding = found[2]
    assert coding["coder"] == {"kind": "human", "name": "李研究员"}
    assert coding["suggestion"] == 1
    assert found[1]["coder"] == {"kind": "model", "name": "gpt-4o-2024-08-06"}
    assert found[1]["state"] == "accepted"


def test_csv_begins_with_a_byte_order_mark_and_the_flattened_columns(study: Study) -> None:
    text = delimited.dump(study)
    assert text.startswith(b"\xef\xbb\xbfid,kind,")
    flat = " ".join(KEYS).replace("coder", "coder_kind coder_name").split()
    assert list(rows(study)[0]) == flat


def test_csv_says_the_same_as_the_lines(study: Study) -> None:
    for row, line in zip(rows(study), lines(study), strict=True):
        assert (int(row["id"]), int(row["start"]), int(row["end"])) == (line["id"], line["start"], line["end"])
        assert delimited.original(row["quote"]) == line["quote"]
        assert delimited.original(row["code"]) == line["code"]
        assert row["flags"].split() == line["flags"]


def test_no_csv_cell_begins_like_a_formula(study: Study) -> None:
    cells = [cell for row in rows(study) for column, cell in row.items() if column != "polarity"]
    assert [c for c in cells if c.lstrip()[:1] in tuple("=+-@＝＋－＠")] == []
    quotes = {row["quote"] for row in rows(study)}
    assert "'=SUM(A1:A9)" in quotes


@pytest.mark.parametrize("text", ["=1+1", "+1", "-5 %", "@all", "\t=x", "\nx", "  =x", "＝1", "'=1", "''@x"])
def test_what_could_begin_a_formula_gets_an_apostrophe(text: str) -> None:
    assert delimited.neutral(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "并不公开", "a=b", "'s", "— said", "  plain"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert delimited.neutral(text) == text


@given(st.text(st.sampled_from("'=+-@＝ \t\nab并")))
def test_the_apostrophe_can_always_be_taken_back(text: str) -> None:
    assert delimited.original(delimited.neutral(text)) == text


def test_polarity_in_csv_is_readable_and_no_formula(study: Study) -> None:
    pairs = {(row["polarity"], line["polarity"]) for row, line in zip(rows(study), lines(study), strict=True)}
    assert pairs == {("+", "+"), ("−", "-"), ("±", "±"), ("", None)}
