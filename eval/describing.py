"""Evidence in, what a report says of its material, people, runs and quotes out: counts and names. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eval.differing import GROUPINGS
from eval.evidence import Machine
from eval.joining import Joined
from eval.plain import Key


def data(joined: Joined) -> dict[str, Any]:
    """How much material there is, how much of it is compared, and who coded it. Units are those of the split."""
    material = set(joined.material)
    return {
        "documents": len({key[0] for key in joined.keys}),
        "units": len(joined.keys),
        "material": len(joined.material),
        "by": {by: _groups(joined, by) for by in GROUPINGS},
        "people": [
            {
                "name": person.name,
                "units": len(coded := material.intersection(person.codings)),
                "documents": len({key[0] for key in coded}),
                "blind": person.blind,
                "sources": list(person.sources),
                "sha256": person.sha256,
            }
            for person in sorted(joined.evidence.people, key=lambda person: person.name)
        ],
        "double_coded": sum(len(joined.voices(key)) > 1 for key in joined.keys),
        "unplaced": joined.evidence.unplaced,
    }


def sample(joined: Joined) -> dict[str, Any]:
    """How units were drawn for people, and how many of the drawn are coded; empty where nothing was drawn."""
    if not joined.evidence.sample:
        return {}
    return dict(joined.evidence.sample)


def labels(joined: Joined) -> dict[str, dict[str, str]]:
    """Names and definitions of the report's codes."""
    known = joined.evidence.labels
    return {
        code: {
            "zh": known[code].zh,
            "en": known[code].en,
            "definition": known[code].definition,
            "definition_zh": known[code].definition_zh,
        }
        for code in joined.codes
        if code in known
    }


def run(machine: Machine) -> dict[str, Any]:
    """A run's name, facts, states, and how its quotes were checked."""
    kept = machine.quotes - len(machine.failures)
    return {
        "name": machine.name,
        "model": machine.model,
        "baseline": machine.baseline,
        "facts": dict(machine.facts),
        "states": {name: machine.states.get(name, 0) for name in ("coded", "none", "failed", "refused", "pending")},
        "quotes": {
            "proposed": machine.quotes,
            "kept": kept,
            "share": kept / machine.quotes if machine.quotes else None,
            "flaws": dict(sorted(machine.flaws.items())),
            "failures": [list(each) for each in machine.failures],
        },
    }


def _groups(joined: Joined, by: str) -> list[dict[str, Any]]:
    held: dict[str, list[Key]] = {}
    for key in joined.keys:
        held.setdefault(str(getattr(joined.passage(key), by)), []).append(key)
    return [_group(name, held[name]) for name in sorted(held) if name or len(held) > 1]


def _group(name: str, keys: Sequence[Key]) -> dict[str, Any]:
    return {"name": name, "documents": len({key[0] for key in keys}), "units": len(keys)}
