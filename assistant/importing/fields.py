"""One line of a JSONL file of codings in, its fields as checked values out. Pure; the format stands in docs/eval.md.

Every function raises ValueError with what is wrong; who reads the file says in which line.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

FORMAT = "the format of these files: docs/eval.md"
MOST = 2**40  # no text is longer; squares of lengths still fit
_Value = TypeVar("_Value")

Key = tuple[str, str]
"""A document and a unit in it; the unit is "" for the document as a whole."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A span as it is written: code points, half-open, and a code."""

    start: int
    end: int
    code: str


def object_in(text: str) -> dict[str, Any]:
    """The JSON object on a line."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.colno}") from None
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, brackets a thousand deep
        raise ValueError(f"not JSON that can be read: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"an object {{…}} is needed, not {kind_of(value)}")
    return value


def who_and_what(row: dict[str, Any]) -> tuple[str, Key]:
    """The coder, and which unit of which document the object is about."""
    coder, document = name_in(row, "coder"), id_in(row, "document")
    unit = "" if row.get("unit") is None else id_in(row, "unit")
    if "codes" not in row and "spans" not in row:
        raise ValueError('neither "codes" nor "spans"; write "codes": null for a unit that was not coded')
    return coder, (document, unit)


def named(key: Key) -> str:
    """A unit as one writes it in a sentence."""
    return f"unit {key[1]!r} of document {key[0]!r}" if key[1] else f"document {key[0]!r}"


def length_in(row: dict[str, Any]) -> tuple[int | None, str | None]:
    """The text's length in code points and the text, as far as they are given."""
    length, text = row.get("length"), row.get("text")
    if length is not None and (not _whole(length) or not 0 <= length <= MOST):
        raise ValueError(f'"length" must be a whole number of characters, not {kind_of(length)}')
    if text is not None and not isinstance(text, str):
        raise ValueError(f'"text" must be text, not {kind_of(text)}')
    if text is not None and length is not None and len(text) != length:
        raise ValueError(f'"text" has {len(text)} characters (code points), "length" says {length}')
    return (len(text) if text is not None else length), text


def list_in(row: dict[str, Any], field: str, item: Callable[[Any], _Value]) -> list[_Value] | None:
    """The items of a list; None for null or none."""
    value = row.get(field)
    if value is None:
        return None
    if not isinstance(value, list):
        raise ValueError(f'"{field}" must be a list or null, not {kind_of(value)}')
    return [item(each) for each in value]


def code_in(value: Any) -> str:
    """The name of a code."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f'each of "codes" must be the name of a code, not {kind_of(value)}')
    return clean(value)


def mark_in(value: Any) -> Mark:
    """A span with its code."""
    if not isinstance(value, dict):
        raise ValueError(f'each of "spans" must be an object, not {kind_of(value)}')
    start, end, code = value.get("start"), value.get("end"), value.get("code")
    if not isinstance(start, int) or not isinstance(end, int) or isinstance(start, bool) or isinstance(end, bool):
        raise ValueError('a span needs "start" and "end", whole numbers of characters')
    if not 0 <= start <= end <= MOST:
        raise ValueError(f"not a span: {start} to {end}")
    if not isinstance(code, str) or not code.strip():
        raise ValueError(f'"code" of a span must be the name of a code, not {kind_of(code)}')
    return Mark(start, end, clean(code))


def name_in(row: dict[str, Any], field: str) -> str:
    """The name in a field."""
    value = row.get(field)
    if value is None:
        raise ValueError(f'"{field}" is missing')
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f'"{field}" must be a name, not {kind_of(value)}')
    return clean(value)


def id_in(row: dict[str, Any], field: str) -> str:
    """The id in a field: text, or a whole number."""
    return str(row[field]) if _whole(row.get(field)) else name_in(row, field)


@lru_cache(maxsize=4096)
def clean(text: str) -> str:
    """Names are printed on terminals and hashed: no control characters, no halves of characters."""
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        raise ValueError(f"a name with control characters: {text!r}")
    return text


def kind_of(value: object) -> str:
    """What a JSON value is, shortly."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return f"the text {value[:40]!r}" if value.strip() else "an empty text"
    kinds = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return kinds[type(value)]


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
