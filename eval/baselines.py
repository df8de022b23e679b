"""People's ratings in, what coders who know nothing reach against them out: none, majority, random. Pure, seeded.

none gives no code; majority gives every unit the codes that people gave to more than half of the units; random gives
each code by chance as often as people do, and its figures are means over several draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import numpy as np

from eval.measures import CODE_METRICS, SET_METRICS
from eval.ratings import MISSING, Codes, Grid, Mask, Numbers, Ratings
from eval.results import Values
from eval.scoring import BASELINE_CODE, BASELINE_SETS
from eval.statistic import mean_value

DRAWS = 20
_UNITS = 20_000  # drawn in all: where there are many units, one draw is as good as several
_CORRECTED = ("kappa", "alpha_nominal", "ac1", "pabak")  # for chance: undefined where only one value occurs
_EACH = Grid((False, True), np.array([[1, 1], [1, 0], [0, 1], [0, 0]]), np.zeros(4, dtype=np.int64))  # one unit each

Trivial = dict[str, dict[str, Any]]


def trivial(people: Ratings, codes: Sequence[str], seed: int = 0) -> Trivial:
    """By trivial coder: {"codes": {code: {metric: value}}, "overall": {metric: value}}, means over people."""
    every = tuple(sorted({*codes, *people.codes}))
    given = np.stack([people.code(code).cells for code in every]) if every else np.zeros((0, 0, 0), dtype=np.int64)
    coded = (given != MISSING).sum(axis=(1, 2))
    shares = (given == 1).sum(axis=(1, 2)) / np.maximum(coded, 1)
    units = len(people.units)
    random = np.random.default_rng([seed, crc32(b"random")])
    draws = max(1, min(DRAWS, _UNITS // max(units, 1)))
    coders = {
        "none": [np.zeros((len(every), units), dtype=np.bool_)],
        "majority": [np.repeat((shares > 0.5)[:, None], units, axis=1)],
        "random": [random.random((len(every), units)) < shares[:, None] for _ in range(draws)],
    }
    return {
        name: {
            "codes": {
                code: _by_code(given[every.index(code)], [drawn[every.index(code)] for drawn in drawings])
                for code in codes
            },
            "overall": _overall(people, every, drawings),
        }
        for name, drawings in coders.items()
    }


def _by_code(given: Numbers, drawings: Sequence[Mask]) -> Values:
    """`given`: unit × person. Means over people, of those where the figure is defined, then over draws."""
    counts = np.array([[_four(column, drawn) for column in given.T] for drawn in drawings])  # draw × person × cell
    yes, no = 2 * counts[..., 0] + counts[..., 1] + counts[..., 2], counts[..., 1] + counts[..., 2] + 2 * counts[..., 3]
    nothing = np.minimum(yes, no) == 0
    found = {}
    for name in BASELINE_CODE:
        figure = CODE_METRICS[name](_EACH)
        values = figure.formula(counts @ figure.tallies)
        values = np.where(nothing, np.nan, values) if name in _CORRECTED else values
        each = [float(np.mean(row[~np.isnan(row)])) for row in values if not np.isnan(row).all()]
        found[name] = float(np.mean(each)) if each else None
    return found


def _four(column: Numbers, drawn: Mask) -> list[int]:
    """How many units a person and the trivial coder both gave the code, the person only, the other only, neither."""
    return [int(((column == one) & (drawn == other)).sum()) for one, other in _EACH.cells]


def _overall(people: Ratings, codes: Sequence[str], drawings: Sequence[Mask]) -> Values:
    drawn = [_pairs(people, codes, each) for each in drawings]
    found = {}
    for name in BASELINE_SETS:
        values = [mean_value(SET_METRICS[name](pair) for pair in pairs) for pairs in drawn]
        each = [value for value in values if value is not None]
        found[name] = float(np.mean(each)) if each else None
    return found


def _pairs(people: Ratings, codes: Sequence[str], drawn: Mask) -> list[Ratings]:
    sets: list[Codes] = [frozenset(codes[k] for k in np.flatnonzero(column).tolist()) for column in drawn.T]
    pairs = []
    for place in range(len(people.coders)):
        rows = [(row[place], given) for row, given in zip(people.given, sets, strict=True)]
        pairs.append(Ratings(people.units, ("person", "trivial"), tuple(rows)).paired())
    return pairs
