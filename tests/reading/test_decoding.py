"""Bytes in every encoding field material comes in."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, strategies as st

from assistant.errors import ReadingError
from assistant.reading.decoding import decode
from assistant.reading.everyday import everyday
from tests.reading.making import EN, ZH

TRADITIONAL = "我們在這個社區裡和工程師直接對話，他們會說明為什麼採用這個意見，我覺得很透明，大家也願意繼續參與。"
WESTERN = "The café’s owner said “naïve” customers – she meant us – deserve a résumé of every rôle; façade, no façade."
BARE = ["gb18030", "utf-16-le", "utf-16-be", "utf-8"]

ordinary = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff"), min_size=1)
# Unique: twenty times the same character can be valid UTF-8 by chance, a text cannot.
chinese = st.lists(
    st.sampled_from("的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生"), min_size=20, unique=True
).map("".join)


@pytest.mark.parametrize("encoding", BARE)
@pytest.mark.parametrize("length", [20, 500, 5000])
def test_chinese_without_a_byte_order_mark(encoding: str, length: int) -> None:
    text = (ZH * 100)[:length]
    decoded = decode(text.encode(encoding))
    assert decoded.text == text
    assert decoded.encoding == encoding


@pytest.mark.parametrize("length", [20, 500, 5000])
def test_big5(length: int) -> None:
    text = (TRADITIONAL * 200)[:length]
    decoded = decode(text.encode("big5"))
    assert (decoded.text, decoded.encoding) == (text, "big5hkscs")
    assert any("guessed" in note for note in decoded.notes)


@pytest.mark.parametrize("length", [20, 500, 5000])
def test_traditional_chinese_in_gb18030_is_not_taken_for_big5(length: int) -> None:
    text = (TRADITIONAL * 200)[:length]
    assert decode(text.encode("gb18030")).text == text


@pytest.mark.parametrize("length", [20, 103, 500, 5000])
def test_cp1252(length: int) -> None:
    text = (WESTERN * 50)[:length]
    decoded = decode(text.encode("cp1252"))
    assert (decoded.text, decoded.encoding) == (text, "cp1252")


def test_one_accent_in_a_long_english_text_is_no_chinese() -> None:
    for word in ("café", "façade", "naïve", "piñata", "don’t", "Straße", "Müller", "régulier", "Rücken", "plátano"):
        text = EN * 5 + word + " " + EN
        assert decode(text.encode("cp1252")).text == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [EN[:20], EN * 5, ZH + "\n" + EN, "一个一个一个\n一起一起"])
def test_utf16_without_a_mark(encoding: str, text: str) -> None:
    decoded = decode(text.encode(encoding))
    assert (decoded.text, decoded.encoding) == (text, encoding)


@pytest.mark.parametrize("text", [ZH, EN, "我"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides_and_is_taken_off(encoding: str, text: str) -> None:
    decoded = decode(text.encode(encoding))
    assert decoded.text == text
    assert decoded.encoding.startswith(encoding.removesuffix("-sig"))
    assert decoded.notes == ()


@pytest.mark.parametrize(
    ("mark", "encoding"), [("\ufeff", "utf-16-be"), ("\ufeff", "utf-32-be"), ("\ufeff", "gb18030")]
)
def test_rarer_byte_order_marks(mark: str, encoding: str) -> None:
    decoded = decode((mark + ZH).encode(encoding))
    assert (decoded.text, decoded.encoding) == (ZH, encoding)


def test_a_mark_that_lies_is_an_error() -> None:
    with pytest.raises(ReadingError, match="byte order mark says UTF-16-LE"):
        decode(b"\xff\xfe" + ZH.encode("utf-16-le") + b"x")


def test_a_cut_utf8_file_keeps_its_words() -> None:
    decoded = decode((ZH * 3).encode("utf-8")[:-1])
    assert decoded.text == (ZH * 3)[:-1] + "�"
    assert decoded.notes == ("1 damaged places in the UTF-8 text are marked with �.",)
    assert decode(b"\xef\xbb\xbf" + ZH.encode("utf-8")[:-1]).text == ZH[:-1] + "�"


@pytest.mark.parametrize("declared", ["gb2312", "GBK", "x-gbk", "GB18030", "gb_2312-80"])
def test_declared_gb2312_is_read_as_gb18030(declared: str) -> None:
    text = "镕在 GB2312 里没有，𠮷也没有。"
    decoded = decode(text.encode("gb18030"), declared)
    assert (decoded.text, decoded.encoding) == (text, "gb18030")


@pytest.mark.parametrize(("declared", "encoding"), [("gb2312", "utf-8"), ("iso-8859-1", "utf-8"), ("utf-8", "gb18030")])
def test_a_declaration_that_is_wrong_is_overruled_and_noted(declared: str, encoding: str) -> None:
    decoded = decode((ZH * 4).encode(encoding), declared)
    assert (decoded.text, decoded.encoding) == (ZH * 4, encoding)
    assert declared in decoded.notes[0]


@pytest.mark.parametrize("declared", ["rot13", "zlib", "unicode_escape", "idna", "no-such", "aliases", "..", ""])
def test_a_declaration_of_something_else_is_ignored(declared: str) -> None:
    assert decode(ZH.encode("utf-8"), declared).text == ZH


def test_declared_latin_is_windows_latin() -> None:
    assert decode("“quoted” – dash".encode("cp1252"), "ISO-8859-1").text == "“quoted” – dash"


@pytest.mark.parametrize(
    "text",
    ["Исследователи изучали совместное создание ценности в сервисных экосистемах." * 3],
)
@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r"])
def test_an_encoding_outside_the_cascade_is_an_error_not_mojibake(text: str, encoding: str) -> None:
    with pytest.raises(ReadingError) as caught:
        decode(text.encode(encoding))
    assert "UTF-8" in caught.value.hint


@pytest.mark.parametrize(
    "data",
    [bytes(range(256)) * 20, b"\x00\x01\x02\x03\x04", b"\x7fELF" + bytes(60), b"\x08" * 90, b"some\x01\x02 words" * 9],
)
def test_binary_data_is_an_error(data: bytes) -> None:
    with pytest.raises(ReadingError):
        decode(data)


def test_a_stray_nul_does_not_make_a_text_binary() -> None:
    assert decode(("a\0" + EN).encode()).encoding == "utf-8"


def test_everyday_share() -> None:
    assert everyday("") == 0
    assert everyday("的一是不") == 1
    assert everyday("的鑫鎏龘") == 0.25


@given(ordinary)
def test_any_text_survives_utf8_with_mark(text: str) -> None:
    assert decode(text.encode("utf-8-sig")).text == text


@given(ordinary)
def test_any_text_survives_utf8(text: str) -> None:
    assert decode(text.encode("utf-8")).text == text


@given(ordinary, st.sampled_from(["utf-16", "utf-32"]))
def test_any_text_survives_utf16_and_utf32_with_mark(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text


@given(chinese, st.sampled_from(BARE))
def test_everyday_chinese_survives_without_mark_or_declaration(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text


@given(ordinary)
def test_any_text_survives_gb18030_with_mark(text: str) -> None:
    assert decode(("\ufeff" + text).encode("gb18030")).text == text


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1), st.binary(max_size=40))
def test_decode_returns_text_or_raises_reading_error(text: str, tail: bytes) -> None:
    try:
        decoded = decode(text.encode() + tail)
    except ReadingError:
        return
    assert unicodedata.normalize("NFC", decoded.text) is not None
    assert decoded.encoding
