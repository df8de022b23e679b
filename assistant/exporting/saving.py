"""Bytes in, a whole file out: written beside its place and then put there, so no reader ever sees half of it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from assistant.errors import UsageError


def encode(text: str) -> bytes:
    r"""UTF-8. Half a surrogate pair, which UTF-8 has no bytes for, becomes the six letters `\udXXX`, as in JSON."""
    return text.encode("utf-8", "backslashreplace")


def save(path: Path, data: bytes) -> None:
    """Put `data` at `path` in one step; a failure leaves what stood there before (UsageError)."""
    part = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(
            f"cannot write {path}: {error.strerror or error}",
            "give a path in a folder that exists, and close the file if another program has it open",
        ) from error
