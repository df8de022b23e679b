"""REFI-QDA projects."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings, strategies as st

from assistant.errors import ReadingError
from assistant.importing import CodeNote, Foreign, Marked, Rated, Source, read
from assistant.importing.offsets import move
from assistant.importing.selections import Stretch, place
from tests.reading.making import save, zipped

GOLD = Path(__file__).resolve().parents[2].parent / "shared" / "gold" / "qdpx-interop"
TEXT = "\ufeff第一行😀\r\n𠮷野家 cafe\u0301 很好。\r\nEnd."
CODES = (
    '<Code guid="c1" name="Trust" isCodable="true" color="#ff0000"><Description>To rely on</Description>'
    '<Code guid="c2" name="high" isCodable="true"><NoteRef targetGUID="n1"/></Code></Code>'
    '<Code guid="c3" name="Risk" isCodable="true"><Code guid="c4" name="high" isCodable="true"/></Code>'
)


def units(words: str) -> int:
    return len(words.encode("utf-16-le")) // 2


def selection(start: int, end: int, code: str = "c1", name: str = "", coder: str = "u1", inner: str = "") -> str:
    coding = f'<Coding guid="x" creatingUser="{coder}" creationDateTime="2026-01-02T03:04:05Z">'
    coding += f'<CodeRef targetGUID="{code}"/></Coding>'
    return (
        f'<PlainTextSelection guid="s" startPosition="{start}" endPosition="{end}" name={quoteattr(name)}>'
        f"{inner}{coding if code else ''}</PlainTextSelection>"
    )


def on(words: str, code: str = "c1", name: str = "", inner: str = "") -> str:
    """A selection of `words` in TEXT, counted as NVivo does."""
    raw = TEXT.removeprefix("\ufeff")
    start = units(raw[: raw.index(words)])
    return selection(start, start + units(words), code, name, inner=inner)


def source(inner: str, path: str = "internal://T1.txt", name: str = "访谈 1") -> str:
    return f'<TextSource guid="t1" name="{name}" plainTextPath="{path}">{inner}</TextSource>'


def project(sources: str, rest: str = "") -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><Project xmlns="urn:QDA-XML:project:1.0" name="p">'
        '<Users><User guid="u1" name="李"/><User guid="u2" name="Bo"/></Users>'
        f"<CodeBook><Codes>{CODES}</Codes></CodeBook>{rest}<Sources>{sources}</Sources></Project>"
    ).encode()


def packed(folder: Path, xml: bytes, **others: str | bytes) -> Path:
    parts: dict[str, str | bytes] = {"Project.qde": xml, "Sources/t1.TXT": TEXT.encode(), **others}
    return save(folder, "p.qdpx", zipped(parts))


def found(folder: Path, sources: str, rest: str = "") -> Foreign:
    return read(packed(folder, project(sources, rest)))


def test_selections_land_on_their_words(tmp_path: Path) -> None:
    words = ["第一行😀", "😀\r\n𠮷", "𠮷野家 cafe\u0301", "e\u0301 很", "End."]
    result = found(tmp_path, source("".join(map(on, words))))
    text = "第一行😀\n𠮷野家 café 很好。\nEnd."
    assert result.sources == (Source("访谈 1", text),)
    assert [mark.quote for mark in result.marks] == ["第一行😀", "😀\n𠮷", "𠮷野家 café", "é 很", "End."]
    assert all(text[mark.start : mark.end] == mark.quote for mark in result.marks)
    assert (result.format, result.coders, result.notes) == ("qdpx", ("李",), ())


@settings(max_examples=60)
@given(st.lists(st.sampled_from(["a", "好", "😀", "𠮷", "e\u0301", "\r\n", " "]), max_size=25), st.data())
def test_any_stretch_counted_in_utf16_comes_back(pieces: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(pieces)))
    end = data.draw(st.integers(start, len(pieces)))
    before, words = "".join(pieces[:start]), "".join(pieces[start:end])
    raw = "".join(pieces)
    stretch = Stretch(units(before), units(before + words), words)
    placed = place(raw, [stretch], "a test")
    assert placed.spans[0][2] == move(words).text
    assert placed.units == ""


def test_codes_coders_memos_and_cases(tmp_path: Path) -> None:
    rest = (
        '<Cases><Case guid="k" name="案例甲"><SourceRef targetGUID="t1"/></Case></Cases>'
        '<Notes><Note guid="n1"><PlainTextContent>very sure</PlainTextContent></Note>'
        '<Note guid="n2"><PlainTextContent>diary</PlainTextContent></Note></Notes><Links><Link guid="l"/></Links>'
    )
    whole = '<Coding guid="w" creatingUser="u2"><CodeRef targetGUID="c3"/></Coding>'
    result = found(tmp_path, source(on("End.", "c4", inner="<Description>why</Description>") + whole), rest)
    assert result.codes == (
        CodeNote("Trust", "To rely on", "", "#ff0000"),
        CodeNote("Trust/high", "very sure", "Trust", ""),
        CodeNote("Risk", "", "", ""),
        CodeNote("Risk/high", "", "Risk", ""),
    )
    start = len("第一行😀\n𠮷野家 café 很好。\n")
    created = "2026-01-02T03:04:05Z"
    assert result.marks == (Marked("访谈 1", start, start + 4, "End.", "Risk/high", "李", "why", created=created),)
    assert result.rated == (Rated("访谈 1", "", "Bo", ("Risk",), None),)
    assert result.sources[0].case == "案例甲"
    assert result.coders == ("李", "Bo")
    assert result.notes == ("1 link", "1 note")


def test_text_in_the_xml_and_positions_counted_otherwise(tmp_path: Path) -> None:
    """XML turns CRLF into LF; the selections' names tell that the program had counted it as two."""
    content = escape(TEXT.removeprefix("\ufeff"))
    inner = f"<PlainTextContent>{content}</PlainTextContent>" + on("End.", name="End.") + on("很好。", name="很…")
    result = found(tmp_path, source(inner, path=""))
    assert [mark.quote for mark in result.marks] == ["End.", "很好。"]
    assert result.notes == ("positions counted in UTF-16 code units with line ends as two",)
    code_points = source(selection(8, 12, name="家 ca") + selection(7, 8, name="野"))
    result = found(tmp_path, code_points)
    assert ([mark.quote for mark in result.marks], result.notes) == (
        ["家 ca", "野"],
        ("positions counted in code points",),
    )


def test_names_that_are_no_words_change_nothing(tmp_path: Path) -> None:
    result = found(tmp_path, source(on("End.", name="Quotation 6:1") + on("野家", name="野家")))
    assert ([mark.quote for mark in result.marks], result.notes) == (["End.", "野家"], ())


def test_what_is_no_text_is_counted(tmp_path: Path) -> None:
    picture = (
        '<PictureSource guid="p" name="a.jpg"><PictureSelection guid="q" firstX="0" firstY="0" secondX="1" secondY="1">'
        '<Coding guid="x"><CodeRef targetGUID="c1"/></Coding></PictureSelection></PictureSource>'
    )
    pdf = (
        '<PDFSource guid="d" name="b.pdf" path="relative:///b.pdf"><PDFSelection guid="q" page="0" firstX="0"'
        ' firstY="0" secondX="1" secondY="1"><Representation guid="r">'
        "<PlainTextContent>cut out</PlainTextContent></Representation>"
        '<Coding guid="x" creatingUser="u2"><CodeRef targetGUID="c1"/></Coding></PDFSelection></PDFSource>'
    )
    missing = source(
        selection(3, 9, name="from the name") + selection(3, 9) + selection(1, 2, "", "x"), "internal://no.txt"
    )
    result = found(tmp_path, missing + pdf + picture)
    assert [(mark.source, mark.start, mark.quote, mark.coder) for mark in result.marks] == [
        ("访谈 1", None, "from the name", "李"),
        ("b.pdf", None, "cut out", "Bo"),
    ]
    assert [one.text for one in result.sources] == ["", ""]
    assert set(result.notes) == {
        "2 sources without text",
        "2 selections known by their words only",
        "1 selection without its words",
        "1 selection without a code",
        "1 selection on pictures",
        "1 picture",
    }


BOMB = b'<!DOCTYPE p [<!ENTITY a "aaaaaaaaaa">]><Project xmlns="urn:QDA-XML:project:1.0">&a;</Project>'


@pytest.mark.parametrize(
    ("sources", "reason"),
    [
        (source(selection(0, 10_000)), "source '访谈 1', selection 0 to 10000: position 10000 is outside the text"),
        (source(selection(5, 2)), "it ends at 2, before it starts at 5"),
        (source(selection(-1, 2)), "outside the text"),
        (source(selection(0, 4)), "position 4 is inside a character"),
        (source(selection(0, 3, "c9")), "its code c9 is not among the project's codes"),
        (source(selection(0, 3).replace('"3"', '"three"')), "no whole numbers as positions"),
        (source(on("End."), "internal://../../../etc/passwd"), "points outside the file"),
        ("<TextSource", "its XML is damaged"),
    ],
)
def test_a_broken_place_is_named(tmp_path: Path, sources: str, reason: str) -> None:
    with pytest.raises(ReadingError) as caught:
        found(tmp_path, sources)
    assert reason in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"p.qde": BOMB}, "declares a document type"),
        ({"p.qde": BOMB.decode().encode("utf-16")}, "declares a document type"),
        ({"p.qde": b"<Other/>"}, "its XML is a Other, not a Project"),
        ({"a.qde": b"", "b.qde": b""}, "it holds 2 .qde files"),
        ({"x/a.qde": b""}, "it holds 0 .qde files"),
        ({"p.qde": project(""), "../evil.txt": b"x"}, "points outside the file"),
        ({"p.qde": project(""), "C:/evil.txt": b"x"}, "points outside the file"),
        ({"p.qde": project(""), "Sources/zero.txt": b"\0" * 60_000_000}, "too much to unpack safely"),
    ],
)
def test_an_unsafe_project_is_refused(tmp_path: Path, parts: dict[str, str | bytes], reason: str) -> None:
    with pytest.raises(ReadingError, match=reason):
        read(save(tmp_path, "p.qdpx", zipped(parts)))


def real(name: str) -> Foreign:
    path = GOLD / name
    if not path.exists():
        pytest.skip(f"no {path}")
    return read(path)


@pytest.mark.parametrize(
    ("name", "selections", "codes", "coders", "inside"),
    [
        ("nvivo-win-12.6_masked.qdpx", 303, 152, ("user2",), 1),
        ("nvivo-win-12.6_hbm_masked.qdpx", 97, 60, ("user1",), 0),
        ("nvivo-mac-12.7_masked.qdpx", 297, 152, ("user1",), 1),
    ],
)
def test_real_nvivo_selections_begin_words(
    name: str, selections: int, codes: int, coders: tuple[str, ...], inside: int
) -> None:
    """One selection, in two of the files, begins a letter late: at the same letter in both."""
    result = real(name)
    assert (len(result.marks), len(result.codes), result.coders, result.notes) == (selections, codes, coders, ())
    texts = {one.name: one.text for one in result.sources}
    late = 0
    for mark in result.marks:
        assert mark.start is not None
        assert mark.end is not None
        text = texts[mark.source]
        assert text[mark.start : mark.end] == mark.quote
        late += mark.start > 0 and (text[mark.start - 1] + text[mark.start]).isalnum()
    assert late == inside


def test_the_same_selections_from_windows_and_mac_have_the_same_places() -> None:
    """One project, exported with CRLF and with LF: what is left of the line ends must not move anything."""

    def places(result: Foreign) -> Counter[tuple[str, int | None, int | None, str]]:
        return Counter((mark.source, mark.start, mark.end, mark.quote) for mark in result.marks)

    windows, mac = places(real("nvivo-win-12.6_masked.qdpx")), places(real("nvivo-mac-12.7_masked.qdpx"))
    assert (windows & mac).total() == mac.total() == 297


def test_the_real_project_without_sources_is_read_as_far_as_it_goes() -> None:
    result = real("atlasti-8.4-mac_refi-standard_no-sources.qdpx")
    assert (len(result.sources), len(result.codes), result.coders) == (8, 14, ("Friedrich Markgraf",))
    assert all(not one.text for one in result.sources)
    assert all(mark.start is None and mark.quote for mark in result.marks)
    assert {"8 sources without text", "1 selection on pictures", "2 selections on video"} <= set(result.notes)
