"""Every command, tried as a person would: right input, wrong input, nothing there yet."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import INTERVIEW, Codart


def ids(codart: Codart, study: Path, *filters: str) -> list[int]:
    return [r["id"] for r in codart("suggestions", "list", "--json", *filters, "--project", study).json]


def test_from_documents_to_an_export(codart: Codart, coded: Path, tmp_path: Path) -> None:
    first, second, third = ids(codart, coded)[:3]
    assert codart("accept", first, "--project", coded).code == 0
    assert codart("reject", second, "--why", "too broad", "--project", coded).code == 0
    assert codart("edit", third, "--why", "narrower", "--code", "更窄的名称", "--project", coded).code == 0
    out = tmp_path / "codes.jsonl"
    assert codart("export", out, "--project", coded).code == 0
    records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    by_id = {r["id"]: r for r in records}
    assert by_id[first]["state"] == "accepted"
    assert by_id[first]["coder"] == {"kind": "model", "name": "lexical"}
    assert by_id[second]["state"] == "rejected"
    assert by_id[third]["state"] == "edited"
    assert [r["code"] for r in records if r["suggestion"] == third] == ["更窄的名称"]
    (mine,) = [r for r in records if r["suggestion"] == first]
    assert mine["coder"] == {"kind": "human", "name": "Li"}
    for r in records:
        text = codart("documents", "show", r["document"], "--text", "--project", coded).out
        assert text[r["start"] : r["end"]] == r["quote"]


@pytest.mark.parametrize("suffix", ["xlsx", "csv", "md", "html", "jsonl"])
def test_every_export_is_written(codart: Codart, coded: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"codes.{suffix}"
    printed = codart("export", out, "--project", coded)
    assert printed.code == 0
    assert out.stat().st_size > 200
    assert str(out) in printed.out


def test_an_unknown_export_names_the_known_ones(codart: Codart, coded: Path, tmp_path: Path) -> None:
    printed = codart("export", tmp_path / "codes.pdf", "--project", coded)
    assert printed.code == 2
    assert ".xlsx" in printed.err
    assert not (tmp_path / "codes.pdf").exists()


def test_the_status_in_json_keeps_its_contract(codart: Codart, coded: Path) -> None:
    status = codart("status", "--json", "--project", coded).json
    keys = {"documents", "segments", "units", "suggestions", "discards", "decisions", "unasked", "runs"}
    assert set(status) == keys
    assert set(status["units"]) == {"pending", "coded", "none", "failed", "refused"}
    assert status["documents"] == 2
    assert sum(status["units"].values()) == 2 * status["segments"]
    assert [(run["kind"], run["lens"]) for run in status["runs"]] == [("open", None), ("assignment", "dart")]


def test_the_status_of_an_empty_project_names_the_next_step(codart: Codart, tmp_path: Path) -> None:
    assert codart("init", tmp_path / "new").code == 0
    printed = codart("status", "--project", tmp_path / "new")
    assert printed.code == 0
    assert "codart add" in printed.out


def test_adding_the_same_file_again_adds_nothing(codart: Codart, study: Path, files: Path) -> None:
    printed = codart("add", files / "interview.txt", "--json", "--project", study)
    assert [r["how"] for r in printed.json] == ["already there"]
    assert len(codart("documents", "--json", "--project", study).json) == 2


def test_a_changed_file_is_a_new_version_and_codings_stay(codart: Codart, coded: Path, files: Path) -> None:
    before = codart("suggestions", "list", "--json", "--project", coded).json
    (files / "interview.txt").write_text(INTERVIEW + "受访者：后来关了。\n", encoding="utf-8")
    printed = codart("add", files / "interview.txt", "--json", "--project", coded)
    assert [(r["how"], r["version"]) for r in printed.json] == [("new version", 2)]
    assert codart("suggestions", "list", "--json", "--project", coded).json == before
    assert codart("suggest", "--project", coded).code == 0
    units = codart("status", "--json", "--project", coded).json["units"]
    assert units["pending"] == 0


def test_one_bad_file_does_not_keep_the_others_out(codart: Codart, study: Path, tmp_path: Path) -> None:
    good, empty = tmp_path / "good.txt", tmp_path / "empty.txt"
    good.write_text("用户一起试了新版本。", encoding="utf-8")
    empty.write_bytes(b"")
    printed = codart("add", empty, good, tmp_path / "missing.txt", "--project", study)
    assert printed.code == 1
    assert "empty.txt" in printed.err
    assert "missing.txt" in printed.err
    assert "good.txt" in printed.out
    assert len(codart("documents", "--json", "--project", study).json) == 3


def test_a_folder_and_a_pattern_can_be_added(codart: Codart, files: Path, tmp_path: Path) -> None:
    for number, given in enumerate((files, files / "*.md")):
        folder = tmp_path / f"study{number}"
        codart("init", folder)
        assert codart("add", given, "--project", folder).code == 0
        assert len(codart("documents", "--json", "--project", folder).json) == (2, 1)[number]
    printed = codart("add", files / "*.docx", "--project", folder)
    assert (printed.code, "no file matches" in printed.err) == (2, True)


def test_the_stored_text_is_printed_exactly(study: Path) -> None:
    command = [sys.executable, "-m", "assistant", "documents", "show", "1", "--text", "--project", str(study)]
    printed = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, check=True)
    assert printed.stdout == INTERVIEW.encode("utf-8")


def test_search_finds_chinese_and_keeps_its_contract(codart: Codart, study: Path) -> None:
    rows = codart("search", "用户自发建群", "--json", "--project", study).json
    assert set(rows[0]) == {"rank", "score", "document", "document_name", "case", "segment", "start", "end", "text"}
    assert "老用户自发建群" in rows[0]["text"]
    assert [r["rank"] for r in rows] == list(range(1, len(rows) + 1))
    assert codart("search", "用户自发建群", "--case", "Openbike", "--json", "--project", study).json == []


@pytest.mark.parametrize("by", ["keyword", "vector", "hybrid"])
def test_search_by_each_way_finds_the_passage(codart: Codart, study: Path, by: str) -> None:
    rows = codart(
        "search", "opened the interface so anyone can read data", "--by", by, "--json", "--project", study
    ).json
    assert "opened the interface" in rows[0]["text"]


def test_search_of_coded_and_uncoded_passages(codart: Codart, coded: Path) -> None:
    codart("accept", ids(codart, coded)[0], "--project", coded)
    everything = codart("search", "用户", "--json", "-n", "50", "--project", coded).json
    done = codart("search", "用户", "--coded", "--json", "-n", "50", "--project", coded).json
    rest = codart("search", "用户", "--uncoded", "--json", "-n", "50", "--project", coded).json
    assert len(done) == 1
    assert len(done) + len(rest) == len(everything)


def test_a_lost_index_is_made_anew(codart: Codart, study: Path) -> None:
    import shutil

    shutil.rmtree(study / "index")
    rows = codart("search", "自发建群", "--by", "vector", "--json", "--project", study).json
    assert "自发建群" in rows[0]["text"]


def test_quotes_are_proven_with_their_places(codart: Codart, study: Path) -> None:
    printed = codart(
        "quote", "老用户自发建群,教新手刷机", "我信任平台保管客户记录", "从来没有的话", "--json", "--project", study
    )
    folded, edited, missing = printed.json
    assert folded["status"] == "folded"
    assert folded["spans"][0]["text"] == "老用户自发建群，教新手刷机"
    assert edited["status"] == "edited"
    assert edited["diff"]
    assert (missing["status"], missing["spans"]) == ("not_found", [])
    assert set(folded) == {"quote", "status", "flags", "spans", "diff"}


def test_a_clipped_negation_is_flagged(codart: Codart, study: Path) -> None:
    (proof,) = codart("quote", "信任平台保管客户记录", "--json", "--project", study).json
    assert (proof["status"], proof["flags"]) == ("exact", ["clipped_negation"])


def test_quotations_of_a_manuscript_are_proven(codart: Codart, study: Path, tmp_path: Path) -> None:
    import docx

    manuscript = docx.Document()
    manuscript.add_paragraph("受访者说“老用户自发建群，教新手刷机”，又说“平台从来都很可靠，大家很放心”。")
    manuscript.save(str(tmp_path / "chapter.docx"))
    proofs = codart("quote", "--file", tmp_path / "chapter.docx", "--json", "--project", study).json
    assert [p["status"] for p in proofs] == ["exact", "not_found"]
    assert codart("quote", "--file", tmp_path / "chapter.docx", "--project", study).code == 0


def test_a_decision_about_several_is_all_or_nothing(codart: Codart, coded: Path) -> None:
    first = ids(codart, coded)[0]
    printed = codart("accept", first, 9999, "--project", coded)
    assert printed.code == 2
    assert "9999" in printed.err
    assert codart("status", "--json", "--project", coded).json["decisions"] == 0


def test_an_edit_must_change_something_and_prove_its_quote(codart: Codart, coded: Path) -> None:
    key = ids(codart, coded, "--kind", "assignment")[0]
    assert codart("edit", key, "--project", coded).code == 2
    invented = codart("edit", key, "--quote", "从来没有的话", "--project", coded)
    assert (invented.code, "do not stand" in invented.err) == (2, True)
    unknown = codart("edit", key, "--code", "dart.love", "--project", coded)
    assert (unknown.code, "codart codebook show dart" in unknown.err) == (2, True)
    assert codart("edit", key, "--code", "透明性", "--polarity", "±", "--project", coded).code == 0
    (mine,) = codart("suggestions", "list", "--coder", "human", "--json", "--project", coded).json
    assert (mine["code"], mine["polarity"], mine["state"]) == ("dart.transparency", "±", "edited")


def test_a_suggestion_is_shown_with_its_prompt(codart: Codart, coded: Path) -> None:
    key = ids(codart, coded, "--kind", "assignment")[0]
    shown = codart("suggestions", "show", key, "--prompt", "--json", "--project", coded).json
    assert shown["quote"] in shown["segment_text"]
    assert [m["role"] for m in shown["prompt"]["messages"]] == ["system", "user"]
    assert shown["prompt"]["tokens"] > 0
    assert "⟦" in codart("suggestions", "show", key, "--project", coded).out


def test_codebooks_are_listed_shown_checked_and_imported(codart: Codart, study: Path, tmp_path: Path) -> None:
    names = {row["codebook"] for row in codart("codebook", "list", "--json", "--project", study).json}
    assert names == {"dart", "drivers", "stages", "logic", "ecosystem", "participation"}
    assert "dart.access" in codart("codebook", "show", "dart", "--project", study).out
    assert codart("codebook", "check", "dart", "--json", "--project", study).json["warnings"] == []
    mine = tmp_path / "trust.csv"
    mine.write_text("name,path,description\nTrust,Drivers,用户信任平台\n社群,Drivers,用户自发建群\n", encoding="utf-8")
    assert codart("codebook", "import", mine, "--project", study).code == 0
    assert codart("suggest", "--codebook", "trust", "--only", "assignment", "--project", study).code == 0
    records = codart("suggestions", "list", "--json", "--project", study).json
    assert {r["codebook"] for r in records} <= {"trust"}


def test_an_unknown_codebook_names_the_known_ones(codart: Codart, study: Path) -> None:
    printed = codart("suggest", "--codebook", "nope", "--project", study)
    assert printed.code == 2
    assert "dart" in printed.err


@pytest.mark.parametrize(
    "arguments",
    [["status"], ["suggest"], ["documents"], ["search", "x"], ["quote", "x"], ["export", "x.csv"], ["accept", "1"]],
    ids=lambda a: a[0],
)
def test_without_a_project_every_command_says_how_to_begin(
    codart: Codart, tmp_path: Path, arguments: list[str]
) -> None:
    printed = codart(*arguments, "--project", tmp_path / "nowhere")
    assert printed.code == 1
    assert "codart init" in printed.err
    assert "Traceback" not in printed.err


@pytest.mark.parametrize(
    "arguments", [["suggest", "--only", "both"], ["search", "x", "--by", "magic"], ["quote"], ["nope"]]
)
def test_wrong_usage_exits_with_two(codart: Codart, study: Path, arguments: list[str]) -> None:
    where = [] if arguments == ["nope"] else ["--project", study]
    printed = codart(*arguments, *where)
    assert printed.code == 2
    assert printed.err


def test_a_project_is_not_begun_twice(codart: Codart, study: Path) -> None:
    printed = codart("init", study)
    assert printed.code == 2
    assert "already" in printed.err


def test_a_held_out_document_can_be_released(codart: Codart, study: Path) -> None:
    codart("documents", "hold-out", "report.md", "--project", study)
    rows = codart("documents", "--json", "--project", study).json
    assert [r["held_out"] for r in rows] == [False, True]
    codart("documents", "hold-out", "2", "--release", "--project", study)
    assert not any(r["held_out"] for r in codart("documents", "--json", "--project", study).json)


def test_a_second_edit_goes_on_from_the_persons_own_coding(codart: Codart, coded: Path) -> None:
    key = ids(codart, coded, "--kind", "assignment")[0]
    codart("edit", key, "--code", "dart.risk", "--project", coded)
    codart("edit", key, "--polarity", "±", "--project", coded)
    (mine,) = codart("suggestions", "list", "--coder", "human", "--json", "--project", coded).json
    assert (mine["code"], mine["polarity"]) == ("dart.risk", "±")


def test_a_persons_coding_carries_neither_the_models_reason_nor_its_confidence(codart: Codart, coded: Path) -> None:
    key = ids(codart, coded, "--kind", "assignment")[0]
    codart("accept", key, "--why", "clear case", "--project", coded)
    (mine,) = codart("suggestions", "list", "--coder", "human", "--json", "--project", coded).json
    assert (mine["rationale"], mine["confidence"]) == ("clear case", None)


def test_a_quote_from_another_segment_takes_its_coding_there(codart: Codart, coded: Path) -> None:
    listed = codart("suggestions", "list", "--kind", "assignment", "--json", "--project", coded).json
    record = next(r for r in listed if "自发建群" in r["quote"])
    codart("edit", record["id"], "--quote", "留言两千条，官方一条没回", "--project", coded)
    (mine,) = codart("suggestions", "list", "--coder", "human", "--json", "--project", coded).json
    shown = codart("documents", "show", mine["document"], "--json", "--project", coded).json
    (segment,) = [s for s in shown["segments"] if s["start"] <= mine["start"] < s["end"]]
    assert mine["segment"] == segment["segment"] != record["segment"]


def test_an_open_code_does_not_become_a_codebook_code_by_its_name(codart: Codart, coded: Path) -> None:
    printed = codart("edit", ids(codart, coded, "--kind", "open")[0], "--code", "dart.access", "--project", coded)
    assert (printed.code, "--kind assignment" in printed.err) == (2, True)


def test_every_decision_is_shown_with_its_name(codart: Codart, coded: Path) -> None:
    key = ids(codart, coded)[0]
    codart("accept", key, "--coder", "Bob", "--project", coded)
    codart("reject", key, "--coder", "Ann", "--why", "no", "--project", coded)
    shown = codart("suggestions", "show", key, "--json", "--project", coded).json
    assert [(d["coder"], d["action"], d["why"]) for d in shown["decisions"]] == [
        ("Bob", "accept", ""),
        ("Ann", "reject", "no"),
    ]
    assert "reject by Ann" in codart("suggestions", "show", key, "--project", coded).out


def test_only_the_chosen_document_is_asked_about(codart: Codart, study: Path) -> None:
    codart("suggest", "--document", "2", "--project", study)
    first = codart("status", "--json", "--project", study).json
    assert first["units"]["pending"] == 0
    assert first["unasked"] > 0
    assert {r["document"] for r in codart("suggestions", "list", "--json", "--project", study).json} == {2}
    assert "have not been asked about yet" in codart("status", "--project", study).out


def test_a_new_version_keeps_the_case_and_the_kind_of_the_old_one(codart: Codart, study: Path, files: Path) -> None:
    (files / "interview.txt").write_text("完全不同的内容，用户说了几句话。", encoding="utf-8")
    (row,) = codart("add", files / "interview.txt", "--json", "--project", study).json
    assert (row["how"], row["case"], row["kind"]) == ("new version", "小米", "interview")


def test_the_demo_leaves_a_project_of_ones_own_alone(codart: Codart, study: Path) -> None:
    printed = codart("demo", study)
    assert (printed.code, "not a demo" in printed.err) == (2, True)
    assert len(codart("documents", "--json", "--project", study).json) == 2


def test_a_project_whose_database_is_gone_is_not_taken_for_a_new_one(codart: Codart, study: Path) -> None:
    (study / "project.db").unlink()
    printed = codart("status", "--project", study)
    assert (printed.code, "backup" in printed.err) == (1, True)
    assert not (study / "project.db").exists()


def test_the_project_may_be_named_before_or_after_the_word_show(codart: Codart, study: Path) -> None:
    before = codart("documents", "--project", study, "show", "1", "--json")
    assert before.json == codart("documents", "show", "1", "--json", "--project", study).json


def test_the_part_of_an_elided_quote_that_fails_is_named(codart: Codart, study: Path) -> None:
    (proof,) = codart("quote", "老用户自发建群……根本没有的话", "--json", "--project", study).json
    assert (proof["status"], proof["part"]) == ("not_found", "根本没有的话")


@pytest.mark.parametrize("filters", [["--state", "foo"], ["--kind", "x"], ["--coder", "bob"]])
def test_a_filter_that_is_no_word_of_the_list_is_an_error(codart: Codart, coded: Path, filters: list[str]) -> None:
    assert codart("suggestions", "list", *filters, "--project", coded).code == 2


def test_a_replaced_text_is_not_counted_twice_in_what_people_read(
    codart: Codart, coded: Path, files: Path, tmp_path: Path
) -> None:
    old = codart("suggestions", "list", "--document", "1", "--json", "--project", coded).json
    codart("accept", old[0]["id"], "--project", coded)
    (files / "interview.txt").write_text(INTERVIEW + "受访者：后来关了。\n", encoding="utf-8")
    codart("add", files / "interview.txt", "--project", coded)
    codart("export", tmp_path / "read.csv", "--project", coded)
    codart("export", tmp_path / "read.md", "--project", coded)
    everything = (tmp_path / "read.csv").read_text(encoding="utf-8-sig")
    shown = (tmp_path / "read.md").read_text(encoding="utf-8")
    assert all(r["quote"] in everything for r in old)
    assert old[0]["quote"] in shown
    undecided = [r["quote"] for r in old if r["quote"] != old[0]["quote"]]
    assert undecided
    assert not any(f"> {quote}" in shown for quote in undecided)
