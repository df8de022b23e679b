"""What a sitting knows while it lasts: its project and person, the numbers it has shown and what they stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from assistant import lexical, shelving
from assistant.errors import CodartError, ProjectError, UsageError
from assistant.exporting.jsonl import as_dict
from assistant.model import Codebook, Passage, Record
from assistant.shelving import Desk
from assistant.showing import Item, Told
from assistant.speech import Citation, Ended
from assistant.studying import labelled
from assistant.telling import Language, tell

if TYPE_CHECKING:
    from assistant.project import Project
    from assistant.streaming import Talker

Notify = Callable[[str], None]
"""Takes a sentence the person should read."""

_SHOWN = 600  # code points of a passage in a list


@dataclass(frozen=True, slots=True)
class Target:
    """What a number stands for: a suggestion or coding, or a segment, by its id."""

    kind: Literal["record", "segment"]
    id: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list that is to be shown. Without a target it gets no number."""

    target: Target | None
    head: str
    body: str = ""
    value: dict[str, Any] = field(default_factory=dict)


class Seat:
    """The state of one sitting. `model` and `base_url` name what codes passages: what is talked to, or `lexical`."""

    def __init__(
        self,
        project: Project,
        chat: int,
        *,
        talker: Talker | None,
        model: str,
        base_url: str,
        codebook: str,
        coder: str,
        notify: Notify,
    ) -> None:
        self.project = project
        self.chat = chat
        self.talker = talker
        self.model = model
        self.base_url = base_url
        self.codebook = codebook or project.settings.codebook
        self.coder = coder
        self.notify = notify
        self.language: Language = "zh" if project.settings.language == "zh" else "en"
        self.spoken = False  # whether the person has said anything, so that their language is known
        self.numbers: dict[int, Target] = {}
        self.at: tuple[int, ...] = ()  # ids of the segments that were dealt with last
        self.cited: dict[int, Citation] = {}  # the proven citations of the last answer, by their markers
        self.spent: Ended | None = None  # what the present command has used of a model
        self._open = ExitStack()
        self._desk: Desk | None = None

    @property
    def desk(self) -> Desk:
        """Where things are looked up; made when it is first needed. ModelError if the embedder cannot be had."""
        if self._desk is None:
            sources = self.project.chats.sources(self.chat)
            made = self._open.enter_context(shelving.opened(self.project, self.notify, sources))
            book = self.book
            others = (other for other in made.library.codebooks if other.id != book.id)
            self._desk = Desk(replace(made.library, codebooks=(book, *others)), sources)
        return self._desk

    @property
    def book(self) -> Codebook:
        """The codebook in force."""
        return self.project.codebooks.in_force(self.codebook)

    @property
    def person(self) -> str:
        """Who decides (UsageError if nobody is named)."""
        name = self.coder or self.project.settings.coder
        if not name:
            raise UsageError("it is not clear whose decision this is", "name yourself: coder in codart.toml")
        return name

    def close(self) -> None:
        """Let go of the index."""
        self._open.close()
        self._desk = None

    def tell(self, sentence: str, /, kind: Literal["note", "warning", "error"] = "note", **values: object) -> Told:
        """A sentence in the language that is spoken."""
        return Told(tell(self.language, sentence, **values), kind)

    def say(self, sentence: str, /, **values: object) -> str:
        """The words of a sentence in the language that is spoken."""
        return tell(self.language, sentence, **values)

    def keyless(self) -> bool:
        """Whether no language model codes passages."""
        return self.model == lexical.NAME

    def offer(self, entries: Iterable[Entry]) -> list[Item]:
        """The lines numbered from 1; what was numbered before is forgotten."""
        self.numbers = {}
        return [self._numbered(entry) for entry in entries]

    def _numbered(self, entry: Entry) -> Item:
        number = len(self.numbers) + 1 if entry.target else 0
        if entry.target:
            self.numbers[number] = entry.target
        return Item(number, entry.head, entry.body, entry.value)

    def target(self, number: int) -> Target:
        """What a number stands for (UsageError if it was not shown)."""
        found = self.numbers.get(number)
        if found is None:
            shown = f"1 to {max(self.numbers)}" if self.numbers else "none"
            raise UsageError(f"there is no number {number} here", f"numbers shown: {shown}; list anew with: /suggest")
        return found

    def suggestion(self, number: int) -> int:
        """The id of the suggestion a number stands for; of a person's coding, the one it was made of."""
        found = self.target(number)
        if found.kind != "record":
            raise UsageError(f"{number} is a passage, not a suggestion", f"ask for codes first: /suggest {number}")
        record, _ = self.project.codings.record(found.id)
        return record.suggestion or record.id

    def segment_of(self, number: int) -> int:
        """The id of the segment a number stands for, or in which its coding stands."""
        found = self.target(number)
        return found.id if found.kind == "segment" else self.project.codings.record(found.id)[1]

    def passage(self, segment: int) -> Passage:
        """A passage that may be shown to models (CodartError if it is held out or no longer in the project)."""
        passage = self.project.documents.passage(segment)
        if passage is None:
            raise CodartError("this passage stands in an older version of its document", "look for it again")
        if passage.held_out:
            raise CodartError(self.say("held_out", name=passage.document_name))
        return passage

    def label(self, record: Record) -> str:
        """A record's code as people read it, with its polarity."""
        books = {(self.book.id, record.codebook_version or ""): self.book} if record.codebook == self.book.id else {}
        named = labelled(record, books)
        name = (named.code_zh or named.code_en) if self.language == "zh" else (named.code_en or named.code_zh)
        parts = (self.say("open") if record.kind == "open" else "", record.code, name, record.polarity or "")
        return " ".join(" ".join(parts).split())

    def standing(self, record: Record) -> str:
        """Who stands behind a record, in words."""
        who = record.coder.name
        if record.coder.kind != "model":
            return self.say("gold" if record.coder.kind == "gold" else "decided_by", who=who)
        if record.state == "rejected":
            return self.say("was_rejected", why=f": {record.why}" if record.why else "")
        names = {"accepted": "was_accepted", "edited": "was_edited"}
        return self.say(names.get(record.state, "candidate"), who=who)

    def entry(self, record: Record) -> Entry:
        """A suggestion or coding as a line of a list."""
        flags = "".join(f"  ⚠ {flag}" for flag in record.flags)
        where = f"{record.document_name}#{record.segment}"
        head = f"{self.label(record)}  ·  {where}  ·  {self.standing(record)}{flags}"
        return Entry(Target("record", record.id), head, record.quote, as_dict(record))

    def passage_entry(self, passage: Passage, note: str) -> Entry:
        """A passage as a line of a list."""
        case = f" ({passage.case})" if passage.case else ""
        text = " ".join(passage.text.split())
        value = {
            "segment": passage.segment.id,
            "document": passage.segment.document,
            "document_name": passage.document_name,
            "case": passage.case,
            "place": passage.segment.number,
            "text": passage.text,
        }
        head = f"{passage.document_name}#{passage.segment.number}{case}  ·  {note}"
        body = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        return Entry(Target("segment", passage.segment.id), head, body, value)

    def keep_sources(self) -> None:
        """Store the sources that were put on the desk, under the numbers they have on it."""
        known = {source.number: source.segment for source in self.project.chats.sources(self.chat)}
        laid = [source for _, source in sorted(self.desk.sources.items())]
        fresh = [source for source in laid if source.number not in known]
        stored = self.project.chats.add_sources(self.chat, [source.segment for source in fresh])
        agreed = [s.number for s in stored] == [s.number for s in fresh]
        if not agreed or any(known.get(s.number, s.segment) != s.segment for s in laid):
            raise ProjectError(
                f"chat {self.chat} is open in another window as well, and their sources would be confused",
                f"close one of them, then: codart chat --chat {self.chat}",
            )

    def where(self, segments: Sequence[int]) -> str:
        """Where segments stand, shortly."""
        found = [self.passage(key) for key in segments[:3]]
        names = [f"{p.document_name}#{p.segment.number}" for p in found]
        return ", ".join(names) + (" …" if len(segments) > len(found) else "")
