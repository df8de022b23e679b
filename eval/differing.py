"""What people and a run said of units of several groups in, whether the run errs more in one of them out. Pure.

Groups are cases, kinds of document or languages. Errors that differ between groups bias every comparison of groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.joining import Codings, Joined
from eval.measures import Measure, measure
from eval.plain import Key
from eval.ratings import Array, Codes, Mask, Numbers
from eval.statistic import Statistic, ratio, statistic
from eval.uncertainty import RESAMPLES

GROUPINGS = ("case", "kind", "language")


@dataclass(frozen=True, slots=True)
class Difference:
    """One group. `missed`: share of the codes people gave there that the run did not give; `added`: share of the
    run's codes that the person did not give; each person counts. `agreement`: mean Jaccard index in the group minus
    that in all others.
    """

    by: str
    group: str
    units: int
    documents: int
    missed: float | None
    added: float | None
    agreement: Measure


def differences(joined: Joined, run: Codings, seed: int = 0, resamples: int = RESAMPLES) -> list[Difference]:
    """Every group of every grouping that has two groups or more, on the units that the run and a person coded."""
    keys = [key for key in joined.keys if key in run]
    rows = [_row(joined.voices(key), run[key].codes) for key in keys]
    found = []
    for by in GROUPINGS:
        named = [str(getattr(joined.passage(key), by)) for key in keys]
        groups = sorted(set(named))
        if len(groups) > 1:
            found += [_difference(by, group, named, keys, rows, seed, resamples) for group in groups]
    return found


def jaccard(first: Codes, second: Codes) -> float:
    """|A ∩ B| / |A ∪ B|; two empty sets are alike."""
    return len(first & second) / len(first | second) if first | second else 1.0


def _row(voices: Sequence[Codes], given: Codes) -> tuple[float, ...]:
    """Sum of Jaccard indices, people, codes they gave, of those missed, codes the run gave, of those added."""
    return (
        sum(jaccard(voice, given) for voice in voices),
        len(voices),
        sum(len(voice) for voice in voices),
        sum(len(voice - given) for voice in voices),
        len(given) * len(voices),
        sum(len(given - voice) for voice in voices),
    )


def _difference(
    by: str,
    group: str,
    named: Sequence[str],
    keys: Sequence[Key],
    rows: Sequence[tuple[float, ...]],
    seed: int,
    resamples: int,
) -> Difference:
    inside = np.array([name == group for name in named])
    table = np.array(rows)
    _, _, gold, missed, given, added = table[inside].sum(axis=0)
    place = {document: k for k, document in enumerate(dict.fromkeys(key[0] for key in keys))}
    documents = np.array([place[key[0]] for key in keys])
    figure = _contrast(table[:, :2], inside, documents)
    return Difference(
        by,
        group,
        int(inside.sum()),
        len(set(documents[inside].tolist())),
        float(missed / gold) if gold else None,
        float(added / given) if given else None,
        measure(figure, f"jaccard_mean{by}{group}", seed, resamples),
    )


def _contrast(alike: Array, inside: Mask, documents: Numbers) -> Statistic:
    """Mean in the group minus mean outside, over (unit, person)."""
    tallies = np.hstack([alike * inside[:, None], alike * ~inside[:, None]])

    def formula(sums: Array) -> Array:
        return ratio(sums[..., 0], sums[..., 1]) - ratio(sums[..., 2], sums[..., 3])

    everywhere = np.ones(len(tallies), dtype=np.bool_)
    return statistic(tallies, everywhere, documents, formula, undefined="too_few", bounds=(-1.0, 1.0))
