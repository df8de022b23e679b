"""A report dict in, where and how far agreement varies out: over repeats, runs, groups and documents. Pure."""

from __future__ import annotations

from functools import partial
from typing import Any

from eval.rendering import figures
from eval.rendering.blocks import Block, Cell, Figure, Heading, Report, Section, Table, Text
from eval.rendering.saying import Say, num


def stability(report: Report, say: Say) -> Section:
    """Agreement of a run with its own repeats, and runs held against each other."""
    blocks: list[Block] = []
    for n, run in enumerate(report["runs"]):
        found = [(kind, run["stability"][kind]) for kind in ("repeats", "paraphrases") if run["stability"].get(kind)]
        if found and len(report["runs"]) > 1:
            blocks.append(Heading(say.run(run)))
        blocks += [_stable(report, run, kind, one, n, say) for kind, one in found]
    if not blocks:
        blocks.append(Text(say("stability_none"), "note"))
    if report["compare"]:
        blocks += _compare(report, say)
    return Section("stability", say("stability"), tuple(blocks))


def _stable(report: Report, run: dict[str, Any], kind: str, one: dict[str, Any], n: int, say: Say) -> Figure:
    known = [(say("all_codes"), one["overall"])]
    known += [(say.code(code), one["codes"][code]) for code in report["codes"] if code in one["codes"]]
    spots = [
        figures.Spot(
            label, m["value"], m["low"], m["high"], None, say.status(m["status"]) if m["value"] is None else ""
        )
        for label, m in known
    ]
    title = say(f"stability_{kind}", run=say.run(run), n=one["runs"])
    described = say("stability_desc")
    words = {"axis": say("stability_axis"), "model": say(f"stability_key_{kind}"), "people": say("among")}
    draw = partial(figures.strip, f"fig-stable-{kind}-{n}", title, described, spots, words)
    rows = tuple((Cell(label), say.cell(m)) for label, m in known)
    table = Table(f"stable-{kind}-{n}", title, (say("code"), say("stability_axis")), rows, say("stability_note"))
    return Figure(f"stable-{kind}-{n}", title, described, draw, table)


def _compare(report: Report, say: Say) -> list[Block]:
    names = {run["name"]: say.run(run) for run in report["runs"]}
    rows = tuple(
        (
            Cell(
                say(
                    "versus",
                    first=names.get(one["first"], one["first"]),
                    second=names.get(one["second"], one["second"]),
                )
            ),
            Cell(say.code(one["code"])) if one["code"] else Cell(say("all_codes"), (), "strong"),
            Cell(say.term("metric", one["metric"])),
            say.cell(one["difference"]),
            num(say.p(one["p"])),
            num(say.p(one["holm"])),
        )
        for one in report["compare"]
    )
    heads = tuple(say(k) for k in ("runs", "code", "metric", "difference", "p", "holm"))
    return [Table("compare", say("compare_caption"), heads, rows, say("compare_note"))]


def differential(report: Report, say: Say) -> Section:
    """Whether mistakes fall on some cases, kinds or languages more than on others."""
    blocks: list[Block] = []
    for n, run in enumerate(report["runs"]):
        if not run["differential"]:
            continue
        blocks += [Heading(say.run(run))] if len(report["runs"]) > 1 else []
        rows = tuple(
            (
                Cell(
                    say.term(one["by"], one["group"]) if one["group"] else say("not_recorded"),
                    (say(f"by_{one['by']}"),),
                ),
                num(one["units"]),
                num(one["documents"]),
                num(say.share(one["missed"])),
                num(say.share(one["added"])),
                say.cell(one["agreement"]),
            )
            for one in run["differential"]
        )
        heads = tuple(say(k) for k in ("group", "units", "documents", "missed_share", "added_share", "jaccard_gap"))
        blocks.append(
            Table(
                f"differential-{n}",
                say("differential_caption", run=say.run(run)),
                heads,
                rows,
                say("differential_note"),
            )
        )
    return Section("differential", say("differential"), tuple(blocks))


def documents(report: Report, say: Say) -> Section:
    """Which documents drive the disagreement."""
    blocks: list[Block] = [Text(say("documents_text"))]
    blocks += [_caterpillar(run, n, say) for n, run in enumerate(report["runs"]) if run["documents"]]
    return Section("documents", say("documents_title"), tuple(blocks) if len(blocks) > 1 else ())


def _caterpillar(run: dict[str, Any], n: int, say: Say) -> Figure:
    spots = [
        figures.Spot(
            str(one["document"]),
            one["agreement"],
            None,
            None,
            one["human"],
            say("no_value") if one["agreement"] is None else "",
        )
        for one in run["documents"]
    ]
    title, described = say("caterpillar", run=say.run(run)), say("caterpillar_desc")
    words = {"axis": say("jaccard_mean_axis"), "model": say("run_people", run=say.run(run)), "people": say("among")}
    draw = partial(figures.strip, f"fig-documents-{n}", title, described, spots, words)
    rows = tuple(
        (
            Cell(str(one["document"]), (one["case"],) if one["case"] else ()),
            num(one["units"]),
            num(say.num(one["agreement"])),
            num(say.num(one["human"]) if one["human"] is not None else say("no_second_person")),
        )
        for one in run["documents"]
    )
    heads = (say("document"), say("units"), words["model"], words["people"])
    table = Table(f"documents-{n}", title, heads, rows, folded=True)
    return Figure(f"documents-{n}", title, described, draw, table)
