"""Agreement coefficients against worked examples of the literature. T numbers name rows of the table of examples."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval.agreement import (
    ac1,
    ac1_error,
    brennan_prediger,
    cohen,
    cohen_error,
    conger,
    contingency,
    fleiss,
    fleiss_by_value,
    kappa_max,
    light,
    scott,
)
from eval.alpha import Distance, alpha, alpha_parts, masi
from eval.ratings import Grid, Ratings, Unit
from eval.sets import (
    exact_sets,
    f1_macro,
    f1_micro,
    f1_samples,
    hamming_accuracy,
    jaccard_mean,
    precision_micro,
    recall_micro,
)
from eval.yes_no import (
    bias_index,
    composite_reliability,
    four,
    frequency_ratio,
    holsti,
    mcnemar,
    negative_agreement,
    positive_agreement,
    precision,
    prevalence_index,
    recall,
)

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))
TABLES: dict[str, dict[str, Any]] = {table["id"]: table for table in VECTORS["TABLES"]}


def near(value: float, within: float = 1e-6) -> Any:
    return pytest.approx(value, abs=within)


def of_table(table: Sequence[Sequence[int]]) -> Grid:
    """One unit per count; with two values, value 1 (yes) is the table's first row and column."""
    size = len(table)
    names: list[int] = [1, 0] if size == 2 else list(range(size))
    rows = [(names[i], names[j]) for i in range(size) for j in range(size) for _ in range(table[i][j])]
    return Grid.of(rows, sorted(names))


def of_sets(*coders: Sequence[str | None], documents: Sequence[str] = ()) -> Ratings:
    """A string of one-letter codes per unit for each coder; None where not coded."""
    names = documents or [f"d{k}" for k in range(len(coders[0]))]
    given = [tuple(None if codes is None else frozenset(codes) for codes in row) for row in zip(*coders, strict=True)]
    units = [Unit(str(k), name) for k, name in enumerate(names)]
    return Ratings(tuple(units), tuple(f"c{k}" for k in range(len(coders))), tuple(given))


K2011 = Grid.of(VECTORS["K2011"]["units"])
DART = of_sets(VECTORS["DART10"]["gold"], VECTORS["DART10"]["llm"])
EXPECTED = VECTORS["DART10"]["expect"]


@pytest.mark.parametrize("distance", ["nominal", "ordinal", "interval", "ratio"])
def test_t1_alpha_of_four_coders_with_missing_values(distance: Distance) -> None:
    assert alpha(K2011, distance).value() == near(VECTORS["K2011"]["expect"][f"alpha_{distance}"])


def test_t1_what_alpha_is_made_of() -> None:
    parts = alpha_parts(K2011)
    assert (parts.observed, parts.expected, parts.values) == (near(0.2), near(0.7794871795), 40)


@pytest.mark.parametrize("distance", ["nominal", "ordinal", "interval", "ratio"])
def test_alpha_is_one_minus_its_parts(distance: Distance) -> None:
    parts = alpha_parts(K2011, distance)
    assert alpha(K2011, distance).value() == near(1 - parts.observed / parts.expected, 1e-12)


def test_t2_coefficients_of_four_coders_with_missing_values() -> None:
    expected = VECTORS["K2011"]["expect"]
    assert ac1(K2011).value() == near(expected["gwet_ac1"], 1e-5)
    assert ac1_error(K2011) == near(expected["ac1_se"], 1e-5)
    assert fleiss(K2011).value() == near(expected["fleiss"], 1e-5)
    assert conger(K2011).value() == near(expected["conger"], 1e-5)
    assert brennan_prediger(K2011).value() == near(expected["brennan_prediger"], 1e-5)


def test_t3_alpha_with_mostly_missing_values() -> None:
    coders = [[None if sign == "*" else int(sign) for sign in row.split()] for row in VECTORS["WIKI_ALPHA"]["coders"]]
    grid = Grid.of(list(zip(*coders, strict=True)))
    assert alpha(grid).value() == near(0.6913580247)
    assert alpha(grid, "interval").value() == near(0.8108448929)


def test_t4_alpha_of_krippendorff_and_of_hayes_and_krippendorff() -> None:
    assert alpha(Grid.of(VECTORS["K2004_p224"]["pairs"])).value() == near(0.0952380952)
    assert alpha(Grid.of(VECTORS["K2004_p227"]["pairs"])).value() == near(0.7341040462)
    five = Grid.of(VECTORS["HK2007"]["units"])
    for distance in ("nominal", "ordinal", "interval"):
        assert alpha(five, distance).value() == near(VECTORS["HK2007"]["expect"][f"alpha_{distance}"])
    assert alpha_parts(five).values == 159


@pytest.mark.parametrize("name", list(TABLES))
def test_t5_to_t13_tables_of_two_coders(name: str) -> None:
    table, grid = TABLES[name], of_table(TABLES[name]["t"])
    found = {
        "kappa": cohen(grid),
        "pi": scott(grid),
        "ac1": ac1(grid),
        "bp": brennan_prediger(grid),
        "alpha": alpha(grid),
        "kappa_linear": cohen(grid, "linear"),
        "kappa_quadratic": cohen(grid, "quadratic"),
    }
    if len(table["t"]) == 2:
        found |= {"ppos": positive_agreement(grid), "pneg": negative_agreement(grid)}
    compared = [key for key in found if key in table]
    assert "kappa" in compared
    for key in compared:
        assert found[key].value() == near(table[key], table.get("tol", 1e-4)), key


def test_t8_standard_errors_of_a_skewed_table() -> None:
    table = TABLES["irrCAC_skewed"]
    assert cohen_error(np.array(table["t"])) == near(table["se_kappa"], 1e-4)
    error = ac1_error(of_table(table["t"]))
    assert error is not None
    assert error * (99 / 100) ** 0.5 == near(table["se_ac1"], 1e-5)  # the printed one fits a divisor n, T2's fits n - 1


def test_t9_unequal_shares_raise_kappa_at_the_same_agreement() -> None:
    even, uneven = of_table(TABLES["bias_sym"]["t"]), of_table(TABLES["bias_asym"]["t"])
    assert holsti(even).value() == holsti(uneven).value() == near(0.6)
    assert (cohen(even).value() or 0) < (cohen(uneven).value() or 0)
    assert (bias_index(even).value(), bias_index(uneven).value()) == (near(-0.1), near(0.3))


def test_t10_error_interval_and_maximum_of_cohens_example() -> None:
    table = TABLES["Cohen1960_p45"]
    grid = of_table(table["t"])
    counts = contingency(grid)
    assert counts.tolist() == table["t"]
    error, kappa = cohen_error(counts), cohen(grid).value()
    assert error == near(table["se"], 1e-6)
    assert kappa is not None and error is not None
    assert (kappa - 1.959964 * error, kappa + 1.959964 * error) == (near(table["ci"][0]), near(table["ci"][1]))
    assert kappa_max(counts) == near(table["kappa_max"])


def test_t14_fleiss_own_example_as_a_whole_and_by_category() -> None:
    expected = VECTORS["FLEISS1971"]["expect"]
    grid = Grid.of([list(row) for row in VECTORS["FLEISS1971"]["rows"]])
    assert fleiss(grid).value() == near(expected["kappa"])
    assert [kappa.value() for kappa in fleiss_by_value(grid).values()] == near(expected["per_category"])
    assert list(fleiss_by_value(grid)) == ["1", "2", "3", "4", "5"]


def test_t15_fleiss_and_randolph_of_fourteen_coders() -> None:
    rows = [[value for value, n in enumerate(row) for _ in range(n)] for row in VECTORS["FLEISS_WIKI"]["counts"]]
    assert fleiss(Grid.of(rows)).value() == near(0.2099307044)
    assert brennan_prediger(Grid.of(rows)).value() == near(0.2225274725)


def test_t16_masi_of_pairs_of_sets() -> None:
    for one, other, distance in VECTORS["MASI"]["d"]:
        assert masi(frozenset(one), frozenset(other)) == near(distance, 1e-12)
        assert masi(frozenset(other), frozenset(one)) == near(distance, 1e-12)


@pytest.mark.parametrize("distance", ["nominal", "hamming", "jaccard", "masi"])
def test_t17_alpha_of_sets(distance: Distance) -> None:
    assert alpha(DART.sets(), distance).value() == near(EXPECTED[f"alpha_{distance}"])


def test_t17_hamming_alpha_is_the_alpha_of_all_codes_pooled() -> None:
    parts = [alpha_parts(DART.code(code)) for code in DART.codes]
    pooled = 1 - sum(part.observed for part in parts) / sum(part.expected for part in parts)
    assert alpha(DART.sets(), "hamming").value() == near(pooled, 1e-12)


@pytest.mark.parametrize("code", ["D", "A", "R", "T"])
def test_t18_to_t20_coefficients_by_code(code: str) -> None:
    grid = DART.code(code)
    assert cohen(grid).value() == near(EXPECTED["kappa"][code])
    assert ac1(grid).value() == near(EXPECTED["ac1"][code])
    assert brennan_prediger(grid).value() == near(EXPECTED["pabak"][code])
    assert positive_agreement(grid).value() == near(EXPECTED["ppos"][code])
    assert negative_agreement(grid).value() == near(EXPECTED["pneg"][code])


def test_t21_f1_over_all_codes() -> None:
    assert precision_micro(DART).value() == near(EXPECTED["micro_p"])
    assert recall_micro(DART).value() == near(EXPECTED["micro_r"])
    assert f1_micro(DART).value() == near(EXPECTED["micro_f1"])
    assert f1_macro(DART).value() == near(EXPECTED["macro_f1"])
    assert f1_samples(DART).value() == near(EXPECTED["samples_f1_empty1"])


def test_t22_whole_sets() -> None:
    assert jaccard_mean(DART).value() == near(EXPECTED["mean_jaccard_empty1"])
    assert exact_sets(DART).value() == near(EXPECTED["exact_set"])
    assert hamming_accuracy(DART, "DART").value() == near(EXPECTED["hamming_acc"])


CORRECTED = [alpha, cohen, light, scott, fleiss, conger, ac1, brennan_prediger]


@pytest.mark.parametrize("coefficient", CORRECTED, ids=lambda each: each.__name__)
def test_t23_what_has_no_value_says_why(coefficient: Any) -> None:
    same = coefficient(Grid.of([[0, 0]] * 8, (0, 1)))
    single = coefficient(Grid.of([[0, 1]], (0, 1)))
    apart = coefficient(Grid.of([[0, None], [None, 1], [1, None]], (0, 1)))
    nothing = coefficient(Grid.of([[None, None]], (0, 1)))
    assert [found.value() for found in (same, single, apart, nothing)] == [None] * 4
    assert same.problem == "no_variation"
    assert [found.problem for found in (single, apart, nothing)] == ["too_few"] * 3


def test_t24_one_constant_coder() -> None:
    grid = Grid.of(VECTORS["DEGENERATE"]["one_coder_constant"]["pairs"])
    assert cohen(grid).value() == near(0.0)
    assert fleiss(grid).value() == near(-0.11111, 1e-5)
    assert alpha(grid).value() == near(-0.05556, 1e-5)
    assert ac1(grid).value() == near(0.7561, 1e-4)


def test_t43_mcnemar_without_correction() -> None:
    (_, b), (c, _) = VECTORS["MCNEMAR"]["t"]
    found = mcnemar(b, c)
    assert found is not None and found.p_exact is None
    assert found.chi2 == near(VECTORS["MCNEMAR"]["chi2"])
    assert found.p == found.p_chi2 == pytest.approx(VECTORS["MCNEMAR"]["p"], rel=1e-5)


def test_mcnemar_is_exact_under_25_discordant_units() -> None:
    found = mcnemar(1, 5)
    assert found is not None
    assert found.p == found.p_exact == near(2 * (1 + 6) / 64)
    assert found.chi2_corrected == near(9 / 6)
    assert mcnemar(0, 0) is None
    assert (mcnemar(12, 12).p_exact, mcnemar(13, 12).p_exact) == (1.0, None)  # type: ignore[union-attr]


def test_parts_of_a_two_by_two_table() -> None:
    grid = of_table([[8, 4], [2, 6]])
    assert four(grid) == (8, 4, 2, 6)
    assert (precision(grid).value(), recall(grid).value()) == (near(0.8), near(8 / 12))
    assert prevalence_index(grid).value() == near(0.1)
    assert bias_index(grid).value() == near(0.1)
    assert frequency_ratio(grid).value() == near(10 / 12)
    assert holsti(grid).value() == near(0.7)
    assert composite_reliability(0.7, 2) == near(1.4 / 1.7)


def test_units_one_coder_did_not_code_are_no_units_without_the_code() -> None:
    grid = of_sets(["A", "A", None, ""], ["A", None, "A", ""]).code("A")
    assert four(grid) == (1, 0, 0, 1)
    assert cohen(grid).value() == 1.0
