"""The page and its neighbours: the same bytes each time, nothing that runs, nothing empty, no number from nowhere."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import pytest

from assistant.errors import UsageError
from eval.rendering import FORMS, Form, render
from tests.eval.rendering.building import report
from tests.eval.rendering.building_runs import run

ROOT = Path(__file__).resolve().parents[3]
EVIL = "<script>alert('x')</script>"
SECTIONS = [
    *("answer", "design", "card", "quotes", "codes", "summary", "spans", "uncertainty", "replacement", "stability"),
    *("differential", "documents", "prevalence", "calibration", "inductive", "saturation", "todo", "browser"),
    *("methods", "checklist", "limits", "annex"),
]


@cache
def _drawn(made: str, form: Form, lang: Any) -> str:
    return render(json.loads(made), form, lang).decode()


def text(made: dict[str, Any], form: Form = "html", lang: Any = "en") -> str:
    return _drawn(json.dumps(made), form, lang)  # many tests read the same page


class Page(HTMLParser):
    """Every tag with its attributes, and the text of every table cell."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[str] = []
        self._open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("td", "th"):
            self._open = True
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._open:
            self.cells[-1] += data


def test_every_form_has_the_same_bytes_under_other_hash_seeds() -> None:
    code = (
        "import hashlib; from eval.rendering import FORMS, render; from tests.eval.rendering.building import report;"
        "made = report(); print([hashlib.sha256(render(made, f, l)).hexdigest() for f in FORMS for l in ('zh',)])"
    )

    def printed(seed: str) -> str:
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout

    assert printed("1") == printed("2")


@pytest.mark.parametrize("form", FORMS)
def test_a_dict_that_went_through_json_gives_the_same_bytes(form: Form) -> None:
    made = report()
    once = render(made, form, "zh")
    assert render(json.loads(json.dumps(made)), form, "zh") == once == render(made, form, "zh")


def test_the_page_has_every_section_in_its_order() -> None:
    assert re.findall(r'<section id="([a-z]+)"', text(report())) == SECTIONS


def test_the_page_asks_for_nothing_and_its_policy_names_its_own_style_and_script() -> None:
    page = text(report())
    style, script = (re.search(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL) for tag in ("style", "script"))
    assert style is not None
    assert script is not None
    policy = dict(Page(page).tags[3][1])["content"] or ""
    for found in (style, script):
        assert base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode() in policy
    assert "default-src 'none'" in policy
    for tag, attributes in Page(page).tags:
        assert tag not in {"img", "iframe", "link", "object", "embed", "base"}
        assert "style" not in attributes, tag  # the policy would block it
        assert not any(name.startswith("on") for name in attributes)
        for name in ("href", "src", "action"):
            assert (attributes.get(name) or "#").startswith("#")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_that_comes_from_outside_becomes_markup(lang: str) -> None:
    made = report(
        title=EVIL, question=EVIL, labels={c: {"zh": EVIL, "en": EVIL, "definition": EVIL} for c in report()["codes"]}
    )
    made["runs"][0] |= {"name": EVIL, "model": EVIL}
    made["runs"][0]["facts"]["template"] = EVIL
    made["runs"][0]["quotes"]["failures"] = [["not_found", EVIL, EVIL]]
    made["runs"][0]["documents"][0]["document"] = EVIL
    made["data"]["people"][0]["name"] = EVIL
    one = made["runs"][0]["disagreements"][0]
    one |= {"text": EVIL * 3, "document": EVIL}
    one["model"]["why"] = EVIL
    page = text(made, lang=lang)
    assert EVIL not in page
    assert [tag for tag, _ in Page(page).tags].count("script") == 1
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("changes", [{}, {"stance": "reflexive"}, {"runs": []}, {"human": None, "open": None}])
def test_no_cell_is_empty_and_none_says_nan(lang: str, changes: dict[str, Any]) -> None:
    page = text(report(**changes), lang=lang)
    cells = Page(page).cells
    assert cells
    assert [cell for cell in cells if not cell.strip()] == []
    assert not [cell for cell in cells if cell.strip().casefold() in {"nan", "none", "null", "inf"} - {"none"}]
    assert not re.search(r"\b(NaN|undefined:|no_interval:)", page)


def test_the_keyless_baseline_is_never_called_a_model_by_its_id() -> None:
    for form in ("html", "md", "tex"):
        made = text(report(), form)
        assert "keyless baseline, no language model" in made
        assert "lexical" not in made
    assert "免密钥基线" in text(report(), lang="zh")


@pytest.mark.parametrize(
    ("lang", "word", "never"), [("en", "sample gold", "human gold"), ("zh", "示例金标准", "人工金标准")]
)
def test_sample_gold_is_called_by_its_name(lang: str, word: str, never: str) -> None:
    page = text(report(sample_gold=True), lang=lang)
    body = page.split("<body>")[1]
    assert 'class="box warning"' in body
    assert word in body
    assert never not in body
    assert ("between people" if lang == "en" else "人工之间") not in body
    assert 'class="box warning"' not in text(report(), lang=lang)


def test_tuned_on_test_is_said_at_the_top_and_in_the_methods() -> None:
    made = report(lock={**report()["lock"], "tuned": True})
    assert "Tuned on test" in text(made).split('id="design"')[0]
    assert "tuned on test" in text(made, "md").split("Methods paragraph")[1]
    assert "uned on test" not in text(report())


def test_a_reflexive_report_has_no_coefficients_and_no_verdicts() -> None:
    for form in ("html", "md", "csv", "tex"):
        made = text(report(stance="reflexive"), form)
        assert not re.search(r"kappa|Krippendorff|alpha_|p_pos|F1|not supported", made.split("<body>")[-1]), form
    assert "Points for discussion" in text(report(stance="reflexive"))


def test_no_words_for_heights_of_agreement() -> None:
    page = text(report()).casefold()
    assert not re.search(r"(substantial|moderate|fair|slight|almost perfect) agreement", page)
    assert not re.search("(高度|中等|几乎完全)一致", text(report(), lang="zh"))


def test_the_answer_has_at_most_five_lines() -> None:
    made = report()
    made["runs"] = [run(f"run {n}", "m", 0.0) for n in range(4)]
    answer = text(made).split('class="box answer"')[1].split("</div>")[0]
    assert 3 <= answer.count("<p>") <= 5


def test_every_alpha_over_all_codes_names_its_distance() -> None:
    for line in text(report(), "md").splitlines():
        if "alpha" in line and "all codes" in line.casefold():
            assert re.search("Jaccard|MASI", line), line


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _numbers(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _numbers(one)
    elif isinstance(value, int | float):
        yield float(value)


def test_every_number_of_the_methods_paragraph_stands_in_the_dict() -> None:
    made = report()
    said = text(made, "md").split("## Methods paragraph to paste")[1].split("\n## ")[0]
    known = {f"{number:.{digits}f}".replace("-", "−") for number in _numbers(made) for digits in (0, 1, 2)}
    known |= {str(len(made["data"]["people"])), "95", "11"}  # the interval's level and the degrees of freedom
    plain = re.sub(r"\d{4}-\d\d-\d\dT[\d:]+Z|gpt-\S+|assign-zh-3|run \d", "", said).replace("\\", "")
    found = re.findall(r"(?<![\w.])−?\d+(?:\.\d+)?", plain)
    assert len(found) > 15
    assert [number for number in found if number not in known] == []


def test_every_forest_number_stands_in_the_dict() -> None:
    made = report()
    table = text(made, "md").split("**Positive agreement by code**")[1].split("\n\n")[1]
    known = {f"{number:.2f}".replace("-", "−") for number in _numbers(made)}
    roots = {f"{one['p_pos']['value'] ** 0.5:.2f}" for one in made["human"]["codes"].values() if one["p_pos"]["value"]}
    found = re.findall(r"−?\d\.\d\d", table)
    assert len(found) > 40
    assert set(found) <= known | roots


def test_marks_stand_on_the_words_of_each_side() -> None:
    page = text(report(), lang="zh")
    first = page.split('<article class="dis"')[1]
    assert '<mark class="people" title="李：对话">老客户会在群里直接告诉我们</mark>哪里不好用' in first
    third = page.split('<article class="dis"')[3]
    assert '<mark class="both" title="李：风险评估 · run 3：透明">来不说</mark>' in third


def test_other_forms_and_languages_are_refused() -> None:
    with pytest.raises(UsageError, match="no report as"):
        render(report(), "pdf", "en")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="language"):
        render(report(), "md", "de")  # type: ignore[arg-type]
    assert get_args(Form) == FORMS
