"""A small mixed-language corpus, and a guard that fails a test which touches the network."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.vectorstore.making import WIDTH, Bench, fill, rows
from vectorstore.chroma import VectorIndex

TEXTS = {
    11: "用户在社区里提出新功能，工程师当晚回复并写进下周的更新计划。",
    12: "门店经理说，会员可以看到每一笔积分的来源和有效期。",
    13: "退货的风险由平台承担，条款写在订单页面的最上方。",
    14: "The hotel invites guests to co-create menus with the chef every Friday.",
    15: "Members can inspect how their data are used and switch sharing off.",
    16: "Customers carry the delivery risk, and nobody told them so.",
    17: "Drivers told the app team about the 5G outage on a forum thread.",
    18: "",
}


@pytest.fixture
def texts() -> dict[int, str]:
    return dict(TEXTS)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Refuses and records every attempt to resolve or connect."""
    attempts: list[object] = []

    def refuse(*args: Any, **kwargs: Any) -> None:
        attempts.append(args)
        raise OSError("the network is off limits in this test")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield attempts
    assert attempts == []


@pytest.fixture
def index(tmp_path: Path) -> VectorIndex:
    return VectorIndex(tmp_path / "chroma", "hash.v1", WIDTH)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished index of 1,500 rows: its HNSW files are on disk (Chroma writes them from 1,000 rows on)."""
    folder = tmp_path_factory.mktemp("built") / "chroma"
    with VectorIndex(folder, "hash.v1", WIDTH) as index:
        fill(index, rows(1500))
    return folder


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built, tmp_path / "chroma")


@pytest.fixture
def bench(tmp_path: Path, texts: dict[int, str]) -> Iterator[Bench]:
    made = Bench(tmp_path / "index", texts)
    yield made
    for one in made.opened:
        one.close()
