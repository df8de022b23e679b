"""A whole report, byte for byte: what changes in it must be meant. Run this file to write the pages anew.

Twelve documents, a known truth, two people who err by themselves and a run that errs more, drawn with a fixed seed.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, get_args

import pytest

from eval.assessing import assess
from eval.evidence import Coding, Evidence, Given, Label, Machine, Passage, Person
from eval.plain import Key
from eval.rendering import Form, render

GOLDEN = Path(__file__).parent / "golden"
PAGES: list[tuple[Form, Any]] = [("csv", "en"), ("tex", "en"), ("tex", "zh"), ("md", "en"), ("md", "zh")]
WORDS = "工程师在论坛里逐条回复，我们照着改了三稿。They answered every post."
LABELS = {
    "dart.dialogue": Label("对话", "Dialogue", "Both sides act on what the other says."),
    "dart.access": Label("获取", "Access", "Users get at means or data."),
    "dart.risk": Label("风险评估", "Risk assessment", "Harm is told and weighed."),
    "dart.transparency": Label("透明性", "Transparency", "What the firm knows is open."),
}
SHARES = (0.4, 0.25, 0.15, 0.3)


def truth() -> dict[Key, frozenset[str]]:
    draw = random.Random(1)
    found = {}
    for d in range(12):
        lean = 0.5 + draw.random()
        for u in range(6):
            codes = [code for code, share in zip(LABELS, SHARES, strict=True) if draw.random() < share * lean]
            found[f"document-{d:02}", str(u + 1)] = frozenset(codes)
    return found


def seen(seed: int, missed: float, added: float) -> dict[Key, Coding]:
    draw = random.Random(seed)
    found = {}
    for key, codes in truth().items():
        given = [code for code in LABELS if draw.random() < ((1 - missed) if code in codes else added)]
        ends = [4 + draw.randrange(20) for _ in given]
        found[key] = Coding(tuple(Given(c, WORDS[:end], 0, end, "+") for c, end in zip(given, ends, strict=True)))
    return found


def report() -> dict[str, Any]:
    keys = list(truth())
    run = seen(4, 0.3, 0.08)
    for key in keys[5:9]:
        del run[key]  # these failed: missing, not "no code"
    evidence = Evidence(
        title="Golden",
        question="Who answers whom?",
        kind="assignment",
        codebook="dart",
        labels=LABELS,
        units={
            key: Passage(WORDS, f"case {int(key[0][-2:]) % 3}", "interview", "zh" if k % 2 else "en", chance=1.0)
            for k, key in enumerate(keys)
        },
        people=(
            Person("Coder A", seen(2, 0.12, 0.03), blind=True, sources=("a.xlsx",), sha256="a" * 64),
            Person("Coder B", seen(3, 0.18, 0.02), blind=True, sources=("b.xlsx",), sha256="b" * 64),
        ),
        machines=(
            Machine(
                "run 3 (some:model)",
                "some:model",
                run,
                {"coded": 90, "none": 50, "failed": 4, "refused": 0, "pending": 0},
                {"model": "some:model", "started": "2026-01-02T03:04:05+00:00", "template": "assign_codes.v1@0000"},
                repeats=(seen(5, 0.3, 0.08),),
                flaws={"not_found": 2},
                quotes=200,
                failures=(("not_found", "words nobody said", "document-03 #4"),),
            ),
            Machine("run 2 (lexical)", "lexical", seen(6, 0.6, 0.1), {"coded": 60, "none": 84}, baseline=True),
        ),
    )
    return assess(evidence, resamples=200) | {"versions": {"codart": "0"}}


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return report()


@pytest.mark.parametrize(("form", "language"), PAGES)
def test_the_report_is_the_golden_one_to_the_byte(made: dict[str, Any], form: Form, language: Any) -> None:
    assert form in get_args(Form)
    assert render(made, form, language) == (GOLDEN / f"report.{language}.{form}").read_bytes()


def test_the_golden_report_says_what_was_put_into_it(made: dict[str, Any]) -> None:
    model, baseline = made["runs"]
    assert made["data"]["units"] == 72
    assert model["score"]["missing_units"] == 4
    assert model["quotes"]["flaws"] == {"not_found": 2}
    alphas = [side["overall"]["alpha_jaccard"]["value"] for side in (made["human"], model["score"], baseline["score"])]
    assert alphas == sorted(alphas, reverse=True)
    assert model["score"]["counts"]["dart.dialogue"]["units"] == 2 * 68


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    made_now = report()
    for page, tongue in PAGES:
        (GOLDEN / f"report.{tongue}.{page}").write_bytes(render(made_now, page, tongue))
