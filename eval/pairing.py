"""Two coders' open codes in, what each has of the other out, as JSON values. Pure, seeded.

The first coder is a person and the reference; the other is judged, a machine or another person, by the same figures.
Only units that both coded count: what one of them was not asked is neither missed nor novel.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from zlib import crc32

import numpy as np

from eval import spans
from eval.labelling import Coder, OpenCode, fold
from eval.likening import Space, mean_of
from eval.matching import Anchored, Matched, Pair, against_shuffled, anchor, curve, match, same_place
from eval.measures import Measure, measure
from eval.plain import Key
from eval.ratings import Array, Mask
from eval.spans import Counts, Mark
from eval.statistic import ratio, statistic

TAUS = tuple(k / 100 for k in range(40, 91, 5))


@dataclass(frozen=True, slots=True)
class _Sides:
    """The codes of both on the units both coded, and how alike they are."""

    human: Sequence[OpenCode]
    other: Sequence[OpenCode]
    similarities: Array
    together: Mask
    placed: Mask  # whether both codes have marked words

    def pair(self, pair: Pair) -> dict[str, Any]:
        """A pair by its labels."""
        i, j = pair.human, pair.model
        return {"human": self.human[i].label, "other": self.other[j].label, "similarity": pair.similarity}


def shared(human: Coder, other: Coder) -> frozenset[Key]:
    """The units both coded."""
    return frozenset(human.codings.keys() & other.codings.keys())


def pair_up(space: Space, human: Coder, other: Coder, tau: float, seed: int) -> dict[str, Any]:
    """Every figure of `other` against `human`, and the codes that they are made of."""
    keys = shared(human, other)
    rows, columns = human.within(keys), other.within(keys)
    parts, among = space.parts(rows, columns), space.similarities(columns, columns)
    first, second = [code.places for code in rows], [code.places for code in columns]
    placed = np.outer([bool(each) for each in first], [bool(each) for each in second]).astype(bool)
    sides = _Sides(rows, columns, mean_of(parts), same_place(first, second), placed)
    matched = match(sides.similarities, tau, among)
    adjusted = asdict(against_shuffled(parts, seed=_own_seed(human, other, seed)))
    return {
        "human": human.name,
        "other": other.name,
        "kind": other.kind,
        "units": len(keys),
        "documents": len({document for document, _ in keys}),
        "left_out": len(human.codings.keys() ^ other.codings.keys()),
        "human_codes": len(rows),
        "other_codes": len(columns),
        "at_tau": _point(matched),
        "curve": [_point(each) for each in curve(sides.similarities, TAUS, among)],
        "adjusted": {"p": adjusted.pop("share_as_high"), **adjusted},
        "anchored": _anchored(sides, tau),
        "identical": asdict(identical_labels(human, other, seed)),
        "spans": {name: asdict(each) for name, each in same_words(human, other, seed).items()},
        **_named(sides, matched, tau),
    }


def identical_labels(human: Coder, other: Coder, seed: int) -> Measure:
    """Share of the units to which both gave a code on which they gave one label in common."""
    both = [(key, _labels(human, key), _labels(other, key)) for key in sorted(shared(human, other))]
    coded = [(key, bool(one & another)) for key, one, another in both if one and another]
    documents = {document: place for place, document in enumerate(sorted({key[0] for key, _ in coded}))}
    figure = statistic(
        np.array([(same, 1) for _, same in coded], dtype=float).reshape(len(coded), 2),
        np.ones(len(coded), dtype=bool),
        np.array([documents[key[0]] for key, _ in coded], dtype=np.int64),
        lambda sums: ratio(sums[..., 0], sums[..., 1]),
        least=1,
        bounds=(0, 1),
    )
    return measure(figure, _key("identical", human, other), seed)


def same_words(human: Coder, other: Coder, seed: int) -> dict[str, Measure]:
    """Precision, recall, F1 and IoU of the characters marked, whatever code, on the units where both marked words."""
    first, second = sorted((human, other), key=lambda coder: coder.id)
    documents: dict[str, dict[spans.Code, Counts]] = {}
    for key in sorted(shared(first, second)):
        if first.codings[key].marked and second.codings[key].marked:
            found = spans.characters(_marks(first, key), _marks(second, key)).get("", Counts())
            document = documents.setdefault(key[0], {"": Counts()})
            document[""] = document[""] + found
    total = sum((each[""] for each in documents.values()), Counts())
    table = spans.Table(documents, {"": total}, total)
    measures = dict(spans.scores(table, key=_key("words", first, second), seed=seed).overall)
    if not documents:
        return {name: replace(each, status="undefined:not_marked") for name, each in measures.items()}
    if first is other:
        measures["precision"], measures["recall"] = measures["recall"], measures["precision"]
    return measures


def _own_seed(human: Coder, other: Coder, seed: int) -> int:
    """Random numbers of this pair's own, whoever else is in the report."""
    return crc32(json.dumps([seed, human.id, other.id]).encode())


def _key(figure: str, *coders: Coder) -> str:
    """The same whichever of two coders comes first, so that a figure which is the same has the same interval."""
    return json.dumps([figure, *sorted(coder.id for coder in coders)])


def _labels(coder: Coder, key: Key) -> set[str]:
    return {fold(code) for code in coder.codings[key].codes}


def _marks(coder: Coder, key: Key) -> list[Mark]:
    return [Mark(each.start, each.end, "") for each in coder.codings[key].given]


def _point(matched: Matched) -> dict[str, Any]:
    found = asdict(matched)
    del found["pairs"]
    return found


def _anchored(sides: _Sides, tau: float) -> dict[str, Any]:
    found = anchor(sides.similarities, sides.together, tau)
    if sides.similarities.size and not sides.placed.any():
        found = Anchored((), None, None, None, None, (), "undefined:not_marked")
    shares = {name: getattr(found, name) for name in ("recall", "precision", "place_recall", "place_precision")}
    return shares | {"other_names": _sorted(sides, found.other_names), "status": found.status}


def _sorted(sides: _Sides, pairs: Collection[Pair]) -> list[dict[str, Any]]:
    return [sides.pair(pair) for pair in sorted(pairs, key=_most_similar)]


def _most_similar(pair: Pair) -> tuple[float, int, int]:
    return -pair.similarity, pair.human, pair.model


def _named(sides: _Sides, matched: Matched, tau: float) -> dict[str, Any]:
    """The codes behind the figures: paired, like none, like some but left without a partner, split and merged."""
    alike = sides.similarities >= tau
    pairs = sorted(matched.pairs, key=_most_similar)
    rows, columns = {pair.human for pair in pairs}, {pair.model for pair in pairs}
    human = _Listing(sides.human, sides.other, sides.similarities, alike)
    other = _Listing(sides.other, sides.human, sides.similarities.T, alike.T)
    return {
        "matched": [sides.pair(pair) | {"same_place": _same_place(sides, pair)} for pair in pairs],
        "missed": human.like_none(),
        "novel": other.like_none(),
        "spare": {"human": human.spare(rows), "other": other.spare(columns)},
        "split": [{"label": label, "into": into} for label, into in human.like_several()],
        "merged": [{"label": label, "of": of} for label, of in other.like_several()],
        "same_label_apart": human.same_label_apart(),
    }


def _same_place(sides: _Sides, pair: Pair) -> bool | None:
    at = pair.human, pair.model
    return bool(sides.together[at]) if sides.placed[at] else None


@dataclass(frozen=True, slots=True)
class _Listing:
    """The codes of one side, as rows, beside those of the other."""

    codes: Sequence[OpenCode]
    others: Sequence[OpenCode]
    similarities: Array
    alike: Mask

    def like_none(self) -> list[dict[str, Any]]:
        return [self._row(place) for place in range(len(self.codes)) if not self.alike[place].any()]

    def spare(self, taken: Collection[int]) -> list[dict[str, Any]]:
        return [self._row(place) for place in range(len(self.codes)) if place not in taken and self.alike[place].any()]

    def like_several(self) -> list[tuple[str, list[str]]]:
        return [
            (code.label, [other.label for other, like in zip(self.others, row, strict=True) if like])
            for code, row in zip(self.codes, self.alike, strict=True)
            if row.sum() >= 2
        ]

    def same_label_apart(self) -> list[str]:
        """Labels that both sides have on quotes so different that the two codes are not alike."""
        theirs = {fold(other.label): place for place, other in enumerate(self.others)}
        places = [
            (code.label, row, theirs.get(fold(code.label))) for code, row in zip(self.codes, self.alike, strict=True)
        ]
        return [label for label, row, place in places if place is not None and not row[place]]

    def _row(self, place: int) -> dict[str, Any]:
        """A code with the code of the other side that is nearest to it, if any is near at all."""
        row = self.similarities[place]
        best = int(row.argmax()) if row.size else None
        similarity = float(row[best]) if best is not None else None
        nearest = self.others[best].label if best is not None and similarity else None
        return {"label": self.codes[place].label, "nearest": nearest, "similarity": similarity}
