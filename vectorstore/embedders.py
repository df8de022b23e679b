"""Texts in, unit vectors out: hashed tokens (offline, the default), an OpenAI-compatible server, or a local model.

Every embedder returns one float32 row per text, L2-normalised, and a zero row for a text with nothing in it.
"""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from vectorstore.errors import VectorstoreError
from vectorstore.tokens import RULES, tokenize

if TYPE_CHECKING:
    import openai
    from numpy.typing import NDArray

_BATCH = 64  # texts a request; compatible servers often take no more
_TIMEOUT = 60.0  # seconds for one request
_PLACEHOLDER_KEY = "none"  # servers without keys still want the header
_DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
_KEY_LIKE = re.compile(r"\b(?:sk|pk|key)[-_][\w.*-]+|\bBearer\s+\S+", re.I)
_SAID_LENGTH = 200  # code points of a server's own words that are passed on


class Embedder(Protocol):
    """Turns texts into vectors of one space."""

    @property
    def name(self) -> str:
        """Names the space: vectors of embedders with different names must never be compared."""

    @property
    def dimension(self) -> int:
        """Components of a vector; asking may cost a request where the server alone knows."""

    @property
    def semantic(self) -> bool:
        """Whether nearness means likeness of meaning, beyond shared words."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row per text (n, d), a zero row for an empty one. Raises VectorstoreError."""


class HashEmbedder:
    """Signed feature hashing of the search tokens: no download, no fitting, the same vector on every machine.

    Each token's CRC-32 picks a component and a sign (Weinberger et al., ICML 2009); repeats count 1 + ln(times).
    Shared words make texts near, nothing else does: it does not cross languages.
    """

    def __init__(self) -> None:
        self.name = f"hash.v{RULES}"
        self.dimension = 1024
        self.semantic = False

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row per text; a zero row where a text has no tokens."""
        matrix = np.zeros((len(texts), self.dimension))
        for row, text in zip(matrix, texts, strict=True):
            for token, times in Counter(tokenize(text)).items():
                code = zlib.crc32(token.encode("utf-8"))
                weight = 1 + math.log(times)
                row[(code & 0x7FFFFFFF) % self.dimension] += weight if code >> 31 else -weight
        return _normalised(matrix)


class OpenAIEmbedder:
    """The embeddings of OpenAI or of a server that speaks its protocol. No request before `embed` or `dimension`.

    Without `base_url` the SDK takes the key from OPENAI_API_KEY. To a `base_url` only the `api_key` given here is
    sent, never the one of the environment. `dimension` asks the server for shorter vectors, where it can.
    """

    def __init__(
        self, model: str, base_url: str | None = None, api_key: str | None = None, dimension: int | None = None
    ) -> None:
        self.name = f"openai:{model}" if dimension is None else f"openai:{model}@{dimension}"
        self.semantic = True
        self._model = model
        self._base_url = base_url
        self._api_key = api_key or (_PLACEHOLDER_KEY if base_url else None)
        self._wanted = dimension
        self._dimension = dimension or _DIMENSIONS.get(model)
        self._client: openai.OpenAI | None = None

    @property
    def dimension(self) -> int:
        """Components of a vector. Asks the server once if neither the model's name nor an answer told it yet."""
        if self._dimension is None:
            self._ask(["?"])
        assert self._dimension is not None  # noqa: S101 - _ask sets it or raises
        return self._dimension

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row per text, asked in batches; empty texts are not sent. Raises VectorstoreError."""
        filled = [i for i, text in enumerate(texts) if text.strip()]
        rows = [self._ask([texts[i] for i in filled[at : at + _BATCH]]) for at in range(0, len(filled), _BATCH)]
        matrix = np.zeros((len(texts), self.dimension))
        if rows:
            matrix[filled] = np.concatenate(rows)
        return _normalised(matrix)

    def _ask(self, texts: list[str]) -> NDArray[np.float64]:
        import openai

        extra: dict[str, Any] = {} if self._wanted is None else {"dimensions": self._wanted}
        try:
            if self._client is None:
                self._client = openai.OpenAI(api_key=self._api_key, base_url=self._base_url, timeout=_TIMEOUT)
            answer = self._client.embeddings.create(model=self._model, input=texts, encoding_format="float", **extra)
            found = sorted(answer.data, key=lambda item: item.index)
            matrix = np.array([item.embedding for item in found], dtype=np.float64)
        except openai.OpenAIError as error:
            raise self._explained(error) from None
        except (ValueError, TypeError, AttributeError):  # the SDK does not check what a server answers
            raise self._nonsense("its answer holds no list of vectors") from None
        return self._checked(matrix, len(texts))

    def _checked(self, matrix: NDArray[np.float64], count: int) -> NDArray[np.float64]:
        if matrix.ndim != 2 or matrix.shape[0] != count or matrix.shape[1] == 0:
            raise self._nonsense(f"{count} vectors were asked for, the answer has the shape {matrix.shape}")
        if not np.isfinite(matrix).all():
            raise self._nonsense("its answer holds numbers that are not finite")
        if self._dimension is None:
            self._dimension = matrix.shape[1]
        elif matrix.shape[1] != self._dimension:
            raise self._nonsense(f"its vectors have {matrix.shape[1]} components instead of {self._dimension}")
        return matrix

    def _where(self) -> str:
        return f"The embedding server {self._base_url}" if self._base_url else "The embedding server"

    def _nonsense(self, what: str) -> VectorstoreError:
        return VectorstoreError(
            f"{self._where()} does not answer as an embedding server should: {what}.",
            f"check that {self._model!r} is an embedding model and that the base URL is right (most end in /v1)",
        )

    def _explained(self, error: openai.OpenAIError) -> VectorstoreError:
        import openai

        if isinstance(error, openai.APIStatusError):
            return self._refused(error.status_code, error.message)
        if isinstance(error, openai.APITimeoutError):
            return VectorstoreError(
                f"{self._where()} did not answer within {_TIMEOUT:.0f} seconds.",
                "try again; search by keyword meanwhile",
            )
        if isinstance(error, openai.APIConnectionError):
            return VectorstoreError(
                f"{self._where()} cannot be reached.", "check the network and the base URL; search by keyword meanwhile"
            )
        if self._api_key is None and self._client is None:
            return VectorstoreError("OpenAI embeddings need a key.", "set OPENAI_API_KEY in the environment")
        return self._nonsense(self._said(str(error)))

    def _refused(self, status: int, said: str) -> VectorstoreError:
        if status in (401, 403):  # the server's words may quote the key, so they are left out
            return VectorstoreError(
                f"{self._where()} refused the key (HTTP {status}).", "check the key and what it may use"
            )
        hints = {
            404: f"check the model name {self._model!r} and the base URL",
            429: "wait, or check the quota of the account",
        }
        return VectorstoreError(
            f"{self._where()} answered with HTTP {status}: {self._said(said)}",
            hints.get(status, "try again; search by keyword meanwhile"),
        )

    def _said(self, words: str) -> str:
        if self._api_key and self._api_key != _PLACEHOLDER_KEY:
            words = words.replace(self._api_key, "(key)")
        words = _KEY_LIKE.sub("(key)", " ".join(words.split()))
        return "".join(c for c in words if c.isprintable())[:_SAID_LENGTH]


class SentenceTransformerEmbedder:
    """A sentence-transformers model on this machine; the library may download the model when first used."""

    def __init__(self, model: str) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError:
            raise VectorstoreError(
                f"The local embedding model {model!r} needs sentence-transformers, which is not installed.",
                "pip install 'codart[local-embeddings]'",
            ) from None
        self.name = f"sentence-transformers:{model}"
        self.semantic = True
        try:
            self._model = SentenceTransformer(model)
        except Exception as error:  # torch, the hub and the file system each have errors of their own
            raise VectorstoreError(
                f"The local embedding model {model!r} cannot be loaded: {type(error).__name__}.",
                "check the name, or give the path of a folder that holds the model",
            ) from error
        self.dimension: int = self._model.get_sentence_embedding_dimension()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row per text; empty texts are not given to the model."""
        filled = [i for i, text in enumerate(texts) if text.strip()]
        matrix = np.zeros((len(texts), self.dimension))
        if filled:
            matrix[filled] = self._model.encode([texts[i] for i in filled], show_progress_bar=False)
        return _normalised(matrix)


def connect(spec: str, *, base_url: str | None = None, api_key: str | None = None) -> Embedder:
    """The embedder a setting names: `hash`, `openai:MODEL` or `sentence-transformers:MODEL` (else VectorstoreError)."""
    kind, _, model = spec.strip().partition(":")
    if kind == "hash" and not model:
        return HashEmbedder()
    if kind == "openai" and model:
        return OpenAIEmbedder(model, base_url, api_key)
    if kind == "sentence-transformers" and model:
        return SentenceTransformerEmbedder(model)
    raise VectorstoreError(
        f"There is no embedder {spec!r}.",
        "choose hash, openai:MODEL (e.g. openai:text-embedding-3-small) or sentence-transformers:MODEL",
    )


def _normalised(matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return (matrix / np.where(lengths > 0, lengths, 1)).astype(np.float32)
