"""Prices: which one counts, what a call costs, and what a price list must look like."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

import assistant
from assistant.errors import ProjectError
from assistant.model import Usage
from assistant.pricing import Price, Range, before, cost, merged, money, parse, shipped, worst

MINI = Price(input=0.25, output=2.0, cached=0.025, batch=0.5)
DOLLARS = st.floats(0, 100, allow_nan=False)
COUNTS = st.integers(0, 200_000)


def listed(**models: str) -> str:
    """A price list; keyword names stand for specs, `__` for a colon."""
    tables = [f'[models."{name.replace("__", ":")}"]\n{body}' for name, body in models.items()]
    return 'as_of = "2026-01-02"\n' + "\n".join(tables)


def test_the_shipped_list_lies_in_the_package_and_says_when_and_where_from_for_every_price() -> None:
    assert (Path(assistant.__file__).parent / "prices.toml").is_file()
    (prices,) = shipped().lists
    for name, price in prices.items():
        if price is not None:
            assert date.fromisoformat(price.as_of) <= date.fromisoformat("2026-10-27"), name
            sent = price.input or price.output
            assert price.source.startswith("https://") if sent else "://" not in price.source, name
            assert price.output >= price.input >= (price.cached or 0), name


@pytest.mark.parametrize("spec", ["lexical", "recorded:replies.jsonl", "ollama:qwen3:8b", "vllm:Qwen/Qwen3-8B"])
def test_what_is_not_sent_or_runs_on_ones_own_machine_costs_nothing(spec: str) -> None:
    price = shipped().of(spec)
    assert price is not None
    assert cost(price, Usage(1000, 1000)) == 0


@pytest.mark.parametrize(
    "spec",
    [
        "ollama:gpt-oss:120b-cloud",
        "ollama:gemma4:cloud",
        "ollama:GPT-OSS:120b-Cloud",
        "compatible:gpt-5-mini",
        "qwen:qwen-plus",
        "openai:gpt-5-minimal",
        "openai:no-such-model",
        "gpt-5-mini",
        "",
    ],
)
def test_a_price_that_is_not_known_is_unknown_and_not_nothing(spec: str) -> None:
    assert shipped().of(spec) is None


def test_a_dated_name_costs_what_its_undated_name_costs() -> None:
    undated = shipped().of("openai:gpt-5-mini")
    assert undated is not None
    assert shipped().of("openai:gpt-5-mini-2025-08-07") == undated
    assert shipped().of(" OpenAI:gpt-5-mini-20250807 ") == undated
    assert shipped().of("openai:gpt-5-mini-0807") is None


def test_an_exact_name_comes_before_a_pattern_and_a_longer_pattern_before_a_shorter_one() -> None:
    prices = parse(
        listed(
            **{
                "a__*": "input = 1\noutput = 1",
                "a__big*": "input = 2\noutput = 2",
                "a__bigger": "input = 3\noutput = 3",
                "a__bigger-2025-01-01": "input = 4\noutput = 4",
                "a__*.[x]*": "input = 5\noutput = 5",
            }
        ),
        "here",
    )

    def input_of(spec: str) -> float | None:
        price = prices.of(spec)
        return price.input if price else None

    assert [input_of(s) for s in ("a:x", "a:big", "a:biggest", "a:bigger", "b:big")] == [1, 2, 2, 3, None]
    assert [input_of(s) for s in ("a:bigger-2025-01-01", "a:bigger-2026-01-01", "a:big-2026-01-01")] == [4, 3, 2]
    assert [input_of(s) for s in ("a:q.[x]", "a:q.x")] == [5, 1], "only * stands for other characters"


def test_a_projects_own_list_comes_first_by_name_by_pattern_and_as_unknown() -> None:
    own = parse(
        listed(**{"openai__*": "input = 9\noutput = 9", "ollama__*": "unknown = true"}),
        "prices.toml",
    )
    both = merged(shipped(), own)
    price = both.of("openai:gpt-5-mini")
    assert price == Price(9, 9, as_of="2026-01-02", source="prices.toml")
    assert both.of("ollama:qwen3:8b") is None
    assert both.of("lexical") == shipped().of("lexical")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("as_of = ", "not valid TOML"),
        ("as_of = 'last week'", "as_of must be a date"),
        ("as_of = 20260102", "as_of must be a date"),
        ("as_off = '2026-01-02'", "unknown key as_off"),
        ("currency = 'CNY'", 'currency must be "USD"'),
        ("models = 3", "models must be a table"),
        ("[models]\n'a:b' = 3", 'models."a:b" must be a table'),
        ("[models.'a:b']\ninput = 1\noutput = 2", 'models."a:b".as_of is missing'),
        (listed(a__b="output = 2"), 'models."a:b".input is missing'),
        (listed(a__b="input = 1"), 'models."a:b".output is missing'),
        (listed(a__b="input = -1\noutput = 2"), 'models."a:b".input must be US dollars'),
        (listed(a__b="input = '1'\noutput = 2"), 'models."a:b".input must be US dollars'),
        (listed(a__b="input = true\noutput = 2"), 'models."a:b".input must be US dollars'),
        (listed(a__b="input = 1\noutput = inf"), 'models."a:b".output must be US dollars'),
        (listed(a__b="input = 1\noutput = nan"), 'models."a:b".output must be US dollars'),
        (listed(a__b="input = 1\noutput = 2\nbatch = 0"), 'models."a:b".batch must be a factor'),
        (listed(a__b="input = 1\noutput = 2\nbatch = 50"), 'models."a:b".batch must be a factor'),
        (listed(a__b="input = 1\noutput = 2\ncache = 0.1"), "unknown key cache"),
        (listed(a__b="input = 1\noutput = 2\nsource = 3"), 'models."a:b".source must be text'),
        (listed(a__b="input = 1\noutput = 2\nas_of = 'x'"), 'models."a:b".as_of must be a date'),
        (listed(a__b="input = 1\noutput = 2\nunknown = true"), "unknown = true stands alone"),
        (listed(a__b="unknown = false"), "unknown = true stands alone"),
    ],
)
def test_a_bad_price_list_is_refused_with_file_and_key(text: str, says: str) -> None:
    with pytest.raises(ProjectError, match=re.escape(says)) as caught:
        parse(text, "project/prices.toml")
    assert caught.value.message.startswith("project/prices.toml")
    assert caught.value.hint


def test_a_date_may_be_written_without_quotes() -> None:
    text = 'as_of = 2026-01-02\n[models."a:b"]\ninput = 1\noutput = 2'
    assert parse(text, "here").of("a:b") == Price(1, 2, as_of="2026-01-02", source="here")


def test_cached_tokens_are_a_part_of_the_input_and_charged_apart() -> None:
    assert cost(MINI, Usage(1_000_000, 0)) == pytest.approx(0.25)
    assert cost(MINI, Usage(0, 1_000_000)) == pytest.approx(2.0)
    assert cost(MINI, Usage(1_000_000, 100_000, 400_000)) == pytest.approx(0.6 * 0.25 + 0.4 * 0.025 + 0.2)
    assert cost(Price(0.25, 2.0), Usage(1_000_000, 0, 400_000)) == pytest.approx(0.25), "no price for cached tokens"
    assert cost(MINI, Usage(10, 0, 50)) == pytest.approx(10 * 0.025 / 1e6), "more cached than sent"


def test_a_batch_costs_its_factor_and_the_full_price_where_there_is_none() -> None:
    assert cost(MINI, Usage(1_000_000, 0), batch=True) == pytest.approx(0.125)
    assert cost(Price(0.25, 2.0), Usage(1_000_000, 0), batch=True) == pytest.approx(0.25)


@pytest.mark.parametrize("usage", [Usage(), Usage(10, None), Usage(None, 10)])
def test_a_cost_without_usage_is_unknown(usage: Usage) -> None:
    assert cost(MINI, usage) is None


@given(
    price=st.builds(Price, DOLLARS, DOLLARS, st.none() | DOLLARS, st.none() | st.floats(0.01, 1)),
    prompt=COUNTS,
    share=st.floats(0, 1),
    reply=COUNTS,
    room=COUNTS,
    estimated=st.booleans(),
    batch=st.booleans(),
)
def test_no_call_within_its_bounds_costs_more_than_the_worst(
    price: Price, prompt: int, share: float, reply: int, room: int, estimated: bool, batch: bool
) -> None:
    sent = int(prompt * 1.25) if estimated else prompt
    usage = Usage(sent, min(reply, room), int(sent * share))
    paid = cost(price, usage, batch=batch)
    assert paid is not None
    assert paid <= worst(price, prompt, estimated, room, batch=batch) * (1 + 1e-12)


def test_an_estimated_prompt_is_expected_from_four_fifths_to_five_quarters_of_its_tokens() -> None:
    exact = before(MINI, 100, 1_000_000, False, 100, 1000)
    assert exact is not None
    assert exact == Range(pytest.approx(0.25 + 0.02), pytest.approx(0.25 + 0.2))  # type: ignore[arg-type]
    estimated = before(MINI, 100, 1_000_000, True, 100, 1000, batch=True)
    assert estimated is not None
    assert estimated.low == pytest.approx((0.8 * 0.25 + 0.02) / 2)
    assert estimated.high == pytest.approx((1.25 * 0.25 + 0.2) / 2)
    assert before(None, 100, 1_000_000, False, 100, 1000) is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "unknown"),
        (0.0, "$0.00"),
        (0.00009, "< $0.0001"),
        (0.0001, "$0.0001"),
        (0.01234, "$0.0123"),
        (0.99994, "$0.9999"),
        (0.99996, "$1.00"),
        (1.2351, "$1.24"),
        (1234.5, "$1,234.50"),
    ],
)
def test_money_is_shown_as_fine_as_it_is_small(value: float | None, shown: str) -> None:
    assert money(value) == shown
