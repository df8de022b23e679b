"""What a person types at a terminal: lines with history, completion and pasted paragraphs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from assistant.commanding import is_command
from assistant.errors import CodartError

HISTORY = ".chat_history"  # in the project's folder


class Input:
    """Asks the person for a line at a time. Raises EOFError on Ctrl-D, KeyboardInterrupt on Ctrl-C."""

    def __init__(self, folder: Path, complete: Callable[[str], Sequence[str]]) -> None:
        self._session: PromptSession[str] = PromptSession(
            "> ",
            history=_History(str(folder / HISTORY)),
            completer=_Completing(complete),
            complete_while_typing=Condition(self._in_command),
            key_bindings=_keys(),
            multiline=True,
            prompt_continuation="  ",
            reserve_space_for_menu=4,
        )

    async def line(self) -> str:
        """What was typed or pasted; may hold several lines."""
        return _whole(await self._session.prompt_async())

    async def agrees(self, question: str) -> bool:
        """Whether the person says yes; leaving is a no."""
        asking: PromptSession[str] = PromptSession(question, history=InMemoryHistory())
        with contextlib.suppress(EOFError, KeyboardInterrupt):
            return (await asking.prompt_async()).strip().lower() in ("y", "yes", "是", "好")
        return False

    def _in_command(self) -> bool:
        return is_command(self._session.default_buffer.text)


class _Completing(Completer):
    def __init__(self, complete: Callable[[str], Sequence[str]]) -> None:
        self._complete = complete

    def get_completions(self, document: Document, complete_event: Any) -> Iterator[Completion]:
        text = document.text_before_cursor
        with contextlib.suppress(CodartError):  # a settings file that was spoilt meanwhile; the command will tell
            for candidate in self._complete(text):
                yield Completion(candidate, start_position=-_begun(text))


def _begun(text: str) -> int:
    """How many characters at the end of a text are the beginning of what is completed: a command, or all after it."""
    command, blank, rest = text.lstrip().partition(" ")
    return len(rest.lstrip() if blank else command)


class _History(FileHistory):
    """Keeps what was typed, whatever it holds; where nothing can be written it is kept for this sitting only."""

    def store_string(self, string: str) -> None:
        with contextlib.suppress(OSError):
            super().store_string(_whole(string))

    def load_history_strings(self) -> Iterator[str]:
        with contextlib.suppress(OSError):
            yield from super().load_history_strings()


def _whole(text: str) -> str:
    """Text without the halves of characters that a terminal may hand over."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _keys() -> KeyBindings:
    """Enter sends; Alt-Enter begins a new line, and pasted ones stay as they are."""
    keys = KeyBindings()

    @keys.add("enter")
    def _send(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys
