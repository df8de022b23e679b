"""Labels of several people and of a model in, whether the model may stand in for one of them out. Pure, seeded.

The alternative annotator test: Calderon, Reichart & Dror 2025 (ACL, arXiv 2501.10970). Each person in turn is left out;
model and person are each scored by how well they agree with those who remain. Two changes: the t-test is taken over
documents, since segments of one interview are not independent (over items it rejects too often), and trivial
annotators go through the same test: where one of them passes, the test says nothing about the model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum, sqrt
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import stdtr

from eval.ratings import MISSING, Array, Numbers

Label = Hashable  # None: not labelled
Likeness = Callable[[Label, Label], float]

EPSILONS = {"expert": 0.2, "skilled": 0.15, "crowd": 0.1}  # what a person's time may cost in agreement
FALSE_DISCOVERIES = 0.05
ENOUGH_ITEMS, ENOUGH_PEOPLE = 30, 3  # what the authors advise
_DRAWS = 20  # random annotators tried
_ROUNDING = 1e-12


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
    field = _lay_out(items, alike)
    return _test(field, field.numbers([item.model for item in items]), epsilon, over)


def guard(items: Sequence[Item], epsilon: float, *, none: Label, seed: int, alike: Likeness = equal) -> Guarded:
    """`replace` over documents and, to compare, over items; and over documents for annotators who know nothing.

    none: always `none` (the label for "no code"); majority: always the label people gave most often; random: labels
    drawn at the rates people gave them, 20 times, passing if half of the draws do.
    """
    items = sorted(items, key=lambda item: (repr(item.document), sorted(map(repr, item.people))))  # for the draws
    field = _lay_out(items, alike, none)
    model = field.numbers([item.model for item in items])
    tested, by_item = (_test(field, model, epsilon, over) for over in ("documents", "items"))
    if tested.status != "ok":
        return Guarded(tested, by_item, {}, "undefined")

    def passes(labels: Numbers) -> float:
        return float(_test(field, labels, epsilon, "documents").passed)

    given = Counter(label for item in items for label in item.people if label is not None)
    ranked = sorted(given, key=lambda label: (-given[label], repr(label)))
    rates = np.array([given[label] for label in ranked]) / given.total()
    draw, places = np.random.default_rng(seed), field.numbers(ranked)
    drawn = [places[draw.choice(len(ranked), len(items), p=rates)] for _ in range(_DRAWS)]
    baselines = {
        "none": passes(np.full(len(items), field.numbers([none])[0])),
        "majority": passes(np.full(len(items), places[0])),
        "random": _mean([passes(labels) for labels in drawn]),
    }
    verdict: Literal["passed", "failed", "uninformative"] = "passed" if tested.passed else "failed"
    if max(baselines.values()) >= 0.5:
        verdict = "uninformative"
    return Guarded(tested, by_item, baselines, verdict)


def reject(ps: Sequence[float], rate: float = FALSE_DISCOVERIES) -> list[bool]:
    """Which hypotheses fall at this false discovery rate under any dependence (Benjamini & Yekutieli 2001)."""
    m = len(ps)
    order = sorted(range(m), key=lambda i: ps[i])
    scale = fsum(1 / i for i in range(1, m + 1))
    passing = [rank for rank, i in enumerate(order, 1) if ps[i] <= rank * rate / (m * scale)]
    fallen = set(order[: max(passing, default=0)])
    return [i in fallen for i in range(m)]


@dataclass(frozen=True, slots=True)
class _Field:
    """The people's labels of all items as numbers, MISSING where there is none, and how alike any two labels are."""

    place: Mapping[Label, int]
    people: Numbers  # item × person
    alike: Array  # label × label
    documents: Numbers

    def numbers(self, labels: Sequence[Label]) -> Numbers:
        return np.array([MISSING if label is None else self.place[label] for label in labels], dtype=np.int64)


def _lay_out(items: Sequence[Item], alike: Likeness, *others: Label) -> _Field:
    every = dict.fromkeys([*(label for i in items for label in (*i.people, i.model)), *others])
    labels = [label for label in every if label is not None]
    place = {label: number for number, label in enumerate(labels)}
    count = max((len(item.people) for item in items), default=0)
    people = np.full((len(items), count), MISSING, dtype=np.int64)
    for row, item in enumerate(items):
        people[row, : len(item.people)] = [MISSING if label is None else place[label] for label in item.people]
    table = np.array([[alike(one, other) for other in labels] for one in labels]).reshape(len(labels), len(labels))
    known: dict[Hashable, int] = {}
    documents = np.array([known.setdefault(item.document, len(known)) for item in items], dtype=np.int64)
    return _Field(place, people, table, documents)


def _test(field: _Field, model: Numbers, epsilon: float, over: str) -> Replacement:
    """The test for a model's labels; `over`: documents or items."""
    count = field.people.shape[1]
    if count < 2:
        return Replacement(epsilon, None, None, False, (), "undefined:too_few_people")
    wins = [_wins(field, model, j) for j in range(count)]
    samples = [
        _means(each.person - each.model, each.documents) if over == "documents" else each.person - each.model
        for each in wins
    ]
    if any(len(sample) < 2 for sample in samples):
        return Replacement(epsilon, None, None, False, (), "undefined:too_few")
    ps = [_p_value(sample.tolist(), epsilon) for sample in samples]
    rejected = reject(ps)
    people = tuple(
        Person(float(each.model.mean()), float(each.person.mean()), p, no, len(each.model), len(sample))
        for each, sample, p, no in zip(wins, samples, ps, rejected, strict=True)
    )
    rate = sum(rejected) / count
    return Replacement(
        epsilon, rate, _mean([each.advantage_model for each in people]), rate >= 0.5, people, "ok", _notes(people)
    )


class _Wins(NamedTuple):
    """By item that counts: 1 where the model (the person) is at least as near to the others as the other one."""

    model: Array
    person: Array
    documents: Numbers


def _wins(field: _Field, model: Numbers, j: int) -> _Wins:
    own, others = field.people[:, j], np.delete(field.people, j, axis=1)
    said = others != MISSING
    counted = (own != MISSING) & (model != MISSING) & said.any(axis=1)
    own, model, others, said = own[counted], model[counted], others[counted], said[counted]
    near = [np.where(said, field.alike[labels[:, None], others], 0.0).sum(axis=1) for labels in (model, own)]
    first, second = (near[0] >= near[1] - _ROUNDING), (near[1] >= near[0] - _ROUNDING)
    return _Wins(first.astype(np.float64), second.astype(np.float64), field.documents[counted])


def _means(values: Array, documents: Numbers) -> Array:
    sums, counts = np.bincount(documents, values), np.bincount(documents)
    return np.asarray(sums[counts > 0] / counts[counts > 0])


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
