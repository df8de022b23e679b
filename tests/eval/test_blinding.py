"""Rating sheets of novel codes: nothing on them tells where a code comes from, and ratings come back as they were."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from assistant.errors import UsageError
from eval.blinding import WORDS, novel_sheet, read_ratings
from eval.evidence import Coding, Evidence, Given, Machine, Passage, Person
from eval.inducing import induce
from eval.uncertainty import wilson
from vectorstore.embedders import HashEmbedder

FRUIT = ["apple", "pear", "plum", "cherry", "quince", "grape", "lemon", "peach"]
TOOLS = ["hammer", "saw", "pliers", "chisel", "rasp", "vice", "drill"]


@pytest.fixture(scope="module")
def part() -> dict[str, Any]:
    """Li has tools; the run has fruit, and one tool as well."""
    tools = {("d", label): Coding((Given(label, f"words on {label}"),)) for label in TOOLS}
    fruit = {("d", label): Coding((Given(label, f"words on {label}"),)) for label in FRUIT}
    nothing = Coding(())
    units = {key: Passage("text") for key in tools | fruit}
    people = (Person("Li", dict.fromkeys(fruit, nothing) | tools),)
    run = Machine("run", "m", dict.fromkeys(tools, nothing) | fruit | {("d", "saw"): tools[("d", "saw")]}, {})
    same = Machine("same", "m", people[0].codings, {})
    found = Evidence("t", "q", "open", "", {}, units, people, (run, same))
    return induce(found, HashEmbedder().embed)


def test_a_sheet_mixes_novel_codes_with_as_many_of_the_peoples(part: dict[str, Any]) -> None:
    rows, key = novel_sheet(part, "run", 5, 1)
    origins = {row["label"]: key["codes"][row["id"]]["origin"] for row in rows}
    assert Counter(origins.values()) == {"machine": 5, "people": 5}
    assert all((label in FRUIT) == (origin == "machine") for label, origin in origins.items())
    assert all(row["quotes"] == [f"words on {row['label']}"] for row in rows)


def test_rows_say_nothing_of_where_a_code_comes_from(part: dict[str, Any]) -> None:
    rows, key = novel_sheet(part, "run", 5, 1)
    assert {tuple(row) for row in rows} == {("id", "label", "quotes", "rating")}
    assert [row["id"] for row in rows] == [f"c{k:02}" for k in range(1, 11)]
    assert not any(name in json.dumps(rows) for name in ("run", "Li", "machine", "people"))
    orders = {tuple(key["codes"][row["id"]]["origin"] for row in rows)}
    for seed in range(2, 8):
        rows, key = novel_sheet(part, "run", 5, seed)
        orders.add(tuple(key["codes"][row["id"]]["origin"] for row in rows))
    assert len(orders) > 3


def test_a_seed_draws_the_same_sheet_and_few_codes_give_a_short_one(part: dict[str, Any]) -> None:
    assert novel_sheet(part, "run", 3, 7) == novel_sheet(json.loads(json.dumps(part)), "run", 3, 7)
    rows, _ = novel_sheet(part, "run", 50, 7)
    assert sorted(row["label"] for row in rows) == sorted(FRUIT + TOOLS)


@pytest.mark.parametrize(
    ("name", "k", "said"), [("ran", 3, "no run called 'ran'"), ("same", 3, "no novel"), ("run", 0, "0")]
)
def test_a_sheet_that_cannot_be_drawn(part: dict[str, Any], name: str, k: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        novel_sheet(part, name, k, 0)


def test_rates_by_origin_with_wilson_intervals(part: dict[str, Any]) -> None:
    rows, key = novel_sheet(part, "run", 5, 1)
    mine = [row["id"] for row in rows if key["codes"][row["id"]]["origin"] == "machine"]
    words = dict(zip(mine, ["valid_new", " Valid_New ", "unsupported", "", "too_broad"], strict=True))
    filled = [{"id": row["id"], "rating": words.get(row["id"], "")} for row in rows]
    found = read_ratings([*filled, {"id": "", "rating": None}], json.loads(json.dumps(key)))
    machine, people = found["origins"]["machine"], found["origins"]["people"]
    assert (machine["codes"], machine["rated"], machine["not_rated"]) == (5, 4, 1)
    low, high = wilson(2, 4)
    new = machine["rates"]["valid_new"]
    assert (new["count"], new["share"]) == (2, 0.5)
    assert (new["low"], new["high"]) == (pytest.approx(low), pytest.approx(high))
    assert sum(machine["rates"][word]["count"] for word in WORDS) == 4
    assert (people["rated"], people["not_rated"], people["status"]) == (0, 5, "undefined:not_rated")
    assert people["rates"]["valid_new"]["share"] is None


def test_rows_that_were_taken_out_are_not_rated(part: dict[str, Any]) -> None:
    rows, key = novel_sheet(part, "run", 5, 1)
    found = read_ratings([row | {"rating": "valid_new"} for row in rows[:4]], key)["origins"]
    assert sum(each["rated"] for each in found.values()) == 4
    assert sum(each["not_rated"] for each in found.values()) == 6


def test_a_wrong_row_is_named(part: dict[str, Any]) -> None:
    rows, key = novel_sheet(part, "run", 2, 1)
    for place, wrong, said in (
        (2, {"rating": "valid"}, r"Row 4 \(c3\): 'valid'"),
        (1, {"id": "c9"}, "Row 3: .*'c9'"),
        (3, {"id": "c1"}, "Row 5: c1 stands twice, first in row 2"),
        (0, {"id": "", "rating": "too_broad"}, "Row 2: .*''"),
    ):
        with pytest.raises(UsageError, match=said):
            read_ratings([row | wrong if at == place else row for at, row in enumerate(rows)], key)


@pytest.mark.parametrize(
    "key", [{}, {"codes": {}}, {"schema": "codart.eval.novel/1", "codes": {"c1": {"origin": "x"}}}]
)
def test_another_file_is_no_key(key: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="key"):
        read_ratings([], key)
