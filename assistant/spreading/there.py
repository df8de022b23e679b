"""A call in, its outcomes out, inside a worker process and its event loop. Network I/O, with the worker's own key.

Nothing here raises: Dask would log the arguments, and with them the words of the study.
"""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar
from weakref import WeakKeyDictionary

from assistant import __version__, chain
from assistant.answering import Answering
from assistant.errors import CodartError, ModelError
from assistant.folding import Folded
from assistant.model import Codebook, Document, Outcome, Prompt, Segment
from assistant.pacing import Pace, Pacer, paced
from assistant.providers import Model

_KEPT = 32  # documents, and as many codebooks and models, that a worker process keeps

Key = TypeVar("Key")
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Target:
    """Which model the workers ask, and how. Holds no key."""

    model: str  # provider:model
    base_url: str  # as a worker sees it: localhost is the worker's own machine; empty: the provider's
    max_reply_tokens: int
    timeout: float  # seconds
    pace: Pace  # of each worker process


@dataclass(frozen=True, slots=True)
class Call:
    """One prompt on its way to a worker. `text` and `codebook` are SHA-256; no codebook: empty."""

    name: str
    target: Target
    prompt: Prompt
    segments: tuple[Segment, ...]
    text: str
    codebook: str
    goods: Mapping[str, str | Codebook] = field(default_factory=dict)  # carried along, by SHA-256


@dataclass(frozen=True, slots=True)
class Lacking:
    """A worker's answer that it first needs a document or a codebook."""

    worker: str
    digests: tuple[str, ...]


_texts: dict[str, Document] = {}
_codebooks: dict[str, Codebook] = {}
_folded: dict[int, Folded] = {}  # by `Document.id`; `Answering` keeps it short
_ids = count(1)
_models: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Target, Model]] = WeakKeyDictionary()
_under_way: dict[str, asyncio.Future[list[Outcome] | ModelError]] = {}


def versions() -> dict[str, str]:
    """What must be the same on all machines."""
    from importlib.metadata import version

    python = ".".join(platform.python_version_tuple()[:2])
    return {"codart": __version__, "Python": python, "distributed": version("distributed")}


def connect_here(target: Target) -> tuple[str, str] | CodartError:
    """The model's name and address as this worker sees them, or why it cannot ask it."""
    try:
        model = _model(target)
    except CodartError as error:
        return error
    return model.name, model.base_url


def keep(goods: Mapping[str, str | Codebook]) -> None:
    """Keep documents' texts and codebooks for later calls."""
    for digest, thing in goods.items():
        if isinstance(thing, Codebook):
            _put(_codebooks, digest, thing)
        else:
            _put(_texts, digest, Document("", thing, digest, "txt", "", id=next(_ids)))


def break_off(names: set[str]) -> None:
    """Stop those of the calls that run here."""
    for name in names:
        if name in _under_way:
            _under_way[name].cancel()


async def answer_here(call: Call) -> list[Outcome] | Lacking | ModelError:
    """One outcome for each segment; what is lacking for that; or the error that stops the run."""
    keep(call.goods)
    document, codebook = _used(_texts, call.text), _used(_codebooks, call.codebook)
    if document is None or (codebook is None and call.codebook):
        from distributed import get_worker

        found = ((call.text, document), (call.codebook, codebook))
        return Lacking(get_worker().address, tuple(digest for digest, thing in found if digest and thing is None))
    answering = _under_way[call.name] = asyncio.ensure_future(_answer(call, document, codebook))
    try:
        await asyncio.wait((answering,))
    finally:
        answering.cancel()  # when the worker closes; Dask then gives the call to another one
        _under_way.pop(call.name, None)
    if answering.cancelled():
        return ModelError("The call was broken off.", kind="stopped", stops_run=True)
    return answering.result()


async def _answer(call: Call, document: Document, codebook: Codebook | None) -> list[Outcome] | ModelError:
    try:
        return await Answering(_model(call.target).ask, codebook, _folded)(call.prompt, call.segments, document)
    except ModelError as error:
        return error
    except Exception as error:
        return failed(call, f"{type(error).__name__}: {error}")


def failed(call: Call, why: str) -> list[Outcome]:
    """The outcome of a call that a worker could not bring to its end."""
    return [Outcome("failed", call.prompt, error_kind="worker", error=why) for _ in call.segments]


def _model(target: Target) -> Model:
    models = _models.setdefault(asyncio.get_running_loop(), {})
    kept = _used(models, target)
    if kept is None:
        model = chain.connect(
            target.model,
            base_url=target.base_url or None,
            timeout=target.timeout,
            max_tokens=target.max_reply_tokens,
        )
        kept = paced(model, Pacer(target.pace))
        _put(models, target, kept)
    return kept


def _put(shelf: dict[Key, Thing], key: Key, thing: Thing) -> None:
    """Keep a thing; the one not used for longest goes when there are too many."""
    shelf.pop(key, None)
    while len(shelf) >= _KEPT:
        del shelf[next(iter(shelf))]
    shelf[key] = thing


def _used(shelf: dict[Key, Thing], key: Key) -> Thing | None:
    thing = shelf.pop(key, None)
    if thing is not None:
        shelf[key] = thing
    return thing
