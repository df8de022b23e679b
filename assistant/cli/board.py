"""How runs go, for a person (a live board or plain lines) or a machine (JSON lines), on standard error."""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from assistant.cli.output import console, note
from assistant.pricing import money

if TYPE_CHECKING:
    from assistant.model import Outcome, Reply, RunRecord, Segment
    from assistant.spending import Purse

_RATE_SECONDS = 60.0  # the speed shown is that of the last minute
_PLAIN_SECONDS = 30.0  # between two plain lines, unless a tenth is done sooner
_STATES = ("coded", "none", "failed", "refused")
_ANSWERED = ("coded", "none")


@dataclass(slots=True)
class Tally:
    """What one run has given since it was taken up."""

    run: RunRecord
    total: int
    purse: Purse
    states: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_STATES, 0))
    suggestions: int = 0
    discards: int = 0
    trimmed: int = 0
    reused: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    paid: int = 0  # replies
    spent: float = 0.0  # US dollars for them, as far as their cost is known
    _times: deque[float] = field(default_factory=deque)
    _replies: deque[Reply] = field(default_factory=lambda: deque(maxlen=64))  # units of one call share theirs

    @property
    def name(self) -> str:
        """What the run does, in a few words."""
        return name_of(self.run)

    @property
    def costs(self) -> bool:
        """Whether someone may have to be paid."""
        return self.purse.price is None or self.purse.price.input > 0 or self.purse.price.output > 0

    @property
    def done(self) -> int:
        """Units answered, whichever way."""
        return sum(self.states.values())

    def add(self, outcome: Outcome) -> None:
        """Count one unit."""
        self.states[outcome.state] += 1
        self.suggestions += len(outcome.suggestions)
        self.discards += len(outcome.discards)
        self.trimmed += bool(outcome.prompt and outcome.prompt.trimmed)
        self.reused += bool(outcome.reply and outcome.reply.id)
        for reply in (outcome.reply, *(reply for _, reply in outcome.earlier)):
            if reply is None or reply.id or any(reply is other for other in self._replies):
                continue
            self._replies.append(reply)
            self.paid += 1
            self.spent += reply.cost or 0.0
            self.input_tokens += reply.usage.input or 0
            self.output_tokens += reply.usage.output or 0
        now = time.monotonic()
        self._times.append(now)
        while now - self._times[0] > _RATE_SECONDS:
            self._times.popleft()

    def rate(self) -> float | None:
        """Units a second in the last minute; None before there are two."""
        if len(self._times) < 2:
            return None
        span = max(time.monotonic() - self._times[0], 1e-3)
        return (len(self._times) - 1) / span

    def left(self) -> float | None:
        """Seconds until all is done at this rate."""
        rate = self.rate()
        return (self.total - self.done) / rate if rate else None

    def cost(self) -> str:
        """What was spent, and of how much."""
        if self.purse.price is None:
            return "cost unknown"
        if self.purse.limit is None:
            return money(self.spent)
        return f"{money(self.spent)}, in all {money(self.purse.spent)} of {money(self.purse.limit)}"

    def words(self) -> str:
        """States, tokens and cost in one line."""
        shown = states_of(self.run)
        parts = [f"{count} {shown[state]}" for state, count in self.states.items() if count or state in _ANSWERED]
        if self.reused:
            parts.append(f"{self.reused} from stored replies")
        if self.input_tokens or self.output_tokens:
            parts.append(f"{short(self.input_tokens)} + {short(self.output_tokens)} tokens")
        if self.paid and self.costs:
            parts.append(self.cost())
        return " · ".join(parts)


class Board(Protocol):
    """A `Watch` that remembers what it heard."""

    tallies: list[Tally]
    announce: str  # said before the first unit is asked about

    def note(self, message: str) -> None:
        """A sentence the person should read."""

    def begin(self, run: RunRecord, total: int, purse: Purse) -> None:
        """A run goes on."""

    def outcome(self, segment: Segment, outcome: Outcome) -> None:
        """A unit was stored."""

    def end(self, run: RunRecord) -> None:
        """The run stands as it does for now."""


@contextmanager
def board(*, as_json: bool) -> Iterator[Board]:
    """JSON lines if asked for, a live board on a terminal, plain lines elsewhere."""
    if as_json:
        yield _Events()
    elif sys.stderr.isatty():
        live = _Live()
        try:
            yield live
        finally:
            live.close()
    else:
        yield _Plain()


def _announce(board: Board, total: int) -> None:
    """Say what is to be said before the first unit is asked about, once."""
    if total and board.announce:
        board.note(board.announce)
        board.announce = ""


class _Plain:
    def __init__(self) -> None:
        self.tallies: list[Tally] = []
        self.announce = ""
        self._shown = (0, 0.0)  # tenths, and when

    def note(self, message: str) -> None:
        note(message)

    def begin(self, run: RunRecord, total: int, purse: Purse) -> None:
        _announce(self, total)
        self.tallies.append(Tally(run, total, purse))
        self._shown = (0, time.monotonic())
        if total:
            note(f"{self.tallies[-1].name}: {total} to ask about")

    def outcome(self, segment: Segment, outcome: Outcome) -> None:
        tally = self.tallies[-1]
        tally.add(outcome)
        tenth, now = 10 * tally.done // max(tally.total, 1), time.monotonic()
        if tenth > self._shown[0] or now - self._shown[1] >= _PLAIN_SECONDS:
            self._shown = (tenth, now)
            left = tally.left()
            ahead = f" · {duration(left)} left" if left and tally.done < tally.total else ""
            note(f"{tally.name}: {tally.done} of {tally.total} · {tally.words()}{ahead}")

    def end(self, run: RunRecord) -> None:
        self.tallies[-1].run = run


class _Events:
    def __init__(self) -> None:
        self.tallies: list[Tally] = []
        self.announce = ""

    def note(self, message: str) -> None:
        _event("note", message=message)

    def begin(self, run: RunRecord, total: int, purse: Purse) -> None:
        _announce(self, total)
        self.tallies.append(Tally(run, total, purse))
        _event("begin", run=run.id, kind=run.kind, lens=run.lens, repeat=run.repeat, parent=run.parent, total=total)

    def outcome(self, segment: Segment, outcome: Outcome) -> None:
        tally = self.tallies[-1]
        tally.add(outcome)
        reply = outcome.reply
        _event(
            "unit",
            run=tally.run.id,
            document=segment.document,
            segment=segment.number,
            state=outcome.state,
            suggestions=len(outcome.suggestions),
            discards=len(outcome.discards),
            error_kind=outcome.error_kind,
            error=outcome.error,
            usage=asdict(reply.usage) if reply else None,
            reused=bool(reply and reply.id),
            done=tally.done,
            total=tally.total,
            spent=tally.purse.spent if tally.purse.price else None,
        )

    def end(self, run: RunRecord) -> None:
        self.tallies[-1].run = run
        _event("end", run=run.id, units=run.units, cost=run.cost)


def _event(name: str, **fields: Any) -> None:
    note(json.dumps({"event": name, **fields}, ensure_ascii=False))


class _Live:
    def __init__(self) -> None:
        from rich.console import Group
        from rich.live import Live
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.text import Text

        self.tallies: list[Tally] = []
        self.announce = ""
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
        )
        self._words = Text()
        self._task = self._bar.add_task("", total=None, speed="", visible=False)
        self._live = Live(
            Group(self._bar, self._words), console=console(stderr=True), transient=True, refresh_per_second=4
        )
        self._live.start()

    def close(self) -> None:
        self._live.stop()

    def note(self, message: str) -> None:
        from rich.text import Text

        self._live.console.print(Text(message))

    def begin(self, run: RunRecord, total: int, purse: Purse) -> None:
        _announce(self, total)
        self.tallies.append(Tally(run, total, purse))
        self._bar.update(
            self._task, description=self.tallies[-1].name, total=total, completed=0, speed="", visible=total > 0
        )
        self._words.plain = ""

    def outcome(self, segment: Segment, outcome: Outcome) -> None:
        tally = self.tallies[-1]
        tally.add(outcome)
        rate, left = tally.rate(), tally.left()
        speed = f"{rate:.1f}/s · {duration(left)} left" if rate and left is not None else ""
        self._bar.update(self._task, completed=tally.done, speed=speed)
        self._words.plain = tally.words()

    def end(self, run: RunRecord) -> None:
        self.tallies[-1].run = run
        self._bar.update(self._task, visible=False)
        self._words.plain = ""


def name_of(run: RunRecord) -> str:
    """What a run does, in a few words."""
    what = "open codes" if run.kind == "open" else f"codes of {run.lens}"
    if run.parent is not None:
        what = f"check of run {run.parent}"
    from assistant.running import peculiar

    return ", ".join([what, *peculiar(run)])


def states_of(run: RunRecord) -> dict[str, str]:
    """What the states of a run's units are called: a check finds codes supported or not, it codes nothing."""
    words = {state: state for state in ("pending", *_STATES)}
    return words if run.parent is None else words | {"coded": "supported", "none": "not supported"}


def short(count: float) -> str:
    """A number of tokens in three figures: 950, 12.3k, 4.56M."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if count >= size:
            return f"{count / size:.3g}{unit}"
    return f"{count:.0f}"


def duration(seconds: float) -> str:
    """A time to come in the two largest units: 2 h 5 min, 3 min, 20 s."""
    minutes, hours = round(seconds / 60), int(seconds // 3600)
    if hours:
        return f"{hours} h {round((seconds - 3600 * hours) / 60)} min"
    return f"{minutes} min" if seconds >= 90 else f"{seconds:.0f} s"
