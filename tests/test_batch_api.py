"""The door to the Batch API, driven against a loopback server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import pytest

from assistant.batch_api import BatchApi, connect
from assistant.batching import ENDED, Item, Result, ResultReader, State, Submitted, line
from assistant.errors import ModelError, UsageError
from assistant.model import Message, Prompt
from assistant.providers import Endpoint
from tests.fake_batches import FakeBatches, Mishap
from tests.fakes import BUSY, FakeServer, Response, failing
from tests.scripted import coder

T = TypeVar("T")
SECRET = "sk-test-DO-NOT-SHOW-1234567890"
DIGEST = "d" * 64
DOWN = failing(503, "Service unavailable")


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("assistant.batch_api.FIRST_WAIT", 0.01)


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeServer]:
    with FakeServer(coder) as server:
        yield server


@pytest.fixture
def server(fake: FakeServer) -> FakeServer:
    fake.forget()
    return fake


@pytest.fixture
def batches(server: FakeServer) -> FakeBatches:
    return FakeBatches(server)


def prompt(number: int = 1, text: str = "用户改了方案。") -> Prompt:
    asked = f"Answer in json.\n«DATA ab segment {number}»\n{text}\n«END ab»"
    return Prompt((Message("system", "You code."), Message("user", asked)), "", "open", "zh", "t", (number,), {})


def lines(count: int, model: str = "m") -> list[bytes]:
    items = [Item(f"u{n}", prompt(n)) for n in range(1, count + 1)]
    return [line(i, model, form="json_schema", max_reply_tokens=9, provider="compatible") for i in items]


def run(
    server: FakeServer, use: Callable[[BatchApi], Awaitable[T]], spec: str = "compatible:m", timeout: float = 5
) -> T:
    async def once() -> T:
        api = connect(spec, base_url=server.base_url, timeout=timeout)
        try:
            return await use(api)
        finally:
            await api.aclose()

    return asyncio.run(once())


def fail(server: FakeServer, use: Callable[[BatchApi], Awaitable[object]], timeout: float = 5) -> ModelError:
    with pytest.raises(ModelError) as caught:
        run(server, use, timeout=timeout)
    return caught.value


async def until_ended(api: BatchApi, remote: str) -> State:
    for _ in range(20):
        if (state := await api.look(remote)).ended:
            return state
    raise AssertionError("the batch never ends")


async def read(api: BatchApi, state: State, asked: set[str]) -> tuple[dict[str, Result], list[str]]:
    reader = ResultReader(api.endpoint, asked)
    found: dict[str, Result] = {}
    for file in (state.output_file, state.error_file):
        if file is not None:
            reader.start(file)
            async for one in api.fetch(file):
                if (result := reader.read(one)) is not None:
                    found[result.custom_id] = result
    return found, reader.notes


def work(server: FakeServer, count: int = 3) -> tuple[State, dict[str, Result], list[str]]:
    """Submit `count` requests, wait, fetch."""

    async def whole(api: BatchApi) -> tuple[State, dict[str, Result], list[str]]:
        submitted = await api.submit(lines(count), DIGEST)
        state = await until_ended(api, submitted.remote)
        return state, *(await read(api, state, {f"u{n}" for n in range(1, count + 1)}))

    return run(server, whole)


def test_a_batch_goes_from_upload_to_replies_whatever_their_order(server: FakeServer, batches: FakeBatches) -> None:
    state, found, notes = work(server, 12)
    assert state == State("completed", 12, 12, 0, batches.created[0].output_file, None, ())
    assert state.output_file is not None
    order = [n.split(b'"custom_id": "')[1].split(b'"')[0] for n in batches.files[state.output_file].splitlines()]
    assert order != sorted(order, key=lambda name: int(name[1:])) and notes == []
    for number in range(1, 13):
        reply = found[f"u{number}"].reply
        assert reply is not None and f'"segment": {number},' in reply.text and "用户改了方案。" in reply.text


def test_a_batch_is_created_as_documented_and_carries_its_digest(server: FakeServer, batches: FakeBatches) -> None:
    submitted = run(server, lambda api: api.submit(lines(2), DIGEST))
    assert submitted == Submitted("batch_1", "file-1")
    assert batches.created[0].body == {
        "input_file_id": "file-1",
        "endpoint": "/v1/chat/completions",
        "completion_window": "24h",
        "metadata": {"codart": DIGEST},
    }
    assert batches.uploads == [{"name": f"codart-{DIGEST[:16]}.jsonl", "purpose": "batch"}]
    assert batches.files["file-1"] == b"".join(lines(2))


def test_the_input_file_may_be_given_whole_or_line_by_line(server: FakeServer, batches: FakeBatches) -> None:
    run(server, lambda api: api.submit(b"".join(lines(3)), DIGEST))
    run(server, lambda api: api.submit(iter(lines(3)), DIGEST))
    assert batches.files["file-1"] == batches.files["file-2"] == b"".join(lines(3))


def test_dashscope_gets_the_digest_under_the_key_it_documents_too(
    server: FakeServer, batches: FakeBatches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", SECRET)
    run(server, lambda api: api.submit(lines(1), DIGEST), "qwen:qwen-plus")
    assert batches.created[0].body["metadata"] == {"codart": DIGEST, "ds_description": DIGEST}
    del batches.created[0].body["metadata"]["codart"]
    assert run(server, lambda api: api.find(DIGEST), "qwen:qwen-plus") == "batch_1"


@pytest.mark.parametrize(
    "script",
    [
        ("validating", "in_progress", "finalizing", "completed"),
        ("validating", "failed"),
        ("in_progress", "expired"),
        ("in_progress", "cancelling", "cancelled"),
    ],
)
def test_every_documented_state_is_shown_and_four_of_them_are_the_end(
    server: FakeServer, batches: FakeBatches, script: tuple[str, ...]
) -> None:
    batches.script = script

    async def watch(api: BatchApi) -> list[State]:
        remote = (await api.submit(lines(1), DIGEST)).remote
        return [await api.look(remote) for _ in script]

    states = run(server, watch)
    assert tuple(state.status for state in states) == script
    assert [state.ended for state in states] == [status in ENDED for status in script]
    assert states[-1].ended


def test_requests_that_fail_come_from_the_error_file_beside_the_replies(
    server: FakeServer, batches: FakeBatches
) -> None:
    batches.faults = {"u2": failing(400, "The prompt was filtered", "content_filter"), "u4": BUSY}
    state, found, _ = work(server, 5)
    assert (state.total, state.done, state.failed) == (5, 3, 2) and state.error_file is not None
    errors = {name: result.error for name, result in found.items() if result.error is not None}
    assert {name: (error.kind, error.passing) for name, error in errors.items()} == {
        "u2": ("content_filter", False),
        "u4": ("rate_limit", True),
    }
    assert {name for name, result in found.items() if result.reply} == {"u1", "u3", "u5"}


def test_a_batch_that_ran_out_of_time_gives_what_is_done_and_the_rest_may_be_asked_again(
    server: FakeServer, batches: FakeBatches
) -> None:
    batches.script, batches.unfinished = ("in_progress", "expired"), lambda name: name > "u2"
    state, found, _ = work(server, 4)
    assert state.status == "expired" and state.ended
    assert [name for name in sorted(found) if found[name].reply] == ["u1", "u2"]
    rest = [found[name].error for name in ("u3", "u4")]
    assert [(error.kind, error.passing) for error in rest if error] == [("expired", True)] * 2


def test_a_cancelled_batch_gives_what_is_done(server: FakeServer, batches: FakeBatches) -> None:
    batches.unfinished = lambda name: name != "u1"

    async def stop(api: BatchApi) -> tuple[list[str], dict[str, Result]]:
        remote = (await api.submit(lines(3), DIGEST)).remote
        seen = [(await api.look(remote)).status]
        await api.cancel(remote)
        await api.cancel(remote)
        state = await until_ended(api, remote)
        await api.cancel(remote)
        return [*seen, state.status], (await read(api, state, {"u1", "u2", "u3"}))[0]

    seen, found = run(server, stop)
    assert seen == ["validating", "cancelled"]
    assert found["u1"].reply is not None
    assert [error.kind for name in ("u2", "u3") if (error := found[name].error)] == ["cancelled", "cancelled"]


def test_a_file_the_server_turns_down_says_which_lines_and_why(server: FakeServer, batches: FakeBatches) -> None:
    async def twice(api: BatchApi) -> State:
        return await until_ended(api, (await api.submit(lines(1) * 13, DIGEST)).remote)

    state = run(server, twice)
    assert state.status == "failed" and state.output_file is None
    assert state.errors[0] == "line 2: The custom_id 'u1' is not unique. (duplicate_custom_id)"
    assert len(state.errors) == 11 and state.errors[-1] == "and 2 more"


def test_a_batch_whose_answer_got_lost_is_found_not_created_twice(server: FakeServer, batches: FakeBatches) -> None:
    batches.mishaps["create"] = [Mishap(done=True)]
    submitted = run(server, lambda api: api.submit(lines(1), DIGEST))
    assert submitted == Submitted("batch_1", "file-1") and len(batches.created) == 1


def test_a_batch_that_was_not_created_is_created_by_the_next_try(server: FakeServer, batches: FakeBatches) -> None:
    batches.mishaps["create"] = [Mishap(), Mishap(BUSY)]
    batches.mishaps["list"] = [Mishap(DOWN)]
    submitted = run(server, lambda api: api.submit(lines(1), DIGEST))
    assert submitted.remote == "batch_1" and len(batches.created) == len(batches.uploads) == 1


def test_a_submission_that_ends_in_doubt_says_so_and_is_found_by_its_digest(
    server: FakeServer, batches: FakeBatches
) -> None:
    batches.mishaps["create"] = [Mishap(done=True)]
    batches.mishaps["list"] = [Mishap(DOWN), Mishap(DOWN), Mishap(BUSY)]
    failure = fail(server, lambda api: api.submit(lines(1), DIGEST))
    assert failure.charged and failure.passing and not failure.stops_run
    assert "file-1" in batches.files, "the batch may need its input"
    assert run(server, lambda api: api.find(DIGEST)) == "batch_1"


def test_a_refused_batch_leaves_no_file_behind(server: FakeServer, batches: FakeBatches) -> None:
    batches.mishaps["create"] = [Mishap(failing(429, "You exceeded your current quota", "insufficient_quota"))]
    failure = fail(server, lambda api: api.submit(lines(1), DIGEST))
    assert (failure.kind, failure.stops_run, failure.charged) == ("quota", True, False)
    assert batches.files == {} and batches.created == []


def test_find_turns_the_pages_and_passes_over_failed_and_known_batches(
    server: FakeServer, batches: FakeBatches
) -> None:
    async def seek(api: BatchApi) -> list[str | None]:
        for digest in ("a", "b", "a", "c", "d"):
            await api.submit(lines(1), digest)
        batches.created[2].status = "failed"
        return [await api.find("a"), await api.find("a", {"batch_1"}), await api.find("d"), await api.find("x")]

    batches.page_size = 2
    assert run(server, seek) == ["batch_1", None, "batch_5", None]


def test_find_gives_up_at_a_server_that_does_not_turn_pages(server: FakeServer, batches: FakeBatches) -> None:
    shown = b'{"object": "list", "data": [{"id": "batch_9", "status": "completed"}], "has_more": true}'
    batches.mishaps["list"] = [Mishap(Response(raw=shown))] * 5
    assert run(server, lambda api: api.find(DIGEST)) is None
    assert len(server.requests) == 2


def test_passing_errors_are_tried_again_and_the_servers_wish_to_wait_is_kept(
    server: FakeServer, batches: FakeBatches
) -> None:
    remote = run(server, lambda api: api.submit(lines(1), DIGEST)).remote
    wait = Response(status=429, error={"message": "slow"}, headers={"retry-after": "0.3"})
    batches.mishaps["look"] = [Mishap(DOWN), Mishap(), Mishap(wait)]
    began = time.monotonic()
    assert run(server, lambda api: api.look(remote)).status == "validating"
    assert time.monotonic() - began >= 0.3


def test_a_server_that_stays_down_fails_after_four_tries(server: FakeServer, batches: FakeBatches) -> None:
    batches.mishaps["look"] = [Mishap(DOWN)] * 9
    failure = fail(server, lambda api: api.look("batch_1"))
    assert (failure.kind, failure.passing) == ("server", True) and len(server.requests) == 4


def test_a_long_wait_is_told_and_not_waited_for(server: FakeServer, batches: FakeBatches) -> None:
    wait = Response(status=429, error={"message": "slow"}, headers={"retry-after": "75"})
    batches.mishaps["look"] = [Mishap(wait)]
    failure = fail(server, lambda api: api.look("batch_1"))
    assert failure.retry_after == 75 and len(server.requests) == 1


@pytest.mark.parametrize("end", ["hang", "drip"])
def test_a_server_that_does_not_finish_its_answer_is_a_timeout(
    server: FakeServer, batches: FakeBatches, end: str
) -> None:
    batches.mishaps["look"] = [Mishap(Response(end=end))] * 4
    assert fail(server, lambda api: api.look("batch_1"), timeout=0.2).kind == "timeout"


@pytest.mark.parametrize(
    "use",
    [
        lambda api: api.submit(lines(1), DIGEST),
        lambda api: api.find(DIGEST),
    ],
    ids=["submit", "find"],
)
def test_a_server_without_a_batch_api_is_named_as_such(use: Callable[[BatchApi], Awaitable[object]]) -> None:
    with FakeServer(coder) as bare:
        failure = fail(bare, use)
    assert (failure.kind, failure.stops_run, failure.passing) == ("not_found", True, False)
    assert "has no Batch API" in failure.message
    assert "--batch-api" in failure.hint and "--batch-out" in failure.hint


def test_a_batch_the_server_does_not_know_is_not_taken_for_a_missing_api(
    server: FakeServer, batches: FakeBatches
) -> None:
    failure = fail(server, lambda api: api.look("batch_77"))
    assert failure.kind == "not_found" and "knows no batch batch_77" in failure.message


async def gathered(api: BatchApi, file: str) -> list[bytes]:
    return [one async for one in api.fetch(file)]


def test_a_result_file_is_split_at_line_feeds_only(server: FakeServer, batches: FakeBatches) -> None:
    batches.files["f"] = "﻿{\u2028}\r\n\n{\x85}\n{last}".encode()
    assert run(server, lambda api: gathered(api, "f")) == ["﻿{\u2028}\r".encode(), b"", "{\x85}".encode(), b"{last}"]


def test_a_download_that_breaks_is_taken_up_where_it_broke(server: FakeServer, batches: FakeBatches) -> None:
    wanted = [b"%d " % n + b"x" * 5_000 for n in range(400)]
    batches.files["f"] = b"\n".join(wanted)
    batches.mishaps["fetch"] = [Mishap(Response(end="cut"), done=True), Mishap(DOWN), Mishap()]
    assert run(server, lambda api: gathered(api, "f")) == wanted
    assert len(server.requests) == 4


def test_lines_come_before_the_whole_file_has_come(server: FakeServer, batches: FakeBatches) -> None:
    batches.files["f"] = b"first\n" + b"x" * 2_000_000
    batches.mishaps["fetch"] = [Mishap(Response(end="cut"), done=True)] * 4
    got: list[bytes] = []

    async def gather(api: BatchApi) -> None:
        async for one in api.fetch("f"):
            got.append(one)

    assert fail(server, gather).kind == "connection"
    assert got == [b"first"]


def test_a_line_without_end_is_not_kept_in_memory(
    server: FakeServer, batches: FakeBatches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.batch_api.LONGEST_LINE", 1_000_000)
    batches.files["f"] = b"x" * 3_000_000
    assert "a line of more than 1,000,000 bytes" in fail(server, lambda api: gathered(api, "f")).message


def test_forgetting_deletes_all_and_does_not_mind_what_is_gone(server: FakeServer, batches: FakeBatches) -> None:
    batches.files |= {"a": b"1", "b": b"2", "c": b"3"}
    batches.mishaps["delete"] = [Mishap(failing(401, "no"))]
    assert fail(server, lambda api: api.forget(["a", "gone", "b", "c"])).kind == "auth"
    assert set(batches.files) == {"a"}
    run(server, lambda api: api.forget(["a"]))
    assert batches.files == {}


def test_no_header_of_the_users_other_accounts_and_no_key_goes_to_another_server(
    server: FakeServer, batches: FakeBatches, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"x-team: {SECRET}")
    work(server, 1)
    assert len(server.requests) > 5
    for request in server.requests:
        assert request.headers["authorization"] == "Bearer none"
        assert SECRET not in str(request.headers)


def test_the_key_goes_to_the_provider_it_belongs_to_and_into_no_message(
    server: FakeServer, batches: FakeBatches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    batches.mishaps["list"] = [Mishap(failing(401, f"Incorrect API key provided: {SECRET}"))]
    with pytest.raises(ModelError) as caught:
        run(server, lambda api: api.find(DIGEST), "openai:gpt-5-mini")
    assert server.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert caught.value.kind == "auth" and SECRET not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__context__ is None


def test_a_redirect_is_not_followed(server: FakeServer, batches: FakeBatches) -> None:
    away = Response(status=307, raw=b"", headers={"location": "http://elsewhere.invalid/v1/files"})
    for step in ("upload", "fetch"):
        batches.mishaps[step] = [Mishap(away)]
    assert fail(server, lambda api: api.submit(lines(1), DIGEST)).kind == "not_found"
    assert fail(server, lambda api: gathered(api, "f")).kind == "not_found"
    assert len(server.requests) == 2


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with FakeServer(coder) as gone:
        pass
    failure = fail(gone, lambda api: api.find(DIGEST))
    assert failure.kind == "connection" and failure.stops_run and "cannot reach" in failure.message


@pytest.mark.parametrize("raw", [b"<html>Welcome</html>", b"{}", b'{"id": "', b'"text"', b"[]"])
def test_an_answer_that_is_none_is_an_error_of_ours(server: FakeServer, batches: FakeBatches, raw: bytes) -> None:
    for media_type in ("text/html", "application/json"):
        batches.mishaps["upload"] = [Mishap(Response(raw=raw, media_type=media_type))]
        failure = fail(server, lambda api: api.submit(lines(1), DIGEST))
        assert failure.kind == "server" and batches.created == []


def test_a_missing_key_and_a_spec_that_is_none_are_told_before_anything_is_sent() -> None:
    with pytest.raises(ModelError, match="DASHSCOPE_API_KEY"):
        connect("qwen:qwen-plus", base_url=None)
    with pytest.raises(UsageError):
        connect("nobody:m", base_url=None)


def test_a_server_that_says_little_is_understood(server: FakeServer, batches: FakeBatches) -> None:
    raw = b'{"id": "b", "status": "Completed", "output_file_id": "", "error_file_id": null, "request_counts": null}'
    batches.mishaps["look"] = [Mishap(Response(raw=raw))]
    state = run(server, lambda api: api.look("b"))
    assert state == State("completed") and state.ended


def test_the_endpoint_is_the_one_results_are_read_with(server: FakeServer) -> None:
    endpoint = connect("compatible:m", base_url=server.base_url).endpoint
    assert endpoint == Endpoint("compatible", "m", server.base_url, "CODART_API_KEY")
