"""Keys with their words in, a legend drawn on a sheet out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eval.rendering.figures.sheet import Sheet, width, wrap

Key = tuple[Callable[[Sheet, float, float], None], str]
_KEY, _GAP, _LINE = 30.0, 18.0, 20.0


def legend_height(keys: Sequence[Key], room: float) -> float:
    """Pixels that the legend takes in a column `room` wide."""
    return _LINE * (max((row for row, _, _, _ in _places(keys, room)), default=-1) + 1)


def legend(sheet: Sheet, keys: Sequence[Key], left: float, top: float, room: float) -> None:
    """The keys side by side, in as many rows as they need; a key draws itself 24 pixels wide around (x, y)."""
    for row, x, draw, line in _places(keys, room):
        y = top + _LINE * (row + 0.5)
        if draw:
            draw(sheet, left + x + 12, y)
        sheet.text(left + x + _KEY, y, line, size=11.5)


def _places(
    keys: Sequence[Key], room: float
) -> list[tuple[int, float, Callable[[Sheet, float, float], None] | None, str]]:
    found: list[tuple[int, float, Callable[[Sheet, float, float], None] | None, str]] = []
    row, x = 0, 0.0
    for draw, words in keys:
        lines = wrap(words, room - _KEY, 11.5)
        wide = _KEY + max(width(line, 11.5) for line in lines)
        if x and x + wide > room:
            row, x = row + 1, 0.0
        for n, line in enumerate(lines):
            found.append((row + n, x, None if n else draw, line))
        if len(lines) > 1:
            row, x = row + len(lines), 0.0
        else:
            x += wide + _GAP
    return found
