"""Disagreements and coefficients of a run in, what to mend first out: definitions, prompt, confusions. Pure.

A code on which the people themselves disagree needs a better definition; one on which only the run does, a better
prompt. Documents are listed from the worst, since one odd document can make all of a disagreement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from eval.differing import jaccard
from eval.disagreeing import Disagreement
from eval.joining import Codings, Joined
from eval.plain import Key
from eval.ratings import Codes

LOW = 0.667  # Krippendorff's line for tentative conclusions (2004, p. 241)
LEAST_CONFUSED = 2  # units from which a pair of codes is worth a look


@dataclass(frozen=True, slots=True)
class Mend:
    """`units` on which it went wrong; `human` and `model`: kappa among people and of the run beside them."""

    code: str
    problem: Literal["definition", "prompt", "confusion"]
    other: str
    human: float | None
    model: float | None
    units: int


@dataclass(frozen=True, slots=True)
class Document:
    """Mean Jaccard index of run and people, and of people among themselves (None: nobody coded beside another)."""

    document: str
    case: str
    units: int
    agreement: float
    human: float | None


def mend(
    joined: Joined,
    found: Sequence[Disagreement],
    human: Mapping[str, float | None],
    model: Mapping[str, float | None],
) -> list[Mend]:
    """The most costly first. `human`, `model`: kappa by code; a code at 0.667 or more, or without value, is left."""
    wrong = Counter(one.code for one in found if one.kind != "boundary")
    wrong.update(one.other for one in found if one.kind == "confused")
    split = Counter(code for key in joined.keys for code in _split(joined.voices(key)))
    every = []
    for code in joined.codes:
        theirs, ours = human.get(code), model.get(code)
        if theirs is not None and theirs < LOW and split[code]:
            every.append(Mend(code, "definition", "", theirs, ours, split[code]))
        elif ours is not None and ours < LOW and wrong[code]:
            every.append(Mend(code, "prompt", "", theirs, ours, wrong[code]))
    pairs = Counter((one.code, one.other) for one in found if one.kind == "confused")
    every += [
        Mend(code, "confusion", other, human.get(code), model.get(code), units)
        for (code, other), units in pairs.items()
        if units >= LEAST_CONFUSED
    ]
    order = {code: k for k, code in enumerate(joined.codes)}
    return sorted(every, key=lambda each: (-each.units, each.problem, order[each.code], each.other))


def documents(joined: Joined, run: Codings) -> list[Document]:
    """Documents with a unit that the run and a person coded, the worst agreement first."""
    held: dict[str, list[Key]] = {}
    for key in joined.answered(run):
        held.setdefault(key[0], []).append(key)
    found = []
    for name, keys in held.items():
        ours = [jaccard(voice, run[key].codes) for key in keys for voice in joined.voices(key)]
        theirs = [jaccard(one, other) for key in keys for one, other in combinations(joined.voices(key), 2)]
        mean = sum(theirs) / len(theirs) if theirs else None
        found.append(Document(name, joined.passage(keys[0]).case, len(keys), sum(ours) / len(ours), mean))
    return sorted(found, key=lambda each: (each.agreement, each.document))


def _split(voices: Sequence[Codes]) -> Codes:
    """The codes that some of the people gave and others did not."""
    if not voices:
        return Codes()
    return frozenset[str]().union(*voices) - voices[0].intersection(*voices)
