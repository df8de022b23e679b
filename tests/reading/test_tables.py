"""CSV, TSV and Excel files."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from assistant.errors import ReadingError
from assistant.model import Document
from assistant.reading import read
from tests.reading.making import EN, ZH, part, rezipped, save, workbook


def rows(document: Document) -> list[tuple[str, str]]:
    return [(b.label, b.span.of(document.text)) for b in document.blocks if b.kind == "table"]


def table(folder: Path, text: str | bytes, name: str = "a.csv") -> Document:
    return read(save(folder, name, text))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_rows_read_as_column_and_value(tmp_path: Path, delimiter: str) -> None:
    lines = [["编号", "评论", "评分"], ["1", f'"{ZH}"', "5"], ["2", f'"{EN}\r\n\r\n第二段"', ""], ["", "", ""]]
    lines.append(["4", '"他说""好"""', "3"])
    document = table(tmp_path, "\r\n".join(delimiter.join(line) for line in lines))
    assert document.text.split("\n\n") == [
        f"编号: 1; 评论: {ZH}; 评分: 5",
        f"编号: 2; 评论: {EN} 第二段",
        '编号: 4; 评论: 他说"好"; 评分: 3',
    ]
    assert rows(document) == list(zip(["2", "3", "5"], document.text.split("\n\n"), strict=True))
    assert "First row read as column names: 编号, 评论, 评分." in document.notes
    assert (document.kind, document.media_type) == ("table", "csv")


def test_one_column_is_just_its_texts(tmp_path: Path) -> None:
    document = table(tmp_path, f"评论\n{ZH}\n服务很好，菜也不错\n")
    assert document.text == f"{ZH}\n\n服务很好，菜也不错"
    quoted = table(tmp_path, '"text"\n"Good, cheap and near"\n"Not good, I think, but near"\n')
    assert quoted.text == "Good, cheap and near\n\nNot good, I think, but near"


def test_commas_in_prose_are_no_columns(tmp_path: Path) -> None:
    prose = "Good, cheap and near\nNot good, I think, but near\nFine\n"
    document = table(tmp_path, prose)
    assert document.text == "Good, cheap and near\n\nNot good, I think, but near\n\nFine"
    assert len(rows(document)) == 3


def test_without_names_cells_are_joined(tmp_path: Path) -> None:
    document = table(tmp_path, "张三,很好用也很方便\n李四,一般般吧\n王五,\n")
    assert rows(document) == [("1", "张三 | 很好用也很方便"), ("2", "李四 | 一般般吧"), ("3", "王五")]
    assert "No row of column names found; cells are joined with |." in document.notes


def test_names_are_seen_by_the_numbers_or_long_texts_below(tmp_path: Path) -> None:
    assert table(tmp_path, "城市,人口\n北京,2189\n上海,2487\n").text.startswith("城市: 北京; 人口: 2189")
    assert table(tmp_path, f"谁,说\n甲,{ZH}\n乙,{ZH}\n").text.startswith("谁: 甲; 说: 平台")
    assert table(tmp_path, "1,2\n3,4\n5,6\n").text.startswith("1 | 2")


def test_cells_beyond_the_names_are_kept(tmp_path: Path) -> None:
    text = "id,text\n1,good,extra\n2,bad\n3\n" + "".join(f"{n},fine\n" for n in range(4, 20))
    assert rows(table(tmp_path, text))[:3] == [
        ("2", "id: 1; text: good; extra"),
        ("3", "id: 2; text: bad"),
        ("4", "id: 3"),
    ]


def test_tsv_with_loose_quotation_marks(tmp_path: Path) -> None:
    document = table(tmp_path, 'id\ttext\n1\t"Great" he said\n2\t5" screen\n', "a.tsv")
    assert document.text == 'id: 1; text: "Great" he said\n\nid: 2; text: 5" screen'
    assert "Quotation marks read as ordinary characters." in document.notes


def test_a_quotation_mark_that_is_never_closed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="rows cannot be told apart") as caught:
        table(tmp_path, 'id,text\n1,"never closed\n2,b\n')
    assert "quotation mark" in caught.value.hint


def test_a_cell_may_hold_a_whole_interview(tmp_path: Path) -> None:
    document = table(tmp_path, f'id,text\n1,"{ZH * 5000}"\n')
    assert document.text == f"id: 1; text: {ZH * 5000}"


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16"])
def test_encodings_spreadsheets_write(tmp_path: Path, encoding: str) -> None:
    text = f"编号\t评论\n1\t{ZH}\n2\t{ZH}\n"
    assert table(tmp_path, text.encode(encoding)).text == f"编号: 1; 评论: {ZH}\n\n编号: 2; 评论: {ZH}"


def test_sheets_have_headings_and_cells_read_as_seen(tmp_path: Path) -> None:
    when = datetime.datetime(2024, 3, 1, 9, 30)
    data = workbook(
        {
            "访谈 一": [
                ["姓名", "回答", "分数", "日期", "时间", "付费"],
                ["李", "很好\n很快", 3.0, datetime.date(2024, 3, 1), when, True],
                [],
                [None, "e\u0301t\u00e9", 2.5, None, None, False],
            ],
            "Empty": [],
            "Notes": [["text"], [EN]],
        }
    )
    document = read(save(tmp_path, "a.xlsx", data))
    first = "姓名: 李; 回答: 很好 很快; 分数: 3; 日期: 2024-03-01; 时间: 2024-03-01 09:30:00; 付费: TRUE"
    second = "回答: été; 分数: 2.5; 付费: FALSE"
    assert document.text == f"访谈 一\n\n{first}\n\n{second}\n\nNotes\n\n{EN}"
    assert [(b.kind, b.label, b.span.of(document.text)) for b in document.blocks] == [
        ("heading", "1", "访谈 一"),
        ("table", "2", first),
        ("table", "4", second),
        ("heading", "1", "Notes"),
        ("table", "2", EN),
    ]
    assert (document.kind, document.media_type) == ("table", "xlsx")


def test_formulas_give_their_stored_values_and_missing_ones_are_noted(tmp_path: Path) -> None:
    data = workbook({"S": [["id", "text"], [1, "=UPPER(A1)"], [2, "=1+1"]]})
    sheet = part(data, "xl/worksheets/sheet1.xml")
    assert b"<f>1+1</f>" in sheet
    stored = sheet.replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>").replace(
        b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>"
    )
    document = read(save(tmp_path, "a.xlsx", rezipped(data, {"xl/worksheets/sheet1.xml": stored})))
    assert document.text == "S\n\nid: 1\n\nid: 2; text: 2"
    assert "Formulas without a stored value, so empty cells: 1." in document.notes


def test_hidden_sheets_are_read_and_noted(tmp_path: Path) -> None:
    data = workbook({"A": [["text"], ["seen"]], "B": [["text"], ["hidden"]]})
    book = (
        part(data, "xl/workbook.xml")
        .replace(b'name="B" ', b'name="B" ')
        .replace(b'sheetId="2" state="visible"', b'sheetId="2" state="hidden"')
    )
    document = read(save(tmp_path, "a.xlsx", rezipped(data, {"xl/workbook.xml": book})))
    assert document.text.endswith("B\n\nhidden")
    assert "Sheet B is hidden in the workbook, but was read." in document.notes


def test_a_declared_size_that_lies_does_not_matter(tmp_path: Path) -> None:
    data = workbook({"S": [["text"], [EN]]})
    sheet = part(data, "xl/worksheets/sheet1.xml").replace(b'ref="A1:A2"', b'ref="A1:XFD1048576"')
    assert read(save(tmp_path, "a.xlsx", rezipped(data, {"xl/worksheets/sheet1.xml": sheet}))).text == f"S\n\n{EN}"


@pytest.mark.timeout(60)
def test_a_row_number_out_of_this_world_is_an_error(tmp_path: Path) -> None:
    data = workbook({"S": [["text"], [EN]]})
    sheet = part(data, "xl/worksheets/sheet1.xml").replace(b'r="2"', b'r="999999999999"')
    with pytest.raises(ReadingError, match="larger than any real table"):
        read(save(tmp_path, "a.xlsx", rezipped(data, {"xl/worksheets/sheet1.xml": sheet})))


def test_an_empty_workbook_holds_no_words(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="it holds no words"):
        read(save(tmp_path, "a.xlsx", workbook({"S": []})))
