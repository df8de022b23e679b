"""A `Study` in, one file out, in the format its suffix names. The only input/output is the file that is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from assistant.errors import UsageError
from assistant.exporting import delimited, jsonl, markdown, report, spreadsheet
from assistant.exporting.labels import labels
from assistant.exporting.saving import save
from assistant.model import Study

_WRITERS: dict[str, Callable[[Study, str], bytes]] = {
    ".jsonl": lambda study, _: jsonl.dump(study),
    ".csv": lambda study, _: delimited.dump(study),
    ".xlsx": spreadsheet.dump,
    ".md": markdown.dump,
    ".html": report.dump,
}
SUFFIXES: tuple[str, ...] = tuple(_WRITERS)


def write(study: Study, path: Path, *, language: str) -> None:
    """Write `study` to `path` in the format of its suffix, replacing an older file only once the new one is whole.

    `language` ("zh" or "en") is that of headings and labels; names and values in .jsonl and .csv are the same in both.
    UsageError for an unknown suffix or language, and where the file cannot be written.
    """
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        named = f"the suffix {path.suffix}" if path.suffix else "a name without a suffix"
        raise UsageError(
            f"cannot tell the export format from {named}: {path}", f"end the name in one of: {', '.join(SUFFIXES)}"
        )
    labels(language)
    save(path, writer(study, language))
