"""Evidence of open coding and an embedder in, the inductive part of the report as JSON values out. Pure, seeded.

Every person is measured as a machine is, so each figure of a machine has the people's own beside it. No figure here is
an accuracy, and a code that no person gave is no error: draw novel codes for blind rating (`eval.blinding`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from eval.evidence import Evidence
from eval.labelling import Coder, OpenCode, compared, label_codes
from eval.likening import ENOUGH, QUOTES_ALONE, Embed, Judgement, Space, Tau, choose_tau
from eval.matching import groups, standings
from eval.pairing import pair_up, shared
from eval.plain import Key

SCHEMA = "codart.eval.open/1"
_SHOWN = 5  # quotes of a code
_DIGITS = 9
_MEANS = {
    "recall": ("at_tau", "recall"),
    "precision": ("at_tau", "precision"),
    "covered": ("at_tau", "covered"),
    "novelty": ("at_tau", "novelty"),
    "redundancy": ("at_tau", "redundancy"),
    "adjusted": ("adjusted", "value"),
    "place_recall": ("anchored", "place_recall"),
    "place_precision": ("anchored", "place_precision"),
    "identical": ("identical", "value"),
    "char_f1": ("spans", "f1", "value"),
}

Pairs = Sequence[Mapping[str, Any]]


def induce(
    evidence: Evidence,
    embed: Embed,
    *,
    name: str = "",
    semantic: bool | None = None,
    tau: float | None = None,
    judgements: Sequence[Judgement] = (),
    seed: int = 0,
) -> dict[str, Any]:
    """Open codes of each person and machine against those of each (other) person.

    `name`, `semantic`: of the embedder; one that is not semantic compares words, not meanings, and the result says so.
    `tau`: from which similarity on codes are alike; else the one that agrees best with `judgements` (of label pairs,
    by people who did not see where labels came from), else 0.6. Figures are rounded to 9 decimals. Raises UsageError
    for a tau outside (0, 1], whatever `embed` raises, and ValueError where the coding is not open.
    """
    if evidence.kind != "open":
        raise ValueError("only open codes can be matched: the evidence is of an assignment to a codebook")
    coders = label_codes(evidence)
    people = [coder for coder in coders if coder.kind == "person"]
    pairs = [(human, other) for human in people for other in coders if other is not human]
    space = Space.of(_every_code(coders, people, pairs), embed)
    chosen = choose_tau(space, coders, judgements, tau)
    compares = [pair_up(space, human, other, chosen.value, seed) for human, other in pairs]
    keys = compared(evidence)
    found = {
        "schema": SCHEMA,
        "seed": seed,
        "units": len(keys),
        "documents": len({document for document, _ in keys}),
        "embedder": {"name": name, "compares": _compares(semantic)},
        "tau": _tau(chosen),
        "coders": [_coder(coder, compares) for coder in coders],
        "pairs": compares,
        "means": [_mean(coder, _of(coder, compares)) for coder in coders],
        "standings": [_standing(space, team, machine, chosen.value) for machine, team in _teams(people, coders)],
    }
    rounded: dict[str, Any] = _rounded(found)
    return rounded


def _every_code(
    coders: Sequence[Coder], people: Sequence[Coder], pairs: Sequence[tuple[Coder, Coder]]
) -> list[OpenCode]:
    """The codes as they are on every set of units that is compared: which quotes are embedded hangs on it."""
    views = [coder.codes for coder in coders]
    views += [coder.within(shared(human, other)) for human, other in pairs for coder in (human, other)]
    views += [coder.within(_common(team)) for _, team in _teams(people, coders) for coder in team]
    return [code for view in views for code in view]


def _compares(semantic: bool | None) -> str:
    if semantic is None:
        return "unknown"
    return "meanings" if semantic else "words"


def _tau(tau: Tau) -> dict[str, Any]:
    return {
        **asdict(tau),
        "calibrated": tau.source == "calibrated",
        "unknown": tau.judgements - tau.used,
        "needed": ENOUGH,
        "quotes_alone": QUOTES_ALONE,
    }


def _of(coder: Coder, compares: Pairs) -> Pairs:
    """The pairs in which the coder is held against a person."""
    return [pair for pair in compares if (pair["kind"], pair["other"]) == (coder.kind, coder.name)]


def _coder(coder: Coder, compares: Pairs) -> dict[str, Any]:
    """The coder's codes, and which of them no (other) person has, as far as the units both coded tell."""
    held, known = set[str](), set[str]()
    for pair in _of(coder, compares):
        novel = {row["label"] for row in pair["novel"]}
        every = novel | {row["other"] for row in pair["matched"]} | {row["label"] for row in pair["spare"]["other"]}
        held |= every
        known |= every - novel
    return {
        "name": coder.name,
        "kind": coder.kind,
        "model": coder.model,
        "baseline": coder.baseline,
        "units": len(coder.codings),
        "given": sum(len(coding.given) for coding in coder.codings.values()),
        "marked": sum(coding.marked for coding in coder.codings.values()),
        "codes": [_code(code) for code in coder.codes],
        "novel": sorted(held - known),
        "novel_of": len(held),
    }


def _code(code: OpenCode) -> dict[str, Any]:
    quotes = [
        {"document": each.key[0], "unit": each.key[1], "start": each.start, "end": each.end, "text": each.text}
        for each in code.quotes
    ]
    return {
        "label": code.label,
        "definition": code.definition,
        "units": len({each.key for each in code.cited}),
        "quotes": quotes[:_SHOWN],
        "quotes_in_all": len(quotes),
    }


def _mean(coder: Coder, pairs: Pairs) -> dict[str, Any]:
    """The coder's figures, each the mean over the people it is held against and where it is defined."""
    figures: dict[str, float | None] = {}
    for figure, path in _MEANS.items():
        values = [value for pair in pairs if (value := _at(pair, path)) is not None]
        figures[figure] = sum(values) / len(values) if values else None
    return {"coder": coder.name, "kind": coder.kind, "against": len(pairs), **figures}


def _at(pair: Mapping[str, Any], path: Sequence[str]) -> float | None:
    value: Any = pair
    for key in path:
        value = value[key]
    return None if value is None else float(value)


def _teams(people: Sequence[Coder], coders: Sequence[Coder]) -> list[tuple[str, list[Coder]]]:
    """The people alone, and with each machine: another run in the report must not change the figures of this one."""
    machines = [coder for coder in coders if coder.kind == "machine"]
    alone = [("", [*people])] if people else []
    return [*alone, *((machine.name, [*people, machine]) for machine in machines)]


def _common(team: Sequence[Coder]) -> frozenset[Key]:
    """The units that all of them coded."""
    return frozenset(set(team[0].codings).intersection(*(coder.codings for coder in team)))


def _standing(space: Space, team: Sequence[Coder], machine: str, tau: float) -> dict[str, Any]:
    """Coverage, overlap, novelty and divergence in the codes of all, merged where they are alike (single linkage)."""
    keys = _common(team)
    every = [(coder, code) for coder in team for code in coder.within(keys)]
    codes = [code for _, code in every]
    group = groups(space.similarities(codes, codes), tau)
    having: dict[str, Collection[int]] = {
        coder.id: {place for place, (own, _) in zip(group, every, strict=True) if own is coder} for coder in team
    }
    figures = standings(having)
    return {
        "machine": machine,
        "units": len(keys),
        "codes": len(set(group)),
        "before": len(codes),
        "largest": max(Counter(group).values()) / len(codes) if codes else None,
        "coders": [{"name": coder.name, "kind": coder.kind, **asdict(figures[coder.id])} for coder in team],
        "status": "ok" if keys else "undefined:no_common_units",
    }


def _rounded(value: Any) -> Any:
    """The last bits of a sum depend on the machine."""
    if isinstance(value, float):
        return round(value, _DIGITS) + 0.0
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value
