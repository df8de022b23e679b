"""Counts by row and column in, a heat map with the counts in its cells out. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from eval.rendering.figures.sheet import INK, PAPER, RULE, SIZE, SOFT, WIDTH, Sheet, plain, width, wrap

_LABELS = 190.0
_WORD = 92.0  # a column head's words are broken from here on
_DARK = 0.58  # from this shade on the count is printed in the paper's colour


def heatmap(
    name: str,
    title: str,
    described: str,
    rows: Sequence[str],
    columns: Sequence[str],
    counts: Sequence[Sequence[int]],
    words: dict[str, str],
) -> str:
    """`words`: "rows", "columns", what stands at either side. A cell's shade is its share of its row."""
    with plain():
        return _heatmap(rows, columns, counts, words).svg(name, title, described)


def _heatmap(
    rows: Sequence[str], columns: Sequence[str], counts: Sequence[Sequence[int]], words: dict[str, str]
) -> Sheet:
    labels = [wrap(row, _LABELS) for row in rows]
    side = f"{words['rows']} ↓"
    left = 20 + max(width(side), *(width(line) for lines in labels for line in lines))
    words_ = [word for column in columns for word in wrap(column, _WORD, 11)]
    least = max([46.0, *(width(word, 11) + 8 for word in words_ if " " not in word)])
    cell = min(max((WIDTH - left - 12) / max(len(columns), 1), least), 110.0)
    heads = [wrap(column, cell - 6, 11) for column in columns]
    head = 14.0 * max((len(lines) for lines in heads), default=1)
    wide = max(WIDTH, left + cell * len(columns) + 12)
    heights = [max(30.0, 15 * len(lines) + 8) for lines in labels]
    top = 28 + head + 8
    sheet = Sheet(wide, top + sum(heights) + 8)
    sheet.text(left, 12, f"{words['columns']} →", colour=SOFT)
    sheet.text(left - 8, top - 10, side, "right", colour=SOFT)
    for n, lines in enumerate(heads):
        sheet.lines(left + cell * (n + 0.5), top - 8 - 7 * len(lines), lines, "center", 11)
    y = top
    for lines, high, given in zip(labels, heights, counts, strict=True):
        sheet.lines(left - 8, y + high / 2, lines, "right")
        for n, count in enumerate(given):
            _cell(sheet, left + cell * n, y, cell, high, count, sum(given))
        y += high
    return sheet


def _cell(sheet: Sheet, x: float, y: float, wide: float, high: float, count: int, whole: int) -> None:
    shade = 0.85 * count / whole if whole else 0.0
    sheet.box(x, y, wide, high, shade, edge=RULE)
    colour = PAPER if shade >= _DARK else INK if count else SOFT
    sheet.text(x + wide / 2, y + high / 2, str(count), "center", SIZE, colour)
