"""A report dict in, how sure the figures are and whether the model may stand in for a person out. Pure."""

from __future__ import annotations

import re
from typing import Any

from eval.rendering.blocks import Block, Bullets, Cell, Heading, Report, Section, Table, Text
from eval.rendering.saying import Say, num, of
from eval.rendering.sections.summing import trivial_table

_WORDS = {"delete-one-document jackknife": "method_jackknife", "cluster bootstrap": "method_bootstrap"}


def methods(report: Report, say: Say) -> list[str]:
    """The interval methods that the figures by code used, in words."""
    found = {
        measure["method"]
        for run in report["runs"]
        for metrics in run["score"]["codes"].values()
        for measure in metrics.values()
        if isinstance(measure, dict) and measure["low"] is not None
    }
    return sorted({say_method(method, say) for method in found})


def say_method(method: str, say: Say) -> str:
    """A method in words, with its number of resamples or degrees of freedom."""
    numbers = re.findall(r"\d+", method)
    for start, key in _WORDS.items():
        if method.startswith(start) and numbers:
            return say(key, n=numbers[0])
    return method


def uncertainty(report: Report, say: Say) -> Section:
    """Interval methods, missing units, then for each run the distance to people and the power."""
    used = methods(report, say)
    documents = report["data"]["documents"]
    key = "uncertainty_text" if used else "uncertainty_none"
    blocks: list[Block] = [Text(say(key, methods=say.list(used), documents=documents))]
    for n, run in enumerate(report["runs"]):
        blocks += [Heading(say.run(run))] if len(report["runs"]) > 1 else []
        if run["score"]["missing_units"]:
            blocks.append(Text(_missing(run, say)))
        if run["ceiling"].get("codes"):
            blocks.append(_distance(report, run, say, n))
        if run["power"]:
            blocks.append(_power(run, say, n))
    return Section("uncertainty", say("uncertainty"), tuple(blocks))


def _missing(run: dict[str, Any], say: Say) -> str:
    text = say("missing_units", n=run["score"]["missing_units"], judge=say.judge(run))
    worst = of(run["score"].get("worst_case"), None, "alpha_jaccard")
    return text + (say("worst_case", value=say.measure(worst)) if worst else "")


def _distance(report: Report, run: dict[str, Any], say: Say, n: int) -> Table:
    rows = []
    for code in report["codes"]:
        found = run["ceiling"]["codes"].get(code, {})
        cells = [Cell(say.code(code))]
        for metric in ("kappa", "p_pos"):
            one = found.get(metric)
            cells += [
                say.cell(one["gap"] if one else None),
                num(say.num(one["perfect"]) if one else say("not_computed")),
            ]
        rows.append(tuple(cells))
    heads = [say("code")]
    for metric in ("kappa", "p_pos"):
        name = say.term("metric", metric)
        heads += [say("gap", metric=name), say("perfect", metric=name)]
    return Table(
        f"distance-{n}",
        say("gap_caption", judge=say.judge(run)),
        tuple(heads),
        tuple(rows),
        say("gap_note", judge=say.judge(run)),
    )


def _power(run: dict[str, Any], say: Say, n: int) -> Table:
    rows = tuple(
        (
            Cell(say.code(code)),
            num(say.num(one["half_width"])),
            num(say.num(one["design_effect"], 1)),
            num(say.num(one["effective_units"], 0)),
            num(_more(one["more_documents"], say)),
        )
        for code, one in run["power"].items()
    )
    heads = tuple(say(k) for k in ("code", "half_width", "design_effect", "effective_units", "more_documents"))
    return Table(f"power-{n}", say("power_caption"), heads, rows, say("power_note"))


def _more(more: int | None, say: Say) -> str:
    return say("enough") if more == 0 else say.count(more)


def replacement(report: Report, say: Say) -> Section:
    """The alternative annotator test beside what trivial coders get through it."""
    blocks: list[Block] = []
    for n, run in enumerate(report["runs"]):
        blocks += [Heading(say.run(run))] if len(report["runs"]) > 1 else []
        if run["replacement"] is None:
            blocks.append(Text(say("replacement_none", judge=say.judge(run))))
            continue
        test = run["replacement"]
        blocks.append(Text(say("replacement_text", epsilon=say.num(test["epsilon"]), why=say.term("why", test["why"]))))
        blocks += _test(report, test, say, n)
    if report["trivial"]:
        blocks.append(trivial_table(report, say))
    return Section("replacement", say("replacement"), tuple(blocks))


def _test(report: Report, test: dict[str, Any], say: Say, n: int) -> list[Block]:
    known = [(Cell(say.code(code)), test["codes"][code]) for code in report["codes"] if code in test["codes"]]
    if test["overall"]:
        known.append((Cell(say("all_codes"), (), "strong"), test["overall"]))
    rows = tuple((head, *_tested(one, say)) for head, one in known)
    heads = tuple(
        say(k)
        for k in ("code", "test_result", "winning_rate", "advantage", "base_none", "base_majority", "base_random")
    )
    notes = sorted({_note(note, say) for _, one in known for note in one["notes"]})
    table = Table(f"replacement-{n}", say("replacement_caption"), heads, rows, say("replacement_note"))
    return [table, Bullets(tuple(notes))] if notes else [table]


def _note(note: str, say: Say) -> str:
    """The two notes of the test in words of the language; any other as it stands."""
    if found := re.fullmatch(r"(\d+) (people|items); the test asks for (\d+) or more", note):
        return say(f"note_{found[2]}", n=found[1], least=found[3])
    return note


def _tested(one: dict[str, Any], say: Say) -> tuple[Cell, ...]:
    reason = say.status(one["status"]) if one["status"] != "ok" else ""
    lines = tuple(
        line
        for line in (
            reason,
            "" if one["by_item"] is None else say("by_item", result=say("passes" if one["by_item"] else "fails")),
        )
        if line
    )
    baselines = one["baselines"] or {}
    return (
        Cell(say.term("test", one["verdict"]), lines, "strong"),
        num(say.share(one["winning_rate"])),
        num(say.num(one["advantage"])),
        *(Cell(_passes(baselines.get(name), say)) for name in ("none", "majority", "random")),
    )


def _passes(share: float | bool | None, say: Say) -> str:
    if share is None:
        return say("not_computed")
    if share in (0, 1):
        return say("passes" if share else "fails")
    return say("passes_share", share=say.share(share))
