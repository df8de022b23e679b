"""A run and its repeats in, how far it says the same again out, by code and over all. Pure.

Krippendorff's alpha over all runs at once, nominal by code, Jaccard distance over sets of codes. A unit that a run did
not answer is missing there. Stability is no reliability: a run can be steadily wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.alpha import alpha
from eval.joining import Codings, rated
from eval.measures import Measure, measure
from eval.plain import Key
from eval.uncertainty import RESAMPLES


@dataclass(frozen=True, slots=True)
class Stability:
    """`runs`: how many were compared, the first included."""

    runs: int
    codes: Mapping[str, Measure]
    overall: Measure


def stability(
    keys: Sequence[Key],
    first: Codings,
    others: Sequence[Codings],
    codes: Sequence[str],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Stability | None:
    """None without other runs. Units are those of `keys` that two runs or more answered."""
    if not others:
        return None
    runs = [first, *others]
    ratings = rated(keys, runs, [str(k) for k in range(len(runs))])
    by_code = {
        code: measure(alpha(ratings.code(code).gathered()), f"stability{code}", seed, resamples) for code in codes
    }
    return Stability(len(runs), by_code, measure(alpha(ratings.sets(), "jaccard"), "stability", seed, resamples))
