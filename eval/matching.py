"""Similarities of two sets of open codes in, what each has of the other out. Pure; seeded where it draws.

Rows are the human codes, columns the model's. A similarity is any number in 0..1 the caller trusts (label, definition
and example quotes embedded and compared, say); two codes with s >= tau are called alike. No figure here is an accuracy:
recall, precision, novelty and redundancy answer four questions, and similarity means little without its null.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from eval.ratings import Array, Mask
from eval.spans import Mark, best_pairs, ious

Similarities = Array

OVERLAP = 0.3  # IoU from which two quotes stand in the same place


@dataclass(frozen=True, slots=True)
class Pair:
    """A human code (row) and a model code (column) that were matched."""

    human: int
    model: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Matched:
    """Two sets of codes compared at one tau. A share is None where its set is empty (`status` says which).

    recall, precision: share of human and of model codes in the one-to-one matching. covered: share of human codes like
    at least one model code; novelty: share of model codes like no human code. splits: human codes like two or more
    model codes; merges: the same the other way round. redundancy: None without similarities among the model's codes.
    """

    tau: float
    pairs: tuple[Pair, ...]
    recall: float | None
    precision: float | None
    covered: float | None
    novelty: float | None
    splits: int
    merges: int
    redundancy: float | None
    status: str


@dataclass(frozen=True, slots=True)
class Anchored:
    """Codes whose quotes stand in the same place. recall and precision: also alike (s >= tau), one to one.

    place_recall, place_precision: share of codes in the same place as some code of the other side, under whatever name.
    other_names: codes left over that stand in the same place, one to one (same place, other name).
    """

    pairs: tuple[Pair, ...]
    recall: float | None
    precision: float | None
    place_recall: float | None
    place_precision: float | None
    other_names: tuple[Pair, ...]
    status: str


@dataclass(frozen=True, slots=True)
class Adjusted:
    """s* = (observed - null) / (1 - null): 0 is what unrelated codes reach, 1 is the same codes. Can be negative.

    `share_as_high`: (rounds with a null at least as high as observed + 1) / (rounds + 1), a permutation p-value.
    """

    value: float | None
    observed: float | None
    null: float | None
    share_as_high: float | None
    rounds: int
    status: str


@dataclass(frozen=True, slots=True)
class Standing:
    """One coder against the codes of all (Chen et al. 2024, arXiv 2411.12142); `novelty` None if no code is single."""

    coverage: float | None
    overlap: float | None
    novelty: float | None
    divergence: float | None
    status: str


def match(similarities: Similarities, tau: float, among_model: Similarities | None = None) -> Matched:
    """The two sets at `tau`: pairs below it are masked first, then the best one-to-one matching is taken (Hungarian).

    `among_model`: the model codes' similarities to one another. Codes alike, also by way of others, say one thing;
    redundancy is the share of codes that could go: 1 - groups / codes.
    """
    alike = similarities >= tau
    rows, columns = similarities.shape
    pairs = _pairs(similarities, alike)
    return Matched(
        tau,
        pairs,
        _share(len(pairs), rows),
        _share(len(pairs), columns),
        _share(int(alike.any(axis=1).sum()), rows),
        _share(int((~alike.any(axis=0)).sum()), columns),
        int((alike.sum(axis=1) >= 2).sum()),
        int((alike.sum(axis=0) >= 2).sum()),
        None if among_model is None else _share(columns - len(set(groups(among_model, tau))), columns),
        _status(rows, columns),
    )


def curve(
    similarities: Similarities, taus: Sequence[float], among_model: Similarities | None = None
) -> tuple[Matched, ...]:
    """`match` at each tau, lowest first: one tau is a choice, the curve shows what hangs on it."""
    return tuple(match(similarities, tau, among_model) for tau in sorted(taus))


def groups(similarities: Similarities, tau: float) -> tuple[int, ...]:
    """For each code the lowest place in its group; a group is linked by s >= tau, either way (single linkage)."""
    alike = similarities >= tau
    linked = alike | alike.T
    group = [-1] * len(linked)
    for first in range(len(linked)):
        waiting = [first] if group[first] < 0 else []
        while waiting:
            place = waiting.pop()
            if group[place] < 0:
                group[place] = first
                waiting += [int(other) for other in np.flatnonzero(linked[place]) if group[other] < 0]
    return tuple(group)


def best_similarity(similarities: Similarities) -> float | None:
    """Mean similarity of the best one-to-one matching of all codes, no tau; None if either set is empty."""
    if not similarities.size:
        return None
    pairs = best_pairs(similarities, np.ones(similarities.shape, dtype=bool))
    return sum(float(similarities[i, j]) for i, j in pairs) / len(pairs)


def against_shuffled(parts: Sequence[Similarities], *, seed: int, rounds: int = 200) -> Adjusted:
    """The mean of several similarities (of labels, of definitions, of quotes), with a null of codes taken apart.

    In each round the model's labels, definitions and quotes are dealt out anew, each for itself, so every part stays
    in the data but no longer in its own code. Needs two parts and two model codes, else "undefined:no_shuffle".
    """
    observed = best_similarity(np.mean(parts, axis=0)) if parts else None
    if len(parts) < 2 or parts[0].shape[1] < 2:
        return Adjusted(None, observed, None, None, 0, "undefined:no_shuffle")
    draw = np.random.default_rng(seed)
    nulls = []
    for _ in range(rounds):
        dealt = [part[:, draw.permutation(part.shape[1])] for part in parts]
        nulls.append(best_similarity(np.mean(dealt, axis=0)))
    return adjust(observed, nulls)


def against_unrelated(similarities: Similarities, unrelated: Similarities, *, seed: int, rounds: int = 200) -> Adjusted:
    """Null from codes of other documents: `unrelated` is human codes × those codes, as many drawn as the model has.

    "undefined:too_few" if there are fewer of them than model codes.
    """
    observed, wanted = best_similarity(similarities), similarities.shape[1]
    if unrelated.shape[1] < max(wanted, 1):
        return Adjusted(None, observed, None, None, 0, "undefined:too_few")
    draw = np.random.default_rng(seed)
    picks = [draw.choice(unrelated.shape[1], wanted, replace=False) for _ in range(rounds)]
    return adjust(observed, [best_similarity(unrelated[:, pick]) for pick in picks])


def adjust(observed: float | None, nulls: Sequence[float | None]) -> Adjusted:
    """`observed` against the mean of `nulls`."""
    reached = [null for null in nulls if null is not None]
    if observed is None or not reached:
        return Adjusted(None, observed, None, None, 0, "undefined:too_few")
    null = sum(reached) / len(reached)
    as_high = (1 + sum(each >= observed - 1e-12 for each in reached)) / (1 + len(reached))
    if null >= 1:
        return Adjusted(None, observed, null, as_high, len(reached), "undefined:null_is_one")
    return Adjusted((observed - null) / (1 - null), observed, null, as_high, len(reached), "ok")


def same_place(human: Sequence[Mapping[str, Sequence[Mark]]], model: Sequence[Mapping[str, Sequence[Mark]]]) -> Mask:
    """Human × model codes, each given as its quotes by document: does any pair of quotes stand in the same place?

    The same place: IoU >= 0.3, or one quote wholly inside the other. Quotes without length stand nowhere.
    """
    together = np.zeros((len(human), len(model)), dtype=bool)
    for document in {name for code in human for name in code} & {name for code in model for name in code}:
        rows, first = _placed(human, document)
        columns, second = _placed(model, document)
        met = (ious(first, second) >= OVERLAP) | _inside(first, second) | _inside(second, first).T
        i, j = np.nonzero(met)
        together[np.array(rows, dtype=int)[i], np.array(columns, dtype=int)[j]] = True
    return together


def anchor(similarities: Similarities, together: Mask, tau: float) -> Anchored:
    """Matching of codes that stand in the same place (`same_place`) and are alike; beside it, place alone."""
    rows, columns = similarities.shape
    pairs = _pairs(similarities, together & (similarities >= tau))
    left = together.copy()
    left[[pair.human for pair in pairs], :] = False
    left[:, [pair.model for pair in pairs]] = False
    return Anchored(
        pairs,
        _share(len(pairs), rows),
        _share(len(pairs), columns),
        _share(int(together.any(axis=1).sum()), rows),
        _share(int(together.any(axis=0).sum()), columns),
        _pairs(similarities, left),
        _status(rows, columns),
    )


def standings(codes: Mapping[str, Collection[Hashable]]) -> dict[str, Standing]:
    """Coverage, overlap, novelty and divergence of every coder, people and models alike, on codes already merged.

    w: coders who have the code; own: the coder's own share of it (1). coverage = sum w own / sum w; overlap =
    sum (w - own) own / sum (w - own); novelty = single codes of the coder / all single codes; divergence =
    sqrt(JSD_2(own || w - own)), both normalised. The highest of the human coders' figures is what to hold a model to.
    """
    having = {coder: frozenset(own) for coder, own in codes.items()}
    space = sorted({code for own in having.values() for code in own}, key=repr)
    owned = {coder: np.array([code in own for code in space], dtype=float) for coder, own in having.items()}
    weights = np.sum(list(owned.values()), axis=0) if owned else np.zeros(0)
    return {coder: _standing(own, weights) for coder, own in owned.items()}


def _standing(own: Similarities, weights: Similarities) -> Standing:
    others = weights - own
    single = float((weights == 1).sum())
    novelty = float(own[weights == 1].sum()) / single if single else None
    if not weights.sum():
        return Standing(None, None, None, None, "undefined:no_codes")
    coverage = float(weights @ own) / float(weights.sum())
    if not others.sum():
        return Standing(coverage, None, novelty, None, "undefined:no_other_coder")
    overlap = float(others @ own) / float(others.sum())
    if not own.sum():
        return Standing(coverage, overlap, novelty, None, "undefined:coder_has_no_codes")
    return Standing(coverage, overlap, novelty, _jensen_shannon(own / own.sum(), others / others.sum()), "ok")


def _jensen_shannon(p: Similarities, q: Similarities) -> float:
    middle = (p + q) / 2
    apart = sum(float((a[a > 0] * np.log2(a[a > 0] / middle[a > 0])).sum()) for a in (p, q)) / 2
    return sqrt(max(apart, 0.0))


def _pairs(similarities: Similarities, allowed: Mask) -> tuple[Pair, ...]:
    return tuple(Pair(i, j, float(similarities[i, j])) for i, j in best_pairs(similarities, allowed))


def _placed(codes: Sequence[Mapping[str, Sequence[Mark]]], document: str) -> tuple[list[int], list[Mark]]:
    quotes = [(i, quote) for i, code in enumerate(codes) for quote in code.get(document, ()) if quote.end > quote.start]
    return [i for i, _ in quotes], [quote for _, quote in quotes]


def _inside(inner: Sequence[Mark], outer: Sequence[Mark]) -> Mask:
    within = [[o.start <= i.start and i.end <= o.end for o in outer] for i in inner]
    return np.array(within, dtype=bool).reshape(len(inner), len(outer))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _status(rows: int, columns: int) -> str:
    if not rows and not columns:
        return "undefined:no_codes"
    if not rows:
        return "undefined:no_human_codes"
    return "ok" if columns else "undefined:no_model_codes"
