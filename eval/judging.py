"""People and a run in, what a report says of the run out: ceiling, power, replacement. Pure, seeded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import sqrt
from typing import Any

from eval.joining import Codings, Joined
from eval.measures import CODE_METRICS, SET_METRICS, Measure, compare
from eval.ratings import Codes
from eval.replacing import EPSILONS, Guarded, Item, guard, overlap
from eval.statistic import Statistic, mean
from eval.uncertainty import RESAMPLES, clustering, more_documents

CODE_CEILINGS = ("kappa", "p_pos")
SET_CEILINGS = ("alpha_jaccard", "f1_micro")
_RUN = "run 0"


def ceiling(joined: Joined, run: Codings, seed: int = 0, resamples: int = RESAMPLES) -> dict[str, Any]:
    """How far the run stands under (or above) the people's own agreement, paired; empty with fewer than two people.

    Means over pairs: (each person, run) minus (each person, each other). `perfect`: the square root of the people's
    mean, what a coder without error would reach against one of them if their errors are independent.
    """
    if len(joined.people) < 2:
        return {}
    ratings = joined.beside(run)
    place = {coder: k for k, coder in enumerate(ratings.coders)}
    pairs = [*combinations(ratings.coders, 2)]
    codes: dict[str, dict[str, Any]] = {}
    for code in joined.codes:
        grid = ratings.code(code).gathered()
        grids = {(one, other): grid.pair(place[one], place[other]).complete() for one, other in pairs}
        codes[code] = {
            name: _gap(joined, {pair: of(each) for pair, each in grids.items()}, name + code, seed, resamples)
            for name, of in CODE_METRICS.items()
            if name in CODE_CEILINGS
        }
    parts = {pair: ratings.of(*pair).paired() for pair in pairs}
    overall = {
        name: _gap(joined, {pair: of(each) for pair, each in parts.items()}, name, seed, resamples)
        for name, of in SET_METRICS.items()
        if name in SET_CEILINGS
    }
    return {"codes": codes, "overall": overall}


def _gap(
    joined: Joined, figures: Mapping[tuple[str, str], Statistic], key: str, seed: int, resamples: int
) -> dict[str, Any]:
    model = mean([figures[person, _RUN] for person in joined.coders])
    human = mean([figures[pair] for pair in combinations(joined.coders, 2)])
    found = human.value()
    return {
        "gap": compare(model, human, key, seed, resamples),
        "perfect": None if found is None or found < 0 else sqrt(found),
    }


def power(joined: Joined, run: Codings, kappas: Mapping[str, Measure]) -> dict[str, dict[str, float | int | None]]:
    """By code for kappa: half the interval's width, documents needed for ±.10, and what clustering costs."""
    ratings = joined.beside(run)
    found: dict[str, dict[str, float | int | None]] = {}
    for code in joined.codes:
        kappa, grid = kappas[code], ratings.code(code).gathered()
        last = len(joined.coders)
        figure = mean([CODE_METRICS["kappa"](grid.pair(k, last).complete()) for k in range(last)])
        cost = clustering(figure)
        wide = kappa.low is not None and kappa.high is not None
        low, high = kappa.low or 0.0, kappa.high or 0.0
        found[code] = {
            "half_width": (high - low) / 2 if wide else None,
            "more_documents": more_documents(low, high, kappa.clusters) if wide else None,
            "design_effect": cost.design_effect if cost else None,
            "effective_units": cost.effective_units if cost else None,
        }
    return found


def replacement(joined: Joined, run: Codings, epsilon: float, seed: int = 0) -> dict[str, Any] | None:
    """The guarded alternative annotator test by code and over sets of codes; None with fewer than two people.

    `why`: for which people this epsilon is meant (expert, skilled, crowd), "" for another.
    """
    if len(joined.people) < 2:
        return None
    rows = [
        (
            key[0],
            [person.codings[key].codes if key in person.codings else None for person in joined.people],
            run[key].codes,
        )
        for key in joined.answered(run)
    ]
    codes = {}
    for code in joined.codes:
        items = [
            Item(document, tuple(_has(codes, code) for codes in said), code in given) for document, said, given in rows
        ]
        codes[code] = _guarded(guard(items, epsilon, none=False, seed=seed))
    sets = [Item(document, tuple(said), given) for document, said, given in rows]
    return {
        "epsilon": epsilon,
        "why": next((who for who, each in EPSILONS.items() if each == epsilon), ""),
        "codes": codes,
        "overall": _guarded(guard(sets, epsilon, none=Codes(), seed=seed, alike=overlap)),
    }


def _has(codes: Codes | None, code: str) -> bool | None:
    return None if codes is None else code in codes


def _guarded(found: Guarded) -> dict[str, Any]:
    tested = found.by_document
    return {
        "verdict": found.verdict,
        "winning_rate": tested.winning_rate,
        "advantage": tested.advantage,
        "baselines": dict(found.baselines),
        "notes": list(tested.notes),
        "status": tested.status,
        "by_item": found.by_item.passed if found.by_item.status == "ok" else None,
    }


def best_trivial(values: Mapping[str, Any], code: str, metric: str = "p_pos") -> float:
    """The highest figure that a trivial coder reaches; 0 where none has any."""
    every: Sequence[float | None] = [each["codes"][code][metric] for each in values.values()]
    return max((each for each in every if each is not None), default=0.0)
