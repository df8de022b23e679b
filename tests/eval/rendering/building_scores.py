"""Scores of a report dict, worked out from the cells of each code."""

from __future__ import annotations

from typing import Any

Dict = dict[str, Any]

# code: both, model only, people only, neither; people's own kappa and positive agreement
CELLS = {
    "dialogue": (46, 9, 8, 177, 0.74, 0.80),
    "access": (31, 22, 6, 181, 0.66, 0.71),
    "risk": (12, 4, 11, 213, 0.41, 0.45),
    "transparency": (20, 5, 6, 209, 0.70, 0.74),
    "dialogue.shared_problem_solving_in_communities": (9, 6, 8, 217, 0.58, 0.60),
    "trust": (3, 14, 5, 218, 0.28, 0.31),
    "barrier": (4, 1, 3, 232, 0.62, 0.63),
    "never_given": (0, 0, 0, 240, None, None),
}
OVERALL = ("alpha_jaccard", "alpha_masi", "f1_micro", "f1_macro", "f1_samples", "jaccard_mean")
JACK = "delete-one-document jackknife, t(11)"


def measure(value: float | None, half: float = 0.1, status: str = "", units: int = 240) -> Dict:
    """A measure with an interval of half width `half`, or without."""
    if value is None:
        return {
            "value": None,
            "low": None,
            "high": None,
            "method": "none",
            "units": units,
            "clusters": 12,
            "status": status or "undefined:not_used",
        }
    low, high = (None, None) if status else (round(max(value - half, -1), 9), round(min(value + half, 1), 9))
    return {
        "value": round(value, 9),
        "low": low,
        "high": high,
        "method": JACK,
        "units": units,
        "clusters": 12,
        "status": status or "ok",
    }


def _code(both: int, pred: int, gold: int, neither: int, shift: float) -> Dict:
    n = both + pred + gold + neither
    if not both + pred + gold:
        return {
            "kappa": measure(None, status="undefined:no_variation"),
            "alpha_nominal": measure(None, status="undefined:no_variation"),
            "p_pos": measure(None),
            "p_neg": measure(1.0, status="no_interval:no_spread"),
            "char_f1": measure(None, status="undefined:no_gold"),
            "iou": measure(None, status="undefined:no_gold"),
            "u_alpha": measure(None, status="undefined:no_length"),
        }
    same, chance = (both + neither) / n, ((both + gold) * (both + pred) + (neither + pred) * (neither + gold)) / n**2
    kappa = (same - chance) / (1 - chance) - shift
    p_pos = 2 * both / (2 * both + pred + gold) - shift
    return {
        "kappa": measure(kappa, 0.13),
        "alpha_nominal": measure(kappa - 0.004, 0.14),
        "p_pos": measure(p_pos, 0.12) if both > 4 else measure(p_pos, status="no_interval:unstable"),
        "p_neg": measure(2 * neither / (2 * neither + pred + gold), 0.02),
        "char_f1": measure(p_pos - 0.1, 0.15),
        "iou": measure(p_pos / 2, 0.1),
        "u_alpha": measure(kappa - 0.12, 0.2),
    }


def _overall(base: float) -> Dict:
    return {name: measure(base + k * 0.011, 0.07) for k, name in enumerate((*OVERALL, "exact", "char_f1", "u_alpha"))}


def scores(shift: float = 0.0) -> Dict:
    """Scores of a run."""
    return {
        "codes": {code: _code(*cells[:4], shift) for code, cells in CELLS.items()},
        "overall": _overall(0.58 - shift),
    }


def human() -> Dict:
    """People among themselves."""
    codes = {
        code: {
            "kappa": measure(kappa, 0.12),
            "alpha_nominal": measure(kappa, 0.12),
            "p_pos": measure(p_pos, 0.11),
            "p_neg": measure(0.96, 0.02),
            "char_f1": measure(p_pos, 0.11),
        }
        for code, (*_, kappa, p_pos) in CELLS.items()
    }
    return {"codes": codes, "overall": _overall(0.64)}


def counts() -> Dict:
    return {
        code: {
            "units": sum(c[:4]),
            "gold": c[0] + c[2],
            "pred": c[0] + c[1],
            "both": c[0],
            "gold_only": c[2],
            "pred_only": c[1],
            "neither": c[3],
        }
        for code, c in CELLS.items()
    }
