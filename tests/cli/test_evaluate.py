"""`codart eval score` on plain files, without any project."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Codart

CODES = ("对话", "Access", "风险评估")


def rows(coder: str, shift: int, units: int = 60, documents: int = 12) -> list[dict[str, Any]]:
    return [
        {
            "document": f"d{k % documents}",
            "unit": k,
            "coder": coder,
            "codes": [code for n, code in enumerate(CODES) if (k + n) % 4 == 0 or (k * 7 + n + shift) % 11 == 0],
        }
        for k in range(units)
    ]


def written(folder: Path, name: str, *objects: object) -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in objects), encoding="utf-8")
    return path


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    return written(tmp_path, "gold.jsonl", *rows("Li", 1), *rows("Wu", 3))


@pytest.fixture
def pred(tmp_path: Path) -> Path:
    return written(tmp_path, "pred.jsonl", *rows("model", 5)[:-2], {"document": "new", "coder": "model", "codes": []})


def test_json_holds_the_contract_and_is_the_same_each_time(codart: Codart, gold: Path, pred: Path) -> None:
    first = codart("eval", "score", "--gold", gold, "--pred", pred, "--json")
    assert first.code == 0
    data = first.json
    assert data["schema"] == "codart.eval.score/1"
    assert data["gold"] == ["Li", "Wu"]
    assert data["pred"] == ["model"]
    assert set(data["codes"]) == set(CODES)
    fields = {"value", "low", "high", "method", "units", "clusters", "status"}
    assert set(data["codes"]["对话"]["kappa"]) == set(data["human"]["overall"]["alpha_jaccard"]) == fields
    assert {len(digest) for digest in data["inputs"].values()} == {64}
    assert (data["missing_units"], data["unknown_units"], data["seed"]) == (2, 1, 0)
    assert codart("eval", "score", "--gold", gold, "--pred", pred, "--json").out == first.out


def test_what_is_printed_is_what_the_json_says(codart: Codart, gold: Path, pred: Path) -> None:
    data = codart("eval", "score", "--gold", gold, "--pred", pred, "--json").json
    printed = codart("eval", "score", "--gold", gold, "--pred", pred).out
    assert printed.startswith("model against mean over Li, Wu: 60 units in 12 documents")
    assert "2 units that a person coded are not coded by model" in printed
    assert "1 units of the judged file are not in the gold file" in printed
    for code in CODES:
        kappa, human = data["codes"][code]["kappa"], data["human"]["codes"][code]["kappa"]
        cell = f"{kappa['value']:.2f} [{kappa['low']:.2f}, {kappa['high']:.2f}] | {human['value']:.2f}"
        assert cell in next(line for line in printed.splitlines() if line.startswith(code) and "[" in line)
    nothing = data["baseline"]["overall"]["alpha_jaccard"]
    assert f"a coder who codes nothing would reach: alpha (Jaccard) {nothing:.2f}" in printed
    assert "Jaccard distance" in printed


def test_eighty_columns_hold_it_and_chinese_names_align(
    codart: Codart, gold: Path, pred: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.cells import cell_len

    monkeypatch.setattr("assistant.cli.output.sys", _Terminal())
    monkeypatch.setenv("COLUMNS", "80")
    lines = codart("eval", "score", "--gold", gold, "--pred", pred).out.splitlines()
    table = [line for line in lines if "[" in line and "distance" not in line and "kappa" in line]
    assert len(table) == len(CODES)
    assert len({cell_len(line[: line.index("kappa")]) for line in table}) == 1
    tabular = [line for line in lines if "  " in line]
    assert max(map(cell_len, tabular)) <= 80


class _Terminal:
    """The module `sys` with a standard output that says it is a terminal without colours."""

    def __getattr__(self, name: str) -> Any:
        return _Screen() if name == "stdout" else getattr(sys, name)


class _Screen:
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stdout, name)


def test_statuses_are_said_in_words(codart: Codart, tmp_path: Path) -> None:
    gold = written(tmp_path, "g.jsonl", *({"document": k, "coder": "Li", "codes": ["D"]} for k in range(3)))
    pred = written(tmp_path, "p.jsonl", *({"document": k, "coder": "m", "codes": ["D"]} for k in range(3)))
    printed = codart("eval", "score", "--gold", gold, "--pred", pred).out
    assert "one value: no value, only one value occurs" in printed
    assert "always used" in printed
    assert "fewer than 5 documents" in printed
    assert "nan" not in printed.lower()


def test_spans_have_a_table_of_their_own(codart: Codart, tmp_path: Path) -> None:
    def row(coder: str, start: int) -> dict[str, Any]:
        return {"document": "d", "coder": coder, "spans": [{"start": start, "end": 10, "code": "D"}], "length": 40}

    gold, pred = written(tmp_path, "g.jsonl", row("Li", 0)), written(tmp_path, "p.jsonl", row("m", 5))
    printed = codart("eval", "score", "--gold", gold, "--pred", pred).out
    header, line = next(pair for pair in pairwise(printed.splitlines()) if pair[1].startswith("D "))
    assert header.split()[0] == "code"
    assert line.split()[1:3] == ["0.67", "0.50"]
    assert "kappa" not in printed


def test_bad_files_are_one_clear_error(codart: Codart, gold: Path, tmp_path: Path) -> None:
    broken = written(tmp_path, "broken.jsonl", {"document": "d", "coder": "m", "codes": "D"})
    found = codart("eval", "score", "--gold", gold, "--pred", broken)
    assert (found.code, found.out) == (1, "")
    assert found.err.startswith(f'error: {broken}, line 1: "codes" must be a list or null')
    assert "help: " in found.err
    assert codart("eval", "score", "--gold", gold, "--pred", tmp_path / "none.jsonl").code == 1


def test_files_of_other_units_and_missing_options_are_wrong_usage(codart: Codart, gold: Path, tmp_path: Path) -> None:
    other = written(tmp_path, "o.jsonl", {"document": "x", "coder": "m", "codes": []})
    found = codart("eval", "score", "--gold", gold, "--pred", other, "--json")
    assert (found.code, found.out) == (2, "")
    assert "no unit in common" in found.err
    assert codart("eval", "score", "--gold", gold).code == 2
