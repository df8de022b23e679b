"""What several runs said of the same segments in, how far they differ out. Pure.

The figures describe how stable a model's answers are from run to run. They are no reliability coefficients: nothing is
taken off for agreement by chance, and runs of one model are not independent coders. Agreement coefficients are the
evaluation harness's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import fsum

from assistant.errors import UsageError
from assistant.model import UnitState

Given = tuple[str, str | None]  # a code and its polarity
_ANSWERED: tuple[UnitState, ...] = ("coded", "none")


@dataclass(frozen=True, slots=True)
class UnitCodes:
    """What one run said of one segment."""

    state: UnitState
    codes: frozenset[Given] = frozenset()


@dataclass(frozen=True, slots=True)
class Coded:
    """What one run said, by segment id."""

    run: int
    units: Mapping[int, UnitCodes]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two runs side by side, over the segments that are compared."""

    first: int
    second: int
    n: int  # segments
    identical: float | None  # share of them with the same set of codes
    jaccard: float | None  # mean over them


@dataclass(frozen=True, slots=True)
class CodeSupport:
    """How steadily one code is given."""

    code: str
    polarity: str | None
    support: tuple[int, ...]  # at k - 1: segments to which just k runs give it
    stability: float  # mean share of the runs that give it, over segments to which any does


@dataclass(frozen=True, slots=True)
class Difference:
    """A segment on which the runs differ, with what each said, in the order of `Comparison.runs`."""

    segment: int
    said: tuple[tuple[Given, ...], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How runs of the same segments differ. Shares are 0..1, or None where no segment is left to compare.

    Only segments that every run has answered are compared: one that failed, was refused or is pending in any run says
    nothing about agreement, and is never read as "no code".
    """

    runs: tuple[int, ...]  # ascending
    asked_by_all: int  # segments
    asked_by_some: int  # but not by all
    left_out: tuple[int, ...]  # ids of segments asked by all, but not answered in every run
    left_out_for: dict[UnitState, int]  # of those: how many are in that state in at least one run
    compared: int
    identical: float | None  # share of compared segments with the same set of codes in every run
    jaccard: float | None  # mean over pairs of runs and segments; two empty sets count as 1
    pairs: tuple[Pair, ...]
    support: tuple[int, ...]  # at k - 1: (segment, code) that just k runs give
    codes: tuple[CodeSupport, ...]  # the least steady first
    differences: tuple[Difference, ...]  # by segment id


def compare(runs: Sequence[Coded]) -> Comparison:
    """How `runs` differ; their order does not matter.

    The Jaccard index of two sets of codes is the size of what they share over the size of what they have together
    (Jaccard 1901); a code with another polarity is another code. UsageError: fewer than two runs, the same run twice,
    or no segment that all of them were asked about.
    """
    ordered = sorted(runs, key=lambda coded: coded.run)
    common, some = _asked(ordered)
    answered = [s for s in common if all(coded.units[s].state in _ANSWERED for coded in ordered)]
    left_out = sorted(set(common) - set(answered))
    sets = {s: tuple(coded.units[s].codes for coded in ordered) for s in answered}
    pairs = _pairs([coded.run for coded in ordered], list(sets.values()))
    support, codes = _supports(list(sets.values()), len(ordered))
    differing = {s: said for s, said in sets.items() if len(set(said)) > 1}
    return Comparison(
        runs=tuple(coded.run for coded in ordered),
        asked_by_all=len(common),
        asked_by_some=some,
        left_out=tuple(left_out),
        left_out_for=_reasons(ordered, left_out),
        compared=len(sets),
        identical=_share(len(sets) - len(differing), len(sets)),
        jaccard=_mean([pair.jaccard for pair in pairs if pair.jaccard is not None]),
        pairs=pairs,
        support=support,
        codes=codes,
        differences=tuple(
            Difference(s, tuple(tuple(sorted(given, key=_by_name)) for given in said)) for s, said in differing.items()
        ),
    )


def _asked(runs: Sequence[Coded]) -> tuple[list[int], int]:
    """Segments asked by all, ascending, and how many were asked by some runs only."""
    if len(runs) < 2:
        raise UsageError("Comparing takes at least two runs.", "name two or more runs of the same segments")
    for earlier, later in pairwise(runs):
        if earlier.run == later.run:
            raise UsageError(f"Run {later.run} is named twice.", "name each run once")
    asked = [set(coded.units) for coded in runs]
    common = set.intersection(*asked)
    if not common:
        named = ", ".join(str(coded.run) for coded in runs)
        raise UsageError(f"Runs {named} have no segment in common.", "compare runs of the same documents and units")
    return sorted(common), len(set.union(*asked) - common)


def _reasons(runs: Sequence[Coded], left_out: Sequence[int]) -> dict[UnitState, int]:
    counted: Counter[UnitState] = Counter()
    for segment in left_out:
        counted.update({coded.units[segment].state for coded in runs}.difference(_ANSWERED))
    return {state: counted[state] for state in sorted(counted)}


def _pairs(runs: Sequence[int], said: Sequence[tuple[frozenset[Given], ...]]) -> tuple[Pair, ...]:
    found = []
    for i, j in combinations(range(len(runs)), 2):
        same = sum(codes[i] == codes[j] for codes in said)
        overlap = _mean([_jaccard(codes[i], codes[j]) for codes in said])
        found.append(Pair(runs[i], runs[j], len(said), _share(same, len(said)), overlap))
    return tuple(found)


def _jaccard(first: frozenset[Given], second: frozenset[Given]) -> float:
    together = len(first | second)
    return len(first & second) / together if together else 1.0


def _supports(
    said: Sequence[tuple[frozenset[Given], ...]], runs: int
) -> tuple[tuple[int, ...], tuple[CodeSupport, ...]]:
    times: defaultdict[Given, Counter[int]] = defaultdict(Counter)
    for codes in said:
        for given, k in Counter(given for each in codes for given in each).items():
            times[given][k] += 1
    supports = []
    for (code, polarity), counted in times.items():
        histogram = tuple(counted[k] for k in range(1, runs + 1))
        stability = sum(k * n for k, n in counted.items()) / (runs * sum(histogram))
        supports.append(CodeSupport(code, polarity, histogram, stability))
    supports.sort(key=lambda each: (each.stability, _by_name((each.code, each.polarity))))
    total = tuple(sum(each.support[k] for each in supports) for k in range(runs))
    return total, tuple(supports)


def _by_name(given: Given) -> tuple[str, str]:
    code, polarity = given
    return code, polarity or ""


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(values: Sequence[float]) -> float | None:
    return fsum(values) / len(values) if values else None
