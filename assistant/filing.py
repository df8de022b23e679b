"""An order's requests in, a batch's input file out; a batch's result files in, outcomes out. Files and project.

For batches that are started by hand, or elsewhere. Sends nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import IO

from assistant import batching
from assistant.batching import ResultReader
from assistant.conducting import Conductor
from assistant.errors import ProjectError, UsageError
from assistant.ordering import Stop, Watch
from assistant.posting import Desk, Draft
from assistant.project import Posted, Project

_BLANK = 64  # bytes that a file without any result may have


async def write_out(conductor: Conductor, watch: Watch, stop: Stop, path: Path) -> str:
    """Write the open units' requests to a new file; from then on they wait for their results.

    Returns what is left undone. UsageError if there is such a file, ProjectError if it cannot be written.
    """
    with Desk(conductor, conductor.prepare(), watch) as desk:
        desk.begin()
        with _new_file(path) as file:
            draft = Draft(file, batching.MOST_LINES)
            kept, undone = await _fill(desk, draft, stop)
        if stop() or not draft.posted:
            path.unlink()
            desk.note(f"{path} was not written" + ("" if stop() else ": nothing is open"))
        else:
            with desk.project.transaction():  # after the file: what stands in no file must not wait
                for run, posted in kept.items():
                    desk.project.batches.prepare(run, secrets.token_hex(32), posted, file=path.name)
            desk.note(f"{len(draft.posted)} requests are in {path}")
        desk.say_what_waits()
    return stop.why or undone


async def _fill(desk: Desk, draft: Draft, stop: Stop) -> tuple[dict[int, list[Posted]], str]:
    """Requests until the file or the budget is full: those of each run, and why some are left out."""
    kept: dict[int, list[Posted]] = {}
    for work in desk.works.values():
        first = len(draft.posted)
        requests = desk.requests(work)
        undone = ""
        async with contextlib.aclosing(requests.write()) as written:
            async for request in written:
                await asyncio.sleep(0)  # Ctrl-C is heard between two prompts
                if stop():
                    return {}, stop.why
                if not draft.takes(request):
                    undone = "one file takes no more requests: write the others to a second one"
                elif not desk.affords(request):
                    undone = "the budget is used up"
                if undone:
                    break
                draft.add(request)
        requests.save()
        if posted := draft.posted[first:]:
            kept[work.run] = posted
        if undone:
            return kept, undone
    return kept, ""


@contextlib.contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that was not there before and stays only if all goes well."""
    try:
        file = path.open("xb")
    except FileExistsError:
        hint = "name a new file: results may still come for what stands in this one"
        raise UsageError(f"{path} is there already", hint) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", "name another file") from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise ProjectError(f"{path} cannot be written: {error.strerror}", "make room, or name another") from error
        raise


async def read_in(conductor: Conductor, watch: Watch, stop: Stop, paths: Sequence[Path]) -> str:
    """Store what result files say, each result once however often it is read; returns what is left undone.

    Files of which none holds anything give the waiting up: what waits is open again. UsageError if a file cannot be
    read.
    """
    with Desk(conductor, conductor.prepare(), watch) as desk:
        if all(_is_blank(path) for path in paths):
            _give_up(desk)
            return ""
        asked = _Asked(desk.project, desk.works)
        reader = ResultReader(desk.endpoint, asked)
        for path in paths:
            reader.start(path.name)
            with path.open("rb") as file:
                for line in file:
                    if stop():
                        return stop.why
                    await desk.take(reader.read(line))
                    await asyncio.sleep(0)
        _report(desk, reader, asked)
        for batch in desk.waiting():
            if batch.file and not desk.project.batches.count(batch.id):
                desk.project.batches.end(batch.id, "all of it came back")
        desk.say_what_waits()
        if desk.collector.stopped:
            raise desk.collector.stopped
    return stop.why


def _report(desk: Desk, reader: ResultReader, asked: _Asked) -> None:
    """Say what became of the results."""
    collector = desk.collector
    parts = [f"{collector.stored} results stored"]
    if collector.known:
        parts.append(f"{collector.known} stored before")
    if collector.unanswered:
        parts.append(f"{collector.unanswered} without an answer, open again")
    if asked.unknown:
        parts.append(f"{asked.unknown} answer nothing this project asked")
    for run, results in asked.elsewhere.items():
        parts.append(f"{results} belong to run {run}, which these options do not name")
    desk.note("; ".join(parts))
    if reader.notes:
        desk.note(f"{len(reader.notes)} lines passed over; {reader.notes[0]}")


def _give_up(desk: Desk) -> None:
    """Wait no more for what was written to files; if nothing was, for what went to a server."""
    waiting = desk.waiting()
    given = [batch for batch in waiting if batch.file] or waiting
    left = 0
    for batch in given:
        left += desk.project.batches.count(batch.id)
        desk.project.batches.end(batch.id, "given up")
    where = "written to files" if given and given[0].file else "at the server"
    desk.note(f"the files hold nothing: {left} requests {where} are waited for no more and are open again")


def _is_blank(path: Path) -> bool:
    try:
        return path.stat().st_size < _BLANK and not path.read_bytes().strip()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "name the provider's result files") from error


class _Asked:
    """The ids of requests of these runs; counts the others."""

    def __init__(self, project: Project, runs: Container[int]) -> None:
        self.unknown = 0
        self.elsewhere: dict[int, int] = {}  # results by run
        self._project = project
        self._runs = runs

    def __contains__(self, custom_id: object) -> bool:
        found = self._project.batches.find(str(custom_id))
        if found is None:
            self.unknown += 1
            return False
        run = found[0].run
        if run not in self._runs:
            self.elsewhere[run] = self.elsewhere.get(run, 0) + 1
        return run in self._runs
