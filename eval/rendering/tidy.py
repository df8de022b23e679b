"""A report dict in, one long CSV table out: a line for each figure of each run and code. Pure.

Ids stay as in the dict, so that a statistics program reads them; only a reflexive report leaves all coefficients out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from assistant.exporting.delimited import neutral
from assistant.exporting.saving import encode
from eval.rendering.blocks import Report
from eval.rendering.saying import Say

HEADS = ("run", "code", "metric", "value", "low", "high", "method", "units", "clusters", "status", "human")
Line = tuple[Any, ...]
_ALL, _NOTHING = "(all)", "NA"  # a line over all codes; no value (`status` says why): R and pandas read NA as missing


def dump(report: Report, say: Say) -> bytes:
    """UTF-8 with a byte order mark, for Excel."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADS)
    for run in report["runs"]:
        for line in _run(report, run):
            writer.writerow([_safe(say.run(run)), *(_safe(value) for value in line)])
    if report["stance"] != "reflexive":
        for line in _scores(report["human"], None):
            writer.writerow([_safe(say("among")), *(_safe(value) for value in line)])
    return encode("\ufeff" + out.getvalue())


def _run(report: Report, run: Mapping[str, Any]) -> Iterator[Line]:
    for code, counts in run["score"]["counts"].items():
        for key, count in counts.items():
            yield (code, f"count_{key}", count, None, None, "count", counts["units"], None, "ok", None)
    if report["stance"] == "reflexive":
        return
    yield from _scores(run["score"], report["human"])
    for code, parts in run["ceiling"].get("codes", {}).items():
        for metric, one in parts.items():
            yield _line(code, f"{metric}_gap", one["gap"], None)
    for code, estimates in run["prevalence"].items():
        for way, one in estimates.items():
            yield _line(code, f"prevalence_{way}", one, None)
    for kind in ("repeats", "paraphrases"):
        if found := run["stability"].get(kind):
            for code, one in found["codes"].items():
                yield _line(code, f"stability_{kind}", one, None)
            yield _line("", f"stability_{kind}", found["overall"], None)


def _scores(scores: Mapping[str, Any] | None, human: Mapping[str, Any] | None) -> Iterator[Line]:
    if not scores:
        return
    for code, metrics in [*scores["codes"].items(), ("", scores["overall"])]:
        beside = (human["codes"].get(code, {}) if code else human["overall"]) if human else {}
        for metric, one in metrics.items():
            yield _line(code, metric, one, beside.get(metric))


def _line(code: str, metric: str, one: Mapping[str, Any], human: Mapping[str, Any] | None) -> Line:
    known = [one[key] for key in ("value", "low", "high", "method", "units", "clusters", "status")]
    return (code or _ALL, metric, *known, human["value"] if human else None)


def _safe(value: Any) -> Any:
    """Numbers as they are; no words that a spreadsheet would run; no empty cell."""
    if value is None or value == "":
        return _NOTHING
    return neutral(value) if isinstance(value, str) else value
