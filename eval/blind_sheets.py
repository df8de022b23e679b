"""The blind rating sheet as a CSV file with its key beside it: rows in and out. Writes and reads files, no more."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.errors import ReadingError
from assistant.exporting.delimited import neutral
from assistant.exporting.saving import save

_COLUMNS = ("id", "label", "quotes", "rating")


def key_of(sheet: Path) -> Path:
    """Where the key to a sheet lies: beside it, for those who do not rate."""
    return sheet.with_name(f"{sheet.stem}.key.json")


def write(sheet: Path, rows: Sequence[Mapping[str, Any]], key: Mapping[str, Any]) -> None:
    """Write the sheet and its key."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for row in rows:
        writer.writerow([row["id"], neutral(row["label"]), neutral("\n".join(row["quotes"])), ""])
    save(sheet, out.getvalue().encode("utf-8-sig"))
    save(key_of(sheet), json.dumps(key, ensure_ascii=False, indent=2).encode())


def read_rows(sheet: Path) -> list[dict[str, str]]:
    """The rows of a sheet that was filled in. ReadingError if it is none."""
    try:
        with sheet.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReadingError(f"{sheet} cannot be read: {error}", "save it as CSV in UTF-8") from None
    if not rows or not {"id", "rating"} <= set(rows[0]):
        raise ReadingError(f"{sheet} has no columns id and rating", "give back the sheet that codart eval novel wrote")
    return [{name: value or "" for name, value in row.items() if name} for row in rows]


def read_key(sheet: Path) -> dict[str, Any]:
    """The key to a sheet. ReadingError if it does not lie beside it."""
    try:
        found = json.loads(key_of(sheet).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReadingError(
            f"{key_of(sheet)} cannot be read: {error}", "put the key that came with the sheet beside it"
        ) from None
    if not isinstance(found, dict):
        raise ReadingError(f"{key_of(sheet)} is no key", "put the key that came with the sheet beside it")
    return found
