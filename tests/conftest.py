"""What holds for every test: no time limits inside properties (machines are noisy), no keys of the developer.

A property is tried on 50 examples unless it says otherwise, on 100 with CODART_HEAVY=1.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import settings

from tests.heavy import sized

settings.register_profile("codart", deadline=None, max_examples=sized(50, 100))
settings.load_profile("codart")


@pytest.fixture(autouse=True)
def _a_clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "DEEPSEEK_API_KEY", "DASHSCOPE_API_KEY", "CODART_API_KEY", "CODART_PROJECT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session", autouse=True)
def _commands_built_once() -> Iterator[None]:
    """Typer builds all commands anew at every call, which takes longer than most commands; they are always the same."""
    import typer.main

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", cache(typer.main.get_command))
        yield
