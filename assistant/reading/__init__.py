"""A file in, a `Document` with canonical text out; the only package that knows source formats. Reads one file.

Whatever goes wrong ends as one `ReadingError` that names the file and what helps. The same bytes under the same name
always give the same document.
"""

from __future__ import annotations

import hashlib
import unicodedata
import warnings
from collections.abc import Callable
from pathlib import Path

from assistant.errors import ReadingError
from assistant.languages import detect
from assistant.model import Document, DocumentKind
from assistant.reading import html, pdf, plain, sniffing, subtitles, tables, word
from assistant.reading.composing import Content
from assistant.reading.speakers import guess

_FILE_LIMIT = 200_000_000  # bytes
_FORMATS: dict[str, tuple[str, Callable[[bytes, str], Content]]] = {
    ".txt": ("txt", plain.compose),
    ".text": ("txt", plain.compose),
    ".md": ("md", plain.compose),
    ".markdown": ("md", plain.compose),
    ".html": ("html", html.compose),
    ".htm": ("html", html.compose),
    ".xhtml": ("html", html.compose),
    ".docx": ("docx", word.compose),
    ".pdf": ("pdf", pdf.compose),
    ".vtt": ("vtt", subtitles.compose),
    ".srt": ("srt", subtitles.compose),
    ".csv": ("csv", tables.compose_csv),
    ".tsv": ("csv", tables.compose_csv),
    ".xlsx": ("xlsx", tables.compose_xlsx),
}
SUPPORTED = tuple(_FORMATS)  # lower-case extensions with their dot


def read(path: Path, *, kind: DocumentKind | None = None, case: str = "") -> Document:
    """The document in the file at `path`. `kind` is guessed when not given; `case` is passed on.

    Raises ReadingError, and nothing else, for a file that cannot become a document.
    """
    try:
        extension = _extension(path)
        data = _bytes(path)
        sniffing.check(data, extension)
        content = _compose(data, extension)
    except ReadingError as error:
        raise ReadingError(f"{path.name or path}: {error.message}.", error.hint) from error
    media_type = _FORMATS[extension][0]
    guessed, reason = guess(media_type, content.text)
    return Document(
        name=unicodedata.normalize("NFC", path.name),
        text=content.text,
        sha256=hashlib.sha256(data).hexdigest(),
        media_type=media_type,
        language=detect(content.text),
        kind=kind or guessed,
        case=case,
        source=path.as_posix(),
        encoding=content.encoding,
        blocks=content.blocks,
        notes=content.notes if kind or not reason else (*content.notes, reason),
    )


def _extension(path: Path) -> str:
    try:
        if path.is_dir():
            raise ReadingError("it is a folder, not a file", "Add the files inside one by one.")
        if not path.exists():
            raise ReadingError("there is no such file", "Check the path; put it in quotes if it holds spaces.")
        if not path.is_file():
            raise ReadingError("it is not an ordinary file", "Save its content to a file first.")
    except (OSError, ValueError) as error:
        raise ReadingError(f"its path cannot be used ({type(error).__name__})", "Check the path.") from error
    extension = path.suffix.lower()
    if extension not in _FORMATS:
        reason = f"{extension} files cannot be read" if extension else "it has no extension, so its format is unknown"
        hint = (
            sniffing.way_out(extension) or "Readable are txt, md, html, docx, pdf, vtt, srt, csv, tsv and xlsx files."
        )
        raise ReadingError(reason, hint)
    return extension


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > _FILE_LIMIT:
            reason = f"it has {size / 1e6:,.0f} MB; the limit is {_FILE_LIMIT / 1e6:,.0f} MB"
            raise ReadingError(reason, "Split it, or save only its text.")
        data = path.read_bytes()
    except OSError as error:
        raise ReadingError(f"it cannot be opened ({error.strerror})", "Check that you may read it.") from error
    if not data:
        raise ReadingError("it is empty", "Check whether it was saved or copied completely.")
    return data


def _compose(data: bytes, extension: str) -> Content:
    media_type, compose = _FORMATS[extension]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # parsers' remarks would go to the user's terminal
            content = compose(data, extension)
    except ReadingError:
        raise
    except Exception as error:  # parsers of foreign formats fail in every way there is
        reason = f"it could not be read as {media_type} ({type(error).__name__})"
        hint = "It may be damaged: open it in the program it comes from and save it again."
        raise ReadingError(reason, hint) from error
    if not any(character.isprintable() and not character.isspace() for character in content.text):
        raise ReadingError("it holds no words", "Check whether it was saved or copied completely.")
    return content
