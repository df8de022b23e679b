"""How long the agreement statistics take: alpha with its interval, every metric, a whole report, on 10,000 units.

Codings are drawn at random, with documents that differ. The libraries are those the tests hold our figures against.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from eval.alpha import alpha
from eval.assessing import assess
from eval.evidence import Coding, Evidence, Given, Label, Machine, Passage, Person
from eval.measures import measure
from eval.plain import Key, Said
from eval.ratings import Codes, Ratings, Unit
from eval.rendering import render
from eval.scoring import score_said

UNITS, DOCUMENTS, CODERS, CODES = 10_000, 100, 3, 10
LIBRARY_UNITS = 2_000  # for what a library takes long for; times are then scaled by units
RESAMPLES = 2_000


def run() -> list[str]:
    """Markdown lines: seconds and ratios."""
    given = _given(UNITS)
    keys = [(f"d{u * DOCUMENTS // UNITS}", str(u)) for u in range(UNITS)]
    ratings = Ratings(
        tuple(Unit(str(u), key[0]) for u, key in enumerate(keys)),
        tuple(map(str, range(CODERS))),
        tuple(zip(*given, strict=True)),
    )
    ours, _ = _timed(lambda: measure(alpha(ratings.sets(), "jaccard"), "alpha_jaccard", resamples=RESAMPLES))
    bare, _ = _timed(lambda: alpha(ratings.sets(), "jaccard").value())
    library, _ = _timed(lambda: _nltk(given))
    scored, _ = _timed(lambda: _scored(given, keys))
    oracle, _ = _timed(lambda: _sklearn(given))
    evidence = _evidence(given, keys)
    assessed, report = _timed(lambda: assess(evidence))
    rendered, page = _timed(lambda: render(report, "html", "en"))
    loop = library * UNITS / LIBRARY_UNITS
    return [
        f"{UNITS:,} units in {DOCUMENTS} documents, {CODERS} coders, {CODES} codes.",
        "",
        "| what | seconds | beside |",
        "|---|---|---|",
        f"| alpha (Jaccard), the value | {bare:.3f} "
        f"| {loop / bare:,.0f} times as fast as nltk ({LIBRARY_UNITS:,} units, scaled) |",
        f"| the same with {RESAMPLES:,} resamples of documents | {ours:.3f} | "
        f"{loop * RESAMPLES / ours:,.0f} times as fast as calling nltk for each resample would be (scaled) |",
        f"| every metric of one coder against another, with intervals, by code and over all | {scored:.2f} | "
        f"scikit-learn's kappa and F1 by code, without any interval: {oracle:.2f} s |",
        f"| a whole report: 2 people, 1 run | {assessed:.1f} | |",
        f"| its HTML page ({len(page) / 1e6:.1f} MB) | {rendered:.1f} | |",
    ]


def _timed(act: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of this process, and what came of it."""
    began = time.process_time()
    found = act()
    return time.process_time() - began, found


def _given(units: int) -> list[list[Codes]]:
    """Sets of codes by coder and unit: a truth that differs by document, and coders who miss and add."""
    draw = np.random.default_rng(0)
    shares = np.repeat(draw.beta(1, 6, (DOCUMENTS, CODES)), units // DOCUMENTS, axis=0)
    truth = draw.random((units, CODES)) < shares
    coders = []
    for _ in range(CODERS):
        seen = np.where(truth, draw.random(truth.shape) < 0.8, draw.random(truth.shape) < 0.03)
        coders.append([frozenset(f"c{code}" for code in np.flatnonzero(row)) for row in seen])
    return coders


def _nltk(given: list[list[Codes]]) -> float:
    from nltk.metrics.agreement import AnnotationTask  # type: ignore[import-untyped]
    from nltk.metrics.distance import jaccard_distance  # type: ignore[import-untyped]

    def distance(one: Codes, other: Codes) -> float:
        return float(jaccard_distance(one, other)) if one or other else 0.0

    rows = [(str(c), str(u), codes) for c, each in enumerate(given) for u, codes in enumerate(each[:LIBRARY_UNITS])]
    return float(AnnotationTask(rows, distance=distance).alpha())


def _sklearn(given: list[list[Codes]]) -> list[tuple[float, float]]:
    from sklearn.metrics import cohen_kappa_score, f1_score  # type: ignore[import-untyped]

    found = []
    for code in sorted(frozenset[str]().union(*given[0])):
        one, other = ([code in codes for codes in each] for each in given[:2])
        found.append((float(cohen_kappa_score(one, other)), float(f1_score(one, other))))
    return found


def _scored(given: list[list[Codes]], keys: list[Key]) -> object:
    said = [{key: Said(0, codes, None, None) for key, codes in zip(keys, each, strict=True)} for each in given[:2]]
    return score_said({"a": said[0]}, {"b": said[1]}, keys, {}, {"codes"})


def _evidence(given: list[list[Codes]], keys: list[Key]) -> Evidence:
    def codings(each: list[Codes]) -> dict[Key, Coding]:
        return {
            key: Coding(tuple(Given(code) for code in sorted(codes)), marked=False)
            for key, codes in zip(keys, each, strict=True)
        }

    units = {key: Passage(f"unit {key[1]} of {key[0]}", case=key[0][:2]) for key in keys}
    labels = {f"c{k}": Label(f"码{k}", f"code {k}") for k in range(CODES)}
    people = tuple(Person(f"coder {k}", codings(given[k])) for k in range(2))
    machine = Machine("run 1", "drawn", codings(given[2]), {"coded": UNITS})
    return Evidence("bench", "", "assignment", "drawn", labels, units, people, (machine,))
