"""A project and a file of people's codings in, new editions of gold in the project out. All of a file or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant import aligning, codebook as books, indexing
from assistant.aligning import Aligned, Edition, NameCode, Text
from assistant.codebook_csv import fold
from assistant.errors import UsageError
from assistant.importing.foreign import Foreign, Source
from assistant.languages import detect
from assistant.model import Code, Codebook, Document, SuggestionKind
from assistant.project import Project

_SHOWN = 5  # troubles named in an error


@dataclass(frozen=True, slots=True)
class Wish:
    """How a file is to be taken over."""

    coder: str = ""  # who coded; for a file that names its coders: which of them
    codebook: str = ""  # id; the project's if empty
    open_codes: bool = False  # codes are labels of the coder's own
    blind: bool | None = None  # whether suggestions were hidden while coding; None: not said
    why: str = ""
    read_all: bool = False  # sources without any coding were read too
    leave_out: bool = False  # take over what fits, and say what does not


@dataclass(frozen=True, slots=True)
class Adopted:
    """What became of a file. `editions`: id and work, by coder; those that were there already have the id 0."""

    editions: tuple[tuple[int, Edition], ...]
    added: tuple[str, ...]  # names of documents that the file brought along
    left_out: tuple[str, ...]
    unread: tuple[str, ...]
    notes: tuple[str, ...]


def adopt(project: Project, foreign: Foreign, wish: Wish) -> Adopted:
    """Take over a file. UsageError, with nothing stored, if something does not fit and `wish.leave_out` is not set."""
    book = None if wish.open_codes else project.codebooks.in_force(wish.codebook or project.settings.codebook)
    kind: SuggestionKind = "open" if book is None else "assignment"
    coder = _coders(foreign, " ".join(wish.coder.split()))
    with project.transaction():
        added = _bring(project, foreign)
        texts, strangers = _texts(project, foreign)
        if strangers and not (wish.leave_out and texts):
            raise UsageError(
                f"{foreign.path} is about {_listed(strangers)}: not one document of the project each",
                "add what is missing with: codart add FILE … ; names, and those that stand twice: codart documents",
            )
        found = aligning.align(
            _about(_of(foreign, coder), texts),
            texts,
            kind=kind,
            coder=coder,
            code=_naming(book),
            read_all=wish.read_all,
        )
        found.troubles += [f"{name} is not one document of the project" for name in strangers]
        left_out = _complain(foreign, found, book, leave_out=wish.leave_out)
        editions = [edition for edition in found.editions.values() if edition.units]
        if not editions:
            raise UsageError(
                f"{foreign.path} holds no codings: nothing in it is coded", "docs/gold.md shows how it may look"
            )
        stored = tuple(_store(project, foreign, edition, kind, book, wish) for edition in editions)
    return Adopted(stored, added, left_out, tuple(found.unread), foreign.notes)


def _coders(foreign: Foreign, wanted: str) -> Callable[[str], str]:
    """Who the coders of a file are for us: themselves, or the one that the user names."""
    named = foreign.coders
    if not wanted:
        if not named:
            raise UsageError(f"{foreign.path} does not say who coded", 'say so with: --coder "NAME"')
        return lambda name: name or named[0]
    if len(named) > 1 and wanted not in named:
        raise UsageError(
            f"{foreign.path} holds the work of {len(named)} coders: {', '.join(named)}",
            "name one of them with --coder, or leave --coder out to take all of them",
        )
    return lambda name: wanted


def _of(foreign: Foreign, coder: Callable[[str], str]) -> Foreign:
    """The file with one coder's work only, where the user has chosen one of several."""
    chosen = coder(foreign.coders[0]) if foreign.coders else ""
    if len(foreign.coders) < 2 or coder(foreign.coders[1]) != chosen:
        return foreign
    return replace(
        foreign,
        marks=tuple(mark for mark in foreign.marks if mark.coder == chosen),
        rated=tuple(rated for rated in foreign.rated if rated.coder == chosen),
        coders=(chosen,),
    )


def _about(foreign: Foreign, texts: Mapping[str, Text]) -> Foreign:
    """What the file says about documents that the project has."""
    return replace(
        foreign,
        sources=tuple(source for source in foreign.sources if source.name in texts),
        marks=tuple(mark for mark in foreign.marks if mark.source in texts),
        rated=tuple(rated for rated in foreign.rated if rated.source in texts),
    )


def _bring(project: Project, foreign: Foreign) -> tuple[str, ...]:
    """Add the texts that the file holds and the project does not."""
    added = []
    for source, document in list(aligning.matched(foreign.sources, project.documents.all())):
        if document is None and source.text:
            project.documents.add(_document(source, foreign))
            added.append(source.name)
    return tuple(added)


def _document(source: Source, foreign: Foreign) -> Document:
    return Document(
        name=source.name,
        text=source.text,
        sha256=hashlib.sha256(source.text.encode()).hexdigest(),
        media_type="txt",
        language=detect(source.text),
        case=source.case,
        source=f"{foreign.path.as_posix()}#{source.name}",
        notes=(f"Taken from {foreign.path.name}.",),
    )


def _texts(project: Project, foreign: Foreign) -> tuple[dict[str, Text], list[str]]:
    """Our documents by the names of the file's sources, and the names that are none of ours."""
    scheme = indexing.segment_all(project)
    texts, strangers = {}, []
    for source, document in aligning.matched(foreign.sources, project.documents.all()):
        if document is None:
            strangers.append(source.name)
        else:
            texts[source.name] = Text(document, tuple(project.documents.segments(document.id, scheme)))
    return texts, strangers


def _naming(book: Codebook | None) -> NameCode:
    if book is None:
        return lambda name: name

    def known(name: str) -> str | None:
        code = books.resolve(book, name) or _by_path(book, [part.strip() for part in name.split("/")])
        return code.id if code else None

    return known


def _by_path(book: Codebook, path: Sequence[str]) -> Code | None:
    """The one code whose labels, from the top down, end in this path of two steps or more; None if none or several."""
    above = {code.id: code.parent for code in book.codes}
    names = {code.id: {fold(label) for label in (code.zh, code.en, code.id)} for code in book.codes}

    def ends_so(code: str) -> bool:
        for step in reversed(path):
            if code not in names or fold(step) not in names[code]:
                return False
            code = above[code]
        return True

    found = [code for code in book.codes if len(path) > 1 and ends_so(code.id)]
    return found[0] if len(found) == 1 else None


def _complain(foreign: Foreign, found: Aligned, book: Codebook | None, *, leave_out: bool) -> tuple[str, ...]:
    """What did not fit, if it may be left out."""
    codes = [f"no code {name!r} in {book.id if book else ''} ({count} times)" for name, count in found.unknown.items()]
    troubles = (*codes, *found.troubles)
    if troubles and not leave_out:
        more = f"\n… and {len(troubles) - _SHOWN} more" if len(troubles) > _SHOWN else ""
        listing = "\n".join(f"- {each}" for each in troubles[:_SHOWN])
        own = "; for a coder's own labels: --open" if codes else ""
        raise UsageError(
            f"{foreign.path} does not fit the project; nothing was imported:\n{listing}{more}",
            f"mend the file{own}; to import what fits, with a list of the rest: --leave-out",
        )
    return troubles


def _store(
    project: Project, foreign: Foreign, edition: Edition, kind: SuggestionKind, book: Codebook | None, wish: Wish
) -> tuple[int, Edition]:
    series = (edition.coder, kind, book.id if book else "")
    same = [g for g in project.golds.all() if (g.coder, g.kind, g.codebook) == series]
    if same and same[-1].sha256 == foreign.sha256 and same[-1].codebook_version == (book.version if book else ""):
        return 0, edition
    if book is not None:
        project.codebooks.add(book)
    key = project.golds.add(
        series,
        edition.units,
        edition.codings,
        codebook_version=book.version if book else "",
        file=foreign.path.name,
        sha256=foreign.sha256,
        blind=wish.blind,
        why=wish.why,
    )
    return key, edition


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
