"""codart gold, codart eval run: what people coded comes in, is kept apart, and never reaches a prompt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from assistant.project import Project
from tests.cli.conftest import Codart


def line(document: str, unit: int, coder: str, *quotes: tuple[str, str, int], length: int | None = None) -> str:
    spans = [{"start": at, "end": at + len(quote), "code": code, "quote": quote} for code, quote, at in quotes]
    row: dict[str, Any] = {"document": document, "unit": unit, "coder": coder, "spans": spans}
    row["codes"] = sorted({code for code, _, _ in quotes})
    if length is not None:
        row["length"] = length
    return json.dumps(row, ensure_ascii=False)


@pytest.fixture
def gold_file(study: Path, tmp_path: Path) -> Path:
    with Project.open(study) as project:
        (interview, _) = project.documents.all()
        rows = []
        for segment in project.documents.segments(interview.id, "paragraph.v1"):
            words = segment.span.of(interview.text)
            for coder in ("Ann", "Bo"):
                quotes = []
                if (at := words.find("逐条回复")) >= 0:
                    quotes.append(("对话", "逐条回复", at))
                if coder == "Ann" and (at := words.find("官方一条没回")) >= 0:
                    quotes.append(("dart.dialogue", "官方一条没回", at))
                rows.append(line(interview.name, segment.number, coder, *quotes, length=len(words)))
    path = tmp_path / "gold.jsonl"
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


@pytest.fixture
def golden(codart: Codart, study: Path, gold_file: Path) -> Path:
    assert codart("gold", "import", gold_file, "--blind", "--project", study).code == 0
    return study


def test_gold_comes_in_by_coder_and_says_what_it_holds(codart: Codart, golden: Path) -> None:
    shown = codart("gold", "list", "--json", "--project", golden).json
    assert [(g["coder"], g["codebook"], g["blind"], g["codings"]) for g in shown["golds"]] == [
        ("Ann", "dart", True, 2),
        ("Bo", "dart", True, 1),
    ]
    records = codart("suggestions", "list", "--coder", "gold", "--json", "--project", golden).json
    assert {(r["coder"]["name"], r["code"], r["quote"], r["state"]) for r in records} == {
        ("Ann", "dart.dialogue", "逐条回复", "accepted"),
        ("Ann", "dart.dialogue", "官方一条没回", "accepted"),
        ("Bo", "dart.dialogue", "逐条回复", "accepted"),
    }


def test_the_same_file_again_adds_nothing_and_a_new_one_is_a_new_edition(
    codart: Codart, golden: Path, gold_file: Path
) -> None:
    assert "there already" in codart("gold", "import", gold_file, "--project", golden).out
    rows = [row for row in gold_file.read_text(encoding="utf-8").splitlines() if '"Bo"' in row]
    rows = [row.replace("对话", "access") for row in rows if "逐条回复" in row]
    gold_file.write_text("\n".join(rows), encoding="utf-8")
    assert codart("gold", "import", gold_file, "--why", "looked again", "--project", golden).code == 0
    records = codart("suggestions", "list", "--coder", "gold", "--json", "--project", golden).json
    assert [(r["code"], r["quote"]) for r in records if r["coder"]["name"] == "Bo"] == [("dart.access", "逐条回复")]
    assert len(codart("gold", "list", "--json", "--project", golden).json["golds"]) == 3
    with Project.open(golden) as project:
        coded = project.golds.coded(("Bo", "assignment", "dart"), "paragraph.v1")
        assert len(coded) == 4  # what the new edition does not speak of still stands
        assert {p.code for each in coded.values() for p in each.codings} == {"dart.access"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"对话"', '"没有的码"', "no code '没有的码'"),
        ('"unit": 2', '"unit": 40', "has no segment '40'"),
        ("interview.txt", "other.txt", "other.txt"),
        ('"start": ', '"start": 9', "not a span"),
    ],
)
def test_what_does_not_fit_stops_the_import_and_nothing_comes_in(
    codart: Codart, study: Path, gold_file: Path, old: str, new: str, said: str
) -> None:
    text = gold_file.read_text(encoding="utf-8")
    assert old in text
    gold_file.write_text(text.replace(old, new), encoding="utf-8")
    printed = codart("gold", "import", gold_file, "--project", study)
    assert printed.code != 0
    assert said in printed.err
    assert codart("gold", "list", "--json", "--project", study).json["golds"] == []


def test_of_two_files_one_that_is_wrong_stops_both(codart: Codart, study: Path, gold_file: Path) -> None:
    wrong = gold_file.with_name("wrong.jsonl")
    wrong.write_text("{", encoding="utf-8")
    assert codart("gold", "import", gold_file, wrong, "--project", study).code != 0
    assert codart("gold", "list", "--json", "--project", study).json["golds"] == []


def test_what_may_be_left_out_is_listed_and_its_units_do_not_count(
    codart: Codart, study: Path, gold_file: Path
) -> None:
    text = gold_file.read_text(encoding="utf-8").replace('"quote": "官方一条没回"', '"quote": "官方全都回了"')
    gold_file.write_text(text, encoding="utf-8")
    printed = codart("gold", "import", gold_file, "--leave-out", "--project", study)
    assert printed.code == 0
    assert "官方全都回了" in printed.err
    with Project.open(study) as project:
        assert len(project.golds.coded(("Ann", "assignment", "dart"), "paragraph.v1")) == 3
        assert len(project.golds.coded(("Bo", "assignment", "dart"), "paragraph.v1")) == 4


def test_one_coder_of_several_can_be_chosen(codart: Codart, study: Path, gold_file: Path) -> None:
    assert codart("gold", "import", gold_file, "--coder", "Bo", "--project", study).code == 0
    assert [g["coder"] for g in codart("gold", "list", "--json", "--project", study).json["golds"]] == ["Bo"]
    printed = codart("gold", "import", gold_file, "--coder", "Cy", "--project", study)
    assert printed.code == 2
    assert "Ann, Bo" in printed.err


def test_a_sheet_is_drawn_filled_in_and_read_back(codart: Codart, study: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.xlsx"
    drawn = codart("gold", "sample", "--n", 4, "--by", "case", "--out", sheet, "--json", "--project", study).json
    assert {s["name"]: s["drawn"] for s in drawn["strata"]} == {"小米": 3, "Openbike": 1}
    book = openpyxl.load_workbook(sheet)
    page = book.worksheets[0]
    heads = [cell.value for cell in page[1]]
    assert heads == ["文档", "单元", "文本", "对话", "获取", "风险评估", "透明性", "无"]
    assert all(cell.value is None for row in page.iter_rows(min_row=2, min_col=4) for cell in row)
    page["D2"], page["H3"], page["F4"] = "+", "x", "-"  # the fourth row stays empty: not coded
    book.save(sheet)
    printed = codart("gold", "import", sheet, "--coder", "Ann", "--blind", "--project", study)
    assert printed.code == 0, printed.err
    with Project.open(study) as project:
        coded = project.golds.coded(("Ann", "assignment", "dart"), "paragraph.v1")
        assert sorted((tuple(p.code for p in each.codings), each.marked) for each in coded.values()) == [
            ((), False),
            (("dart.dialogue",), False),
            (("dart.risk",), False),
        ]
        assert [p.polarity for each in coded.values() for p in each.codings if p.code == "dart.risk"] == ["-"]
        (sample,) = project.samples.all()
        assert set(coded) < set(sample.chances)
    again = codart("gold", "sample", "--n", 4, "--out", sheet, "--project", study)
    assert again.code == 2
    assert "may hold codings" in again.err


def test_a_run_asks_about_what_gold_coders_coded_and_about_nothing_else(codart: Codart, golden: Path) -> None:
    (run,) = codart("eval", "run", "--json", "--project", golden).json
    assert (run["model"], run["lens"]) == ("lexical", "dart")
    assert sum(run["units"].values()) == 4
    (wider,) = codart("eval", "run", "--everything", "--json", "--project", golden).json
    assert wider["run"] == run["run"]
    assert sum(wider["units"].values()) == 7


def test_each_way_of_showing_context_is_a_run_of_its_own(codart: Codart, golden: Path) -> None:
    done = codart(
        "eval",
        "run",
        "--retrieval",
        "none",
        "--retrieval",
        "both",
        "--prompt-language",
        "en",
        "--json",
        "--project",
        golden,
    ).json
    assert len({run["run"] for run in done}) == 2
    parameters = [codart("runs", "show", run["run"], "--json", "--project", golden).json["parameters"] for run in done]
    assert [(p.get("retrieval"), p.get("language")) for p in parameters] == [("none", "en"), (None, "en")]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--gold", "Cy"], "coders are: Ann, Bo"),
        (["--split", "exam"], "choose one of: dev, test, all"),
        (["--retrieval", "some"], "choose one of: none, context, examples, both"),
    ],
)
def test_a_wrong_wish_names_the_right_ones(codart: Codart, golden: Path, options: list[str], said: str) -> None:
    printed = codart("eval", "run", *options, "--project", golden)
    assert printed.code == 2
    assert said in printed.err


def test_documents_kept_for_the_test_stay_kept(codart: Codart, golden: Path) -> None:
    kept = codart("gold", "lock", "--test", 50, "--json", "--project", golden).json["documents"]
    assert len(kept) == 1
    rows = codart("documents", "--json", "--project", golden).json
    assert [r["name"] for r in rows if r["held_out"]] == kept
    printed = codart("documents", "hold-out", *kept, "--release", "--project", golden)
    assert printed.code == 2
    assert "kept for the test" in printed.err
    assert codart("gold", "lock", "--test", 50, "--seed", 4, "--project", golden).code == 0  # nothing was opened yet


def test_gold_cannot_be_changed_behind_the_projects_back(golden: Path) -> None:
    import sqlite3

    database = sqlite3.connect(golden / "project.db")
    for statement in ("UPDATE golds SET why = 'x'", "DELETE FROM gold_units", "DELETE FROM golds"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            database.execute(statement)
    database.close()


def test_rows_left_empty_take_nothing_back(codart: Codart, study: Path, tmp_path: Path) -> None:
    full, empty = tmp_path / "full.xlsx", tmp_path / "empty.xlsx"
    for sheet in (full, empty):
        assert codart("gold", "sample", "--n", 4, "--seed", 1, "--out", sheet, "--project", study).code == 0
    book = openpyxl.load_workbook(full)
    for row in range(2, 6):
        book.worksheets[0].cell(row, 4).value = "x"
    book.save(full)
    assert codart("gold", "import", full, "--coder", "Y", "--project", study).code == 0
    printed = codart("gold", "import", empty, "--coder", "Y", "--project", study)
    assert printed.code == 2
    assert "nothing in it is coded" in printed.err
    half = openpyxl.load_workbook(empty)
    half.worksheets[0]["D2"] = "x"
    half.save(empty)
    (found,) = codart("gold", "import", empty, "--coder", "  Y ", "--json", "--project", study).json
    assert [(e["coder"], e["units"], e["not_coded"]) for e in found["editions"]] == [("Y", 1, 3)]
    with Project.open(study) as project:
        assert len(project.golds.coded(("Y", "assignment", "dart"), "paragraph.v1")) == 4


def test_a_draw_whose_sheet_cannot_be_written_is_not_recorded(codart: Codart, study: Path, tmp_path: Path) -> None:
    for out in (tmp_path / "nowhere" / "x.xlsx", tmp_path / "x.txt"):
        assert codart("gold", "sample", "--n", 2, "--out", out, "--project", study).code == 2
    assert codart("gold", "list", "--json", "--project", study).json["samples"] == []


def test_coders_with_commas_and_two_documents_of_one_name(
    codart: Codart, study: Path, gold_file: Path, files: Path
) -> None:
    text = gold_file.read_text(encoding="utf-8").replace('"Bo"', '"Li, Wei <b>"')
    gold_file.write_text(text, encoding="utf-8")
    assert codart("gold", "import", gold_file, "--project", study).code == 0
    (run,) = codart("eval", "run", "--gold", "Li, Wei <b>", "--json", "--project", study).json
    assert sum(run["units"].values()) == 4
    assert codart("eval", "run", "--gold", "Ann,Li, Wei <b>", "--project", study).code == 2
    both = ("--gold", "Ann", "--gold", "Li, Wei <b>")
    assert codart("eval", "score", *both, "--json", "--project", study).json["gold"] == ["Ann", "Li, Wei <b>"]
    (files / "more").mkdir()
    (files / "more" / "interview.txt").write_text("受访者：另一份同名的访谈。", encoding="utf-8")
    assert codart("add", files / "more" / "interview.txt", "--project", study).code == 0
    printed = codart("gold", "import", gold_file, "--project", study)
    assert printed.code == 2
    assert "those that stand twice" in printed.err


def test_a_changed_segment_size_is_said_and_hides_no_gold_in_silence(
    codart: Codart, study: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.xlsx"
    assert codart("gold", "sample", "--n", 5, "--out", sheet, "--project", study).code == 0
    book = openpyxl.load_workbook(sheet)
    for row in range(2, 7):
        book.worksheets[0].cell(row, 4).value = "x"
    book.save(sheet)
    assert codart("gold", "import", sheet, "--coder", "Ann", "--project", study).code == 0
    settings = study / "codart.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace('"paragraph"', '"sentence"', 1), encoding="utf-8")
    printed = codart("eval", "report", "--json", "--project", study)
    assert "fit no segment" in printed.err or "segment size" in printed.err


def test_a_lock_by_case_keeps_about_the_share_that_was_asked_for(codart: Codart, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    assert codart("init", folder).code == 0
    for number in range(10):
        file = tmp_path / f"d{number}.txt"
        file.write_text(f"文档{number}。用户提出意见。", encoding="utf-8")
        assert codart("add", file, "--case", f"case {number % 8}", "--project", folder).code == 0
    kept = codart("gold", "lock", "--test", 30, "--by", "case", "--json", "--project", folder).json["documents"]
    assert len(kept) == 3
    assert "gives way" in codart("gold", "lock", "--test", 20, "--project", folder).out


def test_a_dry_run_needs_no_key(codart: Codart, golden: Path) -> None:
    printed = codart(
        "eval", "run", "--model", "openai:gpt-x", "--no-baseline", "--dry-run", "--json", "--project", golden
    )
    assert printed.code == 0
    assert printed.json["calls"] == 4
