"""The commands that write: a seat and what was typed in, what is shown out.

Only these write decisions and memos, and only because a person typed them.
"""

from __future__ import annotations

from pathlib import Path

from assistant import deciding, exporting, undoing
from assistant.commanding import number_and_changes, numbers_and_reason, only_numbers
from assistant.consulting import one_line
from assistant.errors import UsageError
from assistant.model import Record
from assistant.project import About
from assistant.seating import Seat
from assistant.showing import Shown
from assistant.studying import snapshot

_MARKS = "\"“”'‘’「」『』＂ "


def accept(seat: Seat, rest: str) -> list[Shown]:
    """Accept suggestions by number; all of them or, where a number is wrong, none."""
    keys = [seat.suggestion(number) for number in only_numbers(rest)]
    done = deciding.decide(seat.project, keys, "accept", seat.person, chat=seat.chat)
    return [*(seat.tell("accepted", what=_what(seat, r)) for r in done), seat.tell("undoable")]


def reject(seat: Seat, rest: str) -> list[Shown]:
    """Reject suggestions by number, with a reason if there is one."""
    numbers, why = numbers_and_reason(rest)
    keys = [seat.suggestion(number) for number in numbers]
    done = deciding.decide(seat.project, keys, "reject", seat.person, why=why, chat=seat.chat)
    return [*(seat.tell("rejected", what=_what(seat, r)) for r in done), seat.tell("undoable")]


def edit(seat: Seat, rest: str) -> list[Shown]:
    """Accept a suggestion with changes."""
    number, changes = number_and_changes(rest)
    _, coded = deciding.edit(seat.project, seat.suggestion(number), changes, seat.person, chat=seat.chat)
    sign = f" {coded.polarity}" if coded.polarity else ""
    what = f"{coded.code}{sign} ← “{one_line(coded.quote.text, 80)}”"
    return [seat.tell("edited", what=what), seat.tell("undoable")]


def _what(seat: Seat, record: Record) -> str:
    return f"{seat.label(record)} ← “{one_line(record.quote, 80)}”"


def memo(seat: Seat, rest: str) -> list[Shown]:
    """Write down a memo of this conversation."""
    key = seat.project.memos.add(rest, seat.person, About(chat=seat.chat))
    return [seat.tell("memo", id=key)]


def undo(seat: Seat, rest: str) -> list[Shown]:
    """Take back the last decision or memo of this conversation."""
    if rest:
        raise UsageError("/undo takes back the last write and takes no argument", "an older one: codart undo --list")
    return [seat.tell("undone", what=undoing.undo(seat.project, seat.person, seat.chat))]


def export(seat: Seat, rest: str) -> list[Shown]:
    """Write an export file."""
    if not rest:
        raise UsageError("the file is not named", f"/export codes.xlsx; suffixes: {', '.join(exporting.SUFFIXES)}")
    path = Path(rest.strip(_MARKS)).expanduser()
    shown = snapshot(seat.project, whole=path.suffix.lower() in (".jsonl", ".csv"))
    exporting.write(shown, path, language=seat.project.settings.language)
    return [seat.tell("exported", count=len(shown.records), path=path)]
