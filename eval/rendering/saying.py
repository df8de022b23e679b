"""Values of the report in, words and figures of one language out. Pure.

No value is ever printed as NaN, null or an empty cell: what has no value says why. The keyless baseline is never called
a model, nor sample gold people's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.exporting.labels import labels
from eval.rendering.blocks import Cell, Report
from eval.rendering.words import TABLES

_SHARED = {"flaw": "flaw", "kind": "doc", "language": "language"}  # lists whose words the report of codings has already


class Say:
    """The words of one language for one report."""

    def __init__(self, report: Report, lang: str) -> None:
        self.report = report
        self.lang = lang
        self.words = TABLES[lang]
        kind = "sample" if report["sample_gold"] else "people"
        self._fixed = {key: self.words[f"{kind}.{key}"] for key in ("people", "short", "among", "gold")}
        self._fixed["unit"] = self.term("unit", report["unit"])

    def __call__(self, key: str, **values: Any) -> str:
        """The words of a key, with the values put in; a missing key is a KeyError: no page shows a raw key."""
        return self.words[key].format(**{**self._fixed, **values})

    def term(self, group: str, value: Any) -> str:
        """The word for a value of a closed list; an unknown value stays as it is."""
        if group in _SHARED:
            return labels(self.lang).of(_SHARED[group], str(value))
        found = self.words.get(f"{group}.{value}")
        return found.format(**getattr(self, "_fixed", {})) if found is not None else str(value)

    def list(self, items: list[str]) -> str:
        """Items in one line."""
        return self.words["comma"].join(items) if items else self("nothing")

    def code(self, code: str) -> str:
        """A code's label; "" is none."""
        if not code:
            return self("none")
        if code == "marked" and self.report["kind"] == "open":  # what the harness calls all marked words of open codes
            return self("marked_words")
        return (self.report["labels"].get(code) or {}).get(self.lang) or code

    def code_cell(self, code: str) -> Cell:
        """A code's label with its id below it where that says something else."""
        label = self.code(code)
        return Cell(label, (code,) if code and code != label else ())

    def run(self, run: Mapping[str, Any]) -> str:
        """A run's name; the keyless baseline is named as what it is."""
        name = str(run["name"])
        return self("run_baseline", name=name.removesuffix(f" ({run['model']})")) if is_baseline(run) else name

    def model(self, run: Mapping[str, Any]) -> str:
        """The model's exact name."""
        return self("baseline") if is_baseline(run) else str(run["model"])

    def judge(self, run: Mapping[str, Any]) -> str:
        """ "model" or "baseline": what the run's side is called."""
        return self("judge_baseline") if is_baseline(run) else self("judge")

    def num(self, value: float | None, digits: int = 2) -> str:
        """A number with a true minus sign; None says that there is none."""
        if value is None:
            return self("no_value")
        text = f"{value:.{digits}f}"
        return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")

    def p(self, value: float | None) -> str:
        """A p-value."""
        return self("p_small") if value is not None and value < 0.0005 else self.num(value, 3)

    def share(self, value: float | None, digits: int = 0) -> str:
        """A share as percent."""
        return self("no_value") if value is None else f"{self.num(value * 100, digits)}{self('percent')}"

    def count(self, value: int | None) -> str:
        """A count."""
        return self("no_value") if value is None else str(value)

    def status(self, status: str) -> str:
        """A status in words; "" for ok."""
        words = self.words.get(f"status.{status}")
        return words.format(**self._fixed) if words is not None else self("status_other", reason=status)

    def interval(self, measure: Mapping[str, Any], percent: bool = False) -> str:
        """The interval, or why there is none."""
        if measure["low"] is None or measure["high"] is None:
            return self.status(measure["status"]) or self("no_interval")
        show = self.share if percent else self.num
        return f"[{show(measure['low'])},\u00a0{show(measure['high'])}]"  # never broken in two

    def measure(self, measure: Mapping[str, Any] | None, percent: bool = False) -> str:
        """Value and interval in one line, or why there is no value."""
        if measure is None:
            return self("not_computed")
        if measure["value"] is None:
            return self.status(measure["status"])
        return f"{(self.share if percent else self.num)(measure['value'])} {self.interval(measure, percent)}"

    def cell(self, measure: Mapping[str, Any] | None, beside: str = "", percent: bool = False) -> Cell:
        """Value, interval below it, and a last line `beside`."""
        extra = (beside,) if beside else ()
        if measure is None or measure["value"] is None:
            reason = self("not_computed") if measure is None else self.status(measure["status"])
            return Cell(reason, extra, "why")
        value = (self.share if percent else self.num)(measure["value"])
        return Cell(value, (self.interval(measure, percent), *extra), "num")

    def value(self, measure: Mapping[str, Any] | None) -> str:
        """The value alone, or why there is none."""
        if measure is None:
            return self("not_computed")
        return self.status(measure["status"]) if measure["value"] is None else self.num(measure["value"])

    def json(self, value: Any) -> str:
        """A JSON value of the model card in one line."""
        if value is None or value in ("", [], {}):
            return self("not_recorded")
        if isinstance(value, bool):
            return self("yes") if value else self("no")
        if isinstance(value, Mapping):
            return self.words["semicolon"].join(f"{key} = {self.json(value[key])}" for key in value)
        if isinstance(value, list | tuple):
            return self.list([self.json(one) for one in value])
        return str(value)


def is_baseline(run: Mapping[str, Any]) -> bool:
    """Whether the run is the keyless baseline, which is no language model."""
    return bool(run["baseline"]) or run["model"] == "lexical"


def of(scores: Mapping[str, Any] | None, code: str | None, metric: str) -> dict[str, Any] | None:
    """A measure by code (None: over all codes) and metric id, None if it was not computed."""
    if not scores:
        return None
    part = scores.get("overall") if code is None else (scores.get("codes") or {}).get(code)
    found = (part or {}).get(metric)
    return found if isinstance(found, dict) else None


def num(text: Any) -> Cell:
    """A cell set at the right."""
    return Cell(str(text), (), "num")
