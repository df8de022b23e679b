"""Recording replies to a file and playing them back."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.chain import Model
from assistant.errors import ModelError, UsageError
from assistant.model import Message, Prompt, Reply, Usage
from assistant.recording import recorded, recorder, replay

ROOT = Path(__file__).resolve().parents[1]
REPLIES = [
    Reply('{"segments": []}', "m-2025", Usage(120, 30, None)),
    Reply("多行\n第二行\u2028", "m-2025", Usage(), "length"),
    Reply("", "m-2025", Usage(1, 0, 0), "refusal", "不"),
]


def prompt(digest: str) -> Prompt:
    return Prompt((Message("user", f"编码 {digest}"),), digest, "open", "zh", "t", (1,), {})


def play(model: Model, *digests: str) -> list[Reply]:
    async def all_of_them() -> list[Reply]:
        return [await model.ask(prompt(digest)) for digest in digests]

    return asyncio.run(all_of_them())


def scripted(replies: list[Reply]) -> Model:
    waiting = iter(replies)

    async def ask(_: Prompt) -> Reply:
        return next(waiting)

    return Model("openai:m", ask, base_url="http://h/v1")


def record(path: Path, *digests: str) -> None:
    play(recorded(scripted(REPLIES), path), *digests)


def test_a_recording_plays_back_what_was_said(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    record(path, "a", "b", "c")
    model = replay(path)
    assert play(model, "c", "a", "b") == [REPLIES[2], REPLIES[0], REPLIES[1]]
    assert (model.name, model.notes) == ("recorded:r.jsonl", ())


def test_each_line_holds_the_prompt_and_the_reply_readably(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    record(path, "a", "b")
    lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    assert "编码 a" in lines[0] and len(lines) == 2
    assert json.loads(lines[0]) == {
        "digest": "a",
        "model": "m-2025",
        "messages": [{"role": "user", "content": "编码 a"}],
        "reply": '{"segments": []}',
        "finish": "stop",
        "refusal": "",
        "usage": {"input": 120, "output": 30, "cached": None},
    }


def test_several_replies_to_one_prompt_come_in_order_and_the_last_repeats(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    record(path, "a", "a", "b")
    assert play(replay(path), "a", "a", "a", "b", "b") == [REPLIES[0], REPLIES[1], REPLIES[1], REPLIES[2], REPLIES[2]]


def test_a_prompt_that_was_not_recorded_fails_only_its_unit(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    record(path, "a")
    with pytest.raises(ModelError) as caught:
        play(replay(path), "unknown")
    assert (caught.value.kind, caught.value.stops_run) == ("not_recorded", False)
    assert "unknown" in caught.value.message and caught.value.hint


def test_recording_goes_on_in_the_same_file_and_keeps_name_and_address(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    record(path, "a")
    record(path, "b")
    assert play(replay(path), "a", "b") == [REPLIES[0], REPLIES[0]]
    model = recorded(scripted([]), path)
    assert (model.name, model.base_url) == ("openai:m", "http://h/v1")


def test_failures_are_not_recorded(tmp_path: Path) -> None:
    async def ask(_: Prompt) -> Reply:
        raise ModelError("down", kind="connection")

    path = tmp_path / "r.jsonl"
    with pytest.raises(ModelError, match="down"):
        asyncio.run(recorder(ask, path)(prompt("a")))  # type: ignore[arg-type]
    assert path.read_bytes() == b""


@pytest.mark.parametrize("cut", [1, 12, 40])
def test_half_a_last_line_is_passed_over_with_a_note_and_removed_when_recording_goes_on(
    tmp_path: Path, cut: int
) -> None:
    path = tmp_path / "r.jsonl"
    record(path, "a", "b")
    second = path.read_bytes().split(b"\n")[1]
    path.write_bytes(path.read_bytes()[: -len(second) - 1 + cut])
    model = replay(path)
    assert play(model, "a") == [REPLIES[0]]
    assert [note for note in model.notes if "line 2" in note]
    record(path, "c")
    assert play(replay(path), "a", "c") == [REPLIES[0], REPLIES[0]]
    assert replay(path).notes == ()


def test_a_last_line_that_only_lacks_its_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    record(path, "a")
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    record(path, "b")
    assert play(replay(path), "a", "b") == [REPLIES[0], REPLIES[0]]


@pytest.mark.parametrize(
    "bad",
    [
        b"not json",
        b"\xff\xfe",
        b"[1]",
        b'{"digest": "x"}',
        b'{"digest": 1, "reply": "", "model": "m"}',
        b'{"digest": "x", "reply": "", "model": "m", "finish": "?"}',
        b'{"digest": "x", "reply": "", "model": "m", "usage": [1]}',
        b'{"digest": "x", "reply": "", "model": "m", "usage": {"input": "12"}}',
    ],
)
def test_a_malformed_line_is_named_by_its_number(tmp_path: Path, bad: bytes) -> None:
    path = tmp_path / "r.jsonl"
    record(path, "a", "b")
    first, second, _ = path.read_bytes().split(b"\n")
    path.write_bytes(first + b"\n" + bad + b"\n" + second + b"\n")
    with pytest.raises(ModelError, match="line 2 ") as caught:
        replay(path)
    assert caught.value.stops_run


def test_files_from_other_systems_are_read(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    record(path, "a", "b")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert play(replay(path), "b") == [REPLIES[1]]


@pytest.mark.parametrize("content", [None, b"", b"\n\n"])
def test_a_recording_without_replies_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "r.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"r\.jsonl"):
        replay(path)


def test_a_file_that_is_no_recording_is_never_written_to(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"my notes, without a line end")
    with pytest.raises(UsageError, match="not a recording"):
        recorded(scripted(REPLIES), path)
    assert path.read_bytes() == b"my notes, without a line end"


def test_a_place_that_cannot_be_written_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        recorded(scripted(REPLIES), tmp_path / "missing" / "r.jsonl")


WRITER = """
import asyncio, os, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from assistant.model import Reply
from assistant.recording import recorder
from tests.test_recording import prompt
async def ask(p):
    return Reply("x" * 20000, "m")
async def main():
    record = recorder(ask, Path({path!r}))
    await asyncio.gather(*(record(prompt(str(n))) for n in range({first}, {first} + 50)))
    os._exit(9)  # no time to tidy up
asyncio.run(main())
"""


def test_every_reply_given_before_a_crash_is_there_and_two_writers_do_not_mix_lines(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.touch()
    scripts = [WRITER.format(root=str(ROOT), path=str(path), first=first) for first in (0, 50)]
    writers = [subprocess.Popen([sys.executable, "-c", script]) for script in scripts]
    assert [writer.wait(60) for writer in writers] == [9, 9]
    replies = play(replay(path), *(str(n) for n in range(100)))
    assert {reply.text for reply in replies} == {"x" * 20000}
