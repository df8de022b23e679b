"""A document in, the segments that tile its text out: sentences, paragraphs or speaker turns. Pure.

What becomes a segment (the rules of `SCHEME_VERSION`; a change of rules is a new scheme):

- Tiling: the first segment starts at 0, the last ends with the text; white space, ruled lines (---) and a time code
  alone on its line belong to the segment before. None is blank; a text without a visible sign has none.
- A paragraph ends at a line break. Lines wrapped by hand (50 to 120 columns, text and Markdown only) are one
  paragraph: a break is wrapping where the next word would not have fitted. Each list item is a paragraph of its own,
  because items are claims of their own. A paragraph heavier than `sentences.LIMIT` is cut at sentence ends.
- A table row is a segment, the header row (with the rule under it) as well; rows and headings are cut into sentences at
  no size, but one heavier than `sentences.LIMIT` is cut like a paragraph.
- A heading is what the reader marked, # and underlined lines, and short lines that other text follows: 一、… （一）…
  1. … 第三章 Chapter 3 CAPITALS. Numbered lines in a row are a list. Within an interview only a line right before a
  speaker line is taken for one.
- A speaker line begins with a role (受访者： Interviewer:), both sides of 问/答 or Q/A, a name that comes back, or a
  numbered post with a date. The speaker is the label as written (NFKC), without time code and stage direction.
- A turn runs from its speaker line to the next one or to a heading. At size "turn" everything outside turns (the head
  of a transcript, documents without speakers) falls back to paragraphs. At the smaller sizes segments end with the
  turn and carry its speaker; a label or post header alone on its line goes with the words that follow.
- Sentences lie within paragraphs, paragraphs within turns.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from assistant.model import Block, Document, Segment, SegmentKind, SegmentSize, Span
from assistant.sentences import BLANK, CJK, LIMIT, pack, sentences, visible, weight

SCHEME_VERSION = 1


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_NEWLINE = re.compile(r"[\n\v\f\x85\u2028\u2029]")
_BLANKS = re.compile(rf"[{BLANK}]*")
_WIDE = re.compile(rf"[{CJK}\u3000-\u303f\uff01-\uff60\uac00-\ud7a3“”‘’…—\U0001f300-\U0001faff]")
_TERMINAL = re.compile(r"[。！？!?.…⋯；;][\"'”’」』＂)）\]】》*_~～]*$")
_CLOSED = re.compile(r"[。！？!?.…⋯；;，,、][\"'”’」』＂)）\]】》*_~～]*$")  # nothing that ends so is a heading
_CLOCK = r"[\[(（【]?\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,3})?[\])）】]?"
_RULE = re.compile(rf"[\s|:+=\-*_~—–]{{2,}}|{_CLOCK}")
_ITEM = re.compile(
    r"[-*+•·●○■▪◦‣–][ \t\u3000]+|[（(]?\d{1,3}[)）]|\d{1,3}[.、．](?!\d)|[①-⑳]|[（(]?[一二三四五六七八九十]{1,3}[)）、]"
    r"|[（(]?[a-z][)）][ \t]"
)
_NUMBERED = (
    re.compile(r"[一二三四五六七八九十]{1,3}[、．.][ \t\u3000]*\S"),
    re.compile(r"[（(][一二三四五六七八九十]{1,3}[)）][ \t\u3000]*\S"),
    re.compile(r"\d{1,2}[.．、][ \t\u3000]*[^\W\d_]"),
    re.compile(
        rf"\d{{1,2}}(?:\.\d{{1,2}}){{1,3}}[.．、]?"
        rf"(?:[ \t\u3000]+(?=[A-Z{CJK}])|(?![万亿元个倍年月日米吨版代寸级度折])(?=[{CJK}]))"
    ),
    re.compile(rf"\d{{1,2}}[ \t\u3000]+(?=[A-Z{CJK}])"),
)
_ARABIC = 2  # the first style of _NUMBERED with Arabic numerals: "1.", which Markdown reads as a list
_HASHES = re.compile(r"#{1,6}[ \t]+\S")
_CHAPTER = re.compile(
    r"第[一二三四五六七八九十百零〇\d]{1,4}(?:章|节|節|部分|篇|卷)|(?i:chapter|part|section|appendix|annex)"
    r"[ \t]+(?:\d{1,3}(?:\.\d{1,2}){0,3}|[IVXLC]{1,6}|[A-Z])(?:[ \t]*[:.：–—-].*|[ \t]+[A-Z].*)?$"
)
_NAMED = _words(
    "abstract introduction background methods methodology results findings discussion conclusion conclusions"
    " references bibliography acknowledgements acknowledgments appendix 摘要 引言 前言 绪论 结语 结论 讨论 参考文献"
    " 致谢 附录 后记"
)
_HAS_CJK = re.compile(rf"[{CJK}]")
_MARKUP_BEFORE = re.compile(r"(?:^|(?<=\n))[^\w\n]{0,16}\Z")
_MARKUP_AFTER = re.compile(r"[^\w\n]{0,16}(?=\n|\Z)")
_WRAPPED = frozenset({"txt", "md"})  # the other formats know their paragraphs
_COLUMNS = (50, 120)  # widths at which people wrap lines
_NEARLY = 0.85  # of the column: full, if the line breaks off in mid-sentence
_CAPITALS = re.compile(r"[A-Z]{4}")
_LABEL = re.compile(
    rf"(?:[>*+-][ \t]+)?(?:{_CLOCK}[ \t]*)?(?:\*\*|__)?"
    r"(?:【(?P<box>[^】\s][^】\n]{0,19})】(?:\*\*|__)?[ \t]*[:：]?"
    r"|(?P<name>(?:\d{1,2}号)?[^\W\d_][\w .·•’'#&/-]{0,30}?)(?:\*\*|__)?[ \t]*"
    r"(?P<note>[(（][^()（）\n]{1,20}[)）])?"
    rf"(?:[ \t,，]*{_CLOCK})?(?:\*\*|__)?(?:[ \t]*[:：](?:\*\*|__)?|(?<=[\d\])）】])[ \t]*$))"
)
_POST = re.compile(
    r"(?:#\d{1,5}|[\[【]\d{1,5}[楼樓F]?[\]】]|第?\d{1,5}[楼樓F])[ \t]+(?P<name>\S.{0,40}?)[ \t,，·|]+"
    r"(?:(?:\d{4}[-/.年]|\d{1,2}月)\d|\d{1,2}:\d\d|(?:\d{1,2} )?(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))"
    r"[\d\s:/.,年月日时分上下午-]*(?:[A-Za-z]{1,9}\b[\d\s:/.,-]*){0,3}$"
)
_IDENTITY = re.compile(r"[(（](?:[A-Za-z]?\d{0,3}|[甲乙丙丁男女])[)）]")
_NUMBER = re.compile(  # what tells two people of one role apart
    rf"^\d{{1,2}}号|(?:[ \t]+#?(?:[A-Z]|\d{{1,3}})|#?\d{{1,3}}|[(](?:[A-Za-z]?\d{{0,3}}|[甲乙丙丁男女])[)]"
    rf"|(?<=[{CJK}])[A-Z甲乙丙丁一二三四五六七八九十]\d{{0,3}})$"
)
_ROLES = _words(
    "访谈者 访谈人 访谈员 采访者 采访人 访问者 访问员 访员 提问者 受访者 受访人 受访对象 被访者 被访人 被访谈者"
    " 被访谈人 被采访者 访谈对象 回答者 主持人 主持 发言人 说话人 訪談者 訪談人 受訪者 受訪人 interviewer"
    " interviewee respondent moderator facilitator participant informant int"
)
_QUESTION = _words("问 提问 问题 問 提問 q question")
_ANSWER = _words("答 回答 a answer")
_PEOPLE = _words(
    "客户 用户 顾客 消费者 记者 嘉宾 参与者 与会者 研究者 研究员 调查员 调研员 经理 店长 店员 店主 客服 员工 老师"
    " 学生 家长 医生 患者 司机 老板 创始人 负责人 同学 网友 楼主 学员 观众 speaker narrator host guest customer"
    " user client researcher reporter journalist student teacher manager nurse patient doctor"
)
_SURNAMES = (
    "李王张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏"
    "钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜"
    "倪严牛温季俞章鲁葛韦申尤毕聂焦柳邢岳齐梅莫庄辛祝左涂谷祁舒耿詹关苗凌费纪靳盛童欧甄張劉陳楊趙黃吳孫馬羅鄭謝韓馮"
    "鄧許呂蘇盧蔣"
)
_NAME = re.compile(
    rf"(?:欧阳|司马|上官|诸葛|[{_SURNAMES}])[{CJK}]{{1,2}}|[小老阿][{CJK}]{{1,2}}"
    rf"|[{CJK}]某{{1,2}}|某[{CJK}]{{0,2}}|[甲乙丙丁]|[{CJK}A-Z]{{1,3}}(?:[总董工哥姐]|先生|女士|小姐|师傅|主任"
    r"|教授|博士|总监|主管|校长|院长|部长|妈妈|爸爸|老师|经理|同学|医生)"
    rf"|[{CJK}]{{2,5}}(?:\d{{1,3}}|[A-Z甲乙丙丁])|[A-Z]{{1,4}}[ -]?\d{{0,3}}"
    r"|(?:(?:Dr|Mr|Ms|Mrs|Prof)\.? )?[A-Z][\w’'-]*\.?(?: (?:[A-Z][\w’'-]*\.?|\d{1,3})){0,2}"
)
_FIELDS = _words(
    "note notes nb ps example examples eg ie e.g i.e http https ftp mailto tel phone fax email e-mail mail web"
    " website url date time place location venue duration source sources author authors title subject abstract"
    " summary keyword keywords key tag tags figure fig table step part section chapter phase stage level type item"
    " theme code case day week year month warning caution tip hint important remember conclusion result results"
    " reason reasons aim goal purpose method methods problem solution pros cons advantages disadvantages strengths"
    " weaknesses price quality service rating score overall name age gender sex role job company product version"
    " status update edit re cc to from sent however first second third finally also hypothesis proposition 注意"
    " 例如 比如 譬如 注 备注 附注 说明 摘要 关键词 关键字 地址 地点 时间 日期 时长 电话 邮箱 标题 题目 作者 来源"
    " 单位 编号 主题 原因 结果 结论 方法 方案 方式 方面 目的 目标 优点 缺点 建议 总结 小结 汇总 分工 提示 警告 步骤"
    " 范围 高度 程度 成本 金额 安全 管理 项目 任务 计划 文件 文献 章节 易用性 关键 关于 常见问题 老年 老人 小组"
    " 小计 温度 金融 万一 何时 安排 严重 任何 白天 首先 其次 再次 最后 另外 第一 第二 第三"
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A visible line (or the part of one that a block of the reader cuts off)."""

    start: int
    text: str  # without the white space around it
    indent: int  # code points of white space before it
    gap: bool  # whether a blank or ruled line, or nothing, stands before it
    ruled: str  # the sign of a rule right under it: "=" or "-" makes a heading, "|" a table's header
    shape: int  # number of the heading or table block it lies in, 0 for none
    turn: int  # number of the turn block it lies in, 0 for none


@dataclass(frozen=True, slots=True)
class _Label:
    """What may be a speaker at the start of a line."""

    name: str
    content: str  # the words behind the label
    rank: str  # "role", "question", "answer", "person", "post", "word" (short, no name) or "field" (no one)
    gap: bool


@dataclass(frozen=True, slots=True)
class _Unit:
    """A paragraph before it is cut to size: it runs to the start of the next."""

    start: int
    kind: SegmentKind
    turn: int  # 0 outside turns
    speaker: str


def scheme(size: SegmentSize) -> str:
    """The name of the rules that make segments of this size, e.g. "paragraph.v1"."""
    return f"{size}.v{SCHEME_VERSION}"


def segment(document: Document, size: SegmentSize) -> tuple[Segment, ...]:
    """The segments of a document at one size, numbered from 1; none if its text is blank.

    Deterministic, and linear in the length of the text (but for sorting its lines). Errors: none.
    """
    text = document.text
    if not visible(text):
        return ()
    units = _units(document)
    if size == "turn":
        units = _whole_turns(units)
    ends = [unit.start for unit in units[1:]] + [len(text)]
    pieces: list[tuple[Span, _Unit]] = []
    for unit, end in zip(units, ends, strict=True):
        pieces += [(span, unit) for span in _cut(text, Span(unit.start, end), unit.kind, size)]
    return tuple(
        Segment(span, unit.kind, unit.speaker, number, document=document.id)
        for number, (span, unit) in enumerate(pieces, start=1)
    )


def _cut(text: str, span: Span, kind: SegmentKind, size: SegmentSize) -> list[Span]:
    words = span.of(text)
    whole = kind != "paragraph" or size != "sentence"
    if kind == "turn" or (whole and weight(words) <= LIMIT):
        return [span]
    parts = sentences(words)
    if whole:
        parts = pack(words, parts)
    return [Span(span.start + part.start, span.start + part.end) for part in parts]


def _whole_turns(units: Sequence[_Unit]) -> list[_Unit]:
    found: list[_Unit] = []
    for unit in units:
        if not unit.turn:
            found.append(unit)
        elif not found or found[-1].turn != unit.turn:
            found.append(_Unit(unit.start, "turn", unit.turn, unit.speaker))
    return found


def _units(document: Document) -> list[_Unit]:
    """The paragraphs, headings and table rows of the text, with the turn each belongs to."""
    turns = _snapped(document, ("turn",))
    shapes = _snapped(document, ("heading", "table"))
    lines = _lines(document.text, shapes, turns)
    labels = {} if turns else _speakers(lines, document)
    kinds = _kinds(lines, shapes, labels, document)
    joined = _joined(lines, kinds, labels, document)
    units: list[_Unit] = []
    turn, speaker = 0, ""
    for place, line in enumerate(lines):
        if turns:
            turn, speaker = line.turn, turns[line.turn - 1].label if line.turn else ""
        elif place in labels:
            turn, speaker = place + 1, labels[place].name
        elif kinds[place] == "heading":
            turn, speaker = 0, ""
        if place not in joined:
            units.append(_Unit(line.start if units else 0, kinds[place], turn, speaker))
    return units or [_Unit(0, "paragraph", 0, "")]


def _snapped(document: Document, kinds: tuple[str, ...]) -> list[Block]:
    """The reader's blocks of these kinds in order, widened over mere markup on their first and last line."""
    text = document.text
    found: list[Block] = []
    for block in sorted(document.blocks, key=lambda b: (b.span.start, -b.span.end)):
        start, end = block.span.start, min(block.span.end, len(text))
        if block.kind not in kinds or (found and start < found[-1].span.end) or not visible(text[start:end]):
            continue
        before, after = _MARKUP_BEFORE.search(text, max(0, start - 16), start), _MARKUP_AFTER.match(text, end)
        floor = found[-1].span.end if found else 0
        span = Span(max(floor, before.start() if before else start), after.end() if after else end)
        found.append(Block(span, block.kind, block.label))
    return found


def _lines(text: str, shapes: Sequence[Block], turns: Sequence[Block]) -> list[_Line]:
    edges = {0, len(text), *(match.end() for match in _NEWLINE.finditer(text))}
    for block in (*shapes, *turns):
        edges |= {block.span.start, block.span.end}
    points = sorted(edges)
    found: list[_Line] = []
    gap = True
    in_shapes, in_turns = _cover(shapes, points), _cover(turns, points)
    for (start, end), shape, turn in zip(pairwise(points), in_shapes, in_turns, strict=False):
        blank = _BLANKS.match(text, start, end)
        first = blank.end() if blank else start
        words = text[first:end].rstrip()
        if not words:
            gap = gap or not start or _NEWLINE.match(text, start - 1) is not None
        elif _RULE.fullmatch(words) and not shape:
            if found and not gap:
                found[-1] = replace(found[-1], ruled="|" if "|" in words or "+" in words else words[0])
            gap = gap or "|" not in words
        else:
            found.append(_Line(start, words, first - start, gap, "", shape, turn))
            gap = False
    return found


def _cover(blocks: Sequence[Block], points: Sequence[int]) -> list[int]:
    """For each stretch between two points the number (from 1) of the block it lies in, or 0."""
    found: list[int] = []
    place = 0
    for start in points:
        while place < len(blocks) and blocks[place].span.end <= start:
            place += 1
        found.append(place + 1 if place < len(blocks) and blocks[place].span.start <= start else 0)
    return found


def _kinds(
    lines: Sequence[_Line], shapes: Sequence[Block], labels: Mapping[int, _Label], document: Document
) -> list[SegmentKind]:
    kinds: list[SegmentKind] = ["paragraph"] * len(lines)
    rows = _rows(lines, labels)
    marked = document.media_type == "md" and bool(shapes)  # then the reader has seen every # and underline
    first_label = min(labels, default=len(lines))
    for place in range(len(lines) - 1, -1, -1):  # backwards: some headings are known by what follows
        line = lines[place]
        if line.shape:
            kinds[place] = "heading" if shapes[line.shape - 1].kind == "heading" else "table"
        elif place in rows:
            kinds[place] = "table"
        elif place not in labels and _width(line.text) <= 80:
            underlined = line.ruled in ("=", "-") and line.gap and not _CLOSED.search(line.text[-20:])
            sure = not marked and (_HASHES.match(line.text) or underlined)
            last = place + 1 == len(lines)
            follows = not last and (place < first_label or place + 1 in labels or kinds[place + 1] == "heading")
            if sure or (follows and _is_heading(lines, place, markdown=document.media_type == "md")):
                kinds[place] = "heading"
    return kinds


def _is_heading(lines: Sequence[_Line], place: int, *, markdown: bool) -> bool:
    """Whether a short line that other text follows reads like a heading of plain text."""
    line, text = lines[place], lines[place].text
    above = lines[place - 1].text if place else ""
    if _CLOSED.search(text[-20:]) or not (line.gap or _ends(above) or _width(above) < 60):
        return False
    if _CHAPTER.match(text) or text.casefold().strip(" :：") in _NAMED:
        return True
    style = _style(text)
    if style is not None:  # numbered lines in a row, or with clauses, are a list
        alone = style not in (_style(above), _style(lines[place + 1].text))
        bare = style == len(_NUMBERED) - 1 and not (line.gap and lines[place + 1].gap)
        listed = style >= _ARABIC and ("，" in text or (markdown and style == _ARABIC))
        return alone and not bare and not listed
    return line.gap and text.isupper() and bool(_CAPITALS.search(text)) and not _HAS_CJK.search(text)


def _style(text: str) -> int | None:
    """Which of `_NUMBERED` the line begins with."""
    return next((style for style, pattern in enumerate(_NUMBERED) if pattern.match(text)), None)


def _rows(lines: Sequence[_Line], labels: Mapping[int, _Label]) -> set[int]:
    """The lines of tables drawn with bars or tabs: two rows at least, or one with a rule under it."""
    signs = ["" if line.shape or place in labels else _separator(line.text) for place, line in enumerate(lines)]
    found: set[int] = set()
    for place, sign in enumerate(signs):
        above = place > 0 and signs[place - 1] == sign and not lines[place].gap
        below = place + 1 < len(lines) and signs[place + 1] == sign and not lines[place + 1].gap
        if sign and (above or below or (sign == "|" and lines[place].ruled == "|")):
            found.add(place)
    return found


def _separator(text: str) -> str:
    """What parts the cells of the line, if it has at least two."""
    if "|" in text.strip("|"):
        return "|"
    return "\t" if "\t" in _ITEM.sub("", text, count=1) else ""


def _joined(
    lines: Sequence[_Line], kinds: Sequence[SegmentKind], labels: Mapping[int, _Label], document: Document
) -> set[int]:
    """The lines that go on with the paragraph, heading or row of the line before."""
    found = set()
    for place in range(1, len(lines)):
        same_shape = lines[place].shape and lines[place].shape == lines[place - 1].shape
        label = labels.get(place - 1)
        spoken = label and not label.content and place not in labels and kinds[place] == "paragraph"
        if same_shape or spoken:
            found.add(place)
    if document.media_type in _WRAPPED:
        runs = _runs(lines, kinds, labels, found)
        column = max((_column([lines[i] for i in run]) for run in runs), default=0)
        for run in runs:
            found.update(_wrapped(lines, run, _column([lines[i] for i in run]) or column))
    return found


def _runs(
    lines: Sequence[_Line], kinds: Sequence[SegmentKind], labels: Mapping[int, _Label], joined: set[int]
) -> list[list[int]]:
    """Lines of text without a blank line, an item, a speaker or anything else between them."""
    runs: list[list[int]] = []
    for place, line in enumerate(lines):
        if kinds[place] != "paragraph" or line.shape:
            continue
        begins = line.gap or place in labels or _ITEM.match(line.text) or line.turn != lines[place - 1].turn
        if runs and runs[-1][-1] == place - 1 and (place in joined or not begins):
            runs[-1].append(place)
        else:
            runs.append([place])
    return [run for run in runs if len(run) > 1]


def _column(run: Sequence[_Line]) -> int:
    """The column at which the lines are wrapped; 0 if they are not, or too few to tell.

    Wrapped lines break off in mid-sentence where the line is full; paragraphs of one line each end where they like.
    """
    widths = [_width(line.text) for line in run]
    column = max(widths)
    if len(run) < 3 or not _COLUMNS[0] <= column <= _COLUMNS[1] or sum(w >= _NEARLY * column for w in widths) < 2:
        return 0
    full = short = 0
    for line, following in pairwise(run):
        if not _ends(line.text):
            if _is_full(line, following, column):
                full += 1
            else:
                short += 1
    return column if full and full >= 3 * short else 0


def _wrapped(lines: Sequence[_Line], run: Sequence[int], column: int) -> list[int]:
    """The lines of the run that go on with the line before."""
    found: list[int] = []
    first = lines[run[0]]
    indented = first.indent > min(lines[i].indent for i in run)  # then an indent begins a paragraph
    item = bool(_ITEM.match(first.text))
    for above, place in pairwise(run):
        line, before = lines[place], lines[above]
        hanging = item and line.indent > first.indent
        new = indented and line.indent > before.indent and before.indent < first.indent
        carried = line.text[0].islower() and not _ends(before.text) and _width(before.text) >= _COLUMNS[0]
        if hanging or (not new and (carried or (column and _is_full(before, line, column)))):
            found.append(place)
    return found


def _is_full(line: _Line, following: _Line, column: int) -> bool:
    """Whether the first word of the next line would not have fitted on this one."""
    width = _width(line.text)
    if width > column:
        return False
    word = re.match(rf"[{CJK}]|[^\s{CJK}]{{1,60}}", following.text)
    needed = _width(word[0]) + 1 if word else 1
    tight = width + needed > column
    return tight or (width >= _NEARLY * column and not _ends(line.text))


def _ends(text: str) -> bool:
    """Whether a sentence ends with the text."""
    return _TERMINAL.search(text[-20:]) is not None


def _width(text: str) -> int:
    """Columns the text takes in a terminal, a Chinese sign taking two."""
    return len(text) + len(_WIDE.findall(text))


def _speakers(lines: Sequence[_Line], document: Document) -> dict[int, _Label]:
    """The lines at which somebody begins to speak or to post."""
    found = {
        place: label
        for place, line in enumerate(lines)
        if not line.shape and (label := _label(line, interview=document.kind == "interview"))
    }
    names = _accepted(list(found.values()), interview=document.kind == "interview")
    data = _head_data(found)
    places = [place for place, label in found.items() if label.name in names and place not in data]
    apart = [place for place in places if found[place].gap]
    if 3 * len(apart) >= 2 * len(places):  # then what stands before the first blank line only describes the talk
        places = [place for place in places if place >= apart[0]] if apart else []
    return {place: found[place] for place in places}


def _label(line: _Line, *, interview: bool) -> _Label | None:
    post = _POST.match(line.text)
    if post:
        return _Label(post["name"].strip(" ,，"), "", "post", line.gap)
    match = _LABEL.match(line.text)
    if match is None:
        return None
    after = line.text[match.end() :]
    written = match["box"] or match["name"] + (
        match["note"] if match["note"] and _IDENTITY.fullmatch(match["note"]) else ""
    )
    name = unicodedata.normalize("NFKC", " ".join(written.split()))
    rank = _rank(name, interview=interview)
    clipped = match[0].endswith(":") and after[:1].isascii() and after[:1].isalnum()  # key:value, 10:30
    if not rank or after.startswith(("//", "\\")) or (clipped and rank in ("person", "field")):
        return None
    return _Label(name, after.strip(), rank, line.gap)


def _rank(name: str, *, interview: bool) -> str:
    """What sort of speaker the name may be; "" for words that name nobody."""
    word = _NUMBER.sub("", name).casefold()
    if word in _FIELDS or name.split()[0].casefold() in _FIELDS:
        return "field"
    if word in _ROLES or (word == "speaker" and word != name.casefold()):
        return "role"
    if word in _QUESTION:
        return "question"
    if word in _ANSWER:
        return "answer"
    short = interview and len(name) <= 6 and _HAS_CJK.match(name)
    if word in _PEOPLE or _NAME.fullmatch(name):
        return "person"
    return "word" if short else ""


def _accepted(labels: Sequence[_Label], *, interview: bool) -> set[str]:
    """The names that are speakers: known roles, both sides of question and answer, or whoever speaks twice.

    Beside a known role or two speakers, and in a document declared an interview, whoever speaks once counts as well.
    """
    times = Counter(label.name for label in labels)
    spoken = Counter(label.name for label in labels if _is_speech(label.content))
    ranks = {label.name: label.rank for label in labels if label.rank != "field"}
    dialogue = {"question", "answer"} <= set(ranks.values())
    posts = sum(label.rank == "post" for label in labels)
    names: set[str] = set()
    for name, rank in ranks.items():
        often = times[name] > 1
        if rank == "role":
            known = often or spoken[name] > 0
        elif rank == "post":
            known = posts > 1
        else:
            known = (dialogue and rank in ("question", "answer")) or (often and 2 * spoken[name] >= times[name])
        if known:
            names.add(name)
    asked = any(ranks[name] == "role" for name in names)
    if asked or len(names) > 1 or (interview and len(ranks) > 1):
        names |= {name for name in ranks if spoken[name] and ranks[name] != "word"}
    return names


def _is_speech(content: str) -> bool:
    return not content or _ends(content) or _width(content) >= 40


def _head_data(labels: Mapping[int, _Label]) -> set[int]:
    """Lines such as 受访者：李总 in a row with 时间：… or 地点：…: they tell who took part, nobody speaks."""
    blocks: list[list[int]] = []
    silent = -1
    for place, label in labels.items():
        if _is_speech(label.content):
            continue
        if silent != place - 1 or not blocks:
            blocks.append([])
        blocks[-1].append(place)
        silent = place
    return {i for block in blocks if any(labels[i].rank == "field" for i in block) for i in block}
