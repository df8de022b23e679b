"""Lines of a batch: requests as the chain sends them, results as the chain reads them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, strategies as st

from assistant import chain
from assistant.batching import Form, Item, Result, ResultReader, line, results, split
from assistant.errors import ModelError
from assistant.model import Message, Prompt, Reply, Usage
from assistant.providers import Endpoint
from tests.fakes import FAULTS, USAGE, Body, FakeServer, Request, Response, completion

SCHEMA: dict[str, Any] = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
PROMPT = Prompt(
    (Message("system", "You code 文本 «A»."), Message("user", 'Answer in json: "用户"\n\t😀\u2028end')),
    "digest",
    "open",
    "zh",
    "open_codes.v1.zh.jinja",
    (1,),
    SCHEMA,
)
ENDPOINT = Endpoint("compatible", "m", "http://localhost:1/v1", "CODART_API_KEY")
CODED = '{"segments": []}'


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeServer]:
    with FakeServer(lambda body: Response(CODED)) as server:
        yield server


@pytest.fixture
def server(fake: FakeServer) -> FakeServer:
    fake.forget()
    return fake


def ask(server: FakeServer, spec: str, prompt: Prompt = PROMPT, **options: Any) -> Reply:
    async def once() -> Reply:
        model = chain.connect(spec, base_url=server.base_url, **options)
        try:
            return await model.ask(prompt)
        finally:
            await model.aclose()

    return asyncio.run(once())


def written(prompt: Prompt = PROMPT) -> Body:
    made = line(Item("u1", prompt), "m", form="json_schema", max_reply_tokens=None, provider="compatible")
    request: Body = json.loads(made)
    return request


@pytest.mark.parametrize("provider", ["openai", "qwen", "compatible", "vllm"])
@pytest.mark.parametrize("temperature", [None, 0.0])
@pytest.mark.parametrize(
    ("model", "form"), [("fine", "json_schema"), ("noschema", "json_object"), ("noformat", "plain")]
)
def test_the_body_is_what_the_chain_sends_for_the_same_prompt(
    server: FakeServer,
    monkeypatch: pytest.MonkeyPatch,
    provider: str,
    temperature: float | None,
    model: str,
    form: Form,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-one")
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-two")
    ask(server, f"{provider}:{model}", temperature=temperature, max_tokens=99)
    sent = server.chats[-1].body
    assert sent.pop("stream") is False  # the default, and nothing a batch can do
    item = Item("u1", PROMPT)
    made = line(item, model, form=form, max_reply_tokens=99, provider=provider, temperature=temperature)
    assert json.loads(made)["body"] == sent


def test_a_prompt_without_a_schema_is_sent_without_a_format_as_the_chain_does(server: FakeServer) -> None:
    free = replace(PROMPT, schema={})
    ask(server, "compatible:m", free)
    body = server.chats[-1].body
    assert written(free)["body"] == {k: v for k, v in body.items() if k != "stream"}
    assert "response_format" not in body and "max_tokens" not in body


def test_a_request_is_one_line_addressed_by_its_custom_id() -> None:
    assert {key: value for key, value in written().items() if key != "body"} == {
        "custom_id": "u1",
        "method": "POST",
        "url": "/v1/chat/completions",
    }


@given(st.text())
def test_whatever_the_text_the_request_stays_one_line_for_every_reader(text: str) -> None:
    prompt = replace(PROMPT, messages=(Message("user", text),))
    made = line(Item("u1", prompt), "m", form="plain", max_reply_tokens=1, provider="openai")
    assert made.endswith(b"\n") and len(made.decode("utf-8").splitlines()) == 1
    assert json.loads(made)["body"]["messages"][0]["content"] == text


def test_half_a_surrogate_pair_does_not_stop_the_file() -> None:
    prompt = replace(PROMPT, messages=(Message("user", "a\ud800b"),))
    assert written(prompt)["body"]["messages"][0]["content"] == "a?b"


@given(st.lists(st.integers(1, 12).map(lambda n: b"x" * n), max_size=40), st.integers(1, 7), st.integers(12, 40))
def test_a_split_keeps_all_lines_in_order_within_both_limits_and_wastes_no_room(
    lines: list[bytes], most: int, most_bytes: int
) -> None:
    files = list(split(lines, most=most, most_bytes=most_bytes))
    assert [one for file in files for one in file] == lines
    assert all(0 < len(file) <= most and len(b"".join(file)) <= most_bytes for file in files)
    for file, following in pairwise(files):
        assert len(file) == most or len(b"".join(file)) + len(following[0]) > most_bytes


def test_a_split_reads_no_further_than_one_line_beyond_the_file_it_gives() -> None:
    read: list[int] = []

    def lines() -> Iterator[bytes]:
        for number in range(100):
            read.append(number)
            yield b"x"

    assert next(split(lines(), most=10)) == [b"x"] * 10
    assert len(read) == 11


def test_a_request_longer_than_a_file_is_an_error_that_names_it() -> None:
    with pytest.raises(ModelError, match=r"Request 2 is 11 bytes long; a batch takes 10\.") as caught:
        list(split([b"x" * 10, b"x" * 11], most_bytes=10))
    assert caught.value.kind == "context"


def answered(body: Any, status: Any = 200, custom_id: str = "u1") -> bytes:
    response = {"status_code": status, "request_id": "r", "body": body}
    return json.dumps({"id": "x", "custom_id": custom_id, "response": response, "error": None}).encode() + b"\n"


def failed(error: Any, custom_id: str = "u1", **more: Any) -> bytes:
    return json.dumps({"id": "x", "custom_id": custom_id, "response": None, "error": error} | more).encode()


def one(said: bytes) -> Result:
    (result,) = results([said], ResultReader(ENDPOINT, {"u1"}), "output file")
    return result


def error(said: bytes) -> ModelError:
    result = one(said)
    assert result.reply is None and result.error is not None
    return result.error


@pytest.mark.parametrize("model", ["fine", "trunc", "refusal", "content_filter", "empty", "fence", "think"])
def test_a_completion_gives_the_reply_that_the_chain_reads_from_it(server: FakeServer, model: str) -> None:
    request = Request("POST", "/v1/chat/completions", {}, {"model": model})
    said = completion(server.complete(request, 0), model)
    reply = ask(server, f"compatible:{model}")
    assert one(answered(said)) == Result("u1", reply)
    assert reply.usage == Usage(120, 30, 20)


def test_finish_and_refusal_are_told_apart() -> None:
    def read(**said: Any) -> Reply | None:
        return one(answered(completion(Response(**said), "m"))).reply

    assert read(content="cut", finish="length") == Reply("cut", "m", Usage(120, 30, 20), "length")
    assert read(content=None, refusal="No.") == Reply("", "m", Usage(120, 30, 20), "refusal", "No.")
    assert read(content="", finish="content_filter") == Reply("", "m", Usage(120, 30, 20), "content_filter")
    assert read(content="a\ud800b", usage=None) == Reply("a?b", "m", Usage())


def test_cached_tokens_are_read_under_deepseeks_name_too() -> None:
    said = completion(
        Response("x", usage={"prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_hit_tokens": 4}), ""
    )
    assert one(answered(said)).reply == Reply("x", "compatible:m", Usage(9, 2, 4))


def test_a_body_that_is_json_in_a_string_is_read() -> None:
    said = json.dumps(completion(Response("x"), "m"))
    assert one(answered(said, "200")).reply == Reply("x", "m", Usage(120, 30, 20))


@pytest.mark.parametrize(
    ("code", "kind", "charged"),
    [
        ("batch_expired", "expired", False),
        ("batch_cancelled", "cancelled", False),
        ("request_timeout", "timeout", True),
    ],
)
def test_requests_that_a_batch_did_not_get_to_are_to_be_asked_again(code: str, kind: str, charged: bool) -> None:
    found = error(failed({"code": code, "message": "…"}))
    assert (found.kind, found.passing, found.stops_run, found.charged) == (kind, True, False, charged)


@pytest.mark.parametrize(
    ("said", "kind", "passing", "stops_run"),
    [
        (answered({"error": {"message": "Rate limit"}}, 429), "rate_limit", True, False),
        (answered({"error": {"message": "no", "code": "insufficient_quota"}}, 429), "quota", False, True),
        (answered({"error": {"code": "context_length_exceeded", "message": "long"}}, 400), "context", False, False),
        (answered({"error": {"code": "content_filter", "message": "no"}}, 400), "content_filter", False, False),
        (answered({"error": {"message": "Unsupported value"}}, 400), "bad_request", False, False),
        (answered("bad gateway", 502), "server", True, False),
        (answered(None, "503"), "server", True, False),
        (failed(None, response={"status_code": 500, "message": "Internal"}), "server", True, False),
        (failed({"code": "500", "message": "x"}), "server", True, False),
        (failed({"code": "InternalError", "message": "x"}), "server", True, False),
        (failed({"code": "data_inspection_failed", "message": "x"}), "content_filter", False, False),
        (failed({"code": "InvalidParameter", "message": "x"}), "bad_request", False, False),
        (failed({"code": "InvalidParameter", "message": "x"}, response={}), "bad_request", False, False),
        (failed("broken"), "bad_request", False, False),
        (failed(None), "server", True, False),
        (answered({"error": {"message": "engine overloaded"}}), "server", True, False),
        (answered({"choices": []}), "server", False, False),
        (answered(None), "server", False, False),
        (answered("{"), "server", False, False),
        (answered(completion(Response("x", finish="insufficient_system_resource"), "m")), "server", True, False),
    ],
)
def test_every_way_to_fail_has_its_kind(said: bytes, kind: str, passing: bool, stops_run: bool) -> None:
    found = error(said)
    assert (found.kind, found.passing, found.stops_run) == (kind, passing, stops_run)


def test_an_answer_that_came_and_cannot_be_read_may_have_been_charged() -> None:
    assert error(answered({"choices": []})).charged
    assert not error(answered({"error": {"message": "engine overloaded"}})).charged


def test_the_servers_words_stand_in_the_message_without_the_key() -> None:
    endpoint = replace(ENDPOINT, key="sk-test-SECRET-99")
    said = answered({"error": {"message": "Bad <b>key</b> sk-test-SECRET-99"}}, 500)
    (result,) = results([said], ResultReader(endpoint, {"u1"}), "error file")
    assert result.error is not None and "It said: Bad key (key)" in result.error.message


def test_what_is_no_result_is_passed_over_and_told_with_its_line() -> None:
    reader = ResultReader(ENDPOINT, {"a", "b"})
    good = completion(Response("x"), "m")
    output = [
        b"\xef\xbb\xbf" + answered(good, custom_id="a"),
        b"\r\n",
        b"  ",
        b'{"custom_id": "b", "resp',
        b"\xff\xfe",
        b"[" * 100_000,
        b"[1]",
        b'{"custom_id": 7}',
        answered(good, custom_id="z"),
        answered(completion(Response("second"), "m"), custom_id="a"),
        b"\xef\xbb\xbf",
    ]
    expired = failed({"code": "batch_expired"}, "a") + b"\r\n"
    found = [
        *results(output, reader, "output file"),
        *results([expired, failed({"code": "500"}, "b")], reader, "error file"),
    ]
    assert [(result.custom_id, result.reply is not None) for result in found] == [("a", True), ("b", False)]
    assert found[0].reply == Reply("x", "m", Usage(120, 30, 20))
    assert reader.notes == [
        *(f"output file, line {number} is no result of a request." for number in (4, 5, 6, 7, 8)),
        "output file, line 9 answers 'z', which was not asked.",
        "output file, line 10 answers 'a' once more; the first answer counts.",
        "error file, line 1 answers 'a' once more; the first answer counts.",
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "response",
                    "error",
                    "status_code",
                    "body",
                    "choices",
                    "message",
                    "content",
                    "usage",
                    "code",
                    "refusal",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON, JSON, JSON)
def test_no_json_a_server_can_send_is_more_than_an_error(response: Any, failure: Any, body: Any) -> None:
    for said in (
        {"response": response, "error": failure},
        {"response": {"status_code": 200, "body": body}, "error": failure},
        {"response": {"status_code": 200, "body": {"choices": [{"message": body, "finish_reason": failure}]}}},
    ):
        result = one(json.dumps({"custom_id": "u1"} | said).encode())
        assert (result.reply is None) != (result.error is None)


def test_results_come_as_the_lines_come() -> None:
    def endless() -> Iterator[bytes]:
        number = 0
        while True:
            yield answered(completion(Response("x", usage=USAGE), "m"), custom_id=f"u{number}")
            number += 1

    found = results(endless(), ResultReader(ENDPOINT, {f"u{n}" for n in range(3)}), "output file")
    assert [next(found).custom_id for _ in range(3)] == ["u0", "u1", "u2"]


def test_every_fault_of_the_fake_server_with_an_http_answer_is_read(server: FakeServer) -> None:
    for model, fault in FAULTS.items():
        request = Request("POST", "/v1/chat/completions", {}, {"model": model})
        response = fault(request, Response('{"segments": [{"codes": []}]}'), 0)
        body = completion(response, model) if response.raw is None else response.raw.decode()
        result = one(answered(body, response.status))
        assert (result.reply is None) == (result.error is not None), model
