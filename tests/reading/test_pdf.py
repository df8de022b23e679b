"""PDF files, set by reportlab."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import ReadingError
from assistant.model import Document
from assistant.reading import read
from tests.reading.making import EN, ZH, pdf_lines, save

EN_LINES = [
    "The firm opened a forum where customers could talk with its own",
    "engineers about what went wrong. They called this full trans-",
    "parency, and transparency, like co-creation, they meant as value co-",
    "creation with everyone.",
]
ZH_LINES = [
    "平台企业与用户共同创造价值，这一过程依赖对话、获取、风险评",
    "估与透明，四者缺一不可，研究者已在多个案例里说明了这一点，",
    "用户也这样说。",
]


def printed(folder: Path, data: bytes) -> Document:
    return read(save(folder, "case.pdf", data))


def test_pages_are_blocks_and_wrapped_lines_are_joined(tmp_path: Path) -> None:
    document = printed(tmp_path, pdf_lines([["一、研究背景", *ZH_LINES], EN_LINES]))
    chinese = f"一、研究背景\n\n{''.join(ZH_LINES)}"
    english = (
        "The firm opened a forum where customers could talk with its own engineers about what went wrong. They called "
        "this full transparency, and transparency, like co-creation, they meant as value co-creation with everyone."
    )
    assert document.text == f"{chinese}\n\n{english}"
    assert [(b.kind, b.label, b.span.of(document.text)) for b in document.blocks] == [
        ("page", "1", chinese),
        ("page", "2", english),
    ]
    assert "Wrapped lines joined: 5; line-end hyphens taken out: 1." in document.notes
    assert (document.media_type, document.language) == ("pdf", "mixed")


def test_a_paragraph_set_by_a_program_comes_back_whole(tmp_path: Path) -> None:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    zh = ParagraphStyle("zh", fontName="STSong-Light", fontSize=11, leading=16, wordWrap="CJK", firstLineIndent=22)
    en = ParagraphStyle("en", fontName="Helvetica", fontSize=11, leading=16)
    target = io.BytesIO()
    story: list[Any] = [Paragraph(ZH * 3, zh), Paragraph(EN + " " + EN, en), Paragraph(ZH * 2, zh)]
    SimpleDocTemplate(target, invariant=1).build(story)
    document = printed(tmp_path, target.getvalue())
    assert document.text.split("\n\n") == [ZH * 3, f"{EN} {EN}", ZH * 2]


def test_bare_page_numbers_go_and_running_heads_are_noted(tmp_path: Path) -> None:
    pages = [["Case report 2024", EN_LINES[0], number] for number in ("- 1 -", "第 2 页", "3 / 4", "Page 4 of 4")]
    document = printed(tmp_path, pdf_lines(pages))
    assert document.text == "\n\n".join(["Case report 2024", EN_LINES[0]] * 4)
    assert "Bare page numbers left out: 4." in document.notes
    assert any("running header or footer" in note for note in document.notes)


def test_numbers_inside_a_page_stay(tmp_path: Path) -> None:
    assert "1998" in printed(tmp_path, pdf_lines([["first", "1998", "last"]])).text


def test_pages_without_text_are_noted_and_keep_their_numbers(tmp_path: Path) -> None:
    document = printed(tmp_path, pdf_lines([[EN_LINES[0]], [], ["after the picture"]]))
    assert [b.label for b in document.blocks] == ["1", "3"]
    assert "Pages without text (images?): 2." in document.notes


@pytest.mark.parametrize("pages", [[[]], [[], []], [["1"], ["2"]]])
def test_a_scan_is_sent_to_text_recognition(tmp_path: Path, pages: list[list[str]]) -> None:
    with pytest.raises(ReadingError, match=r"case\.pdf: there is no text on any of its pages") as caught:
        printed(tmp_path, pdf_lines(pages))
    assert "OCR first" in caught.value.hint


def test_an_encrypted_file_is_an_error_one_that_only_restricts_is_read(tmp_path: Path) -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption

    locked = StandardEncryption("secret", ownerPassword="owner", strength=128)
    with pytest.raises(ReadingError, match="it is encrypted") as caught:
        printed(tmp_path, pdf_lines([EN_LINES], encrypt=locked))
    assert "password" in caught.value.hint
    restricted = StandardEncryption("", ownerPassword="owner", canCopy=0, strength=128)
    document = printed(tmp_path, pdf_lines([["words"]], encrypt=restricted))
    assert document.text == "words"
    assert document.notes[0] == "The PDF restricts copying but opens without a password."


def test_lookalike_radicals_and_ligatures_become_everyday_characters(tmp_path: Path) -> None:
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import DecodedStreamObject, NameObject

    # a character map that names a Kangxi radical and a ligature, as some programs write it
    mapping = DecodedStreamObject()
    mapping.set_data(b"1 beginbfchar <41> <2F64> endbfchar 1 beginbfchar <42> <FB01> endbfchar")
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf_lines([["AB"]]))))
    fonts: Any = writer.pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    for font in fonts.values():
        font.get_object()[NameObject("/ToUnicode")] = writer._add_object(mapping)
    target = io.BytesIO()
    writer.write(target)
    assert PdfReader(io.BytesIO(target.getvalue())).pages[0].extract_text().strip() == "\u2f64\ufb01"
    document = printed(tmp_path, target.getvalue())
    assert document.text == "用fi"
    assert document.notes == ("Radicals and ligatures replaced by the characters they stand for: 2.",)


def test_many_pages_are_fine(tmp_path: Path) -> None:
    document = printed(tmp_path, pdf_lines([[f"page number {n} says so"] for n in range(1, 301)]))
    assert [b.label for b in document.blocks] == [str(n) for n in range(1, 301)]
    assert document.blocks[-1].span.of(document.text) == "page number 300 says so"


@pytest.mark.parametrize("cut", [30, 400, 900])
def test_a_damaged_file_is_one_error(tmp_path: Path, cut: int) -> None:
    with pytest.raises(ReadingError, match=r"case\.pdf: "):
        printed(tmp_path, pdf_lines([EN_LINES])[:cut])


def test_malicious_nesting_is_one_error(tmp_path: Path) -> None:
    data = pdf_lines([["x"]]).replace(b"/Kids [", b"/Kids [" + b"[" * 100_000)
    with pytest.raises(ReadingError, match=r"case\.pdf: "):
        printed(tmp_path, data)
