"""Spans of units in, every span metric of pairs of coders out, documents as clusters. Pure.

The units of a document that both of a pair marked are laid end to end, so that a document is one text to all metrics:
characters and spans of different units never meet, and no coefficient sees the seams. Several pairs are pooled by
laying one pair's text behind the other's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from eval import spans, unitizing
from eval.alpha import distances
from eval.measures import Measure, Scores, measure
from eval.plain import Key, Said
from eval.ratings import Array
from eval.spans import Code, Counts, Mark
from eval.statistic import ratio, statistic
from eval.unitizing import Continuum

_LEAST_IOU = 0.5
_CHARACTERS = {"char_f1": "f1", "char_precision": "precision", "char_recall": "recall", "iou": "iou"}

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Texts:
    """What each coder marked in each unit, and how long the units are where it is known."""

    keys: Sequence[Key]
    said: Mapping[str, Mapping[Key, Said]]
    lengths: Mapping[Key, int]

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code of a span, sorted."""
        wanted = set(self.keys)
        every = (said for units in self.said.values() for key, said in units.items() if key in wanted)
        return tuple(sorted({str(mark.code) for said in every for mark in said.marks or ()}))


@dataclass(slots=True)
class _Laid:
    """One document's text: how long it is, whether that is known or a least length, and both coders' marks."""

    length: int = 0
    known: bool = True
    first: tuple[Mark, ...] = ()
    second: tuple[Mark, ...] = ()

    def add(self, first: Sequence[Mark], second: Sequence[Mark], length: int | None) -> None:
        end = max((mark.end for mark in (*first, *second)), default=0)
        self.first += _moved(first, self.length)
        self.second += _moved(second, self.length)
        self.known = self.known and length is not None
        self.length += end if length is None else length


def compare_spans(texts: Texts, pairs: Pairs, codes: Sequence[str], seed: int = 0) -> Scores:
    """char_f1, char_precision, char_recall, iou, span_f1_50, span_f1_exact and u_alpha, by code and over all.

    Of each pair the first coder is the gold standard. u_alpha over all codes is taken on sets of codes with Jaccard
    distance, since spans of different codes may overlap; without overlaps that is the nominal u-alpha. It needs the
    lengths of all texts: undefined:no_length.
    """
    laid = _laid(texts, pairs)
    marks = {name: (text.first, text.second) for name, text in laid.items()}
    tables = {
        "char": spans.tabulate(marks, spans.characters),
        "half": spans.tabulate(marks, spans.spans(_LEAST_IOU)),
        "exact": spans.tabulate(marks, spans.spans(1.0)),
    }
    found = {}
    for name, table in tables.items():
        whole = replace(table, codes={code: table.codes.get(code, Counts()) for code in codes})
        found[name] = spans.scores(whole, key=f"{name}_", seed=seed)
    alphas = _alphas(laid, codes, seed)

    def chosen(of: Mapping[str, Mapping[str, Measure]], alpha: Measure) -> dict[str, Measure]:
        characters = {name: of["char"][inner] for name, inner in _CHARACTERS.items()}
        return characters | {"span_f1_50": of["half"]["f1"], "span_f1_exact": of["exact"]["f1"], "u_alpha": alpha}

    by_code = {code: chosen({name: each.codes[code] for name, each in found.items()}, alphas[code]) for code in codes}
    return Scores(by_code, chosen({name: each.overall for name, each in found.items()}, alphas[""]))


def _laid(texts: Texts, pairs: Pairs) -> dict[str, _Laid]:
    laid: dict[str, _Laid] = {}
    for first, second in pairs:
        for key in texts.keys:
            one, other = texts.said[first].get(key), texts.said[second].get(key)
            if one is None or other is None or one.marks is None or other.marks is None:
                continue
            laid.setdefault(key[0], _Laid()).add(one.marks, other.marks, texts.lengths.get(key))
    return laid


def _moved(marks: Sequence[Mark], by: int) -> tuple[Mark, ...]:
    return tuple(Mark(mark.start + by, mark.end + by, mark.code) for mark in marks)


def _alphas(laid: Mapping[str, _Laid], codes: Sequence[str], seed: int) -> dict[str, Measure]:
    """u_alpha by code, and "" for all codes."""
    if not all(text.known for text in laid.values()):
        units = sum(len(text.first) + len(text.second) for text in laid.values())
        unknown = Measure(None, None, None, "none", units, len(laid), "undefined:no_length")
        return dict.fromkeys([*codes, ""], unknown)
    continua = [Continuum(text.length, (text.first, text.second)) for text in laid.values()]
    alphas = {code: unitizing.unitized(unitizing.by_code(continua, code), key=code, seed=seed).u for code in codes}
    return alphas | {"": _set_alpha(continua, seed)}


def _set_alpha(continua: Sequence[Continuum], seed: int) -> Measure:
    """u-alpha of two coders on sets of codes: what `unitizing.unitized` gives for `unitizing.sets` with its `jaccard`.

    Hundreds of sets occur where spans overlap, too many for a table of set × set for each document. Here a document
    is one row: its observed disagreement, the sum S of its tiles, and its length by set.
    """
    tiles = [unitizing.sets(continuum) for continuum in continua]
    codes = {mark.code for tiled in tiles for marks in tiled.coders for mark in marks}
    place: dict[Code, int] = {frozenset(): 0, **{code: k for k, code in enumerate(sorted(codes, key=sorted), 1)}}
    apart = distances([*place], "jaccard")
    rows = np.array([_row(tiled, place, apart) for tiled in tiles]).reshape(len(tiles), 2 + len(place))

    def formula(sums: Array) -> Array:
        observed, squares, lengths = sums[..., 0], sums[..., 1], sums[..., 2:]
        total = lengths.sum(axis=-1)
        expected = ((lengths @ apart) * lengths).sum(axis=-1)
        return 1 - ratio(observed * (total - ratio(squares, total)), expected)

    everywhere = np.ones(len(rows), dtype=bool)
    figure = statistic(rows, everywhere, np.arange(len(rows)), formula, least=1, undefined="no_variation")
    units = sum(len(marks) for tiled in tiles for marks in tiled.coders)
    return replace(measure(figure, "u_alpha", seed), units=units)


def _row(tiled: Continuum, place: Mapping[Code, int], apart: Array) -> Array:
    row = np.zeros(2 + len(place))
    inner = {end for marks in tiled.coders for mark in marks for end in (mark.start, mark.end)}
    edges = np.array(sorted({0, tiled.length} | inner), dtype=np.int64)
    widths, values = np.diff(edges).astype(np.float64), []
    for marks in tiled.coders:
        value = np.zeros(len(widths), dtype=np.int64)
        for mark in marks:
            first, last = np.searchsorted(edges, (mark.start, mark.end))
            value[first:last] = place[mark.code]
        values.append(value)
        row[1] += sum((mark.end - mark.start) ** 2 for mark in marks) + widths[value == 0].sum()
        row[2:] += np.bincount(value, widths, minlength=len(place))
    row[0] = 2 * (widths * apart[values[0], values[1]]).sum()
    return row
