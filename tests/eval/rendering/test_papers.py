"""What goes into a paper or a statistics program: LaTeX, Word, CSV; and the drawings."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, strategies as st

from eval.rendering import figures, render
from eval.rendering.figures.sheet import clean, width, wrap
from eval.rendering.latex import escape
from eval.rendering.markdown import text as marked_down
from tests.eval.rendering.building import report

SVG = "{http://www.w3.org/2000/svg}"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def balanced(source: str) -> bool:
    depth = 0
    for char in re.sub(r"\\[{}\\%&$#_]", "", source):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth < 0:
            return False
    return depth == 0


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_latex_is_balanced_and_every_row_has_its_cells(lang: Any) -> None:
    source = render(report(), "tex", lang).decode()
    assert balanced(source)
    assert source.count("\\begin{longtable}") == source.count("\\end{longtable}") == 3
    assert "Dialogue\\_100\\%" in source
    for table in re.findall(r"\\begin\{longtable\}(.*?)\\end\{longtable\}", source, re.DOTALL):
        rows = [row for row in re.split(r" \\\\\n", table.split("\\endlastfoot\n")[1]) if row.strip()]
        columns = table.split("@{}}")[0].count("arraybackslash")
        assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {columns - 1}


def test_latex_takes_ctex_only_where_there_is_chinese() -> None:
    made = report(title="Study", labels={}, sample={}, runs=report()["runs"][:1])
    for one, name in zip(made["data"]["people"], ("Li", "Chen"), strict=True):
        one["name"] = name
    assert "{ctexart}" in render(report(), "tex", "en").decode()
    assert "\\documentclass{article}" in render(made, "tex", "en").decode()


@given(st.text(max_size=60))
def test_no_text_can_end_a_group_or_begin_a_command_in_latex(text: str) -> None:
    made = escape(text)
    assert balanced(made)
    plain = re.sub(r"\\[{}$&#_%]|\$(-|\\[a-z]+)\$|\\(text[a-z]+|ldots)\{\}", "", made).removeprefix("{}")
    assert not re.search(r"[\\$&#%_^~{}]", plain)


@given(st.text(max_size=60))
def test_no_text_becomes_markup_in_markdown(text: str) -> None:
    made = marked_down(text)
    assert "\n" not in made
    assert not re.search(r"(?<!\\)(?:\\\\)*[<>|`*\[\]]", made)


def test_word_file_opens_with_its_tables_and_fonts() -> None:
    import docx

    document = docx.Document(io.BytesIO(render(report(), "docx", "zh")))
    assert [len(table.rows) for table in document.tables] == [9, 9, 7]
    assert document.tables[0].rows[1].cells[0].text == "对话"
    assert document.tables[0].rows[1].cells[4].text.startswith("0.80\n[0.67")
    fonts = document.styles["Normal"].element.rPr.rFonts
    assert fonts.get(f"{W}eastAsia") == "宋体"
    first, *middle, last = document.tables[0].rows
    sides = [
        {border.tag.removeprefix(W) for border in row.cells[0]._tc.iter() if border.get(f"{W}sz")}
        for row in (first, last)
    ]
    assert sides == [{"top", "bottom"}, {"bottom"}]
    assert not any(row.cells[0]._tc.findall(f".//{W}tcBorders") for row in middle)


def test_word_file_knows_no_clock() -> None:
    data = render(report(), "docx", "en")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        assert b"2000-01-01T00:00:00Z" in archive.read("docProps/core.xml")


def test_word_file_takes_any_label() -> None:
    import docx

    made = report(labels={c: {"zh": "a\x00b\x1f<&", "en": "a", "definition": ""} for c in report()["codes"]})
    document = docx.Document(io.BytesIO(render(made, "docx", "zh")))
    assert document.tables[0].rows[1].cells[0].text == "ab<&"


def test_csv_has_a_line_for_each_figure_with_people_beside_and_no_empty_cell() -> None:
    made = report()
    rows = list(csv.DictReader(io.StringIO(render(made, "csv", "en").decode("utf-8-sig"), newline="")))
    one = next(row for row in rows if row["run"] == "run 3" and row["code"] == "access" and row["metric"] == "kappa")
    measure = made["runs"][0]["score"]["codes"]["access"]["kappa"]
    assert (float(one["value"]), float(one["low"]), one["status"]) == (measure["value"], measure["low"], "ok")
    assert float(one["human"]) == made["human"]["codes"]["access"]["kappa"]["value"]
    lacking = next(row for row in rows if row["code"] == "never_given" and row["metric"] == "kappa")
    assert (lacking["value"], lacking["status"]) == ("NA", "undefined:no_variation")
    assert all(value for row in rows for value in row.values())


def test_csv_runs_no_formula() -> None:
    made = report()
    made["runs"][0]["name"] = "=1+1"
    rows = list(csv.reader(io.StringIO(render(made, "csv", "en").decode("utf-8-sig"), newline="")))
    assert {row[0] for row in rows[1:2]} == {"'=1+1"}


def _drawings(lang: Any) -> list[ElementTree.Element]:
    page = render(report(), "html", lang).decode()
    return [ElementTree.fromstring(one) for one in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]


def test_drawings_hold_labels_as_text_and_are_named() -> None:
    drawings = _drawings("zh")
    assert len(drawings) == 11
    for drawing in drawings:
        assert drawing.get("role") == "img"
        assert drawing.find(f"{SVG}title") is not None
        names = {one.get("id") for one in drawing.iter()}
        assert set((drawing.get("aria-labelledby") or "").split()) <= names
    words = {one.text for one in drawings[0].iter(f"{SVG}text")}
    assert {"对话", "信任", "人工之间", "未使用"} <= words


def test_no_two_things_on_the_page_share_an_id_and_every_reference_is_met() -> None:
    page = render(report(), "html", "en").decode()
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert {one for pair in re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', page) for one in pair if one} <= set(ids)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_drawings_are_grey_and_their_labels_stay_on_the_sheet(lang: str) -> None:
    for drawing in _drawings(lang):
        wide, high = (float(part) for part in (drawing.get("viewBox") or "").split()[2:])
        for one in drawing.iter():
            for key in ("fill", "stroke"):
                assert one.get(key, "none") in {"none", "#24211d", "#6b655b", "#ddd6c9", "#fcfbf8"} or "url" in one.get(
                    key, ""
                )
        for one in drawing.iter(f"{SVG}text"):
            long = width(one.text or "", float((one.get("font-size") or "12px").removesuffix("px")))
            start = (
                float(one.get("x") or 0)
                - {"start": 0, "middle": long / 2, "end": long}[one.get("text-anchor") or "start"]
            )
            assert -1 <= start <= start + long <= wide + 1, one.text
            assert 0 < float(one.get("y") or 0) <= high


def test_labels_of_rows_do_not_meet() -> None:
    labels = [f"一个相当长的代码名称，需要分成好几行才放得下，编号 {n}" for n in range(6)]
    rows = [figures.Row(label, ((0.5, 0.4, 0.6),)) for label in labels]
    made = figures.forest("fig", "t", "d", rows, ["run"], {"axis": "a", "people": "p", "ceiling": "c"})
    at = sorted(
        float(one.get("y") or 0)
        for one in ElementTree.fromstring(made).iter(f"{SVG}text")
        if one.get("text-anchor") == "end"
    )
    assert len(at) >= 12
    assert min(b - a for a, b in pairwise(at)) >= 12


@given(st.text(max_size=80), st.floats(40, 300))
def test_wrapped_lines_keep_the_words_and_fit(text: str, room: float) -> None:
    lines = wrap(text, room)
    assert "".join("".join(lines).split()) == "".join(clean(text).split())
    assert all(width(line) <= room for line in lines)
