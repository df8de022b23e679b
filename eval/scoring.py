"""A gold file and a file to be judged in, one result out: every metric, humans beside it, a trivial baseline. Pure.

Equal input gives equal output to the byte: nothing depends on the order of lines, on time or on earlier calls. With
several gold coders the judged one is compared with each of them and the headline is the mean, as the humans' own
agreement beside it is a mean over pairs of single humans; their consensus, an easier or harder mark, stands apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from assistant.errors import UsageError
from eval.laying import Texts, compare_spans
from eval.measures import CODE_METRICS, SET_METRICS, Measure, Scores, measure, score
from eval.plain import Key, Plain, Said, holding, lengths, named, unit_of
from eval.ratings import Codes, Ratings
from eval.results import Judged, Result, Tally, Values
from eval.statistic import Statistic, mean
from eval.uncertainty import RESAMPLES

BASELINE_CODE = ("kappa", "alpha_nominal", "ac1", "pabak", "holsti", "p_pos", "p_neg")
BASELINE_SETS = ("alpha_jaccard", "f1_micro", "exact", "jaccard_mean")
WORST_CASE = ("alpha_jaccard", "f1_micro")

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Scale:
    """What all comparisons of one result share."""

    ratings: Ratings | None  # None: no codes of units to compare
    texts: Texts | None  # None: no spans to compare
    codes: tuple[str, ...]
    marked_codes: tuple[str, ...]
    seed: int
    resamples: int


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
    humans = [_inner("gold", name) for name in gold.said]
    judged = [_inner("pred", name) for name in pred.said]
    said = {_inner("gold", n): s for n, s in gold.said.items()} | {_inner("pred", n): s for n, s in pred.said.items()}
    scale = _scale(gold, pred, keys, said, seed, resamples)
    return Result(
        gold=tuple(gold.said),
        judged=tuple(_judge(scale, humans, coder) for coder in judged),
        human=_compared(scale, [*combinations(humans, 2)]) if len(humans) > 1 else None,
        units=len(keys),
        documents=len({document for document, _ in keys}),
        unknown=len(pred.keys - gold.keys),
        inputs={"gold": gold.sha256, "pred": pred.sha256},
        seed=seed,
    )


def _scale(
    gold: Plain, pred: Plain, keys: Sequence[Key], said: Mapping[str, Mapping[Key, Said]], seed: int, resamples: int
) -> _Scale:
    known = lengths(keys, (gold, pred))
    held = [holding(gold), holding(pred)]
    coded, marked = (all(kind in each for each in held) for kind in ("codes", "spans"))
    if not coded and not marked:
        raise UsageError(
            f"nothing to compare: {gold.path} holds {_or_nothing(held[0])}, {pred.path} {_or_nothing(held[1])}",
            "give both files codes of units, or both spans; docs/eval.md shows them",
        )
    ratings = _ratings(keys, said) if coded else None
    texts = Texts(keys, said, known) if marked else None
    return _Scale(ratings, texts, ratings.codes if ratings else (), texts.codes if texts else (), seed, resamples)


def _ratings(keys: Sequence[Key], said: Mapping[str, Mapping[Key, Said]]) -> Ratings:
    given = tuple(tuple(each[key].codes if key in each else None for each in said.values()) for key in keys)
    return Ratings(tuple(unit_of(key) for key in keys), tuple(said), given)


def _or_nothing(kinds: set[str]) -> str:
    return " and ".join(sorted(kinds)) or "nothing that was coded"


def _judge(scale: _Scale, humans: Sequence[str], coder: str) -> Judged:
    each = {human: _compared(scale, [(human, coder)]) for human in humans}
    pairs = [(human, coder) for human in humans]
    several = len(humans) > 1
    codes, overall = _nothing(scale, pairs)
    missing = _missing(scale.ratings, humans, coder)
    return Judged(
        coder=_outer(coder),
        against=f"mean over {', '.join(map(_outer, humans))}" if several else _outer(humans[0]),
        scores=_compared(scale, pairs) if several else each[humans[0]],
        tallies=_tallies(scale, pairs),
        each={_outer(human): scores for human, scores in each.items()},
        consensus=_consensus(scale, humans, coder) if several else None,
        nothing_codes=codes,
        nothing_overall=overall,
        missing=missing,
        worst_case=_worst(scale, pairs) if missing else None,
    )


def _compared(scale: _Scale, pairs: Pairs) -> Scores:
    """Codes and spans of pairs: means of the pairs' figures for codes, all pairs' texts pooled for spans."""
    found = Scores({}, {})
    if scale.ratings is not None:
        found = _rated(scale, scale.ratings, pairs)
    if scale.texts is None:
        return found
    spans = compare_spans(scale.texts, pairs, scale.marked_codes, scale.seed)
    codes = sorted({*found.codes, *spans.codes})
    merged = {code: {**found.codes.get(code, {}), **spans.codes.get(code, {})} for code in codes}
    return Scores(merged, {**found.overall, **spans.overall})


def _rated(scale: _Scale, ratings: Ratings, pairs: Pairs) -> Scores:
    if len(pairs) == 1:
        return score(ratings, *pairs[0], scale.codes, scale.seed, scale.resamples)
    parts = [_both(ratings.of(*pair)) for pair in pairs]

    def measured(figures: Sequence[Statistic], key: str) -> Measure:
        return measure(mean(figures), key, scale.seed, scale.resamples)

    by_code = {}
    for code in scale.codes:
        grids = [part.code(code) for part in parts]
        found = {name: measured([of(grid) for grid in grids], name + code) for name, of in CODE_METRICS.items()}
        counted = found["holsti"]
        test = Measure(None, None, None, "none", counted.units, counted.clusters, "undefined:several_pairs")
        by_code[code] = {**found, "mcnemar": test}
    overall = {name: measured([of(part) for part in parts], name) for name, of in SET_METRICS.items()}
    return Scores(by_code, overall)


def _both(pair: Ratings) -> Ratings:
    """The same units, missing for both coders where one of them did not code: figures of pairs stay comparable."""
    return Ratings(pair.units, pair.coders, tuple((None, None) if None in row else row for row in pair.given))


def _consensus(scale: _Scale, humans: Sequence[str], coder: str) -> Scores | None:
    if scale.ratings is None:
        return None
    agreed = scale.ratings.with_consensus(*humans, name="consensus")
    return score(agreed, "consensus", coder, scale.codes, scale.seed, scale.resamples)


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
        grids = [part.code(code) for part in parts]
        codes[code] = {name: mean([CODE_METRICS[name](grid) for grid in grids]).value() for name in BASELINE_CODE}
    return codes, {name: mean([SET_METRICS[name](part) for part in parts]).value() for name in BASELINE_SETS}


def _worst(scale: _Scale, pairs: Pairs) -> Values | None:
    """Units the judged coder left out, taken as wrong on every code."""
    if scale.ratings is None:
        return None
    every = frozenset(scale.codes)
    parts = [
        _replaced(scale.ratings.of(*pair), lambda gold, pred: every - (gold or Codes()) if pred is None else pred)
        for pair in pairs
    ]
    return {name: mean([SET_METRICS[name](part) for part in parts]).value() for name in WORST_CASE}


def _replaced(pair: Ratings, by: Callable[[Codes | None, Codes | None], Codes | None]) -> Ratings:
    return _both(Ratings(pair.units, pair.coders, tuple((gold, by(gold, pred)) for gold, pred in pair.given)))


def _missing(ratings: Ratings | None, humans: Sequence[str], coder: str) -> int:
    if ratings is None:
        return 0
    return sum(row[-1] is None and any(codes is not None for codes in row) for row in ratings.of(*humans, coder).given)


def _inner(side: str, coder: str) -> str:
    """A human and a model may bear one name."""
    return f"{side} {coder}"


def _outer(inner: str) -> str:
    return inner.split(" ", 1)[1]
