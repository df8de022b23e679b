"""Confidences and whether each suggestion was right in, how far confidence can be trusted out. Pure.

Confidence is best taken from agreement between repeated runs; what a model says of itself alone is a poor guide.
Items count singly: where they come from few documents the bound of `accept` is too kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, fsum
from typing import NamedTuple

from scipy.special import betaincinv

FEW_ITEMS = 200  # under these the binned error swings too much to be read on its own
_ROUNDING = 1e-9


class Judged(NamedTuple):
    """A suggestion's confidence (0..1) and whether a person found it right."""

    confidence: float
    correct: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Suggestions with low < confidence <= high (the first bin has 0 too); means are None in an empty bin."""

    low: float
    high: float
    items: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """brier: mean (confidence - correct)^2. ece: expected calibration error over `bins`. None without items."""

    brier: float | None
    ece: float | None
    bins: tuple[Bin, ...]
    items: int
    status: str


@dataclass(frozen=True, slots=True)
class Risk:
    """The most confident suggestions down to some point: their share of all, and the share of errors among them."""

    coverage: float
    risk: float


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The share of suggestions that may stand unseen: those with confidence >= `least` (None: none may).

    `bound`: the highest error rate the data still allow there; `errors` of `accepted` were wrong in these data.
    """

    share: float
    least: float | None
    accepted: int
    errors: int
    bound: float | None
    status: str


def calibration(items: Sequence[Judged], bins: int = 10) -> Calibration:
    """Brier score (Brier 1950) and ECE with `bins` bins of equal width, closed on the right (Naeini et al. 2015)."""
    _check(items)
    if not items:
        return Calibration(None, None, (), 0, "undefined:too_few")
    held: list[list[Judged]] = [[] for _ in range(bins)]
    for item in items:
        held[max(ceil(item.confidence * bins - _ROUNDING) - 1, 0)].append(item)
    table = tuple(_bin(k / bins, (k + 1) / bins, each) for k, each in enumerate(held))
    gaps = [abs(fsum(item.confidence - item.correct for item in each)) for each in held]
    brier = fsum((item.confidence - item.correct) ** 2 for item in items) / len(items)
    status = "ok" if len(items) >= FEW_ITEMS else "ok:few_items"
    return Calibration(brier, fsum(gaps) / len(items), table, len(items), status)


def risk_coverage(items: Sequence[Judged]) -> tuple[Risk, ...]:
    """Risk after each suggestion, most confident first (El-Yaniv & Wiener 2010).

    Among equal confidences errors are spread evenly, so the order of the items has no say.
    """
    _check(items)
    curve, seen, errors = [], 0, 0.0
    for _, count, wrong in _levels(items):
        for k in range(1, count + 1):
            curve.append(Risk((seen + k) / len(items), (errors + wrong * k / count) / (seen + k)))
        seen, errors = seen + count, errors + wrong
    return tuple(curve)


def area(items: Sequence[Judged]) -> float | None:
    """AURC: mean risk over the risk-coverage curve (Geifman et al. 2019); lower is better, None without items."""
    curve = risk_coverage(items)
    return fsum(point.risk for point in curve) / len(curve) if curve else None


def accept(items: Sequence[Judged], worst: float = 0.05, confidence: float = 0.95) -> Acceptance:
    """The largest share that can be accepted alone with an error rate of at most `worst`, at `confidence`.

    Each distinct confidence is a possible cut; its one-sided Clopper-Pearson bound is taken at
    1 - (1 - confidence) / cuts (Bonferroni), because the best of several cuts is chosen on the same data.
    """
    _check(items)
    levels = _levels(items)
    best = Acceptance(0.0, None, 0, 0, None, "ok" if items else "undefined:too_few")
    seen = errors = 0
    for least, count, wrong in levels:
        seen, errors = seen + count, errors + wrong
        bound = upper_bound(errors, seen, 1 - (1 - confidence) / len(levels))
        if bound <= worst:
            best = Acceptance(seen / len(items), least, seen, errors, bound, "ok")
    return best


def upper_bound(hits: int, total: int, confidence: float) -> float:
    """One-sided exact upper bound of a proportion (Clopper & Pearson 1934)."""
    if hits >= total:
        return 1.0
    return float(betaincinv(hits + 1, total - hits, confidence))


def _levels(items: Sequence[Judged]) -> list[tuple[float, int, int]]:
    """(confidence, items, errors), most confident first."""
    counts: dict[float, tuple[int, int]] = {}
    for item in items:
        count, wrong = counts.get(item.confidence, (0, 0))
        counts[item.confidence] = count + 1, wrong + (not item.correct)
    return [(level, *counts[level]) for level in sorted(counts, reverse=True)]


def _bin(low: float, high: float, items: Sequence[Judged]) -> Bin:
    if not items:
        return Bin(low, high, 0, None, None)
    sure = fsum(item.confidence for item in items) / len(items)
    return Bin(low, high, len(items), sure, sum(item.correct for item in items) / len(items))


def _check(items: Sequence[Judged]) -> None:
    for item in items:
        if not 0 <= item.confidence <= 1:
            raise ValueError(f"a confidence must lie in 0..1: {item.confidence}")
