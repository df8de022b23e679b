"""Agreement by code in, a forest plot out: model with interval, people beside it, the ceiling as a tick. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eval.rendering.figures.legend import Key, legend, legend_height
from eval.rendering.figures.sheet import INK, SIZE, SOFT, WIDTH, Scale, Sheet, middles, plain, width, wrap

Value = tuple[float, float | None, float | None]
"""Value, low, high."""
SHAPES = ("o", "s", "^", "v", "P", "X")
_LABELS = 210.0


@dataclass(frozen=True, slots=True)
class Row:
    """A code: one figure for each run (None: no value), people's figure, the ceiling; `note` where a value lacks."""

    label: str
    runs: tuple[Value | None, ...]
    people: Value | None = None
    ceiling: float | None = None
    note: str = ""


def forest(
    name: str, title: str, described: str, rows: Sequence[Row], runs: Sequence[str], words: dict[str, str]
) -> str:
    """`words`: "axis", "people", "ceiling". The runs differ by the shape of their marks."""
    with plain():
        return _forest(rows, runs, words).svg(name, title, described)


def _forest(rows: Sequence[Row], runs: Sequence[str], words: dict[str, str]) -> Sheet:
    keys = _keys(runs, words, any(row.people for row in rows), any(row.ceiling is not None for row in rows))
    labels = [wrap(row.label, _LABELS) for row in rows]
    left = 16 + max((width(line) for lines in labels for line in lines), default=0)
    heights = [max(26.0, 15 * len(lines) + 10, 15.0 * len(runs) + 12) for lines in labels]
    top = legend_height(keys, WIDTH - 20) + 14
    bottom = top + sum(heights)
    sheet = Sheet(WIDTH, bottom + 44)
    legend(sheet, keys, 10, 2, WIDTH - 20)
    least = min((low for row in rows for _, low, _ in _all(row) if low is not None), default=0.0)
    scale = Scale(-0.2 if least < -0.001 else 0, 1, left + 8, WIDTH - 24)
    sheet.ticks(scale, [0, 0.2, 0.4, 0.6, 0.8, 1], top, bottom, "{:.1f}")
    for row, lines, y, high in zip(rows, labels, middles(heights, top), heights, strict=True):
        sheet.lines(left, y, lines, "right")
        _people(sheet, scale, row, y, high)
        if not any(row.runs):
            sheet.text(scale(0) + 4, y, row.note, size=11, colour=SOFT)
            continue
        for n, figure in enumerate(row.runs):
            _model(sheet, scale, figure, y + (n - (len(runs) - 1) / 2) * 15, SHAPES[n % len(SHAPES)], row)
    sheet.text((left + 8 + WIDTH - 24) / 2, bottom + 32, words["axis"], "center", SIZE, SOFT)
    return sheet


def _all(row: Row) -> list[Value]:
    return [figure for figure in (*row.runs, row.people) if figure]


def _people(sheet: Sheet, scale: Scale, row: Row, y: float, high: float) -> None:
    if row.people:
        value, low, up = row.people
        if low is not None and up is not None:
            sheet.box(scale(low), y - high / 2 + 4, max(scale(up) - scale(low), 1), high - 8, 0.04, "///")
        sheet.mark(scale(value), y, "D", 9, filled=False)
    if row.ceiling is not None:
        x = scale(row.ceiling)
        sheet.line([x, x], [y - high / 2 + 3, y + high / 2 - 3], INK, 1.6, (0, (2, 1.5)))


def _model(sheet: Sheet, scale: Scale, figure: Value | None, y: float, shape: str, row: Row) -> None:
    if figure is None:
        sheet.text(scale(0) + 4, y, row.note, size=11, colour=SOFT)
        return
    value, low, up = figure
    if low is not None and up is not None:
        sheet.line([scale(low), scale(up)], [y, y], INK, 1.6)
        for end in (low, up):
            sheet.line([scale(end)] * 2, [y - 3, y + 3], INK, 1.2)
    sheet.mark(scale(value), y, shape, 7)


def _keys(runs: Sequence[str], words: dict[str, str], people: bool, ceiling: bool) -> list[Key]:
    def run_key(shape: str) -> Key:
        def draw(sheet: Sheet, x: float, y: float) -> None:
            sheet.line([x - 12, x + 12], [y, y], INK, 1.6)
            sheet.mark(x, y, shape, 7)

        return draw, ""

    def people_key(sheet: Sheet, x: float, y: float) -> None:
        sheet.box(x - 12, y - 6, 24, 12, 0.04, "///")
        sheet.mark(x, y, "D", 9, filled=False)

    def ceiling_key(sheet: Sheet, x: float, y: float) -> None:
        sheet.line([x, x], [y - 8, y + 8], INK, 1.6, (0, (2, 1.5)))

    keys: list[Key] = [(run_key(SHAPES[n % len(SHAPES)])[0], run) for n, run in enumerate(runs)]
    if people:
        keys.append((people_key, words["people"]))
    if ceiling:
        keys.append((ceiling_key, words["ceiling"]))
    return keys
