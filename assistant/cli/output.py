"""All that is printed: lines, tables, JSON, progress. Nothing else in codart writes to a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_NARROW = 40  # code points that fit any terminal, also as wide characters
Advance = Callable[[int, int, str], None]
"""Done, in all, and a word on how it goes."""


def say(text: str = "") -> None:
    """A line for the reader on standard output."""
    _write(sys.stdout, text)


def note(text: str) -> None:
    """A line beside the result (progress, warnings) on standard error."""
    _write(sys.stderr, text)


def show_json(value: Any) -> None:
    """A value for machines: UTF-8 JSON, Chinese as it stands."""
    _write(sys.stdout, json.dumps(value, ensure_ascii=False, indent=2))


def _write(stream: Any, text: str) -> None:
    text = _wrapped(stream, text)
    try:
        print(text, file=stream, flush=True)
    except UnicodeEncodeError:  # a terminal that cannot show Chinese still gets the rest
        encoding = stream.encoding or "ascii"
        print(text.encode(encoding, "replace").decode(encoding), file=stream, flush=True)


def _wrapped(stream: Any, text: str) -> str:
    """On a terminal, a line too long for it broken between words; elsewhere as it stands."""
    if not stream.isatty() or len(text) < _NARROW:
        return text
    from rich.text import Text

    where = console(stderr=stream is sys.stderr)
    return "\n".join(line.plain.rstrip() for line in Text(text).wrap(where, where.width))


def table(headers: Sequence[str], rows: Sequence[Sequence[object]], *, wide: Sequence[str] = ()) -> None:
    """A table; columns named in `wide` take the room that is left and wrap, the others stay whole."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for header in headers:
        numeric = bool(rows) and all(isinstance(row[headers.index(header)], int) for row in rows)
        grid.add_column(
            header,
            justify="right" if numeric else "left",
            overflow="fold",
            no_wrap=header not in wide,
            ratio=1 if header in wide else None,
        )
    for row in rows:
        grid.add_row(*(Text(str(cell)) for cell in row))
    console().print(grid)


def entries(rows: Sequence[tuple[str, str]]) -> None:
    """A list whose items have a line that names them and a text below it, indented and wrapped: for long passages."""
    from rich.padding import Padding
    from rich.text import Text

    if not sys.stdout.isatty():  # the next program wraps as it likes
        for head, body in rows:
            say(f"{head}\n    {body}")
        return
    where = console()
    for head, body in rows:
        where.print(Text(head, style="bold"))
        where.print(Padding(Text(body), (0, 0, 0, 4)))


def console(*, stderr: bool = False) -> Console:
    """A rich console; piped output is as wide as it needs to be, so that nothing is cut for the next program."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else 160, highlight=False, soft_wrap=False)


@contextmanager
def progress(what: str) -> Iterator[Advance]:
    """A progress bar on a terminal; elsewhere a plain line now and then. Both on standard error."""
    if sys.stderr.isatty():
        with _bar(what) as advance:
            yield advance
    else:
        yield _plain(what)


def _plain(what: str) -> Advance:
    shown = -1

    def advance(done: int, total: int, word: str) -> None:
        nonlocal shown
        tenth = 10 * done // max(total, 1)
        if tenth > shown:
            shown = tenth
            note(f"{what}: {done} of {total}{', ' + word if word else ''}")

    return advance


@contextmanager
def _bar(what: str) -> Iterator[Advance]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[word]}"),
    )
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, word="")

        def advance(done: int, total: int, word: str) -> None:
            bar.update(task, completed=done, total=total, word=word)

        yield advance


def shorten(text: str, limit: int = 80) -> str:
    """Text on one line, cut with an ellipsis at `limit` code points."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
