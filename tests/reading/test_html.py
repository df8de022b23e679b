"""Web pages."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from assistant.errors import ReadingError
from assistant.model import Document
from assistant.reading import read
from tests.reading.making import EN, ZH, save

PAGE = f"""<!DOCTYPE html>
<html><head><title>社区 &amp; 平台</title><style>p {{ color: red }}</style></head>
<body>
<nav>首页 | 关于</nav><script>var hidden = "脚本";</script><noscript>no script</noscript><template>later</template>
<h1>共创
案例 <em>一</em></h1>
<p>平台把开发者和用户
   放在同一个社区里&hellip; caf&#233;&nbsp;&lt;open&gt; <!-- a comment --> every
   day<br>second line</p>
<ul><li>第一条</li><li>第二条 <b>bold</b></li></ul>
<h3>Results</h3>
<table><caption>表一</caption>
<tr><th>who</th><th>words</th></tr>
<tr><td>Ana</td><td>{EN}<script>x()</script></td></tr>
<tr><td></td><td>李<br>王</td></tr>
<tr><td></td><td></td></tr>
</table>
<pre>line one
  line two</pre>
<img src="a.png"><img src="b.png">
<div>loose <span>words</span><p>inner</p>tail</div>
</body></html>"""


def page(folder: Path, markup: str | bytes) -> Document:
    return read(save(folder, "page.html", markup))


def test_words_are_kept_and_the_rest_is_dropped(tmp_path: Path) -> None:
    document = page(tmp_path, PAGE)
    assert document.text.split("\n\n") == [
        "共创案例 一",
        "平台把开发者和用户放在同一个社区里… café <open> every day\nsecond line",
        "第一条",
        "第二条 bold",
        "Results",
        "表一",
        f"who | words\nAna | {EN}\n | 李 王".replace("\n | ", "\n| "),
        "line one\n  line two",
        "loose words",
        "inner",
        "tail",
    ]
    assert document.notes[:2] == ("Page title: 社区 & 平台.", "Images left out: 2.")


def test_blocks_stand_where_they_say(tmp_path: Path) -> None:
    document = page(tmp_path, PAGE)
    assert [(b.kind, b.label, b.span.of(document.text)) for b in document.blocks] == [
        ("heading", "1", "共创案例 一"),
        ("heading", "3", "Results"),
        ("table", "1", "who | words"),
        ("table", "2", f"Ana | {EN}"),
        ("table", "3", "| 李 王"),
    ]


@pytest.mark.parametrize(
    "declaration",
    [
        '<meta charset="gb2312">',
        "<meta charset=gbk>",
        '<meta http-equiv="Content-Type" content="text/html; charset=gb2312">',
        '<?xml version="1.0" encoding="gb2312"?>',
        "",
    ],
)
def test_gb18030_pages_keep_every_paragraph(tmp_path: Path, declaration: str) -> None:
    paragraphs = [f"{number} 镕基 {ZH}" for number in range(20)]
    markup = f"{declaration}<html><body>{''.join(f'<p>{p}</p>' for p in paragraphs)}</body></html>"
    document = page(tmp_path, markup.encode("gb18030"))
    assert document.text.split("\n\n") == paragraphs
    assert document.encoding == "gb18030"


def test_other_declared_encodings(tmp_path: Path) -> None:
    traditional = "我們在這個社區裡和工程師對話"
    assert page(tmp_path, f'<meta charset="big5"><p>{traditional}'.encode("big5")).text == traditional
    assert page(tmp_path, '<meta charset="shift_jis"><p>日本語の文章'.encode("shift_jis")).text == "日本語の文章"
    assert page(tmp_path, '<meta charset="iso-8859-1"><p>caf\xe9'.encode("cp1252")).text == "café"


def test_saved_page_that_still_declares_its_old_encoding(tmp_path: Path) -> None:
    document = page(tmp_path, f'<meta charset="gb2312"><p>{ZH}</p>')
    assert document.text == ZH
    assert document.notes == ("The file declares gb2312 but is utf-8.",)


def test_tables_that_only_place_parts_of_the_page(tmp_path: Path) -> None:
    document = page(
        tmp_path,
        f"<table><tr><td>menu</td><td><h2>标题</h2><p>{ZH}</p>"
        "<table><tr><td>a</td><td>b</td></tr></table></td></tr></table>",
    )
    assert document.text == f"menu\n\n标题\n\n{ZH}\n\na | b"


def test_ruby_readings_and_comments_are_left_out(tmp_path: Path) -> None:
    document = page(tmp_path, "<p><ruby>价<rt>jià</rt>值<rp>(</rp><rt>zhí</rt></ruby>共创<!-- x --><![CDATA[y]]></p>")
    assert document.text == "价值共创"


def test_entities_cannot_bring_back_what_is_not_text(tmp_path: Path) -> None:
    document = page(tmp_path, "<p>a&#0;b&#1;c&#xD83D;d e\u0301&#x301;</p>")
    assert document.text == "a�bc�d é\u0301"


def test_deep_nesting_is_walked_through(tmp_path: Path) -> None:
    started = time.perf_counter()
    document = page(tmp_path, "<div>" * 10_000 + "deep" + "</div>" * 10_000 + "<p>after</p>")
    assert document.text == "deep\n\nafter"
    assert page(tmp_path, "<table><tr><td>" * 3_000 + "deep").text == "deep"
    assert time.perf_counter() - started < 30


@pytest.mark.parametrize("markup", ["<html><body><script>app()</script></body></html>", "<p> &nbsp; </p>", "<!-- -->"])
def test_a_page_without_words_is_an_error(tmp_path: Path, markup: str) -> None:
    with pytest.raises(ReadingError, match=r"page\.html: it holds no words"):
        page(tmp_path, markup)
