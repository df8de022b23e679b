"""A report dict in, its first section out: which codes may be used how, on what evidence, and what next. Pure."""

from __future__ import annotations

from typing import Any

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
    models = [run for run in report["runs"] if not is_baseline(run)]
    lines = [_run(run, say) for run in (models or report["runs"])[:_RUNS]]
    lines.append(_evidence(report, say))
    if (overall := _overall(report, say)) and len(lines) < 4:
        lines.append(overall)
    lines.append(_next(report, say))
    return Box("answer", say("answer_head"), tuple(lines))


def _run(run: dict[str, Any], say: Say) -> str:
    found = {
        verdict: [say.code(c) for c, v in run["verdicts"].items() if v["verdict"] == verdict] for verdict in VERDICTS
    }
    parts = [say(f"answer_{verdict}", codes=say.list(codes)) for verdict, codes in found.items() if codes]
    if not parts:
        return say("answer_no_verdict", run=say.run(run))
    return say("answer_run", run=say.run(run), parts=say.words["semicolon"].join(parts))


def _evidence(report: Report, say: Say) -> str:
    data = report["data"]
    key = "answer_evidence" if data["units"] else "answer_no_evidence"
    return say(key, documents=data["documents"], units=data["units"], coders=len(data["people"]))


def _overall(report: Report, say: Say) -> str:
    run = next((r for r in report["runs"] if not is_baseline(r)), None)
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
    if len(report["data"]["people"]) < 2:
        return say("answer_next", what=say("next_second_coder"))
    verdicts = [v["verdict"] for run in report["runs"] for v in run["verdicts"].values()]
    return say("answer_next", what=say("next_more_data" if "insufficient" in verdicts else "next_read"))
