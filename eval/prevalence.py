"""The model's codes for all units and people's for some in, how common a code is out: four estimates. Pure.

The model's own rate is biased, with an interval that hides it; it is given only to stand beside the others, status
"biased". Corrected with people's codes: PPI (Angelopoulos et al. 2023, Science 382, lambda = 1) and DSL (Egami et al.
2023, arXiv 2306.04746). Errors are clustered by document; intervals are 95 %, t with (documents - 1), the smaller
number where two sets of documents are involved, and are not cut at 0 and 1. Under 5 documents there is no interval.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from math import fsum, sqrt

from scipy.special import stdtrit

from eval.measures import Measure
from eval.uncertainty import LEAST_DOCUMENTS

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Coded:
    """One unit for one code. `gold` None: nobody coded it. `chance`: that it would be picked for people, if known."""

    document: Hashable
    model: float  # 1 coded, 0 not, or a probability
    gold: float | None = None
    chance: float | None = None

    def __post_init__(self) -> None:
        if self.chance is not None and not 0 < self.chance <= 1:
            raise ValueError(f"the chance of being picked must lie in (0, 1]: {self.chance}")


@dataclass(frozen=True, slots=True)
class Estimate(Measure):
    """A share of units and its standard error, None where there is no interval."""

    se: float | None


@dataclass(frozen=True, slots=True)
class Prevalence:
    """The same share four times: people only, PPI, DSL, and the model alone (biased)."""

    gold: Estimate
    ppi: Estimate
    dsl: Estimate
    naive: Estimate


def prevalence(units: Sequence[Coded]) -> Prevalence:
    """All four estimates of one code's prevalence."""
    return Prevalence(gold_only(units), ppi(units), dsl(units), naive(units))


def gold_only(units: Sequence[Coded]) -> Estimate:
    """Mean of people's codes over the units they coded. Right if these were drawn at random, and wide."""
    return _estimate([[(u.document, u.gold) for u in units if u.gold is not None]], "gold only")


def ppi(units: Sequence[Coded]) -> Estimate:
    """mean(model, units without gold) + mean(gold - model, units with gold), lambda = 1.

    Needs gold units drawn at random with equal chances; a document may hold units of both kinds.
    """
    unseen = [(u.document, u.model) for u in units if u.gold is None]
    if units and not unseen:
        return _without_value(units, "undefined:all_coded")
    errors = [(u.document, u.gold - u.model) for u in units if u.gold is not None]
    if any(u.chance is not None for u in units) and not _even(units):
        return _without_value(units, "undefined:unequal_chances")
    return _estimate([unseen, errors], "PPI (lambda = 1)")


def dsl(units: Sequence[Coded]) -> Estimate:
    """Mean over all units of model + [gold known] / chance * (gold - model).

    Needs the chance of every unit with gold ("undefined:chances_unknown"); chances may differ.
    """
    if not any(u.gold is not None for u in units):
        return _without_value(units, "undefined:no_gold")
    if any(u.gold is not None and u.chance is None for u in units):
        return _without_value(units, "undefined:chances_unknown")
    return _estimate([[(u.document, _corrected(u)) for u in units]], "DSL")


def naive(units: Sequence[Coded]) -> Estimate:
    """Mean of the model's codes over all units. Status "biased": its errors are taken for truth."""
    found = _estimate([[(u.document, u.model) for u in units]], "model alone")
    if found.value is None:
        return found
    return replace(found, status="biased")


def _corrected(unit: Coded) -> float:
    if unit.gold is None or unit.chance is None:
        return unit.model
    return unit.model + (unit.gold - unit.model) / unit.chance


def _even(units: Sequence[Coded]) -> bool:
    chances = [u.chance for u in units if u.gold is not None and u.chance is not None]
    return not chances or max(chances) - min(chances) < _ROUNDING


def _estimate(parts: Sequence[Sequence[tuple[Hashable, float]]], method: str) -> Estimate:
    """The sum of the means of `parts`, each (document, value).

    Variance: residuals / n summed by document over all parts, squared, summed; each part times J / (J - 1) for its own
    J documents. With one part this is the usual cluster-robust variance of a mean; with one unit per document, s^2/n.
    """
    count, documents = sum(len(part) for part in parts), {document for part in parts for document, _ in part}
    if not all(parts):
        return Estimate(None, None, None, "none", count, len(documents), "undefined:too_few", None)
    means = [fsum(value for _, value in part) / len(part) for part in parts]
    smallest = min(len({document for document, _ in part}) for part in parts)
    if smallest < LEAST_DOCUMENTS:
        status = "no_interval:too_few_documents"
        return Estimate(fsum(means), None, None, method, count, len(documents), status, None)
    sums: dict[Hashable, list[float]] = {document: [] for document in documents}
    for part, mean in zip(parts, means, strict=True):
        clusters = len({document for document, _ in part})
        scale = sqrt(clusters / (clusters - 1)) / len(part)
        for document, value in part:
            sums[document].append(scale * (value - mean))
    error = sqrt(fsum(fsum(each) ** 2 for each in sums.values()))
    half = float(stdtrit(smallest - 1, 0.975)) * error
    value = fsum(means)
    return Estimate(value, value - half, value + half, method, count, len(documents), "ok", error)


def _without_value(units: Sequence[Coded], status: str) -> Estimate:
    return Estimate(None, None, None, "none", len(units), len({u.document for u in units}), status, None)
