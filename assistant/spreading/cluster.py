"""Prompts in, verified outcomes out, worked out on a Dask cluster. Network I/O.

The driver keeps the project and renders prompts; a worker asks the model and proves the quotes. A call travels as its
prompt and its segments; the document and the codebook go to each worker once. They are not Dask data on purpose: Dask
would send calls only where the document lies, and lose it with that worker.
"""

from __future__ import annotations

import asyncio
import hashlib
import pickle
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from assistant.answering import Answer
from assistant.errors import CodartError, ModelError
from assistant.model import Codebook, Document, Outcome, Prompt, Segment
from assistant.pacing import Purse
from assistant.providers import Model
from assistant.spreading import there
from assistant.spreading.paying import paid
from assistant.spreading.there import Call, Lacking, Target

Client = Any  # distributed.Client, whose methods carry no types

PATIENCE = 60.0  # seconds a cluster may be without any worker before the run stops
LEAVING = 5.0  # seconds that taking leave may take
_GLANCE = 2.0  # seconds between two looks at the workers
_AGAIN = "run the same command again, with or without the cluster; finished units are kept"


class Cluster:
    """Workers that answer prompts. Lives in the event loop it was connected in; `aclose` it after the last prompt."""

    def __init__(
        self, client: Client, target: Target, model: Model, nthreads: Mapping[str, int], purse: Purse | None
    ) -> None:
        self.model = model  # names the run as asking from here would; it is asked on the workers only
        self.workers = len(nthreads)  # when connecting
        self.places = sum(nthreads.values())  # calls that can be under way at once, when connecting
        self._client = client
        self._target = target
        self._purse = purse
        self._watch = asyncio.ensure_future(_until_deserted(client))
        self._bringing: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._brought: dict[tuple[str, str], float] = {}  # when, by the loop's clock
        self._given_up: set[str] = set()  # names of calls nobody waits for any more
        self._telling: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Leave the cluster; it goes on without us. Calls that nobody waited for any more are broken off there."""
        self._watch.cancel()
        if self._telling is not None:
            await asyncio.wait((self._telling,), timeout=LEAVING)
        await close(self._client)

    def answers(self, codebook: Codebook | None) -> Answer:
        """An `Answer` that asks on whichever worker is free.

        Raises the ModelError of a model that cannot be asked at all, and ModelError (worker, stops the run) when the
        cluster is gone. A call whose workers died again and again gives failed outcomes. Cancelling breaks it off.
        """
        book = {} if codebook is None else {hashlib.sha256(pickle.dumps(codebook)).hexdigest(): codebook}

        async def answer(prompt: Prompt, segments: Sequence[Segment], document: Document) -> list[Outcome]:
            text = _digest(document.text)
            call = Call("", self._target, prompt, tuple(segments), text, "".join(book))
            return await self._answer(call, {text: document.text, **book})

        return answer if self._purse is None else paid(answer, self._purse)

    async def _answer(self, call: Call, goods: Mapping[str, str | Codebook]) -> list[Outcome]:
        since = asyncio.get_running_loop().time()
        given = await self._send(call)
        if isinstance(given, Lacking):
            await asyncio.gather(*(self._bring(given.worker, digest, goods[digest], since) for digest in given.digests))
            given = await self._send(call, given.worker)
        if isinstance(given, Lacking):  # another worker took it, or that one had to make room
            given = await self._send(replace(call, goods=goods))
        return there.failed(call, "a worker lacks what it was sent") if isinstance(given, Lacking) else given

    async def _send(self, call: Call, near: str | None = None) -> list[Outcome] | Lacking:
        """Let a worker, that at address `near` if it can be, answer a call. Raises ModelError."""
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        try:
            given = await self._submitted(call, near)
        except FutureCancelledError as error:
            raise gone(f"The scheduler gave up a call: {error.msg or error.reason}") from None
        except KilledWorker as error:
            return there.failed(call, f"{error.allowed_failures + 1} workers died while they answered this")
        except CodartError:
            raise
        except Exception as error:
            if isinstance(error, OSError) or self._client.status != "running":
                raise gone(f"The connection to the scheduler broke: {error}") from None
            # a worker that came later and does not know codart, say
            return there.failed(call, f"{type(error).__name__}: {error}")
        if isinstance(given, ModelError):
            raise given
        return given

    async def _submitted(self, call: Call, near: str | None) -> list[Outcome] | Lacking | ModelError:
        if self._client.status != "running":
            raise gone("The connection to the scheduler is lost.")
        name = f"codart-{uuid4().hex}"  # a name of its own for every attempt: no result is ever taken for another's
        future = self._client.submit(
            there.answer_here,
            replace(call, name=name),
            key=name,
            pure=False,
            workers=near,
            allow_other_workers=bool(near),
        )
        result: asyncio.Task[list[Outcome] | Lacking | ModelError] = asyncio.ensure_future(_result(future))
        try:
            await asyncio.wait((result, self._watch), return_when=asyncio.FIRST_COMPLETED)
            if not result.done():
                raise gone(f"The cluster has had no worker for {PATIENCE:.0f} s.")
            return await result
        finally:
            if not result.done():
                result.cancel()
                self._give_up(name)
            future.release()

    async def _bring(self, worker: str, digest: str, thing: str | Codebook, since: float) -> None:
        """Bring a document or codebook to a worker, unless that has been done since the loop's time `since`."""
        key = (worker, digest)
        if self._brought.get(key, float("-inf")) >= since:
            return
        under_way = self._bringing.get(key)
        if under_way is None:
            under_way = self._bringing[key] = asyncio.ensure_future(self._carry(key, thing))
        await asyncio.shield(under_way)  # others wait for it too

    async def _carry(self, key: tuple[str, str], thing: str | Codebook) -> None:
        worker, digest = key
        try:
            await run(self._client, there.keep, {digest: thing}, workers=[worker])
            self._brought[key] = asyncio.get_running_loop().time()
        except Exception:
            return  # that worker or the scheduler is gone: the next sending shows which
        finally:
            del self._bringing[key]

    def _give_up(self, name: str) -> None:
        self._given_up.add(name)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.ensure_future(self._tell())

    async def _tell(self) -> None:
        # Dask does not stop what runs already. Calls are mostly given up together, so the workers are told once.
        await asyncio.sleep(0)
        while self._given_up:
            names, self._given_up = self._given_up, set()
            try:
                await run(self._client, there.break_off, names)
            except Exception:
                return  # the scheduler is gone, and with it all waiting calls


async def close(client: Client) -> None:
    """Leave the scheduler."""
    closing = client.close(timeout=LEAVING)
    if closing is not None:
        await closing


async def threads(client: Client) -> dict[str, int]:
    """How many calls each worker takes at once, by address."""
    return dict(await client.nthreads())


async def run(client: Client, function: Callable[..., Any], *values: Any, workers: list[str] | None = None) -> Any:
    """What a function gives on each worker, by address; its exception where it raises."""
    return await client.run(function, *values, workers=workers, on_error="return")


async def _result(future: Awaitable[Any]) -> Any:
    return await future


async def _until_deserted(client: Client) -> None:
    loop = asyncio.get_running_loop()
    seen = loop.time()
    while loop.time() - seen < PATIENCE:
        await asyncio.sleep(_GLANCE)
        try:
            if await threads(client):
                seen = loop.time()
        except Exception:
            seen = loop.time()  # no scheduler is another trouble, which calls under way are told of by Dask


def gone(message: str, hint: str = _AGAIN) -> ModelError:
    """The cluster cannot be used: the run stops."""
    return ModelError(message, hint, kind="worker", stops_run=True)


@lru_cache(maxsize=8)
def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
