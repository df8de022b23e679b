"""What was measured of one code in, whether suggestions may be used for it out, with every reason. Pure.

ready: every condition holds. assist: better than trivial coders, but some condition fails or was not measured.
not_supported: not shown to be better than trivial coders: the lower bound of positive agreement (its value, where it
has no spread) is not above the best of none, majority and random. insufficient: too few units or documents to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eval.measures import Measure

Verdict = Literal["ready", "assist", "not_supported", "insufficient"]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What "ready" asks for. To be fixed before the test split is opened."""

    quotes: float = 0.99  # share of quotes that stand in the text
    delta: float = 0.10  # how much lower than the people's own kappa the model's may be, at the interval's lower end
    p_pos: float = 0.10  # how much lower than the people's own positive agreement
    repeats: float = 0.90  # alpha over runs asked the same again
    paraphrases: float = 0.80  # alpha over runs with the instruction in other words
    positives: int = 10  # units that a person gave the code to
    documents: int = 5


THRESHOLDS = Thresholds()


@dataclass(frozen=True, slots=True)
class Findings:
    """All that a verdict on one code rests on. None: not measured. `replacement` is the guarded test's verdict."""

    positives: int
    documents: int
    quotes: float | None
    gap: Measure | None
    p_pos: Measure
    human_p_pos: float | None
    trivial_p_pos: float
    people: int
    replacement: str
    repeats: Measure | None
    paraphrases: Measure | None


def verdict(found: Findings, thresholds: Thresholds = THRESHOLDS) -> tuple[Verdict, list[str]]:
    """The verdict and the ids of every reason that speaks against "ready"."""
    scarce = [
        *(["few_positives"] if found.positives < thresholds.positives else []),
        *(["few_documents"] if found.documents < thresholds.documents else []),
    ]
    trivial = [] if beats(found.p_pos, found.trivial_p_pos) else ["no_better_than_trivial"]
    reasons = scarce + trivial + _lacking(found, thresholds)
    if scarce:
        return "insufficient", reasons
    if trivial:
        return "not_supported", reasons
    return ("assist" if reasons else "ready"), reasons


def beats(p_pos: Measure, trivial: float) -> bool:
    """Whether positive agreement is above what a trivial coder reaches, and not by chance."""
    low = p_pos.value if p_pos.status == "no_interval:no_spread" else p_pos.low
    return low is not None and low > trivial


def _lacking(found: Findings, thresholds: Thresholds) -> list[str]:
    checks = {
        "quotes": found.quotes is None or found.quotes < thresholds.quotes,
        "no_people": found.people < 2,
        "not_noninferior": found.people > 1 and not _noninferior(found.gap, thresholds.delta),
        "below_human_p_pos": found.people > 1 and not _near(found, thresholds.p_pos),
        "replacement_failed": found.replacement == "failed",
        "replacement_uninformative": found.replacement in ("uninformative", "undefined") and found.people > 1,
        "stability_unknown": found.repeats is None or found.paraphrases is None,
        "unstable": not _steady(found.repeats, thresholds.repeats)
        or not _steady(found.paraphrases, thresholds.paraphrases),
    }
    return [reason for reason, holds in checks.items() if holds]


def _noninferior(gap: Measure | None, delta: float) -> bool:
    if gap is None:
        return False
    low = gap.value if gap.status == "no_interval:no_spread" else gap.low
    return low is not None and low > -delta


def _near(found: Findings, within: float) -> bool:
    if found.p_pos.value is None or found.human_p_pos is None:
        return False
    return found.p_pos.value >= found.human_p_pos - within - 1e-12


def _steady(measured: Measure | None, least: float) -> bool:
    """A code that all runs gave everywhere or nowhere has no alpha but did not move. Unmeasured is not unsteady."""
    if measured is None or measured.status == "undefined:no_variation":
        return True
    return measured.value is not None and measured.value >= least
