"""WebVTT and SubRip."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import ReadingError
from assistant.model import Document
from assistant.reading import read
from tests.reading.making import save

VTT = """WEBVTT - a talk
Kind: captions

STYLE
::cue { color: red }

NOTE the moderator's
microphone was off

intro
00:00:01.000 --> 00:00:03.000 align:start
<v Ana Lopez>We opened the <i>forum</i> &amp; asked</v>

00:00:03.000 --> 00:00:05.500
<v Ana Lopez>what went wrong.

00:01:02.000 --> 00:01:04.000
<v.loud 李工>用户直接提意见，
我们每周回答。</v>

01:00:00.000 --> 01:00:01.000
and nobody is named

01:00:02.000 --> 01:00:03.000
<v Ana Lopez>Yes.</v> <v 李工>对。</v>
"""

SRT = """1
00:00:01,000 --> 00:00:02,000
受访者：我们用了平台，

2
00:00:02,500 --> 00:00:04,000
{\\an8}<font color="red">也提了</font>意见。

3
00:00:05,000 --> 00:00:06,000
Interviewer: What happened at 10:30?
4
00:00:07,000 --> 00:00:08,000
受访者: Note: they answered.

in 2024
"""


def watched(folder: Path, name: str, text: str | bytes) -> Document:
    return read(save(folder, name, text))


def blocks(document: Document, kind: str) -> list[tuple[str, str]]:
    return [(b.label, b.span.of(document.text)) for b in document.blocks if b.kind == kind]


def test_vtt_cues_become_turns_with_speakers_and_times(tmp_path: Path) -> None:
    document = watched(tmp_path, "talk.vtt", VTT.replace("\n", "\r\n"))
    turns = [
        "Ana Lopez: We opened the forum & asked what went wrong.",
        "李工: 用户直接提意见，我们每周回答。 and nobody is named",
        "Ana Lopez: Yes.",
        "李工: 对。",
    ]
    assert document.text == "\n\n".join(turns)
    assert blocks(document, "turn") == list(zip(["Ana Lopez", "李工", "Ana Lopez", "李工"], turns, strict=True))
    assert blocks(document, "page") == list(zip(["00:00:01", "00:01:02", "01:00:02", "01:00:02"], turns, strict=True))
    assert (document.kind, document.media_type, document.language) == ("subtitles", "vtt", "mixed")


def test_srt_names_roles_numbers_and_blank_lines(tmp_path: Path) -> None:
    document = watched(tmp_path, "talk.srt", SRT)
    assert document.text.split("\n\n") == [
        "受访者: 我们用了平台，也提了意见。",
        "Interviewer: What happened at 10:30?",
        "受访者: Note: they answered. in 2024",
    ]
    assert [label for label, _ in blocks(document, "page")] == ["00:00:01", "00:00:05", "00:00:07"]


def test_names_count_as_speakers_only_when_they_come_back(tmp_path: Path) -> None:
    cue = "00:00:0{0}.000 --> 00:00:0{0}.900\n{1}\n\n"
    lines = ["Ben: hello", "One thing: it works", "Ben: it does", "Ratio 3:1 is fine"]
    document = watched(tmp_path, "a.vtt", "WEBVTT\n\n" + "".join(cue.format(n, w) for n, w in enumerate(lines)))
    assert document.text == "Ben: hello One thing: it works it does Ratio 3:1 is fine"


def test_without_names_a_pause_or_a_long_stretch_ends_a_paragraph(tmp_path: Path) -> None:
    sentence = "大家都说平台应该每周公开回答用户的意见和建议。"
    cues = [f"00:00:{n:02d},000 --> 00:00:{n:02d},900\n{sentence}\n" for n in range(20)]
    cues.append("00:00:30,000 --> 00:00:31,000\n最后一句\n")
    document = watched(tmp_path, "a.srt", "\n".join(cues))
    paragraphs = document.text.split("\n\n")
    assert [len(p) // len(sentence) for p in paragraphs[:2]] == [14, 6]
    assert paragraphs[2] == "最后一句"
    assert [label for label, _ in blocks(document, "turn")] == ["", "", ""]
    assert [label for label, _ in blocks(document, "page")] == ["00:00:00", "00:00:14", "00:00:30"]


def test_scrolling_captions_say_everything_once(tmp_path: Path) -> None:
    text = """WEBVTT

00:00:00.000 --> 00:00:02.000
we<00:00:00.500><c> opened</c><00:00:01.000><c> it</c>

00:00:02.000 --> 00:00:02.010
we opened it

00:00:02.010 --> 00:00:04.000
we opened it
and<00:00:02.500><c> closed</c>
"""
    document = watched(tmp_path, "a.vtt", text)
    assert document.text == "we opened it and closed"
    assert "Scrolling captions: lines shown twice are kept once." in document.notes


def test_words_said_twice_stay_in_ordinary_subtitles(tmp_path: Path) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nYes.\n\n2\n00:00:02,000 --> 00:00:03,000\nYes.\n"
    assert watched(tmp_path, "a.srt", text).text == "Yes. Yes."


def test_subtitles_in_gb18030(tmp_path: Path) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\n受访者：我们在平台上提了很多意见。\n"
    assert watched(tmp_path, "a.srt", text.encode("gb18030")).text == "受访者: 我们在平台上提了很多意见。"


@pytest.mark.parametrize("text", ["WEBVTT\n\njust words\n", "no cues at all"])
def test_a_file_without_cues_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(ReadingError, match="it holds no cues"):
        watched(tmp_path, "a.vtt", text)


def test_cues_without_words_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="it holds no words"):
        watched(tmp_path, "a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n<b></b>\n")
