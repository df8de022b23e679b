"""A draw: the right number, at least one of each group, in proportion, repeatable."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, strategies as st

from assistant.errors import UsageError
from assistant.sampling import draw

GROUPS = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(1, 40), min_size=1, max_size=8)


@given(GROUPS, st.data())
def test_a_draw_has_as_many_as_wanted_and_some_of_each_group(sizes: dict[str, int], data: st.DataObject) -> None:
    strata = {name: [(name, place) for place in range(size)] for name, size in sizes.items()}
    wanted = data.draw(st.integers(len(sizes), sum(sizes.values())))
    drawn = draw(strata, wanted, seed=3)
    assert sum(map(len, drawn.values())) == wanted
    for name, things in drawn.items():
        assert 1 <= len(things) <= sizes[name]
        assert len(set(things)) == len(things)
        assert set(things) <= set(strata[name])


@given(GROUPS)
def test_shares_follow_sizes_where_one_of_each_does_not_rule(sizes: dict[str, int]) -> None:
    strata = {name: list(range(10 * size)) for name, size in sizes.items()}
    drawn = draw(strata, 5 * sum(sizes.values()), seed=0)
    assert {name: len(things) for name, things in drawn.items()} == {name: 5 * size for name, size in sizes.items()}


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    strata = {"a": list(range(200)), "b": list(range(50))}
    assert draw(strata, 40, seed=1) == draw(dict(reversed(strata.items())), 40, seed=1)
    assert draw(strata, 40, seed=1) != draw(strata, 40, seed=2)


def test_every_thing_of_a_group_is_drawn_about_equally_often() -> None:
    seen = Counter(thing for seed in range(2000) for thing in draw({"": list(range(10))}, 3, seed)[""])
    assert all(500 < seen[thing] < 700 for thing in range(10))  # 600 expected, sd 20


@pytest.mark.parametrize("wanted", [1, 12])
def test_what_cannot_be_drawn_is_said(wanted: int) -> None:
    with pytest.raises(UsageError, match=f"{wanted} cannot be drawn from"):
        draw({"a": [1, 2, 3], "b": [4, 5]}, wanted, seed=0)
