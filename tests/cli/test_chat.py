"""`codart chat` as a person uses it: on a pseudo-terminal, through a pipe, and with one question."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.cli.conftest import Codart
from tests.cli.terminals import CTRL_C, CTRL_D, CTRL_U, ROOT, terminal
from tests.fake_streams import called, finish, streamed, usage, words
from tests.fakes import Body, FakeServer, Response, failing

ELSEWHERE = "http://192.0.2.1:9/v1"  # kept for documentation: no server is ever there
_SOURCE = re.compile(r"«DATA (\w+) source (\d+)»\n(.*?)\n«END \1»", re.S)


def source(body: Body, containing: str) -> str:
    """The number under which words are shown in a request."""
    prompt = "\n".join(str(m["content"]) for m in body["messages"])
    return next((number for _, number, text in _SOURCE.findall(prompt) if containing in text), "99")


def tell(body: Body) -> Response:
    """A model that answers by the words of the question."""
    asked = [str(m["content"]) for m in body["messages"] if m["role"] == "user"][-1].rsplit("\n", 1)[-1]
    if "建群" in asked:
        if body.get("tools") and body["messages"][-1]["role"] != "tool":
            return streamed(called(0, "c1", "search", '{"query": "老用户 建群"}'), finish("tool_calls"), usage())
        n = source(body, "老用户自发建群")
        answer = (
            f"老用户自己建了群，还教新手刷机⟦{n}: 老用户自发建群，教新手刷机⟧。官方每周开会⟦{n}: 官方每周都来开会⟧。"
            "收入增加了⟦?⟧。\n\n工程师在论坛里逐条回复用户的意见，并且照着用户的说法把方案改了三稿，"
            f"这说明双方有来有往⟦{n}: 工程师在论坛里逐条回复⟧。"
        )
        return streamed(*words(*(answer[at : at + 5] for at in range(0, len(answer), 5))), finish(), usage())
    if "half" in asked:
        return streamed(*words("Half of an answer ", "and then"), end="cut")
    if "slow" in asked:
        return streamed(*words("It begins well ", "and "), 30.0, *words("never ends"), finish())
    if "escape" in asked:
        return streamed(*words("\x1b[2J\x1b[31mred\u202e text"), finish(), usage())
    return streamed(*words("The drawings are ", "handed out."), finish(), usage())


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
    fake.answer = tell
    return fake


def how(server: FakeServer, study: Path, model: str = "m") -> tuple[str, ...]:
    return ("chat", "--project", str(study), "--model", f"compatible:{model}", "--base-url", server.base_url)


def test_a_conversation_on_a_terminal(server: FakeServer, study: Path) -> None:
    with terminal(*how(server, study), columns=60) as shown:
        shown.ready()
        assert "Ctrl-D" in shown.lines[0] and len([line for line in shown.lines if line]) == 2  # banner and prompt

        shown.type("谁自发建群？")
        shown.wait("建群？")
        assert shown.lines[shown.screen.cursor.y] == "> 谁自发建群？"
        assert shown.screen.cursor.x == 2 + cell_len("谁自发建群？")
        shown.ask("", "token")
        answer = shown.lines[shown.lines.index("> 谁自发建群？") : -1]
        assert answer[1] == "· search query: 老用户 建群"
        assert "老用户自己建了群，还教新手刷机[1]。官方每周开会[✗2]。" in "".join(answer)
        assert "收入增加了[?]。" in "".join(answer)
        assert "[1] interview.txt, 小米, 第 2 段：“老用户自发建群，教新手刷机”" in "".join(answer).replace("    ", "")
        assert "✗ [2] 原文中未找到：“官方每周都来开会”" in "\n".join(answer)
        assert any(line.startswith("— ") and "划去 1 处" in line and "240 + 60" in line for line in answer)
        assert all(cell_len(line) < 60 and line.lstrip()[:1] not in "，。、”" for line in answer if line)
        struck = [c for row in shown.screen.buffer.values() for c in row.values() if c.strikethrough]
        assert "".join(c.data for c in struck).replace(" ", "") == "“官方每周都来开会”"

        shown.ask("half an answer?", "✗")
        assert "Half of an answer and then" in shown.text and "✗ The answer broke off: " in shown.text

        at = len(shown.raw)
        shown.type("a slow one?\r")
        shown.wait("begins well", after=at)
        shown.type("keys meanwhile")
        time.sleep(0.1)
        shown.type(CTRL_C)
        shown.wait("stopped", after=at)
        shown.ready()
        assert "It begins well and\n— stopped" in shown.text and "meanwhile" not in shown.text
        shown.ask("still there?", "handed out.")

        shown.type(CTRL_D)
        assert shown.end() == 0
        assert "codart chat --continue" in shown.text

    with terminal("chat", "--project", study, "--continue") as shown:
        shown.ready()
        assert [line for line in shown.lines if line.startswith("> ")] == ["> a slow one?", "> still there?"]
        assert "  The drawings are handed out." in shown.lines
        assert any("No language model" in line or "未接入语言模型" in line for line in shown.lines)
        shown.type("\x1b[A")  # the history of lines came along
        shown.until(lambda: shown.lines[shown.screen.cursor.y] == "> still there?", "the last line typed")
        shown.type(CTRL_C)
        shown.wait("Ctrl-C")
        shown.ready()
        shown.type(CTRL_C)
        assert shown.end() == 130


def test_without_colour_on_a_narrow_terminal_with_commands_and_a_change_of_model(study: Path) -> None:
    with terminal("chat", "--project", study, "--model", "lexical", columns=40, variables={"NO_COLOR": "1"}) as shown:
        shown.ready()
        shown.type("/codeb")
        shown.until(lambda: "/codebook" in shown.text, "the command in a menu")
        shown.type("\t")
        shown.until(lambda: shown.lines[shown.screen.cursor.y].startswith("> /codebook"), "the completed command")
        shown.type(CTRL_U)
        shown.type("\x1b[200~/ask 谁在论坛里\n逐条回复？\x1b[201~")
        shown.wait("逐条回复？")
        assert shown.lines[shown.screen.cursor.y - 1 : shown.screen.cursor.y + 1] == [
            "> /ask 谁在论坛里",
            "  逐条回复？",
        ]
        at = len(shown.raw)
        shown.ask("", "引文核实")
        assert all(cell_len(line) < 40 for line in shown.lines)
        assert b"[1]" in shown.raw[at:] and not re.search(rb"\x1b\[(?:\d+;)*(?:[349]|10)[0-7](?:;|m)", shown.raw)

        shown.ask("/suggest interview.txt#2", "1  ")
        listed = shown.lines[max(n for n, line in enumerate(shown.lines) if line.startswith("> /suggest")) :]
        head = next(n for n, line in enumerate(listed) if line.startswith("  1  "))
        assert listed[head + 1].startswith("     ") and all(cell_len(line) < 40 for line in listed)

        shown.ask(f"/model compatible:m {ELSEWHERE}", "192.0.2.1")
        at = len(shown.raw)
        shown.type("谁自发建群？\r")
        shown.wait("[y/N]", after=at)
        assert ELSEWHERE.encode() in shown.raw[at:].replace(b"\r\n", b"")
        at = len(shown.raw)
        shown.type("n\r")
        shown.wait("/model", after=at)
        shown.ready()
        shown.type(CTRL_D)
        assert shown.end() == 0


def test_one_question_from_a_script_needs_a_yes_to_go_elsewhere(codart: Codart, study: Path) -> None:
    asked = codart("chat", "-q", "谁？", "--project", study, "--model", "compatible:m", "--base-url", ELSEWHERE)
    assert asked.code == 2 and "nothing was sent" in asked.err and "--yes" in asked.err
    assert not asked.out


def test_one_question_as_json(server: FakeServer, codart: Codart, study: Path) -> None:
    value = codart(*how(server, study), "-q", "谁自发建群？", "--json").json
    assert value["answer"] == [
        "老用户自己建了群，还教新手刷机[1]。官方每周开会[2]。收入增加了[?]。",
        "工程师在论坛里逐条回复用户的意见，并且照着用户的说法把方案改了三稿，这说明双方有来有往[3]。",
    ]
    first, second, third = value["citations"]
    text = codart("documents", "show", first["document"], "--text", "--project", study).out
    assert text[first["start"] : first["end"]] == first["quote"] == "老用户自发建群，教新手刷机"
    assert (first["n"], first["document_name"], first["case"], first["place"]) == (1, "interview.txt", "小米", 2)
    assert (first["status"], first["why"], third["quote"]) == ("exact", "", "工程师在论坛里逐条回复")
    assert (second["status"], second["why"], second["start"]) == ("failed", "not_found", None)
    assert second["quote"] == "官方每周都来开会"
    assert value["unsupported"] == ["收入增加了"]
    assert (value["whole"], value["tokens"], value["cost"]) == (True, {"input": 240, "output": 60}, None)
    assert [tool["name"] for tool in value["tools"]] == ["search"]
    (listed,) = codart("chats", "--project", study, "--json").json
    assert (listed["id"], listed["title"], listed["turns"]) == (value["chat"], "谁自发建群？", 1)
    assert (listed["model"], listed["tokens"]) == ("compatible:m", {"input": 240, "output": 60})


def test_one_question_in_plain_text_puts_the_answer_alone_on_standard_output(
    server: FakeServer, codart: Codart, study: Path
) -> None:
    asked = codart(*how(server, study), "-q", "谁自发建群？")
    assert asked.code == 0
    assert asked.out.splitlines()[0] == "老用户自己建了群，还教新手刷机[1]。官方每周开会[✗2]。收入增加了[?]。"
    assert "[1] interview.txt, 小米, 第 2 段：“老用户自发建群，教新手刷机”\n" in asked.out
    assert "✗ [2] 原文中未找到：“官方每周都来开会” (interview.txt, 小米, 第 2 段)\n" in asked.out
    assert "search" in asked.err and "token" in asked.err and "\x1b" not in asked.out


def test_an_answer_that_broke_off_is_told_by_the_exit_code(server: FakeServer, codart: Codart, study: Path) -> None:
    asked = codart(*how(server, study), "-q", "half?")
    assert (asked.code, asked.out.strip()) == (1, "Half of an answer and then")
    value = codart(*how(server, study), "-q", "half?", "--json")
    assert value.code == 1 and value.json["whole"] is False and value.json["answer"] == ["Half of an answer and then"]


def test_a_model_without_tools_answers_all_the_same(server: FakeServer, codart: Codart, study: Path) -> None:
    def toolless(body: Body) -> Response:
        return failing(400, "this model does not support tools") if body.get("tools") else tell(body)

    server.answer = toolless
    value = codart(*how(server, study), "-q", "谁自发建群？", "--json").json
    assert value["whole"] and value["citations"][0]["status"] == "exact" and not value["tools"]


def test_a_reply_cannot_drive_the_terminal(server: FakeServer, codart: Codart, study: Path) -> None:
    assert codart(*how(server, study), "-q", "escape?").out == "[2J[31mred text\n"


def test_lines_of_a_pipe_are_taken_one_after_another(
    server: FakeServer, codart: Codart, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("谁自发建群？\n\nwhat is handed out?\n"))
    asked = codart(*how(server, study))
    assert asked.code == 0
    assert [line for line in asked.out.splitlines() if line.startswith("> ")] == [
        "> 谁自发建群？",
        "> what is handed out?",
    ]
    assert "The drawings are handed out.\n" in asked.out
    (listed,) = codart("chats", "--project", study, "--json").json
    assert listed["turns"] == 2


def test_without_a_model_the_answer_says_so_and_how_to_connect_one(codart: Codart, study: Path) -> None:
    asked = codart("chat", "-q", "谁自发建群？", "--project", study, "--model", "lexical")
    assert asked.code == 0 and "老用户自发建群" in asked.out and "/model ollama" in asked.out


def test_ctrl_c_during_one_question_ends_it(server: FakeServer, codart: Codart, study: Path) -> None:
    def interrupt() -> None:
        end = time.monotonic() + 20
        while not server.sent and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.2)  # until the first words are there
        os.kill(os.getpid(), signal.SIGINT)

    watching = threading.Thread(target=interrupt)
    watching.start()
    asked = codart(*how(server, study), "-q", "slow?")
    watching.join()
    assert asked.code == 130 and "It begins well" in asked.out
    assert [one["turns"] for one in codart("chats", "--project", study, "--json").json] == [1]


@pytest.mark.parametrize(
    "words", [("-q", " "), ("--json",), ("--continue", "--chat", "1"), ("--continue",), ("--chat", "7", "-q", "x")]
)
def test_wrong_usage_is_told(codart: Codart, study: Path, words: tuple[str, ...]) -> None:
    asked = codart("chat", "--project", study, "--model", "lexical", *words)
    assert asked.code == 2 and "error:" in asked.err and "help:" in asked.err
    assert codart("chats", "--project", study, "--json").json == []


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; from assistant.cli import main\n"
        "try: main(['chat', '--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('prompt_toolkit', 'rich', 'langchain_core', 'openai', 'chromadb') if m in sys.modules])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
    )
    assert printed.stdout.endswith("[]\n"), printed.stdout[-200:] + printed.stderr


def test_what_is_listed_is_json_too(codart: Codart, study: Path) -> None:
    assert "codart chat" in codart("chats", "--project", study).out
    codart("chat", "-q", "谁自发建群？", "--project", study, "--model", "lexical")
    listed = codart("chats", "--project", study).out
    assert "lexical" in listed and "谁自发建群？" in listed
    json.dumps(codart("chats", "--project", study, "--json").json)
