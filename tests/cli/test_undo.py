"""codart undo and codart memo, as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Codart


def ids(codart: Codart, study: Path, *filters: str) -> list[int]:
    return [r["id"] for r in codart("suggestions", "list", "--json", *filters, "--project", study).json]


def test_undo_takes_back_the_last_decision_and_status_and_exports_say_so(
    codart: Codart, coded: Path, tmp_path: Path
) -> None:
    first, second = ids(codart, coded)[:2]
    codart("accept", first, "--project", coded)
    codart("reject", second, "--why", "no", "--project", coded)
    printed = codart("undo", "--why", "a slip", "--project", coded)
    assert (printed.code, f"reject of suggestion {second} taken back" in printed.out) == (0, True)
    assert codart("status", "--json", "--project", coded).json["decisions"] == 1
    assert ids(codart, coded, "--state", "rejected") == []
    assert codart("undo", "--project", coded).code == 0
    assert ids(codart, coded, "--coder", "human") == []
    codart("export", tmp_path / "codes.jsonl", "--project", coded)
    records = map(json.loads, (tmp_path / "codes.jsonl").read_text(encoding="utf-8").splitlines())
    (record,) = [r for r in records if r["id"] == second]
    assert record["state"] == "suggested"
    assert [(d["action"], d["withdrawn"]["why"]) for d in record["decisions"]] == [("reject", "a slip")]
    shown = codart("suggestions", "show", second, "--project", coded).out
    assert "reject by Li" in shown
    assert "taken back" in shown
    assert "a slip" in shown
    assert codart("export", tmp_path / "codes.html", "--project", coded).code == 0


def test_with_nothing_to_undo_the_error_says_how_to_begin(codart: Codart, coded: Path) -> None:
    printed = codart("undo", "--project", coded)
    assert (printed.code, "codart accept" in printed.err) == (2, True)


def test_the_list_names_ids_that_undo_takes(codart: Codart, coded: Path) -> None:
    first, second = ids(codart, coded)[:2]
    codart("accept", first, second, "--project", coded)
    codart("memo", "想法", "--project", coded)
    listed = codart("undo", "--list", "--json", "--project", coded).json
    assert [(w["kind"], w["action"], w["suggestion"]) for w in listed] == [
        ("memo", None, None),
        ("decision", "accept", second),
        ("decision", "accept", first),
    ]
    plain = codart("undo", "--list", "--project", coded).out
    assert f"decision {listed[2]['id']}: accept {first}" in plain
    assert "memo 1: 想法" in plain
    assert codart("undo", "--decision", listed[2]["id"], "--project", coded).code == 0
    assert codart("undo", "--memo", listed[0]["id"], "--project", coded).code == 0
    assert ids(codart, coded, "--state", "accepted", "--coder", "model") == [second]
    assert codart("memo", "list", "--json", "--project", coded).json == []


def test_undo_refuses_the_decision_of_another(codart: Codart, coded: Path) -> None:
    key = ids(codart, coded)[0]
    codart("accept", key, "--coder", "Wang", "--project", coded)
    (write,) = codart("undo", "--list", "--coder", "Wang", "--json", "--project", coded).json
    printed = codart("undo", "--decision", write["id"], "--project", coded)
    assert (printed.code, "by Wang, not by Li" in printed.err) == (2, True)
    undone = codart("undo", "--coder", "Wang", "--json", "--project", coded).json
    assert undone["undone"].startswith(f"accept of suggestion {key}")


def test_two_ways_to_name_what_to_undo_are_one_too_many(codart: Codart, coded: Path) -> None:
    assert codart("undo", "--list", "--decision", 1, "--project", coded).code == 2


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ("document:interview.txt", "interview.txt (1)"),
        ("segment:1#2", "interview.txt (1#2)"),
        ("segment:interview.txt#2", "interview.txt (1#2)"),
        ("code:dart.access", "dart.access"),
        ("suggestion:1", "suggestion 1"),
        ("", ""),
    ],
)
def test_a_memo_is_about_what_it_names(codart: Codart, coded: Path, about: str, said: str) -> None:
    written = codart("memo", "--about", about, "两处不同", "--project", coded)
    assert written.code == 0, written.err
    assert written.out.startswith(f"memo 1 about {said};" if said else "memo 1;")
    codart("memo", "别的", "--project", coded)
    listed = codart("memo", "list", "--about", about, "--json", "--project", coded).json
    assert [m["text"] for m in listed] == (["两处不同"] if about else ["两处不同", "别的"])
    assert "两处不同" in codart("memo", "list", "--project", coded).out


@pytest.mark.parametrize(
    "about", ["x", "segment:1", "segment:1#999", "code:no such code", "suggestion:abc", "chat:1", "document:9"]
)
def test_a_memo_about_nothing_that_is_there_is_an_error(codart: Codart, coded: Path, about: str) -> None:
    assert codart("memo", "x", "--about", about, "--project", coded).code == 2
    assert codart("memo", "list", "--json", "--project", coded).json == []


def test_a_new_wording_replaces_the_old_one(codart: Codart, coded: Path) -> None:
    codart("memo", "一", "--about", "code:dart.access", "--project", coded)
    assert codart("memo", "二", "--replaces", 1, "--project", coded).code == 0
    (memo,) = codart("memo", "list", "--json", "--project", coded).json
    assert (memo["text"], memo["replaces"], memo["about"]["code"]) == ("二", 1, "dart.access")
    everything = codart("memo", "list", "--all", "--project", coded).out
    assert "replaced by 2" in everything
    codart("undo", "--project", coded)
    assert [m["text"] for m in codart("memo", "list", "--json", "--project", coded).json] == ["一"]
    assert "taken back" in codart("memo", "list", "--all", "--project", coded).out
