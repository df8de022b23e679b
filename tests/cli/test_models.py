"""`codart suggest` with models that answer, refuse, fail or cannot be reached."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Codart
from tests.fakes import FakeServer
from tests.scripted import coder

SECRET = "sk-test-DO-NOT-SHOW-1234567890"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.pacing.BACKOFF", 0.05)


def test_a_compatible_server_codes_the_project(codart: Codart, study: Path) -> None:
    with FakeServer(coder) as server:
        printed = codart("suggest", "--model", "compatible:m", "--base-url", server.base_url, "--project", study)
    assert printed.code == 0
    assert server.base_url in printed.err
    records = codart("suggestions", "list", "--json", "--project", study).json
    assert {r["coder"]["name"] for r in records} == {"compatible:m"}
    assert {r["code"] for r in records} == {"用户参与", "dart.dialogue"}


def test_what_was_recorded_is_played_back_without_a_server(codart: Codart, study: Path, tmp_path: Path) -> None:
    file = tmp_path / "replies.jsonl"
    with FakeServer(coder) as server:
        codart(
            "suggest", "--model", "compatible:m", "--base-url", server.base_url, "--record", file, "--project", study
        )
    first = codart("suggestions", "list", "--json", "--project", study).json
    printed = codart("suggest", "--model", f"recorded:{file}", "--json", "--project", study)
    assert printed.code == 0
    again = [r for r in codart("suggestions", "list", "--json", "--project", study).json if r["run"] > 2]
    assert [(r["start"], r["code"]) for r in again] == [(r["start"], r["code"]) for r in first]


def test_no_key_is_said_plainly_and_nothing_is_lost(codart: Codart, study: Path) -> None:
    printed = codart("suggest", "--model", "openai:gpt-5-mini", "--project", study)
    assert printed.code == 1
    assert "OPENAI_API_KEY" in printed.err
    assert "Traceback" not in printed.err


@pytest.mark.parametrize(("model", "word"), [("401", "key"), ("404", "model"), ("402", "balance"), ("quota", "quota")])
def test_a_run_that_cannot_go_on_stops_and_units_stay_pending(
    codart: Codart, study: Path, model: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODART_API_KEY", SECRET)
    with FakeServer(coder) as server:
        printed = codart("suggest", "--model", f"compatible:{model}", "--base-url", server.base_url, "--project", study)
    assert printed.code == 1
    assert word in printed.err.lower()
    assert SECRET not in printed.err + printed.out
    status = codart("status", "--json", "--project", study).json
    assert status["units"]["pending"] == 2 * status["segments"]  # two passes
    assert (status["units"]["none"], status["units"]["coded"]) == (0, 0)
    assert codart("suggest", "--project", study).code == 0


def test_a_server_that_is_down_is_said_plainly(codart: Codart, study: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    printed = codart(
        "suggest", "--model", "compatible:m", "--base-url", f"http://127.0.0.1:{port}/v1", "--project", study
    )
    assert printed.code == 1
    assert f"127.0.0.1:{port}" in printed.err
    assert codart("status", "--json", "--project", study).json["units"]["pending"] > 0


@pytest.mark.parametrize(
    ("model", "state"), [("refusal", "refused"), ("empty", "failed"), ("trunc", "failed"), ("error200", "failed")]
)
def test_trouble_with_a_reply_is_never_none(codart: Codart, study: Path, model: str, state: str) -> None:
    with FakeServer(coder) as server:
        codart("suggest", "--model", f"compatible:{model}", "--base-url", server.base_url, "--project", study)
    units = codart("status", "--json", "--project", study).json["units"]
    assert units["none"] == 0
    assert units[state] > 0


@pytest.mark.parametrize("model", ["fence", "think", "prose", "noschema", "noformat"])
def test_half_supported_formats_are_read_all_the_same(codart: Codart, study: Path, model: str) -> None:
    with FakeServer(coder) as server:
        printed = codart("suggest", "--model", f"compatible:{model}", "--base-url", server.base_url, "--project", study)
    assert printed.code == 0
    units = codart("status", "--json", "--project", study).json["units"]
    assert units["failed"] == 0
    assert units["coded"] > 0


def test_the_key_reaches_neither_the_project_nor_a_recording(
    codart: Codart, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODART_API_KEY", SECRET)
    file = tmp_path / "replies.jsonl"
    with FakeServer(coder) as server:
        codart(
            "suggest", "--model", "compatible:m", "--base-url", server.base_url, "--record", file, "--project", study
        )
        assert server.chats[0].headers["authorization"] == f"Bearer {SECRET}"
    codart("export", tmp_path / "all.jsonl", "--project", study)
    written = [file, tmp_path / "all.jsonl", *(p for p in study.rglob("*") if p.is_file())]
    assert all(SECRET.encode() not in path.read_bytes() for path in written)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process alone on Windows")
def test_ctrl_c_says_that_nothing_is_lost_and_the_next_run_goes_on(codart: Codart, study: Path) -> None:
    root = Path(__file__).parents[2]
    with FakeServer(coder, latency=0.5) as server:
        arguments = ["suggest", "--model", "compatible:m", "--base-url", server.base_url, "--concurrency", "1"]
        command = [sys.executable, "-m", "assistant", *arguments, "--project", str(study)]
        process = subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True)
        while len(server.chats) < 2:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "all that was finished is stored" in err
        asked = len(server.chats)
        server.latency = 0.0
        assert codart(*arguments, "--project", study).code == 0
    units = codart("status", "--json", "--project", study).json["units"]
    assert (units["pending"], units["failed"]) == (0, 0)
    assert len(server.chats) <= sum(units.values()) + 1  # only the one under way was asked twice
    assert asked >= 2


def test_refused_units_are_not_counted_as_failed_and_both_reasons_are_shown(codart: Codart, study: Path) -> None:
    with FakeServer(coder) as server:
        for model in ("refusal", "empty"):
            codart("suggest", "--model", f"compatible:{model}", "--base-url", server.base_url, "--project", study)
    runs = codart("status", "--json", "--project", study).json["runs"]
    refused, failed = ([r for r in runs if r["model"] == f"compatible:{m}"] for m in ("refusal", "empty"))
    assert all(r["errors"] == {} and r["units"]["refused"] > 0 and r["reasons"]["refusal"] for r in refused)
    assert all(sum(r["errors"].values()) == r["units"]["failed"] > 0 for r in failed)
    shown = codart("status", "--project", study).out
    assert f"{refused[0]['units']['refused']} refused: {refused[0]['reasons']['refusal']}" in shown
