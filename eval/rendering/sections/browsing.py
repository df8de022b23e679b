"""A report dict in, every disagreement with both sides' words marked in the text out. Pure."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from eval.rendering.blocks import Browser, Disagreement, Piece, Report, Section
from eval.rendering.saying import Say

_TYPES = ("missed", "added", "confused", "boundary")
Layer = tuple[int, int, str, str]  # start, end, side, what it says


def browser(report: Report, say: Say) -> Section:
    """One browser over all runs, with filters by code, type, document and run."""
    items = tuple(
        _item(report, run, one, n, say) for n, run in enumerate(report["runs"]) for one in run["disagreements"]
    )
    if not items:
        return Section("browser", say("browser"), ())
    used = {name: {item.filters[name] for item in items} for name in ("code", "type", "document", "run")}
    filters = (
        ("code", say("code"), tuple((c, say.code(c)) for c in _codes(report, used["code"]))),
        ("type", say("type"), tuple((t, say.term("type", t)) for t in _TYPES if t in used["type"])),
        ("document", say("document"), tuple((d, d) for d in sorted(used["document"]))),
        ("run", say("run"), tuple((str(n), say.run(r)) for n, r in enumerate(report["runs"]) if str(n) in used["run"])),
    )
    note = say("browser_note_reflexive" if report["stance"] == "reflexive" else "browser_note")
    return Section("browser", say("browser"), (Browser(filters, items, note),))


def _codes(report: Report, used: set[str]) -> list[str]:
    return [code for code in report["codes"] if code in used] + sorted(used - set(report["codes"]))


def _item(report: Report, run: dict[str, Any], one: dict[str, Any], n: int, say: Say) -> Disagreement:
    names = {"code": say.code(one["code"]), "other": say.code(one["other"]), "judge": say.judge(run)}
    where = [str(one["document"]), say("unit_number", number=one["unit"])]
    where += [one["case"]] if one["case"] else []
    where += [say.run(run)] if len(report["runs"]) > 1 else []
    return Disagreement(
        number=one["id"],
        heading=say(f"heading_{one['type']}", **names),
        where=say.words["dot"].join(where),
        pieces=tuple(pieces(one["text"], _layers(one, run, say))),
        said=tuple(_said(one, run, say)),
        filters={"code": one["code"], "type": one["type"], "document": str(one["document"]), "run": str(n)},
    )


def _layers(one: dict[str, Any], run: dict[str, Any], say: Say) -> list[Layer]:
    found = [
        (span["start"], span["end"], "people", say("says", who=person["coder"], code=say.code(span["code"])))
        for person in one["people"]
        for span in person["spans"]
    ]
    found += [
        (span["start"], span["end"], "model", say("says", who=say.run(run), code=say.code(span["code"])))
        for span in one["model"]["spans"]
    ]
    return found


def pieces(text: str, layers: list[Layer]) -> list[Piece]:
    """The text cut at every border of a mark; each piece knows which sides marked it and what they said."""
    kept = [(max(start, 0), min(end, len(text)), side, said) for start, end, side, said in layers]
    kept = [layer for layer in kept if layer[0] < layer[1]]
    borders = sorted({0, len(text), *(edge for start, end, _, _ in kept for edge in (start, end))})
    found = []
    for start, end in pairwise(borders):
        here = [layer for layer in kept if layer[0] <= start and end <= layer[1]]
        sides = {side for _, _, side, _ in here}
        name = "both" if len(sides) == 2 else next(iter(sides), "")
        found.append(Piece(text[start:end], name, " · ".join(dict.fromkeys(said for *_, said in here))))
    return found


def _said(one: dict[str, Any], run: dict[str, Any], say: Say) -> list[tuple[str, str]]:
    found = [(person["coder"], say.list([say.code(code) for code in person["codes"]])) for person in one["people"]]
    model = one["model"]
    words = say.list([say.code(code) for code in model["codes"]])
    if model["confidence"] is not None:
        words += say("in_brackets", text=say("confidence_of", value=say.num(model["confidence"])))
    found.append((say.run(run), words))
    if model["why"]:
        found.append((say("why"), model["why"]))
    return found
