"""A report dict in, its first section out: which codes may be used how, on what evidence, and what next. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from eval.rendering.blocks import Block, Box, Report, Section
from eval.rendering.saying import Say, is_baseline, of

VERDICTS = ("ready", "assist", "not_supported", "insufficient")
_RUNS = 2  # runs that the answer has a line for


def answer(report: Report, say: Say) -> Section:
    """Warnings, the answer in at most five lines, the stance."""
    return Section("answer", say("answer"), (*warnings(report, say), _answer(report, say), stance(report, say)))


def warnings(report: Report, say: Say) -> tuple[Block, ...]:
    """What a reader must know before any figure: sample gold, tuned on test, gold changed after the lock."""
    lock = report["lock"]
    found = []
    if report["sample_gold"]:
        found.append(Box("warning", say("warn_sample"), (say("warn_sample_text"),)))
    if lock and lock["tuned"]:
        found.append(Box("warning", say("warn_tuned"), (say("warn_tuned_text"),)))
    if lock and lock["gold_changed"]:
        found.append(Box("warning", say("warn_changed"), (say("warn_changed_text"),)))
    if report["runs"] and all(is_baseline(run) for run in report["runs"]):
        found.append(Box("warning", say("warn_baseline"), (say("warn_baseline_text"),)))
    return tuple(found)


def stance(report: Report, say: Say) -> Block:
    """How the study stands to agreement."""
    return Box(
        "stance", say("stance", stance=say.term("stance", report["stance"])), (say(f"stance_{report['stance']}"),)
    )


def _answer(report: Report, say: Say) -> Block:
    runs = _best_first([run for run in report["runs"] if not is_baseline(run)] or report["runs"])
    lines = [_run(report, run, say) for run in runs[:_RUNS]]
    if len(runs) > _RUNS:
        lines[-1] += say("answer_more", n=len(runs) - _RUNS)
    lines.append(_evidence(report, say))
    if (overall := _overall(report, runs, say)) and len(lines) < 4:
        lines.append(overall)
    lines.append(_next(report, say))
    return Box("answer", say("answer_head"), tuple(lines))


def _best_first(runs: Sequence[Report]) -> list[Report]:
    """Runs by alpha over all codes; where it is equal, or there is none, in their own order."""

    def rank(run: Report) -> float:
        measure = of(run["score"], None, "alpha_jaccard")
        return -measure["value"] if measure and measure["value"] is not None else 1.0

    return sorted(runs, key=rank)


def _run(report: Report, run: Report, say: Say) -> str:
    if report["kind"] == "open":
        return _open(report, run, say)
    found = {
        verdict: [say.code(c) for c, v in run["verdicts"].items() if v["verdict"] == verdict] for verdict in VERDICTS
    }
    parts = [say(f"answer_{verdict}", codes=say.list(codes)) for verdict, codes in found.items() if codes]
    if not parts:
        return say("answer_no_verdict", run=say.run(run))
    missing = run["score"]["missing_units"]
    left = say("answer_missing", n=missing, units=report["data"]["units"]) if missing else ""
    return say("answer_run", run=say.run(run) + left, parts=say.words["semicolon"].join(parts))


def _open(report: Report, run: Report, say: Say) -> str:
    part = report["open"] or {"means": []}
    mean = next((one for one in part["means"] if one["coder"] == run["name"]), None)
    if mean is None or mean["recall"] is None:
        return say("answer_no_verdict", run=say.run(run))
    tau = part["tau"]
    shares = {name: say.share(mean[name]) for name in ("recall", "novelty")}
    known = say.term("tau", "yes" if tau["calibrated"] else "no")
    return say("answer_open", run=say.run(run), tau=say.num(tau["value"]), calibrated=known, **shares)


def _evidence(report: Report, say: Say) -> str:
    data = report["data"]
    key = "answer_evidence" if data["units"] else "answer_no_evidence"
    return say(key, documents=data["documents"], units=data["units"], coders=len(data["people"]))


def _overall(report: Report, runs: Sequence[Report], say: Say) -> str:
    run = next((r for r in runs if not is_baseline(r)), None)
    measure = of(run["score"], None, "alpha_jaccard") if run else None
    if run is None or measure is None or measure["value"] is None:
        return ""
    line = say("answer_alpha", run=say.run(run), value=say.measure(measure))
    beside = of(report["human"], None, "alpha_jaccard")
    return line + (say("answer_alpha_people", value=say.value(beside)) if beside else "") + say("m_stop")


def _next(report: Report, say: Say) -> str:
    todo = report["todo"]
    if todo:
        first = todo[0]
        names = {"code": say.code(first["code"]), "other": say.code(first["other"])}
        return say("answer_next", what=say(f"todo_{first['problem']}", **names))
    if report["kind"] == "open" and report["runs"]:
        return say("answer_next", what=say("next_rate"))
    if len(report["data"]["people"]) < 2:
        return say("answer_next", what=say("next_second_coder"))
    verdicts = [v["verdict"] for run in report["runs"] for v in run["verdicts"].values()]
    return say("answer_next", what=say("next_more_data" if "insufficient" in verdicts else "next_read"))
