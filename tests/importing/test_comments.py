"""Comments in Word documents."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import docx
import pytest
from hypothesis import given, settings, strategies as st

from assistant import reading
from assistant.errors import ReadingError
from assistant.importing import Foreign, read
from assistant.importing.comments import codes_of
from tests.reading.making import part, rezipped, save, word, word_body

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
W14 = 'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'
W15 = 'xmlns:w15="http://schemas.microsoft.com/office/word/2012/wordml"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD_2011 = "http://schemas.microsoft.com/office/2011/relationships"


def run(words: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{words}</w:t></w:r>'


def start(number: int) -> str:
    return f'<w:commentRangeStart w:id="{number}"/>'


def end(number: int) -> str:
    return f'<w:commentRangeEnd w:id="{number}"/><w:r><w:commentReference w:id="{number}"/></w:r>'


def around(number: int, words: str) -> str:
    return start(number) + run(words) + end(number)


def comment(number: int, words: str, author: str = "李") -> str:
    body = "".join(f'<w:p w14:paraId="0000000{number}">{run(line)}</w:p>' for line in words.split("\n"))
    return f'<w:comment w:id="{number}" w:author="{author}" w:date="2026-01-02T03:04:05Z">{body}</w:comment>'


def commented(body: str, comments: Sequence[str], replies: Mapping[int, int] | None = None) -> bytes:
    """A .docx with this body and these comments; `replies` names those that answer another."""
    data = word_body(body)
    relations = f'<Relationship Id="rc" Type="{OFFICE}/comments" Target="comments.xml"/>'
    kinds = '<Override PartName="/word/comments.xml" ContentType="application/xml"/>'
    parts = {"word/comments.xml": f"<w:comments {W} {W14}>{''.join(comments)}</w:comments>".encode()}
    if replies:
        relations += f'<Relationship Id="re" Type="{WORD_2011}/commentsExtended" Target="commentsExtended.xml"/>'
        kinds += '<Override PartName="/word/commentsExtended.xml" ContentType="application/xml"/>'
        threads = "".join(
            f'<w15:commentEx w15:paraId="0000000{one}" w15:paraIdParent="0000000{other}"/>'
            for one, other in replies.items()
        )
        parts["word/commentsExtended.xml"] = f"<w15:commentsEx {W15}>{threads}</w15:commentsEx>".encode()
    for name, ending, added in (
        ("word/_rels/document.xml.rels", "</Relationships>", relations),
        ("[Content_Types].xml", "</Types>", kinds),
    ):
        parts[name] = part(data, name).decode().replace(ending, added + ending).encode()
    return rezipped(data, parts)


def found(folder: Path, body: str, *comments: str, replies: Mapping[int, int] | None = None) -> Foreign:
    path = save(folder, "访谈.docx", commented(body, comments, replies))
    result = read(path)
    text = reading.read(path).text
    assert [(source.name, source.text) for source in result.sources] == [("访谈.docx", text)]
    assert all(text[mark.start : mark.end] == mark.quote for mark in result.marks)
    return result


def test_comments_that_python_docx_writes(tmp_path: Path) -> None:
    document: Any = docx.Document()
    document.add_heading("访谈", 1)
    paragraph = document.add_paragraph("他们说")
    middle = paragraph.add_run("很好𠮷😀")
    last = paragraph.add_run(" and more.")
    document.add_comment(middle, text="对话；#Access: 为什么", author="李")
    document.add_comment([middle, last], text="Risk", author="Bo")
    path = save(tmp_path, "访谈.docx", word(document))
    result = read(path)
    text = reading.read(path).text
    at = text.index("很好")
    assert [(mark.start, mark.end, mark.quote, mark.code, mark.memo, mark.coder) for mark in result.marks] == [
        (at, at + 4, "很好𠮷😀", "Access", "对话; 为什么", "李"),
        (at, at + 14, "很好𠮷😀 and more.", "Risk", "", "Bo"),
    ]
    assert (result.format, result.coders, result.sources[0].text) == ("docx", ("李", "Bo"), text)
    assert result.marks[0].created


def test_a_range_over_runs_paragraphs_and_tables(tmp_path: Path) -> None:
    cell = "<w:tc><w:p>{}</w:p></w:tc>"
    table = (
        f"<w:tbl><w:tr>{cell.format(run('a'))}{cell.format(around(2, ' in  cell '))}{cell.format('')}</w:tr></w:tbl>"
    )
    body = (
        f"<w:p>{run('One ')}{start(1)}{run('caf')}{run('e')}</w:p>"
        f"<w:p/>{table}<w:p>{run('Last ')}{run('words')}{end(1)}{run('. End')}</w:p>"
    )
    result = found(tmp_path, body, comment(1, "A"), comment(2, "B"))
    assert [(mark.code, mark.quote) for mark in result.marks] == [
        ("A", "cafe\n\na | in cell\n\nLast words"),
        ("B", "in cell"),
    ]


def test_an_accent_in_the_next_run_keeps_its_letter(tmp_path: Path) -> None:
    result = found(tmp_path, f"<w:p>{run('x')}{around(1, 'cafe')}{run(chr(0x301) + ' y')}</w:p>", comment(1, "A"))
    assert result.marks[0].quote == "café"


def test_tracked_changes_are_read_as_accepted(tmp_path: Path) -> None:
    deleted = "<w:del><w:r><w:delText>never </w:delText></w:r></w:del>"
    body = (
        f"<w:p>{start(1)}{run('We ')}<w:ins>{run('now ')}</w:ins>{deleted}{run('listen')}{end(1)}{run('.')}</w:p>"
        f"<w:p>{run('z')}{start(2)}{deleted}{end(2)}<w:moveFrom>{around(3, 'moved')}</w:moveFrom></w:p>"
    )
    result = found(tmp_path, body, comment(1, "A"), comment(2, "B"), comment(3, "C"))
    assert [(mark.code, mark.quote) for mark in result.marks] == [("A", "We now listen")]
    assert result.notes == ("2 comments on no words",)


def test_replies_and_empty_comments_are_counted(tmp_path: Path) -> None:
    body = f"<w:p>{start(1)}{start(2)}{run('words')}{end(1)}{end(2)}{around(3, 'more')}</w:p>"
    result = found(tmp_path, body, comment(1, "A\nB"), comment(2, "I agree", "Bo"), comment(3, " "), replies={2: 1})
    assert [(mark.code, mark.coder) for mark in result.marks] == [("A", "李"), ("B", "李")]
    assert set(result.notes) == {"1 reply to a comment", "1 empty comment"}


def test_a_range_that_never_ends_is_no_range(tmp_path: Path) -> None:
    result = found(tmp_path, f"<w:p>{start(1)}{run('a')}</w:p><w:p>{run('b')}</w:p>", comment(1, "A"))
    assert (result.marks, result.notes) == ((), ("1 comment on no words",))


@settings(max_examples=25)
@given(
    st.lists(
        st.lists(st.sampled_from(["好", " ", "a ", " b", "é", "𠮷", "\t", "e", "\u0301"]), max_size=5),
        min_size=1,
        max_size=4,
    ),
    st.data(),
)
def test_any_run_comes_out_where_the_document_has_it(
    tmp_path_factory: pytest.TempPathFactory, paragraphs: list[list[str]], data: st.DataObject
) -> None:
    body, number, words = "", 0, {}
    for runs in paragraphs:
        body += "<w:p>"
        for each in runs:
            if each.strip() and data.draw(st.booleans()):
                number += 1
                words[f"c{number}"] = each.strip()
                body += around(number, each)
            else:
                body += run(each)
        body += "</w:p>"
    body += f"<w:p>{around(0, 'End')}</w:p>"
    comments = [comment(each, f"c{each}") for each in range(number + 1)]
    result = found(tmp_path_factory.mktemp("runs"), body, *comments)
    assert len(result.marks) == number + 1
    for mark in result.marks:
        wanted = words.get(mark.code, "End")
        bare, letters = (unicodedata.normalize("NFD", part).replace("\u0301", "") for part in (wanted, mark.quote))
        assert letters == bare or (wanted == "\u0301" and len(letters) == 1)  # an accent alone takes its letter


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("Dialogue", (("Dialogue", ""),)),
        ("对话；Access; Risk\nTrust", (("对话", ""), ("Access", ""), ("Risk", ""), ("Trust", ""))),
        ("#Dialogue", (("Dialogue", ""),)),
        ("Dialogue: the firm asks; 风险：怕", (("Dialogue", "the firm asks"), ("风险", "怕"))),
        ("See here.\n#Dialogue: asks; and hears\n＃Risk", (("Dialogue", "See here.; asks; and hears"), ("Risk", ""))),
        ("http://x.org", (("http://x.org", ""),)),
        (" ; \n# ", ()),
    ],
)
def test_codes_of_a_comment(words: str, codes: tuple[tuple[str, str], ...]) -> None:
    assert codes_of(words) == codes


def test_a_document_without_comments_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="without comments"):
        read(save(tmp_path, "plain.docx", word_body(f"<w:p>{run('a')}</w:p>")))
