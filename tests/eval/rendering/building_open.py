"""The inductive part of a report dict, made by hand."""

from __future__ import annotations

from typing import Any

Dict = dict[str, Any]


def _point(tau: float) -> Dict:
    return {
        "tau": tau,
        "recall": round(1.2 - tau, 9),
        "precision": round(1.1 - tau, 9),
        "covered": round(1.25 - tau, 9),
        "novelty": round(tau - 0.2, 9),
        "splits": 1,
        "merges": 0,
        "redundancy": 0.1,
        "status": "ok",
    }


def _pair(human: str, other: str, kind: str) -> Dict:
    identical = {
        "value": 0.22,
        "low": 0.1,
        "high": 0.35,
        "method": "delete-one-document jackknife, t(5)",
        "units": 60,
        "clusters": 6,
        "status": "ok",
    }
    return {
        "human": human,
        "other": other,
        "kind": kind,
        "units": 60,
        "documents": 6,
        "left_out": 2,
        "human_codes": 5,
        "other_codes": 6,
        "at_tau": _point(0.6),
        "curve": [_point(t / 100) for t in range(40, 91, 10)],
        "adjusted": {"value": 0.41, "observed": 0.6, "null": 0.32, "p": 0.004, "rounds": 999, "status": "ok"},
        "anchored": {
            "recall": 0.4,
            "precision": 0.33,
            "place_recall": 0.6,
            "place_precision": 0.5,
            "other_names": [{"human": "怕担责任", "other": "责任归属不清", "similarity": 0.52}],
            "status": "ok",
        },
        "identical": identical,
        "spans": {"f1": identical, "precision": identical, "recall": identical, "iou": identical},
        "matched": [
            {"human": "老客户参与试用", "other": "客户参与测试", "similarity": 0.83, "same_place": True},
            {"human": "定价不透明", "other": "价格不公开 <i>", "similarity": 0.71, "same_place": None},
        ],
        "missed": [
            {"label": "怕担责任", "nearest": "责任归属不清", "similarity": 0.52},
            {"label": "熟人关系", "nearest": None, "similarity": None},
        ],
        "novel": [{"label": "数据按月公开", "nearest": "定价不透明", "similarity": 0.31}],
        "spare": {"human": [], "other": []},
        "split": [{"label": "老客户参与试用", "into": ["客户参与测试", "客户提供反馈"]}],
        "merged": [],
    }


def induced() -> Dict:
    """Two people and two machines, the second the keyless baseline."""
    coders = [
        ("李", "person", "", False),
        ("Chen", "person", "", False),
        ("run 3", "machine", "gpt-5.1-2026-08-07", False),
        ("run 2", "machine", "lexical", True),
    ]
    return {
        "schema": "codart.eval.open/1",
        "seed": 0,
        "units": 60,
        "documents": 6,
        "embedder": {"name": "hash-256", "compares": "words"},
        "tau": {
            "value": 0.6,
            "source": "default",
            "calibrated": False,
            "judgements": 0,
            "used": 0,
            "unknown": 0,
            "balanced_accuracy": None,
            "needed": 100,
            "status": "undefined:no_judgements",
        },
        "coders": [
            {
                "name": n,
                "kind": k,
                "model": m,
                "baseline": b,
                "units": 60,
                "given": 50,
                "marked": 50,
                "codes": [],
                "novel": [],
                "novel_of": 6,
            }
            for n, k, m, b in coders
        ],
        "pairs": [_pair("李", "run 3", "machine"), _pair("李", "run 2", "machine")],
        "means": [
            {
                "coder": n,
                "kind": k,
                "against": 1,
                "recall": 0.6,
                "precision": 0.5,
                "covered": 0.65,
                "novelty": 0.4,
                "redundancy": 0.1,
                "adjusted": 0.41,
                "place_recall": 0.6,
                "place_precision": None,
                "identical": 0.22,
                "char_f1": 0.5,
            }
            for n, k, _, _ in coders
        ],
        "standings": [
            {
                "machine": "run 3",
                "units": 60,
                "codes": 11,
                "before": 17,
                "largest": 0.24,
                "status": "ok",
                "coders": [
                    {
                        "name": n,
                        "kind": k,
                        "coverage": 0.7,
                        "overlap": 0.6,
                        "novelty": 0.2,
                        "divergence": 0.5,
                        "status": "ok",
                    }
                    for n, k, _, _ in coders[:3]
                ],
            }
        ],
    }
