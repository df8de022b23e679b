"""Counting tokens without a network."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from assistant import tokens
from assistant.tokens import count, estimate

ROOT = Path(__file__).resolve().parents[1]
O200K = "fb374d419588a4632f3f557e76b4b70aebbca790"


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    tokens._encoding.cache_clear()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("顾客参与设计", round(6 * 0.93)),
        ("customers take part", round(3 * 1.06)),
        ("1234567", round(3 * 1.18)),
        ("a, b", round(2 * 1.06 + 1.16)),
        ("，。！？；：（）、《", round(10 * 0.10)),
        ("a\nb", round(2 * 1.06 + 1.3)),
        ("αβγ", round(3 * 1.46)),
        (" ", 1),
    ],
)
def test_the_estimate_adds_up_pieces_at_their_rates(text: str, expected: int) -> None:
    assert estimate(text) == expected


@given(st.text(max_size=200), st.text(max_size=200))
def test_two_texts_take_about_as_much_together_as_apart(first: str, second: str) -> None:
    # A line end between them keeps pieces apart; each of the three sums is rounded once.
    assert abs(estimate(f"{first}\n{second}") - estimate(first) - estimate(second) - 1.3) <= 3


@pytest.mark.parametrize(
    "model", ["openai:gpt-5-mini", "deepseek:deepseek-chat", "ollama:qwen3:8b", "lexical", "", "a:b:c"]
)
def test_without_a_vocabulary_every_count_says_that_it_is_an_estimate(model: str) -> None:
    assert count("顾客参与设计", model) == (6, True)


def test_a_damaged_vocabulary_is_neither_used_nor_deleted_nor_fetched(tmp_path: Path) -> None:
    damaged = tmp_path / O200K
    damaged.write_bytes(b"IQ== 0\n")
    code = (
        f"import sys, socket; sys.path.insert(0, {str(ROOT)!r})\n"
        "def no(*_): raise AssertionError('network')\n"
        "socket.getaddrinfo = socket.socket.connect = no\n"
        "from assistant.tokens import count\n"
        "print(count('words', 'openai:gpt-5-mini'), 'tiktoken' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "(1, True) False"
    assert damaged.read_bytes() == b"IQ== 0\n"


def test_an_empty_cache_variable_means_estimate_and_not_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("network")

    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert count("words", "openai:gpt-5-mini") == (1, True)


_REAL = Path(tempfile.gettempdir()) / "data-gym-cache"


@pytest.mark.skipif(not (_REAL / O200K).exists(), reason="tiktoken's o200k_base vocabulary is not in its cache")
def test_with_the_vocabulary_counts_are_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(_REAL))
    assert count("hello world <|endoftext|>", "openai:gpt-5-mini")[1] is False
    assert count("hello world", "gpt-5-mini") == (2, False)
    assert count("hello world", "ollama:gpt-5-mini")[1] is True
    assert os.environ["TIKTOKEN_CACHE_DIR"] == str(_REAL)
