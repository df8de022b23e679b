"""Sentences: worked cases in two languages, exact tiling of any text, and linear work on hostile ones."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from assistant.model import Span
from assistant.sentences import LIMIT, pack, sentences, visible, weight

SHARED = Path(__file__).resolve().parents[1].parent / "shared"
CUT = "¦"  # marks in the cases below where a new sentence begins

CHINESE = """
我们先做了访谈。¦然后整理了资料。
你觉得呢？¦我觉得可以！¦真的。
价格便宜；质量也好；服务一般。¦下次再来。
什么？！¦你再说一遍！！！
他说：“我们一起做。”¦然后大家都同意了。
“真的吗？”他问。¦我点了点头。
“真的吗？”，他问。¦没人回答。
“太好了！”这是一位用户的评价。¦其他人没有说话。
“你好。¦我是新来的。”他说。¦大家笑了。
「真的嗎？」¦「當然。」
主任说：“样品先寄出去。¦别等。”¦第二天样品就到了。
当被问到“为什么参加？”时，他笑了。¦后来他说了原因。
他认为“服务很好。”这一点没有争议。
她只说“随便。”¦我们就随便了。
他说："我去。"¦然后走了。
"真的?"他问。¦没人答。
他说："走吧。"¦"好。"
我……我不太清楚。¦你问他吧。
他们什么也没留下……
“算了……”她转过身去。¦门关上了。
今天很开心。😊¦明天再来。
太好吃了！😋😋 ¦下次还来。
档位分得细👍🏽 ¦图在附件里。
我❤️你。¦真的。
谢谢！～¦下次见。
他来了（真的吗？）之后就走了。¦我没看见。
他很高兴（其实是第一次来。后来就熟了）。¦我也是。
我们都很高兴。¦（大家都知道原因。）¦然后散会。
我当时很生气。（笑）¦后来就好了。
结论如下。¦（1）价格要降。¦（2）服务要好。
“我愿意试。”（P3）¦“我不愿意。”（P4）
这与前人的结论一致[3]。¦本文继续讨论。
这与前人的结论一致。[12]¦本文继续讨论。
电影《你好，李焕英！》很感人。¦我哭了。
他说OK.¦然后就走了。
很好.¦我们继续.¦谢谢
小米.com是我们的网址。¦欢迎访问。
网址是https://example.org/?q=1。¦请看。
1.开发阶段的价值共创很重要。¦2.销售阶段也是。
二.研究方法与数据来源。¦本文用访谈法。
图1.价值共创模型如下。¦下面解释。
增长率是3.14%。¦去年是2.5%。
作者J.K.罗琳写的。¦我读过。
用户说it works.¦然后继续。¦我们用了Python3。
系统V5.0发布了!¦用户很开心?¦不一定.
**很好。**¦接着做。
第一点。¦**重点**是人。
没有句号的一行
""".strip().splitlines()

ENGLISH = (
    """
We met users. ¦They liked it.
Dr. Smith met Mr. Lee and Prof. Wang. ¦They talked.
We use tools, e.g. surveys, i.e. forms. ¦It works.
See Fig. 3 and Eq. 4, cf. No. 7. ¦Then stop.
He said no. ¦Then he left.
He said no. ¦I left.
Wait a sec. ¦Then go.
The U.S. market grew. ¦Sales in the U.S. ¦The rest fell.
The U.S. Government agreed. ¦Fine.
Smith et al. (2019) found it. ¦Jones et al. agreed.
We bought pens, paper, etc. ¦The rest was free.
We bought pens, etc. and left. ¦Done.
It grew by 3.14 percent in v2.1. ¦Good.
Version 2.0.1 shipped. ¦Bugs vs. features: ask approx. ten users.
He paid $5.50. ¦She paid 3.00. ¦10 people came.
J. R. R. Tolkien wrote it. ¦I read it.
Ask J. Smith about plan B. ¦We did.
Apple Inc. makes phones. ¦They sold Apple Inc. ¦The firm is big.
He left at 5 p.m. ¦The others stayed until 9 p.m. yesterday.
I have a Ph.D. in law. ¦Ask Mrs. Ito.
It was tested in Jan. 2020 by St. Mary's. ¦Good.
Well... I think so. ¦Yes.
They waited... ¦Nobody came.
So ... are we ready? ¦Yes.
"Why?" he asked. ¦"Because."
“Why?” Anna asked. ¦“Because I can.”
She said, "It works." ¦Then she left.
He asked, "Why now?" ¦We had no answer.
He wrote: “It fits. ¦I like it.” ¦We agreed.
It works (really!). ¦We tested it.
He left (why?) and came back. ¦Good.
(See the annex.) ¦Next we test.
I broke it slower. [laughter] ¦Then it held.
Great! 😀 ¦See you soon.
It fits their needs.¦Producers can also gain.¦In this context it grows.
The first value is "user-centered".¦By building a platform it grew.
Growth was 70%.¦The rest fell (2004).¦This is new.
The shop closed in 2019.¦The app stayed.
Use Node.js and ASP.NET on example.com/Index.Html today. ¦Done.
Mail a.b@example.com or see www.example.org. ¦Thanks.
Visit https://example.org/a.b?c=D.E! ¦Then write.
Really?¦Yes, really!¦We did.
Yahoo! is a firm. ¦Fine.
it was ok. ¦i would buy it again. ¦it came late
1. We began in May. ¦2. We ended in June.
A. Introduction to the case. ¦B. Methods we used.
Lines that a person
wrapped by hand. ¦They go on.
| One abstract in a cell. ¦It ends with a bar. |
""".strip()
    .replace("person\nwrapped", "person↵wrapped")
    .splitlines()
)


@pytest.mark.parametrize("marked", CHINESE)
def test_chinese_sentences(marked: str) -> None:
    assert divided(marked.replace(CUT, "")) == marked.split(CUT)


@pytest.mark.parametrize("marked", [line.replace("↵", "\n") for line in ENGLISH])
def test_english_sentences(marked: str) -> None:
    assert divided(marked.replace(CUT, "")) == marked.split(CUT)


def test_blank_text_has_no_sentence() -> None:
    assert sentences("") == sentences(" \n\u3000\t") == sentences("\u200b\ufeff") == ()


def test_white_space_goes_with_the_sentence_before_and_at_the_start_with_the_first() -> None:
    assert divided("  一。 \n 二。\n\n") == ["  一。 \n ", "二。\n\n"]


def test_marks_alone_are_no_sentence() -> None:
    assert divided("好。——！！") == ["好。——！！"]
    assert divided("！？。 ！") == ["！？。 ！"]


def test_an_overlong_sentence_is_cut_at_its_clauses() -> None:
    clause = "用户与企业一起想办法" * 3 + "，"
    found = divided(clause * 100 + "这样就完了。")
    assert len(found) == 3
    assert all(part.endswith(("，", "。")) and weight(part) <= LIMIT for part in found)
    assert max(map(weight, found)) - min(map(weight, found)) < LIMIT / 10


def test_an_overlong_english_sentence_is_cut_between_words() -> None:
    found = divided("we talked about the hub and the rack and then " * 100)
    assert len(found) > 1
    assert all(part.endswith(" ") and weight(part) <= LIMIT for part in found)


def test_without_any_break_it_is_cut_by_length() -> None:
    assert max(map(weight, divided("用" * 5000))) <= LIMIT


def test_packing_makes_even_pieces_of_whole_sentences() -> None:
    text = "我们一起做了三件事情。" * 150
    parts = pack(text, sentences(text))
    assert [weight(part.of(text)) for part in parts] == [825, 825]
    assert all(part.of(text).endswith("。") for part in parts)


def test_weight_counts_chinese_signs_once_and_words_three_times() -> None:
    assert weight("我们，好") == 4
    assert weight("we agree") == 6
    assert weight("用App 2号\u200b") == 1 + 3 + 3 + 1


SIGNS = "我们的。！？…；，“”‘’「」（）()[]【】aB.!?\"'~12:：｡．Ａİß \n\t\u2028\u3000\u0301\u200d\u200b\ufeff\x00"
WORDS = "…… ... ** The e.g. U.S. Dr. 3.14 2019 https://x.org/?a=B. 😀 👍🏽 👨‍👩‍👧 ❤️ 受访者："
PIECES = st.sampled_from([*SIGNS, *WORDS.split(), " .", "\n\n"])
MIXED = st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=60)


@settings(deadline=None)
@given(MIXED)
def test_sentences_tile_any_text_and_none_is_blank(text: str) -> None:
    parts = divided(text)
    assert "".join(parts) == (text if visible(text) else "")
    assert all(visible(part) for part in parts)
    assert parts == divided(text)


@settings(deadline=None)
@given(MIXED, st.integers(1, 60))
def test_packing_keeps_the_order_and_the_limit(text: str, times: int) -> None:
    text = (text + "。") * times
    spans = sentences(text)
    parts = pack(text, spans)
    assert "".join(part.of(text) for part in parts) == text
    assert {part.start for part in parts} <= {span.start for span in spans}
    assert all(weight(part.of(text)) <= LIMIT for part in parts)


HOSTILE = [
    ".",
    "。",
    "…",
    "()",
    "（a",
    "“",
    "“a。”",
    '"a." ',
    "**",
    "A.",
    "e.g. ",
    "a b ",
    "中，",
    "http://",
    "[1]",
    "😀 ",
    " ",
    "?!)”",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_long_runs_of_one_sign_take_linear_work(unit: str) -> None:
    """Quadratic work on any of these would take more than ten seconds."""
    text = "x" + unit * (30_000 // len(unit)) + "x"
    started = time.process_time()
    spans = sentences(text)
    assert spans[0].start == 0
    assert spans[-1].end == len(text)
    assert time.process_time() - started < 10


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared (texts that are not part of the project) is absent")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_encyclopaedia_passages_have_no_fragments(language: str) -> None:
    data = json.loads((SHARED / f"gold/retrieval-xquad-zh-en/xquad.{language}.json").read_text(encoding="utf-8"))
    passages = [paragraph["context"] for article in data["data"] for paragraph in article["paragraphs"]]
    found = [part for passage in passages for part in divided(passage)]
    assert 4 <= len(found) / len(passages) <= 6
    assert not [part for part in found if len(part.strip()) < 6 or part[0].islower() or part[0] in "，。”）)"]


def divided(text: str) -> list[str]:
    return [span.of(text) for span in sentences(text)]


def test_spans_are_half_open_code_points() -> None:
    assert sentences("好😀。是。") == (Span(0, 3), Span(3, 5))
