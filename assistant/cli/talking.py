"""A sitting in, its conversation on a terminal, through a pipe or as one answer out; the exit code is returned."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistant.cli.drawing_talk import Drawing, Language, dim, earlier, paragraph
from assistant.cli.output import console, note, show_json
from assistant.errors import UsageError
from assistant.showing import Finished, Told

if TYPE_CHECKING:
    from rich.console import Console

    from assistant.citing import Piece
    from assistant.cli.keyboard import Input
    from assistant.showing import Shown
    from assistant.sitting import Sitting

    Take = Callable[[Piece | Shown], None]

INTERRUPTED = 130
_EARLIER = 2  # turns shown when a chat is resumed
_ASKING = ("/suggest", "/paste", "/ask")  # commands that make a model be asked
_LEAVING = frozenset(("/exit", "/quit", "exit", "quit"))
_WORDS = {
    "en": {
        "banner": "Ask a question, or type /help for commands. Ctrl-D leaves.",
        "unconnected": "No language model, words are compared. Connect: /model ollama:qwen3",
        "earlier": "chat {}, {} turns so far; the last:",
        "sends": "Segments with their context are sent to {} at {}.",
        "agree": "Send them? [y/N] ",
        "unsent": "Nothing was sent. Another model: /model NAME",
        "stopped": "— stopped: what had come is stored",
        "again": "Ctrl-C once more leaves",
        "kept": "Kept as chat {}. Go on with: codart chat --continue",
    },
    "zh": {
        "banner": "直接提问，或输入 /help 查看命令。按 Ctrl-D 离开。",
        "unconnected": "未接入语言模型，只比对词句。接入：/model ollama:qwen3",
        "earlier": "对话 {}，已有 {} 轮；最近的是：",
        "sends": "资料段落及其上下文将发送给 {}（{}）。",
        "agree": "发送吗？[y/N] ",
        "unsent": "没有发送任何内容。换模型：/model 名称",
        "stopped": "— 已停止：已有的部分已保存",
        "again": "再按一次 Ctrl-C 离开",
        "kept": "已存为对话 {}。继续：codart chat --continue",
    },
}


@dataclass(slots=True)
class Consent:
    """Where the person lets segments go. A model on this machine, or none, needs no yes."""

    yes: bool
    given: set[str] = field(default_factory=set)

    def lacks(self, sitting: Sitting, text: str) -> bool:
        """Whether a yes is needed before this text may be taken."""
        talker = sitting.talker
        return talker is not None and not talker.local and sends(text) and talker.base_url not in self.given

    def give(self, sitting: Sitting) -> None:
        """The person agreed."""
        if sitting.talker is not None:
            self.given.add(sitting.talker.base_url)


def sends(text: str) -> bool:
    """Whether a text makes a model be asked: everything but the commands that only look up or write."""
    from assistant import commanding

    if not commanding.is_command(text):
        return True
    try:
        return commanding.read(text).command.name in _ASKING
    except UsageError:
        return False


async def sit(sitting: Sitting, lines: Input, *, yes: bool, resumed: bool, language: Language) -> int:
    """Talk on a terminal until the person leaves."""
    table = _Table(sitting, console(), Consent(yes), language)
    table.greet(resumed=resumed)
    warned = False
    while True:
        try:
            text = (await lines.line()).strip()
        except EOFError:
            break
        except KeyboardInterrupt:
            if warned:
                return INTERRUPTED
            warned = True
            dim(table.console, table.words["again"])
            continue
        warned = False
        if text in _LEAVING:
            break
        if text and await table.agreed(text, lines):
            await table.turn(text)
    table.leave()
    return 0


@dataclass(slots=True)
class _Table:
    """The terminal between a person and a sitting."""

    sitting: Sitting
    console: Console
    consent: Consent
    language: Language
    turns: int = 0

    @property
    def words(self) -> dict[str, str]:
        """What is said on it, in the language of the project."""
        return _WORDS[self.language]

    def greet(self, *, resumed: bool) -> None:
        history = self.sitting.history() if resumed else []
        if history:
            dim(self.console, self.words["earlier"].format(self.sitting.chat, len(history)))
            earlier(self.console, history[-_EARLIER:])
        else:
            paragraph(self.console, self.words["banner"], "dim")
        if self.sitting.talker is None:
            paragraph(self.console, self.words["unconnected"], "yellow")
        self.console.print()

    async def agreed(self, text: str, lines: Input) -> bool:
        """Say once where segments go, and ask, unless this was agreed to before."""
        talker = self.sitting.talker
        if talker is None or not self.consent.lacks(self.sitting, text):
            return True
        paragraph(self.console, self.words["sends"].format(talker.name, talker.base_url), "yellow")
        if not (self.consent.yes or await lines.agrees(self.words["agree"])):
            paragraph(self.console, self.words["unsent"])
            return False
        self.consent.give(self.sitting)
        return True

    async def turn(self, text: str) -> None:
        """Take one text, drawing what comes of it; Ctrl-C stops this alone."""
        self.turns += 1
        language = _language(text, self.language)
        drawing = Drawing(self.console, self.console, language)
        try:
            with unechoed():
                whole = await interruptible(self.sitting, text, drawing.take)
        finally:
            drawing.close()
        if whole is None:
            dim(self.console, _WORDS[language]["stopped"])
        self.console.print()

    def leave(self) -> None:
        if self.turns:
            dim(self.console, self.words["kept"].format(self.sitting.chat))


async def read(sitting: Sitting, texts: Iterator[str], *, yes: bool) -> int:
    """Take one text after another, as lines of a pipe. 1 if any answer broke off."""
    plain, consent, code = console(), Consent(yes), 0
    for line in texts:
        text = line.strip()
        if text in _LEAVING:
            break
        if not text:
            continue
        _require(consent, sitting, text)
        paragraph(plain, f"> {text}")
        drawing = Drawing(plain, console(stderr=True), _language(text, "en"))
        whole = await interruptible(sitting, text, drawing.take)
        drawing.close()
        if whole is None:
            return INTERRUPTED
        code = code if whole else 1
        plain.print()
    return code


async def once(sitting: Sitting, text: str, *, yes: bool, as_json: bool) -> int:
    """Take one text; its answer goes to standard output, all else to standard error."""
    from assistant.cli.talk_json import Record

    _require(Consent(yes), sitting, text)
    record = Record(sitting.chat)
    drawing = Drawing(console(), console(stderr=True), _language(text, "en"))
    try:
        whole = await interruptible(sitting, text, record.take if as_json else drawing.take)
    finally:
        drawing.close()
    if as_json:
        show_json(record.as_dict(whole=bool(whole)))
    return INTERRUPTED if whole is None else int(not whole)


def _require(consent: Consent, sitting: Sitting, text: str) -> None:
    """Say once where segments go; UsageError where a yes is needed, for nobody can be asked."""
    talker = sitting.talker
    if talker is None or not consent.lacks(sitting, text):
        return
    where = _WORDS["en"]["sends"].format(talker.name, talker.base_url)
    if not consent.yes:
        raise UsageError(f"nothing was sent: this needs a yes. {where}", "if that is right, add --yes")
    note(where)
    consent.give(sitting)


async def interruptible(sitting: Sitting, text: str, take: Take) -> bool | None:
    """Whether what a text asks for was done whole; None if the person stopped it. What came was handed to `take`."""
    task = asyncio.create_task(_taken(sitting, text, take))
    try:
        return await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise
        return None


async def _taken(sitting: Sitting, text: str, take: Take) -> bool:
    from assistant.cli.interrupting import graceful
    from assistant.ordering import Stop

    whole = True
    stop = Stop("there is nothing to finish first")  # so that the first Ctrl-C cancels
    with graceful(stop, lambda: None):
        async with aclosing(sitting.take(text)) as events:
            async for event in events:
                take(event)
                if isinstance(event, Finished):
                    whole = whole and event.whole
                elif isinstance(event, Told):
                    whole = whole and event.kind != "error"
    return whole


def _language(text: str, otherwise: Language) -> Language:
    """The language of what is drawn around an answer: that of the question, for a bare command `otherwise`."""
    from assistant.commanding import is_command
    from assistant.conversing import speaks

    spoken = speaks(text)
    return otherwise if is_command(text) and spoken == "en" else spoken


@contextmanager
def unechoed() -> Iterator[None]:
    """Inside, keys typed on the terminal are kept for the next prompt and not shown in the midst of an answer."""
    try:
        import termios
    except ImportError:  # Windows
        yield
        return
    try:
        before = termios.tcgetattr(sys.stdin)
    except (ValueError, OSError, termios.error):  # no terminal
        yield
        return
    silent = [*before]
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(sys.stdin, termios.TCSANOW, silent)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)


def lenient() -> None:
    """Let no character that a stream cannot show or read end a conversation."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
