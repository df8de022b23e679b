"""Files that cannot become a document: one ReadingError each, with the file's name and a way out."""

from __future__ import annotations

import io
import os
import sys
import zipfile
from pathlib import Path

import docx
import pytest

from assistant.errors import ReadingError
from assistant.reading import SUPPORTED, read
from assistant.reading.archives import Limits, inspect
from tests.reading.making import EN, ZH, part, pdf_lines, rezipped, save, word, workbook, zipped

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
DOCX = word(docx.Document())


def refusal(path: Path) -> ReadingError:
    with pytest.raises(ReadingError) as caught:
        read(path)
    error = caught.value
    assert path.name in error.message
    assert error.hint
    assert "\n" not in error.message
    return error


def test_missing_file(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "访谈.txt").message


def test_folder(tmp_path: Path) -> None:
    folder = tmp_path / "notes.txt"
    folder.mkdir()
    assert "it is a folder" in refusal(folder).message


def test_path_that_no_system_takes(tmp_path: Path) -> None:
    refusal(tmp_path / ("a" * 5000 + ".txt"))
    with pytest.raises(ReadingError):
        read(Path("a\0b.txt"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.txt"
    if sys.platform != "win32":
        os.mkfifo(path)
    assert "not an ordinary file" in refusal(path).message


@pytest.mark.parametrize("extension", SUPPORTED)
def test_empty_file(tmp_path: Path, extension: str) -> None:
    assert "it is empty" in refusal(save(tmp_path, f"a{extension}", b"")).message


@pytest.mark.parametrize("extension", [".txt", ".md", ".html", ".csv"])
@pytest.mark.parametrize("text", [" \r\n\t\u3000 \u00a0\n", "\ufeff", "\u200b\n\u200b"])
def test_whitespace_only(tmp_path: Path, extension: str, text: str) -> None:
    assert "it holds no words" in refusal(save(tmp_path, f"a{extension}", text)).message


@pytest.mark.parametrize("extension", [".txt", ".md", ".html", ".csv", ".srt"])
def test_binary_data(tmp_path: Path, extension: str) -> None:
    assert "binary" in refusal(save(tmp_path, f"a{extension}", b"\x7fELF\x02\x01\x01" + bytes(99))).message


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("a.doc", "save it as .docx"),
        ("a.WPS", "save it as .docx"),
        ("a.xls", "save it as .xlsx"),
        ("a.caj", "CAJViewer"),
        ("a.jpg", "OCR"),
        ("a.mp3", "Transcribe"),
        ("a.zip", "Unpack"),
        ("a.json", "Readable are txt"),
        ("a", "Readable are txt"),
    ],
)
def test_unsupported_extension(tmp_path: Path, name: str, hint: str) -> None:
    assert hint in refusal(save(tmp_path, name, EN)).hint


@pytest.mark.parametrize(
    ("name", "data", "found", "hint"),
    [
        ("a.txt", zipped({"x": "y"}), "a zip file", ".docx"),
        ("a.txt", pdf_lines([["x"]]), "a PDF", ".pdf"),
        ("a.docx", pdf_lines([["x"]]), "a PDF", ".pdf"),
        ("a.docx", OLE, "an old Word or Excel file or one with a password", "without a password"),
        ("a.xlsx", OLE, "an old Word or Excel file or one with a password", "without a password"),
        ("a.txt", OLE, "an old Word or Excel file or one with a password", ".docx"),
        ("a.docx", b"{\\rtf1\\ansi hello}", "an RTF file", "Word"),
        ("a.pdf", PNG, "an image", "OCR"),
        ("a.csv", b"\xff\xd8\xff\xe0" + bytes(30), "an image", "OCR"),
        ("a.pdf", DOCX, "a zip file", ".docx"),
        ("a.srt", b"ID3\x03" + bytes(30), "a recording", "Transcribe"),
        ("a.md", b"\x1f\x8b\x08\x00" + bytes(30), "an archive", "Unpack"),
        ("a.docx", EN.encode(), "not a Word file", "extension"),
        ("a.pdf", b"<html>Not found</html>", "not a PDF", "extension"),
        ("a.xlsx", b"a,b\n1,2\n", "not an Excel file", "extension"),
        ("a.docx", workbook({"S": [["x"]]}), "not a Word document", ".docx"),
        ("a.xlsx", DOCX, "not an Excel workbook", ".xlsx"),
    ],
)
def test_extension_that_lies(tmp_path: Path, name: str, data: bytes, found: str, hint: str) -> None:
    error = refusal(save(tmp_path, name, data))
    assert found in error.message
    assert hint in error.hint


def test_file_over_the_limit(tmp_path: Path) -> None:
    path = save(tmp_path, "a.txt", b"")
    with path.open("r+b") as stream:
        stream.truncate(200_000_001)  # sparse: no disk is filled
    assert "the limit is 200 MB" in refusal(path).message


def test_web_page_over_its_limit(tmp_path: Path) -> None:
    assert "too large for a web page" in refusal(save(tmp_path, "a.html", b"<p>" + b" " * 50_000_001)).message


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_damaged_zip(tmp_path: Path, share: float) -> None:
    assert "zip container is damaged" in refusal(save(tmp_path, "a.docx", DOCX[: int(len(DOCX) * share)])).message


def test_zip_with_a_flipped_byte(tmp_path: Path) -> None:
    middle = DOCX.index(b"word/document.xml") + 200
    broken = DOCX[:middle] + bytes([DOCX[middle] ^ 0xFF]) + DOCX[middle + 1 :]
    assert "zip container is damaged" in refusal(save(tmp_path, "a.docx", broken)).message


def test_docx_without_its_main_part(tmp_path: Path) -> None:
    data = zipped({"[Content_Types].xml": "<Types/>", "word/other.xml": "<x/>"})
    assert "could not be read as docx (" in refusal(save(tmp_path, "a.docx", data)).message


@pytest.mark.parametrize("extension", [".docx", ".xlsx"])
def test_zip_bomb_by_ratio(tmp_path: Path, extension: str) -> None:
    source = DOCX if extension == ".docx" else workbook({"S": [["x"]]})
    bomb = rezipped(source, {"media/zeros.bin": bytes(60_000_000)})
    assert len(bomb) < 200_000
    assert "too much to unpack safely" in refusal(save(tmp_path, f"a{extension}", bomb)).message


def test_zip_limits_on_entries_sizes_and_parts() -> None:
    two = zipped({"a.bin": bytes(1000), "b.xml": b"<x/>" + b" " * 1000})
    assert inspect(two) == {"a.bin", "b.xml"}
    for limits in (Limits(entries=1), Limits(total=1500), Limits(markup=500), Limits(ratio=2, ratio_counts_from=100)):
        with pytest.raises(ReadingError, match="too much to unpack"):
            inspect(two, limits)


def test_zip_that_understates_its_sizes(tmp_path: Path) -> None:
    data = bytearray(zipped({"word/document.xml": b"<x>" + b"a" * 100_000 + b"</x>"}))
    true_size = (100_007).to_bytes(4, "little")
    assert data.count(true_size) == 2
    lying = bytes(data.replace(true_size, (10).to_bytes(4, "little")))
    assert "zip container is damaged" in refusal(save(tmp_path, "a.docx", lying)).message


def test_zip_with_a_password(tmp_path: Path) -> None:
    data = bytearray(zipped({"word/document.xml": "<x/>"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "password" in refusal(save(tmp_path, "a.docx", bytes(data))).message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(("extension", "name"), [(".docx", "word/document.xml"), (".xlsx", "xl/workbook.xml")])
def test_entity_bomb(tmp_path: Path, extension: str, name: str, encoding: str) -> None:
    source = DOCX if extension == ".docx" else workbook({"S": [["x"]]})
    lol = '<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">'
    bomb = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [{lol}]><x>&c;</x>'.encode(encoding)
    error = refusal(save(tmp_path, f"a{extension}", rezipped(source, {name: bomb})))
    assert f"its part {name} declares a document type or entities" in error.message


def test_declaration_across_two_chunks_is_seen() -> None:
    for offset in range(12):
        padding = b" " * ((1 << 20) - offset)
        with pytest.raises(ReadingError, match="declares a document type"):
            inspect(zipped({"a.xml": padding + b"<!DOCTYPE x>"}))


def test_external_entities_are_not_opened(tmp_path: Path) -> None:
    secret = save(tmp_path, "secret.txt", "do not read me")
    body = part(DOCX, "word/document.xml")
    spiked = body.replace(
        b"<w:document", f'<!DOCTYPE d [<!ENTITY s SYSTEM "{secret.as_uri()}">]><w:document'.encode(), 1
    )
    assert spiked != body
    refusal(save(tmp_path, "a.docx", rezipped(DOCX, {"word/document.xml": spiked})))


def test_many_entries(tmp_path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number in range(10_001):
            archive.writestr(f"word/{number}", b"")
    assert "10,001 files" in refusal(save(tmp_path, "a.docx", target.getvalue())).message


def test_a_pdf_after_some_junk_is_still_a_pdf(tmp_path: Path) -> None:
    assert read(save(tmp_path, "a.pdf", b"\n\n" + pdf_lines([["words"]]))).text == "words"


def test_text_that_begins_like_other_formats(tmp_path: Path) -> None:
    for text in ("BM is a bank. " + EN, "PK means player kill. " + EN, "#1 " + ZH, "Rar! " + EN, "II*" + EN):
        assert read(save(tmp_path, "a.txt", text)).text == text
