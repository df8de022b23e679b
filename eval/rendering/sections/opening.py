"""A report dict in, the inductive part and saturation out. Similarity is never called accuracy. Pure."""

from __future__ import annotations

from functools import partial
from typing import Any

from eval.rendering import figures
from eval.rendering.blocks import Block, Bullets, Cell, Figure, Heading, Report, Section, Table, Text
from eval.rendering.saying import Say, num

_FOUR = ("recall", "precision", "covered", "novelty", "redundancy")
_LEVELS = ("adjusted", "place_recall", "place_precision", "identical", "char_f1")


def inductive(report: Report, say: Say) -> Section:
    """Standings, means, then each pair of coders: curve over the threshold, matches, missed, novel, split, merged."""
    found = report["open"]
    if not found:
        return Section("inductive", say("inductive"), ())
    names = {one["name"]: say.run(one) for one in found["coders"]}
    blocks: list[Block] = [Text(_threshold(found, say))]
    if found["means"]:
        blocks.append(_means(found, names, say))
    blocks += [_standing(one, n, names, say) for n, one in enumerate(found["standings"])]
    for n, pair in enumerate(found["pairs"]):
        blocks.append(Heading(say("pair", other=names.get(pair["other"], pair["other"]), human=pair["human"])))
        blocks += [_curve(pair, n, say), *matches(pair, n, say, figures_shown=True)]
    return Section("inductive", say("inductive"), tuple(blocks))


def _threshold(found: dict[str, Any], say: Say) -> str:
    tau = found["tau"]
    return say(
        "inductive_text",
        units=found["units"],
        documents=found["documents"],
        embedder=found["embedder"]["name"],
        compares=say.term("compares", found["embedder"]["compares"]),
        tau=say.num(tau["value"]),
        source=say.term("tau", tau["source"]),
        used=tau["used"],
        needed=tau["needed"],
        calibrated=say("tau_calibrated" if tau["calibrated"] else "tau_not_calibrated"),
    )


def _means(found: dict[str, Any], names: dict[str, str], say: Say) -> Table:
    keys = (*_FOUR, *_LEVELS)
    rows = tuple(
        (
            Cell(names.get(one["coder"], one["coder"])),
            num(one["against"]),
            *(num(say.num(one[key])) for key in keys),
        )
        for one in found["means"]
    )
    heads = (say("coder"), say("held_against"), *(say.term("open", key) for key in keys))
    return Table("open-means", say("open_means_caption"), heads, rows, say("open_means_note"))


def _standing(one: dict[str, Any], n: int, names: dict[str, str], say: Say) -> Table:
    who = (
        say("standing_with", machine=names.get(one["machine"], one["machine"]))
        if one["machine"]
        else say("standing_people")
    )
    rows = tuple(
        (
            Cell(names.get(each["name"], each["name"])),
            *(num(say.num(each[key])) for key in ("coverage", "overlap", "novelty", "divergence")),
        )
        for each in one["coders"]
    )
    heads = (say("coder"), *(say.term("standing", key) for key in ("coverage", "overlap", "novelty", "divergence")))
    caption = say("standing_caption", who=who, units=one["units"], codes=one["codes"], before=one["before"])
    note = say("standing_note", largest=say.share(one["largest"]))
    if one["status"] != "ok":
        note = say.status(one["status"])
    return Table(f"standing-{n}", caption, heads, rows, note)


def _curve(pair: dict[str, Any], n: int, say: Say) -> Table:
    rows = tuple(
        (
            Cell(say.num(point["tau"]), (say("at_tau"),) if point["tau"] == pair["at_tau"]["tau"] else ()),
            *(num(say.num(point[key])) for key in _FOUR),
            num(point["splits"]),
            num(point["merges"]),
        )
        for point in _points(pair)
    )
    heads = (say("tau"), *(say.term("open", key) for key in _FOUR), say("splits"), say("merges"))
    adjusted = pair["adjusted"]
    note = say(
        "curve_note",
        adjusted=say.num(adjusted["value"]) if adjusted["value"] is not None else say.status(adjusted["status"]),
        p=say.p(adjusted["p"]),
        identical=say.measure(pair["identical"]),
        anchored=_anchored(pair["anchored"], say),
    )
    caption = say("curve_caption", human=pair["human_codes"], other=pair["other_codes"], units=pair["units"])
    return Table(f"curve-{n}", caption, heads, rows, note)


def _points(pair: dict[str, Any]) -> list[dict[str, Any]]:
    curve = list(pair["curve"])
    if all(point["tau"] != pair["at_tau"]["tau"] for point in curve):
        curve.append(pair["at_tau"])
    return sorted(curve, key=lambda point: float(point["tau"]))


def _anchored(found: dict[str, Any], say: Say) -> str:
    if found["status"] != "ok":
        return say.status(found["status"])
    return say("anchored_text", recall=say.num(found["recall"]), precision=say.num(found["precision"]))


def matches(pair: dict[str, Any], n: int, say: Say, figures_shown: bool) -> list[Block]:
    """Codes that met and codes that met nothing; without figures, the codes alone."""
    place = {True: "same_place_yes", False: "same_place_no", None: "same_place_unknown"}
    heads = (say("open_human"), say("open_other"), *((say("similarity"), say("same_place")) if figures_shown else ()))
    rows = tuple(
        (
            Cell(one["human"]),
            Cell(one["other"]),
            *((num(say.num(one["similarity"])), Cell(say(place[one["same_place"]]))) if figures_shown else ()),
        )
        for one in pair["matched"]
    )
    blocks: list[Block] = []
    if rows:
        blocks.append(Table(f"matched-{n}", say("matched_caption"), heads, rows))
    for key in ("missed", "novel"):
        if pair[key]:
            items = tuple(_nearest(one, say, figures_shown) for one in pair[key])
            blocks.append(Bullets(items, fold=say(f"open_{key}", n=len(items))))
    joined = [say("split_line", label=one["label"], labels=say.list(one["into"])) for one in pair["split"]]
    joined += [say("merge_line", label=one["label"], labels=say.list(one["of"])) for one in pair["merged"]]
    if joined:
        blocks.append(Bullets(tuple(joined), fold=say("open_joined", n=len(joined))))
    return blocks


def _nearest(one: dict[str, Any], say: Say, figures_shown: bool) -> str:
    if one["nearest"] is None or not figures_shown:
        return str(one["label"])
    return say("nearest", label=one["label"], nearest=one["nearest"], similarity=say.num(one["similarity"]))


def saturation(report: Report, say: Say) -> Section:
    """New codes document by document, people and models side by side."""
    found = {name: one for name, one in report["saturation"].items() if one["seen"]}
    if not found:
        return Section("saturation", say("saturation"), ())
    runs = {run["name"]: say.run(run) for run in report["runs"]}
    shown = {runs.get(name, name): one for name, one in found.items()}
    title, described = say("saturation_title"), say("saturation_desc")
    words = {"x": say("saturation_x"), "y": say("saturation_y")}
    draw = partial(figures.saturation, "fig-saturation", title, described, shown, words)
    rows = tuple(
        (Cell(str(k + 1)), *(num(_seen(one, k, say)) for one in shown.values()))
        for k in range(max(len(one["seen"]) for one in shown.values()))
    )
    table = Table("saturation", title, (say("saturation_x"), *shown), rows, folded=True)
    lines = tuple(_when(name, one, say) for name, one in shown.items())
    figure = Figure("saturation", title, described, draw, table)
    return Section("saturation", say("saturation"), (Bullets(lines), figure, Text(say("saturation_note"), "note")))


def _seen(one: dict[str, Any], k: int, say: Say) -> str:
    return say("seen_new", seen=one["seen"][k], new=one["new"][k]) if k < len(one["seen"]) else say("not_computed")


def _when(name: str, one: dict[str, Any], say: Say) -> str:
    if one["status"] != "ok":
        return say("saturation_undefined", coder=name, reason=say.status(one["status"]))
    key = "saturation_at" if one["saturated_at"] is not None else "saturation_never"
    return say(key, coder=name, at=one["saturated_at"], base=one["base"], run=one["run"])
