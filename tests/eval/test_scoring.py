"""Two files in, one result out: known vectors, people beside the model, what is missing, and trivial coders."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from assistant.errors import UsageError
from eval.agreement import light
from eval.measures import CODE_METRICS, SET_METRICS
from eval.plain import Plain, read
from eval.ratings import Ratings, Unit
from eval.results import Result
from eval.scoring import score_files
from eval.spans import Mark
from eval.unitizing import Continuum, jaccard, sets, unitized

FOLDER = Path(__file__).parent
DART: dict[str, Any] = json.loads((FOLDER / "vectors.json").read_text(encoding="utf-8"))["DART10"]
SPANS: dict[str, Any] = json.loads((FOLDER / "vectors_spans.json").read_text(encoding="utf-8"))
SPAN_METRICS = {"char_f1", "char_precision", "char_recall", "iou", "span_f1_50", "span_f1_exact", "u_alpha"}
UNITS = 60
MARKS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60), st.sampled_from("ABC")).map(
        lambda m: (min(m[:2]), max(m[:2]), m[2])
    ),
    max_size=6,
)


def near(value: float, within: float = 1e-6) -> Any:
    return pytest.approx(value, abs=within)


def plain(folder: Path, name: str, rows: Sequence[Mapping[str, Any]]) -> Plain:
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return read(path)


def coded(coder: str, codes: Sequence[str | None], documents: int = 10) -> list[dict[str, Any]]:
    """A row per unit from one-letter codes; None: not coded."""
    return [
        {"document": f"d{k % documents}", "unit": k, "coder": coder, "codes": None if each is None else [*each]}
        for k, each in enumerate(codes)
    ]


def marked(coder: str, marks: Sequence[tuple[int, int, str]], length: int | None = 60) -> dict[str, Any]:
    spans = [{"start": start, "end": end, "code": code} for start, end, code in marks]
    return {"document": "d", "coder": coder, "spans": spans, "length": length}


def both(folder: Path, *sides: Sequence[Mapping[str, Any]]) -> Result:
    gold, pred = (plain(folder, str(k), side) for k, side in enumerate(sides))
    return score_files(gold, pred)


def drawn(seed: int, units: int = UNITS) -> list[str]:
    """Sets of A, B and C, the same for units of the same number more often than not."""
    noise = random.Random(seed)
    return [
        "".join(code for k, code in enumerate("ABC") if (unit + k) % 4 == 0 or noise.random() < 0.2)
        for unit in range(units)
    ]


@pytest.fixture
def three(tmp_path: Path) -> Result:
    """Two people and a model."""
    gold = plain(tmp_path, "gold", [*coded("Li", drawn(1)), *coded("Wu", drawn(2))])
    return score_files(gold, plain(tmp_path, "pred", coded("model", drawn(3))))


def test_the_known_vectors_come_out_of_files(tmp_path: Path) -> None:
    gold, pred = plain(tmp_path, "g", coded("Li", DART["gold"])), plain(tmp_path, "p", coded("model", DART["llm"]))
    found, expected = score_files(gold, pred).judged[0], DART["expect"]
    assert found.against == "Li"
    for metric, name in {"kappa": "kappa", "ac1": "ac1", "p_pos": "ppos", "p_neg": "pneg", "f1": "ppos"}.items():
        for code, value in expected[name].items():
            assert found.scores.codes[code][metric].value == near(value), (metric, code)
    overall = {
        "alpha_jaccard": "alpha_jaccard",
        "alpha_masi": "alpha_masi",
        "f1_micro": "micro_f1",
        "exact": "exact_set",
    }
    for metric, name in overall.items():
        assert found.scores.overall[metric].value == near(expected[name]), metric
    assert (found.tallies["A"].gold, found.tallies["A"].pred, found.tallies["A"].both) == (2, 2, 0)
    assert found.tallies["A"].gold_only + found.tallies["A"].pred_only + found.tallies["A"].neither == 10


def test_every_metric_of_the_contract_is_there(tmp_path: Path) -> None:
    rows = [{**row, "spans": [{"start": 0, "end": 3, "code": "A"}], "length": 9} for row in coded("Li", drawn(1))]
    found = score_files(plain(tmp_path, "g", rows), plain(tmp_path, "p", rows)).judged[0].scores
    assert set(found.codes["A"]) == {*CODE_METRICS, "mcnemar"} | SPAN_METRICS
    assert set(found.overall) == {*SET_METRICS} | SPAN_METRICS
    assert found.codes["A"]["kappa"].value == found.overall["span_f1_exact"].value == 1.0
    assert found.overall["char_f1"].clusters == 10


def test_equal_input_gives_equal_bytes_in_any_order_of_lines(tmp_path: Path) -> None:
    gold, pred = coded("Li", drawn(1)) + coded("Wu", drawn(2)), coded("model", drawn(3))
    results = []
    for seed in (None, None, 5):
        if seed:
            random.Random(seed).shuffle(pred)
            gold = [*random.Random(seed).sample(gold[:UNITS], UNITS), *gold[UNITS:]]
        result = score_files(plain(tmp_path, "g", gold), plain(tmp_path, "p", pred)).as_dict()
        results.append(json.dumps({**result, "inputs": {}}))
    assert results[0] == results[1] == results[2]


def test_with_several_people_the_headline_is_the_mean_over_them(three: Result) -> None:
    found = three.judged[0]
    assert found.against == "mean over Li, Wu"
    assert set(found.each) == {"Li", "Wu"}
    for code, metric in (("A", "kappa"), ("B", "p_pos"), ("C", "alpha_ordinal")):
        values = [scores.codes[code][metric].value or 0 for scores in found.each.values()]
        assert values[0] != values[1]
        assert found.scores.codes[code][metric].value == near(sum(values) / 2)
    values = [scores.overall["alpha_jaccard"].value or 0 for scores in found.each.values()]
    assert found.scores.overall["alpha_jaccard"].value == near(sum(values) / 2)
    assert found.scores.codes["A"]["mcnemar"].status == "undefined:several_pairs"
    assert found.each["Li"].codes["A"]["mcnemar"].value is not None
    assert found.tallies["A"].units == 2 * UNITS


def test_people_among_themselves_stand_beside_it(three: Result, tmp_path: Path) -> None:
    rows = [(frozenset(one), frozenset(other)) for one, other in zip(drawn(1), drawn(2), strict=True)]
    units = tuple(Unit(str(k), f"d{k % 10}") for k in range(UNITS))
    between = light(Ratings(units, ("Li", "Wu"), tuple(rows)).code("A")).value()
    assert three.human is not None
    assert three.human.codes["A"]["kappa"].value == near(between or 0)
    one = score_files(plain(tmp_path, "g1", coded("Li", drawn(1))), plain(tmp_path, "p1", coded("m", drawn(3))))
    assert one.human is None
    assert one.judged[0].consensus is None
    assert "human" not in one.as_dict()


def test_the_consensus_of_two_is_what_both_gave(three: Result, tmp_path: Path) -> None:
    shared = ["".join(sorted({*a} & {*b})) for a, b in zip(drawn(1), drawn(2), strict=True)]
    alone = score_files(plain(tmp_path, "b", coded("both", shared)), plain(tmp_path, "m", coded("m", drawn(3))))
    assert three.judged[0].consensus is not None
    assert three.judged[0].consensus.codes["A"] == alone.judged[0].scores.codes["A"]


def test_people_who_coded_different_units_are_each_compared_on_their_own(tmp_path: Path) -> None:
    gold = [*coded("Li", drawn(1)[:40]), *coded("Wu", drawn(2))[20:]]
    found = score_files(plain(tmp_path, "g", gold), plain(tmp_path, "p", coded("m", drawn(3))))
    alone = score_files(plain(tmp_path, "g1", gold[:40]), plain(tmp_path, "p", coded("m", drawn(3))))
    assert found.judged[0].each["Li"].codes["A"]["kappa"].value == alone.judged[0].scores.codes["A"]["kappa"].value
    assert found.human is not None
    assert found.human.codes["A"]["kappa"].units == 20
    assert alone.unknown == 20


def test_units_not_coded_are_missing_and_counted_never_taken_as_empty(tmp_path: Path) -> None:
    gold = coded("Li", ["A", "A", "", "", "A"])
    nulls = plain(tmp_path, "n", coded("m", ["A", "A", "", None, None]))
    absent = plain(tmp_path, "a", coded("m", ["A", "A", ""]))
    empty = plain(tmp_path, "e", coded("m", ["A", "A", "", "", ""]))
    found, same, other = (score_files(plain(tmp_path, "g", gold), pred).judged[0] for pred in (nulls, absent, empty))
    assert found.scores == same.scores
    assert found.missing == same.missing == 2
    assert found.scores.codes["A"]["kappa"].units == 3
    assert found.scores.codes["A"]["p_pos"].value == 1.0
    assert found.worst_case is not None
    assert found.worst_case["f1_micro"] == near(2 * 2 / (2 * 2 + 1 + 1))
    assert other.missing == 0
    assert other.worst_case is None
    assert other.scores.codes["A"]["p_pos"].value == near(0.8)


def test_a_coder_of_nothing_gets_high_ac1_but_no_alpha(tmp_path: Path) -> None:
    gold = ["D" if k % 10 == 0 else "A" if k % 13 == 0 else "" for k in range(130)]
    pred = plain(tmp_path, "p", coded("m", ["D" if k % 9 == 0 else "" for k in range(130)]))
    found = score_files(plain(tmp_path, "g", coded("Li", gold)), pred).judged[0]
    assert (found.nothing_codes["D"]["ac1"] or 0) > 0.8
    assert found.nothing_codes["D"]["kappa"] == near(0)
    assert found.nothing_codes["D"]["p_pos"] == near(0)
    assert (found.nothing_overall["alpha_jaccard"] or 0) < 0
    assert found.nothing_overall["f1_micro"] == near(0)


def test_a_person_and_a_model_of_one_name_and_several_judged_coders(tmp_path: Path) -> None:
    gold = plain(tmp_path, "g", coded("Li", drawn(1)))
    result = score_files(gold, plain(tmp_path, "p", [*coded("Li", drawn(3)), *coded("m2", drawn(1))]))
    data = result.as_dict()
    assert data["gold"] == ["Li"]
    assert data["pred"] == ["Li", "m2"]
    assert data["coder"] == data["against"] == "Li"
    assert data["codes"]["A"]["kappa"]["value"] < 1
    assert data["others"]["m2"]["codes"]["A"]["kappa"]["value"] == 1.0


def test_files_that_cannot_be_compared_say_why(tmp_path: Path) -> None:
    gold = plain(tmp_path, "g", coded("Li", ["A", "B"]))
    with pytest.raises(UsageError, match="no unit in common, as unit '0' of document 'other'"):
        score_files(gold, plain(tmp_path, "p", [{**row, "document": "other"} for row in coded("m", ["A"])]))
    spans = [{"document": "d0", "unit": 0, "coder": "m", "spans": []}]
    with pytest.raises(UsageError, match=r"g.jsonl holds codes, .*p.jsonl spans"):
        score_files(gold, plain(tmp_path, "p", spans))


def test_the_known_spans_come_out_of_files(tmp_path: Path) -> None:
    vector = SPANS["SPAN"]
    gold, pred = (
        plain(tmp_path, "g", [marked("Li", vector["gold"])]),
        plain(tmp_path, "p", [marked("m", vector["pred"])]),
    )
    found = score_files(gold, pred).judged[0].scores
    expected = {"span_f1_exact": "exact_f1", "span_f1_50": "iou50_f1", "char_precision": "char_p"}
    expected |= {"char_recall": "char_r", "char_f1": "char_f1", "iou": "char_iou"}
    for metric, name in expected.items():
        assert found.overall[metric].value == near(vector["expect"][name]), metric
    assert found.codes["A"]["iou"].value == near(vector["expect"]["iou_A"])
    assert "kappa" not in found.codes["A"]


def test_units_laid_end_to_end_are_the_document(tmp_path: Path) -> None:
    """A document cut into units where nothing is marked has the same figures as the document whole."""
    whole = [(0, 5, "A"), (3, 9, "B"), (24, 30, "A")], [(1, 6, "A"), (3, 9, "B"), (24, 29, "A")]
    parts = [[(0, 5, "A"), (3, 9, "B")], [(4, 10, "A")]], [[(1, 6, "A"), (3, 9, "B")], [(4, 9, "A")]]
    one = both(tmp_path, *([marked(str(k), marks)] for k, marks in enumerate(whole)))
    rows = [
        [
            {**marked(str(k), marks, length), "unit": u}
            for u, (marks, length) in enumerate(zip(side, (20, 40), strict=True))
        ]
        for k, side in enumerate(parts)
    ]
    two = both(tmp_path, *rows)
    assert two.judged[0].scores == one.judged[0].scores
    assert 0 < (one.judged[0].scores.overall["u_alpha"].value or 0) < 1


def test_spans_of_two_units_never_meet(tmp_path: Path) -> None:
    gold = [{**marked("Li", [(0, 5, "A")]), "unit": 1}, {**marked("Li", []), "unit": 2}]
    pred = [{**marked("m", []), "unit": 1}, {**marked("m", [(0, 5, "A")]), "unit": 2}]
    for length in (60, None):
        rows = [[{**row, "length": length} for row in side] for side in (gold, pred)]
        found = both(tmp_path, *rows).judged[0].scores
        assert found.overall["char_f1"].value == found.overall["span_f1_50"].value == 0.0
    assert found.overall["u_alpha"].status == "undefined:no_length"


def test_the_published_unitizing_example_is_the_peoples_own_agreement(tmp_path: Path) -> None:
    """Pairs of coders are pooled: for alex and paul alone that is u-alpha of the two."""
    observed = SPANS["UALPHA"]["obs"]
    gold = plain(tmp_path, "g", [marked(name, observed[name]) for name in ("alex", "paul")])
    result = score_files(gold, plain(tmp_path, "p", [marked("m", observed["suzan"])]))
    pair = score_files(
        plain(tmp_path, "a", [marked("alex", observed["alex"])]), plain(tmp_path, "b", [marked("m", observed["paul"])])
    )
    assert result.human is not None
    assert result.human.overall["u_alpha"].value == pair.judged[0].scores.overall["u_alpha"].value
    each = [scores.overall["char_f1"].value or 0 for scores in result.judged[0].each.values()]
    assert min(each) < (result.judged[0].scores.overall["char_f1"].value or 0) < max(each)


def test_documents_are_the_clusters_and_few_of_them_give_no_interval(tmp_path: Path) -> None:
    for documents, status in ((4, "no_interval:too_few_documents"), (12, "ok"), (20, "ok")):
        gold = plain(tmp_path, "g", coded("Li", drawn(1), documents))
        found = score_files(gold, plain(tmp_path, "p", coded("m", drawn(3), documents))).judged[0].scores
        kappa = found.codes["A"]["kappa"]
        assert (kappa.status, kappa.clusters, kappa.units) == (status, documents, UNITS)
        assert (kappa.low is not None) == (status == "ok")
    assert kappa.method.startswith("cluster bootstrap")


def test_the_page_names_every_metric() -> None:
    page = (FOLDER.parents[1] / "docs" / "eval.md").read_text(encoding="utf-8")
    assert not [name for name in {*CODE_METRICS, *SET_METRICS, *SPAN_METRICS, "mcnemar"} if f"`{name}`" not in page]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(MARKS, MARKS), min_size=1, max_size=6))
def test_u_alpha_over_all_codes_is_that_of_the_tiled_texts(
    tmp_path_factory: pytest.TempPathFactory, documents: list[tuple[list[tuple[int, int, str]], ...]]
) -> None:
    rows = [
        [{**marked(str(k), side), "document": d} for d, side in enumerate(sides)]
        for k, sides in enumerate(zip(*documents, strict=True))
    ]
    found = both(tmp_path_factory.getbasetemp(), *rows).judged[0].scores.overall["u_alpha"]
    texts = [Continuum(60, tuple(tuple(Mark(*mark) for mark in side) for side in sides)) for sides in documents]
    expected = unitized([sets(text) for text in texts], jaccard).u
    assert (found.value is None) == (expected.value is None)
    assert found.value == (None if expected.value is None else near(expected.value))
    assert (found.status, found.units) == (expected.status, expected.units)


def test_many_documents_of_few_kinds_have_the_interval_of_a_share(tmp_path: Path) -> None:
    """Of 800 documents of one unit each a quarter disagree: 0.75 ± 1.96 sqrt(0.75 × 0.25 / 800)."""
    gold = plain(tmp_path, "g", coded("Li", ["A"] * 800, 800))
    pred = plain(tmp_path, "p", coded("m", ["" if k % 4 == 0 else "A" for k in range(800)], 800))
    found = score_files(gold, pred).judged[0].scores.codes["A"]["holsti"]
    half = 1.96 * (0.75 * 0.25 / 800) ** 0.5
    assert found.clusters == 800
    assert (found.low, found.high) == (near(0.75 - half, 0.003), near(0.75 + half, 0.003))
