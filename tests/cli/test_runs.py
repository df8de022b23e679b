"""`codart suggest` as a run one can trust: said first, paid once, stopped in time, repeated, checked and compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.project import Project
from tests.cli.conftest import Codart, Printed
from tests.fakes import Body, FakeServer, Response, failing
from tests.scripted import asked, coder, is_check, reply

PRICES = 'as_of = "2026-11-01"\n[models."compatible:m"]\ninput = 1.0\noutput = 4.0\n'
PAID = (120 * 1.0 + 30 * 4.0) / 1e6  # what the fake server's usage costs at these prices


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(coder) as running:
        yield running


def suggest(codart: Codart, study: Path, server: FakeServer, *more: object) -> Printed:
    return codart("suggest", "--model", "compatible:m", "--base-url", server.base_url, "--project", study, *more)


def runs(codart: Codart, study: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = codart("runs", "list", "--json", "--project", study).json
    return found


def test_a_dry_run_says_what_would_be_sent_and_changes_nothing(codart: Codart, study: Path, server: FakeServer) -> None:
    (study / "prices.toml").write_text(PRICES, encoding="utf-8")
    printed = suggest(codart, study, server, "--dry-run", "--budget", 2)
    assert printed.code == 0
    for said in ("open codes", "codes of dart", "2: interview.txt, report.md", server.base_url, "$2.00", "2026-11-01"):
        assert said in printed.out
    manifest = suggest(codart, study, server, "--dry-run", "--json").json
    assert (manifest["segments"], manifest["calls"], manifest["documents"]) == (7, 14, 2)
    assert manifest["local"] is True
    assert manifest["prompt_tokens"]["low"] < manifest["prompt_tokens"]["high"]
    assert server.chats == []
    assert runs(codart, study) == []


def test_an_unknown_price_is_unknown_and_no_budget_can_be_kept_with_it(
    codart: Codart, study: Path, server: FakeServer
) -> None:
    assert "unknown" in suggest(codart, study, server, "--dry-run").out
    refused = suggest(codart, study, server, "--budget", 1)
    assert refused.code == 2
    assert "prices.toml" in refused.err
    assert server.chats == []


def test_nothing_leaves_the_machine_without_a_yes(codart: Codart, study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    printed = codart("suggest", "--model", "openai:gpt-5-mini", "--project", study)
    assert printed.code == 2
    assert "this leaves your machine" in printed.err
    assert "--yes" in printed.err
    assert runs(codart, study) == []


def test_the_same_work_is_paid_once_even_in_another_run(codart: Codart, study: Path, server: FakeServer) -> None:
    (study / "prices.toml").write_text(PRICES, encoding="utf-8")
    suggest(codart, study, server, "--only", "assignment")
    assert len(server.chats) == 7
    assert runs(codart, study)[0]["cost"] == pytest.approx(7 * PAID)
    settings = (study / "codart.toml").read_text(encoding="utf-8")
    (study / "codart.toml").write_text(settings.replace("passages = 2", "passages = 0"), encoding="utf-8")
    suggest(codart, study, server, "--only", "assignment")
    (study / "codart.toml").write_text(settings.replace("passages = 2", "passages = 1"), encoding="utf-8")
    asked_before = len(server.chats)
    assert asked_before > 7  # other prompts are other work
    (study / "codart.toml").write_text(settings.replace("max_tokens = 12000", "max_tokens = 11000"), encoding="utf-8")
    again = suggest(codart, study, server, "--only", "assignment", "--json").json
    assert len(server.chats) == asked_before
    assert again[0]["reused"] == 7
    assert again[0]["cost"] == 0
    assert again[0]["units"] == runs(codart, study)[0]["units"]


def test_fresh_asks_a_finished_run_once_more_as_a_run_of_its_own(
    codart: Codart, study: Path, server: FakeServer
) -> None:
    suggest(codart, study, server, "--only", "open")
    server.forget()
    (again,) = suggest(codart, study, server, "--only", "open", "--fresh", "--json").json
    assert (len(server.chats), again["repeat"], again["reused"]) == (7, 2, 0)
    assert [run["repeat"] for run in runs(codart, study)] == [1, 2]


def test_a_budget_stops_the_run_before_it_is_passed_and_a_larger_one_goes_on(
    codart: Codart, study: Path, server: FakeServer
) -> None:
    (study / "prices.toml").write_text(PRICES, encoding="utf-8")
    settings = (study / "codart.toml").read_text(encoding="utf-8")
    shorter = settings.replace("max_reply_tokens = 8000", "max_reply_tokens = 100")
    (study / "codart.toml").write_text(shorter, encoding="utf-8")
    stopped = suggest(codart, study, server, "--only", "assignment", "--budget", 0.0075, "--concurrency", 1)
    assert stopped.code == 1
    assert "budget" in stopped.err.lower()
    (run,) = runs(codart, study)
    assert 0 < run["cost"] < 0.0075
    assert 0 < run["units"]["pending"] < 7
    assert suggest(codart, study, server, "--only", "assignment", "--budget", 1).code == 0
    (run,) = runs(codart, study)
    assert run["units"]["pending"] == 0
    assert len(server.chats) == 7


def test_several_segments_in_one_call_give_the_same_codes(codart: Codart, study: Path, server: FakeServer) -> None:
    suggest(codart, study, server, "--only", "assignment")
    suggest(codart, study, server, "--only", "assignment", "--pack", 3)
    assert len(server.chats) == 7 + 3  # two documents: four segments in two calls, three in one
    compared = codart("runs", "compare", 1, 2, "--json", "--project", study).json
    assert (compared["compared"], compared["identical"]) == (7, 1.0)


def test_repeats_are_runs_of_their_own_and_can_be_compared(codart: Codart, study: Path) -> None:
    seen: dict[int, int] = {}

    def moody(body: Body) -> Response:
        number, _ = asked(body)
        seen[number] = seen.get(number, 0) + 1
        return reply(1, []) if number == 1 and seen[number] == 2 else coder(body)

    with FakeServer(moody) as server:
        made = suggest(
            codart, study, server, "--only", "open", "--runs", 2, "--document", "interview.txt", "--json"
        ).json
    assert [run["repeat"] for run in made] == [1, 2]
    compared = codart("runs", "compare", 1, 2, "--json", "--project", study).json
    assert (compared["compared"], compared["identical"], len(compared["differences"])) == (4, 0.75, 1)
    shown = codart("runs", "compare", 1, 2, "--differences", "--project", study)
    assert "run 2: no code" in shown.out


def test_a_check_says_of_each_suggestion_whether_its_quote_supports_it(
    codart: Codart, study: Path, server: FakeServer
) -> None:
    made = suggest(codart, study, server, "--only", "open", "--verify", "--json").json
    assert [run["parent"] for run in made] == [None, 1]
    checked = [r.body for r in server.chats if is_check(r.body)]
    assert len(checked) == made[0]["units"]["coded"] == sum(made[1]["checks"].values())
    assert all("confidence" not in body["messages"][1]["content"] for body in checked)
    listed = codart("suggestions", "list", "--json", "--project", study).json
    assert all(record["checks"][0]["run"] == 2 for record in listed)
    doubtful = codart("suggestions", "list", "--supported", "no", "--json", "--project", study).json
    assert {"?" in r["quote"] or "？" in r["quote"] for r in doubtful} == {True}
    assert "check: no" in codart("suggestions", "list", "--supported", "no", "--project", study).out
    server.forget()
    assert suggest(codart, study, server, "--only", "open", "--verify").code == 0
    assert server.chats == []  # neither the codes nor the checks are paid for twice


def test_the_baseline_cannot_check(codart: Codart, study: Path) -> None:
    printed = codart("suggest", "--verify", "--only", "open", "--project", study)
    assert printed.code == 2
    assert "--verify" in printed.err


def test_a_check_that_leaves_one_out_is_failed_and_asked_again(codart: Codart, study: Path) -> None:
    lazy = {"on": True}

    def sometimes(body: Body) -> Response:
        return Response('{"checks": []}') if is_check(body) and lazy["on"] else coder(body)

    with FakeServer(sometimes) as server:
        made = suggest(codart, study, server, "--only", "open", "--verify", "--json")
        assert made.code == 1
        assert made.json[1]["units"]["failed"] == made.json[0]["units"]["coded"]
        lazy["on"] = False
        assert codart("runs", "retry", 2, "--project", study).code == 0
    assert runs(codart, study)[1]["units"]["failed"] == 0


def test_failed_units_are_listed_with_their_reason_and_tried_again(codart: Codart, study: Path) -> None:
    bad = {"on": True}

    def sometimes(body: Body) -> Response:
        return failing(400, "nonsense") if bad["on"] and asked(body)[0] == 2 else coder(body)

    with FakeServer(sometimes) as server:
        assert suggest(codart, study, server, "--only", "assignment").code == 1
        shown = codart("runs", "show", 1, "--failed", "--project", study)
        assert "bad_request after 1 attempts" in shown.out
        assert "interview.txt" in shown.out
        listed = codart("runs", "show", 1, "--failed", "--json", "--project", study).json["listed"]
        assert {(u["segment"], u["state"], u["error_kind"]) for u in listed} == {(2, "failed", "bad_request")}
        bad["on"] = False
        server.forget()
        assert codart("runs", "retry", 1, "--project", study).code == 0
        assert {asked(r.body)[0] for r in server.chats} == {2}
    assert "no unit is failed" in codart("runs", "show", 1, "--failed", "--project", study).out


def test_refused_units_are_asked_again_only_if_wished(codart: Codart, study: Path, server: FakeServer) -> None:
    url = server.base_url
    codart("suggest", "--only", "open", "--model", "compatible:refusal", "--base-url", url, "--project", study)
    server.forget()
    codart("runs", "retry", 1, "--project", study)
    assert server.chats == []
    codart("runs", "retry", 1, "--refused", "--project", study)
    assert len(server.chats) == 7


def test_a_run_whose_prompts_would_differ_is_not_gone_on_with(codart: Codart, study: Path, server: FakeServer) -> None:
    suggest(codart, study, server, "--only", "open")
    settings = (study / "codart.toml").read_text(encoding="utf-8")
    (study / "codart.toml").write_text(settings.replace("用户怎样参与？", "企业怎样回应？"), encoding="utf-8")
    printed = codart("runs", "retry", 1, "--project", study)
    assert printed.code == 2
    assert "have changed since run 1" in printed.err
    assert len(runs(codart, study)) == 1


def test_runs_of_different_kinds_cannot_be_compared(codart: Codart, coded: Path) -> None:
    printed = codart("runs", "compare", 1, 2, "--project", coded)
    assert printed.code == 2
    assert "different kinds" in printed.err
    assert codart("runs", "compare", 1, "--project", coded).code == 2
    assert codart("runs", "show", 99, "--project", coded).code == 2


def test_machines_get_events_while_it_works_and_a_list_at_the_end(
    codart: Codart, study: Path, server: FakeServer
) -> None:
    printed = suggest(codart, study, server, "--only", "open", "--json")
    events = [json.loads(line) for line in printed.err.splitlines() if line.startswith("{")]
    kinds = [event["event"] for event in events]
    assert kinds[-1] == "end"
    assert kinds.count("unit") == 7
    last = [event for event in events if event["event"] == "unit"][-1]
    assert (last["done"], last["total"], last["usage"]["input"]) == (7, 7, 120)
    assert [run["run"] for run in printed.json] == [1]


def test_when_the_time_is_up_nothing_is_begun_any_more(codart: Codart, study: Path) -> None:
    with FakeServer(coder, latency=0.3) as server:
        printed = suggest(
            codart, study, server, "--only", "open", "--concurrency", 1, "--time-limit", 0.01, "--project", study
        )
    assert printed.code == 1
    assert "the time is up" in printed.err
    (run,) = runs(codart, study)
    assert 0 < run["units"]["pending"] < 7
    assert run["units"]["failed"] == 0
    assert len(server.chats) == 7 - run["units"]["pending"]


def test_what_was_asked_before_the_newest_migration_goes_on(codart: Codart, coded: Path) -> None:
    with Project.open(coded) as project:
        assert [unit.attempts for unit in project.units.all(1)] == [1] * 7
    assert "run 1" in codart("runs", "show", 1, "--project", coded).out


def test_repeats_and_checks_count_no_words_twice_in_what_is_read(
    codart: Codart, study: Path, server: FakeServer, tmp_path: Path
) -> None:
    suggest(codart, study, server, "--only", "open", "--runs", 2, "--verify")
    for name in ("codes.md", "codes.jsonl"):
        assert codart("export", tmp_path / name, "--language", "en", "--project", study).code == 0
    lines = (tmp_path / "codes.jsonl").read_text(encoding="utf-8").splitlines()
    page = (tmp_path / "codes.md").read_text(encoding="utf-8")
    assert {json.loads(line)["run"] for line in lines} == {1, 2}
    assert page.count("check of run 1") == page.count("open coding, repeat 2") == 1
    first = [line for line in lines if json.loads(line)["run"] == 1]
    assert page.count("(undecided)") == len(first)


def test_what_broke_off_is_said_beside_the_cost_without_a_budget_too(codart: Codart, study: Path) -> None:
    (study / "prices.toml").write_text(PRICES.replace("compatible:m", "compatible:*"), encoding="utf-8")
    with FakeServer(coder) as server:
        printed = codart(
            *("suggest", "--model", "compatible:hang", "--base-url", server.base_url, "--timeout", 1, "--only", "open"),
            *("--time-limit", 0.02, "--project", study),
        )
    assert printed.code == 1
    (run,) = runs(codart, study)
    assert (run["cost"], run["replies"]) == (0, 0)
    assert run["possible_cost"] > 0
    assert "may have cost" in printed.out
    assert "may have cost" in codart("runs", "show", 1, "--project", study).out


def test_token_counts_that_are_none_are_taken_as_not_reported(codart: Codart, study: Path) -> None:
    odd = {"prompt_tokens": -5, "completion_tokens": "many", "total_tokens": True}

    with FakeServer(lambda body: replace(coder(body), usage=odd)) as server:
        suggest(codart, study, server, "--only", "open")
    (run,) = runs(codart, study)
    assert run["usage"] == {"input": None, "output": None, "cached": None}
    assert run["units"]["failed"] == 0


def test_another_setting_is_another_run_and_says_so(codart: Codart, study: Path, server: FakeServer) -> None:
    assert "new run" not in suggest(codart, study, server, "--only", "open").err
    settings = (study / "codart.toml").read_text(encoding="utf-8")
    (study / "codart.toml").write_text(settings.replace("examples = 5", "examples = 2"), encoding="utf-8")
    assert "are not those of run 1: this is a new run, 2" in suggest(codart, study, server, "--only", "open").err
    done = suggest(codart, study, server, "--only", "open")
    assert "new run" not in done.err
    assert "are sent to" not in done.err  # nothing is
