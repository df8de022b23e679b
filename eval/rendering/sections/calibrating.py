"""A report dict in, how far a run's confidence can be trusted out. Pure."""

from __future__ import annotations

from functools import partial
from typing import Any

from eval.rendering import figures
from eval.rendering.blocks import Block, Cell, Figure, Heading, Report, Section, Table, Text
from eval.rendering.saying import Say, num

_POINTS = 21  # rows of the risk table: a coverage curve has as many points as suggestions


def calibration(report: Report, say: Say) -> Section:
    """Brier score, reliability diagram, risk and coverage, and what may be taken over unseen."""
    blocks: list[Block] = []
    for n, run in enumerate(report["runs"]):
        if run["calibration"] and run["calibration"]["items"]:
            blocks += [Heading(say.run(run))] if len(report["runs"]) > 1 else []
            blocks += _one(run, n, say)
    if not blocks and report["runs"]:
        blocks.append(Text(say("calibration_none"), "note"))
    return Section("calibration", say("calibration"), tuple(blocks))


def _one(run: dict[str, Any], n: int, say: Say) -> list[Block]:
    found = run["calibration"]
    text = say(
        "calibration_text",
        source=say.term("source", found["source"]),
        items=found["items"],
        brier=say.num(found["brier"], 3),
        ece=say.num(found["ece"], 3),
        aurc=say.num(found["aurc"], 3),
    )
    reason = say.status(found["status"])
    blocks: list[Block] = [Text(text + (say("in_brackets", text=reason) if reason else "")), Text(_accept(found, say))]
    if any(one["items"] for one in found["bins"]):
        blocks.append(_reliability(found, n, say))
    if found["curve"]:
        blocks.append(_risk(found, n, say))
    return blocks


def _accept(found: dict[str, Any], say: Say) -> str:
    accept = found["accept"]
    if accept["least"] is None:
        return say("accept_none")
    return say(
        "accept_text",
        share=say.share(accept["share"]),
        least=say.num(accept["least"]),
        accepted=accept["accepted"],
        errors=accept["errors"],
        bound=say.share(accept["bound"], 1),
    )


def _reliability(found: dict[str, Any], n: int, say: Say) -> Figure:
    title, described = say("reliability"), say("reliability_desc")
    words = {"x": say("confidence"), "y": say("accuracy"), "even": say("even"), "bin": say("bin")}
    bins = [one for one in found["bins"] if one["items"]]
    draw = partial(figures.calibration, f"fig-reliability-{n}", title, described, bins, words)
    rows = tuple(
        (
            Cell(say("range", low=say.num(one["low"], 1), high=say.num(one["high"], 1))),
            num(one["items"]),
            num(say.num(one["confidence"])),
            num(say.num(one["accuracy"])),
        )
        for one in bins
    )
    heads = (say("bin_range"), say("items"), say("confidence"), say("accuracy"))
    table = Table(f"reliability-{n}", title, heads, rows, folded=True)
    return Figure(f"reliability-{n}", title, described, draw, table)


def _risk(found: dict[str, Any], n: int, say: Say) -> Figure:
    curve = found["curve"]
    title, described = say("risk"), say("risk_desc")
    share = found["accept"]["share"] if found["accept"]["least"] is not None else None
    words = {
        "x": say("coverage"),
        "y": say("risk_axis"),
        "line": say("risk_line"),
        "accept": say("risk_accept", share=say.share(share)) if share else "",
    }
    draw = partial(figures.risk, f"fig-risk-{n}", title, described, curve, share, words)
    step = max(len(curve) // (_POINTS - 1), 1)
    shown = [*curve[:-1:step], curve[-1]]
    rows = tuple((num(say.share(x)), num(say.share(y, 1))) for x, y in shown)
    table = Table(f"risk-{n}", title, (say("coverage"), say("risk_axis")), rows, folded=True)
    return Figure(f"risk-{n}", title, described, draw, table)
