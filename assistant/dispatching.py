"""An order in, its runs done by a server's Batch API. Network and project; prints nothing.

What waits is collected first, then what is open is submitted, then all is waited for. Each batch is in the project
before the server hears of it, so that a crash at any step neither loses it nor has it paid for twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import tempfile
from collections.abc import Sequence
from itertools import count

from assistant import batch_api, batching
from assistant.batch_api import BatchApi
from assistant.batching import ResultReader, State
from assistant.bulk import Work
from assistant.conducting import Conductor
from assistant.errors import ModelError
from assistant.ordering import Stop, Watch
from assistant.posting import Desk, Draft
from assistant.project import Batch
from assistant.project.batches import Batches

FIRST_LOOK = 5.0  # seconds until what was submitted is looked at, longer each time
LONGEST_LOOK = 60.0
ROUNDS = 2  # submissions in one command: what came back without an answer is asked once more

_TOO_MUCH = "token_limit_exceeded"  # OpenAI's word for more tokens waiting at once than the account may have
_BLOCK = 1 << 20  # bytes read at once


async def dispatch(conductor: Conductor, watch: Watch, stop: Stop) -> str:
    """Do the runs of an order in batches, then their checks; returns why something was left undone, "" if nothing was.

    Raises ModelError for a server without a Batch API or that refuses a whole batch, ProjectError if the project cannot
    be written. Whatever ends it, what was submitted stays in the project as waiting, and the next call collects it.
    """
    order = conductor.order
    if order.time_limit is not None:
        asyncio.get_running_loop().call_later(order.time_limit, stop.request, "the time is up")
    api = batch_api.connect(order.model, base_url=order.base_url or None, timeout=order.timeout)
    try:
        works = conductor.prepare()
        undone = await _Dispatch(conductor, works, watch, stop, api).work()
        if order.verify and not stop():
            checks = [conductor.check(work.run) for work in works]
            undone = await _Dispatch(conductor, checks, watch, stop, api).work() or undone
    finally:
        await api.aclose()
    return stop.why or undone


class _Dispatch:
    """Some runs of an order on their way to a server and back."""

    def __init__(self, conductor: Conductor, works: Sequence[Work], watch: Watch, stop: Stop, api: BatchApi) -> None:
        self._desk = Desk(conductor, works, watch)
        self._batches = conductor.project.batches
        self._stop = stop
        self._api = api
        self._most = batching.MOST_LINES
        self._alone = False  # whether batches are submitted one at a time
        self._short = False  # whether the budget did not cover all
        self._failure: ModelError | None = None
        self._shown = ""
        self._awake = asyncio.Event()
        stop.also(self._awake.set)

    async def work(self) -> str:
        """Do all that can be done; returns what is left undone."""
        with self._desk:
            try:
                await self._find_prepared()
                await self._look()
                await self._rounds()
            finally:
                self._desk.say_what_waits()
            failure = self._failure or self._desk.collector.stopped
            if failure:
                raise failure
            if self._short:
                return "the budget is used up"
            still = self._desk.still_open(("pending",))
            return f"{still} units have no answer yet" if still else ""

    async def _rounds(self) -> None:
        for number in count(1):
            made = await self._submit()
            if not await self._wait() and not made:
                return
            if number >= ROUNDS and not self._alone:
                return

    async def _find_prepared(self) -> None:
        """Learn what became of batches whose submission was broken off."""
        for batch in self._desk.waiting():
            if batch.state != "prepared":
                continue
            found = await self._api.find(batch.digest, known=self._batches.remotes())
            if found is not None:
                self._batches.sent(batch.id, found)
                self._desk.note(f"{found} was submitted before codart was broken off, and is waited for")
            else:
                self._batches.end(batch.id, "it never reached the server")

    async def _submit(self) -> int:
        """Submit what is open, as far as the budget goes; returns how many batches that made."""
        if self._failure or self._desk.collector.stopped:
            return 0
        self._desk.begin()
        self._short = False
        made = 0
        for work in self._desk.works.values():
            if self._stop() or self._short or (made and self._alone):
                break
            made += await self._submit_run(work)
        return made

    async def _submit_run(self, work: Work) -> int:
        made = 0
        requests = self._desk.requests(work)
        with tempfile.TemporaryFile() as file:
            draft = Draft(file, self._most)
            async with contextlib.aclosing(requests.write()) as written:
                async for request in written:
                    await asyncio.sleep(0)  # Ctrl-C is heard between two prompts
                    if self._stop():
                        return made
                    if not self._desk.affords(request):
                        self._short = True
                        break
                    if not draft.takes(request):
                        requests.save()
                        await self._send(work, draft)
                        made += 1
                        if self._alone:
                            return made
                        draft.clear()
                    draft.add(request)
            requests.save()
            if draft.posted:
                await self._send(work, draft)
                made += 1
        return made

    async def _send(self, work: Work, draft: Draft) -> None:
        digest = secrets.token_hex(32)
        batch = self._batches.prepare(work.run, digest, draft.posted)
        draft.file.seek(0)
        try:
            submitted = await self._api.submit(iter(lambda: draft.file.read(_BLOCK), b""), digest)
        except ModelError as error:
            if not error.charged:  # else nobody knows yet whether the server has it
                self._batches.end(batch, error.message)
            raise
        self._batches.sent(batch, submitted.remote, submitted.file)
        self._desk.note(f"run {work.run}: {len(draft.posted)} requests submitted as {submitted.remote}")

    async def _wait(self) -> bool:
        """Look again and again until all that was submitted has ended; returns whether there was anything."""
        delay, waited = FIRST_LOOK, False
        while not self._stop() and any(batch.remote for batch in self._desk.waiting()):
            waited = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._awake.wait(), delay)
            delay = min(2 * delay, LONGEST_LOOK)
            if not self._stop():
                await self._look(waited=True)
        return waited

    async def _look(self, *, waited: bool = False) -> None:
        """Look at each batch once and collect those that have ended."""
        under_way = []
        for batch in self._desk.waiting():
            if not batch.remote:
                continue
            try:
                state = await self._api.look(batch.remote)
                if state.ended:
                    await self._collect(batch, state, waited=waited)
                else:
                    under_way.append(state)
            except ModelError as error:
                if not waited or not (error.passing or error.kind == "connection"):
                    raise
                self._show(f"{error.message} Still waiting")  # a network that is down for a while loses nothing
        if under_way:
            done, failed, total = (sum(getattr(s, name) for s in under_way) for name in ("done", "failed", "total"))
            wrong = f", {failed} failed" if failed else ""
            self._show(f"at the server: {len(under_way)} batches, {done} of {total} requests done{wrong}")

    def _show(self, said: str) -> None:
        if said != self._shown:
            self._shown = said
            self._desk.note(said)

    async def _collect(self, batch: Batch, state: State, *, waited: bool) -> None:
        """Store what an ended batch has to say. Broken off anywhere, it is taken up again without storing twice."""
        reader = ResultReader(self._desk.endpoint, _Asked(self._batches, batch.id))
        for name, file in (("replies", state.output_file), ("errors", state.error_file)):
            if file is None:
                continue
            reader.start(f"the {name} of {batch.remote}")
            try:
                if not await self._read(file, reader):
                    return
            except ModelError as error:
                if error.kind != "not_found":
                    raise
                self._desk.note(f"{error.message} What {batch.remote} held there is lost")
        if reader.notes:
            self._desk.note(f"{batch.remote}: {len(reader.notes)} lines passed over; {reader.notes[0]}")
        if waited and (state.status == "cancelled" or (self._alone and state.status != "failed")):
            # Whoever cancelled it does not want it asked again at once; one after another would never come to an end.
            self._desk.skip(batch)
        left = self._batches.end(batch.id, "; ".join((state.status, *state.errors)))
        if state.status == "failed":
            self._refused(batch, state, left)
        elif left:
            self._desk.note(f"{batch.remote} {state.status}: {left} of its requests have no answer, and are open again")
        # The texts must not stay at the server; a file that cannot be deleted does no other harm.
        with contextlib.suppress(ModelError):
            await self._api.forget([file for file in (batch.input, state.output_file, state.error_file) if file])

    async def _read(self, file: str, reader: ResultReader) -> bool:
        """Store what a result file says; returns whether it was read to its end."""
        async with contextlib.aclosing(self._api.fetch(file)) as lines:
            async for line in lines:
                if self._stop():
                    return False
                await self._desk.take(reader.read(line))
        return True

    def _refused(self, batch: Batch, state: State, requests: int) -> None:
        """A whole batch failed its check: a smaller one may pass if it was too much at once, else nothing will."""
        why = "; ".join(state.errors) or "the server gives no reason"
        if any(_TOO_MUCH in error for error in state.errors) and requests > 1:
            self._alone, self._most = True, min(self._most, requests) // 2
            self._desk.note(
                f"{batch.remote} is more than the server takes at once: {why}. From here on at most {self._most} "
                "requests are submitted at a time, when those before have ended"
            )
            return
        self._failure = ModelError(
            f"{self._desk.endpoint.name} refused {batch.remote}, {requests} requests that are open again: {why}",
            "Mend what it names; send less with --case or --document; or leave out --batch-api",
            kind="bad_request",
            stops_run=True,
        )


class _Asked:
    """The ids of a batch's requests, looked up in the project."""

    def __init__(self, batches: Batches, batch: int) -> None:
        self._batches = batches
        self._batch = batch

    def __contains__(self, custom_id: object) -> bool:
        found = self._batches.find(custom_id) if isinstance(custom_id, str) else None
        return found is not None and found[0].id == self._batch
