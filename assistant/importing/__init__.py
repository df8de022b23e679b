"""A file of human codings from any tool in, one neutral `Foreign` value out. Reads one file, knows no project.

What the file is, its content says; its extension is only a second opinion. Whatever goes wrong ends as one
`ReadingError` that names the file and the place in it, and nothing is half read.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

from assistant.errors import ReadingError
from assistant.importing import comments, jsonl, qdpx, sheets, taguette
from assistant.importing.foreign import (
    CodeNote as CodeNote,
    Foreign as Foreign,
    Marked as Marked,
    Rated as Rated,
    Source as Source,
)
from assistant.reading.archives import inspect

_FILE_LIMIT = 500_000_000  # bytes
_KNOWN = "Readable are JSONL, CSV and Excel files, REFI-QDA projects (.qdpx), Taguette projects and Word comments."
_DAMAGED = "It may be damaged: export it again from the program it comes from."
_SQLITE = b"SQLite format 3\0"
_BOM = b"\xef\xbb\xbf"
_TABLES = frozenset({".csv", ".tsv", ".txt", ""})

_Reader = Callable[[Path, bytes], Foreign]


def read(path: Path) -> Foreign:
    """The codings in the file at `path`. Raises ReadingError, and nothing else, for a file that holds none."""
    try:
        data = _bytes(path)
        reader = _reader(data, path.suffix.lower())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # parsers' remarks would go to the user's terminal
            return reader(path, data)
    except ReadingError as error:
        raise ReadingError(f"{path}: {error.message}", error.hint) from error
    except Exception as error:  # parsers of foreign formats fail in every way there is
        raise ReadingError(f"{path}: it could not be read ({type(error).__name__})", _DAMAGED) from error


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise ReadingError("it is a folder or no ordinary file", "Name the file with the codings.")
        if size > _FILE_LIMIT:
            reason = f"it has {size / 1e6:,.0f} MB; the limit is {_FILE_LIMIT / 1e6:,.0f} MB"
            raise ReadingError(reason, "Export a part of it.")
        data = path.read_bytes()
    except OSError as error:
        raise ReadingError(f"it cannot be opened ({error.strerror or error})", "Check the path.") from error
    if not data.strip():
        raise ReadingError("it is empty", "Check whether it was saved or copied completely.")
    return data


def _reader(data: bytes, extension: str) -> _Reader:
    if data.startswith(_SQLITE):
        return taguette.read
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_reader(data)
    start = data.removeprefix(_BOM).lstrip()[:1]
    if start == b"{" or extension in (".jsonl", ".ndjson"):
        return jsonl.read
    if start == b"<":
        raise ReadingError("it is an XML or HTML file", f"Export a whole project (.qdpx). {_KNOWN}")
    if extension in _TABLES:
        return sheets.read_csv
    raise ReadingError(f"{extension} files of this content are not known", _KNOWN)


def _zip_reader(data: bytes) -> _Reader:
    names = inspect(data)
    if any(name.lower().endswith(".qde") for name in names):
        return qdpx.read
    if any(name.startswith("word/") for name in names):
        return comments.read
    if any(name.startswith("xl/") for name in names):
        return sheets.read_xlsx
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        first = next(iter(archive.namelist()), "nothing")
    raise ReadingError(f"it is a zip file that holds {first[:80]!r}, but no codings", _KNOWN)
