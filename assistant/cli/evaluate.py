"""codart eval: how far codings agree: runs and gold of a project, or plain files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli import predict, reports
from assistant.cli.options import HERE, AsJson, ProjectDir, at, opened
from assistant.cli.output import console, say, show_json, table
from assistant.cli.reports import Book, EveryCode, Runs, Split
from assistant.errors import UsageError

if TYPE_CHECKING:
    from eval.measures import Measure, Scores
    from eval.results import Judged, Result, Tally

app = typer.Typer(help="Measure how far suggestions agree with what people coded.", rich_markup_mode=None)

app.command("run")(predict.run)
app.command("report")(reports.report)
app.command("compare")(reports.compare)
app.command("novel")(reports.novel)

_WIDE = 140  # columns that a row per code needs
_CODE_FIGURES = {"kappa": "kappa", "alpha_nominal": "alpha", "p_pos": "agree: given", "p_neg": "agree: not given"}
_SPAN_FIGURES = {
    "char_f1": "characters F1",
    "iou": "IoU",
    "span_f1_50": "spans F1, IoU .5",
    "span_f1_exact": "spans F1, exact",
    "u_alpha": "u-alpha",
}
_SUMMARY = {
    "alpha_jaccard": "alpha over sets of codes, Jaccard distance",
    "alpha_masi": "alpha over sets of codes, MASI distance",
    "f1_micro": "F1, all codes pooled",
    "exact": "same set of codes (not corrected for chance)",
    "char_f1": "F1 of marked characters",
    "span_f1_50": "F1 of spans that overlap by half (IoU .5)",
    "span_f1_exact": "F1 of spans, to the character",
    "u_alpha": "u-alpha over sets of codes, Jaccard distance",
}
_NO_VALUE = {
    "too_few": ("too few", "under two units that both coded"),
    "no_variation": ("one value", "only one value occurs, so there is nothing to tell apart"),
    "not_used": ("not used", "nobody gave the code where it would be needed for this figure"),
    "always_used": ("always used", "everybody gave the code everywhere"),
    "no_length": ("no length", 'u-alpha needs the "length" or "text" of every text'),
    "zero_length": ("no length", "all spans have no length"),
    "none_found": ("none found", "the judged coder marked nothing"),
    "no_gold": ("no gold", "the gold coder marked nothing"),
    "never_met": ("never met", "no place was marked by both"),
}
_NO_INTERVAL = {
    "too_few_documents": "fewer than 5 documents; the figure may be far off",
    "unstable": "without one document or another the figure has no value",
    "no_spread": "the same whatever documents are drawn; that is no certainty",
}


@app.command("score")
def score(
    runs: Runs = None,
    gold: Annotated[
        list[str] | None, typer.Option(help="Gold coders of the project; with --pred a JSONL file: docs/eval.md.")
    ] = None,
    pred: Annotated[
        Path | None, typer.Option("--pred", help="JSONL file of what is judged; then no project is needed.")
    ] = None,
    codebook: Book = "",
    split: Split = "",
    every_code: EveryCode = False,
    project: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Compare codings with those of one person or more: agreement by code with intervals, the people beside it.

    Runs of a project against its gold, or one file against another. Nothing is sent anywhere.

    Example: codart eval score --gold people.jsonl --pred model.jsonl
    """
    reports.on_one_thread()
    if pred is not None:
        result = _files(Path(gold[0]), pred) if gold and len(gold) == 1 else _lacking()
    elif gold and Path(gold[0]).is_file():
        result = _lacking()
    else:
        result = _project(runs, gold, codebook, split, project, every_code=every_code)
    if as_json:
        show_json(result.as_dict())
        return
    for number, judged in enumerate(result.judged):
        if number:
            say()
        _say_judged(result, judged)


def _files(gold: Path, pred: Path) -> Result:
    from eval.plain import read
    from eval.scoring import score_files

    return score_files(read(gold), read(pred))


def _lacking() -> Result:
    raise UsageError("one file is compared with another", "name both: --gold people.jsonl --pred model.jsonl")


def _project(
    runs: list[int] | None, gold: list[str] | None, codebook: str, split: str, project: Path, *, every_code: bool
) -> Result:
    from eval.assessing import score_evidence

    with opened(project) as study:
        wish = reports.wanted(runs, gold, codebook, split, open_codes=False, every_code=every_code)
        found = reports.evidence(study, wish, "score")
    if not found.machines:
        raise UsageError("no run has answered the coded units yet", f"ask with: codart eval run{at(project)}")
    return score_evidence(found)


def _say_judged(result: Result, judged: Judged) -> None:
    say(f"{judged.coder} against {judged.against}: {result.units} units in {result.documents} documents")
    if judged.missing:
        say(f"{judged.missing} units that a person coded are not coded by {judged.coder}; they are left out")
    if result.unknown:
        say(f"{result.unknown} units of the judged file are not in the gold file; they are left out")
    if judged.tallies:
        say()
        _say_counts(judged)
    for figures in (_CODE_FIGURES, _SPAN_FIGURES):
        codes = [code for code, measures in judged.scores.codes.items() if set(figures) <= set(measures)]
        if codes:
            say()
            _say_figures(codes, figures, judged.scores, result.human)
    say()
    _say_summary(judged, result.human)
    _say_statuses([judged.scores, *([result.human] if result.human else [])])
    _say_baseline(judged)


def _say_counts(judged: Judged) -> None:
    rows = [
        [code, tally.units, _count(tally.gold, tally.units), _count(tally.pred, tally.units), _how_often(tally)]
        for code, tally in judged.tallies.items()
    ]
    table(["code", "units", "people", "judged", "judged gives it"], rows, wide=["code"])
    if len(judged.each) > 1:
        say(f"units are counted once for each of the {len(judged.each)} people")


def _count(given: int, units: int) -> str:
    return f"{given} ({100 * given / units:.0f} %)" if units else "0"


def _how_often(tally: Tally) -> str:
    if not tally.gold:
        return "alone" if tally.pred else "never, as the people"
    times = tally.pred / tally.gold
    if not tally.pred:
        return "never"
    return "as often" if 0.95 <= times <= 1.05 else f"{times:.1f} times as often"


def _say_figures(codes: Sequence[str], figures: dict[str, str], scores: Scores, human: Scores | None) -> None:
    """A row per code where there is room, else a row per code and figure."""
    beside = human.codes if human else {}
    if console().width >= _WIDE:
        headers = [f"{word} | people" if human else word for word in figures.values()]
        rows = [
            [code, *(_cell(scores.codes[code][name], beside.get(code, {}).get(name)) for name in figures)]
            for code in codes
        ]
        table(["code", *headers], rows, wide=["code"])
        return
    rows = [
        [
            code if not number else "",
            word,
            _value(scores.codes[code][name]),
            _interval(scores.codes[code][name]),
            *([_value(beside[code][name])] if human else []),
        ]
        for code in codes
        for number, (name, word) in enumerate(figures.items())
    ]
    table(["code", "figure", "value", "95 % interval", *(["people"] if human else [])], rows, wide=["code"])


def _say_summary(judged: Judged, human: Scores | None) -> None:
    rows = [
        [word, _value(measure), _interval(measure), *([_value(human.overall[name])] if human else [])]
        for name, word in _SUMMARY.items()
        if (measure := judged.scores.overall.get(name)) is not None
    ]
    table(["all codes", "value", "95 % interval", *(["people"] if human else [])], rows, wide=["all codes"])
    if judged.worst_case:
        worst = judged.worst_case
        say(
            f"with the {judged.missing} units not coded taken as wrong: "
            f"alpha (Jaccard) {_plain(worst['alpha_jaccard'])}, F1 {_plain(worst['f1_micro'])}"
        )


def _say_statuses(shown: Sequence[Scores]) -> None:
    every = [m for scores in shown for measures in (*scores.codes.values(), scores.overall) for m in measures.values()]
    found = dict.fromkeys(measure.status for measure in every)
    for status in found:
        kind, _, why = status.partition(":")
        if kind == "undefined" and why in _NO_VALUE:
            short, words = _NO_VALUE[why]
            say(f"{short}: no value, {words}")
        elif kind == "no_interval":
            count = sum(measure.status == status for measure in every)
            say(f"no interval for {count} of {len(every)} figures: {_NO_INTERVAL[why]}")


def _say_baseline(judged: Judged) -> None:
    if not judged.nothing_overall:
        return
    values, overall = judged.nothing_codes.values(), judged.nothing_overall
    ac1 = [value for each in values if (value := each["ac1"]) is not None]
    span = f", AC1 {min(ac1):.2f} to {max(ac1):.2f} by code" if ac1 else ""
    say(
        f"a coder who codes nothing would reach: alpha (Jaccard) {_plain(overall['alpha_jaccard'])}, "
        f"F1 {_plain(overall['f1_micro'])}, same set {_plain(overall['exact'])}{span}: "
        "what agreement on absence alone is worth here"
    )


def _cell(measure: Measure, beside: Measure | None) -> str:
    interval = _interval(measure)
    return " ".join(part for part in (_value(measure), interval, f"| {_value(beside)}" if beside else "") if part)


def _value(measure: Measure) -> str:
    if measure.value is not None:
        return _plain(measure.value)
    why = measure.status.partition(":")[2]
    return _NO_VALUE[why][0] if why in _NO_VALUE else "-"


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value + 0.0:.2f}"


def _interval(measure: Measure) -> str:
    return "" if measure.low is None or measure.high is None else f"[{measure.low:.2f}, {measure.high:.2f}]"
