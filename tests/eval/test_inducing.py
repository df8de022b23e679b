"""Open codes of people and machines: hand-made vectors, what must not change a figure, and real codings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from assistant.errors import UsageError
from eval.evidence import Coding, Evidence, Given, Label, Machine, Passage, Person
from eval.inducing import induce
from eval.likening import Judgement
from eval.plain import Key
from vectorstore.embedders import HashEmbedder

GOLD = Path(__file__).resolve().parents[2].parent / "shared" / "gold" / "en-games-as-art-quotes"
TEXT = "We built it together. They never told us the price. The app keeps us waiting. My neighbour showed me how."
WORDS = TEXT.split()
HASH = HashEmbedder()

Codes = Mapping[Key, Sequence[Given] | None]


def embed_by(vectors: Mapping[str, Sequence[float]]) -> Any:
    """An embedder that knows these texts and no others."""
    width = len(next(iter(vectors.values())))

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        rows = [vectors.get(text, [0.0] * width) for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(texts), width)

    return embed


def said(code: str, first: int = 0, last: int = 0) -> Given:
    """A code on some of the words of the text; on none, it is about the whole unit."""
    start = len(" ".join(WORDS[:first])) + (first > 0)
    end = len(" ".join(WORDS[:last]))
    return Given(code, TEXT[start:end], start, end) if last > first else Given(code)


def coded(codes: Codes) -> dict[Key, Coding]:
    return {key: Coding(tuple(each)) for key, each in codes.items() if each is not None}


def person(name: str, codes: Codes) -> Person:
    return Person(name, coded(codes))


def machine(name: str, codes: Codes) -> Machine:
    return Machine(name, "a model", coded(codes), {})


def evidence(
    people: Sequence[Person], machines: Sequence[Machine] = (), held_out: Sequence[Key] = (), **more: Any
) -> Evidence:
    coders: list[Person | Machine] = [*people, *machines]
    keys = {key for each in coders for key in each.codings}
    units = {key: Passage(TEXT, held_out=key in held_out) for key in sorted(keys)}
    return Evidence("t", "q", "open", "", more.pop("labels", {}), units, tuple(people), tuple(machines), **more)


def pair(found: Mapping[str, Any], human: str, other: str) -> dict[str, Any]:
    (wanted,) = [each for each in found["pairs"] if (each["human"], each["other"]) == (human, other)]
    return dict(wanted)


A, B, C = ("d1", "1"), ("d1", "2"), ("d2", "1")
LI = person(
    "Li", {A: [said("building together", 0, 4)], B: [said("hidden price", 4, 10)], C: [said("waiting", 10, 15)]}
)
RUN = machine("run", {A: [said("co-creation", 0, 4)], B: [said("opaque costs", 4, 9)], C: [said("boredom", 15, 20)]})
MEANINGS = {
    "building together": [1.0, 0, 0, 0],
    "co-creation": [1.0, 0, 0, 0],
    "hidden price": [0, 1.0, 0, 0],
    "opaque costs": [0, 0.8, 0.6, 0],
    "waiting": [0, 0, 0, 1.0],
}


def test_similarity_is_the_mean_of_the_parts_both_codes_have() -> None:
    quotes = {"We built it together.": [0, 1.0, 0, 0], "They never told us the price.": [0, 0, 1.0, 0]}
    quotes |= {"They never told us the": [0, 0.6, 0.8, 0]}
    found = pair(induce(evidence([LI], [RUN]), embed_by(MEANINGS | quotes)), "Li", "run")
    pairs = {(each["human"], each["other"]): each["similarity"] for each in found["matched"]}
    assert pairs == {("building together", "co-creation"): 1.0, ("hidden price", "opaque costs"): 0.8}
    assert [(each["label"], each["nearest"]) for each in found["missed"]] == [("waiting", None)]
    labels = {"building together": Label("", "", "done jointly"), "co-creation": Label("", "", "value made by two")}
    vectors = MEANINGS | quotes | {"done jointly": [1.0, 0, 0, 0], "value made by two": [0.4, 0, 0, 0.917]}
    defined = pair(induce(evidence([LI], [RUN], labels=labels), embed_by(vectors)), "Li", "run")
    first = {(each["human"], each["other"]): each["similarity"] for each in defined["matched"]}
    assert first[("building together", "co-creation")] == pytest.approx((1 + 0.4 + 1) / 3, abs=1e-3)
    assert first[("hidden price", "opaque costs")] == 0.8


def test_figures_at_tau_and_the_codes_behind_them() -> None:
    found = pair(induce(evidence([LI], [RUN]), embed_by(MEANINGS)), "Li", "run")
    assert found["at_tau"] == {
        "tau": 0.6,
        "recall": pytest.approx(2 / 3),
        "precision": pytest.approx(2 / 3),
        "covered": pytest.approx(2 / 3),
        "novelty": pytest.approx(1 / 3),
        "splits": 0,
        "merges": 0,
        "redundancy": 0.0,
        "status": "ok",
    }
    assert [each["label"] for each in found["novel"]] == ["boredom"]
    assert [each["tau"] for each in found["curve"]] == [0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9]
    assert [each["recall"] for each in found["curve"]][-2:] == [pytest.approx(1 / 3)] * 2
    assert found["anchored"]["recall"] == pytest.approx(2 / 3)
    assert all(each["same_place"] is True for each in found["matched"])


def test_a_code_split_by_the_machine_is_covered_once_and_its_rest_is_spare_not_novel() -> None:
    run = machine("run", {A: [said("co-creation"), said("joint work")]})
    li = person("Li", {A: [said("building together")]})
    vectors = {"building together": [1.0, 0], "co-creation": [1.0, 0], "joint work": [0.9, 0.436]}
    found = pair(induce(evidence([li], [run]), embed_by(vectors)), "Li", "run")
    assert found["split"] == [{"label": "building together", "into": ["co-creation", "joint work"]}]
    assert (found["at_tau"]["splits"], found["at_tau"]["precision"], found["at_tau"]["redundancy"]) == (1, 0.5, 0.5)
    assert [each["label"] for each in found["spare"]["other"]] == ["joint work"]
    assert found["novel"] == []
    assert found["matched"][0]["same_place"] is None
    assert found["anchored"]["status"] == "undefined:not_marked"


def test_only_units_of_the_split_that_a_person_coded_count() -> None:
    run = machine("run", {A: [said("co-creation")], ("d9", "1"): [said("elsewhere")], C: [said("boredom")]})
    for split, labels in (("all", ["boredom", "co-creation"]), ("dev", ["co-creation"]), ("test", ["boredom"])):
        found = induce(evidence([LI], [run], held_out=[C], split=split), embed_by(MEANINGS))
        assert [code["label"] for code in found["coders"][1]["codes"]] == labels
        assert found["units"] == {"all": 3, "dev": 2, "test": 1}[split]


def test_a_unit_that_one_of_two_did_not_code_makes_no_code_missed_or_novel() -> None:
    run = machine("run", {A: [said("co-creation")], B: None, C: []})
    found = pair(induce(evidence([LI], [run]), embed_by(MEANINGS)), "Li", "run")
    assert [each["label"] for each in found["missed"]] == ["waiting"]  # read by the run, nothing given
    assert (found["units"], found["left_out"], found["human_codes"]) == (2, 1, 2)


def test_quotes_of_other_units_never_stand_in_the_same_place() -> None:
    for elsewhere in (("d1", "2"), ("d2", "1")):
        li = person("Li", {A: [said("waiting", 0, 4)], elsewhere: []})
        run = machine("run", {A: [], elsewhere: [said("waiting", 0, 4)]})
        found = pair(induce(evidence([li], [run]), HASH.embed), "Li", "run")
        assert found["matched"][0]["same_place"] is False
        assert (found["anchored"]["recall"], found["anchored"]["place_recall"]) == (0, 0)


def test_people_are_held_against_each_other_both_ways_by_the_same_figures() -> None:
    wang = person("Wang", {A: [said("building together", 0, 4)], B: [], C: [said("late", 10, 15)]})
    found = induce(evidence([LI, wang], [RUN]), HASH.embed)
    assert [(p["human"], p["other"]) for p in found["pairs"]] == [
        ("Li", "Wang"),
        ("Li", "run"),
        ("Wang", "Li"),
        ("Wang", "run"),
    ]
    there, back = pair(found, "Li", "Wang"), pair(found, "Wang", "Li")
    assert there["at_tau"]["recall"] == back["at_tau"]["precision"] == pytest.approx(1 / 3)
    assert there["spans"]["f1"] == back["spans"]["f1"]
    assert there["spans"]["recall"] == back["spans"]["precision"] != there["spans"]["precision"]
    assert set(there) == set(pair(found, "Li", "run"))
    assert [each["coder"] for each in found["means"]] == ["Li", "Wang", "run"]
    recalls = [pair(found, human, "run")["at_tau"]["recall"] for human in ("Li", "Wang")]
    assert found["means"][2]["recall"] == pytest.approx(sum(recalls) / 2)


def test_novel_is_what_no_other_person_has() -> None:
    wang = person("Wang", {A: [], B: [], C: [said("Boredom", 15, 20)]})
    alone = induce(evidence([LI], [RUN]), embed_by(MEANINGS))["coders"]
    both = induce(evidence([LI, wang], [RUN]), embed_by(MEANINGS))["coders"]
    assert (alone[-1]["novel"], alone[-1]["novel_of"]) == (["boredom"], 3)
    assert (both[-1]["novel"], both[-1]["novel_of"]) == ([], 3)
    assert both[0]["novel"] == ["building together", "hidden price", "waiting"]


def test_marked_words_agree_as_sets_of_characters_do() -> None:
    one = {A: [said("a", 0, 5), said("b", 3, 8)], C: [said("a", 2, 4)]}
    other = {A: [said("c", 4, 12)], C: [said("d", 0, 3), said("d", 9, 10)]}
    found = pair(induce(evidence([person("Li", one)], [machine("run", other)]), HASH.embed), "Li", "run")["spans"]
    first, second = (
        {(key, at) for key, row in codes.items() for each in row for at in range(each.start, each.end)}
        for codes in (one, other)
    )
    both = len(first & second)
    assert found["f1"]["value"] == pytest.approx(2 * both / (len(first) + len(second)))
    assert found["recall"]["value"] == pytest.approx(both / len(first))
    assert found["iou"]["value"] == pytest.approx(both / len(first | second))
    assert found["f1"]["status"] == "no_interval:too_few_documents"


def test_words_that_were_not_marked_are_not_compared() -> None:
    run = replace(RUN, codings={key: Coding(coding.given, marked=False) for key, coding in RUN.codings.items()})
    spans = pair(induce(evidence([LI], [run]), HASH.embed), "Li", "run")["spans"]
    assert (spans["f1"]["value"], spans["f1"]["status"]) == (None, "undefined:not_marked")


def test_identical_labels_are_counted_on_units_where_both_gave_a_code() -> None:
    li = person("Li", {A: [said("Ｗaiting  long"), said("x")], B: [said("x")], C: []})
    run = machine("run", {A: [said("waiting long")], B: [said("y")], C: [said("x")]})
    found = pair(induce(evidence([li], [run]), HASH.embed), "Li", "run")["identical"]
    assert (found["value"], found["units"]) == (0.5, 2)


def test_spellings_of_a_label_are_one_code_under_the_most_frequent_one() -> None:
    li = person("Li", {A: [said("waiting")], B: [said("Waiting")], C: [said("waiting ")]})
    codes = induce(evidence([li]), HASH.embed)["coders"][0]["codes"]
    assert [(code["label"], code["units"]) for code in codes] == [("waiting", 3)]


def test_a_label_used_on_unlike_quotes_is_named() -> None:
    li = person("Li", {A: [said("trust", 0, 4)], B: []})
    run = machine("run", {A: [], B: [said("Trust", 15, 20)]})
    found = pair(induce(evidence([li], [run]), HASH.embed), "Li", "run")
    assert found["same_label_apart"] == ["trust"]
    assert found["novel"][0] == {"label": "Trust", "nearest": "trust", "similarity": 0.5}


def test_standings_are_of_the_people_and_one_machine_at_a_time() -> None:
    wang = person("Wang", {A: [said("building together", 0, 4)], B: [], C: [said("late", 10, 15)]})
    one = induce(evidence([LI, wang], [RUN]), embed_by(MEANINGS))["standings"]
    two = induce(evidence([LI, wang], [RUN, replace(RUN, name="zz")]), embed_by(MEANINGS))["standings"]
    assert [each["machine"] for each in two] == ["", "run", "zz"]
    assert two[:2] == one
    # codes: building = co-creation (all three), hidden = opaque (two), waiting, boredom, late (one each)
    assert (one[1]["codes"], one[1]["before"], one[1]["units"]) == (5, 8, 3)
    li, _, run = one[1]["coders"]
    assert li["coverage"] == run["coverage"] == pytest.approx((3 + 2 + 1) / 8)
    assert li["novelty"] == run["novelty"] == pytest.approx(1 / 3)


def test_standings_need_units_that_all_coded() -> None:
    found = induce(evidence([person("Li", {A: [said("x")]}), person("Wang", {B: [said("x")]})]), HASH.embed)
    assert found["standings"][0]["status"] == "undefined:no_common_units"
    assert pair(found, "Li", "Wang")["at_tau"]["status"] == "undefined:no_codes"
    assert found["coders"][0]["novel_of"] == 0


JUDGED: list[Judgement] = [
    ("building together", "CO-CREATION", True),
    ("hidden price", "opaque costs", True),
    ("waiting", "boredom", False),
    ("waiting", "opaque costs", False),
    ("waiting", "a label of nobody", True),
]


def test_tau_is_the_one_given_else_the_one_judgements_choose_else_a_default() -> None:
    vectors = embed_by(MEANINGS | {"boredom": [0, 0, 0.72, 0.69]})
    everything = evidence([LI], [RUN])
    judged = induce(everything, vectors, judgements=JUDGED)["tau"]
    # same pairs have 1 and 0.8, different ones 0.69 and 0: all hundredths from .70 to .80 are right
    assert (judged["source"], judged["calibrated"], judged["used"], judged["unknown"]) == ("judged", False, 4, 1)
    assert (judged["value"], judged["balanced_accuracy"]) == (0.75, 1.0)
    many = induce(everything, vectors, judgements=JUDGED * 25)["tau"]
    assert (many["source"], many["calibrated"], many["used"], many["value"]) == ("calibrated", True, 100, 0.75)
    fixed = induce(everything, vectors, judgements=JUDGED, tau=0.65)["tau"]
    assert (fixed["source"], fixed["value"], fixed["balanced_accuracy"]) == ("given", 0.65, 0.75)
    plain = induce(everything, vectors)["tau"]
    assert (plain["source"], plain["value"], plain["calibrated"]) == ("default", 0.6, False)
    same = induce(everything, vectors, judgements=JUDGED[:2])["tau"]
    assert (same["source"], same["status"]) == ("default", "undefined:one_kind")


@pytest.mark.parametrize("tau", [0.0, -1.0, 1.01, float("nan")])
def test_a_tau_that_is_none_is_refused(tau: float) -> None:
    with pytest.raises(UsageError, match="tau"):
        induce(evidence([LI]), HASH.embed, tau=tau)


def test_codes_of_a_codebook_are_refused() -> None:
    with pytest.raises(ValueError, match="open"):
        induce(replace(evidence([LI]), kind="assignment"), HASH.embed)


def test_texts_are_embedded_once_and_the_embedder_is_named() -> None:
    asked: list[str] = []

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        asked.extend(texts)
        return HASH.embed(texts)

    found = induce(evidence([LI, replace(LI, name="Wang")], [RUN]), embed, name=HASH.name, semantic=HASH.semantic)
    assert len(asked) == len(set(asked)) and set(MEANINGS) <= set(asked)
    assert found["embedder"] == {"name": HASH.name, "compares": "words"}
    assert induce(evidence([LI]), HASH.embed)["embedder"]["compares"] == "unknown"


def test_few_quotes_of_a_code_are_embedded_and_shown() -> None:
    codes = {("d", f"{k:02}"): [Given("waiting", f"quote {k}")] for k in range(30)}
    asked: list[str] = []

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        asked.extend(texts)
        return HASH.embed(texts)

    found = induce(evidence([person("Li", codes)]), embed)["coders"][0]["codes"][0]
    quotes = [text for text in asked if text.startswith("quote")]
    assert len(quotes) == 8 and {"quote 0", "quote 29"} <= set(quotes)
    assert (found["quotes_in_all"], len(found["quotes"])) == (30, 5)


def test_nothing_coded_is_undefined_not_zero() -> None:
    empty = induce(evidence([person("Li", {A: []})], [machine("run", {A: []})]), HASH.embed)
    found = pair(empty, "Li", "run")
    assert (found["at_tau"]["recall"], found["at_tau"]["status"]) == (None, "undefined:no_codes")
    assert found["adjusted"]["value"] is None
    assert induce(evidence([], [RUN]), HASH.embed)["pairs"] == []


LABELS = ["waiting", "Waiting", "waiting long", "trust", "price hidden", "price", "showing how", "the"]
GIVEN = st.builds(
    lambda code, ends: said(code, min(ends), max(ends)),
    st.sampled_from(LABELS),
    st.tuples(st.integers(0, len(WORDS)), st.integers(0, len(WORDS))),
)
CODED = st.dictionaries(st.sampled_from([A, B, C]), st.lists(GIVEN, max_size=4), min_size=1, max_size=3)


@settings(max_examples=25, deadline=None)
@given(codes=st.lists(CODED, min_size=3, max_size=3), order=st.permutations(range(3)), data=st.data())
def test_the_order_of_coders_units_and_codes_has_no_say(
    codes: list[dict[Key, list[Given]]], order: list[int], data: st.DataObject
) -> None:
    people = [person(f"p{k}", codes[k]) for k in range(2)]
    machines = [machine("run", codes[2]), machine("run 2", codes[0])]
    shuffled = [
        {key: data.draw(st.permutations(each[key])) for key in data.draw(st.permutations(sorted(each)))}
        for each in codes
    ]
    others = [person(f"p{k}", shuffled[k]) for k in order if k < 2]
    runs = [machine("run 2", shuffled[0]), machine("run", shuffled[2])]
    assert induce(evidence(people, machines), HASH.embed) == induce(evidence(others, runs), HASH.embed)


@settings(max_examples=25, deadline=None)
@given(CODED, st.sampled_from([0.4, 0.6, 0.9, 1.0]))
def test_the_same_codings_have_each_other_wholly(codes: dict[Key, list[Given]], tau: float) -> None:
    found = pair(induce(evidence([person("Li", codes)], [machine("run", codes)]), HASH.embed, tau=tau), "Li", "run")
    at = found["at_tau"]
    if not any(codes.values()):
        assert at["recall"] is None
    else:
        assert (at["recall"], at["precision"], at["covered"], at["novelty"]) == (1, 1, 1, 0)
        assert found["identical"]["value"] == 1
        assert found["missed"] == found["novel"] == found["same_label_apart"] == []


@settings(max_examples=25, deadline=None)
@given(CODED, CODED)
def test_the_result_is_json_and_the_lists_are_what_the_figures_count(
    one: dict[Key, list[Given]], other: dict[Key, list[Given]]
) -> None:
    found = induce(evidence([person("Li", one)], [machine("run", other)]), HASH.embed)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    each = pair(found, "Li", "run")
    human, other_codes = each["human_codes"], each["other_codes"]
    assert len(each["matched"]) + len(each["missed"]) + len(each["spare"]["human"]) == human
    assert len(each["matched"]) + len(each["novel"]) + len(each["spare"]["other"]) == other_codes
    assert len(each["split"]) == each["at_tau"]["splits"] and len(each["merged"]) == each["at_tau"]["merges"]
    if other_codes and human:
        assert each["at_tau"]["novelty"] == pytest.approx(len(each["novel"]) / other_codes)


def test_codes_with_the_right_quotes_beat_codes_taken_apart() -> None:
    labels = ["waiting", "trust", "price", "showing", "building", "neighbour", "app"]
    codes = {("d", str(k)): [said(label, 2 * k, 2 * k + 2)] for k, label in enumerate(labels)}
    found = pair(induce(evidence([person("Li", codes)], [machine("run", codes)]), HASH.embed), "Li", "run")["adjusted"]
    assert (found["value"], found["observed"]) == (1.0, 1.0)
    assert found["null"] < 0.8 and found["p"] < 0.02


def games() -> Evidence:
    source = GOLD / "experience_texts_quote_codes.jsonl"
    if not source.exists():
        pytest.skip(f"{source} is not here")
    rows = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]

    def coding(spans: Sequence[Mapping[str, Any]]) -> Coding:
        return Coding(tuple(Given(c, s["quote"], s["start"], s["end"]) for s in spans for c in s["codes"]))

    people = tuple(
        Person(
            name, {(row["id"], ""): coding(row["codings"][name]) for row in rows if row["codings"][name] is not None}
        )
        for name in ("open_coder1", "feelings", "art_experience")
    )
    units = {(row["id"], ""): Passage(row["text"]) for row in rows}
    return Evidence("games", "art?", "open", "", {}, units, people, ())


def test_three_passes_over_real_texts_as_three_people() -> None:
    found = induce(games(), HASH.embed, name=HASH.name, semantic=HASH.semantic)
    assert [(each["name"], each["units"], len(each["codes"])) for each in found["coders"]] == [
        ("art_experience", 100, 39),
        ("feelings", 124, 195),
        ("open_coder1", 100, 217),
    ]
    assert len(found["pairs"]) == 6 and len(found["standings"][0]["coders"]) == 3
    for each in found["pairs"]:
        assert each["units"] == 100
        point = each["at_tau"]
        assert all(0 <= point[name] <= 1 for name in ("recall", "precision", "covered", "novelty", "redundancy"))
        assert each["adjusted"]["status"] == "ok" and -1 < each["adjusted"]["value"] < 1
        assert each["spans"]["f1"]["status"] == each["identical"]["status"] == "ok"
        recalls = [point["recall"] for point in each["curve"]]
        assert recalls == sorted(recalls, reverse=True)
    assert all(each["divergence"] is not None for each in found["standings"][0]["coders"])
    json.dumps(found, allow_nan=False)
