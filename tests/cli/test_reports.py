"""codart eval score, report, compare, novel on a project: what runs said beside what people said, and the test lock."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from assistant.cli import main
from assistant.resources import CASES
from tests.cli.conftest import Codart

_DOCUMENTS = ("haier-hope-article.zh.md", "xiaomi-miui-interview.zh.txt", "lego-ideas-interview.en.txt")
_MORE = ("apple-appstore-forum.en.txt", "heya-weaning-interview.zh.txt", "tideline-mods-forum.zh.txt")


def call(*arguments: object) -> None:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    assert stop.value.code == 0, arguments


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six sample documents with the sample gold on them, asked about by the keyless baseline in two ways."""
    folder = tmp_path_factory.mktemp("reports") / "study"
    call("init", folder)
    for name in (*_DOCUMENTS, *_MORE):
        call("add", CASES / name, "--case", name.split("-")[0], "--project", folder)
    gold = folder.parent / "gold"
    gold.mkdir()
    for path in sorted(CASES.parent.joinpath("gold").glob("*.jsonl")):
        rows = [row for row in path.read_text(encoding="utf-8").splitlines() if _about(row)]
        kept = gold / path.name
        kept.write_text("\n".join(rows), encoding="utf-8")
        call("gold", "import", kept, "--blind", *(["--open"] if "open" in path.name else []), "--project", folder)
    call("eval", "run", "--project", folder)
    call("eval", "run", "--only", "assignment", "--retrieval", "none", "--project", folder)
    return folder


def _about(row: str) -> bool:
    return json.loads(row)["document"] in (*_DOCUMENTS, *_MORE)


@pytest.fixture
def judged(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "study"))


def runs(codart: Codart, study: Path) -> dict[str, int]:
    """Ids by kind; "bare" is the run without retrieval."""
    found = {}
    for run in codart("runs", "list", "--json", "--project", study).json:
        found["bare" if run["parameters"].get("retrieval") else run["kind"]] = run["id"]
    return found


def test_a_run_is_scored_against_each_person_and_people_against_each_other(codart: Codart, judged: Path) -> None:
    run = runs(codart, judged)["assignment"]
    result = codart("eval", "score", run, "--json", "--project", judged).json
    assert result["schema"] == "codart.eval.score/1"
    assert result["coder"] == f"run {run} (lexical)"
    assert set(result["each"]) == {"Sample coder A", "Sample coder B"}
    blocks = {"dart.dialogue", "dart.access", "dart.risk", "dart.transparency"}
    assert set(result["codes"]) == blocks == set(result["human"]["codes"])
    assert result["human"]["overall"]["alpha_jaccard"]["value"] > result["overall"]["alpha_jaccard"]["value"]
    assert result["documents"] == 6
    assert result["overall"]["alpha_jaccard"]["method"] == "delete-one-document jackknife, t(5)"
    one = codart("eval", "score", run, "--gold", "Sample coder B", "--json", "--project", judged).json
    assert one["against"] == "Sample coder B"
    assert "human" not in one


def test_equal_input_gives_equal_bytes(codart: Codart, judged: Path) -> None:
    first = codart("eval", "score", "--json", "--project", judged).out
    assert first == codart("eval", "score", "--json", "--project", judged).out


def test_every_code_can_be_compared_instead_of_blocks(codart: Codart, judged: Path) -> None:
    run = runs(codart, judged)["assignment"]
    result = codart("eval", "score", run, "--every-code", "--json", "--project", judged).json
    assert "dart.dialogue.two_way" in result["codes"]


def test_a_unit_that_failed_is_missing_and_never_no_code(codart: Codart, judged: Path) -> None:
    run = runs(codart, judged)["assignment"]
    before = codart("eval", "score", run, "--json", "--project", judged).json
    database = sqlite3.connect(judged / "project.db")
    with database:
        database.execute(
            "UPDATE units SET state = 'failed' WHERE run = ? AND segment IN"
            " (SELECT segment FROM units WHERE run = ? AND state = 'none' LIMIT 7)",
            [run, run],
        )
    database.close()
    after = codart("eval", "score", run, "--json", "--project", judged).json
    assert (before["missing_units"], after["missing_units"]) == (0, 7)
    assert after["worst_case"]["f1_micro"] < after["overall"]["f1_micro"]["value"]
    assert after["overall"]["f1_micro"]["units"] == before["overall"]["f1_micro"]["units"] - 7


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_form_of_the_report_is_written(codart: Codart, judged: Path, tmp_path: Path, language: str) -> None:
    files = [tmp_path / f"report.{form}" for form in ("html", "md", "csv", "json", "tex", "docx")]
    options = [f"--out={file}" for file in files]
    assert codart("eval", "report", *options, "--lang", language, "--project", judged).code == 0
    for file in files:
        assert file.stat().st_size > 1000, file
    stored = json.loads(files[3].read_text(encoding="utf-8"))
    assert stored["sample_gold"] is True
    assert [run["baseline"] for run in stored["runs"]] == [True, True]
    again = tmp_path / "again.html"
    assert codart("eval", "report", "--from", files[3], "-o", again, "--lang", language).code == 0
    assert again.read_bytes() == files[0].read_bytes()
    page = files[0].read_text(encoding="utf-8")
    assert ("示例金标准" if language == "zh" else "sample gold") in page
    assert "human gold" not in page


def test_a_reflexive_study_gets_no_coefficient(codart: Codart, judged: Path) -> None:
    result = codart("eval", "report", "--stance", "reflexive", "--json", "--project", judged).json
    assert result["human"] is None
    assert result["compare"] == []
    for run in result["runs"]:
        assert run["score"]["codes"] == run["score"]["overall"] == {}
        assert run["verdicts"] == {}
        assert run["disagreements"]


def test_open_codes_have_a_report_of_their_own(codart: Codart, judged: Path) -> None:
    result = codart("eval", "report", "--open", "--json", "--project", judged).json
    assert result["open"]["tau"]["source"] == "default"
    assert result["open"]["embedder"]["compares"] == "words"
    assert {coder["kind"] for coder in result["open"]["coders"]} == {"person", "machine"}
    judgements = judged / "same.csv"
    judgements.write_text("label,label,same\n用户反馈,用户反馈,yes\n排队,折扣,是吗\n", encoding="utf-8")
    printed = codart("eval", "report", "--open", "--judgements", judgements, "--json", "--project", judged)
    assert printed.code == 1
    assert "row 3" in printed.err


def test_two_runs_are_compared_pairwise(codart: Codart, judged: Path) -> None:
    number = runs(codart, judged)
    found = codart("eval", "compare", number["assignment"], number["bare"], "--json", "--project", judged).json
    assert {(one["metric"], one["code"]) for one in found} >= {("alpha_jaccard", ""), ("kappa", "dart.access")}
    for one in found:  # the keyless baseline looks at the segment alone, so context changes nothing
        assert one["difference"]["value"] == pytest.approx(0)
    printed = codart("eval", "compare", number["assignment"], number["bare"], "--project", judged)
    assert "+0.00" in printed.out
    assert codart("eval", "compare", 1, 1, "--project", judged).code == 2


def test_novel_codes_are_rated_blind_and_counted(codart: Codart, judged: Path, tmp_path: Path) -> None:
    number, sheet = runs(codart, judged)["open"], tmp_path / "rate.csv"
    assert codart("eval", "novel", number, "-o", sheet, "--n", 3, "--project", judged).code == 0
    lines = sheet.read_text(encoding="utf-8-sig")
    assert "lexical" not in lines
    assert "Sample coder" not in lines
    sheet.write_text(lines.replace(",\n", ",valid_new\n").replace(",\r\n", ",valid_new\r\n"), encoding="utf-8-sig")
    rates = codart("eval", "novel", number, "--ratings", sheet, "--json", "--project", judged).json
    assert {origin: found["rated"] for origin, found in rates["origins"].items()} == {"machine": 3, "people": 3}
    assert codart("eval", "novel", number, "-o", sheet, "--project", judged).code == 2


def texts_of_prompts(study: Path) -> list[str]:
    database = sqlite3.connect(study / "project.db")
    found = [row[0] for row in database.execute("SELECT content FROM messages")]
    database.close()
    return found


def test_the_test_split_is_shown_in_no_prompt_and_each_opening_is_logged(codart: Codart, judged: Path) -> None:
    run = runs(codart, judged)["assignment"]
    for suggestion in codart("suggestions", "list", "--run", run, "--json", "--project", judged).json:
        codart("accept", suggestion["id"], "--project", judged)  # so that there are examples to show
    kept = codart("gold", "lock", "--document", _DOCUMENTS[0], "--json", "--project", judged).json["documents"]
    assert kept == [_DOCUMENTS[0]]
    before = set(texts_of_prompts(judged))
    assert codart("eval", "run", "--prompt-language", "en", "--project", judged).code == 0
    prompts = [text for text in texts_of_prompts(judged) if text not in before]
    assert len(prompts) > 20
    secret = [s["text"] for s in codart("documents", "show", kept[0], "--json", "--project", judged).json["segments"]]
    for words in secret:
        if len(words) > 20:
            assert not any(words in prompt for prompt in prompts)

    dev = codart("eval", "report", "--json", "--project", judged).json
    assert dev["split"] == "dev"
    assert dev["lock"]["openings"] == []
    assert dev["data"]["documents"] == 5
    first = codart("eval", "report", run, "--split", "test", "--json", "--project", judged).json
    assert first["data"]["documents"] == 1
    assert len(first["lock"]["openings"]) == 1
    assert first["lock"]["tuned"] is False
    assert codart("gold", "lock", "--project", judged).code == 2  # the test gold was opened


def test_prompts_changed_after_an_opening_are_tuned_on_test(codart: Codart, judged: Path, tmp_path: Path) -> None:
    numbers = runs(codart, judged)
    codart("gold", "lock", "--document", _DOCUMENTS[0], "--project", judged)
    opened = codart("eval", "score", numbers["assignment"], "--split", "test", "--json", "--project", judged)
    assert opened.code == 0
    assert codart(
        "eval", "run", "--only", "assignment", "--prompt-language", "en", "--split", "test", "--project", judged
    )
    changed = max(run["id"] for run in codart("runs", "list", "--json", "--project", judged).json)
    page = tmp_path / "tuned.html"
    stored = tmp_path / "tuned.json"
    for run, tuned in ((numbers["bare"], False), (changed, True)):  # the former was there before the opening
        assert codart("eval", "report", run, "--split", "test", "-o", stored, "--project", judged).code == 0
        assert json.loads(stored.read_text(encoding="utf-8"))["lock"]["tuned"] is tuned
    assert codart("eval", "report", changed, "--json", "--project", judged).json["lock"]["tuned"] is False  # dev
    result = json.loads(stored.read_text(encoding="utf-8"))
    assert len(result["lock"]["openings"]) == 3
    codart("eval", "report", changed, "--split", "test", "-o", page, "--lang", "en", "--project", judged)
    assert "tuned on test" in page.read_text(encoding="utf-8").lower()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["report", "--gold", "Cy"], "no gold coder 'Cy'"),
        (["report", "-o", "report.pdf"], "end it in one of"),
        (["report", "--stance", "none"], "choose one of"),
        (["report", "99"], "there is no run 99"),
        (["score", "1"], "open codes"),
        (["score", "--pred", "x.jsonl"], "--gold people.jsonl"),
        (["novel", "1"], "--ratings"),
    ],
)
def test_a_wrong_call_says_what_is_right(codart: Codart, judged: Path, arguments: list[str], said: str) -> None:
    printed = codart("eval", *arguments, "--project", judged)
    assert printed.code == 2
    assert said in printed.err


def test_without_gold_the_next_step_is_named(codart: Codart, study: Path) -> None:
    for command in ("run", "score", "report"):
        printed = codart("eval", command, "--project", study)
        assert printed.code == 2
        assert "codart gold import" in printed.err


def test_a_stored_report_is_written_as_it_is_or_not_at_all(codart: Codart, judged: Path, tmp_path: Path) -> None:
    stored, again = tmp_path / "r.json", tmp_path / "again.html"
    assert codart("eval", "report", "-o", stored, "--project", judged).code == 0
    assert codart("eval", "report", "--from", stored, "-o", again, "--stance", "reflexive").code == 2
    whole = json.loads(stored.read_text(encoding="utf-8"))
    for name, value in (("data", None), ("runs", "many")):
        stored.write_text(json.dumps(whole | {name: value}), encoding="utf-8")
        printed = codart("eval", "report", "--from", stored, "-o", again)
        assert printed.code == 1
        assert "no whole report" in printed.err
    assert not again.exists()
    assert codart("eval", "report", "-o", tmp_path / "nowhere" / "r.html", "--project", judged).code == 2


def test_sample_gold_gives_way_to_peoples_and_is_named_where_it_does_not(
    codart: Codart, judged: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.jsonl"
    units = range(1, 10)
    rows = [{"document": _DOCUMENTS[1], "unit": u, "coder": "Li", "codes": ["对话"] if u % 2 else []} for u in units]
    own.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    assert codart("gold", "import", own, "--project", judged).code == 0
    run = runs(codart, judged)["assignment"]
    alone = codart("eval", "report", run, "--json", "--project", judged).json
    assert [p["name"] for p in alone["data"]["people"]] == ["Li"]
    assert alone["sample_gold"] is False
    asked = ("--gold", "Li", "--gold", "Sample coder A")
    mixed = codart("eval", "report", run, *asked, "--json", "--project", judged).json
    assert mixed["sample_gold"] is True


def test_one_call_is_judged_by_the_quotes_of_the_kind_compared(codart: Codart, judged: Path) -> None:
    assert codart("eval", "run", "--one-call", "--project", judged).code == 0
    run = max(run["id"] for run in codart("runs", "list", "--json", "--project", judged).json)
    both = runs(codart, judged)
    (joint,) = codart("eval", "report", run, "--json", "--project", judged).json["runs"]
    (apart,) = codart("eval", "report", both["bare"], "--json", "--project", judged).json["runs"]
    assert joint["quotes"]["proposed"] == apart["quotes"]["proposed"] == joint["quotes"]["kept"]
    assert joint["name"] == f"run {run} (lexical, open codes in the same call)"
