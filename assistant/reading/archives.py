"""Bytes of a zip-based file in; nothing out, or a ReadingError when unpacking them would be unsafe. Pure.

Checked before any library opens the file: what the entries declare, what they really inflate to (counted while
streaming, nothing kept), and that no XML part brings a document type or entities of its own.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass

from assistant.errors import ReadingError

_CHUNK = 1 << 20
_MARKUP = (".xml", ".rels", ".vml")
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
_LONGEST = max(map(len, _DECLARATIONS))
_HINT_DAMAGED = "Open it in the program it comes from and save it again."


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a zip may hold. Sizes in bytes, unpacked."""

    entries: int = 10_000
    total: int = 1_000_000_000
    markup: int = 200_000_000  # one XML part; a book of a million words takes about a tenth
    ratio: int = 200  # unpacked to packed, of the whole file; office files stay under 50 …
    ratio_counts_from: int = 20_000_000  # … unless they are small or hold one blank picture


LIMITS = Limits()


def inspect(data: bytes, limits: Limits = LIMITS) -> frozenset[str]:
    """The names inside the zip `data`. Raises ReadingError if it is damaged, encrypted or a bomb."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > limits.entries:
                raise _bomb(f"it packs {len(entries):,} files")
            _weigh(sum(entry.file_size for entry in entries), len(data), limits)
            inflated = 0
            for entry in entries:
                inflated += _inspect_entry(archive, entry, limits)
                _weigh(inflated, len(data), limits)
            return frozenset(entry.filename for entry in entries)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
        reason = f"its zip container is damaged ({type(error).__name__})"
        raise ReadingError(reason, _HINT_DAMAGED) from error


def _weigh(size: int, packed: int, limits: Limits) -> None:
    if size > limits.total or (size > limits.ratio_counts_from and size > limits.ratio * packed):
        raise _bomb(f"it packs {size / 1e6:,.0f} MB into {packed / 1e6:,.1f} MB")


def _bomb(reason: str) -> ReadingError:
    return ReadingError(f"{reason}: too much to unpack safely", "If you trust it, save it as plain text and add that.")


def _inspect_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limits: Limits) -> int:
    """Inflate one entry and return its size in bytes."""
    if entry.flag_bits & 1:
        raise ReadingError("it is protected with a password", "Save a copy without a password.")
    markup = entry.filename.lower().endswith(_MARKUP)
    limit = limits.markup if markup else limits.total
    size, tail = 0, b""
    with archive.open(entry) as stream:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise _bomb(f"its part {entry.filename} is over {limit / 1e6:,.0f} MB")
            if markup:
                # NULs off, so that UTF-16 parts are searched as well; the tail finds words cut by a chunk's end
                seen = tail + chunk.replace(b"\0", b"")
                if any(word in seen for word in _DECLARATIONS):
                    raise ReadingError(
                        f"its part {entry.filename} declares a document type or entities, which office files never do",
                        "Save it again in Word, Excel, WPS or LibreOffice, if you trust it.",
                    )
                tail = seen[-_LONGEST:]
    return size
