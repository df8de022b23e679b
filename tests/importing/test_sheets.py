"""Codings in tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from assistant.errors import ReadingError
from assistant.importing import Foreign, Marked, Rated, read
from tests.reading.making import save, workbook

Rows = Sequence[Sequence[object]]


def as_csv(folder: Path, rows: Rows, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=delimiter).writerows(rows)
    return save(folder, "codings.csv", target.getvalue().encode(encoding))


def as_xlsx(folder: Path, rows: Rows) -> Path:
    return save(folder, "codings.xlsx", workbook({"编码": rows}))


def said(found: Foreign) -> list[tuple[str, str, str, tuple[str, ...] | None]]:
    return [(one.source, one.unit, one.coder, one.codes) for one in found.rated]


WIDE: Rows = [
    ["文档", "段落号", "编码者", "对话", "Access", "无", "文本"],
    ["访谈1", 17, "李", 1, "", "", "甲"],
    ["访谈1", 18, "李", "", "", "x", "乙"],
    ["访谈1", 19, "李", "", "", "", "丙"],
    ["访谈1", 20, "李", "否", "0", "", "丁"],
    ["访谈2", 1, "李", "✓", "yes", "", "戊"],
]
WIDE_SAID = [
    ("访谈1", "17", "李", ("对话",)),
    ("访谈1", "18", "李", ()),
    ("访谈1", "19", "李", None),
    ("访谈1", "20", "李", ()),
    ("访谈2", "1", "李", ("对话", "Access")),
]


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
def test_a_column_per_code(tmp_path: Path, write: object) -> None:
    assert callable(write)
    found = read(write(tmp_path, WIDE))
    assert said(found) == WIDE_SAID
    assert [code.name for code in found.codes] == ["对话", "Access"]
    assert [one.text for one in found.rated] == list("甲乙丙丁戊")
    assert [source.name for source in found.sources] == ["访谈1", "访谈2"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", ["\t", ";"])
def test_a_table_in_other_encodings_and_delimiters(tmp_path: Path, encoding: str, delimiter: str) -> None:
    assert said(read(as_csv(tmp_path, WIDE, delimiter, encoding))) == WIDE_SAID


def test_signs_mean_yes_and_are_kept(tmp_path: Path) -> None:
    rows: Rows = [
        ["document", "unit", "A", "B", "C"],
        ["d", 1, "+", "-", ""],
        ["d", 2, "±", "", ""],
        ["d", 3, "", "−", "＋"],
    ]
    found = read(as_csv(tmp_path, rows))
    assert [one.codes for one in found.rated] == [("A", "B"), ("A",), ("B", "C")]
    assert [one.polarities for one in found.rated] == [
        (("A", "+"), ("B", "-")),
        (("A", "±"),),
        (("B", "-"), ("C", "+")),
    ]


def test_a_minus_beside_plain_marks_is_not_guessed(tmp_path: Path) -> None:
    rows: Rows = [["document", "unit", "A", "B"], ["d", 1, "x", "-"], ["d", 2, "-", "x"]]
    with pytest.raises(ReadingError, match="row 2: 'B' is marked '-', which may mean no or negative"):
        read(as_csv(tmp_path, rows))


def test_a_list_of_codes_in_a_cell(tmp_path: Path) -> None:
    cells = ["A; B", "甲；乙", "A|B", "none", "无", "-", "", " A ;; A"]
    rows: Rows = [["Document", "Unit", "Codes"], *(["d", number, cell] for number, cell in enumerate(cells, 1))]
    found = read(as_csv(tmp_path, rows))
    assert [one.codes for one in found.rated] == [("A", "B"), ("甲", "乙"), ("A", "B"), (), (), (), None, ("A",)]
    assert found.coders == ()


def test_one_coding_per_row_with_quotes(tmp_path: Path) -> None:
    rows: Rows = [
        ["文件名", "引文", "编码", "编码员", "极性", "备注"],
        ["访谈1", "第一句\n和第二句", "对话", "李", "+", "想法"],
        ["访谈1", "=SUM(A1)", "=1+1", "王", "负面", ""],
    ]
    marks = (
        Marked("访谈1", None, None, "第一句\n和第二句", "对话", "李", "想法", "+"),
        Marked("访谈1", None, None, "=SUM(A1)", "=1+1", "王", "", "-"),
    )
    for path in (as_csv(tmp_path, rows), as_xlsx(tmp_path, rows)):
        found = read(path)
        assert found.marks == marks
        assert (found.rated, found.coders) == ((), ("李", "王"))


def test_one_coding_per_row_with_units(tmp_path: Path) -> None:
    rows: Rows = [
        ["document", "unit", "quote", "code", "coder", "text"],
        ["d", 1, "they ask", "Dialogue", "a", "First they ask. Then they ask."],
        ["d", 1, "First", "Access", "a", ""],
        ["d", 2, "", "none", "a", ""],
        ["d", 3, "", "", "a", ""],
        ["d", 4, "", "Access", "a", ""],
    ]
    found = read(as_csv(tmp_path, rows))
    text = "First they ask. Then they ask."
    marks = (Marked("d", None, None, "they ask", "Dialogue", "a"), Marked("d", 0, 5, "First", "Access", "a"))
    assert found.rated == (
        Rated("d", "1", "a", ("Dialogue", "Access"), marks, text, len(text)),
        Rated("d", "2", "a", (), ()),
        Rated("d", "3", "a", None, None),
        Rated("d", "4", "a", ("Access",), None),
    )


def test_a_formula_is_its_stored_value_or_its_own_text_and_never_empty(tmp_path: Path) -> None:
    rows: Rows = [["document", "unit", "codes"], ["d", 1, "=A1"]]
    assert [one.codes for one in read(as_xlsx(tmp_path, rows)).rated] == [("=A1",)]
    with pytest.raises(ReadingError, match="row 2: '=A1' in column 'Access' is no mark"):
        read(as_xlsx(tmp_path, [["document", "unit", "Access"], ["d", 1, "=A1"]]))


def test_sheets_without_codings_are_named(tmp_path: Path) -> None:
    sheets = {
        "legend": [["colour", "meaning"], ["red", "bad"]],
        "one": WIDE,
        "two": [["文档", "编码"], ["访谈9", "对话"]],
    }
    found = read(save(tmp_path, "codings.xlsx", workbook(sheets)))
    assert said(found) == [*WIDE_SAID, ("访谈9", "", "", ("对话",))]
    assert found.notes == ("sheet 'legend': no columns of codings",)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([["name", "age"], ["Li", 3]], "no row of column names that codings have"),
        ([["document", "unit", "A"], ["", 1, "x"]], "row 2: no document is named"),
        (
            [["document", "unit", "A"], ["d", 1, "x"], [], ["d", 2, "perhaps"]],
            "row 4: 'perhaps' in column 'A' is no mark",
        ),
        (
            [["document", "unit", "A"], ["d", 1, "x"], ["d", 1, ""]],
            "row 3: the coder codes unit '1' of document 'd' twice",
        ),
        ([["document", "unit", "A", "none"], ["d", 1, "x", "x"]], "row 2: it is marked as without codes, and has 'A'"),
        (
            [["document", "unit", "A", "none"], ["d", 1, "0", "0"]],
            "row 2: it has no code, and is marked as not without",
        ),
        (
            [["document", "unit", "codes", "无"], ["d", 1, "A", "是"]],
            "row 2: it is marked as without codes, and has 'A'",
        ),
        ([["document", "quote", "code"], ["d", "words", ""]], "row 2: a quote without a code"),
        ([["document", "quote", "code"], ["d", "", ""]], "row 2: neither unit nor quote nor code"),
        ([["document", "quote", "code", "polarity"], ["d", "w", "A", "?"]], "row 2: '?' is no polarity"),
        ([["document", "unit", "code"], ["d", 1, "A"], ["d", 1, "none"]], "row 3: unit '1' of document 'd' has a code"),
        ([["document", "unit", "A"], ["d", 1, "x", "more"]], "row 2: 'more' stands in column 4, which has no name"),
        ([["document", "文档", "A"], ["d", "d", "x"]], "'document' and '文档' mean the same"),
        ([["document", "unit", "text", "A"], ["d", 1, "a", "x"], ["d", 1, "b", ""]], "row 3: the text of unit '1'"),
        ([["document", "unit", "A"]], "its tables have no rows"),
    ],
)
def test_a_row_that_fits_nothing_is_named(tmp_path: Path, rows: Rows, reason: str) -> None:
    for path in (as_csv(tmp_path, rows), as_xlsx(tmp_path, rows)):
        with pytest.raises(ReadingError) as caught:
            read(path)
        assert reason in caught.value.message
        assert caught.value.hint


def test_an_open_quotation_mark_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="rows cannot be told apart"):
        read(save(tmp_path, "codings.csv", 'document,unit,A\nd,1,"x\nd,2,x\n'))
