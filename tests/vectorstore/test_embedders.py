"""Embedders: hashed vectors are pinned; the OpenAI client talks to a server on this machine."""

from __future__ import annotations

import json
import sys
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from vectorstore import VectorstoreError
from vectorstore.embedders import Embedder, HashEmbedder, OpenAIEmbedder, connect

KEY = "sk-secret-1234567890abcdef"
ONE = 0.30151  # 11 tokens, each once: 1 / √11
PINNED_ZH = {
    **dict.fromkeys((30, 364, 465, 531, 1011), ONE),
    **dict.fromkeys((138, 143, 733, 787, 998, 1017), -ONE),
}
PINNED_EN = {83: 0.69903, 159: 0.41286, 594: 0.41286, 667: 0.41286}  # "value" twice: (1 + ln 2) times the others


def test_hashed_vectors_are_the_same_on_every_machine() -> None:
    matrix = HashEmbedder().embed(["用户参与设计", "Customers co-create value, value!"])
    found = [{int(i): round(float(row[i]), 5) for i in np.flatnonzero(row)} for row in matrix]
    assert found == [PINNED_ZH, PINNED_EN]


@settings(deadline=None)
@given(st.lists(st.text(max_size=40), max_size=5))
def test_hashed_rows_are_unit_or_zero(texts: list[str]) -> None:
    matrix = HashEmbedder().embed(texts)
    assert matrix.shape == (len(texts), 1024)
    assert matrix.dtype == np.float32
    lengths = np.linalg.norm(matrix, axis=1)
    assert all(length == 0 or abs(length - 1) < 1e-5 for length in lengths)


def test_texts_without_tokens_have_no_direction() -> None:
    assert not HashEmbedder().embed(["", " \n", "how do we", "。"]).any()
    assert HashEmbedder().embed([]).shape == (0, 1024)


def test_shared_words_make_hashed_texts_near(texts: dict[int, str]) -> None:
    matrix = HashEmbedder().embed(list(texts.values()))
    asked = HashEmbedder().embed(["平台承担退货风险"])[0]
    assert list(texts)[int(np.argmax(matrix @ asked))] == 13


@dataclass
class FakeServer:
    """An embedding server on this machine: `answer` turns a request into a status and a body."""

    url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answer: Callable[[dict[str, Any]], tuple[int, object]] = field(default=lambda request: (200, vectors(request)))


def vectors(request: dict[str, Any], width: int = 4) -> dict[str, Any]:
    """Rows of length 2 whose direction is the text's length; given in reverse order, as a server may."""
    rows = []
    for index, text in enumerate(request["input"]):
        row = [0.0] * width
        row[len(text) % width] = 2.0
        rows.append({"object": "embedding", "index": index, "embedding": row})
    return {
        "object": "list",
        "model": request["model"],
        "data": rows[::-1],
        "usage": {"prompt_tokens": 1, "total_tokens": 1},
    }


@pytest.fixture
def server() -> Iterator[FakeServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            fake.requests.append({"path": self.path, **request})
            fake.headers.append({name.lower(): value for name, value in self.headers.items()})
            status, body = fake.answer(request)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if isinstance(body, bytes) else "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("retry-after-ms", "1")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake = FakeServer(f"http://127.0.0.1:{http.server_port}/v1")
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield fake
    http.shutdown()
    http.server_close()
    thread.join()


def test_a_server_is_asked_in_batches_for_plain_floats_and_its_rows_are_put_in_order(server: FakeServer) -> None:
    embedder = OpenAIEmbedder("bge-m3", server.url, KEY)
    texts = ["a" * n for n in range(150)]  # the first is empty
    matrix = embedder.embed(texts)
    assert [len(request["input"]) for request in server.requests] == [64, 64, 21]
    assert all(request["encoding_format"] == "float" for request in server.requests)
    assert all("dimensions" not in request for request in server.requests)
    assert matrix.shape == (150, 4)
    assert matrix.dtype == np.float32
    assert not matrix[0].any()  # empty: not sent, a zero row
    assert [int(np.argmax(row)) for row in matrix[1:]] == [n % 4 for n in range(1, 150)]
    assert np.allclose(np.linalg.norm(matrix[1:], axis=1), 1)
    assert (embedder.name, embedder.dimension, embedder.semantic) == ("openai:bge-m3", 4, True)


def test_empty_texts_alone_need_no_request_when_the_dimension_is_known(server: FakeServer) -> None:
    embedder = OpenAIEmbedder("text-embedding-3-small", server.url, KEY)
    assert embedder.embed(["", "  "]).shape == (2, 1536)
    assert server.requests == []


def test_an_unknown_dimension_is_asked_for_once(server: FakeServer) -> None:
    embedder = OpenAIEmbedder("bge-m3", server.url, KEY)
    assert (embedder.dimension, embedder.dimension) == (4, 4)
    assert len(server.requests) == 1


def test_a_wished_dimension_is_sent_and_is_part_of_the_name(server: FakeServer) -> None:
    embedder = OpenAIEmbedder("text-embedding-3-small", server.url, KEY, dimension=4)
    embedder.embed(["words"])
    assert server.requests[0]["dimensions"] == 4
    assert embedder.name == "openai:text-embedding-3-small@4"


def test_the_key_of_the_environment_never_goes_to_another_server(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    connect("openai:bge-m3", base_url=server.url).embed(["words"])
    connect("openai:bge-m3", base_url=server.url, api_key="given").embed(["words"])
    assert [headers["authorization"] for headers in server.headers] == ["Bearer none", "Bearer given"]


def test_a_missing_key_is_said_before_any_request(monkeypatch: pytest.MonkeyPatch, no_network: list[object]) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    embedder = connect("openai:text-embedding-3-small")
    with pytest.raises(VectorstoreError, match="need a key") as caught:
        embedder.embed(["words"])
    assert "OPENAI_API_KEY" in caught.value.hint


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "refused the key (HTTP 401)"),
        (403, "refused the key (HTTP 403)"),
        (400, "HTTP 400"),
        (404, "HTTP 404"),
        (429, "HTTP 429"),
        (500, "HTTP 500"),
    ],
)
@pytest.mark.parametrize("key", [KEY, "plainkey998877"])
def test_a_refusal_is_explained_without_the_key(server: FakeServer, status: int, words: str, key: str) -> None:
    said = f"Incorrect API key provided: {key}. Bearer {key}\x1b[31m"
    server.answer = lambda request: (status, {"error": {"message": said, "type": "x", "code": None}})
    with pytest.raises(VectorstoreError) as caught:
        OpenAIEmbedder("bge-m3", server.url, key).embed(["words"])
    told = str(caught.value)
    assert words in told
    assert caught.value.hint
    assert key not in told
    assert "\x1b" not in told


@pytest.mark.parametrize(
    "answer",
    [
        lambda request: (200, {}),
        lambda request: (200, {"data": []}),
        lambda request: (200, {"data": [{"index": 0}]}),
        lambda request: (200, {"data": [{"index": 0, "embedding": ["a", "b"]}]}),
        lambda request: (200, {"data": [{"index": 0, "embedding": []}, {"index": 1, "embedding": []}]}),
        lambda request: (200, {"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}]}),
        lambda request: (200, {"data": [{"index": None, "embedding": [1.0]}, {"index": 1, "embedding": [1.0]}]}),
        lambda request: (200, {"data": [{"index": 0, "embedding": [1.0, float("nan")]}] * 2}),
        lambda request: (200, {"data": [{"index": 0, "embedding": [1.0]}] * 3}),
        lambda request: (200, "words"),
        lambda request: (200, [1, 2]),
        lambda request: (200, b"<html>portal</html>"),
    ],
)
def test_an_answer_that_is_no_list_of_vectors_is_refused(
    server: FakeServer, answer: Callable[[dict[str, Any]], tuple[int, object]]
) -> None:
    server.answer = answer
    with pytest.raises(VectorstoreError, match="does not answer as an embedding server should"):
        OpenAIEmbedder("bge-m3", server.url, KEY).embed(["one", "two"])


def test_a_model_that_changes_its_dimension_is_refused(server: FakeServer) -> None:
    embedder = OpenAIEmbedder("bge-m3", server.url, KEY)
    embedder.embed(["words"])
    server.answer = lambda request: (200, vectors(request, width=5))
    with pytest.raises(VectorstoreError, match="5 components instead of 4"):
        embedder.embed(["words"])


def test_an_unreachable_server_is_said(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    import openai

    monkeypatch.setattr(openai._base_client, "INITIAL_RETRY_DELAY", 0.01)
    monkeypatch.setattr(openai._base_client, "MAX_RETRY_DELAY", 0.01)
    with pytest.raises(VectorstoreError, match="cannot be reached"):
        OpenAIEmbedder("bge-m3", "http://127.0.0.1:9/v1", KEY).embed(["words"])


def test_a_missing_extra_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(VectorstoreError) as caught:
        connect("sentence-transformers:all-MiniLM-L6-v2")
    assert caught.value.hint == "pip install 'codart[local-embeddings]'"


class StandInModel:
    """Stands in for a 5 GB install: the two methods of a SentenceTransformer that are used."""

    def __init__(self, name: str) -> None:
        if name == "missing":
            raise OSError("not a folder, and the hub cannot be reached")

    def get_sentence_embedding_dimension(self) -> int:
        return 3

    def encode(self, texts: Sequence[str], show_progress_bar: bool) -> np.ndarray[Any, np.dtype[np.float32]]:
        assert all(texts)
        return np.array([[3.0, 4.0, 0.0]] * len(texts), dtype=np.float32)


def test_a_local_model_gives_unit_rows_and_zero_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("sentence_transformers")
    module.SentenceTransformer = StandInModel  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    embedder: Embedder = connect("sentence-transformers:some/model")
    assert embedder.embed(["a", "", "b"]).tolist() == pytest.approx(
        np.array([[0.6, 0.8, 0], [0, 0, 0], [0.6, 0.8, 0]]), abs=1e-6
    )
    assert (embedder.name, embedder.dimension, embedder.semantic) == ("sentence-transformers:some/model", 3, True)
    with pytest.raises(VectorstoreError, match="cannot be loaded"):
        connect("sentence-transformers:missing")


@pytest.mark.parametrize("spec", ["", "hash:3", "openai", "openai:", "sentence-transformers", "word2vec:x"])
def test_an_unknown_embedder_is_refused_with_the_choices(spec: str) -> None:
    with pytest.raises(VectorstoreError, match="no embedder") as caught:
        connect(spec)
    assert "hash" in caught.value.hint
