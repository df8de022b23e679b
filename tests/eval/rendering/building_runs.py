"""Runs of a report dict, made by hand."""

from __future__ import annotations

from typing import Any

from tests.eval.rendering.building_scores import CELLS, counts, measure, scores
from tests.eval.rendering.building_units import disagreements

Dict = dict[str, Any]

VERDICTS = {
    "dialogue": ("ready", []),
    "access": ("assist", ["not_noninferior", "stability_unknown"]),
    "risk": ("assist", ["below_human_p_pos", "replacement_failed"]),
    "transparency": ("ready", []),
    "dialogue.shared_problem_solving_in_communities": ("assist", ["replacement_uninformative"]),
    "trust": ("not_supported", ["no_better_than_trivial", "unstable"]),
    "barrier": ("insufficient", ["few_positives"]),
    "never_given": ("insufficient", ["few_positives", "few_documents"]),
}


def _prevalence() -> Dict:
    found = {}
    for code, c in CELLS.items():
        share = (c[0] + c[2]) / 240
        naive = measure((c[0] + c[1]) / 240, 0.02) | {"status": "biased", "se": 0.01}
        ppi = measure(share * 1.05, 0.05) | {"se": 0.025}
        dsl = measure(None, status="undefined:chances_unknown") if code == "trust" else measure(share * 1.06, 0.05)
        found[code] = {
            "gold": measure(share, 0.07) | {"se": 0.03},
            "ppi": ppi,
            "dsl": dsl | {"se": 0.03},
            "naive": naive,
        }
    return found


def _calibration() -> Dict:
    bins = [
        {
            "low": k / 10,
            "high": (k + 1) / 10,
            "items": n,
            "confidence": k / 10 + 0.06 if n else None,
            "accuracy": min(1.0, 0.15 + k * 0.09) if n else None,
        }
        for k, n in enumerate([0, 0, 0, 0, 6, 11, 14, 22, 41, 62])
    ]
    curve = [[(k + 1) / 156, 0.02 + 0.23 * ((k + 1) / 156) ** 3] for k in range(156)]
    accept = {"share": 0.397, "least": 0.9, "accepted": 62, "errors": 1, "bound": 0.0497, "status": "ok"}
    return {
        "source": "repeats",
        "items": 156,
        "brier": 0.141,
        "ece": 0.062,
        "status": "ok:few_items",
        "bins": bins,
        "curve": curve,
        "aurc": 0.071,
        "accept": accept,
    }


def _documents() -> list[Dict]:
    agreements = [0.41, 0.5, 0.52, 0.58, 0.6, 0.61, 0.66, 0.7, 0.74, 0.78, 0.81, 0.92]
    return [
        {
            "document": f"访谈-{k + 1:02d} 供应商长期合作与数据共享（第二轮）"
            if k == 2
            else f"interview-{k + 1:02d}.docx",
            "case": "甲公司" if k % 2 else "B Ltd",
            "units": 20,
            "agreement": value,
            "human": None if k == 5 else round(value + (0.1 if k % 3 else -0.04), 3),
        }
        for k, value in enumerate(agreements)
    ]


def _confusion() -> Dict:
    rows = [*CELLS, ""]
    counts = [[(i * 3 + j) % 4 if r and c else (i + j) * 2 % 9 for j, c in enumerate(rows)] for i, r in enumerate(rows)]
    for n, code in enumerate(CELLS):
        counts[n][n] = CELLS[code][0]
    counts[-1][-1] = 97
    return {"rows": rows, "columns": rows, "counts": counts}


def run(name: str, model: str, shift: float, baseline: bool = False) -> Dict:
    """One run; a baseline has no quotes, confidences, repeats."""
    test = {
        code: {
            "verdict": "passed" if v == "ready" else "uninformative" if code == "barrier" else "failed",
            "winning_rate": 1.0 if v == "ready" else 0.5,
            "advantage": 0.82,
            "notes": ["2 people; the test asks for 3 or more"],
            "baselines": {"none": 1.0 if code == "barrier" else 0.0, "majority": 0.0, "random": 0.12},
            "status": "ok",
            "by_item": None,
        }
        for code, (v, _) in VERDICTS.items()
    }
    test["never_given"] = {
        "verdict": "undefined",
        "winning_rate": None,
        "advantage": None,
        "baselines": {},
        "notes": [],
        "status": "undefined:too_few",
        "by_item": None,
    }
    facts = {
        "provider": "openai",
        "model": model,
        "started": "2026-11-20T09:30:00Z",
        "template": "assign-zh-3",
        "codebook_version": 21,
        "parameters": {"temperature": 0, "seed": 7, "max_tokens": 2048},
        "replies": 62,
        "tokens_in": 182_044,
        "tokens_out": 21_530,
        "cost": 0.41,
        "prompt_sha256": "9f" * 32,
    }
    quotes = {
        "proposed": 148,
        "kept": 141,
        "share": 141 / 148,
        "flaws": {"not_found": 4, "edited": 3},
        "failures": [
            ["not_found", "客户说他们随时都能联系到工程师", "interview-03.docx · 12"],
            ["edited", "we publish <raw> test data", "interview-02.docx · 4"],
        ],
    }
    repeats = {
        "runs": 5,
        "overall": measure(0.91, 0.04),
        "codes": {c: measure(0.95 - k * 0.06 if v[0] else None, 0.05) for k, (c, v) in enumerate(CELLS.items())},
    }
    score = scores(shift)
    return {
        "name": name,
        "model": model,
        "baseline": baseline,
        "facts": {} if baseline else facts,
        "states": {"coded": 171, "none": 65, "failed": 2, "refused": 1, "pending": 1},
        "quotes": {"proposed": 0, "kept": 0, "share": None, "flaws": {}, "failures": []} if baseline else quotes,
        "score": {
            "coder": name,
            "against": "mean",
            **score,
            "counts": counts(),
            "each": {"李": scores(shift + 0.02), "Chen": scores(shift - 0.02)},
            "consensus": scores(shift - 0.03),
            "baseline": {},
            "missing_units": 4,
            "worst_case": scores(shift + 0.05),
        },
        "ceiling": {
            "codes": {
                c: {
                    m: {
                        "gap": measure(-0.05 if v[4] is not None else None, 0.08),
                        "perfect": round(v[4] ** 0.5, 9) if v[4] is not None else None,
                    }
                    for m in ("kappa", "p_pos")
                }
                for c, v in CELLS.items()
            },
            "overall": {m: {"gap": measure(-0.06, 0.07), "perfect": 0.8} for m in ("alpha_jaccard", "f1_micro")},
        },
        "power": {
            c: {
                "half_width": 0.13 if v[0] else None,
                "more_documents": 8 if v[0] else None,
                "design_effect": 2.4 if v[0] else None,
                "effective_units": 101.3 if v[0] else None,
            }
            for c, v in CELLS.items()
        },
        "replacement": {"epsilon": 0.15, "why": "skilled", "codes": test, "overall": test["dialogue"]},
        "verdicts": {
            c: {"verdict": v, "reasons": r, "positives": CELLS[c][0] + CELLS[c][2]} for c, (v, r) in VERDICTS.items()
        },
        "polarity": {"access": {"units": 31, "agree": 28, "kappa": measure(0.72, 0.2)}},
        "prevalence": _prevalence(),
        "calibration": {
            "source": "",
            "items": 0,
            "brier": None,
            "ece": None,
            "status": "undefined:too_few",
            "bins": [],
            "curve": [],
            "aurc": None,
            "accept": {
                "share": 0.0,
                "least": None,
                "accepted": 0,
                "errors": 0,
                "bound": None,
                "status": "undefined:too_few",
            },
        }
        if baseline
        else _calibration(),
        "stability": {"repeats": None if baseline else repeats, "paraphrases": None},
        "differential": [
            {
                "by": "case",
                "group": "甲公司",
                "units": 120,
                "documents": 6,
                "missed": 0.21,
                "added": 0.14,
                "agreement": measure(-0.06, 0.09),
            },
            {
                "by": "case",
                "group": "B Ltd",
                "units": 120,
                "documents": 6,
                "missed": 0.12,
                "added": 0.17,
                "agreement": measure(0.06, 0.09),
            },
            {
                "by": "language",
                "group": "zh",
                "units": 160,
                "documents": 8,
                "missed": None,
                "added": 0.1,
                "agreement": measure(0.02, 0.1),
            },
        ],
        "documents": _documents(),
        "confusion": _confusion(),
        "disagreements": [] if baseline else disagreements(),
    }
