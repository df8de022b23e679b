"""People and a run in, what follows for prevalence, confidence, polarity and saturation out. Pure, seeded.

The population of a prevalence is all units of the split that the run answered. People's share of yes on a unit is its
gold value. Confidence in a suggestion is the share of runs, the first included, that gave it; without repeats, what the
model says itself. A suggestion is right if more than half of the people who coded the unit gave the code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.agreement import cohen
from eval.calibrating import Judged, accept, area, calibration, risk_coverage
from eval.evidence import Coding, Machine
from eval.joining import Codings, Joined, in_split
from eval.measures import Measure, measure
from eval.plain import Key
from eval.prevalence import Coded, Prevalence, prevalence
from eval.ratings import Grid
from eval.saturating import band, saturation
from eval.statistic import mean
from eval.uncertainty import RESAMPLES

_POINTS = 200  # of the curve that are kept: more than a picture can show
BASE, RUN = 4, 2  # documents: base of saturation, and how many are looked at behind it


def prevalences(joined: Joined, run: Codings) -> dict[str, Prevalence]:
    """How common each code is in all the units that the run answered."""
    keys = [key for key in joined.material if key in run]
    passages = [joined.passage(key) for key in keys]
    given = [run[key].codes for key in keys]
    voices = [joined.voices(key) for key in keys]
    found = {}
    for code in joined.codes:
        units = [
            Coded(
                key[0],
                float(code in codes),
                sum(code in voice for voice in heard) / len(heard) if heard else None,
                passage.chance if passage.chance is not None and 0 < passage.chance <= 1 else None,
            )
            for key, codes, heard, passage in zip(keys, given, voices, passages, strict=True)
        ]
        found[code] = prevalence(units)
    return found


def confidence(joined: Joined, machine: Machine) -> dict[str, Any]:
    """How far confidence can be trusted; `source` "" and no items where there is none."""
    source, items = _judged(joined, machine)
    found, best = calibration(items), accept(items)
    curve = risk_coverage(items)
    step = max(1, -(-len(curve) // _POINTS))
    kept = [point for k, point in enumerate(curve, start=1) if k % step == 0 or k == len(curve)]
    return {
        "source": source,
        "items": found.items,
        "brier": found.brier,
        "ece": found.ece,
        "status": found.status,
        "bins": [
            {"low": b.low, "high": b.high, "items": b.items, "confidence": b.confidence, "accuracy": b.accuracy}
            for b in found.bins
        ],
        "curve": [[point.coverage, point.risk] for point in kept],
        "aurc": area(items),
        "accept": {
            "share": best.share,
            "least": best.least,
            "accepted": best.accepted,
            "errors": best.errors,
            "bound": best.bound,
            "status": best.status,
        },
    }


def _judged(joined: Joined, machine: Machine) -> tuple[str, list[Judged]]:
    items, own = [], []
    for key in joined.answered(machine.codings):
        voices = joined.voices(key)
        runs = [machine.codings[key].codes, *(each[key].codes for each in machine.repeats if key in each)]
        for code in sorted(machine.codings[key].codes):
            right = 2 * sum(code in voice for voice in voices) > len(voices)
            items.append(Judged(sum(code in codes for codes in runs) / len(runs), right))
            said = _own(machine.codings[key], code)
            if said is not None and 0 <= said <= 1:
                own.append(Judged(said, right))
    if machine.repeats:
        return "repeats", items
    return ("confidence", own) if own else ("", [])


def _own(coding: Coding, code: str) -> float | None:
    return max(
        (one.confidence for one in coding.given if one.code == code and one.confidence is not None), default=None
    )


def polarity(joined: Joined, run: Codings, seed: int = 0, resamples: int = RESAMPLES) -> dict[str, dict[str, Any]]:
    """By code, over (unit, person) where both gave it with one polarity: how many, how many alike, kappa.

    kappa is the mean over people. Codes without such a unit are left out.
    """
    keys = joined.answered(run)
    documents = [key[0] for key in keys]
    found = {}
    for code in joined.codes:
        ours = [_polarity(run[key], code) for key in keys]
        pairs = []
        for person in joined.people:
            theirs = [_polarity(person.codings[key], code) if key in person.codings else "" for key in keys]
            both = [(one, other) if one and other else (None, None) for one, other in zip(theirs, ours, strict=True)]
            if any(one is not None for one, _ in both):
                pairs.append(both)
        if pairs:
            kappa = mean([cohen(Grid.of(each, documents=documents)) for each in pairs])
            met = [pair for each in pairs for pair in each if pair[0] is not None]
            found[code] = {
                "units": len(met),
                "agree": sum(one == other for one, other in met),
                "kappa": measure(kappa, f"polarity{code}", seed, resamples),
            }
    return found


def _polarity(coding: Coding, code: str) -> str:
    """The polarity of a code in a unit, "" if none was said or several."""
    said = {one.polarity for one in coding.given if one.code == code}
    return said.pop() if len(said) == 1 else ""


def saturations(joined: Joined, seed: int = 0) -> dict[str, dict[str, Any]]:
    """New codes by document, in the order of the evidence, for each person and run; a run of a person's name: (run)."""
    evidence = joined.evidence
    order = [key for key, passage in evidence.units.items() if in_split(evidence, passage)]
    coders: dict[str, Codings] = {person.name: person.codings for person in joined.people}
    for machine in evidence.machines:
        coders[f"{machine.name} (run)" if machine.name in coders else machine.name] = machine.codings
    return {name: _saturation(order, codings, seed) for name, codings in coders.items()}


def _saturation(order: Sequence[Key], codings: Mapping[Key, Coding], seed: int) -> dict[str, Any]:
    held: dict[str, set[str]] = {}
    for key in order:
        if key in codings:
            held.setdefault(key[0], set()).update(codings[key].codes)
    texts = list(held.values())
    found = saturation(texts, base=BASE, run=RUN)
    orders = band(texts, seed=seed, base=BASE, run=RUN) if texts else None
    return {
        "new": list(found.new),
        "seen": [sum(found.new[: k + 1]) for k in range(len(found.new))],
        "band": {"mean": list(orders.mean), "low": list(orders.low), "high": list(orders.high)} if orders else None,
        "saturated_at": found.saturated_at,
        "base": BASE,
        "run": RUN,
        "status": found.status,
    }


def measured(found: Mapping[str, Prevalence]) -> dict[str, dict[str, Measure]]:
    """The four estimates by name."""
    return {
        code: {"gold": each.gold, "ppi": each.ppi, "dsl": each.dsl, "naive": each.naive} for code, each in found.items()
    }
