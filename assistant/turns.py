"""Lines of a text in, the lines at which somebody begins to speak or to post out. Pure.

A speaker line begins with a role (受访者： Interviewer:), both sides of 问/答 or Q/A, a name that comes back, or a
numbered post with a date. "注意：" and "Note:" name nobody. The rules belong to `segmenting.SCHEME_VERSION`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.model import Document
from assistant.sentences import CJK


def wordlist(listed: str) -> frozenset[str]:
    """The words of a list written as one text, for looking up."""
    return frozenset(listed.split())


_WIDE = re.compile(rf"[{CJK}\u3000-\u303f\uff01-\uff60\uac00-\ud7a3“”‘’…—\U0001f300-\U0001faff]")
_TERMINAL = re.compile(r"[。！？!?.…⋯；;][\"'”’」』＂)）\]】》*_~～]*$")
CLOCK = r"[\[(（【]?\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,3})?[\])）】]?"
HAS_CJK = re.compile(rf"[{CJK}]")
_LABEL = re.compile(
    rf"(?:[>*+-][ \t]+)?(?:{CLOCK}[ \t]*)?(?:\*\*|__)?"
    r"(?:【(?P<box>[^】\s][^】\n]{0,19})】(?:\*\*|__)?[ \t]*[:：]?"
    r"|(?P<name>(?:\d{1,2}号)?[^\W\d_][\w .·•’'#&/-]{0,30}?)(?:\*\*|__)?[ \t]*"
    r"(?P<note>[(（][^()（）\n]{1,20}[)）])?"
    rf"(?:[ \t,，]*{CLOCK})?(?:\*\*|__)?(?:[ \t]*[:：](?:\*\*|__)?|(?<=[\d\])）】])[ \t]*$))"
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
_ROLES = wordlist(
    "访谈者 访谈人 访谈员 采访者 采访人 访问者 访问员 访员 提问者 受访者 受访人 受访对象 被访者 被访人 被访谈者"
    " 被访谈人 被采访者 访谈对象 回答者 主持人 主持 发言人 说话人 訪談者 訪談人 受訪者 受訪人 interviewer"
    " interviewee respondent moderator facilitator participant informant int"
)
_QUESTION = wordlist("问 提问 问题 問 提問 q question")
_ANSWER = wordlist("答 回答 a answer")
_PEOPLE = wordlist(
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
_FIELDS = wordlist(
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
class Line:
    """A visible line (or the part of one that a block of the reader cuts off)."""

    start: int
    text: str  # without the white space around it
    indent: int  # code points of white space before it
    gap: bool  # whether a blank or ruled line, or nothing, stands before it
    ruled: str  # the sign of a rule right under it: "=" or "-" makes a heading, "|" a table's header
    shape: int  # number of the heading or table block it lies in, 0 for none
    turn: int  # number of the turn block it lies in, 0 for none


@dataclass(frozen=True, slots=True)
class Label:
    """What may be a speaker at the start of a line."""

    name: str
    content: str  # the words behind the label
    rank: str  # "role", "question", "answer", "person", "post", "word" (short, no name) or "field" (no one)
    gap: bool


def speakers(lines: Sequence[Line], document: Document) -> dict[int, Label]:
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


def _label(line: Line, *, interview: bool) -> Label | None:
    post = _POST.match(line.text)
    if post:
        return Label(post["name"].strip(" ,，"), "", "post", line.gap)
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
    return Label(name, after.strip(), rank, line.gap)


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
    short = interview and len(name) <= 6 and HAS_CJK.match(name)
    if word in _PEOPLE or _NAME.fullmatch(name):
        return "person"
    return "word" if short else ""


def _accepted(labels: Sequence[Label], *, interview: bool) -> set[str]:
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
    return not content or ends(content) or width(content) >= 40


def _head_data(labels: Mapping[int, Label]) -> set[int]:
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


def ends(text: str) -> bool:
    """Whether a sentence ends with the text."""
    return _TERMINAL.search(text[-20:]) is not None


def width(text: str) -> int:
    """Columns the text takes in a terminal, a Chinese sign taking two."""
    return len(text) + len(_WIDE.findall(text))
