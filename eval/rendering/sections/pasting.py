"""A report dict in, a methods paragraph out, every number of it from the dict. Pure."""

from __future__ import annotations

from typing import Any

from eval.rendering.blocks import Report
from eval.rendering.saying import Say, is_baseline, of
from eval.rendering.sections.doubting import methods


def paragraph(report: Report, say: Say) -> list[str]:
    """One paragraph on material, people and runs, and one on the comparison (left out in reflexive work)."""
    first = [_material(report, say), _people(report, say)]
    if sample := report["sample"]:
        first.append(say("m_sample", n=sample["n"], frame=sample["frame"], seed=sample["seed"], coded=sample["coded"]))
    first += [_run(run, say) for run in report["runs"]]
    paragraphs = [first, _reflexive(say) if report["stance"] == "reflexive" else _compared(report, say)]
    return [say.words["space"].join(sentence for sentence in part if sentence) for part in paragraphs]


def _material(report: Report, say: Say) -> str:
    data = report["data"]
    return say(
        "m_material",
        documents=data["documents"],
        units=data["units"],
        material=data["material"],
        split=say.term("m_split", report["split"]),
    )


def _people(report: Report, say: Say) -> str:
    people = report["data"]["people"]
    if not people:
        return say("m_nobody")
    blind = [one["name"] for one in people if one["blind"] is True]
    seeing = [one["name"] for one in people if one["blind"] is False]
    unknown = [one["name"] for one in people if one["blind"] is None]
    parts = [say("m_people", n=len(people), names=say.list([one["name"] for one in people]))]
    if len(people) > 1:
        parts.append(say("m_double", n=report["data"]["double_coded"]))
    for key, names in (("m_blind", blind), ("m_seeing", seeing), ("m_blind_unknown", unknown)):
        if names:
            parts.append(say(key, names=say.list(names)))
    if report["sample_gold"]:
        parts.append(say("m_sample_gold"))
    return say.words["space"].join(parts)


def _run(run: dict[str, Any], say: Say) -> str:
    facts, quotes = run["facts"], run["quotes"]
    if is_baseline(run):
        text = say("m_baseline", run=run["name"])
    else:
        text = say(
            "m_run",
            run=run["name"],
            model=run["model"],
            facts=say.words["semicolon"].join(_facts(facts, say)) or say("not_recorded"),
        )
    if quotes["proposed"]:
        text += say.words["space"] + say("m_quotes", kept=quotes["kept"], proposed=quotes["proposed"])
    return text


def _facts(facts: dict[str, Any], say: Say) -> list[str]:
    return [
        f"{say.term('fact', key)}{say.words['colon']}{say.json(facts[key])}"
        for key in ("provider", "started", "parameters", "template", "codebook_version")
        if facts.get(key) not in (None, "", {})
    ]


def _compared(report: Report, say: Say) -> list[str]:
    runs = report["runs"]
    if not runs or not report["data"]["units"]:
        return [say("m_nothing")]
    if report["kind"] == "open":
        return _open(report, say)
    used = methods(report, say)
    found = [
        say("m_metrics" if len(report["data"]["people"]) > 1 else "m_metrics_one"),
        say("m_intervals", methods=say.list(used), documents=report["data"]["documents"])
        if used
        else say("m_no_intervals"),
    ]
    for run in runs:
        found.append(_alpha(report, run, say))
        if run["replacement"]:
            test = run["replacement"]
            found.append(say("m_replacement", epsilon=say.num(test["epsilon"]), why=say.term("why", test["why"])))
    return [*found, *_lock(report, say)]


def _lock(report: Report, say: Say) -> list[str]:
    lock = report["lock"]
    if not lock:
        return []
    told = say("m_lock", created=lock["created"], openings=len(lock["openings"]))
    return [told, say("m_tuned")] if lock["tuned"] else [told]


def _open(report: Report, say: Say) -> list[str]:
    """How open codes were compared, and with what result by coder."""
    part = report["open"]
    if not part:
        return [say("m_nothing")]
    tau, embedder = part["tau"], part["embedder"]
    found = [
        say(
            "m_open",
            embedder=embedder["name"],
            compares=say.term("compares", embedder["compares"]),
            tau=say.num(tau["value"]),
            calibrated=say.term("tau", "yes" if tau["calibrated"] else "no"),
        )
    ]
    for mean in part["means"]:
        shares = {name: say.num(mean[name]) for name in ("recall", "precision", "novelty")}
        found.append(say("m_open_run", coder=mean["coder"], **shares))
    return [*found, *_lock(report, say)]


def _alpha(report: Report, run: dict[str, Any], say: Say) -> str:
    people = of(report["human"], None, "alpha_jaccard")
    line = say("m_alpha", run=say.run(run), value=say.measure(of(run["score"], None, "alpha_jaccard")))
    return line + (say("m_alpha_people", value=say.measure(people)) if people else "") + say("m_stop")


def _reflexive(say: Say) -> list[str]:
    return [say("m_reflexive")]
