"""What is to be done, how to stop it, and who hears how it goes: the words between a command and its conductor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from assistant import asking
from assistant.errors import UsageError
from assistant.model import Codebook, Outcome, RunRecord, Segment, UnitState
from assistant.pacing import Pace
from assistant.project import Choice
from assistant.running import UNUSUAL, Way
from assistant.spending import Purse


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done."""

    model: str
    base_url: str = ""
    codebook: str = ""  # id; the project's if empty
    only: str = ""  # one pass only: open or assignment
    choice: Choice = field(default_factory=Choice)
    way: Way = field(default_factory=Way)
    pace: Pace = field(default_factory=Pace)
    repeats: int = 1  # how often the same is asked, each time as a run of its own
    verify: bool = False  # whether a second prompt then checks what was suggested
    budget: float | None = None  # US dollars for these runs in all
    timeout: float = asking.TIMEOUT  # seconds for one call
    time_limit: float | None = None  # seconds after which nothing is begun any more
    record: Path | None = None
    scheduler: str = ""  # of a Dask cluster whose workers ask; "" for asking from here


class Watch(Protocol):
    """Hears how an order goes."""

    def note(self, message: str) -> None:
        """A sentence the person should read."""

    def begin(self, run: RunRecord, total: int, purse: Purse) -> None:
        """A run goes on, with so many units to ask about."""

    def outcome(self, segment: Segment, outcome: Outcome) -> None:
        """A unit of the run was stored."""

    def end(self, run: RunRecord) -> None:
        """The run stands as it does for now."""


@dataclass(slots=True)
class Stop:
    """Whether no new call is to be begun, and why."""

    why: str = ""
    _then: list[Callable[[], None]] = field(default_factory=list)

    def __call__(self) -> bool:
        """Whether a stop was requested."""
        return bool(self.why)

    def request(self, why: str) -> None:
        """Begin nothing more; what is under way is finished and stored. Call it in the event loop's thread."""
        self.why = self.why or why
        for act in self._then:
            act()

    def also(self, act: Callable[[], None]) -> None:
        """Something to do when a stop is requested."""
        self._then.append(act)


def passes_of(order: Order, book: Codebook) -> tuple[Codebook | None, ...]:
    """The passes of an order, by codebook (None: open coding). UsageError for half of a joint one, or its check."""
    if not order.way.joint:
        return tuple(codebook for codebook, kind in ((None, "open"), (book, "assignment")) if order.only in ("", kind))
    if order.only:
        raise UsageError(
            f"one call asks for open codes and assignments, so it cannot be for {order.only} only",
            "ask for both kinds, or in two passes",
        )
    if order.verify:
        raise UsageError(
            "a check is about one kind of codes, not about open codes and assignments of one call",
            "leave the check out, or ask in two passes",
        )
    return (book,)


def order_of(run: RunRecord, *, pace: Pace, refused: bool, budget: float | None = None) -> Order:
    """The order that goes on with a run: its failed and pending units, and the refused ones if wished."""
    if run.model.startswith(asking.RECORDED):
        raise UsageError(
            f"run {run.id} came from recorded replies", "go on with it by: codart suggest --model recorded:FILE"
        )
    said = run.parameters
    states: tuple[UnitState, ...] = ("pending", "failed", "refused") if refused else ("pending", "failed")
    unusual = {name: said[name] for name in UNUSUAL if name in said}
    joint = bool(unusual.get("joint"))
    way = Way(
        concurrency=pace.concurrency,
        pack=int(said.get("pack", 1)),
        repeat=run.repeat,
        labels=(run.kind != "open" and not joint) or bool(said.get("labels", True)),
        states=states,
        **unusual,
    )
    return Order(
        model=run.model,
        base_url=str(said.get("base_url", "")),
        codebook=run.lens or "",
        only="" if joint else run.kind,
        way=way,
        pace=pace,
        budget=budget,
    )
