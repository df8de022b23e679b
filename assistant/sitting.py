"""All of a conversation but the terminal: what a person types in, words, proven citations, lists and remarks out.

A question reads; only a command writes, and only one the person typed: passages and models' words are data. Every turn
and command is stored as it comes, so that a conversation can be resumed with the numbers it last showed.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing

from assistant import chatting, commanding, engaging, lexical, looking, obeying, pasting, recalling
from assistant.citing import Answer, Piece
from assistant.commanding import COMMANDS, Command
from assistant.conversing import speaks
from assistant.errors import CodartError, UsageError
from assistant.project import Project
from assistant.seating import Notify, Seat
from assistant.showing import Shown, Told
from assistant.speech import Line
from assistant.streaming import Talker

_AtOnce = Callable[[Seat, str], list[Shown]]
_InTime = Callable[[Seat, str], AsyncGenerator[Piece | Shown, None]]

_AT_ONCE: Mapping[str, _AtOnce] = {
    "/accept": obeying.accept,
    "/reject": obeying.reject,
    "/edit": obeying.edit,
    "/memo": obeying.memo,
    "/undo": obeying.undo,
    "/export": obeying.export,
    "/similar": looking.similar,
    "/code": looking.code,
    "/negative": looking.negative,
    "/codebook": looking.codebook,
    "/why": looking.why,
    "/cost": looking.cost,
    "/sources": looking.sources,
    "/help": looking.help_,
}
_IN_TIME: Mapping[str, _InTime] = {
    "/suggest": engaging.suggest,
    "/model": engaging.model,
    "/paste": engaging.paste,
    "/ask": chatting.ask,
}
_TURNS = ("/paste", "/ask")  # stored as turns, not as commands
_NUMBERED = ("/accept", "/reject", "/edit", "/why", "/similar", "/suggest")
_MOST = 50  # completions


class Sitting:
    """One sitting of one chat over one open project. It lives in one event loop; `aclose` it."""

    def __init__(
        self,
        project: Project,
        chat_id: int,
        *,
        talker: Talker | None,
        codebook: str,
        coder: str,
        notify: Notify | None = None,
        model: str = "",
        base_url: str = "",
    ) -> None:
        """`model` and `base_url` are what codes passages, as the user wrote them; else the talker's.

        What is to be noted is told between other things, unless `notify` takes it.
        """
        self._notes: list[str] = []
        self._seat = Seat(
            project,
            chat_id,
            talker=talker,
            model=model or (talker.name if talker else lexical.NAME),
            base_url=base_url,
            codebook=codebook,
            coder=coder,
            notify=notify or self._notes.append,
        )
        if title := project.chats.get(chat_id).title:
            self._hear(title, asked=True)
        before = recalling.numbers(project, chat_id)
        self._seat.numbers, self._seat.at, self._seat.cited = before.targets, before.at, before.cited

    @classmethod
    def open(
        cls,
        project: Project,
        *,
        chat: int | None = None,
        model: str = "",
        base_url: str = "",
        codebook: str = "",
        coder: str = "",
        notify: Notify | None = None,
    ) -> Sitting:
        """Begin a chat, or go on with one. What is left out is as the project's settings have it.

        UsageError for a chat or model there is none of, ModelError for a missing key; then no chat is begun.
        """
        settings = project.settings
        base_url = base_url or ("" if model else settings.base_url)
        model, codebook, coder = model or settings.model, codebook or settings.codebook, coder or settings.coder
        if chat is not None:
            project.chats.get(chat)
        project.codebooks.in_force(codebook)
        notes: list[str] = []
        notify = notify or notes.append
        talker = engaging.connect(project, model, base_url, notify)
        key = chat if chat is not None else project.chats.begin(model=model, codebook=codebook, coder=coder)
        made = cls(
            project,
            key,
            talker=talker,
            codebook=codebook,
            coder=coder,
            notify=notify,
            model=model,
            base_url=base_url,
        )
        made._notes = notes
        return made

    @property
    def chat(self) -> int:
        """The id of the conversation."""
        return self._seat.chat

    @property
    def talker(self) -> Talker | None:
        """What is talked to; None where no language model is connected."""
        return self._seat.talker

    async def take(self, text: str) -> AsyncGenerator[Piece | Shown, None]:
        """A question, a pasted text or a command in, what comes of it out. What goes wrong is told, not raised.

        Closing the generator, or cancelling the task that waits for it, stops the answer; what had come is stored.
        """
        try:
            async with aclosing(self._take(text)) as events:
                async for event in events:
                    for told in self._news():
                        yield told
                    yield event
        except CodartError as error:
            yield _told(error)
        for told in self._news():
            yield told

    def _news(self) -> list[Told]:
        news = [Told(note) for note in self._notes]
        self._notes.clear()
        return news

    async def _take(self, text: str) -> AsyncGenerator[Piece | Shown, None]:
        if not text.strip():
            return
        if commanding.is_command(text):
            async with aclosing(self._obey(text)) as events:
                async for event in events:
                    yield event
            return
        pasted = pasting.looks_pasted(text)
        self._hear(text, asked=not pasted)
        work = engaging.paste if pasted else chatting.ask
        async with aclosing(work(self._seat, text.strip())) as pieces:
            async for piece in pieces:
                yield piece

    def _hear(self, text: str, *, asked: bool) -> None:
        """Speak the language of a question; that of material only where nothing else was heard yet."""
        if asked or not self._seat.spoken:
            self._seat.language = speaks(text)
        self._seat.spoken = True

    async def _obey(self, text: str) -> AsyncGenerator[Piece | Shown, None]:
        seat = self._seat
        typed = commanding.read(text)
        if typed.chinese:
            seat.language = "zh"
        elif typed.command.name in _TURNS:
            self._hear(typed.rest, asked=typed.command.name == "/ask")
        name, before = typed.command.name, dict(seat.numbers)
        seat.spent = None
        try:
            if name in _AT_ONCE:
                for shown in _AT_ONCE[name](seat, typed.rest):
                    yield shown
            else:
                async with aclosing(_IN_TIME[name](seat, typed.rest)) as events:
                    async for event in events:
                        yield event
        except UsageError as error:
            seat.numbers = before
            usage = seat.say("usage", usage=typed.command.usage)
            yield Told("\n".join(filter(None, (error.message, error.hint, usage))), "error")
            return
        finally:
            if name not in _TURNS:
                kept = recalling.as_json(text.strip(), seat.numbers, seat.at)
                line = Line("tool", kept, answers=recalling.COMMAND)
                seat.project.chats.add(seat.chat, line, ended=seat.spent)

    def commands(self) -> Sequence[Command]:
        """All commands, for help and completion."""
        return COMMANDS

    def complete(self, text: str) -> list[str]:
        """What may stand in place of the beginning that `text` ends with: a command or what it is about."""
        if not commanding.is_command(text) or "\n" in text:
            return []
        start = "/" + text.lstrip()[1:]
        name, blank, rest = start.partition(" ")
        if not blank:
            known = [n for c in COMMANDS for n in (c.name, c.alias)]
            return [n for n in known if n.startswith(start.lower())]
        command = commanding.named(name)
        wanted = rest.lstrip().casefold()
        found = [word for word in self._words(command.name if command else "") if word.casefold().startswith(wanted)]
        return found[:_MOST]

    def _words(self, name: str) -> list[str]:
        project = self._seat.project
        words: list[str] = []
        if name in _NUMBERED:
            words += [str(number) for number in self._seat.numbers]
        if name == "/suggest":
            words += [document.name for document in project.documents.all()]
        if name in ("/code", "/negative", "/codebook"):
            words += looking.code_names(self._seat)
        if name == "/help":
            words += [command.name for command in COMMANDS]
        return words

    def history(self) -> list[tuple[str, Answer]]:
        """The questions of the conversation with their answers, for showing it again."""
        return recalling.history(self._seat.project, self._seat.chat, self._seat.language)

    async def aclose(self) -> None:
        """Close the connection to the model and the index; the project stays open."""
        self._seat.close()
        if self._seat.talker is not None:
            await self._seat.talker.aclose()


def _told(error: CodartError) -> Told:
    return Told("\n".join(filter(None, (error.message, error.hint))), "error")
