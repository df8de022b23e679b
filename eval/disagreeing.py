"""What people and a run said of each unit in, where they differ out: a list to read, and codes taken for codes. Pure.

missed: a person gave the code, the run did not. added: the run gave it, no person did. confused: missed, and on the
same words the run gave another code that no person gave. boundary: both gave it, on words that hardly overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from eval.evidence import Coding, Given
from eval.joining import Codings, Joined, words
from eval.plain import Key

Kind = Literal["missed", "added", "confused", "boundary"]
Words = frozenset[int]

LEAST_OVERLAP = 0.3  # of the shorter side's words, under which two markings of a code are about different places


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One code of one unit. `other`: the code the run gave instead, only where confused."""

    key: Key
    kind: Kind
    code: str
    other: str = ""


def disagreements(joined: Joined, run: Codings) -> list[Disagreement]:
    """By unit in order, then by code."""
    order = {code: k for k, code in enumerate(joined.codes)}
    found = []
    for key in joined.answered(run):
        each = _of_unit(joined, key, run[key])
        found += sorted(each, key=lambda one: (order[one.code], one.kind, one.other))
    return found


def as_dicts(joined: Joined, run: Codings, found: Sequence[Disagreement]) -> list[dict[str, Any]]:
    """The disagreements with the words and all that was said of the unit, numbered from 1."""
    return [_as_dict(joined, run, number, one) for number, one in enumerate(found, start=1)]


def confusion(joined: Joined, run: Codings) -> dict[str, Any]:
    """Unit counts, people's codes in rows and the run's in columns, "" for none; summed over people.

    A code both gave counts on the diagonal. Of the others, each that only the person gave meets each that only the
    run gave; one that meets none stands against "".
    """
    names = [*joined.codes, ""]
    place = {code: k for k, code in enumerate(names)}
    counts = [[0] * len(names) for _ in names]
    for key in joined.answered(run):
        given = run[key].codes
        for voice in joined.voices(key):
            for code in voice & given:
                counts[place[code]][place[code]] += 1
            ours, theirs = voice - given or {""}, given - voice or {""}
            if ours != theirs or not voice | given:
                for one in ours:
                    for other in theirs:
                        counts[place[one]][place[other]] += 1
    return {"rows": names, "columns": names, "counts": counts}


def _of_unit(joined: Joined, key: Key, ours: Coding) -> list[Disagreement]:
    theirs = [person.codings[key] for person in joined.people if key in person.codings]
    length = len(joined.passage(key).text)
    given = frozenset[str]().union(*(each.codes for each in theirs))
    missed, added = sorted(given - ours.codes), sorted(ours.codes - given)
    found = []
    for code in missed:
        places = [_words(each, code, length) for each in theirs if code in each.codes]
        shared = {other: max(len(place & _words(ours, other, length)) for place in places) for other in added}
        best = max(added, key=lambda other: (shared[other], -added.index(other)), default="")
        if best and shared[best]:
            added.remove(best)
            found.append(Disagreement(key, "confused", code, best))
        else:
            found.append(Disagreement(key, "missed", code))
    found += [Disagreement(key, "added", code) for code in added]
    for code in given & ours.codes:
        others = [each for each in theirs if code in each.codes]
        if ours.marked and all(each.marked for each in others) and not _meet(ours, others, code, length):
            found.append(Disagreement(key, "boundary", code))
    return found


def _meet(ours: Coding, theirs: Sequence[Coding], code: str, length: int) -> bool:
    """Whether the run's words for the code overlap enough with those of any person."""
    own = _words(ours, code, length)
    for each in theirs:
        place = _words(each, code, length)
        shorter = min(len(own), len(place))
        if not shorter or len(own & place) >= LEAST_OVERLAP * shorter:
            return True
    return False


def _words(coding: Coding, code: str, length: int) -> Words:
    """The characters that the code stands on; all of the unit where no words were marked."""
    if not coding.marked:
        return frozenset(range(length))
    spans = [(start, end) for start, end, name in words(coding, length) if name == code]
    return frozenset(place for start, end in spans for place in range(start, end))


def _as_dict(joined: Joined, run: Codings, number: int, one: Disagreement) -> dict[str, Any]:
    passage, ours = joined.passage(one.key), run[one.key]
    length = len(passage.text)
    reason = _reason(ours, one.other or one.code)
    return {
        "id": number,
        "document": one.key[0],
        "unit": one.key[1],
        "case": passage.case,
        "language": passage.language,
        "type": one.kind,
        "code": one.code,
        "other": one.other,
        "text": passage.text,
        "people": [
            {"coder": person.name, **_said(person.codings[one.key], length)}
            for person in joined.people
            if one.key in person.codings
        ],
        "model": {
            **_said(ours, length),
            "why": reason.why if reason else "",
            "confidence": reason.confidence if reason else None,
        },
    }


def _said(coding: Coding, length: int) -> dict[str, Any]:
    spans = [{"start": start, "end": end, "code": code} for start, end, code in sorted(words(coding, length))]
    return {"codes": sorted(coding.codes), "spans": spans}


def _reason(coding: Coding, code: str) -> Given | None:
    return next((given for given in coding.given if given.code == code), None)
