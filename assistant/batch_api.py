"""A batch's input file in, its state and the lines of its result files out: the one door to the Batch API. Network I/O.

What is never done twice is the paid step: a batch whose answer got lost is looked for before another is created.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, Any, TypeVar

from assistant.batching import ENDPOINT, State, Submitted
from assistant.chain import CONNECT_TIMEOUT, causes_of, client_for, not_reached
from assistant.errors import ModelError
from assistant.providers import Endpoint, asked_wait, explain, locate, quoted, unreachable

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI
    from openai.types import Batch, BatchError

T = TypeVar("T")

TRIES = 4  # of one step, the first included
FIRST_WAIT = 0.5  # seconds before the second try, doubled for each further one
LONGEST_WAIT = 30.0  # seconds a server may ask us to wait before a further try; asked for more, the step fails at once
LONGEST_LINE = 50_000_000  # bytes of one result; a reply is some kilobytes
SHOWN_ERRORS = 10  # of a batch that failed its check: every line may be wrong in the same way

_AGAIN = "Run the same command again: what the server has is kept"


def connect(spec: str, *, base_url: str | None, timeout: float = 90) -> BatchApi:
    """The Batch API of the server that `provider:model` names. Sends nothing yet.

    `timeout` is in seconds per try; up and downloads may take longer as long as bytes flow.
    Raises UsageError for a bad spec or URL, ModelError for a missing key.
    """
    endpoint = locate(spec, base_url, os.environ)
    import httpx2
    from openai import AsyncOpenAI

    async def give_key() -> str:  # given as a coroutine, the key stands in no repr
        return endpoint.key

    try:
        http = client_for(endpoint, timeout)
    except (ImportError, ValueError) as error:  # a SOCKS proxy without its package, or a proxy URL that is none
        raise unreachable(endpoint, f"The proxy settings cannot be used: {error}") from None
    client = AsyncOpenAI(
        api_key=give_key,
        base_url=endpoint.base_url,
        timeout=httpx2.Timeout(timeout, connect=min(timeout / 2, CONNECT_TIMEOUT)),
        max_retries=0,  # creating a batch must not be repeated blindly, so one layer here repeats all steps
        http_client=http,
    )
    return BatchApi(endpoint, client, timeout)


@dataclass(slots=True)
class _Creation:
    """The paid step of one submission. `doubtful`: it was asked for, and nobody knows whether it was done."""

    file: str
    digest: str
    doubtful: bool = False


class BatchApi:
    """Submits, watches, fetches and forgets batches at one server, whose every failure is raised as ModelError."""

    def __init__(self, endpoint: Endpoint, client: AsyncOpenAI, timeout: float) -> None:
        self.endpoint = endpoint
        self._client = client
        self._timeout = timeout

    async def submit(self, content: bytes | Iterable[bytes], digest: str) -> Submitted:
        """Upload an input file and create its batch, marked with `digest` (at most 200 characters) for `find`.

        An error with `charged` leaves open whether the batch exists: ask `find` before submitting again.
        """
        with tempfile.TemporaryFile() as file:  # 200 MB need not stand in memory; no other program can open it
            file.writelines([content] if isinstance(content, bytes) else content)
            uploaded = await self._persist(partial(self._upload, file, digest), hurry=False)
        creation = _Creation(uploaded, digest)
        try:
            remote = await self._persist(partial(self._create, creation))
        except ModelError as failure:
            failure.charged = creation.doubtful
            if not creation.doubtful:  # the text must not stay at a server that will not work on it
                with contextlib.suppress(ModelError):
                    await self.forget([uploaded])
            raise
        return Submitted(remote, uploaded)

    async def find(self, digest: str, known: Collection[str] = ()) -> str | None:
        """The id of a batch that was submitted with `digest`, apart from failed ones and the `known` ids."""
        return await self._search(
            lambda batch: (
                batch.id not in known and batch.status != "failed" and digest in (batch.metadata or {}).values()
            )
        )

    async def look(self, remote: str) -> State:
        """Where the batch stands now."""

        async def retrieve() -> State:
            return self._state(await self._client.batches.retrieve(remote))

        return await self._persist(retrieve, f"batch {remote}")

    async def fetch(self, file: str) -> AsyncGenerator[bytes, None]:
        """The lines of a result file, without line ends. A connection that breaks is taken up where it broke."""
        given = attempt = 0
        while True:
            failure = None
            try:
                async with contextlib.aclosing(self._download(file)) as lines:
                    number = 0
                    async for line in lines:
                        number += 1
                        if number > given:
                            given = number
                            yield line
            except Exception as error:
                failure = _failure(self.endpoint, error, f"file {file}")
            if failure is None:
                return
            attempt += 1
            await _pause(failure, attempt, TRIES)

    async def cancel(self, remote: str) -> None:
        """Ask the server to stop a batch; no error if it has ended already. What is done by then can be fetched."""
        import openai

        async def cancel() -> None:
            try:
                await self._client.batches.cancel(remote)
            except (openai.BadRequestError, openai.ConflictError):
                state = self._state(await self._client.batches.retrieve(remote))
                if not (state.ended or state.status == "cancelling"):
                    raise

        await self._persist(cancel, f"batch {remote}")

    async def forget(self, files: Iterable[str]) -> None:
        """Delete files at the server; one that is gone is no error. All are tried, then the first failure is raised."""
        import openai

        async def delete(file: str) -> None:
            with contextlib.suppress(openai.NotFoundError):
                await self._client.files.delete(file)

        failures = []
        for file in files:
            try:
                await self._persist(partial(delete, file), f"file {file}")
            except ModelError as failure:
                failures.append(failure)
        if failures:
            raise failures[0]

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _upload(self, file: IO[bytes], digest: str) -> str:
        file.seek(0)
        named = (f"codart-{digest[:16]}.jsonl", file, "application/jsonl")
        return _id((await self._client.files.create(file=named, purpose="batch")).id)

    async def _create(self, creation: _Creation) -> str:
        import openai

        if creation.doubtful:
            found = await self._search(lambda batch: batch.input_file_id == creation.file, tries=1)
            if found is not None:
                return found
        metadata = {"codart": creation.digest}
        if self.endpoint.provider == "qwen":
            metadata["ds_description"] = creation.digest  # the key DashScope documents; of others it says nothing
        creation.doubtful = True
        try:
            batch = await self._client.batches.create(
                input_file_id=creation.file, endpoint=ENDPOINT, completion_window="24h", metadata=metadata
            )
        except openai.APIStatusError as error:
            creation.doubtful = error.status_code in (408, 409) or error.status_code >= 500
            raise
        return _id(batch.id)

    async def _search(self, wanted: Callable[[Batch], bool], tries: int = TRIES) -> str | None:
        seen: set[str] = set()
        last: dict[str, Any] = {}
        while True:
            page = await self._persist(partial(self._page, last), tries=tries)
            for batch in page:
                if wanted(batch):
                    return _id(batch.id)
            if not page or page[-1].id in seen:  # the second: a server that does not turn pages
                return None
            seen.add(page[-1].id)
            last = {"after": page[-1].id}

    async def _page(self, last: Mapping[str, Any]) -> list[Batch]:
        return list((await self._client.batches.list(limit=100, **last)).data or ())

    async def _download(self, file: str) -> AsyncGenerator[bytes, None]:
        held = bytearray()
        async with self._client.files.with_streaming_response.content(file) as response:
            async for chunk in response.iter_bytes():
                searched = len(held)
                held += chunk
                start = 0
                while (end := held.find(b"\n", max(start, searched))) >= 0:
                    yield bytes(held[start:end])
                    start = end + 1
                del held[:start]
                if len(held) > LONGEST_LINE:
                    message = f"{self.endpoint.name}: file {file} has a line of more than {LONGEST_LINE:,} bytes."
                    raise ModelError(message, "Look at the file at the provider's site", kind="server")
        if held:
            yield bytes(held)

    def _state(self, batch: Batch) -> State:
        # Servers other than OpenAI's leave fields out, or send "" for null.
        counts = batch.request_counts
        numbers = [getattr(counts, name, None) for name in ("total", "completed", "failed")]
        total, done, failed = (n if isinstance(n, int) else 0 for n in numbers)
        listed = (batch.errors.data if batch.errors else None) or []
        said = [self._sentence(error) for error in listed[:SHOWN_ERRORS]]
        if len(listed) > SHOWN_ERRORS:
            said.append(f"and {len(listed) - SHOWN_ERRORS} more")
        files = (batch.output_file_id or None, batch.error_file_id or None)
        return State(str(batch.status).lower(), total, done, failed, *files, tuple(said))

    def _sentence(self, error: BatchError) -> str:
        words = quoted(self.endpoint, error.message or "").removeprefix("It said: ")
        code = f" ({quoted(self.endpoint, error.code).removeprefix('It said: ')})" if error.code else ""
        return f"line {error.line}: {words}{code}" if error.line else words + code

    async def _persist(
        self, step: Callable[[], Awaitable[T]], about: str = "", *, hurry: bool = True, tries: int = TRIES
    ) -> T:
        """Do `step`, again while its error may pass. In a hurry, a try ends after the time limit though bytes flow."""
        attempt = 0
        while True:
            try:
                async with asyncio.timeout(self._timeout if hurry else None):
                    return await step()
            except Exception as error:
                failure = _failure(self.endpoint, error, about)
            attempt += 1
            # Out here so that no traceback carries the SDK's error, which may hold the key.
            await _pause(failure, attempt, tries)


async def _pause(failure: ModelError, tried: int, tries: int) -> None:
    """Wait before the next try, or raise `failure` when there is to be none."""
    wait = FIRST_WAIT * 2 ** (tried - 1) if failure.retry_after is None else failure.retry_after
    if not failure.passing or tried >= tries or wait > LONGEST_WAIT:
        raise failure
    await asyncio.sleep(wait)


def _id(said: Any) -> str:
    if not isinstance(said, str) or not said:
        raise TypeError("an answer without an id")
    return said


def _failure(endpoint: Endpoint, error: Exception, about: str) -> ModelError:
    """The error for a step that failed. `about` names the batch or file it asked for, if it asked for one."""
    if isinstance(error, ModelError):
        return error
    import httpx2
    import openai

    causes = causes_of(error)
    if (unreached := not_reached(endpoint, causes)) is not None:
        return unreached
    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException | TimeoutError):
        return ModelError(f"{endpoint.name} did not answer in time.", _AGAIN, kind="timeout", passing=True)
    if isinstance(error, openai.APIConnectionError | httpx2.TransportError):
        message = f"{endpoint.name}: the connection to {endpoint.base_url} broke. {quoted(endpoint, str(causes[-1]))}"
        return ModelError(message, _AGAIN, kind="connection", passing=True)
    if isinstance(error, openai.APIStatusError) and error.response.status_code != 200:
        return _refused(endpoint, error, about)
    message = f"{endpoint.name} at {endpoint.base_url}: the answer is not one of the Batch API."
    return ModelError(message, "Check that the base URL ends in /v1", kind="server")


def _refused(endpoint: Endpoint, error: APIStatusError, about: str) -> ModelError:
    status, body = error.response.status_code, error.response.text
    where = f"{endpoint.name} at {endpoint.base_url}"
    if status == 404 and about:
        message = f"{where} knows no {about} (any more). {quoted(endpoint, body)}"
        hint = "Check the key and --base-url: a batch is seen only by the account and server that took it"
        return ModelError(message, hint, kind="not_found", stops_run=True)
    if status in (404, 405, 501):
        message = f"{where}: this server has no Batch API (HTTP {status}). {quoted(endpoint, body)}"
        hint = "Leave out --batch-api, or write the requests to a file with --batch-out"
        return ModelError(message, hint, kind="not_found", stops_run=True)
    return explain(endpoint, status, body, asked_wait(error.response.headers))
