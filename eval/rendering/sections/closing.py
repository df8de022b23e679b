"""A report dict in, the end of the report out: what to mend, words to paste, checklist, limits, annex. Pure."""

from __future__ import annotations

from typing import Any

from eval.rendering.blocks import Block, Box, Bullets, Cell, Report, Section, Table
from eval.rendering.saying import Say, is_baseline, num
from eval.rendering.sections.pasting import paragraph

_LIMITS = ("validity", "parity", "memory", "material", "overlap", "ceiling")
_REFLEXIVE_LIMITS = ("validity", "memory", "material")


def todo(report: Report, say: Say) -> Section:
    """What to mend in the codebook or the prompt first, most costly first."""
    rows = tuple(
        (
            Cell(say(f"todo_{one['problem']}", code=say.code(one["code"]), other=say.code(one["other"]))),
            num(one["units"]),
            num(say.num(one["human"])),
            num(say.num(one["model"])),
            Cell(_definition(report, one["code"], say), (), "soft"),
        )
        for one in report["todo"]
    )
    heads = (say("todo_what"), say("todo_units"), say("among"), say("todo_model"), say("definition"))
    table = Table("todo", say("todo_caption"), heads, rows, say("todo_note"))
    return Section("todo", say("todo"), (table,) if rows else ())


def methods(report: Report, say: Say) -> Section:
    """The paragraph for the methods section of a paper."""
    return Section("methods", say("methods"), (Box("paste", say("methods_box"), tuple(paragraph(report, say))),))


def checklist(report: Report, say: Say) -> Section:
    """What llm-guidelines.org asks to be reported, filled in from the report."""
    runs = [run for run in report["runs"] if not is_baseline(run)]
    if not runs:
        return Section("checklist", say("checklist"), ())
    answers = {
        "version": _facts(runs, ("provider", "model"), say),
        "configuration": _facts(runs, ("parameters",), say),
        "date": _facts(runs, ("started",), say),
        "prompts": _facts(runs, ("template", "prompt", "prompt_sha256", "codebook_version"), say),
        "validation": say(
            "check_validation_text", documents=report["data"]["documents"], units=report["data"]["units"]
        ),
        "traces": _facts(runs, ("replies",), say),
    }
    rows = tuple((Cell(say(f"check_{key}")), Cell(text)) for key, text in answers.items())
    table = Table("checklist", say("checklist_caption"), (say("check_item"), say("check_answer")), rows)
    return Section("checklist", say("checklist"), (table,))


def _facts(runs: list[dict[str, Any]], keys: tuple[str, ...], say: Say) -> str:
    found = []
    for run in runs:
        known = {"model": run["model"], **run["facts"]}
        parts = [f"{say.term('fact', key)}{say.words['colon']}{say.json(known[key])}" for key in keys if key in known]
        words = say.words["semicolon"].join(parts) or say("not_recorded")
        found.append(f"{run['name']}{say.words['colon']}{words}" if len(runs) > 1 else words)
    return say.words["semicolon"].join(found)


def limits(report: Report, say: Say) -> Section:
    """What the figures do not show."""
    keys = _REFLEXIVE_LIMITS if report["stance"] == "reflexive" else _LIMITS
    items = [say(f"limit_{key}") for key in keys]
    if len(report["data"]["people"]) < 2 and report["stance"] != "reflexive":
        items.append(say("limit_one_person"))
    return Section("limits", say("limits"), (Bullets(tuple(items)),))


def annex(report: Report, say: Say) -> Section:
    """What the report was made from."""
    rows = [(Cell(name), Cell(sha, (), "code")) for name, sha in report["inputs"].items()]
    rows += [(Cell(name), Cell(version)) for name, version in report["versions"].items()]
    rows += [(Cell(say("seed")), Cell(str(report["seed"]))), (Cell(say("schema")), Cell(report["schema"]))]
    blocks: tuple[Block, ...] = (
        Table("annex", say("annex_caption"), (say("what"), say("value")), tuple(rows), folded=True),
    )
    return Section("annex", say("annex"), blocks)


def _definition(report: Report, code: str, say: Say) -> str:
    """The code's definition in the report's language, else in the other."""
    label = report["labels"].get(code) or {}
    chinese = label.get("definition_zh") if say.lang == "zh" else ""
    return chinese or label.get("definition") or say("no_definition")
