"""What a person types as a command: read in both languages, and refused whole where any of it is unclear."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from assistant.commanding import COMMANDS, number_and_changes, numbers_and_reason, only_numbers, read
from assistant.errors import UsageError


def test_every_command_is_known_by_both_its_names() -> None:
    for command in COMMANDS:
        assert read(f"{command.name} 1").command is command
        assert read(f"{command.alias} 1").command is command
        assert read(f"／{command.alias[1:]} 1").rest == "1"
    names = [name for command in COMMANDS for name in (command.name, command.alias)]
    assert len(set(names)) == len(names)


def test_chinese_needs_no_blank_before_a_number() -> None:
    typed = read("/接受1 3")
    assert (typed.command.name, typed.rest, typed.chinese) == ("/accept", "1 3", True)


def test_text_of_several_lines_is_no_command_unless_it_takes_text() -> None:
    with pytest.raises(UsageError, match="one line"):
        read("/accept 1 2 3\nand more of a pasted text")
    assert read("/memo first\nsecond").rest == "first\nsecond"


@given(st.lists(st.integers(1, 999), min_size=1, max_size=9), st.sampled_from([" ", ",", "，", "、", " , "]))
def test_numbers_are_read_in_their_order_and_each_once(numbers: list[int], between: str) -> None:
    assert only_numbers(between.join(map(str, numbers))) == list(dict.fromkeys(numbers))


@pytest.mark.parametrize("words", ["1-3", "1–3", "1至3", "1 2-3", "1、2，3"])
def test_a_range_is_read(words: str) -> None:
    assert only_numbers(words) == [1, 2, 3]


@pytest.mark.parametrize("words", ["", "all", "全部", "*", "3-1", "1-9999", "1 two", "one", "1.5", "-1"])
def test_what_is_not_numbers_is_refused(words: str) -> None:
    with pytest.raises(UsageError):
        only_numbers(words)


@pytest.mark.parametrize("words", ["all", "ALL", "全部", "所有", "*"])
def test_all_is_never_taken(words: str) -> None:
    with pytest.raises(UsageError, match="name each number"):
        numbers_and_reason(words)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("2 because it is after-sales", "it is after-sales"),
        ("2 因为只是售后", "只是售后"),
        ("2，因为：只是售后", "只是售后"),
        ("2: 理由：不是风险", "不是风险"),
        ("2", ""),
        ("2 becausely said", "becausely said"),
    ],
)
def test_a_reason_follows_the_numbers(words: str, why: str) -> None:
    assert numbers_and_reason(words) == ([2], why)


def test_changes_are_read_in_both_languages() -> None:
    wanted = {"code": "open design", "quote": "他改了一版", "polarity": "-"}
    assert number_and_changes('1 code="open design" quote=他改了一版 polarity=−') == (1, wanted)
    assert number_and_changes("1 编码=“open design” 引文=「他改了一版」 极性=负") == (1, wanted)


@pytest.mark.parametrize(
    "words", ["1", "1 2 code=x", "1 colour=red", "1 code=x code=y", "1 code=x and more", 'code="x"', "1 code="]
)
def test_unclear_changes_are_refused(words: str) -> None:
    with pytest.raises(UsageError):
        number_and_changes(words)
