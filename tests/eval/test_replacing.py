"""The alternative annotator test: own vector, its guards, and that documents, not items, are what is tested."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from eval.replacing import Item, equal, guard, overlap, reject, replace

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors_spans.json").read_text(encoding="utf-8"))
EXPECT = VECTORS["ALTTEST"]["expect"]


def _t37(document: int = 1) -> list[Item]:
    items = []
    for k in range(VECTORS["ALTTEST"]["n"]):
        people = tuple((k % 4 + ((k * (j + 3)) % 7 == j)) % 4 for j in range(3))
        items.append(Item(k // document, people, (k % 4 + (k % 9 == 0)) % 4))
    return items


def _yes_no(prevalence: float, seed: int, model: str, recall: float = 0.75, alarms: float = 0.03) -> list[Item]:
    """20 documents × 15 segments, three people of given recall and false alarms; a model that knows or never codes."""
    draw = np.random.default_rng(seed)
    truth = draw.random(300) < prevalence
    people = draw.random((300, 3)) < np.where(truth, recall, alarms)[:, None]
    said = truth if model == "knows" else np.zeros(300, dtype=bool)
    return [Item(k // 15, tuple(bool(each) for each in people[k]), bool(said[k])) for k in range(300)]


def test_t37_p_values_and_advantage() -> None:
    tested = replace(_t37(), 0.1)
    assert [each.p for each in tested.people] == pytest.approx(EXPECT["p_eps01"], abs=1e-7)
    assert tested.advantage == pytest.approx(EXPECT["ap"], abs=1e-6)
    assert tested.notes == ()


@pytest.mark.parametrize("epsilon", list(EXPECT["wr"]))
def test_t37_winning_rates(epsilon: str) -> None:
    tested = replace(_t37(), float(epsilon))
    assert tested.winning_rate == EXPECT["wr"][epsilon]
    assert tested.passed == (EXPECT["wr"][epsilon] >= 0.5)


@pytest.mark.parametrize("prevalence", [0.05, 0.1, 0.2])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_t38_a_model_that_never_codes_is_not_believed(prevalence: float, seed: int) -> None:
    found = guard(_yes_no(prevalence, seed, "none"), 0.2, none=False, seed=seed)
    assert found.by_document.passed  # the published procedure lets it through
    assert found.baselines["none"] == found.baselines["majority"] == 1
    assert found.verdict == "uninformative"


def test_t38_nor_is_a_good_model_believed_where_silence_passes() -> None:
    assert guard(_yes_no(0.1, 1, "knows"), 0.2, none=False, seed=1).verdict == "uninformative"


def test_t38_a_good_model_passes_where_silence_fails() -> None:
    good = guard(_yes_no(0.45, 1, "knows"), 0.1, none=False, seed=1)
    assert good.verdict == "passed"
    assert set(good.baselines.values()) == {0}
    assert guard(_yes_no(0.45, 1, "none"), 0.1, none=False, seed=1).verdict == "failed"


@pytest.mark.xdist_group("libraries")
def test_documents_are_what_is_tested() -> None:
    from scipy.stats import ttest_1samp

    by_item, by_document = replace(_t37(6), 0.1, over="items"), replace(_t37(6), 0.1)
    assert [each.clusters for each in by_item.people] == [60, 60, 60]
    assert [each.clusters for each in by_document.people] == [10, 10, 10]
    assert by_item.people == replace(_t37(), 0.1).people
    means = [_document_means(_t37(6), j) for j in range(3)]
    wanted = [ttest_1samp(each, 0.1, alternative="less").pvalue for each in means]
    assert [each.p for each in by_document.people] == pytest.approx(wanted)


def _document_means(items: list[Item], j: int) -> list[float]:
    means = []
    for document in range(10):
        apart = []
        for item in (item for item in items if item.document == document):
            others = [label for k, label in enumerate(item.people) if k != j]
            model, person = others.count(item.model), others.count(item.people[j])
            apart.append((person >= model) - (model >= person))
        means.append(sum(apart) / len(apart))
    return means


def test_copies_of_segments_do_not_make_it_surer() -> None:
    once = _t37(6)
    twice = [item for item in once for _ in range(2)]
    assert [each.p for each in replace(twice, 0.1).people] == pytest.approx(
        [each.p for each in replace(once, 0.1).people]
    )
    assert replace(twice, 0.1, over="items").people[0].p < replace(once, 0.1, over="items").people[0].p


@settings(max_examples=30)
@given(st.permutations(range(3)), st.permutations(range(4)), st.randoms())
def test_people_documents_and_names_change_nothing(people: list[int], names: list[int], chance: Any) -> None:
    items = _t37(6)
    other = [
        Item(
            f"doc {item.document}", tuple(names[int(str(item.people[j]))] for j in people), names[int(str(item.model))]
        )
        for item in chance.sample(items, len(items))
    ]
    before, after = replace(items, 0.15), replace(other, 0.15)
    assert (after.winning_rate, after.passed) == (before.winning_rate, before.passed)
    assert after.advantage == pytest.approx(before.advantage)
    assert [each.p for each in after.people] == pytest.approx([before.people[j].p for j in people])


def test_the_same_seed_gives_the_same_verdict_in_any_order() -> None:
    items = _yes_no(0.3, 4, "knows")
    first = guard(items, 0.15, none=False, seed=9)
    assert guard(list(reversed(items)), 0.15, none=False, seed=9).baselines == first.baselines


def test_what_was_not_labelled_does_not_count() -> None:
    items = [*_t37(), Item("more", (1, None, None), 1), Item("other", (None, 2, 2), None)]
    tested = replace(items, 0.1)
    assert [each.items for each in tested.people] == [60, 60, 60]
    assert tested.people == replace(_t37(), 0.1).people


def test_no_spread_is_decided_by_the_mean() -> None:
    same = [Item(k, ("a", "a", "a"), "a") for k in range(30)]
    assert replace(same, 0.1).winning_rate == 1
    assert replace(same, 0.0).winning_rate == 0  # not below, only equal
    assert replace([Item(k, ("a", "a", "a"), "b") for k in range(30)], 0.2).winning_rate == 0


def test_too_few_have_a_status_and_no_number() -> None:
    one_document = replace([Item("d", ("a", "b", "a"), "a")] * 40, 0.1)
    assert (one_document.winning_rate, one_document.passed, one_document.status) == (None, False, "undefined:too_few")
    alone = guard([Item(k, ("a",), "a") for k in range(40)], 0.1, none="", seed=1)
    assert (alone.by_document.status, alone.verdict) == ("undefined:too_few_people", "undefined")
    assert replace([], 0.1).status == "undefined:too_few_people"
    assert replace([Item(k, ("a", "a"), "a") for k in range(9)], 0.1).notes == (
        "2 people; the test asks for 3 or more",
        "9 items; the test asks for 30 or more",
    )


@pytest.mark.xdist_group("libraries")
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_rejection_is_benjamini_yekutieli(ps: list[float]) -> None:
    from scipy.stats import false_discovery_control

    adjusted = false_discovery_control(ps, method="by")
    if min(abs(adjusted - 0.05)) > 1e-9:
        assert reject(ps) == [bool(each <= 0.05) for each in adjusted]


def test_sets_of_codes_are_compared_by_what_they_share() -> None:
    assert overlap(frozenset("DA"), frozenset("A")) == 0.5
    assert overlap(frozenset(), frozenset()) == 1
    with pytest.raises(TypeError, match="frozensets"):
        overlap("D", frozenset("D"))
    items = [Item(k, (frozenset("DA"), frozenset("DAR"), frozenset("DART")), frozenset("T")) for k in range(40)]
    first = replace(items, 0.1, alike=overlap).people[0]
    assert (first.advantage_model, first.advantage_person) == (0, 1)
    assert replace(items, 0.1, alike=equal).people[0].advantage_model == 1  # nobody says quite the same: all are even
