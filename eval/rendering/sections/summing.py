"""A report dict in, agreement over all codes and of marked words out. Every sentence names its distance. Pure."""

from __future__ import annotations

from typing import Any

from eval.rendering.blocks import Block, Bullets, Cell, Heading, Report, Section, Table, Text
from eval.rendering.saying import Say, num, of

OVERALL = ("alpha_jaccard", "alpha_masi", "f1_micro", "f1_macro", "f1_samples", "jaccard_mean")
_EACH = ("alpha_jaccard", "f1_micro")
SPANS = ("char_f1", "iou", "span_f1_50", "span_f1_exact", "u_alpha")


def summary(report: Report, say: Say) -> Section:
    """The figures over all codes: each run against people, people among themselves, consensus, each person."""
    blocks: list[Block] = [
        Bullets(tuple(_sentence(report, run, m, say) for run in report["runs"] for m in OVERALL[:2]))
    ]
    blocks.append(overall_table(report, say))
    for run in report["runs"]:
        if run["score"].get("each") and len(run["score"]["each"]) > 1:
            blocks += [Heading(say.run(run))] if len(report["runs"]) > 1 else []
            blocks.append(_each(run, say))
    return Section("summary", say("summary"), tuple(blocks))


def _sentence(report: Report, run: dict[str, Any], metric: str, say: Say) -> str:
    beside = of(report["human"], None, metric)
    return say(
        "summary_line",
        run=say.run(run),
        distance=say.term("distance", metric),
        value=say.measure(of(run["score"], None, metric)),
        people_value=say.measure(beside) if beside else say("no_second_person"),
    )


def overall_table(report: Report, say: Say) -> Table:
    """Metrics by row; a column for each run, one for people among themselves, one for consensus where there is one."""
    runs = report["runs"]
    agreed = [run for run in runs if run["score"].get("consensus")]
    rows = tuple(
        (
            Cell(say.term("metric", metric)),
            *(say.cell(of(run["score"], None, metric)) for run in runs),
            say.cell(of(report["human"], None, metric))
            if report["human"]
            else Cell(say("no_second_person"), (), "soft"),
            *(say.cell(of(run["score"]["consensus"], None, metric)) for run in agreed),
        )
        for metric in OVERALL
    )
    heads = (
        say("metric"),
        *(say("run_people", run=say.run(run)) for run in runs),
        say("among"),
        *(say("run_consensus", run=say.run(run)) for run in agreed),
    )
    return Table("overall", say("overall_caption"), heads, rows, say("overall_note"))


def _each(run: dict[str, Any], say: Say) -> Table:
    rows = tuple(
        (Cell(person), *(say.cell(of(scores, None, metric)) for metric in _EACH))
        for person, scores in run["score"]["each"].items()
    )
    heads = (say("coder"), *(say.term("metric", metric) for metric in _EACH))
    return Table("each", say("each_caption", run=say.run(run)), heads, rows, folded=True)


def spans(report: Report, say: Say) -> Section:
    """Whether the same words were marked, by code."""
    blocks: list[Block] = []
    for n, run in enumerate(report["runs"]):
        is_open = report["kind"] == "open"  # then all marked words count as one code
        known = sorted(run["score"]["codes"]) if is_open else report["codes"]
        metrics = [m for m in SPANS if any(of(run["score"], code, m) for code in (*known, None))]
        if not metrics:
            continue
        rows = [] if is_open else [_span_row(report, run, None, metrics, say)]
        rows += [_span_row(report, run, code, metrics, say) for code in known]
        heads = (say("code"), *(say.term("metric", metric) for metric in metrics))
        caption = say("spans_caption", run=say.run(run), judge=say.judge(run))
        blocks.append(Table(f"spans-{n}", caption, heads, tuple(rows), say("spans_note")))
    return Section("spans", say("spans"), tuple(blocks) or (Text(say("spans_none"), "note"),))


def _span_row(report: Report, run: dict[str, Any], code: str | None, metrics: list[str], say: Say) -> tuple[Cell, ...]:
    head = Cell(say.code(code)) if code is not None else Cell(say("all_codes"), (), "strong")
    cells = [head]
    for metric in metrics:
        beside = of(report["human"], code, metric)
        cells.append(say.cell(of(run["score"], code, metric), say("beside", value=say.value(beside)) if beside else ""))
    return tuple(cells)


def trivial_table(report: Report, say: Say) -> Table:
    """What coders that have not read a word would reach."""
    rows = []
    coders = report["trivial"] or {}
    metrics = [metric for metric in OVERALL if any(metric in values["overall"] for values in coders.values())]
    for name, values in coders.items():
        found = [values["overall"].get(metric) for metric in metrics]
        rows.append((Cell(say.term("trivial", name)), *(num(say.num(v)) for v in found)))
    heads = (say("trivial_coder"), *(say.term("metric", metric) for metric in metrics))
    return Table("trivial", say("trivial_caption"), heads, tuple(rows), say("trivial_note"))
