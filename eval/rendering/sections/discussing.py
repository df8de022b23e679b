"""A report dict in, points for discussion out: for reflexive studies, which ask for no coefficients. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Any

from eval.rendering.blocks import Block, Box, Heading, Report, Section, Text
from eval.rendering.saying import Say
from eval.rendering.sections import opening
from eval.rendering.sections.answering import stance, warnings
from eval.rendering.sections.coding import meeting

_POINTS = 3


def points(report: Report, say: Say) -> Section:
    """Where people and model read differently, and where to begin."""
    lines = [say("points_data", documents=report["data"]["documents"], units=report["data"]["units"])]
    for run in report["runs"][:2]:
        found = Counter(one["code"] for one in run["disagreements"])
        ranked = sorted(found, key=lambda code: (-found[code], code))[:_POINTS]
        codes = say.list([say("points_code", code=say.code(code), n=found[code]) for code in ranked])
        key = "points_run" if ranked else "points_same"
        lines.append(say(key, run=say.run(run), n=len(run["disagreements"]), codes=codes))
    lines.append(say("points_next"))
    title = Box("answer", say("points_head"), tuple(lines))
    return Section("answer", say("points"), (*warnings(report, say), title, stance(report, say)))


def meetings(report: Report, say: Say) -> Section:
    """Which codes met on the same units."""
    blocks: list[Block] = []
    for n, run in enumerate(report["runs"]):
        blocks += [Heading(say.run(run))] if run["confusion"] and len(report["runs"]) > 1 else []
        if run["confusion"]:
            blocks.append(meeting(run, say, n))
    return Section("meeting", say("meetings"), tuple(blocks))


def inductive(report: Report, say: Say) -> Section:
    """Codes that say the same and codes that only one side has, without figures."""
    found: dict[str, Any] | None = report["open"]
    if not found:
        return Section("inductive", say("inductive"), ())
    names = {one["name"]: say.run(one) for one in found["coders"]}
    blocks: list[Block] = [Text(say("inductive_reflexive"))]
    for n, pair in enumerate(found["pairs"]):
        blocks.append(Heading(say("pair", other=names.get(pair["other"], pair["other"]), human=pair["human"])))
        blocks += opening.matches(pair, n, say, figures_shown=False)
    return Section("inductive", say("inductive"), tuple(blocks))
