"""Bytes of a REFI-QDA project (.qdpx) in, `Foreign` out. Pure: nothing is unpacked to disk, nothing outside is opened.

The project's XML and its texts are untrusted: no document type, no entities, no network, sizes counted first.
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from assistant.errors import ReadingError
from assistant.importing.foreign import CodeNote, Foreign, Marked, Rated, Source, counted, prose, tidy, unique
from assistant.importing.selections import Stretch, place
from assistant.reading.archives import inspect
from assistant.reading.decoding import decode

_XML_LIMIT = 200_000_000  # bytes
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
_AGAIN = "Export the project again from the program it comes from."
_INTERNAL = "internal://"
_UNHELD = {  # elements that are counted in a note
    "PictureSelection": ("selection on pictures", "selections on pictures"),
    "AudioSelection": ("selection on audio", "selections on audio"),
    "VideoSelection": ("selection on video", "selections on video"),
    "TranscriptSelection": ("selection on transcripts", "selections on transcripts"),
    "PictureSource": ("picture", ""),
    "AudioSource": ("audio recording", ""),
    "VideoSource": ("video", ""),
    "Transcript": ("transcript", ""),
    "Variable": ("variable", ""),
    "Link": ("link", ""),
    "Set": ("set", ""),
    "Graph": ("graph", ""),
}


def read(path: Path, data: bytes) -> Foreign:
    """The codings of a REFI-QDA project. Raises ReadingError naming the source and selection that cannot be used."""
    inspect(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = _Files(archive)
        project = _Project(_parsed(files.project()), files)
        return Foreign.of(
            path,
            data,
            "qdpx",
            sources=project.sources,
            marks=project.marks,
            rated=project.rated(),
            codes=project.codes,
            notes=project.notes(),
        )


class _Files:
    """The entries of the zip, found by the paths that the project's XML gives."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._texts: dict[str, str] = {}
        for name in archive.namelist():
            parts = PurePosixPath(name.replace("\\", "/")).parts
            if name.startswith(("/", "\\")) or ".." in parts or any(":" in part for part in parts):
                raise ReadingError(f"its entry {name[:80]!r} points outside the file", _AGAIN)
            if parts and parts[0].lower() == "sources":
                self._texts["/".join(parts[1:]).lower()] = name

    def project(self) -> bytes:
        """The project's XML: the one .qde file at the root, whatever it is called."""
        found = [name for name in self._archive.namelist() if name.lower().endswith(".qde") and "/" not in name]
        if len(found) != 1:
            raise ReadingError(f"it holds {len(found)} .qde files at its root, not one", _AGAIN)
        if self._archive.getinfo(found[0]).file_size > _XML_LIMIT:
            raise ReadingError(f"its {found[0]} is over {_XML_LIMIT / 1e6:,.0f} MB", "Export a part of the project.")
        return self._archive.read(found[0])

    def text(self, path: str, where: str) -> str | None:
        """The text at an internal path, byte order mark off; None where the file does not carry it."""
        if not path.startswith(_INTERNAL):
            return None
        parts = PurePosixPath(path.removeprefix(_INTERNAL).replace("\\", "/")).parts
        if ".." in parts or "/" in parts:
            raise ReadingError(f"{where}: its path {path[:80]!r} points outside the file", _AGAIN)
        name = self._texts.get("/".join(parts).lower())
        return decode(self._archive.read(name)).text if name else None


def _parsed(xml: bytes) -> Any:
    from lxml import etree  # type: ignore[import-untyped]

    bare = xml.replace(b"\0", b"")  # so that UTF-16 is searched as well
    if any(word in bare for word in _DECLARATIONS):
        raise ReadingError("its XML declares a document type or entities, which projects never do", _AGAIN)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise ReadingError(f"its XML is damaged: {tidy(str(error))}", _AGAIN) from error
    if etree.QName(root).localname != "Project":
        raise ReadingError(f"its XML is a {etree.QName(root).localname}, not a Project", _AGAIN)
    return root


class _Project:
    """The walk through one project's XML."""

    def __init__(self, root: Any, files: _Files) -> None:
        self._root = root
        self._files = files
        self._users = {user.get("guid"): tidy(user.get("name") or "") for user in root.iterfind("{*}Users/{*}User")}
        self._notes = {note.get("guid"): note for note in root.iterfind("{*}Notes/{*}Note")}
        self._used_notes: set[str] = set()
        self._lost: Counter[tuple[str, str]] = Counter()
        self._said: dict[tuple[str, str], dict[str, None]] = {}
        self._units: list[str] = []  # how positions were counted, where not in UTF-16
        self._names: dict[str, str] = {}
        self._cases: dict[str, list[str]] = {}  # by the source that belongs to them
        for reference in root.iterfind("{*}Cases/{*}Case/{*}SourceRef"):
            case = _name(reference.getparent(), "case")
            self._cases.setdefault(reference.get("targetGUID"), []).append(case)
        self.codes = list(self._code_notes())
        self.sources: list[Source] = []
        self.marks: list[Marked] = []
        elements = [*root.iterfind("{*}Sources/{*}TextSource"), *root.iterfind("{*}Sources/{*}PDFSource")]
        for element, name in zip(elements, unique([_name(e, "source") for e in elements]), strict=True):
            self._add_source(element, name)
        for code in root.iterfind("{*}Sources/*/{*}Coding"):
            if code.getparent() not in elements:
                self._lost["coding of a whole picture or recording", "codings of whole pictures or recordings"] += 1

    def rated(self) -> Iterator[Rated]:
        """What was coded of sources as a whole."""
        for (source, coder), codes in self._said.items():
            yield Rated(source, "", coder, tuple(codes), None)

    def notes(self) -> Iterator[str]:
        """What the project holds beside texts, codes and codings of text."""
        for (one, many), number in self._lost.items():
            yield counted(number, one, many)
        for tag, (one, many) in _UNHELD.items():
            number = sum(1 for _ in self._root.iter("{*}" + tag))
            if number:
                yield counted(number, one, many)
        if self._notes.keys() - self._used_notes:
            yield counted(len(self._notes.keys() - self._used_notes), "note")
        yield from dict.fromkeys(self._units)

    def _code_notes(self) -> Iterator[CodeNote]:
        found = list(self._root.iterfind("{*}CodeBook/{*}Codes//{*}Code"))
        plain = Counter(_name(code, "code") for code in found)
        own = [n if plain[n := _name(code, "code")] == 1 else _path(code) for code in found]
        for code, name in zip(found, unique(own), strict=True):
            self._names[code.get("guid")] = name
            parent = self._names.get(code.getparent().get("guid"), "")
            yield CodeNote(name, self._memo(code), parent, tidy(code.get("color") or ""))

    def _memo(self, element: Any) -> str:
        """An element's description and the notes it refers to, as far as the file holds their words."""
        words = [prose(element.findtext("{*}Description"))]
        for reference in element.iterfind("{*}NoteRef"):
            note = self._notes.get(reference.get("targetGUID"))
            text = "" if note is None else prose(self._plain_text(note, "a note"))
            if text:
                self._used_notes.add(reference.get("targetGUID"))
                words.append(text)
        return "\n\n".join(filter(None, words))

    def _plain_text(self, element: Any, where: str) -> str | None:
        inline = element.findtext("{*}PlainTextContent")
        return inline if inline is not None else self._files.text(element.get("plainTextPath") or "", where)

    def _add_source(self, element: Any, name: str) -> None:
        where = f"source {name!r}"
        textual = element if element.tag.endswith("}TextSource") else element.find("{*}Representation")
        raw = None if textual is None else self._plain_text(textual, where)
        if raw is None:
            self._lost["source without text", "sources without text"] += 1
        selections = [] if textual is None else list(textual.iterfind("{*}PlainTextSelection"))
        placed = place(raw, [_stretch(selection, where) for selection in selections], where)
        cases = self._cases.get(element.get("guid"), [])
        self.sources.append(Source(name, placed.text, cases[0] if len(cases) == 1 else ""))
        if placed.units:
            self._units.append(f"positions counted in {placed.units}")
        for selection, (start, end, quote) in zip(selections, placed.spans, strict=True):
            self._add_marks(selection, name, start, end, quote)
        for selection in element.iterfind("{*}PDFSelection"):
            words = prose(selection.findtext("{*}Representation/{*}PlainTextContent"))
            self._add_marks(selection, name, None, None, words)
        for coding in (*element.iterfind("{*}Coding"), *element.iterfind("{*}Representation/{*}Coding")):
            self._said.setdefault((name, self._coder(coding)), {})[self._code(coding, where)] = None

    def _add_marks(self, selection: Any, source: str, start: int | None, end: int | None, quote: str) -> None:
        where = f"source {source!r}, selection {selection.get('guid')}"
        memo = self._memo(selection)
        codings = list(selection.iterfind("{*}Coding"))
        if not codings:
            self._lost["selection without a code", "selections without a code"] += 1
        elif start is None and not quote:
            self._lost["selection without its words", "selections without their words"] += 1
            return
        elif start is None:
            self._lost["selection known by its words only", "selections known by their words only"] += 1
        for coding in codings:
            created = tidy(coding.get("creationDateTime") or selection.get("creationDateTime") or "")
            words = "\n\n".join(filter(None, (memo, self._memo(coding))))
            code, coder = self._code(coding, where), self._coder(coding)
            self.marks.append(Marked(source, start, end, quote, code, coder, words, created=created))

    def _code(self, coding: Any, where: str) -> str:
        reference = coding.find("{*}CodeRef")
        guid = None if reference is None else reference.get("targetGUID")
        if guid not in self._names:
            raise ReadingError(f"{where}: its code {guid} is not among the project's codes", _AGAIN)
        return self._names[guid]

    def _coder(self, coding: Any) -> str:
        guid = coding.get("creatingUser") or coding.getparent().get("creatingUser")
        return self._users.get(guid, "")


def _name(element: Any, kind: str) -> str:
    return tidy(element.get("name") or "") or f"{kind} {element.get('guid')}"


def _path(code: Any) -> str:
    steps = [code, *code.iterancestors("{*}Code")]
    return "/".join(_name(step, "code") for step in reversed(steps))


def _stretch(selection: Any, where: str) -> Stretch:
    try:
        start, end = int(selection.get("startPosition") or ""), int(selection.get("endPosition") or "")
    except ValueError:
        raise ReadingError(
            f"{where}: selection {selection.get('guid')} has no whole numbers as positions", _AGAIN
        ) from None
    return Stretch(start, end, selection.get("name") or "")
