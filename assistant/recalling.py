"""A stored conversation in, its questions and answers and the numbers it last showed out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from assistant.citing import Answer, Citing, Piece, Unsupported, gather
from assistant.project import ChatLine, Project
from assistant.seating import Target
from assistant.speech import Citation, Source, Words
from assistant.telling import Language, tell

COMMAND = "command"  # what a command's line "answers": no call of a model, so none is ever shown it


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the numbers last shown stand for, the segments dealt with last, the last answer's proven citations."""

    targets: dict[int, Target] = field(default_factory=dict)
    at: tuple[int, ...] = ()
    cited: dict[int, Citation] = field(default_factory=dict)


def as_json(text: str, numbers: dict[int, Target], at: tuple[int, ...]) -> str:
    """A command as its line keeps it, with the numbers as they stand after it."""
    kept = {str(number): [target.kind, target.id] for number, target in numbers.items()}
    return json.dumps({"command": text, "numbers": kept, "at": at}, ensure_ascii=False)


def numbers(project: Project, chat: int) -> Numbers:
    """The numbers as a conversation left them."""
    lines = project.chats.lines(chat)
    commands = [x.line.content for x in lines if x.line.answers == COMMAND]
    said = json.loads(commands[-1]) if commands else {"numbers": {}, "at": []}
    targets = {int(number): Target(kind, key) for number, (kind, key) in said["numbers"].items()}
    last = max((x.turn for x in lines), default=0)
    cited = {
        c.number: c
        for x in lines
        if x.turn == last and x.line.role == "assistant"
        for c in project.chats.citations(x.id)
        if c.quote
    }
    return Numbers(targets, tuple(said["at"]), cited)


def history(project: Project, chat: int, language: Language) -> list[tuple[str, Answer]]:
    """Each question as it was typed, with its answer; one that broke off says so at its end."""
    sources = {source.number: source for source in project.chats.sources(chat)}
    turns: dict[int, list[ChatLine]] = {}
    for line in project.chats.lines(chat):
        if line.turn:
            turns.setdefault(line.turn, []).append(line)
    return [
        (lines[0].raw or lines[0].line.content, gather(_pieces(project, lines, sources, language)))
        for lines in turns.values()
    ]


def _pieces(project: Project, lines: list[ChatLine], sources: dict[int, Source], language: Language) -> Iterator[Piece]:
    def begins(source: Source) -> int:
        return project.documents.segment(source.segment).span.start

    reading = Citing(sources, begins)  # one for all rounds of an answer, as when it was given
    for line in lines:
        if line.line.role != "assistant":
            continue
        if line.prompt:
            yield from reading.feed(line.raw or line.line.content)
            yield from reading.finish()
        elif line.raw:
            yield from _own(line, {c.number: c for c in project.chats.citations(line.id)})
        if line.error:
            yield Words(f" {tell(language, 'interrupted')}")


def _own(line: ChatLine, citations: dict[int, Citation]) -> Iterator[Piece]:
    """The pieces of an answer that codart wrote itself."""
    for place, paragraph in enumerate(json.loads(line.raw)):
        if place:
            yield Words("\n\n")
        for piece in paragraph:
            if "citation" in piece:
                yield citations[piece["citation"]]
            else:
                yield Words(piece["text"]) if "text" in piece else Unsupported()
