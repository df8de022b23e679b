"""A scheduler's address in, workers that are ready for one model out. Network I/O."""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assistant import __version__
from assistant.errors import ModelError, UsageError
from assistant.model import Prompt, Reply
from assistant.pacing import Pace, Purse
from assistant.providers import Model
from assistant.spreading import there
from assistant.spreading.cluster import Client, Cluster, close, gone, run, threads
from assistant.spreading.there import Target

CONNECTING = 5.0  # seconds a scheduler has to answer
GETTING_READY = 60.0  # seconds its workers have to load what they need
_LOUD = ("distributed", "distributed.client", "distributed.gc", "tornado", "tornado.application")


async def connect(
    scheduler: str,
    *,
    model: str,
    base_url: str = "",
    max_reply_tokens: int,
    timeout: float = 90,
    pace: Pace | None = None,
    purse: Purse | None = None,
) -> Cluster:
    """The workers behind a scheduler (`tcp://host:8786`), each ready to ask `model` with a key it has itself.

    `timeout` is the seconds one call may take. Rates of `pace` are shared out evenly among the workers there now; its
    concurrency holds for each of them. `purse` pays for the calls from here.

    UsageError for a wrong address, a model that is none or only asked here, workers that do not fit; ModelError
    (worker) without a scheduler or workers; the workers' own error when a key is missing there.
    """
    if ":" not in model or model.startswith("recorded:"):
        raise UsageError(f"'{model}' is not asked over a network, so workers are no use.", "leave out --engine dask")
    client = await _client(scheduler)
    try:
        nthreads = await asyncio.wait_for(threads(client), CONNECTING)
        if not nthreads:
            raise gone(
                f"The scheduler at {scheduler} has no workers.",
                f"start some: dask worker {scheduler} --nthreads 16 --no-dashboard",
            )
        target = Target(model, base_url, max_reply_tokens, timeout, _shared_out(pace or Pace(), len(nthreads)))
        async with asyncio.timeout(GETTING_READY):
            _check_versions(await run(client, there.versions))
            name, url = _agreed(await run(client, there.connect_here, target))
        return Cluster(client, target, Model(name, _not_here, url), nthreads, purse)
    except BaseException as error:
        await close(client)
        if isinstance(error, OSError):
            raise gone(f"The scheduler at {scheduler} does not answer: {error or 'in time'}") from None
        raise


async def _client(scheduler: str) -> Client:
    try:
        import distributed
        from distributed.versions import VersionMismatchWarning
    except ImportError:
        raise UsageError("Dask is not installed.", 'pip install "codart[dask]"') from None
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    warnings.simplefilter("ignore", VersionMismatchWarning)  # `_check_versions` says what matters
    connecting: Any = distributed.Client
    try:
        client = connecting(scheduler, asynchronous=True, timeout=CONNECTING, set_as_default=False)
        try:
            async with asyncio.timeout(CONNECTING):  # Dask's own limit does not hold with a server that is no scheduler
                await client
        except BaseException:
            await close(client)
            raise
    except (ValueError, TypeError) as error:
        hint = "write it as --scheduler tcp://HOST:8786"
        raise UsageError(f"'{scheduler}' is not a scheduler's address: {error}", hint) from None
    except OSError:
        hint = "start one: dask scheduler --no-dashboard; then workers: see docs/cluster.md"
        raise gone(f"No scheduler answers at {scheduler}.", hint) from None
    return client


async def _not_here(prompt: Prompt) -> Reply:
    raise ModelError("This model is asked on the workers only.", kind="worker", stops_run=True)


def _check_versions(found: Mapping[str, Any]) -> None:
    here = there.versions()
    for worker, reply in found.items():
        if isinstance(reply, Exception):
            hint = f"install codart {__version__} there, from the same lock file"
            raise UsageError(f"The worker {worker} cannot run codart: {reply}", hint)
        for name, version in here.items():
            if reply.get(name) != version:
                message = f"The worker {worker} has {name} {reply.get(name)}, and this machine has {version}."
                raise UsageError(message, "install the same versions on all machines, then start the workers again")


def _agreed(found: Mapping[str, Any]) -> tuple[str, str]:
    """The model's name and address, on which all workers must agree."""
    agreed: tuple[str, str] | None = None
    for worker, reply in found.items():
        if isinstance(reply, ModelError):
            raise ModelError(f"Worker {worker}: {reply.message}", reply.hint, kind=reply.kind, stops_run=True)
        if isinstance(reply, Exception):
            raise UsageError(f"Worker {worker}: {getattr(reply, 'message', reply)}", getattr(reply, "hint", ""))
        agreed = agreed or reply
        if reply != agreed:
            message = f"The worker {worker} would ask at {reply[1]}, and another one at {agreed[1]}."
            raise UsageError(message, "give the address with --base-url, or set OPENAI_BASE_URL alike on all workers")
    if agreed is None:
        raise gone("All workers left while they were asked.")
    return agreed


def _shared_out(pace: Pace, workers: int) -> Pace:
    shares = [None if limit is None else limit // workers for limit in (pace.rpm, pace.tpm)]
    if 0 in shares:
        message = f"A rate below one a minute for each of {workers} workers cannot be kept."
        raise UsageError(message, "give a higher rate, or use fewer workers with more --nthreads")
    return replace(pace, rpm=shares[0], tpm=shares[1])
