"""Open codes and an embedder in, how alike the codes are out, part by part; and the tau to call them alike. Pure.

The similarity of two codes is the mean of the parts both have: labels, definitions, quotes (the mean of a code's quote
vectors). Each part is a cosine, 0 where it is negative. Two codes on the same words are alike in the part of quotes
whatever they say of them: without definitions that alone is a similarity of 0.5. So a similarity means little without
its null (`eval.matching.against_shuffled`), and at a tau of 0.5 or less also codes that merely meet are called alike.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.errors import UsageError
from eval.labelling import Coder, OpenCode, fold
from eval.ratings import Array, Mask

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""One row per text, a zero row for a text with nothing in it (`vectorstore.embedders.Embedder.embed`)."""

Judgement = tuple[str, str, bool]
"""Two labels, and whether a person who did not see who gave them says that they mean the same."""

DEFAULT = 0.6
ENOUGH = 100  # judgements that calibrate a tau
QUOTES_ALONE = (
    0.5  # what codes without definitions reach if their quotes are the same and their labels have nothing in common
)
QUOTES = 8  # of a code that are embedded
_DIGITS = 6  # vectors have float32, and the last bits of a product depend on the machine


@dataclass(frozen=True, slots=True)
class Tau:
    """From which similarity on two codes are alike, and on what grounds.

    `source`: given, calibrated (100 judgements or more), judged (fewer) or default. `used`: judgements whose labels
    both occur. `balanced_accuracy`: at this tau on those same judgements, so it flatters a tau that was chosen there.
    """

    value: float
    source: str
    judgements: int
    used: int
    balanced_accuracy: float | None
    status: str


@dataclass(frozen=True, slots=True)
class Space:
    """The vectors of all texts that codes consist of."""

    places: Mapping[str, int]
    vectors: NDArray[np.float32]

    @classmethod
    def of(cls, codes: Iterable[OpenCode], embed: Embed) -> Space:
        """Each text embedded once, in one call. Errors are those of `embed`."""
        texts = sorted({text for code in codes for text in (code.label, code.definition, *_quotes(code)) if text})
        return cls(
            {text: place for place, text in enumerate(texts)}, embed(texts) if texts else np.zeros((0, 1), np.float32)
        )

    def parts(self, rows: Sequence[OpenCode], columns: Sequence[OpenCode]) -> list[Array]:
        """Row × column, a matrix for each part that any pair has; their mean is the similarity.

        A pair without a part holds the mean of its other parts there, so that the part has no say. Labels are always
        there, and 1 where they are the same.
        """
        names, others = ([fold(code.label) for code in side] for side in (rows, columns))
        same = [[name == other for other in others] for name in names]
        labels = np.nan_to_num(self._cosines([[r.label] for r in rows], [[c.label] for c in columns]))
        labels[np.array(same, dtype=bool).reshape(labels.shape)] = 1.0
        definitions = self._cosines([[r.definition] for r in rows], [[c.definition] for c in columns])
        quotes = self._cosines([_quotes(r) for r in rows], [_quotes(c) for c in columns])
        found = [labels, *(part for part in (definitions, quotes) if not np.isnan(part).all())]
        mean = np.nanmean(found, axis=0)
        return [np.where(np.isnan(part), mean, part) for part in found]

    def similarities(self, rows: Sequence[OpenCode], columns: Sequence[OpenCode]) -> Array:
        """Row × column, 0 … 1."""
        return mean_of(self.parts(rows, columns))

    def _cosines(self, rows: Sequence[Sequence[str]], columns: Sequence[Sequence[str]]) -> Array:
        """NaN where a side has no words, or none that the embedder knows."""
        (first, has), (second, also) = self._means(rows), self._means(columns)
        return np.where(has[:, None] & also[None, :], np.clip(first @ second.T, 0.0, 1.0), np.nan)

    def _means(self, texts: Sequence[Sequence[str]]) -> tuple[Array, Mask]:
        means = np.zeros((len(texts), self.vectors.shape[1]))
        for row, each in enumerate(texts):
            known = [self.places[text] for text in each if text]
            if known:
                means[row] = self.vectors[known].mean(axis=0, dtype=np.float64)
        lengths = np.linalg.norm(means, axis=1)
        return means / np.where(lengths > 0, lengths, 1.0)[:, None], lengths > 0


def mean_of(parts: Sequence[Array]) -> Array:
    """The similarity that the parts come to."""
    mean: Array = np.mean(parts, axis=0)
    return mean.round(_DIGITS)


def choose_tau(space: Space, coders: Sequence[Coder], judgements: Sequence[Judgement], tau: float | None) -> Tau:
    """`tau` if given, else the hundredth with the best balanced accuracy on `judgements`, else 0.6.

    A pair of labels is as similar as the codes of these labels are on average, codes of different coders where there
    are any. Of several best hundredths the middle one is taken. Raises UsageError for a tau outside (0, 1].
    """
    if tau is not None and not 0 < tau <= 1:
        raise UsageError(f"tau is {tau:g}; it must be above 0 and at most 1.", "The usual range is 0.4 to 0.9.")
    labelled = _labelled(coders) if judgements else {}
    found = [(_likeness(space, labelled, one, other), same) for one, other, same in judgements]
    used = [(likeness, same) for likeness, same in found if likeness is not None]
    if len({same for _, same in used}) < 2:
        value, source = (DEFAULT, "default") if tau is None else (tau, "given")
        status = "undefined:one_kind" if used else "undefined:no_judgements"
        return Tau(value, source, len(judgements), len(used), None, status)
    if tau is not None:
        return Tau(tau, "given", len(judgements), len(used), _balanced(used, tau), "ok")
    accuracies = {hundredth / 100: _balanced(used, hundredth / 100) for hundredth in range(1, 101)}
    best = [each for each, accuracy in accuracies.items() if accuracy == max(accuracies.values())]
    value = best[(len(best) - 1) // 2]
    source = "calibrated" if len(used) >= ENOUGH else "judged"
    return Tau(value, source, len(judgements), len(used), accuracies[value], "ok")


def _labelled(coders: Sequence[Coder]) -> dict[str, list[tuple[str, OpenCode]]]:
    """By folded label, who has a code of it."""
    found: dict[str, list[tuple[str, OpenCode]]] = {}
    for coder in coders:
        for code in coder.codes:
            found.setdefault(fold(code.label), []).append((coder.id, code))
    return found


def _likeness(
    space: Space, labelled: Mapping[str, Sequence[tuple[str, OpenCode]]], one: str, other: str
) -> float | None:
    """None where no two codes have these labels."""
    first, second = labelled.get(fold(one), ()), labelled.get(fold(other), ())
    every = [(x != y, a, b) for x, a in first for y, b in second if a is not b]
    pairs = [(a, b) for apart, a, b in every if apart] or [(a, b) for _, a, b in every]
    if not pairs:
        return None
    return float(np.mean([space.similarities([a], [b])[0, 0] for a, b in pairs]))


def _balanced(used: Collection[tuple[float, bool]], tau: float) -> float:
    """Mean of the share of same pairs called alike and of different pairs called different."""
    same = [likeness >= tau for likeness, judged in used if judged]
    different = [likeness < tau for likeness, judged in used if not judged]
    return (sum(same) / len(same) + sum(different) / len(different)) / 2


def _quotes(code: OpenCode) -> list[str]:
    """At most `QUOTES` of a code's quotes, spread evenly over its places."""
    texts = [each.text for each in code.quotes]
    if len(texts) <= QUOTES:
        return texts
    return [texts[place] for place in np.linspace(0, len(texts) - 1, QUOTES).round().astype(int)]
