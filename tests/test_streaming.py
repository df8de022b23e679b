"""The streaming half of the door to LangChain, driven against a loopback server."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

from assistant import chain, streaming
from assistant.errors import ModelError, UsageError
from assistant.model import Usage
from assistant.pricing import Price
from assistant.speech import Call, Ended, Line, Streamed, Tool, Wanted, Words
from assistant.streaming import ATTEMPTS, Talker, talk
from tests.fake_streams import (
    KEEP_ALIVE,
    Step,
    bytewise,
    called,
    chunk,
    delta,
    event,
    finish,
    streamed,
    usage,
    words,
)
from tests.fakes import Body, FakeServer, Response, completion, failing
from tests.test_chain import KEY_NAMES, SECRET, prompt

ROOT = Path(__file__).resolve().parents[1]
ASKED = (Line("system", "You help."), Line("user", "谁说了什么？"))
SEARCH = Tool("search", "Finds passages.", {"type": "object", "properties": {"q": {"type": "string"}}})
COUNTED = Usage(120, 30, 20)


class Heard:
    """What one answer gave."""

    def __init__(self) -> None:
        self.parts: list[Streamed] = []
        self.error: ModelError | None = None
        self.notices: list[str] = []

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Words))

    @property
    def calls(self) -> tuple[Call, ...]:
        return next((part.calls for part in self.parts if isinstance(part, Wanted)), ())

    @property
    def ended(self) -> Ended:
        assert self.error is None, self.error
        (ended,) = [part for part in self.parts if isinstance(part, Ended)]
        assert self.parts[-1] is ended
        return ended

    @property
    def failure(self) -> ModelError:
        assert self.error is not None, self.parts
        return self.error


async def listen(talker: Talker, lines: tuple[Line, ...] = ASKED, tools: tuple[Tool, ...] = ()) -> Heard:
    heard = Heard()
    try:
        async for part in talker.talk(lines, tools):
            heard.parts.append(part)
    except ModelError as error:
        heard.error = error
    return heard


def hear(
    server: FakeServer,
    model: str = "m",
    *,
    provider: str = "compatible",
    lines: tuple[Line, ...] = ASKED,
    tools: tuple[Tool, ...] = (),
    **options: Any,
) -> Heard:
    async def once() -> Heard:
        notices: list[str] = []
        talker = talk(f"{provider}:{model}", base_url=server.base_url, notify=notices.append, **options)
        heard = await listen(talker, lines, tools)
        await talker.aclose()
        heard.notices = notices
        return heard

    return asyncio.run(once())


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*KEY_NAMES, "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(streaming, "BACKOFF", 0.01)


@pytest.fixture(scope="module", autouse=True)
def certificates_read_once() -> Iterator[None]:
    """Every client reads all certificates of the system, which takes longer than most answers here."""
    import httpcore2

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpcore2, "default_ssl_context", cache(httpcore2.default_ssl_context))
        yield


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeServer]:
    with FakeServer() as server:
        yield server


@pytest.fixture
def server(fake: FakeServer) -> FakeServer:
    fake.forget()
    fake.hung_up = 0
    fake.answer = lambda body: streamed(*words("顾客", "说好。"), finish(), usage())
    return fake


def in_turn(*responses: Response) -> Callable[[Body], Response]:
    """Each request gets the next of these, the last one for ever."""
    left = list(responses)
    return lambda body: left.pop(0) if len(left) > 1 else left[0]


def test_words_come_one_by_one_and_the_end_says_usage_and_the_servers_own_model_name(server: FakeServer) -> None:
    heard = hear(server)
    assert heard.parts == [Words("顾客"), Words("说好。"), Ended("stop", "fine-2026", COUNTED)]


def test_words_are_passed_on_before_the_answer_is_over(server: FakeServer) -> None:
    server.answer = lambda body: streamed(*words("first"), 0.3, delta(content="last"), finish())

    async def times() -> list[float]:
        talker = talk("compatible:m", base_url=server.base_url)
        found = [time.monotonic() async for part in talker.talk(ASKED, ()) if isinstance(part, Words)]
        await talker.aclose()
        return found

    first, last = asyncio.run(times())
    assert last - first > 0.25


def test_the_conversation_and_the_tools_are_sent_as_the_protocol_words_them(server: FakeServer) -> None:
    call = Call("c1", "search", {"q": "顾客"})
    lines = (*ASKED, Line("assistant", "", (call,)), Line("tool", "nothing found", answers="c1"))
    hear(server, lines=lines, tools=(SEARCH,))
    body = server.chats[0].body
    assert body["messages"] == [
        {"role": "system", "content": "You help."},
        {"role": "user", "content": "谁说了什么？"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"type": "function", "id": "c1", "function": {"name": "search", "arguments": '{"q": "顾客"}'}}
            ],
        },
        {"role": "tool", "content": "nothing found", "tool_call_id": "c1"},
    ]
    function = {"name": "search", "description": "Finds passages.", "parameters": SEARCH.parameters}
    assert body["tools"] == [{"type": "function", "function": function}]
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})
    assert set(body) == {"model", "messages", "stream", "stream_options", "tools"}


def test_what_a_model_made_up_does_not_make_the_next_request_one_that_servers_refuse(server: FakeServer) -> None:
    odd = (Call("c1", "find it!", {}), Call("c2", "", {}, "it names no tool"))
    hear(server, lines=(*ASKED, Line("assistant", "half \ud83d", odd), Line("tool", "no", answers="c1")))
    sent = server.chats[0].body["messages"][2]
    assert [call["function"]["name"] for call in sent["tool_calls"]] == ["find_it_", "none"]
    assert sent["content"] == "half ?"


def test_the_longest_answer_is_sent_in_the_word_the_server_knows(server: FakeServer) -> None:
    hear(server, max_tokens=99)
    assert server.chats[0].body["max_tokens"] == 99


CALLS = [
    (
        "in pieces",
        [
            called(0, "c1", "search", ""),
            called(0, arguments='{"q":'),
            called(1, "c2", "similar", '{"n": 3'),
            called(0, arguments=' "服务"}'),
            called(1, arguments="}"),
        ],
        [("c1", "search", {"q": "服务"}), ("c2", "similar", {"n": 3})],
    ),
    ("id and name in pieces", [called(0, "c", "sea"), called(0, "1", "rch", "{}")], [("c1", "search", {})]),
    (
        "repeated",
        [called(0, "c1", "search", '{"q"'), called(0, "c1", "search", ':"x"}')],
        [("c1", "search", {"q": "x"})],
    ),
    (
        "without numbers",
        [called(None, "c1", "search", '{"q":'), called(None, arguments='"x"}'), called(None, "c2", "search", "{}")],
        [("c1", "search", {"q": "x"}), ("c2", "search", {})],
    ),
    (
        "all numbered 0",
        [called(0, "c1", "search", '{"q":"x"}'), called(0, "c2", "search", '{"q":"y"}')],
        [("c1", "search", {"q": "x"}), ("c2", "search", {"q": "y"})],
    ),
    (
        "without ids or with the same",
        [called(0, "", "a", "{}"), called(1, None, "b", "{}"), called(2, "x", "c"), called(3, "x", "d")],
        [("call_2_0", "a", {}), ("call_2_1", "b", {}), ("x", "c", {}), ("call_2_3", "d", {})],
    ),
    ("not as text", [called(0, "c1", "search", {"q": "x"})], [("c1", "search", {"q": "x"})]),
    ("no arguments", [called(0, "c1", "search")], [("c1", "search", {})]),
    ("half a character", [called(0, "c1", "s", '{"q": "\\ud83d"}')], [("c1", "s", {"q": "?"})]),
]


@pytest.mark.parametrize(("pieces", "calls"), [pytest.param(p, c, id=name) for name, p, c in CALLS])
def test_calls_are_put_together_however_a_server_cuts_them(
    server: FakeServer, pieces: list[bytes], calls: list[tuple[str, str, Mapping[str, Any]]]
) -> None:
    server.answer = lambda body: streamed(*words("Let me look."), *pieces, finish("tool_calls"))
    heard = hear(server, tools=(SEARCH,))
    assert heard.parts[:-1] == [Words("Let me look."), Wanted(tuple(Call(*call) for call in calls))]
    assert heard.ended.finish == "stop"


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        ("search", '{"q": ', "no JSON"),
        ("search", "{'q': 'x'}", "no JSON"),
        ("search", "[" * 100_000, "no JSON"),
        ("search", '["x"]', "not a JSON object"),
        ("search", "null", "not a JSON object"),
        ("", '{"q": "x"}', "names no tool"),
    ],
)
def test_a_call_that_cannot_be_read_is_a_call_with_its_problem(
    server: FakeServer, name: str, arguments: str, problem: str
) -> None:
    server.answer = lambda body: streamed(called(0, "c1", name, arguments), finish("tool_calls"))
    (call,) = hear(server, tools=(SEARCH,)).calls
    assert (call.id, call.name, call.arguments) == ("c1", name, {})
    assert problem in call.problem


def test_a_call_cut_by_the_longest_length_says_so(server: FakeServer) -> None:
    server.answer = lambda body: streamed(called(0, "c1", "search", '{"q": "a'), finish("length"))
    heard = hear(server, tools=(SEARCH,))
    assert "longest length" in heard.calls[0].problem and heard.ended.finish == "length"


ENDS = [
    ([finish()], "stop", Usage(), ""),
    ([chunk({"delta": {}, "finish_reason": "stop"}, usage={"prompt_tokens": 9, "completion_tokens": 2})], "stop",
     Usage(9, 2), ""),
    ([finish(), usage({"prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_hit_tokens": 4})], "stop",
     Usage(9, 2, 4), ""),
    ([finish(), usage({"prompt_tokens": "many", "completion_tokens": 2})], "stop", Usage(None, 2), ""),
    ([finish("length")], "length", Usage(), ""),
    ([finish("content_filter"), usage()], "content_filter", COUNTED, ""),
    ([delta(refusal="I will "), delta(refusal="not."), finish()], "refusal", Usage(), "I will not."),
]  # fmt: skip


@pytest.mark.parametrize(("events", "reason", "counts", "refusal"), ENDS)
def test_the_end_says_why_and_what_was_counted(
    server: FakeServer, events: list[bytes], reason: str, counts: Usage, refusal: str
) -> None:
    server.answer = lambda body: streamed(*words("so"), *events)
    ended = hear(server).ended
    assert (ended.finish, ended.usage, ended.refusal, ended.cost) == (reason, counts, refusal, None)


def test_an_answer_costs_what_its_tokens_cost_and_is_unknown_without_a_count(server: FakeServer) -> None:
    price = Price(input=1.0, output=10.0, cached=0.5)
    assert hear(server, price=price).ended.cost == pytest.approx((100 * 1 + 20 * 0.5 + 30 * 10) / 1e6)
    server.answer = lambda body: streamed(*words("so"), finish())
    assert hear(server, price=price).ended.cost is None


def test_what_is_no_part_of_the_answer_is_not_shown(server: FakeServer) -> None:
    thought = delta(role="assistant", content=None, reasoning_content="Perhaps he lies.")
    blocks = delta(content=[{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Yes"}])
    odd = [chunk(None), event({"choices": None}), event({"type": "ping"}), chunk({"delta": None}), chunk({})]
    server.answer = lambda body: streamed(KEEP_ALIVE, *odd, thought, KEEP_ALIVE, blocks, delta(content="."), finish())
    heard = hear(server)
    assert heard.parts[:-1] == [Words("Yes"), Words(".")] and heard.ended.finish == "stop"


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["<think>", "He lies.", "</think>", "\n\nNo."], "No."),
        (["<th", "ink>a < b</thi", "nk>", "No", "."], "No."),
        (["\n<Thinking>x</thinking><think>y</think>No <think>."], "No <think>."),
        (["<", "b> is a tag"], "<b> is a tag"),
        (["<th"], "<th"),
        (["<think>never ended"], ""),
        (["\ud83d", "\ude00!"], "😀!"),
        (["a\ud83d", "b"], "a\ufffdb"),
        (["a\ud83d"], "a\ufffd"),
    ],
)
def test_thoughts_left_in_the_text_are_taken_out_and_characters_put_together(
    server: FakeServer, pieces: list[str], text: str
) -> None:
    events = [f'data: {{"choices": [{{"delta": {{"content": {ascii_json(p)}}}}}]}}\n\n'.encode() for p in pieces]
    server.answer = lambda body: streamed(*events, finish())
    heard = hear(server)
    assert heard.text == text and heard.ended.finish == "stop"


def ascii_json(text: str) -> str:
    return json.dumps(text)


def test_characters_split_over_packets_arrive_whole(server: FakeServer) -> None:
    server.answer = lambda body: streamed(*bytewise(*words("顾客", "说：😀"), finish()))
    assert hear(server).text == "顾客说：😀"


# what servers do not know


def refusing_usage(body: Body) -> Response:
    if "stream_options" in body:
        return Response(status=422, raw=b'{"detail": [{"loc": ["body", "stream_options"], "msg": "extra field"}]}')
    return streamed(*words("so"), finish())


def test_a_server_that_cannot_count_while_streaming_is_asked_without_and_that_is_remembered(
    server: FakeServer,
) -> None:
    server.answer = refusing_usage

    async def twice() -> None:
        talker = talk("compatible:m", base_url=server.base_url)
        for _ in range(2):
            assert (await listen(talker)).ended.usage == Usage()
        assert talker.can_call and not talker.notes
        await talker.aclose()

    asyncio.run(twice())
    assert ["stream_options" in request.body for request in server.chats] == [True, False, False]


NO_TOOLS = [
    failing(400, "registry.ollama.ai/library/gemma:2b does not support tools"),
    failing(400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
    failing(400, "deepseek-reasoner does not support Function Calling"),
    failing(404, "No endpoints found that support tool use."),
    failing(500, "tools param requires --jinja flag"),
    Response(status=422, raw=b'{"detail": [{"loc": ["body", "tools"], "msg": "extra field"}]}'),
]


@pytest.mark.parametrize("refusal", NO_TOOLS)
def test_a_server_without_tools_is_asked_without_and_that_is_remembered_and_said_once(
    server: FakeServer, refusal: Response
) -> None:
    server.answer = lambda body: refusal if "tools" in body else streamed(*words("so"), finish())

    async def twice() -> Talker:
        talker = talk("ollama:gemma", base_url=server.base_url)
        assert talker.can_call and not talker.notes
        for _ in range(2):
            assert (await listen(talker, tools=(SEARCH,))).text == "so"
        await talker.aclose()
        return talker

    talker = asyncio.run(twice())
    assert not talker.can_call
    assert len(talker.notes) == 1 and talker.notes[0].startswith("ollama:gemma does not take tools")
    assert ["tools" in request.body for request in server.chats] == [True, False, False]


def test_without_tools_and_counts_a_server_is_asked_for_neither(server: FakeServer) -> None:
    server.answer = lambda body: NO_TOOLS[0] if "tools" in body else refusing_usage(body)
    assert hear(server, tools=(SEARCH,)).text == "so"
    assert len(server.chats) == 3


def test_a_model_without_tools_reads_what_tools_found_before_as_the_users_lines(server: FakeServer) -> None:
    server.answer = lambda body: NO_TOOLS[0] if "tools" in body else streamed(*words("so"), finish())
    call = Call("c1", "search", {"q": "x"})
    lines = (*ASKED, Line("assistant", "", (call,)), Line("tool", "1: 顾客", answers="c1"))
    hear(server, lines=lines, tools=(SEARCH,))
    assert server.chats[1].body["messages"][2:] == [{"role": "user", "content": "[search]\n1: 顾客"}]


def test_tools_are_given_up_only_when_the_answer_works_without_and_never_worked_with(server: FakeServer) -> None:
    async def talks() -> None:
        talker = talk("compatible:m", base_url=server.base_url)
        server.answer = lambda body: failing(400, "tool messages must follow tool_calls")
        assert (await listen(talker, tools=(SEARCH,))).failure.kind == "bad_request"
        assert talker.can_call and len(server.chats) == 2
        server.answer = lambda body: streamed(*words("so"), finish())
        assert (await listen(talker, tools=(SEARCH,))).text == "so"
        server.answer = lambda body: NO_TOOLS[0] if "tools" in body else streamed(*words("so"), finish())
        assert (await listen(talker, tools=(SEARCH,))).failure.kind == "bad_request"
        assert talker.can_call and len(server.chats) == 4
        await talker.aclose()

    asyncio.run(talks())


def test_a_bad_request_about_something_else_is_no_reason_to_ask_again(server: FakeServer) -> None:
    assert hear(server, "400", tools=(SEARCH,)).failure.kind == "bad_request"
    assert len(server.chats) == 1


def test_a_server_that_answers_at_once_is_heard_too(server: FakeServer) -> None:
    server.answer = lambda body: Response("顾客说好。")
    assert hear(server).parts == [Words("顾客说好。"), Ended("stop", "m", COUNTED)]


def test_calls_answered_at_once_are_heard_too(server: FakeServer) -> None:
    said = completion(Response(None, finish="tool_calls"), "m")
    said["choices"][0]["message"]["tool_calls"] = [
        {"id": f"c{n}", "type": "function", "function": {"name": "search", "arguments": f'{{"q": {n}}}'}}
        for n in range(2)
    ]
    server.answer = lambda body: Response(raw=json.dumps(said).encode())
    assert hear(server, tools=(SEARCH,)).calls == (Call("c0", "search", {"q": 0}), Call("c1", "search", {"q": 1}))


def test_a_stream_under_a_wrong_name_is_heard_too(server: FakeServer) -> None:
    server.answer = lambda body: streamed(*words("so"), finish(), media_type="application/json")
    assert hear(server).text == "so"


# what fails


HTTP_FAULTS = ["401", "403", "404", "307", "402", "quota", "429", "500", "503", "html502"]
HTTP_FAULTS += ["context", "filtered400", "400", "badjson", "error200", "nochoices", "reset"]


@pytest.mark.parametrize("model", HTTP_FAULTS)
def test_failures_are_of_the_same_kind_as_in_the_chain(server: FakeServer, model: str) -> None:
    async def by_chain() -> ModelError:
        asked = chain.connect(f"compatible:{model}", base_url=server.base_url)
        with pytest.raises(ModelError) as caught:
            await asked.ask(prompt(schema={}))
        await asked.aclose()
        return caught.value

    theirs = asyncio.run(by_chain())
    server.forget()
    ours = hear(server, model).failure
    assert (ours.kind, ours.stops_run, ours.passing, ours.charged) == (
        theirs.kind, theirs.stops_run, theirs.passing, theirs.charged,
    )  # fmt: skip
    assert len(server.chats) == (ATTEMPTS if ours.passing else 1)
    assert f"compatible:{model}" in ours.message and "units" not in ours.hint and ours.hint
    assert ours.__cause__ is None and ours.__context__ is None


def test_a_stream_cut_in_the_middle_has_shown_its_words_and_is_not_asked_again(server: FakeServer) -> None:
    server.answer = lambda body: streamed(*words("顾客", "说"), end="cut")
    heard = hear(server)
    assert heard.text == "顾客说"
    assert (heard.failure.kind, heard.failure.passing, heard.failure.charged) == ("connection", True, True)
    assert len(server.chats) == 1


@pytest.mark.parametrize(
    "answer", [Response("顾客", end="cut"), Response(raw=b"no gzip", headers={"content-encoding": "gzip"})]
)
def test_an_answer_at_once_that_comes_damaged_is_a_broken_connection_that_may_cost(
    server: FakeServer, answer: Response
) -> None:
    server.answer = lambda body: answer
    failure = hear(server).failure
    assert (failure.kind, failure.passing, failure.charged) == ("connection", True, True)


def test_a_stream_that_ends_before_the_answer_does_is_broken_off(server: FakeServer) -> None:
    server.answer = lambda body: streamed(*words("顾客"))
    heard = hear(server)
    assert heard.text == "顾客" and "ended before the answer did" in heard.failure.message
    assert heard.failure.charged and len(server.chats) == 1


def test_a_stream_cut_after_the_answer_is_an_answer(server: FakeServer) -> None:
    server.answer = lambda body: streamed(*words("顾客"), finish(), end="cut")
    assert hear(server).ended.finish == "stop"


def test_a_stream_cut_before_its_first_word_is_asked_again(server: FakeServer) -> None:
    thought = delta(reasoning_content="hm")
    server.answer = in_turn(streamed(thought, end="cut"), streamed(*words("so"), finish()))
    heard = hear(server)
    assert heard.text == "so" and heard.ended.finish == "stop"
    assert len(heard.notices) == 1 and "Asking again in" in heard.notices[0]


def test_silence_longer_than_the_timeout_ends_the_answer(server: FakeServer) -> None:
    server.answer = lambda body: streamed(*words("顾客"), 2.0, finish())
    began = time.monotonic()
    heard = hear(server, timeout=0.3)
    assert heard.text == "顾客"
    assert (heard.failure.kind, heard.failure.passing, heard.failure.charged) == ("timeout", True, True)
    assert time.monotonic() - began < 1.5


def test_a_server_that_shows_it_is_alive_may_take_longer_than_the_timeout(server: FakeServer) -> None:
    steps: list[Step] = [KEEP_ALIVE, 0.15] * 4
    server.answer = lambda body: streamed(*steps, *words("顾客"), finish())
    assert hear(server, timeout=0.4).text == "顾客"


@pytest.mark.parametrize("alive", [KEEP_ALIVE, delta(reasoning_content="hm")])
def test_but_no_longer_than_the_whole_answer_may_take(server: FakeServer, alive: bytes) -> None:
    steps: list[Step] = [alive, 0.05] * 60
    server.answer = lambda body: streamed(*steps, finish())
    began = time.monotonic()
    failure = hear(server, timeout=0.3, longest=0.4).failure
    assert failure.kind == "timeout" and 0.3 < time.monotonic() - began < 1.5
    assert len(server.chats) == 1


def test_the_time_a_person_takes_to_read_is_not_the_servers(server: FakeServer) -> None:
    async def read_slowly() -> int:
        talker = talk("compatible:m", base_url=server.base_url, longest=0.3)
        count = 0
        async for _ in talker.talk(ASKED, ()):
            count += 1
            await asyncio.sleep(0.15)
        await talker.aclose()
        return count

    assert asyncio.run(read_slowly()) == 3


@pytest.mark.parametrize("model", ["hang", "drip"])
def test_a_server_that_never_answers_times_out(server: FakeServer, model: str) -> None:
    assert hear(server, model, timeout=0.3, longest=0.4).failure.kind == "timeout"


def test_a_server_asked_too_often_is_asked_again_when_it_says(server: FakeServer) -> None:
    busy = failing(429, "slow down", retry_after_ms="300")
    server.answer = in_turn(busy, streamed(*words("so"), finish()))
    began = time.monotonic()
    heard = hear(server)
    assert heard.text == "so" and time.monotonic() - began > 0.3
    assert len(heard.notices) == 1 and "0.3 s" in heard.notices[0]


def test_nobody_is_made_to_wait_longer_than_a_minute(server: FakeServer) -> None:
    failure = hear(server, "429-wait").failure  # 75 s
    assert (failure.kind, failure.retry_after, len(server.chats)) == ("rate_limit", 75.0, 1)


IN_STREAM = [
    ({"message": "CUDA out of memory"}, "server", True),
    ({"message": "boom", "code": 503}, "server", True),
    ({"message": "slow down", "code": 429}, "rate_limit", True),
    ({"message": "slow down", "type": "rate_limit_exceeded"}, "rate_limit", True),
    ({"message": "This model's maximum context length is 8192", "code": 400}, "context", False),
    ({"message": "too long for the context window", "code": "context_length_exceeded"}, "context", False),
    ({"message": "You exceeded your current quota", "code": "insufficient_quota"}, "quota", False),
    ({"message": "filtered", "code": "content_filter"}, "content_filter", False),
    ("busy", "server", True),
]


@pytest.mark.parametrize(("error", "kind", "passes"), IN_STREAM)
def test_an_error_inside_the_stream_is_named_after_the_words_before_it(
    server: FakeServer, error: Any, kind: str, passes: bool
) -> None:
    server.answer = lambda body: streamed(*words("顾客"), event({"error": error}))
    heard = hear(server)
    assert heard.text == "顾客" and len(server.chats) == 1
    assert (heard.failure.kind, heard.failure.passing, heard.failure.charged) == (kind, passes, True)
    assert (error if isinstance(error, str) else error["message"]) in heard.failure.message


def test_an_error_inside_the_stream_before_any_word_is_asked_again_if_it_passes(server: FakeServer) -> None:
    broken = streamed(delta(role="assistant"), event({"error": {"message": "CUDA out of memory"}}))
    server.answer = in_turn(broken, streamed(*words("so"), finish()))
    assert hear(server).text == "so"


@pytest.mark.parametrize("reason", ["insufficient_system_resource", "abort", "error"])
def test_an_answer_the_server_gave_up_is_broken_off(server: FakeServer, reason: str) -> None:
    server.answer = lambda body: streamed(*words("顾客"), finish(reason))
    heard = hear(server)
    assert heard.text == "顾客" and "broke its reply off" in heard.failure.message


@pytest.mark.parametrize("data", [b"data: {\n\n", b"data: null\n\n", b'data: "so"\n\n', b"data: \xff\xfe\n\n"])
def test_what_is_no_event_ends_the_answer_with_an_error(server: FakeServer, data: bytes) -> None:
    server.answer = lambda body: streamed(*words("顾客"), data, finish())
    heard = hear(server)
    assert heard.text == "顾客" and (heard.failure.kind, heard.failure.charged) == ("server", True)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (streamed(), "not a chat completion"),
        (streamed(event({"object": "error", "message": "no such adapter"})), "no such adapter"),
        (streamed(*words(""), event({"object": "error", "message": "out of memory"})), "out of memory"),
        (Response(raw=b"<html>Please sign in</html>", media_type="text/html"), "Please sign in"),
        (Response(raw=b'{"detail": "no route"}'), "no route"),
        (Response(raw=b"plain words", media_type="text/plain"), "not a chat completion"),
    ],
)
def test_answers_that_are_none_say_what_came(server: FakeServer, answer: Response, said: str) -> None:
    server.answer = lambda body: answer
    failure = hear(server).failure
    assert failure.kind == "server" and said in failure.message and "<" not in failure.message


# stopping


async def gone(server: FakeServer) -> bool:
    """Whether the server sees, within a second, that nobody listens."""
    for _ in range(100):
        if server.hung_up:
            return True
        await asyncio.sleep(0.01)
    return False


def endless(body: Body) -> Response:
    """Half a minute of answer: longer than loading a library may stall the reader."""
    return streamed(*[step for _ in range(3000) for step in (delta(content="字"), 0.01)], finish())


def test_closing_an_answer_hangs_up_and_the_next_one_works(server: FakeServer) -> None:
    async def close_early() -> None:
        server.answer = endless
        talker = talk("compatible:m", base_url=server.base_url)
        answer = cast("AsyncGenerator[Streamed, None]", talker.talk(ASKED, ()))
        assert await anext(answer) == Words("字")
        await answer.aclose()
        assert await gone(server)
        server.answer = lambda body: streamed(*words("so"), finish())
        assert (await listen(talker)).text == "so"
        await talker.aclose()

    asyncio.run(close_early())


@pytest.mark.parametrize("shown", [0, 2])
def test_cancelling_the_task_hangs_up(server: FakeServer, shown: int) -> None:
    async def cancel() -> None:
        silent: list[Step] = [KEEP_ALIVE, 0.01] * 3000
        server.answer = lambda body: endless(body) if shown else streamed(*silent)
        talker = talk("compatible:m", base_url=server.base_url)
        parts: list[Streamed] = []

        async def read() -> None:
            async for part in talker.talk(ASKED, ()):
                parts.append(part)

        reading = asyncio.create_task(read())
        while not server.sent or len(parts) < shown:
            await asyncio.sleep(0.01)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert await gone(server)
        await talker.aclose()

    asyncio.run(cancel())


# where text and keys go


def test_a_key_goes_to_its_own_provider_only_and_stands_in_no_error(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("CODART_API_KEY", "plain0key0without0prefix")
    heard = hear(server, "401-echo")
    assert heard.failure.kind == "auth" and "plain0key0without0prefix" not in str(heard.failure)
    hear(server, "fine", provider="openai")
    ours, openai = (request.headers for request in server.chats)
    assert ours["authorization"] == "Bearer plain0key0without0prefix"
    assert openai["authorization"] == f"Bearer {SECRET}"
    assert not [value for value in ours.values() if "secret" in value or SECRET in value]
    assert SECRET not in repr(talk("openai:m", base_url=server.base_url))


def test_a_redirect_is_not_followed(server: FakeServer) -> None:
    assert hear(server, "307").failure.kind == "not_found"
    assert len(server.requests) == 1


def test_what_cannot_be_talked_to_is_said_before_anything_is_sent() -> None:
    with pytest.raises(UsageError, match="cannot be talked to"):
        talk("recorded:replies.jsonl", base_url=None)
    with pytest.raises(UsageError, match="does not name a model"):
        talk("gpt-5", base_url=None)
    with pytest.raises(ModelError, match="OPENAI_API_KEY"):
        talk("openai:m", base_url=None)


def test_a_talker_says_what_it_is(server: FakeServer) -> None:
    talker = talk("ollama:qwen3:8b", base_url=server.base_url)
    assert (talker.name, talker.base_url, talker.local) == ("ollama:qwen3:8b", server.base_url, True)


SCRIPT = """
import asyncio, sys
sys.path.insert(0, {root!r})
import assistant.streaming
heavy = {{"openai", "langchain_core", "langchain_openai", "langsmith", "httpx2", "numpy"}} & set(sys.modules)
assert not heavy, heavy
import langsmith.utils
assert langsmith.utils.tracing_is_enabled()
from assistant.speech import Line
async def once():
    talker = assistant.streaming.talk("compatible:m", base_url={url!r})
    assert len([part async for part in talker.talk([Line("user", "hello")], [])]) == 3
    await talker.aclose()
asyncio.run(once())
from langchain_core.tracers.langchain import wait_for_all_tracers
wait_for_all_tracers()
"""


def test_importing_is_light_and_nothing_is_traced_though_the_shell_says_true(server: FakeServer) -> None:
    with FakeServer() as trap:
        tracing = {f"{p}_{v}": "true" for p in ("LANGSMITH", "LANGCHAIN") for v in ("TRACING", "TRACING_V2")}
        tracing |= {"LANGSMITH_ENDPOINT": trap.base_url, "LANGSMITH_API_KEY": "lsv2_test"}
        code = SCRIPT.format(root=str(ROOT), url=server.base_url)
        done = subprocess.run([sys.executable, "-c", code], env=os.environ | tracing, capture_output=True, timeout=90)
        assert done.returncode == 0, done.stderr.decode()
        assert len(server.chats) == 1 and not trap.requests
