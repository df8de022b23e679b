"""The commands that only look: a seat and what was typed in, what is shown out. They write nothing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from assistant import codebook as books, prompting
from assistant.codebook import wording
from assistant.codebook_csv import fold as fold_name
from assistant.commanding import COMMANDS, named, only_numbers, take_numbers
from assistant.errors import UsageError
from assistant.exporting.layering import decided, open_suggestion
from assistant.folding import fold
from assistant.model import Code, Codebook, Passage, Record, SentPrompt, SuggestionKind
from assistant.negating import negators
from assistant.parsing import joint_schema, reply_schema
from assistant.seating import Seat, Target
from assistant.showing import Item, Shown, Told

_LIKE = 6  # passages
_AGAINST = 5  # passages found by their words
_LOOKED_AT = 40  # hits among which those are chosen
_MOST = 40  # codings in one list
_SHOWN_CODINGS = 4  # of one passage
_OPENED = re.compile(r"«DATA (\S+)( segment \d+)?»")


def similar(seat: Seat, rest: str) -> list[Shown]:
    """Passages like one, and how they are coded."""
    key = _passage_at(seat, rest)
    passage = seat.passage(key)
    found = [p for p in _hits(seat, passage.text, _LIKE + 1) if p.segment.id != key][:_LIKE]
    seat.at = (key,)
    if not found:
        return [seat.tell("none_like")]
    records = seat.desk.library.shown_records()
    entries = [seat.passage_entry(p, coded(seat, p, records)) for p in found]
    return [seat.tell("like", where=seat.where((key,))), *seat.offer(entries)]


def _passage_at(seat: Seat, rest: str) -> int:
    if rest:
        numbers = only_numbers(rest)
        if len(numbers) > 1:
            raise UsageError("one passage is looked at, at a time", "/similar 1")
        return seat.segment_of(numbers[0])
    if not seat.at:
        raise UsageError("it is not clear which passage is meant", "name its number: /similar 1")
    return seat.at[0]


def _hits(seat: Seat, words: str, most: int) -> list[Passage]:
    library = seat.desk.library
    allowed = [key for document in library.documents.values() for key in document.ids]
    found = (library.passage(key) for key in library.search(words, most, allowed)) if allowed else ()
    return [passage for passage in found if passage is not None]


def coded(seat: Seat, passage: Passage, records: Sequence[Record]) -> str:
    """How a passage is coded, in words: people's decisions before suggestions."""
    here = [r for r in records if seat.desk.library.segment_of(r) == passage.segment.id]
    people = [r for r in here if r.coder.kind != "model" and decided(r)]
    shown = [*people, *(r for r in here if open_suggestion(r))][:_SHOWN_CODINGS]
    return "; ".join(f"{seat.label(r)} ({seat.standing(r)})" for r in shown) or seat.say("uncoded")


def code(seat: Seat, rest: str) -> list[Shown]:
    """The passages of a code and its sub-codes: decided, then candidates."""
    name, records = _named(seat, rest)
    people = [r for r in records if r.coder.kind != "model" and decided(r)]
    candidates = [r for r in records if open_suggestion(r)]
    if not people and not candidates:
        return [seat.tell("nothing_coded", name=name)]
    told = seat.tell("code_counts", name=name, decided=len(people), suggested=len(candidates))
    return [told, *seat.offer(map(seat.entry, [*people, *candidates][:_MOST]))]


def negative(seat: Seat, rest: str) -> list[Shown]:
    """Passages against a code: negative or rejected codings, then uncoded passages near it that hold a negation."""
    name, records = _named(seat, rest)
    against = [r for r in records if _against(r)]
    book = seat.book
    found = books.resolve(book, rest)
    words = " ".join((found.zh, found.en, *found.cues_zh, *found.cues_en, *found.exclude)) if found else rest
    carrying = {seat.desk.library.segment_of(r) for r in records}
    hits = [p for p in _hits(seat, words, _LOOKED_AT) if p.segment.id not in carrying and negators(fold(p.text).text)][
        :_AGAINST
    ]
    told = seat.tell("negative_counts", name=name, found=len(against), hits=len(hits))
    entries = [*map(seat.entry, against[:_MOST]), *(seat.passage_entry(p, seat.say("found")) for p in hits)]
    return [told, *seat.offer(entries)]


def _against(record: Record) -> bool:
    if record.coder.kind == "model" and record.state == "rejected":
        return True
    standing = open_suggestion(record) if record.coder.kind == "model" else decided(record)
    return record.polarity in ("-", "±") and standing


def _named(seat: Seat, name: str) -> tuple[str, list[Record]]:
    """What a code's name means, and its records (UsageError if there is no such code)."""
    if not name:
        raise UsageError("which code is not said", "/code dart.access")
    records = seat.desk.library.shown_records()
    for book in seat.desk.library.codebooks:
        found = books.resolve(book, name)
        if found:
            mine = [r for r in records if r.codebook == book.id and _within(r.code, found.id)]
            return _title(found, seat), mine
    mine = [r for r in records if r.kind == "open" and fold_name(r.code) == fold_name(name)]
    if not mine:
        raise UsageError(f"there is no code {name!r} here", f"nearest: {_nearest(seat, name)}; all: /codebook")
    return mine[0].code, mine


def _within(code: str, above: str) -> bool:
    return code == above or code.startswith(f"{above}.")


def _nearest(seat: Seat, name: str) -> str:
    return ", ".join(difflib.get_close_matches(name, code_names(seat), n=3, cutoff=0.4)) or "-"


def code_names(seat: Seat) -> list[str]:
    """The names under which codes are known: of the codebook in force, then open codes."""
    book = seat.book
    names = [name for one in book.codes for name in (one.id, one.zh, one.en) if name]
    labels = [r.code for r in seat.project.codings.records() if r.kind == "open"]
    return list(dict.fromkeys([*names, *labels]))


def _title(code: Code, seat: Seat) -> str:
    names = (code.zh, code.en) if seat.language == "zh" else (code.en, code.zh)
    return f"{code.id} {' / '.join(name for name in names if name)}"


def codebook(seat: Seat, rest: str) -> list[Shown]:
    """The codes of the codebook in force or another, or the rules of one code."""
    book = seat.book
    other = next((b for b in seat.project.codebooks.all() if b.id == rest), None)
    found = books.resolve(book, rest) if rest else None
    if found:
        return [Item(0, _title(found, seat), "\n".join(_rules(seat, found)), {"code": found.id})]
    if rest and rest != book.id:
        if other is None:
            raise UsageError(f"there is no code or codebook {rest!r} here", f"nearest: {_nearest(seat, rest)}")
        book = other
    return [Told(f"{book.id}  {book.zh} / {book.en}"), *(_row(seat, one) for one in book.codes)]


def _row(seat: Seat, code: Code) -> Item:
    return Item(0, _title(code, seat), _definition(seat, code), {"code": code.id})


def _definition(seat: Seat, code: Code) -> str:
    pair = (code.definition_zh, code.definition)
    return (pair[0] or pair[1]) if seat.language == "zh" else (pair[1] or pair[0])


def _rules(seat: Seat, code: Code) -> list[str]:
    def joined(rules: Iterable[str]) -> str:
        return "; ".join(wording(rule, seat.language) for rule in rules)

    lines = [seat.say("why_definition", words=_definition(seat, code))]
    lines += [seat.say("why_include", words=joined(code.include))] if code.include else []
    lines += [seat.say("why_exclude", words=joined(code.exclude))] if code.exclude else []
    return lines


def why(seat: Seat, rest: str) -> list[Shown]:
    """Why a suggestion was made: its rationale, the code's rules, what was shown beside it; or its whole prompt."""
    numbers, more = take_numbers(rest)
    if len(numbers) != 1 or more.lower() not in ("", "prompt", "提示"):
        raise UsageError("one suggestion is explained at a time", "/why 3, or /why 3 prompt")
    record, segment = seat.project.codings.record(seat.suggestion(numbers[0]))
    sent = seat.project.replies.sent(record.run or 0, segment)
    if more:
        if sent is None:
            return [seat.tell("why_no_prompt")]
        return [Item(0, f"--- {m.role} ---", m.content, {"role": m.role, "content": m.content}) for m in sent.messages]
    entry = seat.entry(record)
    shown: list[Shown] = [Item(numbers[0], entry.head, entry.body, entry.value)]
    shown += [seat.tell("why_rationale", words=record.rationale)] if record.rationale else []
    book = _book_of(seat, record)
    found = book.code(record.code) if book else None
    shown += map(Told, _rules(seat, found)) if found else ()
    for check in record.checks:
        reason = f": {check.why}" if check.why else ""
        shown.append(seat.tell("why_check", model=check.model, supported=check.supported, why=reason))
    for verdict in record.decisions:
        reason = f": {verdict.why}" if verdict.why else ""
        when = verdict.created[:16]
        shown.append(seat.tell("why_decision", action=verdict.action, who=verdict.coder, when=when, why=reason))
    return [*shown, *_prompt(seat, record, sent, numbers[0])]


def _book_of(seat: Seat, record: Record) -> Codebook | None:
    if not record.codebook:
        return None
    return seat.project.codebooks.version(record.codebook, record.codebook_version or "")


def _prompt(seat: Seat, record: Record, sent: SentPrompt | None, number: int) -> list[Told]:
    if sent is None:
        return [seat.tell("why_no_prompt")]
    beside = shown_beside(sent)
    digest = _digest(seat, record, sent)
    told = [seat.tell("why_shown", words="; ".join(beside)) if beside else seat.tell("why_alone")]
    told += map(Told, sent.trimmed)
    digest = f", sha256 {digest}" if digest else ""
    return [*told, seat.tell("why_prompt", tokens=sent.tokens, digest=digest, number=number)]


def shown_beside(sent: SentPrompt) -> list[str]:
    """The headings of what a prompt showed beside the passage to code: examples, like passages, neighbours, labels.

    Whatever stands between a fence and its end is a document's and is passed over.
    """
    found: list[str] = []
    last, closing = "", ""
    for line in sent.messages[1].content.splitlines() if len(sent.messages) > 1 else ():
        opened = _OPENED.fullmatch(line)
        if closing:
            closing = "" if line == closing else closing
        elif opened:
            closing = f"«END {opened[1]}»"
            found += [last] if not opened[2] else []
        elif line.startswith(("Labels so far", "已有编码")):
            found.append(line)
        last = line if line.strip() else last
    return found


def _digest(seat: Seat, record: Record, sent: SentPrompt) -> str:
    """The digest under which the prompt is stored; "" if it cannot be told."""
    book = _book_of(seat, record)
    kind: SuggestionKind = record.kind
    ids = [code.id for code in book.codes] if book else None
    schemas = [reply_schema(kind, code_ids=ids, attributes=book.attributes if book else ())]
    schemas += [joint_schema(ids, book.attributes)] if book and ids else []
    for schema in schemas:
        digest = prompting.digest(sent.messages, schema)
        try:
            seat.project.replies.prompt(digest, kind=kind, segments=(record.segment,))
        except KeyError:
            continue
        return digest
    return ""


def cost(seat: Seat, rest: str) -> list[Shown]:
    """What the conversation has used."""
    total = seat.project.chats.total(seat.chat)
    unknown = "?"
    said: list[Shown] = [
        seat.tell(
            "cost",
            replies=total.replies,
            input=unknown if total.usage.input is None else total.usage.input,
            output=unknown if total.usage.output is None else total.usage.output,
            money=total.cost,
        )
    ]
    return said + ([seat.tell("cost_partly", money=total.known_cost)] if total.cost is None else [])


def sources(seat: Seat, rest: str) -> list[Shown]:
    """The passages that were put before the model in this conversation, under the numbers it knows them by."""
    found = seat.project.chats.sources(seat.chat)
    if not found:
        return [seat.tell("no_sources")]
    seat.numbers = {source.number: Target("segment", source.segment) for source in found}
    return [
        Item(
            source.number,
            f"{source.document_name}#{source.place}{f' ({source.case})' if source.case else ''}",
            " ".join(source.text.split()),
            {"segment": source.segment, "document": source.document, "place": source.place},
        )
        for source in found
    ]


def help_(seat: Seat, rest: str) -> list[Shown]:
    """The commands, or one of them."""
    only = named(rest) if rest else None
    if rest and only is None:
        raise UsageError(f"there is no command {rest}", "see them with: /help")
    return [
        Item(0, f"{c.usage}  {c.alias}", c.zh if seat.language == "zh" else c.en, {"command": c.name})
        for c in ([only] if only else COMMANDS)
    ]
