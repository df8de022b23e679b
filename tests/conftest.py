"""What holds for every test: no time limits inside properties (machines are noisy), no keys of the developer."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("codart", deadline=None)
settings.load_profile("codart")


@pytest.fixture(autouse=True)
def _a_clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "DEEPSEEK_API_KEY", "DASHSCOPE_API_KEY", "CODART_API_KEY", "CODART_PROJECT"):
        monkeypatch.delenv(name, raising=False)
