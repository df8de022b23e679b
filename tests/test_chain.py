"""The door to LangChain, driven against a loopback server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.chain import Model, connect
from assistant.errors import ModelError, UsageError
from assistant.model import Message, Prompt, Reply, Usage
from assistant.parsing import parse
from assistant.providers import asked_wait, explain, locate, quoted, unreachable
from tests.fakes import Body, FakeServer, Response, failing

ROOT = Path(__file__).resolve().parents[1]
SCHEMA: dict[str, Any] = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
CODED = '{"segments": [{"segment": 1, "none": false, "why": "", "codes": [{"code": "a", "quote": "顾客"}]}]}'
SECRET = "sk-test-DO-NOT-SHOW-1234567890"
KEY_NAMES = ("OPENAI_API_KEY", "DEEPSEEK_API_KEY", "DASHSCOPE_API_KEY", "CODART_API_KEY", "OPENAI_BASE_URL")


def prompt(text: str = "Answer in json.", schema: dict[str, Any] | None = None) -> Prompt:
    messages = (Message("system", "You code 文本."), Message("user", text))
    schema = SCHEMA if schema is None else schema
    return Prompt(messages, f"digest of {text}", "open", "en", "open_codes.v1.en.jinja", (1,), schema)


def ask_at(spec: str, url: str, **options: Any) -> Reply:
    async def once() -> Reply:
        connected = connect(spec, base_url=url, **options)
        try:
            return await connected.ask(prompt())
        finally:
            await connected.aclose()

    return asyncio.run(once())


def ask(server: FakeServer, model: str = "fine", provider: str = "compatible", **options: Any) -> Reply:
    return ask_at(f"{provider}:{model}", server.base_url, **options)


def fail(server: FakeServer, model: str, **options: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        ask(server, model, **options)
    return caught.value


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*KEY_NAMES, "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeServer]:
    with FakeServer(lambda body: Response(CODED)) as server:
        yield server


@pytest.fixture
def server(fake: FakeServer) -> FakeServer:
    fake.forget()
    return fake


def test_a_reply_carries_text_usage_and_the_servers_own_model_name(server: FakeServer) -> None:
    reply = ask(server)
    assert reply == Reply(CODED, "fine", Usage(120, 30, 20), "stop")


def test_the_messages_are_sent_as_they_stand_with_the_schema_and_nothing_unasked(server: FakeServer) -> None:
    ask(server)
    body = server.chats[0].body
    assert body["messages"] == [
        {"role": "system", "content": "You code 文本."},
        {"role": "user", "content": "Answer in json."},
    ]
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "reply", "strict": True, "schema": SCHEMA},
    }
    assert set(body) == {"model", "messages", "response_format", "stream"} and body["stream"] is False


def test_options_are_sent_in_the_word_each_provider_knows(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    ask(server, "gpt-5-mini", "openai", temperature=0.0, max_tokens=99)
    ask(server, "any", "vllm", temperature=0.0, max_tokens=99)
    openai, vllm = (request.body for request in server.chats)
    assert (openai["temperature"], openai["max_completion_tokens"], "max_tokens" in openai) == (0.0, 99, False)
    assert (vllm["temperature"], vllm["max_tokens"], "max_completion_tokens" in vllm) == (0.0, 99, False)


def test_a_model_name_that_langchain_would_send_to_the_responses_api_stays_on_chat_completions(
    server: FakeServer,
) -> None:
    ask(server, "gpt-5-pro")
    assert [request.path for request in server.requests] == ["/v1/chat/completions"]


@pytest.mark.parametrize(
    ("model", "forms"),
    [
        ("noschema", ["json_schema", "json_object", "json_object"]),
        ("noformat", ["json_schema", "json_object", "", ""]),
        ("fine", ["json_schema", "json_schema"]),
    ],
)
def test_a_server_is_asked_for_the_best_format_it_takes_and_that_is_remembered(
    server: FakeServer, model: str, forms: list[str]
) -> None:
    async def twice() -> list[str]:
        connected = connect(f"compatible:{model}", base_url=server.base_url)
        replies = [await connected.ask(prompt()), await connected.ask(prompt("Again, in json."))]
        await connected.aclose()
        return [reply.text for reply in replies]

    assert asyncio.run(twice()) == [CODED, CODED]
    assert [(r.body.get("response_format") or {}).get("type", "") for r in server.chats] == forms


def test_a_bad_request_about_something_else_does_not_lower_the_format(server: FakeServer) -> None:
    assert fail(server, "400").kind == "bad_request"
    assert len(server.chats) == 1


def test_a_format_is_given_up_only_when_the_next_one_works(server: FakeServer) -> None:
    def moody(body: Body) -> Response:
        angry = "angry" in body["messages"][-1]["content"]
        return failing(400, "The text speaks of structured output") if angry else Response(CODED)

    async def both(url: str) -> None:
        connected = connect("compatible:m", base_url=url)
        with pytest.raises(ModelError, match="structured output"):
            await connected.ask(prompt("angry"))
        await connected.ask(prompt())
        await connected.aclose()

    with FakeServer(moody) as other:
        asyncio.run(both(other.base_url))
        assert other.chats[-1].body["response_format"]["type"] == "json_schema"


def test_a_cut_reply_keeps_its_text_and_usage(server: FakeServer) -> None:
    reply = ask(server, "trunc")
    assert (reply.finish, reply.usage) == ("length", Usage(120, 30, 20))
    assert reply.text and CODED.startswith(reply.text) and reply.text != CODED


def test_refusals_and_filtered_replies_are_replies_with_their_usage(server: FakeServer) -> None:
    refused, filtered = ask(server, "refusal"), ask(server, "content_filter")
    assert (refused.finish, refused.refusal, refused.text) == ("refusal", "I will not read this text.", "")
    assert (filtered.finish, filtered.usage) == ("content_filter", Usage(120, 30, 20))


def test_a_cut_reply_is_the_same_when_the_server_takes_no_format(server: FakeServer) -> None:
    async def plain() -> Reply:
        connected = connect("compatible:trunc", base_url=server.base_url)
        try:
            return await connected.ask(prompt(schema={}))
        finally:
            await connected.aclose()

    assert asyncio.run(plain()) == ask(server, "trunc")


@pytest.mark.parametrize(
    ("model", "codes", "failure", "flaws"),
    [
        ("fine", ["a"], "", []),
        ("fence", ["a"], "", []),
        ("think", ["a"], "", []),
        ("prose", ["a"], "", []),
        ("wrongtypes", [], "", ["bad_field"]),
        ("trunc", [], "truncated", ["truncated"]),
        ("empty", [], "empty", []),
    ],
)
def test_what_servers_make_of_a_reply_is_read_or_named(
    server: FakeServer, model: str, codes: list[str], failure: str, flaws: list[str]
) -> None:
    parsed = parse(ask(server, model), prompt())
    assert [p.code for answer in parsed.answers for p in answer.proposals] == codes
    assert parsed.failure == failure and not any(answer.none for answer in parsed.answers)
    discards = [*parsed.strays, *(d for answer in parsed.answers for d in answer.discards)]
    assert [discard.flaw for discard in discards] == flaws


@pytest.mark.parametrize(
    "options", [{}, {"max_tokens": 99}, {"temperature": 0.0}, {"max_tokens": 99, "temperature": 1}]
)
def test_the_request_is_the_one_the_sdks_own_structured_output_would_send(
    server: FakeServer, options: dict[str, Any]
) -> None:
    ask(server, **options)
    format_: Any = {"type": "json_schema", "json_schema": {"name": "reply", "strict": True, "schema": SCHEMA}}
    messages: Any = [{"role": message.role, "content": message.content} for message in prompt().messages]

    async def once() -> None:
        from openai import AsyncOpenAI

        sdk = AsyncOpenAI(base_url=server.base_url, api_key="none")
        await sdk.chat.completions.create(
            model="fine", stream=False, messages=messages, response_format=format_, **options
        )
        await sdk.close()

    asyncio.run(once())
    ours, theirs = server.chats
    assert ours.body == theirs.body


FAILURES = [  # model, kind, stops the run, passes, may have been charged
    ("401", "auth", True, False, False),
    ("403", "auth", True, False, False),
    ("404", "not_found", True, False, False),
    ("307", "not_found", True, False, False),
    ("402", "quota", True, False, False),
    ("quota", "quota", True, False, False),
    ("429", "rate_limit", False, True, False),
    ("500", "server", False, True, False),
    ("503", "server", False, True, False),
    ("html502", "server", False, True, False),
    ("context", "context", False, False, False),
    ("filtered400", "content_filter", False, False, False),
    ("400", "bad_request", False, False, False),
    ("badjson", "server", False, False, True),
    ("error200", "server", False, True, False),
    ("nochoices", "server", False, False, True),
    ("reset", "connection", False, True, True),
]


@pytest.mark.parametrize(("model", "kind", "stops", "passes", "charged"), FAILURES)
def test_every_failure_says_its_kind_whether_it_stops_or_passes_or_costs_and_what_helps(
    server: FakeServer, model: str, kind: str, stops: bool, passes: bool, charged: bool
) -> None:
    error = fail(server, model)
    assert (error.kind, error.stops_run, error.passing, error.charged) == (kind, stops, passes, charged)
    assert error.retry_after is None
    assert f"compatible:{model}" in error.message and error.hint
    assert "<" not in error.message and "\n" not in error.message


ANSWERS = [
    (failing(408, "slow"), "server", True, False, "waited too long for the request"),
    (failing(409, "conflict"), "server", True, False, "busy with another request"),
    (failing(504, "upstream"), "server", True, True, "HTTP 504"),
    (failing(405, "no such method"), "server", False, False, "HTTP 405"),
    (Response(CODED[:9], finish="insufficient_system_resource"), "server", True, True, "broke its reply off"),
    (Response(raw=b'{"error": "busy, try again"}'), "server", True, False, "busy, try again"),
    (Response(raw=b'{"error": {"message": "no such model"}}'), "server", False, False, "no such model"),
    (Response(raw=b"<html>Sign in</html>", media_type="text/html"), "server", False, True, "not a chat completion"),
    (Response(raw=b"{}"), "server", False, True, "not a chat completion"),
    (Response(raw=b"no gzip", headers={"content-encoding": "gzip"}), "connection", True, True, "broke"),
]


@pytest.mark.parametrize(("answer", "kind", "passes", "charged", "words"), ANSWERS)
def test_answers_that_are_none_are_told_apart(
    answer: Response, kind: str, passes: bool, charged: bool, words: str
) -> None:
    with FakeServer(lambda body: answer) as odd:
        error = fail(odd, "any")
    assert (error.kind, error.stops_run, error.passing, error.charged) == (kind, False, passes, charged)
    assert words in error.message


def test_an_answer_cut_in_its_body_is_a_broken_connection_that_may_cost() -> None:
    def serve(listener: socket.socket) -> None:
        line, _ = listener.accept()
        with line:
            line.recv(65536)
            line.sendall(b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{"id": ')

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        with pytest.raises(ModelError) as caught:
            ask_at("compatible:m", f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
        thread.join(10)
    assert (caught.value.kind, caught.value.passing, caught.value.charged) == ("connection", True, True)


def test_a_server_that_is_down_stops_the_run_and_says_how_to_start_it() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"

    with pytest.raises(ModelError) as caught:
        ask_at("ollama:qwen3:8b", url)
    assert (caught.value.kind, caught.value.stops_run) == ("connection", True)
    assert not caught.value.passing and not caught.value.charged
    assert caught.value.hint == "ollama serve"


@pytest.mark.parametrize("model", ["hang", "drip"])
def test_a_server_that_hangs_or_only_keeps_the_line_open_times_out(server: FakeServer, model: str) -> None:
    began = time.monotonic()
    error = fail(server, model, timeout=0.4)
    assert (error.kind, error.stops_run, error.passing, error.charged) == ("timeout", False, True, True)
    assert 0.3 < time.monotonic() - began < 2


def test_a_server_that_opens_no_connection_in_time_is_unreachable_yet_may_come_back() -> None:
    with socket.socket() as deaf, contextlib.ExitStack() as fillers:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(4):  # the queue of connections nobody accepts is full: further ones hang
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(deaf.getsockname())
        with pytest.raises(ModelError) as caught:
            ask_at("compatible:m", f"http://127.0.0.1:{deaf.getsockname()[1]}/v1", timeout=0.6)
    if caught.value.kind == "timeout":
        pytest.skip("this system accepts connections beyond the queue")
    assert (caught.value.kind, caught.value.stops_run, caught.value.passing) == ("connection", True, True)
    assert not caught.value.charged


@pytest.mark.parametrize("model", ["429-once", "500-once", "reset", "503", "429-wait"])
def test_one_call_asks_once_and_leaves_retries_to_the_pacer(server: FakeServer, model: str) -> None:
    began = time.monotonic()
    assert fail(server, model).passing
    assert len(server.chats) == 1
    assert time.monotonic() - began < 2


def date_in(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry_after": "7"}, 7, 7),
        ({"retry_after": "0.5"}, 0.5, 0.5),
        ({"retry_after": "7", "retry_after_ms": "1500"}, 1.5, 1.5),
        ({"retry_after": "7", "retry_after_ms": "soon"}, 7, 7),
        ({"retry_after": "-3"}, 0, 0),
        ({"retry_after": date_in(30_000)}, 20_000, 30_001),
        ({"retry_after": date_in(-3000)}, 0, 0),
        # by the server's clock, which may not be ours
        ({"retry_after": "Wed, 21 Oct 2015 07:28:30 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 30, 30),
    ],
)
def test_how_long_the_server_asks_to_wait_is_read_in_all_its_forms(
    status: int, headers: dict[str, str], least: float, most: float
) -> None:
    with FakeServer(lambda body: failing(status, "busy", **headers)) as busy:
        asked = fail(busy, "any").retry_after
    assert asked is not None and least <= asked <= most


@pytest.mark.parametrize("said", ["soon", "", "nan", "inf", "Wed, 99 Oct 2015 07:28:00 GMT"])
def test_a_wait_that_is_none_is_not_said(said: str) -> None:
    assert asked_wait({"retry-after": said}) is None


def test_a_date_without_a_zone_is_utc() -> None:
    assert asked_wait({"retry-after": "Wed, 21 Oct 2015 07:28:30", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 30


def test_an_error_that_does_not_pass_says_no_wait() -> None:
    with FakeServer(lambda body: failing(400, "bad", retry_after="7")) as server:
        assert fail(server, "any").retry_after is None


def test_hints_name_the_command_for_the_provider() -> None:
    ollama, any_server = locate("ollama:qwen3", None, {}), locate("compatible:m", "https://h/v1", {})
    assert explain(ollama, 404, "model not found").hint == "ollama pull qwen3"
    assert unreachable(locate("vllm:qwen3", None, {}), "refused").hint == "vllm serve qwen3"
    assert "SSL_CERT_FILE" in unreachable(any_server, "certificate verify failed").hint
    assert "--base-url" in unreachable(any_server, "unknown host").hint


def test_a_proxy_that_cannot_be_used_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks4://127.0.0.1:9")
    with pytest.raises(ModelError, match="proxy") as caught:
        connect("compatible:m", base_url="http://h.invalid/v1")
    assert (caught.value.kind, caught.value.stops_run) == ("connection", True)


def test_a_missing_key_is_said_before_anything_is_sent() -> None:
    for spec, variable in (("openai:m", "OPENAI_API_KEY"), ("qwen:m", "DASHSCOPE_API_KEY")):
        with pytest.raises(ModelError) as caught:
            connect(spec, base_url=None)
        assert (caught.value.kind, caught.value.stops_run) == ("auth", True)
        assert variable in caught.value.message and variable in caught.value.hint


@pytest.mark.parametrize("spec", ["gpt-5", "openai:", "nobody:m", "", ":m"])
def test_a_spec_that_names_no_model_is_a_usage_error(spec: str) -> None:
    with pytest.raises(UsageError, match="does not name a model"):
        connect(spec, base_url=None)


@pytest.mark.parametrize(
    "url", ["localhost:11434", "ftp://host/v1", "http://", "http://me:pw@host/v1", "http://h:99999/v1"]
)
def test_a_base_url_that_is_none_is_a_usage_error_and_repeats_no_password(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        connect("compatible:m", base_url=url)
    assert "pw" not in str(caught.value)


def test_a_compatible_server_needs_its_address() -> None:
    with pytest.raises(UsageError, match="address of its server") as caught:
        connect("compatible:m", base_url=None)
    assert "--base-url" in caught.value.hint


def test_the_openai_key_and_headers_go_to_no_other_providers_server(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-secret")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Gateway: {SECRET}\nAuthorization: Bearer {SECRET}")
    monkeypatch.setenv("DEEPSEEK_API_KEY", "deepseek-key")
    for provider in ("compatible", "ollama", "vllm", "deepseek"):
        ask(server, "fine", provider)
    for request in server.chats:
        assert not [value for value in request.headers.values() if "secret" in value or SECRET in value]
    assert [r.headers["authorization"] for r in server.chats] == ["Bearer none"] * 3 + ["Bearer deepseek-key"]


def test_codart_api_key_is_sent_to_a_compatible_server(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODART_API_KEY", f" {SECRET}\n")
    ask(server)
    assert server.chats[0].headers["authorization"] == f"Bearer {SECRET}"


def test_the_openai_key_is_sent_when_openai_is_named(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    ask(server, "fine", "openai")
    assert server.chats[0].headers["authorization"] == f"Bearer {SECRET}"


def test_a_key_never_stands_in_an_error_or_a_repr(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in (SECRET, "plain0key0without0prefix"):
        monkeypatch.setenv("CODART_API_KEY", key)
        error = fail(server, "401-echo")
        assert error.kind == "auth" and key not in str(error)
        assert error.__cause__ is None and error.__context__ is None
        assert key not in repr(locate("compatible:m", server.base_url, os.environ))
        assert key not in repr(vars(connect("compatible:m", base_url=server.base_url).ask.__self__))  # type: ignore[attr-defined]


def test_a_key_with_a_character_no_key_has_is_told_without_showing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-密码")
    with pytest.raises(ModelError) as caught:
        connect("openai:m", base_url=None)
    assert caught.value.kind == "auth" and "密码" not in str(caught.value)


def test_default_addresses_and_overrides() -> None:
    keys = {name: "k" for name in KEY_NAMES if name.endswith("KEY")}
    assert locate("openai:m", None, keys).base_url == "https://api.openai.com/v1"
    assert locate("ollama:qwen2.5:7b", None, {}).base_url == "http://localhost:11434/v1"
    assert locate("ollama:qwen2.5:7b", None, {}).model == "qwen2.5:7b"
    assert locate("vllm:m", None, {}).base_url == "http://localhost:8000/v1"
    assert "dashscope" in locate("qwen:m", None, keys).base_url
    assert locate("deepseek:m", "http://h/v1/", keys).base_url == "http://h/v1"
    gateway = keys | {"OPENAI_BASE_URL": "http://gateway/v1"}
    assert locate("openai:m", None, gateway).base_url == "http://gateway/v1"
    assert locate("openai:m", "http://h/v1", gateway).base_url == "http://h/v1"
    assert locate("deepseek:m", None, gateway).base_url == "https://api.deepseek.com/v1"


def test_a_servers_own_words_are_clipped_and_stripped_of_tags_and_control_characters() -> None:
    endpoint = locate("compatible:m", "http://h/v1", {})
    said = quoted(endpoint, "<b>bad</b>\x1b[31m\n" + "x" * 1000)
    assert "<b>" not in said and "\x1b" not in said and "\n" not in said and len(said) < 350
    assert explain(endpoint, 429, '{"error": {"message": "slow"}}').message.endswith("It said: slow")


def test_new_models_work_in_one_event_loop_after_another(server: FakeServer) -> None:
    assert [ask(server).text for _ in range(3)] == [CODED] * 3


def test_sixty_four_prompts_are_under_way_at_once_and_each_gets_its_own_reply() -> None:
    def echo(body: Body) -> Response:
        return Response(body["messages"][-1]["content"], delay=0.5)

    async def all_of_them(connected: Model) -> list[Reply]:
        try:
            return await asyncio.gather(*(connected.ask(prompt(f"json {n}")) for n in range(64)))
        finally:
            await connected.aclose()

    with FakeServer(echo) as slow:
        replies = asyncio.run(all_of_them(connect("compatible:m", base_url=slow.base_url)))
        assert [reply.text for reply in replies] == [f"json {n}" for n in range(64)]
        assert slow.most_at_once == 64


def test_half_a_surrogate_pair_in_a_reply_is_made_storable() -> None:
    with FakeServer(lambda body: Response('{"a": "\ud83d"}')) as odd:
        assert ask(odd).text.encode("utf-8") == b'{"a": "?"}'


def test_a_proxy_in_the_environment_is_not_asked_for_a_local_server(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert ask(server).text == CODED


TRACED = """
import asyncio, sys
sys.path.insert(0, {root!r})
{body}
from langchain_core.tracers.langchain import wait_for_all_tracers
wait_for_all_tracers()
"""
BARE = """
from langchain_openai import ChatOpenAI
ChatOpenAI(model="m", base_url={url!r}, api_key="k", use_responses_api=False).invoke("hello")
"""
OURS = """
from assistant.chain import connect
from tests.test_chain import prompt
async def once():
    model = connect("compatible:m", base_url={url!r})
    assert (await model.ask(prompt())).finish == "stop"
    await model.aclose()
asyncio.run(once())
"""
TOO_LATE = """
import langsmith.utils
assert langsmith.utils.tracing_is_enabled()
"""


@pytest.mark.parametrize(
    ("script", "leaks"),
    [
        pytest.param(BARE, True, id="without-codart"),
        (OURS, False),
        pytest.param(TOO_LATE + OURS, False, id="read-before"),
    ],
)
def test_tracing_sends_nothing_though_the_shell_says_true(server: FakeServer, script: str, leaks: bool) -> None:
    with FakeServer() as trap:
        tracing = {f"{p}_{v}": "true" for p in ("LANGSMITH", "LANGCHAIN") for v in ("TRACING", "TRACING_V2")}
        tracing |= {
            "LANGSMITH_ENDPOINT": trap.base_url,
            "LANGSMITH_API_KEY": "lsv2_test",
            "LANGSMITH_GATEWAY": trap.base_url,
        }
        code = TRACED.format(root=str(ROOT), body=script.format(url=server.base_url))
        done = subprocess.run([sys.executable, "-c", code], env=os.environ | tracing, capture_output=True, timeout=90)
        assert done.returncode == 0, done.stderr.decode()
        assert len(server.chats) == 1
        assert bool(trap.requests) is leaks


def test_importing_these_modules_imports_nothing_heavy() -> None:
    heavy = {"openai", "langchain", "langchain_core", "langchain_openai", "langsmith", "chromadb", "numpy", "tiktoken"}
    modules = "assistant.chain, assistant.parsing, assistant.recording, assistant.tokens"
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import {modules}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "assistant.chain" in done.stdout.split()
    assert not heavy & set(done.stdout.split())
