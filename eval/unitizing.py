"""Several coders' unitizations of the same texts in, Krippendorff's u-alpha family out. Pure.

Formulas: Krippendorff, Mathet, Bouvry & Widlöcher 2016 (Quality & Quantity 50, 2347-2364); Krippendorff 2019, Content
Analysis, 4th ed., section 12.6. Each coder's text is tiled by marked units and the gaps between them. With m coders,

    l_ck   = characters of value c in one coder's tiling that meet value k in another's, over pairs of coders, / (m-1)
    eps_ck = (l_c l_k - [c=k] S_c) / (l - S/l),   S_c = sum of squared lengths of units; of plain lengths for gaps
    alpha  = 1 - sum l_ck d_ck / sum eps_ck d_ck

Lengths are code points; another unit of length gives a slightly different value, since S grows with the square.
Texts are pooled by adding l and S, which is one long text. `sets` goes beyond the published measure: it lets spans of
one coder overlap by making the set of codes at a place the value. The older alpha_U is in annex (`alpha_2004`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

import numpy as np

from eval.measures import Measure, measure
from eval.ratings import Array, Numbers
from eval.spans import Code, Mark
from eval.statistic import Formula, ratio, statistic

Distance = Callable[[Code | None, Code | None], float]


@dataclass(frozen=True, slots=True)
class Continuum:
    """One text of `length` code points and what each coder marked in it, coders in any order."""

    length: int
    coders: tuple[tuple[Mark, ...], ...]

    def __post_init__(self) -> None:
        if any(mark.end > self.length for marks in self.coders for mark in marks):
            raise ValueError(f"a span ends after the text's {self.length} characters")


@dataclass(frozen=True, slots=True)
class Alpha:
    """One coefficient; `value` is None where `status` begins with "undefined:". Disagreements are shares."""

    value: float | None
    observed: float
    expected: float
    status: str = "ok"


@dataclass(frozen=True, slots=True)
class ValueAlpha:
    """(k)u-alpha of one value. `coverage`: the share of its marked length that meets a marked unit of another coder."""

    alpha: Alpha
    coverage: float


@dataclass(frozen=True, slots=True)
class Unitized:
    """u: units and codes; binary (|u): marked or not; cu: codes where both marked; values: (k)u per code.

    Each measure counts as units the marked units of all coders, as clusters the texts with at least two coders.
    """

    u: Measure
    binary: Measure
    cu: Measure
    values: dict[Code, ValueAlpha]


def nominal(first: Code | None, second: Code | None) -> float:
    """0 if the two values are the same, else 1 (a gap is None)."""
    return float(first != second)


def jaccard(first: Code | None, second: Code | None) -> float:
    """1 - |A∩B| / |A∪B|; a gap is the empty set, two empty sets are equal."""
    a, b = _set(first), _set(second)
    return 1 - len(a & b) / len(a | b) if a | b else 0.0


def unitized(texts: Sequence[Continuum], distance: Distance = nominal, *, key: str = "", seed: int = 0) -> Unitized:
    """The u-alpha family over all texts with two or more coders, intervals over texts.

    Time n log n in the marks of each pair of coders. `distance` is used by u and cu; |u and (k)u are nominal by
    definition. `key` (code or set of codes) and `seed` choose the resamples. ValueError if a coder's own spans overlap:
    measure per code, or pass the texts through `sets`.
    """
    texts = [text for text in texts if len(text.coders) >= 2]
    codes = sorted({mark.code for text in texts for marks in text.coders for mark in marks}, key=_name)
    index: dict[Code | None, int] = {None: 0, **{code: i for i, code in enumerate(codes, 1)}}
    size, values = len(index), list(index)
    rows = np.array([_tally(text, index) for text in texts]).reshape(len(texts), size * (size + 3))
    units = sum(mark.end > mark.start for text in texts for marks in text.coders for mark in marks)
    apart = np.array([[distance(a, b) for b in values] for a in values])
    joint, _, met_squares, lengths = _parts(rows.sum(axis=0), size)
    marked = joint[1:, 1:]

    def u(sums: Array) -> Array:
        joint, squares, _, _ = _parts(sums, size)
        return _coefficient(joint, squares, apart)

    def binary(sums: Array) -> Array:
        joint, squares, _, _ = _parts(sums, size)
        split = [0, 1] if size > 1 else [0]
        folded = np.add.reduceat(np.add.reduceat(joint, split, axis=-1), split, axis=-2)
        return _coefficient(folded, np.add.reduceat(squares, split, axis=-1), 1 - np.eye(len(split)))

    def cu(sums: Array) -> Array:
        joint, _, met_squares, _ = _parts(sums, size)
        return _coefficient(joint[..., 1:, 1:], met_squares[..., 1:], apart[1:, 1:])

    def measured(name: str, formula: Formula, undefined: str) -> Measure:
        everywhere = np.ones(len(rows), dtype=bool)
        figure = statistic(rows, everywhere, np.arange(len(rows)), formula, least=1, undefined=undefined)
        return replace(measure(figure, name + key, seed), units=units)

    return Unitized(
        measured("u_alpha", u, "no_variation"),
        measured("u_alpha_binary", binary, "no_variation"),
        measured("cu_alpha", cu, "no_variation" if marked.any() else "never_met"),
        {code: _value_alpha(marked, met_squares[1:], lengths[1:], i) for i, code in enumerate(codes)},
    )


def by_code(texts: Sequence[Continuum], code: Code) -> tuple[Continuum, ...]:
    """The texts with `code`'s marks only, those that overlap joined: what u-alpha of one of many codes is taken on."""
    return tuple(Continuum(t.length, tuple(_joined(marks, code) for marks in t.coders)) for t in texts)


def sets(text: Continuum) -> Continuum:
    """Each coder's spans, overlapping or not, as tiles whose value is the set of codes there (our extension).

    A tile ends wherever one of the coder's own spans starts or ends. Without overlaps nothing changes but the names.
    """
    return Continuum(text.length, tuple(_tiles(marks) for marks in text.coders))


def alpha_2004(text: Continuum) -> tuple[dict[Code, Alpha], Alpha]:
    """Annex: alpha_U of one text as in Krippendorff 2004, pp. 251-256, per code and over all. Not for new work.

    Disagreement is the squared distance of the ends of units that meet, and the squared length of units that meet
    none; it misbehaves with more than two coders (Krippendorff et al. 2016, abstract).
    """
    codes = sorted({mark.code for marks in text.coders for mark in marks if mark.end > mark.start}, key=_name)
    each = {code: _alpha_2004(by_code([text], code)[0]) for code in codes if len(text.coders) >= 2}
    observed, expected = sum(a.observed for a in each.values()), sum(a.expected for a in each.values())
    return each, _ratio(observed, expected)


def _alpha_2004(text: Continuum) -> Alpha:
    m, length = len(text.coders), text.length
    units, gaps = [], []
    for marks in text.coders:
        bounds, values = _tiling(marks, length, {mark.code: 1 for mark in marks})
        tiles = np.stack([bounds[:-1], bounds[1:]], axis=1)
        units.append(tiles[values > 0])
        gaps.append(np.diff(tiles[values == 0])[:, 0])
    observed = 2 * sum(_apart_2004(units[i], units[j]) for i, j in combinations(range(m), 2))
    sizes, free = np.concatenate([np.diff(each)[:, 0] for each in units]).astype(float), np.concatenate(gaps)
    room = np.maximum(free[None, :] - sizes[:, None] + 1, 0).sum(axis=1)
    chance = (len(sizes) - 1) / 3 * (2 * sizes**3 - 3 * sizes**2 + sizes) + sizes**2 * room
    ways = m * length * (m * length - 1) - float((sizes * (sizes - 1)).sum())
    return _ratio(observed / (m * (m - 1) * length**2), 2 / length * float(chance.sum()) / ways)


def _apart_2004(first: Numbers, second: Numbers) -> float:
    a, b = first[:, None, :], second[None, :, :]
    meet = (a[..., 0] < b[..., 1]) & (b[..., 0] < a[..., 1])
    moved = float((((a - b) ** 2).sum(axis=2) * meet).sum())
    alone = [first[~meet.any(axis=1)], second[~meet.any(axis=0)]]
    return moved + sum(float((np.diff(each) ** 2).sum()) for each in alone)


def _ratio(observed: float, expected: float) -> Alpha:
    if expected <= 0:
        return Alpha(None, observed, 0.0, "undefined:no_variation")
    return Alpha(1 - observed / expected, observed, expected)


def _tally(text: Continuum, index: Mapping[Code | None, int]) -> Array:
    """One text's l, S, S over the parts of units that met marked units of others, and lengths, in one row (`_parts`).

    Value 0 is the gap. A unit that met others in part counts in the third with that part, averaged over the others.
    """
    m, size = len(text.coders), len(index)
    row = np.zeros(size * (size + 3))
    joint, squares, met_squares, lengths = _parts(row, size)
    tilings = [_tiling(marks, text.length, index) for marks in text.coders]
    met = [np.zeros(len(values)) for _, values in tilings]
    for i, j in combinations(range(m), 2):
        edges = np.union1d(tilings[i][0], tilings[j][0])
        widths = np.diff(edges) / (m - 1)
        at = [np.searchsorted(tilings[k][0], edges[:-1], side="right") - 1 for k in (i, j)]
        a, b = tilings[i][1][at[0]], tilings[j][1][at[1]]
        np.add.at(joint, (a, b), widths)
        np.add.at(joint, (b, a), widths)
        both = np.where((a > 0) & (b > 0), widths, 0.0)
        np.add.at(met[i], at[0], both)
        np.add.at(met[j], at[1], both)
    for (bounds, values), seen in zip(tilings, met, strict=True):
        widths = np.diff(bounds).astype(float)
        np.add.at(lengths, values, widths)
        np.add.at(squares, values, np.where(values > 0, widths**2, widths))
        np.add.at(met_squares, values, seen**2)
    return row


def _parts(sums: Array, size: int) -> tuple[Array, Array, Array, Array]:
    """Views of a row of `_tally`, or of many rows, or of their sum."""
    joint = sums[..., : size * size].reshape(*sums.shape[:-1], size, size)
    squares, met_squares, lengths = (sums[..., size * (size + k) : size * (size + k + 1)] for k in range(3))
    return joint, squares, met_squares, lengths


def _coefficient(joint: Array, squares: Array, apart: Array) -> Array:
    """1 - Do/De. S stands on the diagonal, where nothing is apart, so it acts through the free length only."""
    totals = joint.sum(axis=-1)
    length = totals.sum(axis=-1)
    observed = (joint * apart).sum(axis=(-1, -2))
    chance = (totals[..., :, None] * totals[..., None, :] * apart).sum(axis=(-1, -2))
    return 1 - ratio(observed * (length - ratio(squares.sum(axis=-1), length)), chance)


def _tiling(marks: Sequence[Mark], length: int, index: Mapping[Code | None, int]) -> tuple[Numbers, Numbers]:
    """Boundaries (one more than tiles) and the value of each tile."""
    bounds, values = [0], []
    for mark in sorted((mark for mark in marks if mark.end > mark.start), key=lambda mark: mark.start):
        if mark.start < bounds[-1]:
            raise ValueError(f"spans of one coder overlap at {mark.start}: take them per code or through sets()")
        if mark.start > bounds[-1]:
            bounds.append(mark.start)
            values.append(0)
        bounds.append(mark.end)
        values.append(index[mark.code])
    if bounds[-1] < length:
        bounds.append(length)
        values.append(0)
    return np.array(bounds, dtype=np.int64), np.array(values, dtype=np.int64)


def _value_alpha(marked: Array, met_squares: Array, lengths: Array, i: int) -> ValueAlpha:
    """1 - (1 - l_kk/l_k) / (1 - eps_kk/eps_k), over places both coders marked."""
    totals = marked.sum(axis=1)
    own, square = float(totals[i]), float(met_squares[i])
    coverage = own / float(lengths[i]) if lengths[i] else 0.0
    if not own:
        return ValueAlpha(Alpha(None, 0.0, 0.0, "undefined:never_met"), coverage)
    chances = own * float(totals.sum()) - square
    same = own**2 - square
    if chances <= same:  # no other value was marked where this one was compared
        return ValueAlpha(Alpha(None, 0.0, 0.0, "undefined:no_variation"), coverage)
    observed, expected = 1 - float(marked[i, i]) / own, 1 - same / chances
    return ValueAlpha(Alpha(1 - observed / expected, observed, expected), coverage)


def _set(code: Code | None) -> frozenset[str]:
    if code is None:
        return frozenset()
    return frozenset({code}) if isinstance(code, str) else code


def _name(code: Code) -> tuple[str, ...]:
    return tuple(sorted(_set(code)))


def _joined(marks: Sequence[Mark], code: Code) -> tuple[Mark, ...]:
    joined: list[Mark] = []
    for mark in sorted((each for each in marks if each.code == code), key=lambda each: (each.start, each.end)):
        if joined and mark.start < joined[-1].end:
            joined[-1] = Mark(joined[-1].start, max(mark.end, joined[-1].end), code)
        else:
            joined.append(mark)
    return tuple(joined)


def _tiles(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    events = sorted(
        [(mark.start, 1, mark.code) for mark in marks if mark.end > mark.start]
        + [(mark.end, -1, mark.code) for mark in marks if mark.end > mark.start],
        key=lambda event: event[0],
    )
    tiles, active = [], Counter[str]()
    for (place, change, code), (until, _, _) in pairwise(events):
        for name in _set(code):
            active[name] += change
        here = frozenset(name for name, times in active.items() if times > 0)
        if until > place and here:
            tiles.append(Mark(place, until, here))
    return tuple(tiles)
