"""A report dict in, the tables for a paper out: agreement by code and over all codes, in journal form. Pure."""

from __future__ import annotations

from typing import Any

from eval.rendering.blocks import Cell, Report, Table
from eval.rendering.saying import Say, num
from eval.rendering.sections.coding import METRICS, code_table, ordered
from eval.rendering.sections.discussing import meetings
from eval.rendering.sections.summing import overall_table


def tables(report: Report, say: Say) -> list[Table]:
    """One table for each run, then the summary; a reflexive study has the counts of codes that met, no coefficients."""
    if report["stance"] == "reflexive":
        return [block.table for block in meetings(report, say).blocks if hasattr(block, "table")]
    found = [_by_code(report, run, say) for run in report["runs"]]
    if found:
        whole = overall_table(report, say)
        found.append(Table("summary", say("table_summary"), whole.heads, whole.rows, whole.note))
    return found


def _by_code(report: Report, run: dict[str, Any], say: Say) -> Table:
    full = {row[0].text: row for row in code_table(report, run, say, 0).rows}
    rows = []
    for code in ordered(report, run):
        row = full[say.code(code)]
        counts = run["score"]["counts"].get(code)
        shares = [counts[key] / counts["units"] if counts and counts["units"] else None for key in ("gold", "pred")]
        name = Cell(row[0].text)
        cells = [num(say.num(None if share is None else share * 100, 1)) for share in shares]
        rows.append((name, row[2], *cells, *row[-len(METRICS) :], row[1]))
    heads = (
        say("code"),
        say("n"),
        say("table_share_people"),
        say("table_share_run"),
        *(say.term("metric", metric) for metric in METRICS),
        say("verdict"),
    )
    caption = say("table_codes", run=say.run(run))
    return Table("codes", caption, heads, tuple(rows), say("table_note") if report["human"] else say("table_note_one"))
