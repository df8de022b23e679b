"""`codart suggest --batch-api`, `--batch-out` and `--batch-in` as a person uses them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Codart
from tests.fake_batches import FakeBatches
from tests.fakes import FakeServer, Request, completion, failing
from tests.scripted import coder


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.dispatching.FIRST_LOOK", 0.01)
    monkeypatch.setattr("assistant.batch_api.FIRST_WAIT", 0.01)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(coder) as running:
        yield running


def command(server: FakeServer, study: Path, *more: object) -> list[object]:
    return ["suggest", "--model", "compatible:m", "--base-url", server.base_url, "--project", study, *more]


def records(codart: Codart, study: Path) -> list[Any]:
    found = codart("suggestions", "list", "--json", "--project", study).json
    return sorted((r["kind"], r["document_name"], r["start"], r["end"], r["code"]) for r in found)


def answer(path: Path, results: Path, server: FakeServer) -> None:
    """What a provider makes of an input file, last request first."""
    found = []
    for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
        asked = json.loads(line)
        body = completion(server.complete(Request("POST", asked["url"], {}, asked["body"]), 0), "m")
        response = {"status_code": 200, "request_id": "r", "body": body}
        found.append(json.dumps({"custom_id": asked["custom_id"], "response": response, "error": None}))
    results.write_text("\n".join(reversed(found)) + "\n", encoding="utf-8")


def test_a_study_is_coded_in_batches_as_it_is_call_by_call(codart: Codart, study: Path, server: FakeServer) -> None:
    batches = FakeBatches(server)
    printed = codart(*command(server, study, "--batch-api"))
    assert printed.code == 0, printed.err
    assert "requests submitted as batch_1" in printed.err
    assert "requests done" in printed.err
    assert len(batches.created) == 2  # one for each pass
    assert printed.out.index("run 1, open codes") < printed.out.index("run 2, codes of dart")
    assert "coded" in printed.out
    in_batches = records(codart, study)
    assert in_batches
    live = codart(*command(server, study, "--json"))
    # Open coding live may show labels, so it is another run; as long as it shows none its replies are here already.
    assert [(run["run"], run["reused"]) for run in live.json] == [(3, sum(live.json[0]["units"].values())), (2, 0)]
    assert server.chats == []
    assert set(records(codart, study)) == set(in_batches)


def test_the_summary_for_machines_counts_each_run_once(codart: Codart, study: Path, server: FakeServer) -> None:
    FakeBatches(server)
    printed = codart(*command(server, study, "--batch-api", "--json"))
    runs = printed.json
    assert [run["run"] for run in runs] == [1, 2]
    assert all(run["suggestions"] == sum(run["units"][s] for s in ("coded",)) for run in runs)
    events = [json.loads(line) for line in printed.err.splitlines()]
    assert sum(event["event"] == "unit" for event in events) == sum(sum(run["units"].values()) for run in runs)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process alone on Windows")
def test_ctrl_c_leaves_the_batch_at_the_server_and_the_same_command_fetches_it(
    codart: Codart, study: Path, server: FakeServer
) -> None:
    batches = FakeBatches(server, ("in_progress",))
    arguments = [str(a) for a in command(server, study, "--batch-api", "--only", "open")]
    process = subprocess.Popen(
        [sys.executable, "-m", "assistant", *arguments],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert process.stderr is not None
    seen = ""
    while "submitted as" not in seen:
        seen = process.stderr.readline()
        assert seen, "it ended without submitting"
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "go on at the server; the same command fetches them" in err
    batches.created[0].script = ["completed"]
    printed = codart(*arguments)
    assert printed.code == 0
    assert len(batches.created) == 1
    units = codart("status", "--json", "--project", study).json["units"]
    assert (units["pending"], units["failed"]) == (0, 0)


def test_requests_out_results_in(codart: Codart, study: Path, server: FakeServer, tmp_path: Path) -> None:
    file, results = tmp_path / "requests.jsonl", tmp_path / "results.jsonl"
    printed = codart(*command(server, study, "--batch-out", file))
    assert printed.code == 0
    assert f"requests are in {file}" in printed.err
    waiting = codart(*command(server, study, "--only", "assignment"))
    assert "wait in requests.jsonl and are left alone" in waiting.err
    assert server.requests == []
    assert "shows labels" not in waiting.err
    price = '[models."compatible:m"]\ninput = 1.0\noutput = 2.0\nas_of = "2026-11-01"\n'
    (study / "prices.toml").write_text(price, encoding="utf-8")
    printed = codart(*command(server, study, "--only", "open", "--budget", "0"))
    assert "shows labels, so it is a run of its own" in printed.err
    answer(file, results, server)
    printed = codart(*command(server, study, "--batch-in", results))
    assert printed.code == 0
    assert "results stored" in printed.err
    assert records(codart, study)
    runs = codart("status", "--json", "--project", study).json["runs"][:2]
    assert all(run["units"]["pending"] == run["units"]["failed"] == 0 for run in runs)
    refused = codart(*command(server, study, "--batch-out", file))
    assert refused.code == 2
    assert "is there already" in refused.err


def test_results_of_other_options_are_named(codart: Codart, study: Path, server: FakeServer, tmp_path: Path) -> None:
    file, results = tmp_path / "requests.jsonl", tmp_path / "results.jsonl"
    codart(*command(server, study, "--batch-out", file))
    answer(file, results, server)
    printed = codart(*command(server, study, "--batch-in", results, "--only", "open"))
    assert "belong to run 2, which these options do not name" in printed.err


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--batch-api", "--batch-out", "x.jsonl"], "cannot go together"),
        (["--batch-api", "--fresh"], "--runs 2"),
        (["--batch-api", "--engine", "dask", "--scheduler", "tcp://h:1"], "no workers"),
        (["--batch-api", "--record", "r.jsonl"], "leave out --record"),
        (["--batch-out", "x.jsonl", "--verify"], "not suggested yet"),
        (["--batch-in", "missing.jsonl"], "missing.jsonl cannot be read"),
        (["--batch-api", "--model", "lexical"], "not in batches"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_sent(
    codart: Codart, study: Path, server: FakeServer, more: list[str], words: str
) -> None:
    printed = codart(*command(server, study, *more))
    assert printed.code == 2
    assert words in printed.err
    assert server.requests == []


def test_a_dry_run_shows_the_batch_price_and_sends_nothing(codart: Codart, study: Path, server: FakeServer) -> None:
    prices = '[models."compatible:m"]\ninput = 1.0\noutput = 2.0\nbatch = 0.5\nas_of = "2026-11-01"\n'
    (study / "prices.toml").write_text(prices, encoding="utf-8")
    live = codart(*command(server, study, "--dry-run", "--json", "--only", "assignment")).json
    batch = codart(*command(server, study, "--dry-run", "--json", "--only", "assignment", "--batch-api")).json
    assert batch["batch"]
    assert batch["cost"]["low"] == pytest.approx(live["cost"]["low"] / 2)
    assert server.requests == []


def test_a_server_elsewhere_is_asked_only_after_a_yes(codart: Codart, study: Path) -> None:
    printed = codart(
        "suggest", "--model", "compatible:m", "--base-url", "http://far.invalid/v1", "--batch-api", "--project", study
    )
    assert printed.code == 2
    assert "in batches" in printed.err
    assert "nothing was sent" in printed.err


def test_a_server_without_batches_is_said_plainly(codart: Codart, study: Path, server: FakeServer) -> None:
    printed = codart(*command(server, study, "--batch-api"))
    assert printed.code == 1
    assert "no Batch API" in printed.err
    assert "Leave out --batch-api" in printed.err


def test_a_failed_unit_makes_the_exit_code_1(codart: Codart, study: Path, server: FakeServer) -> None:
    batches = FakeBatches(server, ("completed",))

    class Every(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            return failing(400, "The prompt was filtered", "content_filter") if key.endswith("-1") else default

    batches.faults = Every()
    printed = codart(*command(server, study, "--batch-api", "--only", "open"))
    assert printed.code == 1
    assert "1 failed" in printed.out
    assert len(batches.created) == 1
