"""A report dict in, the report as compact Markdown out, in the order of the page. Pure."""

from __future__ import annotations

import re

from assistant.exporting.saving import encode
from eval.rendering.blocks import Block, Box, Browser, Bullets, Cell, Figure, Heading, Report, Table, Text
from eval.rendering.saying import Say
from eval.rendering.sections import sections

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def dump(report: Report, say: Say) -> bytes:
    """The report in UTF-8."""
    lines = [f"# {text(report['title'])}", ""]
    if report["question"]:
        lines += [f"> {text(report['question'])}", ""]
    for section in sections(report, say):
        lines += [f"## {text(section.title)}", ""]
        for block in section.blocks:
            lines += _block(block, say)
    return encode("\n".join(lines).rstrip() + "\n")


def text(words: str) -> str:
    """Words on one line that Markdown takes as they are."""
    plain = _SPECIAL.sub(r"\\\1", " ".join(words.split())).replace("&", "&amp;")
    return re.sub(r"^(\d*)([-+=.)])(?=\s|$)", r"\1\\\2", plain)


def _block(block: Block, say: Say) -> list[str]:
    match block:
        case Text():
            return [text(block.text), ""]
        case Heading():
            return [f"### {text(block.text)}", ""]
        case Bullets():
            head = [f"**{text(block.fold)}**", ""] if block.fold and block.items else []
            return [*head, *(f"- {text(item)}" for item in block.items), ""]
        case Box():
            return [
                f"> **{text(block.title)}**",
                *(line for one in block.lines for line in (">", f"> {text(one)}")),
                "",
            ]
        case Table():
            return _table(block)
        case Figure():
            return _table(block.table)
        case Browser():
            return _browser(block, say)


def _table(table: Table) -> list[str]:
    numeric = [bool(table.rows) and table.rows[0][n].kind == "num" for n in range(len(table.heads))]
    lines = [f"**{text(table.caption)}**", "", _row(table.heads)]
    lines.append("|" + "|".join(" ---: " if right else " --- " for right in numeric) + "|")
    lines += [_row([_cell(cell) for cell in row], done=True) for row in table.rows]
    return [*lines, "", *([text(table.note), ""] if table.note else [])]


def _row(cells: list[str] | tuple[str, ...], done: bool = False) -> str:
    return "| " + " | ".join(cell if done else text(cell) for cell in cells) + " |"


def _cell(cell: Cell) -> str:
    main = (
        f"**{text(cell.text)}**"
        if cell.kind == "strong"
        else f"*{text(cell.text)}*"
        if cell.kind == "biased"
        else text(cell.text)
    )
    return "<br>".join([main, *(text(line) for line in cell.lines)])


def _browser(browser: Browser, say: Say) -> list[str]:
    lines = [text(browser.note), ""]
    for item in browser.items:
        lines.append(f"- **{text(item.heading)}** ({text(item.where)})")
        marked = say.words["dot"].join(
            f"“{text(piece.text)}” ({text(piece.said)})" for piece in item.pieces if piece.sides
        )
        lines += [f"  - {marked}"] if marked else []
        lines += [f"  - {text(who)}{say.words['colon']}{text(what)}" for who, what in item.said]
    return [*lines, ""]
