"""Labels of several people and of a model in, whether the model may stand in for one of them out. Pure, seeded.

The alternative annotator test: Calderon, Reichart & Dror 2025 (ACL, arXiv 2501.10970). Each person in turn is left out;
model and person are each scored by how well they agree with those who remain. Two changes: the t-test is taken over
documents, since segments of one interview are not independent (over items it rejects too often), and trivial
annotators go through the same test: where one of them passes, the test says nothing about the model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from math import fsum, sqrt
from typing import Literal

import numpy as np
from scipy.special import stdtr

Label = Hashable  # None: not labelled
Likeness = Callable[[Label, Label], float]

EPSILONS = {"expert": 0.2, "skilled": 0.15, "crowd": 0.1}  # what a person's time may cost in agreement
FALSE_DISCOVERIES = 0.05
ENOUGH_ITEMS, ENOUGH_PEOPLE = 30, 3  # what the authors advise
_DRAWS = 20  # random annotators tried


@dataclass(frozen=True, slots=True)
class Item:
    """One unit: its document, what each person said (same order everywhere) and what the model said."""

    document: Hashable
    people: tuple[Label, ...]
    model: Label


@dataclass(frozen=True, slots=True)
class Person:
    """One person left out. `advantage_model`, `advantage_person`: how often each was at least as near to the rest.

    `p`: that the model is worse by epsilon or more; `rejected` after Benjamini & Yekutieli.
    """

    advantage_model: float
    advantage_person: float
    p: float
    rejected: bool
    items: int
    clusters: int


@dataclass(frozen=True, slots=True)
class Replacement:
    """The test at one epsilon. winning_rate: share of people it was rejected for; passed from 0.5 on.

    advantage: the mean chance that the model is at least as near to the others as a person is.
    """

    epsilon: float
    winning_rate: float | None
    advantage: float | None
    passed: bool
    people: tuple[Person, ...]
    status: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guarded:
    """The test with its guards. `verdict` is "uninformative" if a trivial annotator passes too, whatever the model did.

    `baselines`: none, majority, and the share of random annotators that passed.
    """

    by_document: Replacement
    by_item: Replacement
    baselines: dict[str, float]
    verdict: Literal["passed", "failed", "uninformative", "undefined"]


def equal(first: Label, second: Label) -> float:
    """1 if the labels are the same, else 0."""
    return float(first == second)


def overlap(first: Label, second: Label) -> float:
    """Jaccard index of two frozensets of codes; two empty sets are the same (1)."""
    if not isinstance(first, frozenset) or not isinstance(second, frozenset):
        raise TypeError("overlap() compares frozensets of codes")
    return len(first & second) / len(first | second) if first | second else 1.0


def replace(
    items: Sequence[Item], epsilon: float, *, alike: Likeness = equal, over: Literal["documents", "items"] = "documents"
) -> Replacement:
    """The test for the model in `items`. Items the model, the left-out person or all others skipped do not count.

    "undefined:too_few_people" under 2 people, "undefined:too_few" under 2 documents (items) for someone.
    """
    count = max((len(item.people) for item in items), default=0)
    if count < 2:
        return Replacement(epsilon, None, None, False, (), "undefined:too_few_people")
    wins = [_wins(items, j, alike) for j in range(count)]
    samples = [_means(each) if over == "documents" else [w - f for _, f, w in each] for each in wins]
    if any(len(sample) < 2 for sample in samples):
        return Replacement(epsilon, None, None, False, (), "undefined:too_few")
    ps = [_p_value(sample, epsilon) for sample in samples]
    rejected = reject(ps)
    people = tuple(
        Person(_mean([f for _, f, _ in each]), _mean([w for _, _, w in each]), p, no, len(each), len(sample))
        for each, sample, p, no in zip(wins, samples, ps, rejected, strict=True)
    )
    rate = sum(rejected) / count
    return Replacement(
        epsilon, rate, _mean([each.advantage_model for each in people]), rate >= 0.5, people, "ok", _notes(people)
    )


def guard(items: Sequence[Item], epsilon: float, *, none: Label, seed: int, alike: Likeness = equal) -> Guarded:
    """`replace` over documents and, to compare, over items; and over documents for annotators who know nothing.

    none: always `none` (the label for "no code"); majority: always the label people gave most often; random: labels
    drawn at the rates people gave them, 20 times, passing if half of the draws do.
    """
    tested = replace(items, epsilon, alike=alike)
    items = sorted(items, key=lambda item: (repr(item.document), sorted(map(repr, item.people))))  # for the draws
    given = Counter(label for item in items for label in item.people if label is not None)
    if tested.status != "ok":
        return Guarded(tested, replace(items, epsilon, alike=alike, over="items"), {}, "undefined")

    def passes(labels: Sequence[Label]) -> bool:
        tried = [Item(i.document, i.people, label) for i, label in zip(items, labels, strict=True)]
        return replace(tried, epsilon, alike=alike).passed

    ranked = sorted(given, key=lambda label: (-given[label], repr(label)))
    rates = np.array([given[label] for label in ranked]) / given.total()
    draw = np.random.default_rng(seed)
    drawn = [draw.choice(len(ranked), len(items), p=rates) for _ in range(_DRAWS)]
    baselines = {
        "none": float(passes([none] * len(items))),
        "majority": float(passes([ranked[0]] * len(items))),
        "random": _mean([float(passes([ranked[int(k)] for k in places])) for places in drawn]),
    }
    verdict: Literal["passed", "failed", "uninformative"] = "passed" if tested.passed else "failed"
    if max(baselines.values()) >= 0.5:
        verdict = "uninformative"
    return Guarded(tested, replace(items, epsilon, alike=alike, over="items"), baselines, verdict)


def reject(ps: Sequence[float], rate: float = FALSE_DISCOVERIES) -> list[bool]:
    """Which hypotheses fall at this false discovery rate under any dependence (Benjamini & Yekutieli 2001)."""
    m = len(ps)
    order = sorted(range(m), key=lambda i: ps[i])
    scale = fsum(1 / i for i in range(1, m + 1))
    passing = [rank for rank, i in enumerate(order, 1) if ps[i] <= rank * rate / (m * scale)]
    fallen = set(order[: max(passing, default=0)])
    return [i in fallen for i in range(m)]


def _wins(items: Sequence[Item], j: int, alike: Likeness) -> list[tuple[Hashable, float, float]]:
    """(document, the model is at least as near to the others, the person is) of each item that counts."""
    wins = []
    known: dict[tuple[tuple[Label, ...], Label], tuple[float, float] | None] = {}  # most units are alike
    for item in items:
        said = item.people, item.model
        if said not in known:
            known[said] = _win(item, j, alike)
        found = known[said]
        if found is not None:
            wins.append((item.document, *found))
    return wins


def _win(item: Item, j: int, alike: Likeness) -> tuple[float, float] | None:
    own = item.people[j] if j < len(item.people) else None
    others = [label for k, label in enumerate(item.people) if k != j and label is not None]
    if own is None or item.model is None or not others:
        return None
    model = _mean([alike(item.model, other) for other in others])
    person = _mean([alike(own, other) for other in others])
    return float(model >= person), float(person >= model)


def _means(wins: Sequence[tuple[Hashable, float, float]]) -> list[float]:
    by_document: dict[Hashable, list[float]] = {}
    for document, model, person in wins:
        by_document.setdefault(document, []).append(person - model)
    return [_mean(each) for each in by_document.values()]


def _p_value(sample: Sequence[float], epsilon: float) -> float:
    """One-sided t-test that the mean is below epsilon; without any spread it is, or is not."""
    n, mean = len(sample), _mean(sample)
    spread = sqrt(fsum((each - mean) ** 2 for each in sample) / (n - 1))
    if spread < 1e-12:
        return 0.0 if mean < epsilon else 1.0
    return float(stdtr(n - 1, (mean - epsilon) / (spread / sqrt(n))))


def _notes(people: Sequence[Person]) -> tuple[str, ...]:
    notes = []
    if len(people) < ENOUGH_PEOPLE:
        notes.append(f"{len(people)} people; the test asks for {ENOUGH_PEOPLE} or more")
    if min(each.items for each in people) < ENOUGH_ITEMS:
        notes.append(f"{min(each.items for each in people)} items; the test asks for {ENOUGH_ITEMS} or more")
    return tuple(notes)


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)
