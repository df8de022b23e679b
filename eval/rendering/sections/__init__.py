"""A report dict in, the sections of the report in their order out. Pure."""

from __future__ import annotations

from eval.rendering.blocks import Report, Section
from eval.rendering.saying import Say
from eval.rendering.sections import (
    answering,
    browsing,
    calibrating,
    closing,
    coding,
    comparing,
    describing,
    discussing,
    doubting,
    estimating,
    opening,
    summing,
)


def sections(report: Report, say: Say) -> list[Section]:
    """The sections that have something to say; a reflexive study gets points for discussion instead of figures."""
    parts = _reflexive(report, say) if report["stance"] == "reflexive" else _all(report, say)
    return [part for part in parts if part.blocks]


def _all(report: Report, say: Say) -> list[Section]:
    made = [
        answering.answer(report, say),
        describing.design(report, say),
        describing.card(report, say),
        describing.quotes(report, say),
    ]
    if report["runs"] and report["kind"] == "assignment" and report["data"]["units"]:
        made += [
            coding.codes(report, say),
            summing.summary(report, say),
            summing.spans(report, say),
            doubting.uncertainty(report, say),
            doubting.replacement(report, say),
            comparing.stability(report, say),
            comparing.differential(report, say),
            comparing.documents(report, say),
            estimating.prevalence(report, say),
            calibrating.calibration(report, say),
        ]
    elif report["runs"]:
        made.append(summing.spans(report, say))
    return [
        *made,
        opening.inductive(report, say),
        opening.saturation(report, say),
        closing.todo(report, say),
        browsing.browser(report, say),
        closing.methods(report, say),
        closing.checklist(report, say),
        closing.limits(report, say),
        closing.annex(report, say),
    ]


def _reflexive(report: Report, say: Say) -> list[Section]:
    return [
        discussing.points(report, say),
        describing.design(report, say),
        describing.card(report, say),
        describing.quotes(report, say),
        discussing.meetings(report, say),
        discussing.inductive(report, say),
        browsing.browser(report, say),
        closing.methods(report, say),
        closing.checklist(report, say),
        closing.limits(report, say),
        closing.annex(report, say),
    ]
