"""Two coders' marked spans in, counts that give precision, recall, F1 and IoU out: by character and by span. Pure.

Offsets are code points, half-open. Counts of documents are added, never averaged, so a pooled figure is that of the
documents laid end to end. Spans without length mark nothing: they are left out, and counted in `Counts.void`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from eval.measures import Measure, Scores, measure
from eval.ratings import Array, Mask, Numbers
from eval.statistic import Formula, ratio, statistic

Code = str | frozenset[str]

_TIE = 1e-9  # of two pairings with the same total, the one with more pairs


@dataclass(frozen=True, slots=True)
class Mark:
    """A coder's code on text[start:end]."""

    start: int
    end: int
    code: Code

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: {self.start}..{self.end}")


@dataclass(frozen=True, slots=True)
class Counts:
    """What gold has, what was found, and what is in both (characters or spans; a half hit counts 0.5).

    Each figure is None where it would be 0/0, and `status` then says why.
    """

    gold: float = 0
    found: float = 0
    both: float = 0
    void: int = 0  # spans without length, left out

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.gold + other.gold, self.found + other.found, self.both + other.both, self.void + other.void)

    @property
    def precision(self) -> float | None:
        """both / found."""
        return self.both / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """both / gold."""
        return self.both / self.gold if self.gold else None

    @property
    def f1(self) -> float | None:
        """2 both / (gold + found): 0, not undefined, where only one side marked anything."""
        return 2 * self.both / (self.gold + self.found) if self.gold + self.found else None

    @property
    def iou(self) -> float | None:
        """both / (gold + found - both), the Jaccard index."""
        either = self.gold + self.found - self.both
        return self.both / either if either else None

    @property
    def status(self) -> str:
        """Why F1 and IoU are None ("undefined:…"), or which side is empty, or "ok"."""
        if not self.gold and not self.found:
            return "undefined:zero_length" if self.void else "undefined:not_used"
        if not self.gold:
            return "ok:no_gold"
        return "ok" if self.found else "ok:none_found"


Counting = Callable[[Sequence[Mark], Sequence[Mark]], dict[Code, Counts]]
Documents = Mapping[str, tuple[Sequence[Mark], Sequence[Mark]]]  # document -> (gold, found)


@dataclass(frozen=True, slots=True)
class Table:
    """Counts per document and code; `codes` and `total` are sums of them."""

    documents: dict[str, dict[Code, Counts]]
    codes: dict[Code, Counts]
    total: Counts


def tabulate(documents: Documents, count: Counting) -> Table:
    """`count` for each document, summed per code and over all."""
    each = {name: count(gold, found) for name, (gold, found) in documents.items()}
    codes: dict[Code, Counts] = {}
    for counted in each.values():
        for code, counts in counted.items():
            codes[code] = codes.get(code, Counts()) + counts
    return Table(each, codes, sum(codes.values(), Counts()))


def scores(table: Table, *, key: str = "", seed: int = 0) -> Scores:
    """Precision, recall, F1 and IoU of a table with intervals over its documents, per code and over all.

    Every document of the table counts as one drawn, marked or not. `units` are characters or spans, gold's and found;
    `key` (which table it is) and `seed` choose the resamples.
    """
    rows = {code: [each.get(code, Counts()) for each in table.documents.values()] for code in table.codes}
    codes = {_name(code): _measured(counts, key + _name(code), seed) for code, counts in rows.items()}
    overall = [sum(each.values(), Counts()) for each in table.documents.values()]
    return Scores(codes, _measured(overall, key, seed))


def characters(gold: Sequence[Mark], found: Sequence[Mark]) -> dict[Code, Counts]:
    """Per code, the characters either side marked: a character under two spans of one code counts once."""
    counts = {}
    for code, (theirs, ours) in _by_code(gold, found).items():
        first, second = _union(theirs), _union(ours)
        both = _shared(first, second)
        counts[code] = Counts(_length(first), _length(second), both, _void(theirs) + _void(ours))
    return counts


def spans(least: float) -> Counting:
    """A counting of whole spans, per code: paired one to one where IoU >= `least` (0 < least <= 1; 1 is exact).

    Of all pairings the one with most pairs is taken, and of those the one with the highest sum of IoU.
    """
    if not 0 < least <= 1:
        raise ValueError(f"least IoU must lie in (0, 1]: {least}")

    def count(gold: Sequence[Mark], found: Sequence[Mark]) -> dict[Code, Counts]:
        counts = {}
        for code, (theirs, ours) in _by_code(gold, found).items():
            first, second = _real(theirs), _real(ours)
            overlap = ious(first, second)
            pairs = best_pairs(overlap + min(overlap.shape), overlap >= least)
            counts[code] = Counts(len(first), len(second), len(pairs), _void(theirs) + _void(ours))
        return counts

    return count


def schemes(gold: Sequence[Mark], found: Sequence[Mark]) -> dict[str, Counts]:
    """SemEval-2013 task 9.1 in one document, all codes together: strict, exact, partial and type.

    strict: same span, same code. exact: same span, any code. partial: as exact, and an overlap counts one half.
    type: any overlap with the same code. Paired one to one so that the count is highest (the task's own scorer
    pairs in reading order, so figures differ where one span overlaps several).
    """
    first, second = _real(gold), _real(found)
    overlap = ious(first, second)
    same_code = _same_code(first, second)
    same_span = overlap == 1
    credits = {
        "strict": (same_span & same_code) * 1.0,
        "exact": same_span * 1.0,
        "partial": np.where(same_span, 1.0, (overlap > 0) * 0.5),
        "type": ((overlap > 0) & same_code) * 1.0,
    }
    void = _void(gold) + _void(found)
    totals = {}
    for name, credit in credits.items():
        both = sum(float(credit[i, j]) for i, j in best_pairs(credit, credit > 0))
        totals[name] = Counts(len(first), len(second), both, void)
    return totals


def disorder(first: Sequence[Mark], second: Sequence[Mark]) -> float | None:
    """Disorder of the best alignment of two coders' spans (Mathet, Widlöcher & Métivier 2015), weights and empty all 1.

    An aligned pair costs ((start apart + end apart) / both lengths)^2, and 1 more if the codes differ; a span left
    alone costs 1; the sum is divided by the mean number of spans per coder. 0 is perfect, None without spans. This is
    the observed half of gamma; its expected half is sampled, differs by seed, and is not computed here.
    """
    first, second = _real(first), _real(second)
    if not first and not second:
        return None
    a, b = _bounds(first), _bounds(second)
    apart = np.abs(a[:, None, :] - b[None, :, :]).sum(axis=2)
    lengths = (a[:, 1] - a[:, 0])[:, None] + (b[:, 1] - b[:, 0])[None, :]
    cost = (apart / lengths) ** 2 + ~_same_code(first, second)
    saved = np.maximum(2 - cost, 0.0)
    total = len(first) + len(second)
    return (total - sum(float(saved[i, j]) for i, j in best_pairs(saved, cost < 2))) / (total / 2)


def ious(first: Sequence[Mark], second: Sequence[Mark]) -> Array:
    """Intersection over union, in characters, of each span with each; 0 where a span has no length."""
    a, b = _bounds(first), _bounds(second)
    both = np.minimum(a[:, None, 1], b[None, :, 1]) - np.maximum(a[:, None, 0], b[None, :, 0])
    both = np.maximum(both, 0)
    either = (a[:, 1] - a[:, 0])[:, None] + (b[:, 1] - b[:, 0])[None, :] - both
    shares: Array = both / np.maximum(either, 1)
    return shares


def best_pairs(weights: Array, allowed: Mask) -> list[tuple[int, int]]:
    """The one-to-one pairing (row, column) of allowed cells with the highest total weight (Kuhn 1955).

    Cells are masked before pairs are chosen: a forbidden pair can never push out an allowed one. Weights >= 0.
    """
    if not allowed.any():
        return []
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(np.where(allowed, weights + _TIE, 0.0), maximize=True)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if allowed[i, j]]


def _measured(rows: Sequence[Counts], key: str, seed: int) -> dict[str, Measure]:
    total = sum(rows, Counts())
    sums = np.array([(each.gold, each.found, each.both) for each in rows], dtype=float).reshape(len(rows), 3)
    empty = total.status.removeprefix("undefined:") if total.f1 is None else ""
    figures: dict[str, tuple[Formula, str]] = {
        "precision": (lambda s: ratio(s[..., 2], s[..., 1]), empty or "none_found"),
        "recall": (lambda s: ratio(s[..., 2], s[..., 0]), empty or "no_gold"),
        "f1": (lambda s: ratio(2 * s[..., 2], s[..., 0] + s[..., 1]), empty),
        "iou": (lambda s: ratio(s[..., 2], s[..., 0] + s[..., 1] - s[..., 2]), empty),
    }
    found = {}
    for name, (formula, undefined) in figures.items():
        everywhere = np.ones(len(rows), dtype=bool)
        figure = statistic(sums, everywhere, np.arange(len(rows)), formula, least=0, undefined=undefined, bounds=(0, 1))
        found[name] = replace(measure(figure, name + key, seed), units=int(total.gold + total.found))
    return found


def _name(code: Code) -> str:
    return code if isinstance(code, str) else "+".join(sorted(code))


def _by_code(gold: Sequence[Mark], found: Sequence[Mark]) -> dict[Code, tuple[list[Mark], list[Mark]]]:
    sides: dict[Code, tuple[list[Mark], list[Mark]]] = {}
    for side, marks in enumerate((gold, found)):
        for mark in marks:
            sides.setdefault(mark.code, ([], []))[side].append(mark)
    return sides


def _real(marks: Iterable[Mark]) -> list[Mark]:
    return [mark for mark in marks if mark.end > mark.start]


def _void(marks: Sequence[Mark]) -> int:
    return sum(mark.end == mark.start for mark in marks)


def _same_code(first: Sequence[Mark], second: Sequence[Mark]) -> Mask:
    same = [[a.code == b.code for b in second] for a in first]
    return np.array(same, dtype=bool).reshape(len(first), len(second))


def _bounds(marks: Sequence[Mark]) -> Numbers:
    pairs: Any = [(mark.start, mark.end) for mark in marks]
    return np.array(pairs, dtype=np.int64).reshape(len(marks), 2)


def _union(marks: Iterable[Mark]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted((mark.start, mark.end) for mark in _real(marks)):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _shared(first: Sequence[tuple[int, int]], second: Sequence[tuple[int, int]]) -> int:
    i = j = total = 0
    while i < len(first) and j < len(second):
        total += max(0, min(first[i][1], second[j][1]) - max(first[i][0], second[j][0]))
        if first[i][1] < second[j][1]:
            i += 1
        else:
            j += 1
    return total


def _length(ranges: Iterable[tuple[int, int]]) -> int:
    return sum(end - start for start, end in ranges)
