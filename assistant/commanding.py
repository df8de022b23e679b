"""What a person typed in, the command it is with its arguments out; and the table of all commands. Pure.

A command begins with / and stands on one line, so that pasted text is never taken for one; only those that take text
of any length may run on. Chinese names and full-width marks do as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from assistant.errors import UsageError

_SLASHES = ("/", "／")
_LONG = ("/memo", "/paste", "/ask")  # may have more than one line
_MOST_NUMBERS = 200
_NUMBER = re.compile(r"\s*[,，、;；]?\s*#?(\d{1,6})(?:\s*[-–—~～至到]\s*(\d{1,6}))?(?=[\s,，、;；:：.。]|$)")
_ALL = re.compile(r"\s*(?:all|everything|\*|全部|所有|全)\s*$", re.I)
_BECAUSE = re.compile(r"^[\s,，:：;；.。]*(?:because(?:\s+of)?\b|since\b|因为|由于|理由(?:是)?)?[\s,，:：]*", re.I)
_PAIR = re.compile(r"\s*([^\W\d_]+)\s*[=＝]\s*(?:\"([^\"]*)\"|“([^”]*)”|「([^」]*)」|＂([^＂]*)＂|([^\s\"“「]\S*))")
_KEYS: Mapping[str, str] = {
    **{name: name for name in ("code", "quote", "polarity", "modality", "voice", "why")},
    **{"编码": "code", "引文": "quote", "极性": "polarity", "情态": "modality", "声音": "voice", "理由": "why"},
}
_SIGNS = {"−": "-", "–": "-", "－": "-", "＋": "+", "+-": "±", "+/-": "±", "负": "-", "正": "+"}


@dataclass(frozen=True, slots=True)
class Command:
    """Something a person can type: its name, how it is written, and what it does, in both languages."""

    name: str
    usage: str
    zh: str
    en: str
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """A command as it was typed. `chinese`: under its Chinese name."""

    command: Command
    rest: str
    chinese: bool


COMMANDS: tuple[Command, ...] = (
    Command(
        "/suggest",
        '/suggest [N | [N] | "quote" | document#segment | document]',
        "为一段（或一份资料的各段）建议开放编码和编码本编码；[N] 指上一个回答的引文 N",
        "suggest open codes and codebook codes for passages; [N] is citation N of the last answer",
        "/建议",
    ),
    Command("/accept", "/accept N [N …] (also 1-3)", "接受这些编号的建议", "accept these suggestions", "/接受"),
    Command("/reject", "/reject N [N …] [because …]", "拒绝建议，可写理由", "turn suggestions down", "/拒绝"),
    Command(
        "/edit",
        '/edit N code=… quote="…" polarity=- [modality=…] [voice=…] [why="…"]',
        "修改后接受一条建议",
        "accept a suggestion with changes",
        "/修改",
    ),
    Command(
        "/similar", "/similar [N]", "相近的段落，以及它们如何编码", "like passages and how they are coded", "/相似"
    ),
    Command("/code", "/code NAME", "用到一个编码的段落", "the passages of a code, decided and candidate", "/编码"),
    Command("/negative", "/negative NAME", "一个编码的反例", "passages against a code", "/反例"),
    Command("/codebook", "/codebook [NAME]", "编码本，或其中一个编码的规则", "the codebook, or one code", "/编码本"),
    Command(
        "/why",
        "/why N [prompt]",
        "一条建议的理由、规则、检索到的内容和提示",
        "why a suggestion was made: rationale, rules, what was retrieved, the prompt",
        "/为什么",
    ),
    Command("/memo", "/memo TEXT", "写一条备忘", "write down a memo", "/备忘"),
    Command("/undo", "/undo", "撤销自己最近的一次决定或备忘", "take back your last decision or memo", "/撤销"),
    Command("/model", "/model [NAME [URL]]", "查看或更换模型", "show or change the model", "/模型"),
    Command("/cost", "/cost", "这次对话用了多少", "what this conversation has used", "/费用"),
    Command("/export", "/export FILE", "导出 .xlsx .csv .jsonl .html .md", "write an export", "/导出"),
    Command("/sources", "/sources", "这次对话用到的段落", "the passages this conversation has used", "/来源"),
    Command("/paste", "/paste TEXT", "把文字当作粘贴的材料，而不是问题", "take a text as material", "/粘贴"),
    Command("/ask", "/ask TEXT", "把文字当作问题", "take a text as a question", "/问"),
    Command("/help", "/help [COMMAND]", "列出命令", "list the commands", "/帮助"),
)


def is_command(text: str) -> bool:
    """Whether a text begins like a command."""
    return text.lstrip().startswith(_SLASHES)


def named(name: str) -> Command | None:
    """The command of that name, with or without its slash, in either language."""
    wanted = "/" + name.strip().lstrip("/／").lower()
    return next((c for c in COMMANDS if wanted in (c.name, c.alias)), None)


def read(text: str) -> Typed:
    """The command in a text that begins with a slash (UsageError if there is none such)."""
    words = text.strip()
    name, _, rest = words.partition(" ") if " " in words.split("\n", 1)[0] else words.partition("\n")
    name, rest = name.replace("\u3000", " ").strip(), rest.strip()
    command = named(name)
    if command is None:
        # Chinese is written without blanks: /接受1 or /为什么3
        glued = re.match(r"[/／]([^\W\d_]+)(\[?\d.*)$", words, re.S)
        command = named(glued.group(1)) if glued else None
        if glued is None or command is None:
            raise UsageError(f"there is no command {name[:40]}", "see them with: /help")
        name, rest = f"/{glued.group(1)}", glued.group(2).strip()
    if "\n" in words and command.name not in _LONG:
        raise UsageError(
            f"{command.name} stands on one line; this text has several, and nothing was done",
            "to take it as material, begin it with /paste",
        )
    return Typed(command, rest, not name.isascii() and not name[1:].isascii())


def take_numbers(words: str) -> tuple[list[int], str]:
    """The numbers at the beginning ("1 3", "1-3", "1，3"), each once, and what follows them.

    UsageError if there is none, for "all", and for a range that runs backwards or is very long.
    """
    if _ALL.match(words):
        raise UsageError("all is not taken: name each number", "for example: 1 3, or 1-3")
    numbers: list[int] = []
    while match := _NUMBER.match(words):
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first or last - first + len(numbers) >= _MOST_NUMBERS:
            raise UsageError(f"{match[0].strip()} is no range of numbers here", "for example: 1-3")
        numbers += range(first, last + 1)
        words = words[match.end() :]
    if not numbers:
        raise UsageError("no number is named", "for example: 1 3")
    return list(dict.fromkeys(numbers)), words.strip()


def only_numbers(words: str) -> list[int]:
    """The numbers that a text consists of (UsageError if anything else stands there)."""
    numbers, rest = take_numbers(words)
    if rest:
        raise UsageError(f"this is no number: {rest[:40]}", "for example: 1 3")
    return numbers


def numbers_and_reason(words: str) -> tuple[list[int], str]:
    """The numbers, and the reason that follows them without the word that introduces it."""
    numbers, rest = take_numbers(words)
    return numbers, _BECAUSE.sub("", rest, count=1)


def number_and_changes(words: str) -> tuple[int, dict[str, str]]:
    """One number and what is to change about it (UsageError if that cannot be read)."""
    numbers, rest = take_numbers(words)
    if len(numbers) != 1:
        raise UsageError("one suggestion is edited at a time", "for example: /edit 1 polarity=-")
    changes: dict[str, str] = {}
    at = 0
    while match := _PAIR.match(rest, at):
        key = _KEYS.get(match[1].lower())
        if key is None or key in changes:
            raise UsageError(f"{match[1]}= is not known here, or stands twice", f"known: {', '.join(_KEYS)}")
        changes[key] = next(value for value in match.groups()[1:] if value is not None)
        at = match.end()
    if rest[at:].strip() or not changes:
        said = rest[at:].strip()[:40]
        raise UsageError(
            f"this cannot be read: {said}" if said else "what is to change is not said",
            'write key=value, with quotation marks around several words: code="open design" polarity=-',
        )
    if "polarity" in changes:
        changes["polarity"] = _SIGNS.get(changes["polarity"], changes["polarity"])
    return numbers[0], changes
