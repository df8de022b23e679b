"""Prompts as sent and replies as they came, in project.db: content-addressed, priced, never paid for twice."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from assistant.model import Message, Prompt, Reply, SentPrompt, SuggestionKind, Usage
from assistant.project.database import Database, now

_SCHEMA = "schema"  # the role under which a reply schema stands among the messages


class Replies:
    """The prompts and replies of one project. The caller holds the transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, prompt: Prompt, reply: Reply, *, run: int, key: str = "", batch: int | None = None) -> int:
        """Store a reply with its prompt; returns its id. A reply that is stored already (`reply.id`) is left as it is.

        `key` is under what the same work will find it again; "" for a reply that must not be used again.
        """
        if reply.id:
            return reply.id
        self.add_prompt(prompt)
        return self._db.write(
            "INSERT INTO replies (prompt, model, text, finish, refusal, input_tokens, output_tokens, cached_tokens,"
            ' created, run, batch, "key", cost) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
            [
                prompt.digest,
                reply.model,
                reply.text,
                reply.finish,
                reply.refusal,
                reply.usage.input,
                reply.usage.output,
                reply.usage.cached,
                now(),
                run,
                batch,
                key,
                reply.cost,
            ],
        )

    def add_prompt(self, prompt: Prompt) -> None:
        """Store a prompt under its digest, unless it is there."""
        if self._db.row("SELECT 1 FROM prompts WHERE digest = ?", [prompt.digest]):
            return
        digests = [self._text(message.role, message.content) for message in prompt.messages]
        schema = self._text(_SCHEMA, json.dumps(prompt.schema, ensure_ascii=False, sort_keys=True))
        self._db.write(
            "INSERT INTO prompts (digest, messages, template, language, tokens, tokens_estimated, trimmed, schema)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                prompt.digest,
                json.dumps(digests),
                prompt.template,
                prompt.language,
                prompt.tokens,
                int(prompt.tokens_estimated),
                json.dumps(prompt.trimmed, ensure_ascii=False),
                schema,
            ],
        )

    def _text(self, role: str, content: str) -> str:
        """Store a message once, for it is often the same for every unit of a run; returns its digest."""
        digest = hashlib.sha256(f"{role}\n{content}".encode()).hexdigest()
        self._db.write(
            "INSERT INTO messages (digest, role, content) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [digest, role, content],
        )
        return digest

    def recall(self, key: str) -> Reply | None:
        """A reply that was paid for under this key, or None."""
        row = self._db.row('SELECT * FROM replies WHERE "key" = ? AND "key" <> \'\' ORDER BY id DESC LIMIT 1', [key])
        if row is None:
            return None
        usage = Usage(row["input_tokens"], row["output_tokens"], row["cached_tokens"])
        return Reply(row["text"], row["model"], usage, row["finish"], row["refusal"], row["cost"], row["id"])

    def sent(self, run: int, segment: int) -> SentPrompt | None:
        """The prompt as it was sent for a unit; None if nothing was answered yet."""
        row = self._db.row(
            "SELECT prompts.* FROM units JOIN replies ON replies.id = units.reply"
            " JOIN prompts ON prompts.digest = replies.prompt WHERE units.run = ? AND segment = ?",
            [run, segment],
        )
        if row is None:
            return None
        return SentPrompt(
            messages=self._messages(row["messages"]),
            tokens=row["tokens"],
            tokens_estimated=bool(row["tokens_estimated"]),
            trimmed=tuple(json.loads(row["trimmed"])),
        )

    def prompt(self, digest: str, *, kind: SuggestionKind, segments: tuple[int, ...]) -> Prompt:
        """A stored prompt as it was before it was sent, without the words of `texts`; KeyError if there is none."""
        row = self._db.row("SELECT * FROM prompts WHERE digest = ?", [digest])
        if row is None:
            raise KeyError(digest)
        schema = self._db.row("SELECT content FROM messages WHERE digest = ?", [row["schema"]])
        return Prompt(
            messages=self._messages(row["messages"]),
            digest=digest,
            kind=kind,
            language=row["language"],
            template=row["template"],
            segments=segments,
            schema=json.loads(schema["content"]) if schema else {},
            tokens=row["tokens"],
            tokens_estimated=bool(row["tokens_estimated"]),
            trimmed=tuple(json.loads(row["trimmed"])),
        )

    def _messages(self, digests: str) -> tuple[Message, ...]:
        found = [self._db.row("SELECT role, content FROM messages WHERE digest = ?", [d]) for d in json.loads(digests)]
        return tuple(Message(m["role"], m["content"]) for m in found if m)

    def spent(self, run: int) -> dict[str, Any]:
        """What a run has paid for: replies, tokens (input, output, cached) and cost, None if it is unknown for any."""
        row = self._db.row(
            "SELECT count(*) AS replies, sum(input_tokens) AS input, sum(output_tokens) AS output,"
            " sum(cached_tokens) AS cached, coalesce(sum(cost), 0.0) AS cost, count(*) - count(cost) AS unpriced"
            " FROM replies WHERE run = ?",
            [run],
        )
        assert row is not None  # noqa: S101 - an aggregate always has a row
        charged = self._db.row("SELECT coalesce(sum(cost), 0.0) FROM charges WHERE run = ?", [run])
        return {
            "replies": row["replies"],
            "usage": Usage(row["input"], row["output"], row["cached"]),
            "cost": None if row["unpriced"] else row["cost"],
            "known_cost": row["cost"],
            "possible_cost": float(charged[0]) if charged else 0.0,
        }

    def begin_charges(self, run: int) -> int:
        """A new account of what a session of a run may have been billed beside the replies it stored; its id."""
        return self._db.write("INSERT INTO charges (run, cost, updated) VALUES (?, 0.0, ?)", [run, now()])

    def charge(self, account: int, cost: float) -> None:
        """Set such an account: US dollars that calls under way, or broken off, may have cost."""
        self._db.write("UPDATE charges SET cost = ?, updated = ? WHERE id = ?", [cost, now(), account])

    def typical_output(self, model: str) -> tuple[int, float]:
        """How many replies of a model report their length, and how many tokens they have on average."""
        row = self._db.row(
            "SELECT count(output_tokens), coalesce(avg(output_tokens), 0.0) FROM replies"
            " JOIN runs ON runs.id = replies.run WHERE runs.model = ?",
            [model],
        )
        return (int(row[0]), float(row[1])) if row else (0, 0.0)
