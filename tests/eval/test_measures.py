"""Ratings, consensus, ceilings and whole scores; and what must hold of any ratings (T44)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, strategies as st

from assistant.errors import UsageError
from eval.agreement import ac1, brennan_prediger, conger, fleiss, light
from eval.alpha import Distance, alpha
from eval.ceilings import against_humans
from eval.measures import score
from eval.ratings import Codes, Grid, Ratings, Unit
from eval.sets import f1_micro, hamming_accuracy
from eval.yes_no import holsti, negative_agreement, positive_agreement

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))
EXPECTED = VECTORS["DART10"]["expect"]


def near(value: float, within: float = 1e-6) -> Any:
    return pytest.approx(value, abs=within)


def of_sets(*coders: Sequence[str | None], documents: Sequence[str] = ()) -> Ratings:
    """A string of one-letter codes per unit for each coder; None where not coded."""
    names = documents or [f"d{k}" for k in range(len(coders[0]))]
    given = [tuple(None if codes is None else frozenset(codes) for codes in row) for row in zip(*coders, strict=True)]
    units = [Unit(str(k), name) for k, name in enumerate(names)]
    return Ratings(tuple(units), tuple(f"c{k}" for k in range(len(coders))), tuple(given))


DART = of_sets(VECTORS["DART10"]["gold"], VECTORS["DART10"]["llm"])


def test_t23_statuses_of_codes_nobody_or_everybody_gives() -> None:
    found = score(of_sets(["A", "A", "A"], ["A", "A", "A"]), "c0", "c1", codes=["A", "B"])
    assert found.codes["B"]["p_pos"].status == "undefined:not_used"
    assert found.codes["B"]["precision"].status == "undefined:not_used"
    assert found.codes["A"]["p_neg"].status == "undefined:always_used"
    assert found.codes["A"]["kappa"].status == "undefined:no_variation"
    assert found.codes["A"]["mcnemar"].status == "undefined:no_disagreement"
    assert found.codes["B"]["p_pos"].value is found.codes["A"]["kappa"].value is None
    assert found.overall["alpha_jaccard"].status == "undefined:no_variation"
    assert found.codes["A"]["f1"].value == 1.0


def test_a_consensus_is_what_more_than_half_gave() -> None:
    ratings = of_sets(["A", "AB", "A", None], ["A", "B", None, None], ["B", "C", "B", None])
    agreed = ratings.with_consensus("c0", "c1", "c2").of("consensus")
    assert [row[0] for row in agreed.given] == [frozenset("A"), frozenset("B"), frozenset(), None]


def test_a_model_beside_two_humans() -> None:
    humans = ["AB", "", "A", "B", "A", ""] * 2, ["A", "", "A", "B", "", ""] * 2
    ratings = of_sets(*humans, humans[0])
    found = against_humans(ratings, "c2", ["c0", "c1"], lambda r: light(r.code("A")), "kappaA")
    between = light(ratings.of("c0", "c1").code("A")).value()
    assert between is not None and 0 < between < 1
    assert found.each["c0"].value == 1.0
    assert found.each["c1"].value == found.human_mean.value == found.together.value == near(between)
    assert found.human_pairs["c0", "c1"].value == near(between)
    assert found.model_mean.value == near((1 + between) / 2)
    assert found.gap.value == near((1 + between) / 2 - between)
    assert found.perfect == near(between**0.5)
    assert found.consensus.value == light(ratings.with_consensus("c0", "c1").of("consensus", "c2").code("A")).value()


def test_a_ceiling_needs_two_humans_who_are_there() -> None:
    with pytest.raises(UsageError, match="nobody to agree with"):
        against_humans(DART, "c1", ["c0"], f1_micro, "f1_micro")
    with pytest.raises(UsageError, match="'c9'"):
        against_humans(DART, "c1", ["c0", "c9"], f1_micro, "f1_micro")


def test_ratings_refuse_a_unit_or_coder_twice() -> None:
    with pytest.raises(UsageError, match="unit stands twice"):
        Ratings((Unit("1", "d"), Unit("1", "e")), ("a",), ((None,), (None,)))
    with pytest.raises(UsageError, match="coder stands twice"):
        Ratings((Unit("1", "d"),), ("a", "a"), ((None, None),))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "ratings", [of_sets([], []), of_sets([None], ["A"]), of_sets([""], [""])], ids=["no units", "apart", "no codes"]
)
def test_scores_of_next_to_nothing_are_undefined_throughout(ratings: Ratings) -> None:
    found = score(ratings, "c0", "c1", codes=["A"])
    for name in ("kappa", "pi", "fleiss", "alpha_ordinal", "ac1", "pabak", "p_pos", "f1", "mcnemar"):
        assert found.codes["A"][name].value is None, name
        assert found.codes["A"][name].status.startswith("undefined:"), name
    for name in ("alpha_jaccard", "alpha_masi", "f1_micro", "f1_macro"):
        assert found.overall[name].value is None, name


def test_scores_hold_every_metric_on_the_units_both_coded() -> None:
    gold, judged = [*VECTORS["DART10"]["gold"], "D", None], [*VECTORS["DART10"]["llm"], None, "A"]
    found = score(of_sets(gold, judged), "c0", "c1")
    assert list(found.codes) == ["A", "D", "R", "T"]
    assert {measure.units for code in found.codes.values() for measure in code.values()} == {10}
    assert found.codes["T"]["ac1"].value == near(EXPECTED["ac1"]["T"])
    assert found.codes["T"]["alpha_ordinal"].value == near(found.codes["T"]["alpha_nominal"].value or 0)
    assert found.codes["A"]["bias_index"].value == near(0.0)
    assert found.overall["f1_macro"].value == near(EXPECTED["macro_f1"])
    assert found.overall["alpha_masi"].value == near(EXPECTED["alpha_masi"])


SETS = st.frozensets(st.sampled_from("ABC"))
ROWS = st.lists(st.tuples(*[st.none() | SETS] * 3), min_size=2, max_size=12)


def ratings_of(rows: Sequence[Sequence[Codes | None]]) -> Ratings:
    units = tuple(Unit(str(k), f"d{k % 3}") for k in range(len(rows)))
    return Ratings(units, ("x", "y", "z"), tuple(tuple(row) for row in rows))


def values_of(ratings: Ratings, code: str) -> list[float | None]:
    """Every coefficient that makes no difference between coders."""
    symmetric = (fleiss, conger, ac1, brennan_prediger, light, alpha, positive_agreement, negative_agreement, holsti)
    set_alphas = [alpha(ratings.sets(), distance).value() for distance in ("nominal", "jaccard", "masi", "hamming")]
    return [coefficient(ratings.code(code)).value() for coefficient in symmetric] + set_alphas


def same(one: Sequence[float | None], other: Sequence[float | None]) -> bool:
    return all(a == b if a is None or b is None else abs(a - b) < 1e-9 for a, b in zip(one, other, strict=True))


@given(ROWS, st.permutations(range(3)), st.randoms())
def test_t44_the_order_of_coders_units_and_codes_changes_nothing(
    rows: list[tuple[Codes | None, ...]], order: list[int], random: Any
) -> None:
    expected = values_of(ratings_of(rows), "A")
    shuffled = random.sample(rows, len(rows))
    renamed = dict(zip("ABC", "ZYX", strict=True))
    turned = [[None if codes is None else frozenset(renamed[code] for code in codes) for codes in row] for row in rows]
    assert same(values_of(ratings_of([[row[k] for k in order] for row in rows]), "A"), expected)
    assert same(values_of(ratings_of(shuffled), "A"), expected)
    assert same(values_of(ratings_of(turned), "Z"), expected)


@given(ROWS, st.sampled_from(["nominal", "jaccard", "masi", "hamming"]))
def test_t44_alpha_is_one_just_where_all_are_identical(
    rows: list[tuple[Codes | None, ...]], distance: Distance
) -> None:
    found = alpha(ratings_of(rows).sets(), distance).value()
    assume(found is not None)
    spoken = [{codes for codes in row if codes is not None} for row in rows]
    assert (found == 1.0) == all(len(each) <= 1 for each in spoken)


@given(ROWS)
def test_t44_an_unused_code_raises_only_hamming_accuracy(rows: list[tuple[Codes | None, ...]]) -> None:
    ratings = ratings_of(rows)
    few, many = hamming_accuracy(ratings, "ABC").value(), hamming_accuracy(ratings, "ABCU").value()
    assume(few is not None)
    assert few is not None and many is not None
    assert many > few if few < 1 else many == 1
    sets = ratings.sets()
    widened = Grid((*sets.values, frozenset("U")), sets.cells, sets.documents)
    assert same([alpha(widened, "jaccard").value()], [alpha(sets, "jaccard").value()])
