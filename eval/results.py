"""What a scoring comes to, in values; the JSON of it out. Pure.

Figures are rounded to 9 decimals, since the last bits of a sum depend on the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from eval.measures import Measure, Scores

SCHEMA = "codart.eval.score/1"
_DIGITS = 9
_FIGURES = ("value", "low", "high")

Values = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Tally:
    """One code on the units both coded, over all pairs of a human and the judged coder."""

    units: int
    gold: int
    pred: int
    both: int
    gold_only: int
    pred_only: int
    neither: int


@dataclass(frozen=True, slots=True)
class Judged:
    """One coder of the judged file. `against` says what the headline compares it with.

    `each`: against every human; `consensus`: against what more than half of the humans gave, None with one human.
    `nothing_codes` and `nothing_overall`: a coder that reads the same units and never gives a code. `missing`: units a
    human coded and this coder did not; `worst_case`: the summary if all of those were wrong, None if there are none.
    """

    coder: str
    against: str
    scores: Scores
    tallies: Mapping[str, Tally]
    each: Mapping[str, Scores]
    consensus: Scores | None
    nothing_codes: Mapping[str, Values]
    nothing_overall: Values
    missing: int
    worst_case: Values | None


@dataclass(frozen=True, slots=True)
class Result:
    """All that `codart eval score` says. `human`: means over pairs of gold coders, None with one."""

    gold: tuple[str, ...]
    judged: tuple[Judged, ...]
    human: Scores | None
    units: int
    documents: int
    unknown: int  # units of the judged file that the gold file does not name; left out
    inputs: Mapping[str, str]
    seed: int

    def as_dict(self) -> dict[str, Any]:
        """The JSON of docs/eval.md. The first judged coder stands at the top, further ones under `others`."""
        first, *rest = self.judged
        return {
            "schema": SCHEMA,
            **judged_dict(first),
            "gold": list(self.gold),
            "pred": [each.coder for each in self.judged],
            **({"human": scores_dict(self.human)} if self.human else {}),
            **({"others": {each.coder: judged_dict(each) for each in rest}} if rest else {}),
            "units": self.units,
            "documents": self.documents,
            "unknown_units": self.unknown,
            "inputs": dict(self.inputs),
            "seed": self.seed,
            "versions": versions(),
        }


def judged_dict(judged: Judged) -> dict[str, Any]:
    """The fields of one judged coder."""
    return {
        "coder": judged.coder,
        "against": judged.against,
        **scores_dict(judged.scores),
        "counts": {code: asdict(tally) for code, tally in judged.tallies.items()},
        "each": {human: scores_dict(scores) for human, scores in judged.each.items()},
        **({"consensus": scores_dict(judged.consensus)} if judged.consensus else {}),
        "baseline": {
            "coder": "gives no code to any unit",
            "codes": {code: _rounded(values) for code, values in judged.nothing_codes.items()},
            "overall": _rounded(judged.nothing_overall),
        },
        "missing_units": judged.missing,
        **({"worst_case": _rounded(judged.worst_case)} if judged.worst_case is not None else {}),
    }


def scores_dict(scores: Scores) -> dict[str, Any]:
    """Measures by code and over all codes."""
    return {
        "codes": {code: _measures(measures) for code, measures in scores.codes.items()},
        "overall": _measures(scores.overall),
    }


def _measures(measures: Mapping[str, Measure]) -> dict[str, Any]:
    return {name: asdict(each) | _rounded({k: getattr(each, k) for k in _FIGURES}) for name, each in measures.items()}


def _rounded(values: Values) -> dict[str, float | None]:
    return {name: None if value is None else round(value, _DIGITS) + 0.0 for name, value in values.items()}


def versions() -> dict[str, str]:
    """Of this program and of what it reckons with."""
    import numpy
    import scipy

    from assistant import __version__

    return {"codart": __version__, "numpy": numpy.__version__, "scipy": scipy.__version__}
