"""A `Study` in, comma-separated text out: the columns of the JSON Lines export, flattened for spreadsheets. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from typing import Any

from assistant.exporting.jsonl import as_dict
from assistant.exporting.saving import encode
from assistant.model import Record, Study

COLUMNS: tuple[str, ...] = (
    *("id", "kind", "document", "document_name", "sha256", "case", "segment", "start", "end"),
    *("quote", "quote_status", "flags", "code", "code_zh", "code_en", "polarity", "modality", "voice"),
    *("codebook", "codebook_version", "coder_kind", "coder_name", "run", "state"),
    *("rationale", "confidence", "suggestion", "why", "created", "decisions", "checks"),
)
# What a spreadsheet may take for a formula, also behind white space; the full-width signs count in East Asian locales.
_FORMULA = re.compile(r"[\s']*[=+\-@＝＋－＠]|'*[\t\r\n]")
# A closed list, and a lone sign is no formula: `−` (U+2212) reads better than `-` and cannot begin one.
_POLARITY = {"+": "+", "-": "−", "±": "±"}


def neutral(text: str) -> str:
    """`text` that no spreadsheet runs: an apostrophe before what could begin a formula. `original` undoes it."""
    return f"'{text}" if _FORMULA.match(text) else text


def original(cell: str) -> str:
    """The text `neutral` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def row(record: Record) -> list[str]:
    """One record as cells, in the order of `COLUMNS`; what is not known is an empty cell."""
    values: dict[str, Any] = as_dict(record)
    coder = values.pop("coder")
    values |= {"coder_kind": coder["kind"], "coder_name": coder["name"], "flags": " ".join(record.flags)}
    values["decisions"] = "; ".join(map(_decision, values["decisions"]))
    values["checks"] = "; ".join(f"{check.run}: {check.supported}" for check in record.checks)
    polarity = _POLARITY.get(record.polarity or "")
    return [polarity if c == "polarity" and polarity else _cell(values[c]) for c in COLUMNS]


def _decision(verdict: Mapping[str, Any]) -> str:
    back = " (withdrawn)" if verdict.get("withdrawn") else ""
    return f"{verdict['coder']}: {verdict['action']}{back}"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return neutral(value) if isinstance(value, str) else str(value)


def dump(study: Study) -> bytes:
    """UTF-8 with BOM, so that Excel opens Chinese as Chinese; lines end in CRLF (RFC 4180), the head line included."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(row(r) for r in study.records)
    return b"\xef\xbb\xbf" + encode(out.getvalue())
