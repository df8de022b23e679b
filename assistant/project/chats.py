"""Conversations in project.db: every line with what was sent for it, its tokens and cost, sources and proofs.

Append-only. A question begins a turn; what follows belongs to it until the next. An answer that broke off is kept with
its error, so that the conversation stays whole.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant import verifying
from assistant.errors import UsageError
from assistant.model import Quote, Span, Usage
from assistant.project.database import Database, now
from assistant.project.decisions import Decisions
from assistant.remembering import Turn
from assistant.speech import Call, Citation, Ended, Line, Source, Tool


@dataclass(frozen=True, slots=True)
class Chat:
    """One conversation. `model` and `codebook` are those it began with. Times: ISO 8601, UTC."""

    id: int
    title: str  # as given, else its first question
    model: str
    codebook: str  # id; "" for none
    coder: str  # "" where nobody was named
    begun: str
    latest: str  # when its last line was stored; when it began if it has none
    turns: int


@dataclass(frozen=True, slots=True)
class ChatLine:
    """A stored line. `model`, `usage`, `cost`, `finish`, `refusal`: of the call that gave it, empty without one."""

    id: int
    chat: int
    turn: int
    line: Line
    raw: str  # a model's words as they came, a person's as they were typed, where the line's content differs
    prompt: str  # digest of what was sent for it
    model: str
    usage: Usage
    cost: float | None
    finish: str
    refusal: str
    error: str
    created: str


@dataclass(frozen=True, slots=True)
class Total:
    """What a conversation has used: answers of models, tokens, US dollars (None if unknown for any)."""

    replies: int
    usage: Usage
    cost: float | None
    known_cost: float


class Chats:
    """The conversations of one project."""

    def __init__(self, database: Database, decisions: Decisions) -> None:
        self._db = database
        self._decisions = decisions

    def begin(self, *, title: str = "", model: str = "", codebook: str = "", coder: str = "") -> int:
        """Begin a conversation; returns its id."""
        return self._db.write(
            "INSERT INTO chats (title, model, codebook, coder, begun) VALUES (?, ?, ?, ?, ?)",
            [title, model, codebook, coder, now()],
        )

    def all(self) -> list[Chat]:
        """Every conversation, the one spoken in last first."""
        return [_chat(r) for r in self._db.rows(f"{_CHATS} ORDER BY latest DESC, chats.id DESC")]

    def get(self, chat: int) -> Chat:
        """The conversation with that id (UsageError if there is none)."""
        row = self._db.row(f"{_CHATS} WHERE chats.id = ?", [chat])
        if row is None:
            raise UsageError(f"there is no chat {chat}", "see them with: codart chats")
        return _chat(row)

    def add(
        self,
        chat: int,
        line: Line,
        *,
        raw: str = "",
        prompt: str = "",
        model: str = "",
        ended: Ended | None = None,
        error: str = "",
    ) -> int:
        """Store a line at the end; returns its id. A person's line begins a new turn.

        Of an answer: `prompt` from `keep_prompt`, the `model` asked, how it `ended`, or the `error` it broke off with.
        """
        usage = ended.usage if ended else Usage()
        with self._db.transaction():
            last = self._db.row(
                "SELECT number, turn FROM chat_lines WHERE chat = ? ORDER BY number DESC LIMIT 1", [chat]
            )
            number, turn = (last["number"], last["turn"]) if last else (0, 0)
            return self._db.write(
                "INSERT INTO chat_lines (chat, number, turn, role, content, raw, calls, answers, prompt, model,"
                " input_tokens, output_tokens, cached_tokens, cost, finish, refusal, error, created)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    *(chat, number + 1, turn + (line.role == "user"), line.role, line.content, raw),
                    *(_calls(line), line.answers, prompt or None, ended.model if ended else model),
                    *(usage.input, usage.output, usage.cached, ended.cost if ended else None),
                    *(ended.finish if ended else "", ended.refusal if ended else "", error, now()),
                ],
            )

    def lines(self, chat: int) -> list[ChatLine]:
        """The lines of a conversation in order."""
        return [_line(r) for r in self._db.rows("SELECT * FROM chat_lines WHERE chat = ? ORDER BY number", [chat])]

    def turns(self, chat: int) -> tuple[Turn, ...]:
        """A conversation by its turns, each with the sources its answer cites and what was decided after it."""
        cited: dict[int, list[int]] = {}
        for r in self._db.rows(
            "SELECT turn, source FROM chat_citations JOIN chat_lines ON chat_lines.id = chat_citations.line"
            " WHERE chat = ? AND start IS NOT NULL ORDER BY chat_lines.number, place",
            [chat],
        ):
            cited.setdefault(r["turn"], []).append(r["source"])
        decided = self._decided(chat)
        lines: dict[int, list[Line]] = {}
        typed: dict[int, str] = {}
        for stored in self.lines(chat):
            lines.setdefault(stored.turn, []).append(stored.line)
            if stored.line.role == "user":
                typed[stored.turn] = stored.raw
        return tuple(
            Turn(
                tuple(found),
                tuple(dict.fromkeys(cited.get(turn, ()))),
                tuple(decided.get(turn, ())),
                typed.get(turn, ""),
            )
            for turn, found in lines.items()
        )

    def _decided(self, chat: int) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for r in self._db.rows(
            "SELECT turn, chat_decisions.decision, coalesce(c.code, s.code) AS code FROM chat_decisions"
            " JOIN decisions d ON d.id = chat_decisions.decision JOIN codings s ON s.id = d.suggestion"
            " LEFT JOIN codings c ON c.id = d.coding WHERE chat = ? ORDER BY chat_decisions.decision",
            [chat],
        ):
            ruling, suggestion = self._decisions.get(r["decision"])
            back = ", taken back" if ruling.withdrawn else ""
            found.setdefault(r["turn"], []).append(f"{ruling.action} {suggestion} {r['code']}{back}")
        return found

    def add_decision(self, chat: int, decision: int) -> None:
        """Note that a decision was taken in this conversation, in its present turn."""
        self._db.write(
            "INSERT INTO chat_decisions (decision, chat, turn)"
            " SELECT ?1, ?2, coalesce(max(turn), 0) FROM chat_lines WHERE chat = ?2",
            [decision, chat],
        )

    def written(self, chat: int) -> set[tuple[str, int]]:
        """What was written in this conversation: ("decision", id) and ("memo", id)."""
        rows = self._db.rows(
            "SELECT 'decision' AS kind, decision AS id FROM chat_decisions WHERE chat = ?1"
            " UNION ALL SELECT 'memo', id FROM memos WHERE chat = ?1",
            [chat],
        )
        return {(r["kind"], r["id"]) for r in rows}

    def keep_prompt(self, lines: Sequence[Line], tools: Sequence[Tool]) -> str:
        """Store what is sent to a model, each line once however often it is sent; returns its digest."""
        with self._db.transaction():
            digests = [self._text(line.role, _as_json(line)) for line in lines]
            held = self._text("tools", _dumped([[t.name, t.description, dict(t.parameters)] for t in tools]))
            digest = hashlib.sha256("\n".join([*digests, held]).encode()).hexdigest()
            self._db.write(
                "INSERT INTO chat_prompts (digest, lines, tools) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [digest, json.dumps(digests), held],
            )
        return digest

    def _text(self, role: str, content: str) -> str:
        digest = hashlib.sha256(f"chat\n{role}\n{content}".encode()).hexdigest()
        self._db.write(
            "INSERT INTO messages (digest, role, content) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [digest, role, content],
        )
        return digest

    def prompt(self, digest: str) -> tuple[tuple[Line, ...], tuple[Tool, ...]]:
        """The lines and tools as they were sent; KeyError if there are none."""
        row = self._db.row("SELECT * FROM chat_prompts WHERE digest = ?", [digest])
        if row is None:
            raise KeyError(digest)
        texts = [self._stored(key) for key in [*json.loads(row["lines"]), row["tools"]]]
        return tuple(map(_from_json, texts[:-1])), tuple(Tool(*tool) for tool in json.loads(texts[-1]))

    def _stored(self, digest: str) -> str:
        row = self._db.row("SELECT content FROM messages WHERE digest = ?", [digest])
        if row is None:
            raise KeyError(digest)
        return str(row["content"])

    def add_sources(self, chat: int, segments: Iterable[int]) -> list[Source]:
        """The segments as sources of a conversation: each keeps the number it had, new ones get the next."""
        wanted = list(dict.fromkeys(segments))
        with self._db.transaction():
            for segment in wanted:
                self._db.write(
                    "INSERT INTO chat_sources (chat, number, segment) SELECT ?1, coalesce(max(number), 0) + 1, ?2"
                    " FROM chat_sources WHERE chat = ?1 ON CONFLICT (chat, segment) DO NOTHING",
                    [chat, segment],
                )
            found = {source.segment: source for source in self.sources(chat)}
        return [found[segment] for segment in wanted]

    def sources(self, chat: int) -> list[Source]:
        """The sources of a conversation by their number."""
        return [
            Source(r["number"], r["id"], r["document"], r["name"], r["case"], r["place"], r["words"])
            for r in self._db.rows(
                'SELECT chat_sources.number, segments.id, segments.document, documents.name, documents."case",'
                " segments.number AS place,"
                " substr(documents.text, segments.start + 1, segments.end - segments.start) AS words"
                " FROM chat_sources JOIN segments ON segments.id = chat_sources.segment"
                " JOIN documents ON documents.id = segments.document WHERE chat = ? ORDER BY chat_sources.number",
                [chat],
            )
        ]

    def add_citations(self, line: int, citations: Sequence[Citation]) -> None:
        """Store the markers of an answer with their proofs, or why they failed."""
        self._db.write_many(
            "INSERT INTO chat_citations (line, place, number, source, words, start, end, status, flags, why)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *(line, place, c.number, c.source.number if c.source else None, c.words),
                    *((c.quote.span.start, c.quote.span.end, c.quote.status) if c.quote else (None, None, None)),
                    *(json.dumps(c.quote.flags if c.quote else []), c.why),
                )
                for place, c in enumerate(citations, start=1)
            ],
        )

    def citations(self, line: int) -> list[Citation]:
        """The markers of an answer in their order."""
        row = self._db.row("SELECT chat FROM chat_lines WHERE id = ?", [line])
        sources = {source.number: source for source in self.sources(row["chat"])} if row else {}
        return [
            Citation(r["number"], sources.get(r["source"]), r["words"], _quote(r), r["why"])
            for r in self._db.rows(
                "SELECT chat_citations.*,"
                " substr(documents.text, chat_citations.start + 1, chat_citations.end - chat_citations.start) AS quoted"
                " FROM chat_citations JOIN chat_lines ON chat_lines.id = chat_citations.line"
                " LEFT JOIN chat_sources ON chat_sources.chat = chat_lines.chat"
                " AND chat_sources.number = chat_citations.source"
                " LEFT JOIN segments ON segments.id = chat_sources.segment"
                " LEFT JOIN documents ON documents.id = segments.document WHERE line = ? ORDER BY place",
                [line],
            )
        ]

    def total(self, chat: int) -> Total:
        """What a conversation has used so far."""
        row = self._db.row(
            "SELECT count(*) AS replies, sum(input_tokens) AS input, sum(output_tokens) AS output,"
            " sum(cached_tokens) AS cached, coalesce(sum(cost), 0.0) AS cost, count(*) - count(cost) AS unpriced"
            " FROM chat_lines WHERE chat = ? AND model <> ''",
            [chat],
        )
        assert row is not None  # noqa: S101 - an aggregate always has a row
        usage = Usage(row["input"], row["output"], row["cached"])
        return Total(row["replies"], usage, None if row["unpriced"] else row["cost"], row["cost"])


_CHATS = """
    SELECT chats.id, CASE WHEN chats.title <> '' THEN chats.title ELSE coalesce(
               (SELECT CASE WHEN raw <> '' THEN raw ELSE content END FROM chat_lines
                WHERE chat = chats.id AND role = 'user' ORDER BY number LIMIT 1), '') END AS title,
           chats.model, chats.codebook, chats.coder, chats.begun,
           coalesce((SELECT created FROM chat_lines WHERE chat = chats.id ORDER BY number DESC LIMIT 1), chats.begun)
               AS latest,
           (SELECT coalesce(max(turn), 0) FROM chat_lines WHERE chat = chats.id) AS turns
    FROM chats
"""


def _chat(row: sqlite3.Row) -> Chat:
    return Chat(**dict(row))


def _line(row: sqlite3.Row) -> ChatLine:
    return ChatLine(
        id=row["id"],
        chat=row["chat"],
        turn=row["turn"],
        line=Line(row["role"], row["content"], _called(json.loads(row["calls"])), row["answers"]),
        raw=row["raw"],
        prompt=row["prompt"] or "",
        model=row["model"],
        usage=Usage(row["input_tokens"], row["output_tokens"], row["cached_tokens"]),
        cost=row["cost"],
        finish=row["finish"],
        refusal=row["refusal"],
        error=row["error"],
        created=row["created"],
    )


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _calls(line: Line) -> str:
    return _dumped([[c.id, c.name, dict(c.arguments), c.problem] for c in line.calls])


def _called(calls: Iterable[Sequence[object]]) -> tuple[Call, ...]:
    return tuple(Call(*call) for call in calls)  # type: ignore[arg-type]


def _as_json(line: Line) -> str:
    return _dumped([line.role, line.content, json.loads(_calls(line)), line.answers])


def _from_json(text: str) -> Line:
    role, content, calls, answers = json.loads(text)
    return Line(role, content, _called(calls), answers)


def _quote(row: sqlite3.Row) -> Quote | None:
    if row["start"] is None:
        return None
    span = Span(row["start"], row["end"])
    return verifying.stored(span, row["quoted"], row["status"], json.loads(row["flags"]))
