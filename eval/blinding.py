"""The inductive part of a report in, a blind rating sheet with its key out; ratings in, rates out. Pure, seeded.

A code that no person gave is no error. Whether it is worth having, people say who do not know which codes on the sheet
come from the machine and which from people: the people's own codes, rated in the same way, are what to hold it to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np

from assistant.errors import UsageError
from eval.labelling import fold
from eval.uncertainty import wilson

SCHEMA = "codart.eval.novel/1"
WORDS = ("valid_new", "valid_redundant", "too_broad", "unsupported")
ORIGINS = ("machine", "people")
FIRST_ROW = 2  # of a spreadsheet whose first row names the columns
_QUOTES = 3
_DIGITS = 9

Row = dict[str, Any]
_Drawn = tuple[str, str, Mapping[str, Any]]  # origin, coder, code


def novel_sheet(part: Mapping[str, Any], machine: str, k: int, seed: int) -> tuple[list[Row], dict[str, Any]]:
    """Up to `k` of the machine's novel codes among up to `k` of the people's, in random order, and the key to them.

    `part`: what `eval.inducing.induce` returned. A row has id, label, up to three quotes and an empty rating; nothing
    in it says where the code comes from, so keep the key from the raters. Labels of people that fold to a label
    already on the sheet are passed over. Raises UsageError for an unknown machine, one without novel codes, or k < 1.
    """
    if k < 1:
        raise UsageError(f"A sheet of {k} codes cannot be drawn.", "Ask for at least one.")
    names = [coder["name"] for coder in part["coders"] if coder["kind"] == "machine"]
    if machine not in names:
        raise UsageError(f"The report has no run called {machine!r}.", f"It has: {', '.join(names) or 'none'}.")
    draw = np.random.default_rng([seed, crc32(machine.encode())])
    novel = _novel(part, machine)
    if not novel:
        raise UsageError(f"{machine} has no novel codes: nothing to rate.", "Raise tau, or rate another run.")
    drawn = _some(novel, k, draw)
    drawn += _some(_own(part, {fold(code["label"]) for _, _, code in drawn}), k, draw)
    shuffled = [drawn[place] for place in draw.permutation(len(drawn))]
    ids = [f"c{number:0{len(str(len(drawn)))}}" for number in range(1, len(drawn) + 1)]
    rows = [
        {"id": id, "label": code["label"], "quotes": [q["text"] for q in code["quotes"][:_QUOTES]], "rating": ""}
        for id, (_, _, code) in zip(ids, shuffled, strict=True)
    ]
    codes = {
        id: {"origin": origin, "coder": coder, "label": code["label"]}
        for id, (origin, coder, code) in zip(ids, shuffled, strict=True)
    }
    return rows, {"schema": SCHEMA, "machine": machine, "seed": seed, "codes": codes}


def read_ratings(rows: Sequence[Mapping[str, Any]], key: Mapping[str, Any]) -> dict[str, Any]:
    """How often each rating was given to codes of the machine and of people, as shares of those rated.

    `rows`: id and rating; an empty rating is not rated and counts as nothing else, so does a code without a row. Rows
    without id and rating are passed over. Intervals are Wilson's, 95 %. Raises UsageError with the row's number
    (counted as in a spreadsheet, the first row of values being 2) for another word, an unknown id or one that stands
    twice, and for a key that is none.
    """
    codes = _codes(key)
    ratings: dict[str, str] = {}
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, start=FIRST_ROW):
        id, rating = _cell(row, "id"), _cell(row, "rating").casefold()
        if not id and not rating:
            continue
        _check(number, id, rating, codes, seen)
        seen[id] = number
        if rating:
            ratings[id] = rating
    return {
        "machine": key.get("machine", ""),
        "seed": key.get("seed"),
        "words": list(WORDS),
        "origins": {
            origin: _rates([ratings.get(id) for id, code in codes.items() if code["origin"] == origin])
            for origin in ORIGINS
        },
    }


def _novel(part: Mapping[str, Any], machine: str) -> list[_Drawn]:
    own = next(coder for coder in part["coders"] if (coder["kind"], coder["name"]) == ("machine", machine))
    novel = set(own["novel"])
    return [("machine", machine, code) for code in own["codes"] if code["label"] in novel]


def _own(part: Mapping[str, Any], taken: set[str]) -> list[_Drawn]:
    """The people's codes, each label once."""
    found: dict[str, _Drawn] = {}
    for coder in part["coders"]:
        for code in coder["codes"] if coder["kind"] == "person" else ():
            found.setdefault(fold(code["label"]), ("people", coder["name"], code))
    return [each for label, each in found.items() if label not in taken]


def _some(codes: Sequence[_Drawn], k: int, draw: np.random.Generator) -> list[_Drawn]:
    return [codes[place] for place in draw.choice(len(codes), min(k, len(codes)), replace=False)] if codes else []


def _codes(key: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    codes = key.get("codes")
    if not isinstance(codes, Mapping) or key.get("schema") != SCHEMA:
        raise UsageError("This is not the key of a rating sheet.", "Name the key that was written with the sheet.")
    if not all(isinstance(code, Mapping) and code.get("origin") in ORIGINS for code in codes.values()):
        raise UsageError("The key does not say where each code comes from.", "Name the key as it was written.")
    return dict(codes)


def _cell(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value).strip()


def _check(number: int, id: str, rating: str, codes: Mapping[str, Any], seen: Mapping[str, int]) -> None:
    if id not in codes:
        raise UsageError(f"Row {number}: no code of this sheet is called {id!r}.", "Leave the column id as it was.")
    if id in seen:
        raise UsageError(f"Row {number}: {id} stands twice, first in row {seen[id]}.", "Give each code one row.")
    if rating and rating not in WORDS:
        raise UsageError(
            f"Row {number} ({id}): {rating!r} is not a rating.", f"Write {', '.join(WORDS)}, or nothing if not rated."
        )


def _rates(ratings: Sequence[str | None]) -> dict[str, Any]:
    rated = [rating for rating in ratings if rating is not None]
    return {
        "codes": len(ratings),
        "rated": len(rated),
        "not_rated": len(ratings) - len(rated),
        "rates": {word: _rate(rated.count(word), len(rated)) for word in WORDS},
        "status": "ok" if rated else "undefined:not_rated",
    }


def _rate(count: int, rated: int) -> dict[str, Any]:
    if not rated:
        return {"count": 0, "share": None, "low": None, "high": None}
    low, high = wilson(count, rated)
    return {
        "count": count,
        "share": round(count / rated, _DIGITS),
        "low": round(low, _DIGITS),
        "high": round(high, _DIGITS),
    }
