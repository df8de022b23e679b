"""An order in (which model, what of the project, how fast, for how much), its runs done out. Prints nothing.

A command, a chat or the eval harness gives the order and a `Watch` that hears how it goes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace

from assistant import asking, bulk, indexing, pricing, rechecking, running
from assistant.answering import Answer
from assistant.bulk import Work
from assistant.chain import Model
from assistant.errors import ProjectError, UsageError
from assistant.estimating import Manifest, estimate
from assistant.model import Codebook, Outcome, RunRecord, Segment
from assistant.ordering import Order, Stop, Watch, passes_of
from assistant.pacing import Pacer
from assistant.pricing import Price, Prices
from assistant.project import Project
from assistant.retrieving import Similar
from assistant.spending import Purse

PRICES = "prices.toml"
_TIME_UP = "the time is up"
_ACCOUNT_SECONDS = 0.5  # between two looks at what is under way


@dataclass(frozen=True, slots=True)
class Conductor:
    """An order that is ready to be done."""

    project: Project
    order: Order
    model: Model
    price: Price | None
    purse: Purse
    pacer: Pacer
    passes: tuple[Codebook | None, ...]
    scheme: str
    similar: Similar

    def prepare(self, answers: Callable[[Codebook | None], Answer] | None = None) -> list[Work]:
        """The runs of the order, each with its units. `answers` replaces asking the model from here."""
        works = []
        for repeat in range(1, self.order.repeats + 1):
            works += running.prepare(
                self.project,
                self.model,
                self.passes,
                similar=self.similar,
                scheme=self.scheme,
                choice=self.order.choice,
                way=replace(self.order.way, repeat=repeat),
                answers=answers,
            )
        return works

    def spent_before(self) -> float:
        """US dollars that earlier sessions of the order's runs, and of their checks, are known to have cost."""
        order, project = self.order, self.project
        begun = {
            project.runs.find(
                running.next_plan(
                    project, self.model, codebook, self.scheme, order.choice, replace(order.way, repeat=repeat)
                )
            )
            for repeat in range(1, order.repeats + 1)
            for codebook in self.passes
        } - {None}
        runs = [run for run in project.runs.all() if run.id in begun or run.parent in begun]
        return sum(run.known_cost + run.possible_cost for run in runs)

    def check(self, parent: int) -> Work:
        """The run that checks what another one suggested."""
        return rechecking.prepare(
            self.project, self.model, parent, choice=self.order.choice, way=self.order.way, scheme=self.scheme
        )

    def again(self, run: RunRecord) -> Work:
        """A run that was begun before, to go on with. UsageError if what decides its prompts has changed since."""
        with self.project.rehearsal():
            same = self._again(run).run == run.id
        if not same:
            raise UsageError(
                f"settings, codebook, documents or prompts have changed since run {run.id}: it would be another run",
                "put them back, or begin a new run with: codart suggest",
            )
        return self._again(run)

    def _again(self, run: RunRecord) -> Work:
        if run.parent is not None:
            return self.check(run.parent)
        (work,) = running.prepare(
            self.project, self.model, self.passes, similar=self.similar, scheme=self.scheme, way=self.order.way
        )
        return work

    def manifest(self, *, batch: bool = False) -> Manifest:
        """What doing the order would send and cost. Leaves the project as it is."""
        with self.project.rehearsal():
            return estimate(
                self.prepare(),
                self.model,
                self.price,
                budget=self.order.budget,
                verify=self.order.verify,
                scheduler=self.order.scheduler,
                batch=batch,
            )

    async def go_on(self, run: RunRecord, watch: Watch, stop: Stop) -> None:
        """Do what is left of one run. Raises as `bulk.work` does."""
        stop.also(self.pacer.stop)
        await self._do(self.again(run), watch, stop)

    async def run(self, watch: Watch, stop: Stop) -> list[int]:
        """Do the runs one after another, then their checks; returns their ids. Raises as `bulk.work` does."""
        stop.also(self.pacer.stop)
        if self.order.time_limit is not None and self.order.time_limit <= 0:
            stop.request(_TIME_UP)
        elif self.order.time_limit is not None:
            asyncio.get_running_loop().call_later(self.order.time_limit, stop.request, _TIME_UP)
        async with self._answers() as answers:
            return await self._run(watch, stop, answers)

    @asynccontextmanager
    async def _answers(self) -> AsyncIterator[Callable[[Codebook | None], Answer] | None]:
        """Who answers prompts instead of the model asked from here: a cluster's workers, where the order names one."""
        if not self.order.scheduler:
            yield None
            return
        from assistant import spreading

        cluster = await spreading.connect(
            self.order.scheduler,
            model=self.order.model,
            base_url=self.model.base_url,
            max_reply_tokens=running.reply_limit(self.project.settings, self.order.way.pack),
            timeout=self.order.timeout,
            pace=self.order.pace,
            purse=self.purse,
        )
        try:
            yield cluster.answers
        finally:
            await cluster.aclose()

    async def _run(self, watch: Watch, stop: Stop, answers: Callable[[Codebook | None], Answer] | None) -> list[int]:
        done = []
        for work in self.prepare(answers):
            done.append(work.run)
            await self._do(work, watch, stop)
        if self.order.verify:
            for parent in tuple(done):
                if not stop():
                    work = self.check(parent)
                    done.append(work.run)
                    await self._do(work, watch, stop)
        return done

    async def _do(self, work: Work, watch: Watch, stop: Stop) -> None:
        if stop():
            return
        with self.project.working_on(work.run), self._accounting(work) as accounted:
            run = self.project.runs.get(work.run)
            if like := self._another(run):
                watch.note(
                    f"address, settings, codebook or prompts are not those of run {like}: this is a new run, {run.id}"
                )
            watch.begin(run, work.open_units(), self.purse)
            try:
                await bulk.work(
                    accounted, concurrency=self.order.pace.concurrency, on_outcome=watch.outcome, stopping=stop
                )
            finally:
                watch.end(self.project.runs.get(work.run))

    def _another(self, run: RunRecord) -> int | None:
        """The newest earlier run that was to do the same with this model, if `run` has only just begun."""
        if run.replies or run.reused or sum(run.units.values()) > run.units["pending"]:
            return None

        def sort(one: RunRecord) -> tuple[object, ...]:
            unusual = (one.parameters.get(name) for name in running.UNUSUAL)
            return one.kind, one.lens, one.model, one.parent, one.repeat, *unusual

        like = sort(run)
        return max((o.id for o in self.project.runs.all() if o.id < run.id and sort(o) == like), default=None)

    @contextmanager
    def _accounting(self, work: Work) -> Iterator[Work]:
        """The work with an account of what may have been billed beside the replies that were stored.

        It is written with every reply and every second, so that after a kill the next session knows what was under way.
        """
        if self.price is None or not self.model.base_url:
            yield work
            return
        replies, purse = self.project.replies, self.purse
        account, before = replies.begin_charges(work.run), purse.unaccounted

        written = 0.0

        def write(results: Sequence[tuple[Segment, Outcome]] = ()) -> None:
            nonlocal written
            purse.stored(cost_of(results))
            charged = purse.unaccounted - before
            if charged != written:
                replies.charge(account, charged)
                written = charged

        async def keep_writing() -> None:
            while True:
                await asyncio.sleep(_ACCOUNT_SECONDS)
                with suppress(ProjectError):
                    write()

        keeping = asyncio.ensure_future(keep_writing())
        try:
            yield replace(work, account=write)
        finally:
            keeping.cancel()
            with suppress(ProjectError):  # what went wrong before is to be told, and says the same
                replies.charge(account, purse.unaccounted - before)


def cost_of(results: Sequence[tuple[Segment, Outcome]]) -> float:
    """US dollars that the replies behind these results cost; units of one call share theirs."""
    replies = {
        id(reply): reply
        for _, outcome in results
        for reply in (outcome.reply, *(reply for _, reply in outcome.earlier))
        if reply is not None and not reply.id
    }
    return sum(reply.cost or 0.0 for reply in replies.values())


@contextmanager
def ready(project: Project, order: Order, watch: Watch, *, asking_it: bool = True) -> Iterator[Conductor]:
    """The order with its model connected and its money counted; the model must be closed in the loop that asked it.

    With `asking_it` False the model is not connected, only looked up: a manifest needs no key.
    """
    book = project.codebooks.in_force(order.codebook or project.settings.codebook)
    passes = passes_of(order, book)
    scheme = indexing.segment_all(project)
    limit = running.reply_limit(project.settings, order.way.pack)

    price = price_of(project, order)
    purse = Purse(price, limit=order.budget, max_reply_tokens=limit)
    pacer = Pacer(order.pace, purse, notify=watch.note)
    if order.scheduler:
        model = _elsewhere(order)
    elif not asking_it and asking.is_served(order.model):
        model = asking.unasked(order.model, order.base_url)
    else:
        model = asking.connect(
            order.model,
            base_url=order.base_url,
            codebook=book,
            record=order.record,
            pacer=pacer,
            max_reply_tokens=limit,
            timeout=order.timeout,
        )
    with running.similar_in(project, scheme, watch.note) as similar:
        conductor = Conductor(project, order, model, price, purse, pacer, passes, scheme, similar)
        purse.book(conductor.spent_before())
        yield conductor


def _elsewhere(order: Order) -> Model:
    for given, option in ((order.verify, "--verify"), (order.record, "--record")):
        if given:
            raise UsageError(
                f"{option} asks from here, not by the workers of a cluster",
                f"leave it out now, and run the same command with {option} and without --engine afterwards",
            )
    if not asking.is_served(order.model):
        raise UsageError(f"{order.model} is not asked over a network, so workers are no use", "leave out --engine dask")
    return asking.elsewhere(order.model, order.base_url)


def price_of(project: Project, order: Order) -> Price | None:
    """The price of the order's model: the project's own if it has one, else the list price where that holds."""
    try:
        own = pricing.parse((project.folder / PRICES).read_text(encoding="utf-8-sig"), str(project.folder / PRICES))
    except FileNotFoundError:
        own = Prices(())
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(f"cannot read {project.folder / PRICES}: {error}", "see docs/prices.md") from error
    listed = pricing.shipped()
    if asking.lists_price(order.model, order.base_url):
        return pricing.merged(listed, own).of(order.model)
    return own.of(order.model)
