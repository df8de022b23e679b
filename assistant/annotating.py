"""What a person types a memo is about in (`KIND:NAME`), the thing in the project that it names out."""

from __future__ import annotations

from assistant import codebook as books
from assistant.errors import UsageError
from assistant.project import About, Project
from assistant.segmenting import scheme

KINDS = ("document:ID or NAME", "segment:DOCUMENT#NUMBER", "code:NAME", "suggestion:ID", "chat:ID")


def about(project: Project, words: str) -> About:
    """The thing a memo is about: "" for none, else as in `KINDS` (UsageError if there is no such thing)."""
    if not words.strip():
        return About()
    kind, _, name = (part.strip() for part in words.partition(":"))
    if kind == "document" and name:
        return About(document=project.documents.find(name).id)
    if kind == "segment" and name:
        return _segment(project, name)
    if kind == "code" and name:
        return About(code=_code(project, name))
    if kind == "suggestion":
        return About(suggestion=project.codings.record(_number(words, name))[0].id)
    if kind == "chat":
        return About(chat=project.chats.get(_number(words, name)).id)
    raise _unclear(words)


def in_words(subject: About, document_name: str = "", place: int | None = None) -> str:
    """What a memo is about, on one line; "" for nothing in particular."""
    parts = []
    if subject.document is not None:
        parts.append(f"{document_name} ({subject.document}{f'#{place}' if place is not None else ''})")
    parts += [subject.code] if subject.code else []
    parts += [f"suggestion {subject.suggestion}"] if subject.suggestion is not None else []
    parts += [f"chat {subject.chat}"] if subject.chat is not None else []
    return ", ".join(parts)


def _segment(project: Project, name: str) -> About:
    document, mark, number = name.rpartition("#")
    if not mark or not document:
        raise _unclear(f"segment:{name}")
    key, wanted = project.documents.find(document).id, _number(f"segment:{name}", number)
    segments = project.documents.segments(key, scheme(project.settings.segment_size))
    found = next((segment for segment in segments if segment.number == wanted), None)
    if found is None:
        raise UsageError(f"document {key} has no segment {wanted}", f"see them with: codart documents show {key}")
    return About(document=key, segment=found.id)


def _code(project: Project, name: str) -> str:
    """A code's id in the project's codebook or another it has used, or a label that somebody gave."""
    for book in (project.codebooks.in_force(project.settings.codebook), *project.codebooks.all()):
        code = books.resolve(book, name)
        if code is not None:
            return code.id
    if not project.codings.has_code(name):
        raise UsageError(
            f"there is no code {name!r} here", "see codes with: codart codebook show, codart suggestions list"
        )
    return name


def _number(words: str, name: str) -> int:
    if not (name.isascii() and name.isdecimal()):
        raise _unclear(words)
    return int(name)


def _unclear(words: str) -> UsageError:
    return UsageError(f"it is not clear what {words!r} names", f"write one of: {', '.join(KINDS)}")
