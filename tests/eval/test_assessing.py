"""Evidence in, the report's JSON out: worked by hand, what is missing, what a stance leaves out, and order."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import given, settings, strategies as st

from assistant.errors import UsageError
from eval.assessing import assess
from eval.evidence import Coding, Evidence, Given, Label, Machine, Passage, Person
from eval.plain import Key
from eval.verdicts import THRESHOLDS

CODES = ("dart.access", "dart.dialogue")
Rows = Mapping[Key, Sequence[str]]


def near(value: float) -> Any:
    return pytest.approx(value, abs=1e-9)


def codings(rows: Rows) -> dict[Key, Coding]:
    return {key: Coding(tuple(Given(code) for code in codes), marked=False) for key, codes in rows.items()}


def person(name: str, rows: Rows) -> Person:
    return Person(name, codings(rows), sha256=f"sha of {name}")


def machine(name: str, rows: Rows, *, quotes: int = 100, repeats: Sequence[Rows] = ()) -> Machine:
    again = tuple(codings(each) for each in repeats)
    return Machine(name, "m", codings(rows), {"coded": len(rows)}, repeats=again, paraphrases=again, quotes=quotes)


def evidence(
    people: Sequence[Person], machines: Sequence[Machine], units: Mapping[Key, Passage] | None = None, **more: Any
) -> Evidence:
    keys = dict.fromkeys(key for each in people for key in each.codings)
    return Evidence(
        "Study",
        "Who codes?",
        "assignment",
        "DART",
        {code: Label(code, code) for code in CODES},
        units if units is not None else {key: Passage("Ten words.", case=f"case {key[0]}") for key in keys},
        tuple(people),
        tuple(machines),
        **more,
    )


def truth(documents: int = 12, units: int = 10) -> dict[Key, list[str]]:
    """In every document some units of each code, of both and of none, a different number in each."""
    found = {}
    for d in range(documents):
        for u in range(units):
            codes = [CODES[0]] * ((u + d) % 3 == 0) + [CODES[1]] * (u % 4 == 0 or u == d)
            found[(f"d{d:02}", str(u))] = codes
    return found


def noisy(rows: Rows, seed: int, share: float = 0.15) -> dict[Key, list[str]]:
    noise = random.Random(seed)
    return {key: [code for code in CODES if (code in codes) != (noise.random() < share)] for key, codes in rows.items()}


def report(found: Evidence, **more: Any) -> dict[str, Any]:
    made = assess(found, resamples=200, **more)
    json.dumps(made, allow_nan=False)
    return made


@pytest.fixture(scope="module")
def rich() -> Evidence:
    rows = truth()
    return evidence(
        [person("Li", noisy(rows, 1)), person("Wu", noisy(rows, 2))],
        [machine("run 1", noisy(rows, 3), repeats=[noisy(rows, 3, 0.16)]), machine("run 2", noisy(rows, 4, 0.3))],
    )


def test_a_small_study_by_hand() -> None:
    access, dialogue = CODES
    keys: list[Key] = [("a", "1"), ("a", "2"), ("b", "1"), ("b", "2")]
    li = dict(zip(keys, ([access], [access, dialogue], [], [dialogue]), strict=True))
    run = dict(zip(keys, ([access], [access], [], [access]), strict=True))
    found = report(evidence([person("Li", li)], [machine("run", run)]))
    assert found["codes"] == list(CODES)
    assert found["data"] | {"by": 0, "people": 0} == {
        "documents": 2, "units": 4, "material": 4, "by": 0, "people": 0, "double_coded": 0, "unplaced": 0,
    }  # fmt: skip
    assert found["data"]["by"]["case"] == [
        {"name": "case a", "documents": 1, "units": 2},
        {"name": "case b", "documents": 1, "units": 2},
    ]
    (made,) = found["runs"]
    score = made["score"]["codes"]
    assert score[access]["p_pos"]["value"] == near(2 * 2 / (2 * 2 + 1))
    assert score[access]["kappa"]["value"] == near((3 / 4 - 1 / 2) / (1 - 1 / 2))
    assert score[dialogue]["recall"]["value"] == 0.0
    assert made["score"]["counts"][access]["both"] == 2
    assert made["confusion"]["rows"] == [access, dialogue, ""]
    assert made["confusion"]["counts"] == [[2, 0, 0], [1, 0, 1], [0, 0, 1]]
    assert [(d["document"], d["unit"], d["type"], d["code"], d["other"]) for d in made["disagreements"]] == [
        ("a", "2", "missed", dialogue, ""),
        ("b", "2", "confused", dialogue, access),
    ]
    assert made["documents"] == [
        {"document": "b", "case": "case b", "units": 2, "agreement": 0.5, "human": None},
        {"document": "a", "case": "case a", "units": 2, "agreement": 0.75, "human": None},
    ]
    assert [(d["by"], d["group"], d["missed"], d["added"], d["agreement"]["value"]) for d in made["differential"]] == [
        ("case", "case a", near(1 / 3), 0.0, near(0.25)),
        ("case", "case b", 1.0, 1.0, near(-0.25)),
    ]
    assert made["prevalence"][access]["gold"]["value"] == 0.5
    assert made["prevalence"][access]["naive"]["value"] == 0.75
    assert made["prevalence"][access]["naive"]["status"] == "biased"
    assert found["human"] is None
    assert made["ceiling"] == {}
    assert made["replacement"] is None
    assert made["verdicts"][access]["verdict"] == "insufficient"
    assert {"few_positives", "few_documents", "no_people", "stability_unknown"} <= {
        *made["verdicts"][access]["reasons"]
    }
    assert found["saturation"]["Li"]["new"] == [2, 0]
    assert found["saturation"]["run"]["seen"] == [1, 1]
    assert found["inputs"] == {"Li": "sha of Li"}


def test_units_a_run_failed_on_are_missing_and_never_no_code() -> None:
    rows = truth()
    gone = [key for key in rows if key[1] == "0"]
    partial = {key: codes for key, codes in rows.items() if key not in gone}
    people = [person("Li", rows), person("Wu", rows)]
    made = report(evidence(people, [machine("run", partial)]))["runs"][0]
    assert made["score"]["missing_units"] == len(gone) == 12
    assert made["score"]["worst_case"]["f1_micro"] < 1
    assert made["score"]["codes"][CODES[0]]["p_pos"]["value"] == 1.0
    assert made["score"]["codes"][CODES[0]]["p_pos"]["units"] == len(partial)
    assert made["disagreements"] == []
    assert sum(map(sum, made["confusion"]["counts"])) > 0
    assert made["prevalence"][CODES[0]]["naive"]["units"] == len(partial)
    assert sum(each["units"] for each in made["documents"]) == len(partial)


def test_reflexive_work_gets_no_coefficient_and_keeps_what_can_be_discussed(rich: Evidence) -> None:
    full, found = report(rich), report(replace(rich, stance="reflexive"))
    assert found["human"] is found["trivial"] is None
    assert found["compare"] == found["todo"] == []
    for one, other in zip(found["runs"], full["runs"], strict=True):
        assert one["score"]["codes"] == one["score"]["overall"] == one["score"]["each"] == {}
        assert one["ceiling"] == one["verdicts"] == one["power"] == {}
        assert one["replacement"] is None
        assert one["differential"] == one["documents"] == []
        assert one["disagreements"] == other["disagreements"]
        assert one["confusion"] == other["confusion"]
        assert one["quotes"] == other["quotes"]
    assert found["saturation"] == full["saturation"]
    assert found["data"] == full["data"]
    assert set(found) == set(full)
    assert set(found["runs"][0]) == set(full["runs"][0])
    assert not any(word in json.dumps(found) for word in ("kappa", "alpha", "f1_micro", "p_pos"))


def test_a_run_that_never_gives_a_code_is_uninformative_and_never_ready() -> None:
    rows = {key: codes if int(key[1]) < 4 else [] for key, codes in truth().items()}
    people = [person(name, noisy(rows, seed, 0.03)) for seed, name in enumerate(("Li", "Wu", "Xu"))]
    nothing: dict[Key, list[str]] = {key: [] for key in rows}
    made = report(evidence(people, [machine("none", nothing, repeats=[nothing])]), epsilon=0.2)["runs"][0]
    for code in CODES:
        assert made["replacement"]["codes"][code]["verdict"] == "uninformative"
        assert made["verdicts"][code]["verdict"] == "not_supported"
        assert {"no_better_than_trivial", "replacement_uninformative"} <= {*made["verdicts"][code]["reasons"]}


def test_a_run_that_agrees_with_agreeing_people_is_ready_and_without_repeats_it_assists() -> None:
    rows = truth()
    people = [person(name, noisy(rows, seed, 0.02)) for seed, name in enumerate(("Li", "Wu", "Xu"))]
    ready = report(evidence(people, [machine("run", rows, repeats=[rows])]))["runs"][0]["verdicts"]
    assert {code: (each["verdict"], each["reasons"]) for code, each in ready.items()} == {
        code: ("ready", []) for code in CODES
    }
    assist = report(evidence(people, [machine("run", rows)]))["runs"][0]["verdicts"]
    assert assist[CODES[0]]["verdict"] == "assist"
    assert assist[CODES[0]]["reasons"] == ["stability_unknown"]
    unsteady = report(evidence(people, [machine("run", rows, repeats=[noisy(rows, 9, 0.3)])]))["runs"][0]["verdicts"]
    assert (unsteady[CODES[0]]["verdict"], unsteady[CODES[0]]["reasons"]) == ("assist", ["unstable"])
    lost = (("not_found", "words", "d00 #1"),) * 2
    flawed = replace(machine("run", rows, repeats=[rows]), flaws={"not_found": 2, "wrong_segment": 9}, failures=lost)
    found = report(evidence(people, [flawed]))["runs"][0]
    assert found["quotes"] | {"failures": 0} == {
        "proposed": 100, "kept": 98, "share": 0.98, "flaws": {"not_found": 2, "wrong_segment": 9}, "failures": 0,
    }  # fmt: skip
    assert found["verdicts"][CODES[0]]["reasons"] == ["quotes"]
    assert THRESHOLDS.quotes == 0.99


def test_a_run_and_people_who_never_differ() -> None:
    rows = truth()
    found = report(evidence([person("Li", rows), person("Wu", rows)], [machine("run", rows, repeats=[rows])]))
    made = found["runs"][0]
    assert all(made["score"]["codes"][code]["kappa"]["value"] == 1.0 for code in CODES)
    assert made["ceiling"]["codes"][CODES[0]]["kappa"]["gap"]["value"] == 0.0
    assert made["ceiling"]["codes"][CODES[0]]["kappa"]["perfect"] == 1.0
    assert made["disagreements"] == found["todo"] == []
    assert made["stability"]["repeats"]["runs"] == 2
    assert made["stability"]["repeats"]["overall"]["value"] == 1.0
    assert made["calibration"]["brier"] == 0.0
    assert made["verdicts"][CODES[1]]["verdict"] == "ready"


def test_dev_and_test_see_only_their_own_units(rich: Evidence) -> None:
    units = {key: replace(each, held_out=key[0] >= "d06") for key, each in rich.units.items()}
    whole = replace(rich, units=units)
    splits: dict[Literal["dev", "test"], str] = {"dev": "d00", "test": "d06"}
    for split, first in splits.items():
        found = report(replace(whole, split=split))
        assert (found["data"]["units"], found["data"]["material"]) == (60, 60)
        assert {d["document"] for d in found["runs"][0]["documents"]} == {
            f"d{k:02}" for k in range(int(first[1:]), int(first[1:]) + 6)
        }
        assert found["runs"][0]["prevalence"][CODES[0]]["gold"]["units"] == 60
        assert len(found["saturation"]["Li"]["new"]) == 6


def test_confidence_is_the_share_of_runs_and_people_decide_by_more_than_half() -> None:
    rows: dict[Key, list[str]] = {("d", "1"): [CODES[0]], ("d", "2"): [CODES[0]]}
    people = [person("Li", rows), person("Wu", {**rows, ("d", "2"): []})]
    again = [{**rows, ("d", "2"): []}]
    made = report(evidence(people, [machine("run", rows, repeats=again)]))["runs"][0]["calibration"]
    assert (made["source"], made["items"]) == ("repeats", 2)
    assert made["brier"] == near((0 + 0.5**2) / 2)
    sure = {key: Coding((Given(CODES[0], confidence=0.9),), marked=False) for key in rows}
    made = report(evidence(people, [Machine("run", "m", sure, {})]))["runs"][0]["calibration"]
    assert (made["source"], made["brier"]) == ("confidence", near((0.1**2 + 0.9**2) / 2))
    assert report(evidence(people, [machine("run", rows)]))["runs"][0]["calibration"]["source"] == ""


def marks(*given: Given) -> Coding:
    return Coding(given)


def test_words_are_compared_where_both_marked_them_and_far_places_are_a_boundary() -> None:
    access, dialogue = CODES
    units: dict[Key, Passage] = {("d", str(k)): Passage("x" * 40) for k in range(4)}
    near_by, far = Given(access, start=0, end=10), Given(access, start=20, end=30)
    li = Person("Li", {("d", "0"): marks(near_by), ("d", "1"): marks(near_by), ("d", "2"): marks(near_by)})
    ours = {
        ("d", "0"): marks(Given(access, start=5, end=15)),
        ("d", "1"): marks(far),
        ("d", "2"): marks(Given(dialogue, start=5, end=12, why="talks", confidence=0.4)),
    }
    made = report(evidence([li], [Machine("run", "m", ours, {})], units))["runs"][0]
    assert made["score"]["codes"][access]["char_f1"]["value"] == near(2 * 5 / (30 + 20))
    assert set(made["score"]["overall"]) >= {"char_f1", "iou", "span_f1_50", "u_alpha"}
    assert [(d["unit"], d["type"], d["code"], d["other"]) for d in made["disagreements"]] == [
        ("1", "boundary", access, ""),
        ("2", "confused", access, dialogue),
    ]
    assert made["disagreements"][1]["model"] == {
        "codes": [dialogue], "spans": [{"start": 5, "end": 12, "code": dialogue}], "why": "talks", "confidence": 0.4,
    }  # fmt: skip
    apart = {**ours, ("d", "2"): marks(Given(dialogue, start=20, end=25))}
    made = report(evidence([li], [Machine("run", "m", apart, {})], units))["runs"][0]
    assert [(d["unit"], d["type"], d["code"]) for d in made["disagreements"]] == [
        ("1", "boundary", access), ("2", "missed", access), ("2", "added", dialogue),
    ]  # fmt: skip


def test_open_codes_are_compared_by_the_words_marked_only() -> None:
    units: dict[Key, Passage] = {("d", "0"): Passage("x" * 40), ("d", "1"): Passage("x" * 40)}
    li = Person("Li", {("d", "0"): marks(Given("sharing plans", start=0, end=10)), ("d", "1"): marks()})
    ours = {("d", "0"): marks(Given("openness", start=5, end=15)), ("d", "1"): marks()}
    found = replace(evidence([li], [Machine("run", "m", ours, {})], units), kind="open", labels={})
    made = report(found, inductive=lambda given: {"title": given.title})
    assert made["open"] == {"title": "Study"}
    assert made["runs"][0]["score"]["codes"]["marked"]["char_f1"]["value"] == 0.5
    assert "kappa" not in json.dumps(made)
    assert made["runs"][0]["verdicts"] == {}
    assert made["saturation"]["run"]["new"] == [1]


def test_polarity_is_compared_where_both_gave_the_code() -> None:
    said = ["for", "against", "for", "for", "against", "for"]
    theirs = ["for", "against", "for", "against", "", "for"]
    keys: list[Key] = [(f"d{k}", "") for k in range(6)]
    li = Person("Li", {key: marks(Given(CODES[0], polarity=each)) for key, each in zip(keys, theirs, strict=True)})
    ours = {key: marks(Given(CODES[0], polarity=each)) for key, each in zip(keys, said, strict=True)}
    made = report(evidence([li], [Machine("run", "m", ours, {})]))["runs"][0]["polarity"]
    assert set(made) == {CODES[0]}
    assert (made[CODES[0]]["units"], made[CODES[0]]["agree"]) == (5, 4)
    assert made[CODES[0]]["kappa"]["value"] == near((4 / 5 - 14 / 25) / (1 - 14 / 25))


def test_two_runs_differ_by_the_difference_of_their_figures_where_both_answered(rich: Evidence) -> None:
    found = report(rich)
    row = next(each for each in found["compare"] if (each["metric"], each["code"]) == ("kappa", CODES[0]))
    one, other = (run["score"]["codes"][CODES[0]]["kappa"]["value"] for run in found["runs"])
    assert row["difference"]["value"] == near(one - other)
    assert 0 < row["p"] <= row["holm"] <= 1
    assert {each["code"] for each in found["compare"]} == {*CODES, ""}
    same = report(replace(rich, machines=(rich.machines[0], replace(rich.machines[0], name="again"))))["compare"]
    assert all((each["difference"]["value"], each["p"], each["holm"]) == (0.0, None, None) for each in same)


def test_what_to_mend_is_the_definition_where_people_differ_and_the_prompt_where_the_run_does() -> None:
    rows = truth()
    both = {key: ([CODES[0]] if CODES[0] in codes else []) for key, codes in rows.items()}
    split = noisy({key: [] for key in rows}, 5, 0.5)
    wu = {key: [*codes, *([CODES[1]] if CODES[1] in split[key] else [])] for key, codes in both.items()}
    odd = {key: [code for code in codes if code == CODES[1]] for key, codes in rows.items()}
    found = report(evidence([person("Li", rows), person("Wu", wu)], [machine("run", odd)]))["todo"]
    assert {(each["problem"], each["code"]) for each in found if each["problem"] != "confusion"} == {
        ("prompt", CODES[0]),
        ("definition", CODES[1]),
    }
    assert [each["units"] for each in found] == sorted((each["units"] for each in found), reverse=True)


def test_evidence_of_nothing_is_still_a_report() -> None:
    for found in (evidence([], []), evidence([person("Li", {})], [machine("run", {})])):
        made = report(found)
        assert made["data"]["units"] == 0
        assert made["human"] is made["trivial"] is None
    alone = report(evidence([person("Li", truth())], []))
    assert alone["runs"] == alone["compare"] == []


def test_two_runs_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="twice"):
        assess(evidence([person("Li", truth())], [machine("run", truth()), machine("run", {})]))


def without_order(made: dict[str, Any]) -> str:
    """All but what the order of documents has a say in."""
    return json.dumps({**made, "saturation": {}}, sort_keys=True)


@settings(max_examples=5, deadline=None)
@given(st.randoms(use_true_random=False))
def test_no_order_of_people_or_of_any_mapping_changes_a_byte(rich: Evidence, dice: random.Random) -> None:
    def shuffled(rows: Mapping[Any, Any]) -> dict[Any, Any]:
        return dict(dice.sample([*rows.items()], len(rows)))

    people = [replace(each, codings=shuffled(each.codings)) for each in rich.people]
    dice.shuffle(people)
    machines = tuple(replace(each, codings=shuffled(each.codings)) for each in rich.machines)
    other = replace(rich, people=tuple(people), machines=machines, units=shuffled(rich.units))
    assert without_order(report(other)) == without_order(report(rich))


def test_names_of_codes_and_documents_change_no_value(rich: Evidence) -> None:
    """Random numbers of a figure depend on its name, so intervals of the bootstrap may move; values may not."""
    names = {CODES[0]: "z", CODES[1]: "b"}

    def renamed(rows: Mapping[Key, Coding]) -> dict[Key, Coding]:
        return {
            (f"x{99 - int(key[0][1:])}", key[1]): Coding(tuple(Given(names[one.code]) for one in each.given), False)
            for key, each in rows.items()
        }

    other = replace(
        rich,
        labels={names[code]: label for code, label in rich.labels.items()},
        units={(f"x{99 - int(key[0][1:])}", key[1]): each for key, each in rich.units.items()},
        people=tuple(replace(each, codings=renamed(each.codings)) for each in rich.people),
        machines=tuple(replace(each, codings=renamed(each.codings), repeats=()) for each in rich.machines),
    )
    one, two = report(rich), report(other)
    for old, new in zip(one["runs"], two["runs"], strict=True):
        for code, name in names.items():
            for metric, figure in old["score"]["codes"][code].items():
                assert new["score"]["codes"][name][metric] == figure, metric
            assert new["ceiling"]["codes"][name] == old["ceiling"]["codes"][code]
        assert new["score"]["overall"] == old["score"]["overall"]
        assert [each["agreement"] for each in new["differential"]] == [
            each["agreement"] for each in old["differential"]
        ]
