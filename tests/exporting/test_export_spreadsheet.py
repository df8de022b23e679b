"""The workbook, read back with another library: sheets, texts as texts, limits, counts."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import openpyxl
import pytest

from assistant.errors import UsageError
from assistant.exporting import sheets, spreadsheet
from assistant.exporting.labels import labels
from assistant.model import Study


def book(study: Study, language: str = "en") -> Any:
    return openpyxl.load_workbook(io.BytesIO(spreadsheet.dump(study, language)))


def lines(page: Any) -> list[dict[str, Any]]:
    top = int(page.auto_filter.ref.split(":")[0].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    head, *rest = page.iter_rows(min_row=top, values_only=True)
    return [dict(zip(head, values, strict=True)) for values in rest]


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", ["Codings", "By code", "Code x case", "Discards", "Runs", "Codebook", "Documents"]),
        ("zh", ["编码", "按代码", "代码×案例", "弃用项", "运行", "编码本", "文档"]),
    ],
)
def test_sheets_stand_in_order_in_both_languages(study: Study, empty: Study, language: str, names: list[str]) -> None:
    assert book(study, language).sheetnames == names
    assert book(empty, language).sheetnames == names


def test_every_record_is_a_line_with_its_words(study: Study) -> None:
    found = lines(book(study)["Codings"])
    assert [r["Id"] for r in found] == [r.id for r in study.records]
    assert [r["Quote"] for r in found] == [r.quote for r in study.records]
    first = found[0]
    assert (first["Code (zh)"], first["Code (en)"], first["Polarity"]) == ("对话", "Dialogue", "+")
    assert (first["Coder"], first["Coder is a"], first["State"]) == ("gpt-4o-2024-08-06", "model", "accepted")
    assert (first["Start"], first["End"]) == (study.records[0].start, study.records[0].end)


def test_no_cell_is_a_formula_or_a_link(study: Study) -> None:
    risky = replace(study.records[0], quote="=1+1", rationale="https://example.org", why="+cmd|'/c calc'!A1")
    full = book(replace(study, records=(risky, *study.records[1:])))
    cells = [c for page in full for row in page.iter_rows() for c in row]
    assert {c.data_type for c in cells if isinstance(c.value, str)} == {"s"}
    assert [c for c in cells if c.hyperlink] == []
    assert "=1+1" in {c.value for c in cells}


def test_the_baseline_is_called_what_it_is(study: Study) -> None:
    coders = {r["Coder"] for r in lines(book(study)["Codings"])}
    assert "lexical (keyless baseline, not a language model)" in coders
    assert lines(book(study, "zh")["运行"])[1]["模型"] == "lexical（无密钥基线，不是语言模型）"


def test_heads_are_frozen_and_filtered_on_every_sheet(study: Study) -> None:
    for page in book(study):
        top = int(page.freeze_panes[1:]) - 1
        assert page.auto_filter.ref.startswith(f"A{top}:")
        assert page.cell(top, 1).font.bold


def test_quotes_wrap_and_chinese_has_a_chinese_font(study: Study) -> None:
    page = book(study, "zh")["编码"]
    cell = page["E2"]
    assert cell.value == study.records[0].quote
    assert cell.alignment.wrap_text
    assert cell.font.name == "Microsoft YaHei"
    assert page.column_dimensions["E"].width > 50


def test_failed_refused_and_pending_units_have_rows_of_their_own(study: Study) -> None:
    found = lines(book(study)["Code x case"])
    units = {r["Code"]: r["Total"] for r in found if r["Counted"] in ("failed", "refused", "pending")}
    assert units == {
        "units failed in run 1 (all cases)": 2,
        "units refused in run 1 (all cases)": 1,
        "units pending in run 1 (all cases)": 1,
    }
    runs = lines(book(study)["Runs"])
    assert [(r["no code"], r["failed"]) for r in runs] == [(2, 2), (5, 0)]


def test_the_matrix_states_what_it_counts_and_leaves_the_unknown_open(study: Study) -> None:
    page = book(study)["Code x case"]
    assert page["A1"].value == labels("en")["matrix_note"]
    found = {(r["Counted"], r["Code id"]): r for r in lines(page)}
    assert found["decided", "dart.risk"]["甲厂"] == 1
    assert found["decided or undecided", "dart.risk"]["甲厂"] == 2
    assert found["decided", "dart.access"]["Beta Kits"] == 0
    assert found["decided", "trust withheld"]["甲厂"] == "–"


def test_discards_carry_flaw_and_difference(study: Study) -> None:
    found = lines(book(study)["Discards"])
    assert len(found) == len(study.discards)
    assert (found[0]["Flaw"], found[0]["Difference"]) == ("Words changed", "成本构成我们[-并不-]公开")


def test_a_long_text_is_cut_to_what_a_cell_holds_and_says_so(study: Study) -> None:
    long = replace(study.records[0], rationale="长" * 40_000)
    cell = next(c for c in book(replace(study, records=(long,)))["Codings"][2] if str(c.value).startswith("长长"))
    assert len(cell.value) == spreadsheet.CELL
    assert cell.value.endswith("长…")
    assert ".jsonl" in cell.comment.text


def test_length_is_measured_as_excel_measures_it() -> None:
    text, whole = spreadsheet.fit("😀" * 20_000)
    assert not whole
    assert len(text.encode("utf-16-le")) // 2 <= spreadsheet.CELL
    assert text.endswith("😀…")
    assert spreadsheet.fit("字" * spreadsheet.CELL) == ("字" * spreadsheet.CELL, True)


def test_more_lines_than_excel_takes_are_refused(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "ROWS", len(study.records))
    with pytest.raises(UsageError, match="Codings") as refused:
        spreadsheet.dump(study, "en")
    assert ".csv" in refused.value.hint


def test_sheet_names_keep_to_what_excel_allows(study: Study) -> None:
    for language in ("zh", "en"):
        names = [s.name for s in sheets.sheets(study, labels(language))]
        assert all(len(n) <= 31 and not set(n) & set("[]:*?/\\") for n in names)


def test_the_place_a_document_was_read_from_is_not_told(study: Study) -> None:
    cells = [str(c) for page in book(study) for row in page.iter_rows(values_only=True) for c in row]
    assert study.documents[0].source
    assert not any(study.documents[0].source in c for c in cells)
