"""A report dict in, how often each code occurs in the whole material out. The naive figure is named biased. Pure."""

from __future__ import annotations

from typing import Any

from eval.rendering.blocks import Block, Cell, Heading, Report, Section, Table, Text
from eval.rendering.saying import Say

WAYS = ("gold", "ppi", "dsl", "naive")


def prevalence(report: Report, say: Say) -> Section:
    """For each run a table: from people's codings alone, corrected with the run's, and the run's own."""
    blocks: list[Block] = []
    for n, run in enumerate(report["runs"]):
        if run["prevalence"]:
            blocks += [Heading(say.run(run))] if len(report["runs"]) > 1 else []
            blocks.append(_table(report, run, n, say))
    if blocks:
        blocks.insert(0, Text(say("prevalence_text")))
    return Section("prevalence", say("prevalence"), tuple(blocks))


def _table(report: Report, run: dict[str, Any], n: int, say: Say) -> Table:
    rows = tuple(
        (Cell(say.code(code)), *(_cell(run["prevalence"][code].get(way), way, say) for way in WAYS))
        for code in report["codes"]
        if code in run["prevalence"]
    )
    heads = (say("code"), *(say(f"prevalence_{way}", judge=say.judge(run)) for way in WAYS))
    caption = say("prevalence_caption", run=say.run(run))
    return Table(f"prevalence-{n}", caption, heads, rows, say("prevalence_note"))


def _cell(estimate: dict[str, Any] | None, way: str, say: Say) -> Cell:
    made = say.cell(estimate, percent=True)
    if way != "naive" or estimate is None or estimate["value"] is None:
        return made
    lines = (say.interval(estimate, percent=True),) if estimate["low"] is not None else ()
    return Cell(made.text, (*lines, say("status.biased")), "biased")
