"""A report dict in, the section of agreement by code out: the headline of the whole report. Pure."""

from __future__ import annotations

from functools import partial
from math import sqrt
from typing import Any

from eval.rendering import figures
from eval.rendering.blocks import Block, Bullets, Cell, Figure, Heading, Report, Section, Table, Text
from eval.rendering.figures.forest import Value
from eval.rendering.saying import Say, num, of

METRICS = ("kappa", "alpha_nominal", "p_pos", "p_neg")


def codes(report: Report, say: Say) -> Section:
    """A forest plot over all runs; for each run its table, reasons, co-occurrence and prevalence."""
    blocks: list[Block] = [Text(say("codes_read")), _forest(report, say)]
    for n, run in enumerate(report["runs"]):
        blocks += [Heading(say.run(run))] if len(report["runs"]) > 1 else []
        blocks += [code_table(report, run, say, n), _reasons(run, say)]
        blocks += [meeting(run, say, n)] if run["confusion"] else []
        blocks.append(_scatter(report, run, say, n))
        if run["polarity"]:
            blocks.append(_polarity(run, say, n))
    return Section("codes", say("codes"), tuple(blocks))


def code_table(report: Report, run: dict[str, Any], say: Say, n: int) -> Table:
    """n, how often each side gives the code, the four cells, four coefficients with people's beside, the verdict."""
    heads = (
        say("code"),
        say("verdict"),
        say("n"),
        say("given", judge=say.judge(run)),
        *(say(k) for k in ("tp", "fp", "fn", "tn")),
        *(say.term("metric", metric) for metric in METRICS),
    )
    rows = tuple(_row(report, run, code, say) for code in ordered(report, run))
    caption = say("codes_caption", run=say.run(run), judge=say.judge(run))
    return Table(
        f"codes-{n}", caption, heads, rows, say("codes_note", judge=say.judge(run), against=_against(run, say))
    )


def ordered(report: Report, run: dict[str, Any]) -> list[str]:
    """Codes of the report, highest positive agreement first; those without a value last, in the codebook's order."""
    value = {code: (of(run["score"], code, "p_pos") or {}).get("value") for code in report["codes"]}
    return sorted(report["codes"], key=lambda code: -1.0 if (v := value[code]) is None else v, reverse=True)


def _against(run: dict[str, Any], say: Say) -> str:
    people = list(run["score"]["each"])
    return str(people[0]) if len(people) == 1 else say("against_mean")


def _row(report: Report, run: dict[str, Any], code: str, say: Say) -> tuple[Cell, ...]:
    counts = run["score"]["counts"].get(code)
    verdict = run["verdicts"].get(code)
    cells = [
        say.code_cell(code),
        Cell(say.term("verdict", verdict["verdict"]), (), "strong")
        if verdict
        else Cell(say("not_computed"), (), "soft"),
    ]
    if counts:
        cells += [num(counts["units"]), _given(counts, run, say)]
        cells += [num(counts[key]) for key in ("both", "pred_only", "gold_only", "neither")]
    else:
        cells += [Cell(say("not_computed"), (), "soft")] * 6
    for metric in METRICS:
        beside = of(report["human"], code, metric)
        line = say("beside", value=say.value(beside)) if beside else ""
        cells.append(say.cell(of(run["score"], code, metric), line))
    return tuple(cells)


def _given(counts: dict[str, int], run: dict[str, Any], say: Say) -> Cell:
    units, gold, pred = counts["units"], counts["gold"], counts["pred"]
    if not units:
        return Cell(say("not_computed"), (), "soft")
    lines = say("given_shares", gold=say.share(gold / units), pred=say.share(pred / units))
    return Cell(often(gold, pred, run, say), (lines,))


def often(gold: int, pred: int, run: dict[str, Any], say: Say) -> str:
    """In words, how often the run gives a code, against people."""
    judge = say.judge(run)
    if not gold or not pred:
        return say(
            "given_neither" if not gold and not pred else "given_only_model" if pred else "given_only_people",
            judge=judge,
        )
    ratio = pred / gold
    if 0.95 <= ratio <= 1.05:
        return say("given_same", judge=judge)
    return say("given_times", judge=judge, ratio=say.num(ratio, 1 if ratio >= 0.2 else 2))


def _reasons(run: dict[str, Any], say: Say) -> Block:
    items = tuple(
        say(
            "reason_line",
            code=say.code(code),
            verdict=say.term("verdict", one["verdict"]),
            reasons=say.words["semicolon"].join(say.term("reason", reason) for reason in one["reasons"]),
        )
        for code, one in run["verdicts"].items()
        if one["reasons"]
    )
    return Bullets(items, fold=say("reasons", judge=say.judge(run)))


def _forest(report: Report, say: Say) -> Figure:
    runs = report["runs"]
    order = ordered(report, runs[0])
    rows = []
    for code in order:
        points = [of(run["score"], code, "p_pos") for run in runs]
        people = of(report["human"], code, "p_pos")
        note = next((say.value(p) for p in points if p is None or p["value"] is None), "")
        rows.append(
            figures.Row(say.code(code), tuple(_figure(p) for p in points), _figure(people), ceiling(people), note)
        )
    words = {"axis": say("metric.p_pos"), "people": say("among"), "ceiling": say("sqrt_ceiling")}
    draw = partial(
        figures.forest, "fig-forest", say("forest"), say("forest_desc"), rows, [say.run(r) for r in runs], words
    )
    heads = (say("code"), *(say.run(run) for run in runs), say("among"), say("sqrt_ceiling"))
    table = tuple(
        (
            Cell(say.code(code)),
            *(Cell(say.measure(of(run["score"], code, "p_pos")), (), "num") for run in runs),
            Cell(say.measure(of(report["human"], code, "p_pos")), (), "num"),
            num(say.num(ceiling(of(report["human"], code, "p_pos")))),
        )
        for code in order
    )
    return Figure("forest", say("forest"), say("forest_desc"), draw, _table("forest", say("forest"), heads, table))


def ceiling(people: dict[str, Any] | None) -> float | None:
    """What a coder without error would reach against one person: the square root of people's own agreement."""
    value = people["value"] if people else None
    return sqrt(value) if value is not None and value >= 0 else None


def _figure(measure: dict[str, Any] | None) -> Value | None:
    return None if measure is None or measure["value"] is None else (measure["value"], measure["low"], measure["high"])


def meeting(run: dict[str, Any], say: Say, n: int) -> Figure:
    """Which codes of people meet which codes of the run, with "none" on either side."""
    grid = run["confusion"]
    rows, columns = ([say.code(code) for code in grid[side]] for side in ("rows", "columns"))
    words = {"rows": say("people"), "columns": say.run(run)}
    title = say("meeting", run=say.run(run))
    described = say("meeting_desc", judge=say.judge(run))
    draw = partial(figures.heatmap, f"fig-meeting-{n}", title, described, rows, columns, grid["counts"], words)
    table = tuple((Cell(row), *map(num, counts)) for row, counts in zip(rows, grid["counts"], strict=True))
    name = f"meeting-{n}"
    return Figure(name, title, described, draw, _table(name, title, (say("meeting_corner"), *columns), table))


def _scatter(report: Report, run: dict[str, Any], say: Say, n: int) -> Block:
    dots, rows = [], []
    for code in report["codes"]:
        counts, measure = run["score"]["counts"].get(code), of(run["score"], code, "p_pos")
        if counts and counts["units"] and measure and measure["value"] is not None:
            share = counts["gold"] / counts["units"]
            dots.append((say.code(code), share, measure["value"], counts["gold"]))
            rows.append(
                (Cell(say.code(code)), num(say.share(share, 1)), num(say.num(measure["value"])), num(counts["gold"]))
            )
    if not dots:
        return Text(say("scatter_none"), "note")
    title, described = say("scatter", run=say.run(run)), say("scatter_desc")
    words = {"x": say("scatter_x"), "y": say("metric.p_pos")}
    heads = (say("code"), say("scatter_x"), say("metric.p_pos"), say("positives"))
    draw = partial(figures.prevalence, f"fig-scatter-{n}", title, described, dots, words)
    return Figure(f"scatter-{n}", title, described, draw, _table(f"scatter-{n}", title, heads, tuple(rows)))


def _polarity(run: dict[str, Any], say: Say, n: int) -> Table:
    rows = tuple(
        (Cell(say.code(code)), num(one["units"]), num(one["agree"]), say.cell(one["kappa"]))
        for code, one in run["polarity"].items()
    )
    heads = (say("code"), say("polarity_units"), say("polarity_agree"), say("metric.kappa"))
    return Table(f"polarity-{n}", say("polarity_caption"), heads, rows, folded=True)


def _table(name: str, caption: str, heads: tuple[str, ...], rows: tuple[tuple[Cell, ...], ...]) -> Table:
    return Table(f"{name}-table", caption, heads, rows, folded=True)
