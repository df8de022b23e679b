"""What a conversation shows in, lines of a terminal or of plain text out: answers as they stream, proofs below."""

from __future__ import annotations

from collections.abc import Iterable
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Literal

from assistant.cli.wrapping import Flow, clean, fitting
from assistant.pricing import money
from assistant.showing import Finished, Item, Shown, Told, Using

if TYPE_CHECKING:
    from rich.console import Console

    from assistant.citing import Answer, Piece
    from assistant.speech import Citation

Language = Literal["zh", "en"]
_QUOTE = 300  # code points of a quote that are shown; --json has all of it
_SHORTLY = 3  # lines of an earlier answer
_STYLES = {"note": "", "warning": "yellow", "error": "red"}
_HEADS = {"note": "", "warning": "! ", "error": "✗ "}
_WORDS = {
    "en": {
        "place": "place {}",
        "colon": ": ",
        "unsupported": "no source supports what stands before this mark",
        "edited": "words changed",
        "ambiguous": "stands there more than once",
        "not_found": "not found",
        "other_source": "not there but in another source",
        "no_source": "no such source",
        "no_words": "nothing is quoted",
        "unclosed": "the quote never ended",
        "overlong": "the quote is too long",
        "clipped_negation": "a negation before these words is cut off",
        "clipped_number": "a number is cut off",
        "outside_segment": "goes beyond the passage",
        "sources": "{} sources",
        "proven": "{} proven",
        "failed": "{} struck out",
        "tokens": "{} + {} tokens",
        "broken": "broken off: what had come is stored",
        "refused_tool": " (refused: nothing was done)",
        "again": " (as before)",
    },
    "zh": {
        "place": "第 {} 段",
        "colon": "：",
        "unsupported": "此标记之前的说法没有来源支持",
        "edited": "字句有改动",
        "ambiguous": "原文中出现不止一次",
        "not_found": "原文中未找到",
        "other_source": "不在此处，而在另一来源中",
        "no_source": "没有这个来源",
        "no_words": "没有引用任何文字",
        "unclosed": "引文没有写完",
        "overlong": "引文过长",
        "clipped_negation": "引文前的否定词被截去",
        "clipped_number": "数字被截断",
        "outside_segment": "超出这一段",
        "sources": "来源 {} 个",
        "proven": "引文核实 {} 处",
        "failed": "划去 {} 处",
        "tokens": "{} + {} 个 token",
        "broken": "回答中断：已有的部分已保存",
        "refused_tool": "（已拒绝，什么也没做）",
        "again": "（同前）",
    },
}


class Drawing:
    """Draws one turn. `console` gets the answer, `aside` what stands beside it; the same one for both on a terminal."""

    def __init__(self, console: Console, aside: Console, language: Language) -> None:
        self._console = console
        self._aside = aside
        self._words = _WORDS[language]
        self._flow = flow(console)
        self._citations: dict[int, Citation] = {}
        self._said: list[str] = []
        self._unsupported = False
        self._answered = False

    def take(self, event: Piece | Shown) -> None:
        """Draw what comes next."""
        from assistant.citing import Unsupported
        from assistant.speech import Citation, Words

        if isinstance(event, Words):
            # The blank lines that a model puts before its answer are not worth a screen's lines.
            text = event.text if self._said else event.text.lstrip()
            self._said += [text] if text else []
            self._answered = True
            self._flow.add(text)
        elif isinstance(event, Citation):
            self._citations.setdefault(event.number, event)
            self._flow.glue(*marker(event))
        elif isinstance(event, Unsupported):
            self._unsupported = True
            self._flow.glue("[?]", "yellow")
        else:
            self._flow.end()
            self._show(event)

    def close(self) -> None:
        """The turn is over, in whichever way: end the line, list the proofs that were not listed yet."""
        self._flow.end()
        said = clean(" ".join("".join(self._said).split()))
        listed = ((c, self._entry(c, said)) for c in self._citations.values())
        entries = [(_key(c), words, _style(c)) for c, words in listed if words]
        if self._unsupported:
            entries.append(("[?]", [(self._words["unsupported"], "dim")], "yellow"))
        if entries and self._said:
            self._console.print()
        for key, words, style in entries:
            line = flow(self._console, indent=min(len(key) + 1, 8))
            line.add(f"{key} ", style)
            for text, how in words:
                line.add(text, how)
            line.end()
        self._citations.clear()
        self._said.clear()
        self._unsupported = False

    def _show(self, event: Shown) -> None:
        if isinstance(event, Told):
            # Codart's own sentences are an answer themselves, unless they are about one or say what is wrong.
            beside = self._answered or event.kind != "note"
            first, _, rest = event.text.partition("\n")
            where = self._aside if beside else self._console
            paragraph(where, _HEADS[event.kind] + first, _STYLES[event.kind])
            if rest.strip():
                paragraph(where, rest)
        elif isinstance(event, Item):
            self._item(event)
        elif isinstance(event, Using):
            again = self._words["again"] if event.again else self._words["refused_tool"] if event.refused else ""
            dim(self._aside, f"· {event.name} {event.arguments}{again}")
        else:
            self.close()
            self._finish(event)

    def _item(self, item: Item) -> None:
        number = f"{item.number:>3}  " if item.number else ""
        line = flow(self._console, indent=len(number))
        line.add(number)
        line.add(item.head, "bold")
        line.end()
        if item.body:
            paragraph(self._console, item.body, indent=len(number) or 4)

    def _finish(self, event: Finished) -> None:
        from assistant.cli.board import short

        words, parts = self._words, []
        if not event.whole:
            parts.append(words["broken"])
        for name, count in (
            ("sources", event.sources),
            ("proven", event.citations - event.failed_citations),
            ("failed", event.failed_citations),
        ):
            parts += [words[name].format(count)] if count else []
        if event.input_tokens or event.output_tokens:
            counts = (short(n) if n is not None else "?" for n in (event.input_tokens, event.output_tokens))
            parts.append(words["tokens"].format(*counts))
        if event.cost:
            parts.append(money(event.cost))
        if parts:
            dim(self._aside, f"— {' · '.join(parts)}")

    def _entry(self, citation: Citation, said: str) -> list[tuple[str, str]]:
        """What is listed of a citation: where it stands and its words, or what is wrong with it; [] for nothing new."""
        words, source, quote = self._words, citation.source, citation.quote
        where = _where(source.document_name, source.case, words["place"].format(source.place)) if source else ""
        if quote is None:
            why, _, _ = citation.why.partition(" ")
            parts = [(words.get(why, why) + (words["colon"] if citation.words else ""), "red")]
            parts += [(_quoted(citation.words), "dim strike")] if citation.words else []
            return [*parts, (f" ({where})", "dim")] if where else parts
        warned = [(f" ! {words.get(flag, flag)}", "yellow") for flag in quote.flags]
        shown = _quoted(quote.text)
        if where in said and shown[1:-1] in said:  # without a model the answer is made of these
            return warned
        return [(f"{where}{words['colon']}{shown}", "dim"), *warned]


def flow(console: Console, *, indent: int = 0) -> Flow:
    """Text set in the lines of a console: on a terminal as wide as it is now, elsewhere as it stands."""
    from rich.text import Text

    def write(text: str, style: str) -> None:
        console.print(Text(text, style), end="", soft_wrap=True)

    return Flow(write, lambda: _width() if console.is_terminal else None, indent)


def _width() -> int:
    """Columns to write in. The last one stays free: terminals differ in where they go on from there."""
    # Asked of the terminal itself: of one that says it is dumb, rich believes that it has 80.
    return max(get_terminal_size().columns - 1, 10)


def paragraph(console: Console, text: str, style: str = "", *, indent: int = 0) -> None:
    """Some text of its own, all its lines indented."""
    for line in clean(text).rstrip().split("\n"):
        lines = flow(console, indent=indent)
        lines.add(" " * indent + line.strip() if indent else line, style)
        lines.end()


def dim(console: Console, text: str, *, indent: int = 0) -> None:
    """One line in the background; what does not fit on it is cut."""
    from rich.text import Text

    shown = fitting(text, _width() - indent) if console.is_terminal else " ".join(clean(text).split())
    console.print(Text(" " * indent + shown, "dim"), soft_wrap=True)


def earlier(console: Console, turns: Iterable[tuple[str, Answer]]) -> None:
    """Turns of before, shortly: each question, and how its answer begins, with its markers."""
    for question, answer in turns:
        dim(console, f"> {question}")
        said = "\n".join("".join(map(_plain, pieces)) for pieces in answer.paragraphs)
        lines = [line for line in said.split("\n") if line.strip()]
        for line in [*lines[:_SHORTLY], *(["…"] if len(lines) > _SHORTLY else [])]:
            dim(console, line, indent=2)


def _plain(piece: Piece) -> str:
    from assistant.speech import Citation, Words

    if isinstance(piece, Words):
        return piece.text
    return marker(piece)[0] if isinstance(piece, Citation) else "[?]"


def marker(citation: Citation) -> tuple[str, str]:
    """A citation's marker in the text, and its style."""
    return (f"[{citation.number}]", "cyan") if citation.quote else (f"[✗{citation.number}]", "red")


def _key(citation: Citation) -> str:
    return f"[{citation.number}]" if citation.quote else f"✗ [{citation.number}]"


def _style(citation: Citation) -> str:
    return "cyan" if citation.quote else "red"


def _where(document: str, case: str, place: str) -> str:
    return ", ".join(filter(None, (" ".join(document.split()), " ".join(case.split()), place)))


def _quoted(words: str) -> str:
    line = clean(" ".join(words.split()))
    return f"“{line if len(line) <= _QUOTE else line[:_QUOTE] + '…'}”"
