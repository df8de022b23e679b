"""Disagreements of a report dict, with marks in their texts, made by hand."""

from __future__ import annotations

from typing import Any

Dict = dict[str, Any]

TEXTS = [
    (
        "老客户会在群里直接告诉我们哪里不好用，我们再把新版本发给他们试。",
        "老客户会在群里直接告诉我们",
        "把新版本发给他们试",
    ),
    (
        "The forum is open to everyone; we publish the raw test data there each month.",
        "open to everyone",
        "publish the raw test data",
    ),
    ("价格怎么来的，他们从来不说；出了事，也是我们自己担着。", "他们从来不说", "出了事，也是我们自己担着"),
    ("我们和供应商每个季度开一次会，<script>alert(1)</script> 一起看故障记录。", "每个季度开一次会", "一起看故障记录"),
]


def disagreements() -> list[Dict]:
    found = []
    kinds = [
        ("missed", "dialogue", ""),
        ("added", "access", ""),
        ("confused", "risk", "transparency"),
        ("boundary", "dialogue", ""),
    ]
    for n in range(12):
        text, one, two = TEXTS[n % len(TEXTS)]
        kind, code, other = kinds[n % len(kinds)]
        spans = [{"start": text.index(one), "end": text.index(one) + len(one), "code": code}]
        overlap = text.index(one) + len(one) - 3
        theirs = [
            {
                "start": overlap if kind != "added" else text.index(two),
                "end": text.index(two) + len(two),
                "code": other or code,
            }
        ]
        gave = kind != "added"
        found.append(
            {
                "id": n + 1,
                "document": f"interview-{n % 4 + 1:02d}.docx",
                "unit": n * 3 + 1,
                "case": "甲公司",
                "language": "zh",
                "type": kind,
                "code": code,
                "other": other,
                "text": text,
                "people": [
                    {"coder": "李", "codes": [code] if gave else [], "spans": spans if gave else []},
                    {"coder": "Chen", "codes": [code] if gave else [], "spans": []},
                ],
                "model": {
                    "codes": [] if kind == "missed" else [other or code],
                    "spans": [] if kind == "missed" else theirs,
                    "why": "客户主动反馈 <b>并</b> 参与测试",
                    "confidence": 0.85,
                },
            }
        )
    return found
