"""A project and a person in, the last thing that person wrote in it taken back, what that was in words out.

Nothing is deleted: a withdrawal is a row of its own, and what the withdrawn decision or memo had replaced counts again.
Only one's own decisions and memos can be taken back.
"""

from __future__ import annotations

from assistant.errors import UsageError
from assistant.project import Project, Write

_SHOWN = 60  # code points of a quote or memo


def undoable(project: Project, coder: str) -> list[Write]:
    """What this person could take back, newest first."""
    return project.writes.standing(coder)


def undo(project: Project, coder: str, chat: int | None = None, *, why: str = "") -> str:
    """Take back the last decision or memo of this person, in one conversation or at all.

    UsageError if there is nothing to undo.
    """
    with project.transaction():
        found = undoable(project, coder)
        if chat is not None:
            here = project.chats.written(chat)
            found = [write for write in found if (write.kind, write.id) in here]
        if not found:
            when = " in this conversation" if chat is not None else ""
            raise UsageError(
                f"there is nothing of {coder} to undo{when}",
                "what else could be: codart undo --list" if chat is not None else "decide first: codart accept ID",
            )
        return _take_back(project, found[0], coder, why)


def undo_decision(project: Project, decision: int, coder: str, *, why: str = "") -> str:
    """Take back one decision (UsageError if there is none, if it is another's, or if it was taken back already)."""
    with project.transaction():
        project.decisions.withdraw(decision, coder, why)
        ruling, suggestion = project.decisions.get(decision)
        record, _ = project.codings.record(suggestion)
        return (
            f"{ruling.action} of suggestion {suggestion} taken back:"
            f" {record.code} ← {_short(record.quote)}; it is {record.state} now"
        )


def undo_memo(project: Project, memo: int, coder: str, *, why: str = "") -> str:
    """Take back one memo (UsageError if there is none, if it is another's, replaced, or was taken back already)."""
    with project.transaction():
        project.memos.withdraw(memo, coder, why)
        taken = project.memos.get(memo)
        again = f"; memo {taken.replaces} stands again" if taken.replaces else ""
        return f"memo {memo} taken back: {_short(taken.text)}{again}"


def in_words(write: Write) -> str:
    """A decision or memo on one line."""
    if write.kind == "memo":
        return f"memo {write.id}: {_short(write.words)}"
    return f"decision {write.id}: {write.action} {write.suggestion}, {write.code} ← {_short(write.words)}"


def _take_back(project: Project, write: Write, coder: str, why: str) -> str:
    if write.kind == "memo":
        return undo_memo(project, write.id, coder, why=why)
    return undo_decision(project, write.id, coder, why=why)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
