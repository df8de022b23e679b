"""A gold file and a file to be judged in, one result out: every metric, humans beside it, a trivial baseline. Pure.

Equal input gives equal output to the byte: nothing depends on the order of lines, on time or on earlier calls. With
several gold coders the judged one is compared with each of them and the headline is the mean, as the humans' own
agreement beside it is a mean over pairs of single humans; their consensus, an easier or harder mark, stands apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from assistant.errors import UsageError
from eval.laying import Texts, compare_spans
from eval.measures import CODE_METRICS, SET_METRICS, Pairs, Scores, rate
from eval.plain import Key, Plain, Said, holding, lengths, named, unit_of
from eval.ratings import Codes, Ratings
from eval.results import Judged, Result, Tally, Values
from eval.statistic import mean_value
from eval.uncertainty import RESAMPLES

BASELINE_CODE = ("kappa", "alpha_nominal", "ac1", "pabak", "holsti", "p_pos", "p_neg")
BASELINE_SETS = ("alpha_jaccard", "f1_micro", "exact", "jaccard_mean")
WORST_CASE = ("alpha_jaccard", "f1_micro")

_CONSENSUS = "consensus"


@dataclass(frozen=True, slots=True)
class _Scale:
    """What all comparisons of one result share."""

    ratings: Ratings | None  # None: no codes of units to compare
    texts: Texts | None  # None: no spans to compare
    codes: tuple[str, ...]
    marked_codes: tuple[str, ...]
    seed: int
    resamples: int


Units = Mapping[Key, Said]


def score_files(gold: Plain, pred: Plain, seed: int = 0, resamples: int = RESAMPLES) -> Result:
    """Every coder of `pred` against the coders of `gold`, on the units that gold names.

    Raises UsageError when the files share no unit, or one has only codes and the other only spans; ReadingError when
    they give a unit's text two lengths.
    """
    keys = sorted(gold.keys)
    if not gold.keys & pred.keys:
        raise UsageError(
            f"{pred.path} and {gold.path} name no unit in common, as {named(min(pred.keys))} and {named(keys[0])}",
            "give both files the same document and unit ids",
        )
    known = lengths(keys, (gold, pred))
    held = [holding(gold), holding(pred)]
    if not held[0] & held[1]:
        raise UsageError(
            f"nothing to compare: {gold.path} holds {_or_nothing(held[0])}, {pred.path} {_or_nothing(held[1])}",
            "give both files codes of units, or both spans; docs/eval.md shows them",
        )
    found = score_said(gold.said, pred.said, keys, known, held[0] & held[1], seed=seed, resamples=resamples)
    return replace(found, unknown=len(pred.keys - gold.keys), inputs={"gold": gold.sha256, "pred": pred.sha256})


def score_said(
    gold: Mapping[str, Units],
    pred: Mapping[str, Units],
    keys: Sequence[Key],
    known: Mapping[Key, int],
    kinds: Collection[str],
    *,
    codes: Sequence[str] | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Result:
    """Every coder of `pred` against those of `gold` (one or more), on `keys`: what they said, by coder and unit.

    `known`: lengths of texts; `kinds`: which of "codes" and "spans" to compare; `codes`: those of the table by code,
    by default all that anyone gave.
    """
    humans = [_inner("gold", name) for name in gold]
    judged = [_inner("pred", name) for name in pred]
    said = {_inner("gold", n): s for n, s in gold.items()} | {_inner("pred", n): s for n, s in pred.items()}
    ratings = _ratings(keys, said) if "codes" in kinds else None
    texts = Texts(keys, said, known) if "spans" in kinds else None
    table = tuple(codes) if codes is not None else ratings.codes if ratings else ()
    scale = _Scale(ratings, texts, table if ratings else (), texts.codes if texts else (), seed, resamples)
    several = len(humans) > 1
    groups: list[Pairs] = [[*combinations(humans, 2)]] if several else []
    groups += [pairs for coder in judged for pairs in _against(humans, coder)]
    found = iter(_compared(scale, humans, groups))
    return Result(
        gold=tuple(gold),
        human=next(found) if several else None,
        judged=tuple(_judge(scale, humans, coder, found) for coder in judged),
        units=len(keys),
        documents=len({document for document, _ in keys}),
        unknown=0,
        inputs={},
        seed=seed,
    )


def _ratings(keys: Sequence[Key], said: Mapping[str, Units]) -> Ratings:
    given = tuple(tuple(each[key].codes if key in each else None for each in said.values()) for key in keys)
    return Ratings(tuple(unit_of(key) for key in keys), tuple(said), given)


def _or_nothing(kinds: set[str]) -> str:
    return " and ".join(sorted(kinds)) or "nothing that was coded"


def _against(humans: Sequence[str], coder: str) -> list[Pairs]:
    """What a judged coder is compared with: each human; and where there are several, all, and their consensus."""
    each: list[Pairs] = [[(human, coder)] for human in humans]
    return [*each, [(human, coder) for human in humans], [(_CONSENSUS, coder)]] if len(humans) > 1 else each


def _judge(scale: _Scale, humans: Sequence[str], coder: str, found: Iterator[Scores]) -> Judged:
    """`found` yields the scores of `_against`, in its order."""
    pairs = [(human, coder) for human in humans]
    several = len(humans) > 1
    each = {human: next(found) for human in humans}
    headline = next(found) if several else each[humans[0]]
    agreed = next(found) if several else None
    codes, overall = _nothing(scale, pairs)
    missing = _missing(scale.ratings, humans, coder)
    return Judged(
        coder=_outer(coder),
        against=f"mean over {', '.join(map(_outer, humans))}" if several else _outer(humans[0]),
        scores=headline,
        tallies=_tallies(scale, pairs),
        each={_outer(human): scores for human, scores in each.items()},
        consensus=agreed if scale.ratings is not None else None,
        nothing_codes=codes,
        nothing_overall=overall,
        missing=missing,
        worst_case=_worst(scale, pairs) if missing else None,
    )


def _compared(scale: _Scale, humans: Sequence[str], groups: Sequence[Pairs]) -> list[Scores]:
    """Codes and spans of groups of pairs: means of the pairs' figures for codes, all pairs' texts pooled for spans."""
    found = [Scores({}, {})] * len(groups)
    if scale.ratings is not None:
        ratings = scale.ratings
        if len(humans) > 1:
            ratings = ratings.with_consensus(*humans, name=_CONSENSUS)
        found = rate(ratings, groups, scale.codes, scale.seed, scale.resamples)
    if scale.texts is None:
        return found
    return [_with_spans(scale, scale.texts, pairs, each) for pairs, each in zip(groups, found, strict=True)]


def _with_spans(scale: _Scale, texts: Texts, pairs: Pairs, found: Scores) -> Scores:
    if any(_CONSENSUS in pair for pair in pairs):
        return found
    spans = compare_spans(texts, pairs, scale.marked_codes, scale.seed)
    codes = sorted({*found.codes, *spans.codes})
    merged = {code: {**found.codes.get(code, {}), **spans.codes.get(code, {})} for code in codes}
    return Scores(merged, {**found.overall, **spans.overall})


def _tallies(scale: _Scale, pairs: Pairs) -> dict[str, Tally]:
    if scale.ratings is None:
        return {}
    units, theirs, ours, shared = 0, Counter[str](), Counter[str](), Counter[str]()
    for pair in pairs:
        for gold, pred in scale.ratings.of(*pair).given:
            if gold is not None and pred is not None:
                units += 1
                theirs.update(gold)
                ours.update(pred)
                shared.update(gold & pred)
    found = {}
    for code in scale.codes:
        a, b, c = shared[code], theirs[code] - shared[code], ours[code] - shared[code]
        found[code] = Tally(units, a + b, a + c, a, b, c, units - a - b - c)
    return found


def _nothing(scale: _Scale, pairs: Pairs) -> tuple[dict[str, Values], Values]:
    """The judged coder replaced by one that never gives a code, on the same units: values without intervals."""
    if scale.ratings is None:
        return {}, {}
    parts = [_replaced(scale.ratings.of(*pair), lambda gold, pred: None if pred is None else Codes()) for pair in pairs]
    codes: dict[str, Values] = {}
    for code in scale.codes:
        grids = [part.code(code).gathered() for part in parts]
        codes[code] = {name: mean_value(CODE_METRICS[name](grid) for grid in grids) for name in BASELINE_CODE}
    return codes, {name: mean_value(SET_METRICS[name](part) for part in parts) for name in BASELINE_SETS}


def _worst(scale: _Scale, pairs: Pairs) -> Values | None:
    """Units the judged coder left out, taken as wrong on every code."""
    if scale.ratings is None:
        return None
    every = frozenset(scale.codes)
    parts = [
        _replaced(scale.ratings.of(*pair), lambda gold, pred: every - (gold or Codes()) if pred is None else pred)
        for pair in pairs
    ]
    return {name: mean_value(SET_METRICS[name](part) for part in parts) for name in WORST_CASE}


def _replaced(pair: Ratings, by: Callable[[Codes | None, Codes | None], Codes | None]) -> Ratings:
    return Ratings(pair.units, pair.coders, tuple((gold, by(gold, pred)) for gold, pred in pair.given)).paired()


def _missing(ratings: Ratings | None, humans: Sequence[str], coder: str) -> int:
    if ratings is None:
        return 0
    return sum(row[-1] is None and any(codes is not None for codes in row) for row in ratings.of(*humans, coder).given)


def _inner(side: str, coder: str) -> str:
    """A human and a model may bear one name."""
    return f"{side} {coder}"


def _outer(inner: str) -> str:
    return inner.split(" ", 1)[1]
