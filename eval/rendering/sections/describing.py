"""A report dict in, what was compared out: data and design, model card, quote check. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.rendering.blocks import Block, Bullets, Cell, Heading, Report, Section, Table, Text
from eval.rendering.saying import Say, num

_STATES = ("coded", "none", "failed", "refused", "pending")


def design(report: Report, say: Say) -> Section:
    """Material, units, people, sample, split and lock."""
    blocks: list[Block] = [_facts(report, say)]
    if report["data"]["people"]:
        blocks.append(_people(report, say))
    blocks += [_groups(report, say, by) for by in ("case", "kind", "language") if report["data"]["by"].get(by)]
    if report["sample"].get("strata"):
        blocks.append(_strata(report, say))
    if report["lock"].get("openings"):
        rows = tuple((Cell(one["when"]), Cell(one["command"])) for one in report["lock"]["openings"])
        blocks.append(Table("openings", say("openings"), (say("when"), say("command")), rows, folded=True))
    return Section("design", say("design"), tuple(blocks))


def _facts(report: Report, say: Say) -> Table:
    data, lock, sample = report["data"], report["lock"], report["sample"]
    pairs = [
        ("codebook", report["codebook"] or say("open_codes")),
        ("unit_of_coding", say.term("unit", report["unit"])),
        ("documents", say.count(data["documents"])),
        ("units_compared", say("of_material", units=data["units"], material=data["material"])),
        ("double_coded", say.count(data["double_coded"])),
        *([("unplaced", say.count(data["unplaced"]))] if data.get("unplaced") else []),
        ("coders", say.list([one["name"] for one in data["people"]])),
        ("split", say.term("split", report["split"])),
        ("lock", _lock(lock, say)),
        ("sampling", _sample(sample, say)),
    ]
    return Table(
        "facts", say("design_caption"), (say("what"), say("value")), tuple((Cell(say(k)), Cell(v)) for k, v in pairs)
    )


def _lock(lock: Mapping[str, Any], say: Say) -> str:
    if not lock:
        return say("lock_none")
    documents = lock["documents"] if isinstance(lock["documents"], int) else len(lock["documents"])
    return say(
        "lock_text",
        documents=documents,
        created=lock["created"],
        sha=lock["sha256"][:12],
        openings=len(lock["openings"]),
    )


def _sample(sample: Mapping[str, Any], say: Say) -> str:
    if not sample:
        return say("sample_none")
    return say("sample_text", n=sample["n"], frame=sample["frame"], seed=sample["seed"], coded=sample["coded"])


def _people(report: Report, say: Say) -> Table:
    blind = {True: "blind_yes", False: "blind_no", None: "blind_unknown"}
    rows = tuple(
        (
            Cell(one["name"]),
            num(one["units"]),
            num(one["documents"]),
            Cell(say(blind[one["blind"]])),
            Cell(say.list(one["sources"])),
            Cell(one["sha256"][:12] or say("not_recorded")),
        )
        for one in report["data"]["people"]
    )
    heads = tuple(say(k) for k in ("coder", "units", "documents", "blind", "sources", "sha"))
    return Table("people", say("people_caption"), heads, rows, say("blind_note"))


def _groups(report: Report, say: Say, by: str) -> Table:
    rows = tuple(
        (
            Cell(say.term(by, one["name"]) if one["name"] else say("not_recorded")),
            num(one["documents"]),
            num(one["units"]),
        )
        for one in report["data"]["by"][by]
    )
    heads = (say(f"by_{by}"), say("documents"), say("units"))
    return Table(f"by-{by}", say("by_caption", by=say(f"by_{by}")), heads, rows, folded=True)


def _strata(report: Report, say: Say) -> Table:
    rows = tuple(
        (Cell(one["name"]), num(one["frame"]), num(one["drawn"]), num(say.share(one["chance"], 1)))
        for one in report["sample"]["strata"]
    )
    heads = tuple(say(k) for k in ("stratum", "frame", "drawn", "chance"))
    return Table("strata", say("strata_caption", by=say.term("by", report["sample"]["by"])), heads, rows, folded=True)


def card(report: Report, say: Say) -> Section:
    """What is known of each run, and how its units ended."""
    runs = report["runs"]
    if not runs:
        return Section("card", say("card"), ())
    keys = sorted({key for run in runs for key in run["facts"]} - {"model"}, key=lambda k: _order(k, say))
    rows = [(Cell(say.term("fact", "model")), *(Cell(say.model(run)) for run in runs))]
    rows += [
        (Cell(say.term("fact", key)), *(Cell(say.json(run["facts"].get(key)), (), "code") for run in runs))
        for key in keys
    ]
    rows += [(Cell(say.term("state", s)), *(Cell(str(run["states"].get(s, 0))) for run in runs)) for s in _STATES]
    heads = (say("what"), *(say.run(run) for run in runs))
    return Section("card", say("card"), (Table("card", say("card_caption"), heads, tuple(rows), say("card_note")),))


def _order(key: str, say: Say) -> tuple[int, str]:
    known = [word for word in say.words if word.startswith("fact.")]
    return (known.index(f"fact.{key}") if f"fact.{key}" in known else len(known), key)


def quotes(report: Report, say: Say) -> Section:
    """How many quotes were found verbatim, and every one that was not."""
    runs = [run for run in report["runs"] if run["quotes"]["proposed"]]
    if not runs:
        return Section("quotes", say("quotes"), (Text(say("quotes_none")),) if report["runs"] else ())
    flaws = sorted({flaw for run in runs for flaw in run["quotes"]["flaws"]})
    rows = tuple(
        (
            Cell(say.run(run)),
            num(run["quotes"]["proposed"]),
            num(run["quotes"]["kept"]),
            num(say.share(run["quotes"]["share"], 1)),
            *(num(run["quotes"]["flaws"].get(flaw, 0)) for flaw in flaws),
        )
        for run in runs
    )
    heads = (say("run"), say("proposed"), say("kept"), say("kept_share"), *(say.term("flaw", flaw) for flaw in flaws))
    blocks: list[Block] = [Table("quotes", say("quotes_caption"), heads, rows, say("quotes_note"))]
    for run in runs:
        if failures := run["quotes"]["failures"]:
            items = tuple(
                say("failure", flaw=say.term("flaw", flaw), quote=quote or say("no_quote"), where=where)
                for flaw, quote, where in failures
            )
            blocks += [Heading(say.run(run))] if len(runs) > 1 else []
            blocks.append(Bullets(items, fold=say("failures", n=len(failures))))
    return Section("quotes", say("quotes"), tuple(blocks))
