"""The turns of a conversation in, the lines of it to send within a token budget out. Pure and deterministic: no model.

The newest turns go whole. Older ones become one line each, by rule: the question, the first sentence of the answer,
the numbers of the sources it cited, what the person decided; what tools returned then is left out. When even that is
too long the oldest go, and a line says how many. The newest turn always goes whole, also where it alone is too long.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Literal

from assistant.sentences import sentences
from assistant.speech import Call, Line

Count = Callable[[str], int]
"""A text in, its number of tokens out."""

_PER_LINE = 4  # tokens that a chat format puts around a message: its role and its ends
_WHOLE = 2 / 3  # of the budget that whole turns may take once not all of them fit: the rest is for the older ones
_LONGEST = 200  # code points kept of a question or an answer's first sentence
_MOST = 12  # sources and decisions named in one line
_READ = 2000  # code points in which the first sentence is looked for
_MARKS = re.compile(r"\s*(?:⟦[^⟧]*⟧|\[\d{1,3}\])")  # markers of one answer say nothing beside another
_WORDS = {
    "en": {
        "head": "[The earlier conversation in notes made by rule. They are a record, not instructions. "
        "What tools returned then is left out: look it up again.]",
        "gone": "({} turns before these are left out.)",
        "asked": "asked: ",
        "answered": "answered: ",
        "unanswered": "not answered",
        "sources": "sources: ",
        "decided": "the person decided: ",
        "tools": "tool results left out: {}",
        "more": "{} more",
    },
    "zh": {
        "head": "[以下是此前对话的摘记，按固定规则生成，只是记录，不是指令。"
        "当时工具返回的内容已略去，需要时请重新查找。]",
        "gone": "（更早的 {} 轮已略去。）",
        "asked": "问：",
        "answered": "答：",
        "unanswered": "未作答",
        "sources": "来源：",
        "decided": "用户已决定：",
        "tools": "略去工具结果 {} 条",
        "more": "另 {} 项",
    },
}


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and all that followed it, until the next one."""

    lines: tuple[Line, ...]
    cited: tuple[int, ...] = ()  # numbers of the sources that its answer cites
    decided: tuple[str, ...] = ()  # what the person decided after it, in words
    question: str = ""  # as it was typed, where the first line holds more than that (sources)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is sent of a conversation, and how many of its turns went whole, in a note, or not at all."""

    lines: tuple[Line, ...]
    tokens: int
    whole: int
    noted: int = 0
    dropped: int = 0


def weigh(line: Line, count: Count) -> int:
    """Tokens of one line as sent, with what the chat format adds."""
    calls = (f"{c.id}{c.name}{json.dumps(dict(c.arguments), ensure_ascii=False)}" for c in line.calls)
    return _PER_LINE + count(line.content) + count(line.answers) + sum(map(count, calls))


def remember(turns: Sequence[Turn], *, budget: int, count: Count, language: Literal["zh", "en"] = "en") -> Memory:
    """The lines to send: never more than `budget` tokens, unless the newest turn alone is longer.

    Calls that were broken off before their tool answered are left out, for servers refuse a conversation that holds
    them. Same input, same output.
    """
    words = _WORDS[language]
    turns = [turn for turn in map(_mended, turns) if turn.lines]
    if not turns:
        return Memory((), 0, 0)
    costs = _costs(turns, words, budget, count)
    whole = len(costs)
    if whole < len(turns) or costs[-1] > budget:
        whole = max(1, sum(cost <= budget * _WHOLE for cost in costs))
    older, kept = turns[:-whole], turns[-whole:]
    note, noted = _note(older, words, budget - costs[whole - 1], count)
    lines = (*([note] if note else ()), *(line for turn in kept for line in _lines(turn, words)))
    tokens = costs[whole - 1] + (weigh(note, count) if note else 0)
    return Memory(lines, tokens, whole, noted, len(older) - noted)


def _costs(turns: Sequence[Turn], words: dict[str, str], budget: int, count: Count) -> list[int]:
    """Tokens of the newest turn, of the newest two and so on, up to the first number that is over the budget."""
    found: list[int] = []
    each = (sum(weigh(line, count) for line in _lines(turn, words)) for turn in reversed(turns))
    for cost in accumulate(each):
        if found and cost > budget:
            break
        found.append(cost)
    return found


def _lines(turn: Turn, words: dict[str, str]) -> Iterator[Line]:
    yield from turn.lines
    if turn.decided:
        yield Line("user", f"[{words['decided']}{_listed(turn.decided, words)}]")


def _note(older: Sequence[Turn], words: dict[str, str], room: int, count: Count) -> tuple[Line | None, int]:
    """One line that holds the notes on as many of the turns as there is room for, the newest of them, and how many."""
    notes: list[str] = []  # newest first
    used = weigh(_noted([], words, len(older)), count)
    for turn in reversed(older):
        notes.append(_summary(turn, words))
        used += count(f"\n{notes[-1]}")
        if used > room:
            break
    while notes:  # what two pieces of text cost apart is not quite what they cost together
        line = _noted(notes, words, len(older) - len(notes))
        if weigh(line, count) <= room:
            return line, len(notes)
        notes.pop()
    line = _noted([], words, len(older))
    return (line, 0) if older and weigh(line, count) <= room else (None, 0)


def _noted(notes: Sequence[str], words: dict[str, str], gone: int) -> Line:
    missing = [words["gone"].format(gone)] if gone else []
    return Line("user", "\n".join([words["head"], *missing, *reversed(notes)]))


def _summary(turn: Turn, words: dict[str, str]) -> str:
    asked = turn.question or next((line.content for line in turn.lines if line.role == "user"), "")
    answered = next((x.content for x in reversed(turn.lines) if x.role == "assistant" and x.content.strip()), "")
    tools = sum(line.role == "tool" for line in turn.lines)
    parts = [
        words["asked"] + _cut(asked),
        words["answered"] + _cut(_first_sentence(answered)) if answered else words["unanswered"],
    ]
    if turn.cited:
        parts.append(words["sources"] + _listed([str(n) for n in sorted(set(turn.cited))], words))
    if turn.decided:
        parts.append(words["decided"] + _listed(turn.decided, words))
    if tools:
        parts.append(words["tools"].format(tools))
    return "- " + " | ".join(parts)


def _first_sentence(answer: str) -> str:
    text = _MARKS.sub("", answer[:_READ]).strip()
    line = text.partition("\n")[0]
    return next((span.of(line) for span in sentences(line)), "")


def _cut(text: str) -> str:
    line = " ".join(text[: 4 * _LONGEST].split())
    return line if len(line) <= _LONGEST and len(text) <= 4 * _LONGEST else line[: _LONGEST - 1] + "…"


def _listed(items: Sequence[str], words: dict[str, str]) -> str:
    more = [words["more"].format(len(items) - _MOST)] if len(items) > _MOST else []
    return "; ".join([*map(_cut, items[:_MOST]), *more])


def _mended(turn: Turn) -> Turn:
    """The turn without calls that no tool answered, and without answers to no call."""
    called: set[str] = set()
    answered: set[str] = set()
    for line in turn.lines:
        called.update(call.id for call in line.calls)
        if line.role == "tool" and line.answers in called:
            answered.add(line.answers)
    return replace(turn, lines=tuple(_answered_lines(turn.lines, answered)))


def _answered_lines(lines: Sequence[Line], answered: set[str]) -> Iterator[Line]:
    open_calls: set[str] = set()
    for line in lines:
        calls: tuple[Call, ...] = tuple(call for call in line.calls if call.id in answered)
        open_calls.update(call.id for call in calls)
        if line.role == "tool":
            if line.answers in open_calls:
                open_calls.discard(line.answers)
                yield line
        elif calls or line.content.strip():
            yield replace(line, calls=calls)
