"""Any file in, a document out."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import docx
import pytest
from hypothesis import given, strategies as st

from assistant.errors import ReadingError
from assistant.model import Document
from assistant.reading import SUPPORTED, read
from assistant.reading.speakers import guess
from tests.reading.making import EN, ZH, pdf_lines, save, word, workbook

SEEDS = Path(__file__).resolve().parents[2].parent / "shared" / "seeds"
INTERVIEW = "访谈 2024\n\n问：您怎么看？\n答：很好。\n问: 为什么？\n受访者A：因为公开。\n"


def sound(document: Document) -> None:
    """What holds of every document."""
    text = document.text
    assert unicodedata.is_normalized("NFC", text)
    assert "\r" not in text and "\0" not in text and not text.startswith("\ufeff")
    assert text.encode("utf-8").decode("utf-8") == text
    for block in document.blocks:
        assert block.span.end <= len(text)
        words = block.span.of(text)
        assert words and words == words.strip()
    starts = [(block.span.start, -block.span.end) for block in document.blocks]
    assert starts == sorted(starts)
    assert all(note.endswith(".") for note in document.notes)


def test_what_a_document_knows(tmp_path: Path) -> None:
    path = save(tmp_path, "cafe\u0301 一.md", f"# 标题\n\n{ZH}\n")
    document = read(path, case="海尔")
    assert document.name == "café 一.md"
    assert document.source == path.as_posix()
    assert document.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (document.case, document.language, document.encoding) == ("海尔", "zh", "utf-8")
    assert (document.id, document.version) == (0, 1)


def test_the_same_bytes_give_the_same_document(tmp_path: Path) -> None:
    source = docx.Document()
    source.add_heading("T", 1)
    source.add_paragraph(ZH)
    files = {
        "a.docx": word(source),
        "a.pdf": pdf_lines([[ZH[:20]], [EN[:60]]]),
        "a.xlsx": workbook({"S": [["text"], [EN]]}),
        "a.html": f"<h1>T</h1><p>{ZH}".encode("gb18030"),
        "a.csv": f"id,text\n1,{EN}\n".encode(),
        "a.txt": ZH.encode("big5", "ignore"),
    }
    for name, data in files.items():
        path = save(tmp_path, name, data)
        first = read(path)
        sound(first)
        assert read(path) == first


def test_every_extension_has_its_reader() -> None:
    assert {".txt", ".md", ".html", ".htm", ".docx", ".pdf", ".vtt", ".srt", ".csv", ".tsv", ".xlsx"} <= set(SUPPORTED)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (INTERVIEW, "interview"),
        ("Interviewer: Why?\nP1: Because.\nINTERVIEWER: And?\n", "interview"),
        ("**Researcher:** Why?\n**Participant 2:** Because.\n**Researcher:** And?\n", "interview"),
        ("王工：早。\n李总：早。\n王工：开始吧。\n李总：好。\n王工：第一件事。\n李总：请讲。\n", "interview"),
        ("楼主\n手机发烫\n2楼\n我也是\n3楼 顶\n", "forum"),
        ("#1\nhot phone\n#2\nmine too\n#3 same\n", "forum"),
        (ZH * 10, "article"),
        ("关键词：平台\n摘要：短文\n单位：大学\n", "other"),
        ("Short.", "other"),
    ],
)
def test_the_kind_is_guessed_and_said(tmp_path: Path, text: str, kind: str) -> None:
    document = read(save(tmp_path, "a.txt", text))
    assert document.kind == kind
    assert any(f"Kind guessed: {kind}" in note for note in document.notes) == (kind != "other")


def test_a_given_kind_is_not_questioned(tmp_path: Path) -> None:
    document = read(save(tmp_path, "a.txt", INTERVIEW), kind="report")
    assert document.kind == "report"
    assert document.notes == ()


def test_formats_with_a_kind_of_their_own() -> None:
    assert guess("srt", INTERVIEW)[0] == guess("vtt", INTERVIEW)[0] == "subtitles"
    assert guess("csv", INTERVIEW)[0] == guess("xlsx", INTERVIEW)[0] == "table"


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the seed texts are not beside this checkout")
def test_seed_texts() -> None:
    paths = sorted(path for path in SEEDS.iterdir() if path.suffix in SUPPORTED)
    assert paths
    for path in paths:
        document = read(path)
        sound(document)
        raw = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        assert document.text == unicodedata.normalize("NFC", raw)
        assert document.language == ("zh" if "_zh" in path.stem else "en")
        assert document.kind == "article"


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the seed texts are not beside this checkout")
@given(encoding=st.sampled_from(["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"]), data=st.data())
def test_seed_texts_in_every_encoding(
    tmp_path_factory: pytest.TempPathFactory, encoding: str, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(sorted(path for path in SEEDS.iterdir() if path.suffix == ".txt")))
    document = read(path)
    again = read(save(tmp_path_factory.mktemp("seed"), path.name, document.text.encode(encoding)))
    assert again.text == document.text


@given(data=st.binary(min_size=1, max_size=300), extension=st.sampled_from(SUPPORTED))
def test_any_bytes_give_a_document_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, extension: str
) -> None:
    path = save(tmp_path_factory.mktemp("any"), f"a{extension}", data)
    try:
        sound(read(path))
    except ReadingError as error:
        assert error.message.startswith("a.")
        assert error.hint


@given(st.text(min_size=1), st.sampled_from([".txt", ".md", ".html", ".csv", ".tsv"]))
def test_any_text_gives_a_document_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, text: str, extension: str
) -> None:
    path = save(tmp_path_factory.mktemp("any"), f"a{extension}", "\ufeff" + text)
    try:
        sound(read(path))
    except ReadingError as error:
        assert error.message.startswith("a.")


@functools.cache
def whole(name: str) -> bytes:
    if name == "a.pdf":
        return pdf_lines([[EN[:60]]], pageCompression=0)
    return word(docx.Document()) if name == "a.docx" else workbook({"S": [["text"], [EN]]})


@given(cut=st.integers(0, 2000), byte=st.integers(0, 255), name=st.sampled_from(["a.pdf", "a.docx", "a.xlsx"]))
def test_damaged_files_give_a_document_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, cut: int, byte: int, name: str
) -> None:
    data = whole(name)
    place = len(data) * cut // 2001
    path = save(tmp_path_factory.mktemp("damaged"), name, data[:place] + bytes([byte]) + data[place + 1 :])
    try:
        sound(read(path))
    except ReadingError as error:
        assert error.message.startswith(name)


HOSTILE = [
    "a ",
    " ",
    "\t",
    "<v ",
    "<a",
    "{\\",
    "<meta ",
    "|",
    "| - ",
    "-",
    "#",
    "# ",
    '"',
    "'",
    "a-",
    "：",
    "1.",
    "（",
    "\u0301 ",
    "价\n",
]


@pytest.mark.timeout(100)
@pytest.mark.parametrize("extension", [".txt", ".md", ".html", ".csv", ".srt"])
def test_time_does_not_explode_on_repetitive_lines(tmp_path: Path, extension: str) -> None:
    cue = "1\n00:00:01,000 --> 00:00:02,000\n"
    for unit in HOSTILE:
        body = "# x" + unit * (100_000 // len(unit)) + "x"
        path = save(tmp_path, f"a{extension}", cue + body if extension == ".srt" else body)
        started = time.process_time()
        with contextlib.suppress(ReadingError):
            read(path)
        assert time.process_time() - started < 2.5, unit


def test_a_long_monologue_is_joined_in_linear_time(tmp_path: Path) -> None:
    cues = "".join(f"1\n00:00:01,000 --> 00:00:02,000\nAna: {ZH}\n\n" for _ in range(10_000))
    started = time.process_time()
    document = read(save(tmp_path, "a.srt", cues))
    assert document.text == "Ana: " + ZH * 10_000
    assert time.process_time() - started < 10


def test_importing_brings_no_parser() -> None:
    code = (
        "import sys, assistant.reading\n"
        "print([m for m in ('bs4', 'lxml', 'docx', 'pypdf', 'openpyxl') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_parsers_stay_silent(tmp_path: Path) -> None:
    broken = pdf_lines([["words"]]).replace(b"startxref", b"startxxxx")
    pdf = save(tmp_path, "a.pdf", broken)
    page = save(tmp_path, "b.html", '<?xml version="1.0"?><note><p>x</p></note>')
    code = (
        "import sys, pathlib, assistant.reading as r, assistant.errors as e\n"
        "for p in sys.argv[1:]:\n"
        "    try: r.read(pathlib.Path(p))\n"
        "    except e.ReadingError: pass\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(pdf), str(page)], capture_output=True, text=True, check=True)
    assert done.stderr == "" and done.stdout == ""
