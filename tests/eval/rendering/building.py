"""A realistic report dict, made by hand: two people, two runs, eight codes, every part filled."""

from __future__ import annotations

from typing import Any

from tests.eval.rendering.building_open import induced
from tests.eval.rendering.building_runs import run
from tests.eval.rendering.building_scores import CELLS, OVERALL, human, measure

Dict = dict[str, Any]

LABELS = {
    "dialogue": ("对话", "Dialogue"),
    "access": ("获取与开放渠道", "Access"),
    "risk": ("风险评估", "Risk assessment"),
    "transparency": ("透明", "Transparency"),
    "dialogue.shared_problem_solving_in_communities": (
        "在用户社区中共同解决问题并持续改进",
        "Shared problem solving in user communities over a long time",
    ),
    "trust": ("信任", "Trust"),
    "barrier": ("共创障碍", "Barrier to co-creation"),
    "never_given": ("无人使用的代码", "A code that nobody gives"),
}


def _saturation() -> Dict:
    def one(new: list[int], at: int | None) -> Dict:
        seen = [sum(new[: k + 1]) for k in range(len(new))]
        mean = [s * 0.97 for s in seen]
        band = {"mean": mean, "low": [m * 0.85 for m in mean], "high": [min(m * 1.15, 8) for m in mean]}
        return {"new": new, "seen": seen, "band": band, "saturated_at": at, "base": 4, "run": 2, "status": "ok"}

    return {
        "李": one([3, 2, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0], 7),
        "run 3": one([4, 1, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0], 6),
        "run 2": one([2, 1, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0], None),
    }


def report(**changes: Any) -> Dict:
    """The whole dict; `changes` replace keys."""
    made: Dict = {
        "schema": "codart.eval.report/1",
        "title": "价值共创中的对话与透明 & Dialogue_100%",
        "kind": "assignment",
        "question": "供应商与客户如何共同解决问题？",
        "codebook": "DART",
        "unit": "paragraph",
        "stance": "codebook",
        "split": "test",
        "sample_gold": False,
        "codes": list(CELLS),
        "labels": {
            c: {"zh": zh, "en": en, "definition": f"{en}: what is said about it in the text."}
            for c, (zh, en) in LABELS.items()
        },
        "lock": {
            "sha256": "ab" * 32,
            "documents": 12,
            "created": "2026-11-01T08:00:00Z",
            "openings": [{"when": "2026-11-20T10:00:00Z", "command": "codart eval report --split test"}],
            "tuned": False,
            "gold_changed": False,
        },
        "sample": {
            "n": 260,
            "frame": 1840,
            "seed": 5,
            "by": "document",
            "coded": 240,
            "strata": [
                {"name": f"interview-{k + 1:02d}.docx", "frame": 150 + k, "drawn": 20, "chance": 20 / (150 + k)}
                for k in range(4)
            ],
        },
        "data": {
            "documents": 12,
            "units": 240,
            "material": 1840,
            "double_coded": 240,
            "by": {
                "case": [
                    {"name": "甲公司", "documents": 6, "units": 120},
                    {"name": "B Ltd", "documents": 6, "units": 120},
                ],
                "kind": [{"name": "interview", "documents": 12, "units": 240}],
                "language": [{"name": "zh", "documents": 8, "units": 160}, {"name": "", "documents": 4, "units": 80}],
            },
            "people": [
                {
                    "name": "李",
                    "units": 240,
                    "documents": 12,
                    "blind": True,
                    "sources": ["li.jsonl"],
                    "sha256": "cd" * 32,
                },
                {
                    "name": "Chen",
                    "units": 240,
                    "documents": 12,
                    "blind": None,
                    "sources": ["chen.xlsx"],
                    "sha256": "ef" * 32,
                },
            ],
        },
        "human": human(),
        "trivial": {
            k: {"codes": {}, "overall": dict.fromkeys(OVERALL, v)}
            for k, v in (("none", -0.14), ("majority", 0.02), ("random", None))
        },
        "runs": [run("run 3", "gpt-5.1-2026-08-07", 0.0), run("run 2", "lexical", 0.2, baseline=True)],
        "compare": [
            {
                "first": "run 3",
                "second": "run 2",
                "metric": "alpha_jaccard",
                "code": "",
                "difference": measure(0.2, 0.08),
                "p": 0.0004,
                "holm": None,
            },
            {
                "first": "run 3",
                "second": "run 2",
                "metric": "p_pos",
                "code": "risk",
                "difference": measure(0.2, 0.3),
                "p": 0.21,
                "holm": 0.42,
            },
        ],
        "saturation": _saturation(),
        "todo": [
            {"code": "trust", "problem": "definition", "other": "", "human": 0.31, "model": 0.24, "units": 19},
            {"code": "risk", "problem": "confusion", "other": "transparency", "human": 0.45, "model": 0.62, "units": 9},
            {"code": "access", "problem": "prompt", "other": "", "human": 0.71, "model": 0.69, "units": 28},
        ],
        "open": induced(),
        "versions": {"codart": "0.1.0", "numpy": "2.4.6"},
        "seed": 0,
        "inputs": {"gold.jsonl": "12" * 32, "runs.jsonl": "34" * 32},
    }
    return made | changes
