"""Word documents."""

from __future__ import annotations

from pathlib import Path

import docx
import pytest

from assistant.errors import ReadingError
from assistant.model import Document
from assistant.reading import read
from tests.reading.making import EN, ZH, part, rezipped, save, word, word_body

FOOTNOTES = """<?xml version="1.0" encoding="UTF-8"?>
<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">
<w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:t>never shown</w:t></w:r></w:p></w:footnote>
<w:footnote w:id="7"><w:p><w:r><w:t>第一个</w:t></w:r><w:r><w:t>脚注</w:t></w:r></w:p></w:footnote>
<w:footnote w:id="3"><w:p><w:r><w:t>Second note.</w:t></w:r></w:p></w:footnote>
<w:footnote w:id="4"><w:p><w:r><w:t>Deleted note.</w:t></w:r></w:p></w:footnote>
</w:footnotes>"""


def written(folder: Path, data: bytes) -> Document:
    return read(save(folder, "case.docx", data))


def run(words: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{words}</w:t></w:r>'


def test_paragraphs_headings_and_tables_in_order(tmp_path: Path) -> None:
    source = docx.Document()
    source.add_heading("案例报告", 0)
    source.add_heading("一、背景 e\u0301", 1)
    source.add_paragraph(ZH)
    table = source.add_table(3, 2)
    for row, (left, right) in zip(table.rows, [("受访者", "原话"), ("李", "很好\n也很快"), ("", "")], strict=True):
        row.cells[0].text, row.cells[1].text = left, right
    source.add_heading("Results", 2)
    source.add_paragraph(EN + "\ttab\nbreak")
    document = written(tmp_path, word(source))
    assert document.text == (
        f"案例报告\n\n一、背景 é\n\n{ZH}\n\n受访者 | 原话\n李 | 很好 也很快\n\nResults\n\n{EN}\ttab\nbreak"
    )
    assert [(b.kind, b.label, b.span.of(document.text)) for b in document.blocks] == [
        ("heading", "0", "案例报告"),
        ("heading", "1", "一、背景 é"),
        ("table", "1", "受访者 | 原话"),
        ("table", "2", "李 | 很好 也很快"),
        ("heading", "2", "Results"),
    ]
    assert document.media_type == "docx"


def test_tracked_changes_are_read_as_accepted(tmp_path: Path) -> None:
    body = (
        f"<w:p>{run('We ')}<w:ins>{run('now ')}</w:ins><w:del><w:r><w:delText>never </w:delText></w:r></w:del>"
        f"{run('listen.')}</w:p>"
        f"<w:p><w:moveFrom>{run('moved away')}</w:moveFrom></w:p><w:p><w:moveTo>{run('moved here')}</w:moveTo></w:p>"
    )
    document = written(tmp_path, word_body(body))
    assert document.text == "We now listen.\n\nmoved here"
    assert "Tracked deletions left out: 1." in document.notes
    assert "Passages tracked as moved, left out at their old place: 1." in document.notes


def test_words_in_wrappers_are_not_lost(tmp_path: Path) -> None:
    body = (
        f"<w:sdt><w:sdtContent><w:p>{run('in a control')}</w:p></w:sdtContent></w:sdt>"
        f"<w:p><w:hyperlink>{run('a link')}</w:hyperlink><w:fldSimple w:instr='DATE'>{run(' field')}</w:fldSimple>"
        "<w:r><w:instrText>HIDDEN CODE</w:instrText><w:noBreakHyphen/><w:cr/><w:t>end</w:t></w:r></w:p>"
        f"<w:tbl><w:sdt><w:sdtContent><w:tr><w:tc><w:p>{run('a')}</w:p></w:tc><w:sdt><w:sdtContent><w:tc>"
        f"<w:p>{run('b')}</w:p></w:tc></w:sdtContent></w:sdt></w:tr></w:sdtContent></w:sdt></w:tbl>"
    )
    assert written(tmp_path, word_body(body)).text == "in a control\n\na link field-\nend\n\na | b"


def test_text_boxes_stand_once_after_their_paragraph(tmp_path: Path) -> None:
    box = f"<w:txbxContent><w:p>{run('in the box')}</w:p></w:txbxContent>"
    body = (
        "<w:p><w:r><mc:AlternateContent>"
        f"<mc:Choice Requires='wps'><w:drawing>{box}</w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r>{run('around')}</w:p>"
    )
    assert written(tmp_path, word_body(body)).text == "around\n\nin the box"


def test_merged_nested_and_deleted_rows(tmp_path: Path) -> None:
    body = (
        f"<w:tbl><w:tr><w:tc><w:tcPr><w:vMerge w:val='restart'/></w:tcPr><w:p>{run('both')}</w:p></w:tc>"
        f"<w:tc><w:p>{run('1')}</w:p><w:p>{run('2')}</w:p></w:tc></w:tr>"
        f"<w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc><w:tc><w:tbl><w:tr><w:tc><w:p>{run('x')}</w:p></w:tc>"
        f"<w:tc><w:p>{run('y')}</w:p></w:tc></w:tr></w:tbl><w:p/></w:tc></w:tr>"
        f"<w:tr><w:trPr><w:del/></w:trPr><w:tc><w:p>{run('gone')}</w:p></w:tc></w:tr></w:tbl><w:p/>"
    )
    assert written(tmp_path, word_body(body)).text == "both | 1 2\n| x | y"


def test_what_is_left_out_is_noted(tmp_path: Path) -> None:
    source = docx.Document()
    paragraph = source.add_paragraph("Body.")
    source.add_comment(paragraph.runs, text="A private remark", author="X", initials="X")
    source.sections[0].header.paragraphs[0].text = "Running head"
    source.add_paragraph("item", style="List Bullet")
    document = written(tmp_path, word(source))
    assert document.text == "Body.\n\nitem"
    assert "Comments left out: 1." in document.notes
    assert document.notes[1:] == (
        "Automatic numbers and bullets of lists left out.",
        "Page headers and footers left out.",
    )
    pictures = word_body(f"<w:p>{run('x')}<w:r><w:drawing><pic:pic/></w:drawing></w:r><m:oMath/></w:p>")
    assert written(tmp_path, pictures).notes[:2] == ("Images left out: 1.", "Equations left out: 1.")


def test_footnotes_follow_the_text_in_the_order_of_their_marks(tmp_path: Path) -> None:
    reference = '<w:r><w:footnoteReference w:id="{}"/></w:r>'
    body = (
        f"<w:p>{run('正文一')}{reference.format(7)}<w:del>{reference.format(4)}</w:del>{run('，正文二')}"
        f"{reference.format(3)}{run('。')}</w:p>"
    )
    data = word_body(body)
    relations = part(data, "word/_rels/document.xml.rels").replace(
        b"</Relationships>",
        b'<Relationship Id="rId99" Target="footnotes.xml" Type="http://schemas.openxmlformats.org/officeDocument/'
        b'2006/relationships/footnotes"/></Relationships>',
    )
    types = part(data, "[Content_Types].xml").replace(
        b"</Types>",
        b'<Override PartName="/word/footnotes.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        b'wordprocessingml.footnotes+xml"/></Types>',
    )
    changes = {
        "word/_rels/document.xml.rels": relations,
        "[Content_Types].xml": types,
        "word/footnotes.xml": FOOTNOTES.encode(),
    }
    document = written(tmp_path, rezipped(data, changes))
    assert document.text == "正文一，正文二。\n\n脚注\n\n[1] 第一个脚注\n\n[2] Second note."
    assert "Footnotes put after the text: 2; their marks are not in the text." in document.notes
    assert document.blocks[0].span.of(document.text) == "脚注"


def test_heading_levels_come_from_styles_their_parents_and_outlines(tmp_path: Path) -> None:
    source = docx.Document()
    own = source.styles.add_style("Kapitel", 1)
    own.base_style = source.styles["Heading 2"]
    source.add_paragraph("by parent", style="Kapitel")
    source.add_paragraph("plain", style="Normal")
    by_parent = written(tmp_path, word(source))
    assert [(b.label, b.span.of(by_parent.text)) for b in by_parent.blocks] == [("2", "by parent")]
    outlined = f"<w:p><w:pPr><w:outlineLvl w:val='2'/></w:pPr>{run('by outline')}</w:p><w:p>{run('x')}</w:p>"
    assert [b.label for b in written(tmp_path, word_body(outlined)).blocks] == ["3"]


def test_styles_in_a_circle_end(tmp_path: Path) -> None:
    source = docx.Document()
    first, second = source.styles.add_style("A", 1), source.styles.add_style("B", 1)
    first.base_style, second.base_style = second, first
    source.add_paragraph("words", style="A")
    assert written(tmp_path, word(source)).text == "words"


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_malicious_nesting_is_one_error(tmp_path: Path, depth: int) -> None:
    data = word_body("<w:sdt>" * depth + f"<w:p>{run('deep')}</w:p>" + "</w:sdt>" * depth)
    with pytest.raises(ReadingError, match=r"case\.docx: it could not be read as docx"):
        written(tmp_path, data)


def test_a_picture_only_document_holds_no_words(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="holds no words"):
        written(tmp_path, word_body("<w:p><w:r><w:drawing><pic:pic/></w:drawing></w:r></w:p>"))
