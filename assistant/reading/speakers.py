"""The words that name a speaker's role, and the kind of a document guessed from its text. Pure."""

from __future__ import annotations

import re
from collections import Counter

from assistant.model import DocumentKind

ROLE = re.compile(
    r"(?:受访者|被访者|访谈者|采访者|访问者|访谈人|采访人|受访人|被访人|主持人|研究者|记者|嘉宾|问|答|笔者|經理|经理|顾客|客户|用户"
    r"|(?i:interviewer|interviewee|respondent|participant|moderator|facilitator|researcher|host|speaker|informant)"
    r"|Q|A|I|R|M|P)[ \t]*[A-Za-z]?[ \t]*\d{0,3}"
)
_LABEL = re.compile(
    r"^[ \t\u3000]*(?:\*\*|\[)?([^\W\d_][^:：,，.。!?！？|\n]{0,29}?)(?:\*\*|\])?[ \t]*(?:：|:(?=\s|\*))", re.M
)
_FLOOR = re.compile(r"^[ \t\u3000]*(?:第?[ \t]*\d{1,5}[ \t]*(?:楼|樓|#)|#\d{1,5}\b|楼主|樓主|沙发|板凳)", re.M)
_TURNS = 3
_FLOORS = 3
_ARTICLE = 400  # characters other than white space
_TABLES = ("csv", "xlsx")
_SUBTITLES = ("vtt", "srt")


def guess(media_type: str, text: str) -> tuple[DocumentKind, str]:
    """The kind of a document, and the reason as a note. Deterministic; a person's own word always comes first.

    Interview: three lines begin with a role ("受访者：", "Interviewer:"), or six with names of which two come back.
    Forum: three lines begin with a floor ("3楼", "#12"). Article: 400 characters or more. Else other.
    """
    if media_type in _SUBTITLES:
        return "subtitles", ""
    if media_type in _TABLES:
        return "table", ""
    labels = [match.strip() for match in _LABEL.findall(text)]
    roles = sum(1 for label in labels if ROLE.fullmatch(label))
    recurring = sum(1 for count in Counter(labels).values() if count >= _TURNS)
    if roles >= _TURNS or recurring >= 2:
        return "interview", f"Kind guessed: interview ({len(labels)} lines begin with a speaker)."
    floors = len(_FLOOR.findall(text))
    if floors >= _FLOORS:
        return "forum", f"Kind guessed: forum ({floors} numbered posts)."
    if len("".join(text.split())) >= _ARTICLE:
        return "article", "Kind guessed: article."
    return "other", ""
