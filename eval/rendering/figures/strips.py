"""One figure per line in, dots on lines out; and agreement against how often a code is used. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eval.rendering.figures.legend import Key, legend, legend_height
from eval.rendering.figures.sheet import INK, SIZE, SOFT, WIDTH, Scale, Sheet, middles, plain, width, wrap

_LABELS = 240.0
_HIGH = 300.0


@dataclass(frozen=True, slots=True)
class Spot:
    """A line: its label, the model's value, its interval, the people's value; `note` where the model has no value."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    people: float | None = None
    note: str = ""


def strip(name: str, title: str, described: str, spots: Sequence[Spot], words: dict[str, str]) -> str:
    """Dots on lines from 0 to 1. `words`: "axis", "model", and "people" if they have values."""
    with plain():
        return _strip(spots, words).svg(name, title, described)


def _strip(spots: Sequence[Spot], words: dict[str, str]) -> Sheet:
    keys: list[Key] = [(_model_key, words["model"])]
    if any(spot.people is not None for spot in spots):
        keys.append((_people_key, words["people"]))
    labels = [wrap(spot.label, _LABELS) for spot in spots]
    left = 16 + max((width(line) for lines in labels for line in lines), default=0)
    heights = [max(22.0, 15 * len(lines) + 6) for lines in labels]
    top = legend_height(keys, WIDTH - 20) + 12
    bottom = top + sum(heights)
    sheet = Sheet(WIDTH, bottom + 44)
    legend(sheet, keys, 10, 2, WIDTH - 20)
    negative = any((spot.low if spot.low is not None else spot.value or 0) < -0.001 for spot in spots)
    scale = Scale(-0.2 if negative else 0, 1, left + 8, WIDTH - 24)
    sheet.ticks(scale, [0, 0.2, 0.4, 0.6, 0.8, 1], top, bottom, "{:.1f}")
    for spot, lines, y in zip(spots, labels, middles(heights, top), strict=True):
        sheet.lines(left, y, lines, "right")
        if spot.people is not None:
            sheet.mark(scale(spot.people), y, "D", 9, filled=False)
        if spot.value is None:
            sheet.text(scale(0) + 4, y, spot.note, size=11, colour=SOFT)
            continue
        if spot.low is not None and spot.high is not None:
            sheet.line([scale(spot.low), scale(spot.high)], [y, y], INK, 1.6)
        sheet.mark(scale(spot.value), y, "o", 6)
    sheet.text((left + 8 + WIDTH - 24) / 2, bottom + 32, words["axis"], "center", SIZE, SOFT)
    return sheet


def prevalence(
    name: str, title: str, described: str, dots: Sequence[tuple[str, float, float, int]], words: dict[str, str]
) -> str:
    """Dots (number printed beside, share of units, agreement, positives); area as positives. `words`: "x", "y"."""
    with plain():
        top = 14.0
        sheet = Sheet(WIDTH, top + _HIGH + 44)
        most = max([0.1, *(share for _, share, _, _ in dots)])
        across, up = Scale(0, min(most * 1.15, 1), 58, WIDTH - 40), Scale(0, 1, top + _HIGH, top)
        size = 0.05 if most <= 0.3 else 0.2
        marks = [k * size for k in range(int(1 / size) + 1) if k * size <= across.high + 1e-9]
        sheet.ticks(across, marks, top, top + _HIGH, "{:.0%}")
        sheet.rungs(up, [0, 0.2, 0.4, 0.6, 0.8, 1], 58, WIDTH - 24, "{:.1f}")
        largest = max((count for *_, count in dots), default=1) or 1
        spots = [(across(x), up(y), max(26 * (n / largest) ** 0.5, 4), label) for label, x, y, n in dots]
        for x, y, wide, _ in spots:
            sheet.mark(x, y, "o", wide, filled=False)
        for (x, y, wide, _), (left, middle, line) in zip(spots, _beside(spots, top), strict=True):
            if abs(middle - y) > 16:  # far from its circle: a line leads there
                sheet.line([x, left + 2], [y + (wide / 2 if middle > y else -wide / 2), middle], SOFT, 0.7)
            sheet.text(left, middle, line, size=11)
        sheet.text(WIDTH - 24, top + _HIGH + 32, words["x"], "right", SIZE, SOFT)
        sheet.text(14, top + _HIGH + 32, f"↑ {words['y']}", "left", SIZE, SOFT)
        return sheet.svg(name, title, described)


def _beside(spots: Sequence[tuple[float, float, float, str]], top: float) -> list[tuple[float, float, str]]:
    """A free place for the label of each circle: beside it, else above or below, as near as there is room."""
    taken = [(x - wide / 2, y - wide / 2, x + wide / 2, y + wide / 2) for x, y, wide, _ in spots]
    found = []
    for x, y, wide, label in spots:
        long = width(label, 11)
        shifts = [step * side for step in range(0, 20) for side in (12, -12)]
        sides = [x + wide / 2 + 4, x - wide / 2 - 4 - long]
        places = [(left, y + shift) for shift in shifts for left in sides]
        free = [
            (left, middle)
            for left, middle in places
            if left >= 60 and left + long <= WIDTH - 4 and top + 6 <= middle <= top + _HIGH - 6
            if not any(_meets((left, middle - 8, left + long, middle + 8), box) for box in taken)
        ]
        left, middle = free[0] if free else (max(WIDTH - 8 - long, 60), y)
        taken.append((left, middle - 8, left + long, middle + 8))
        found.append((left, middle, label))
    return found


def _meets(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _model_key(sheet: Sheet, x: float, y: float) -> None:
    sheet.mark(x, y, "o", 6)


def _people_key(sheet: Sheet, x: float, y: float) -> None:
    sheet.mark(x, y, "D", 9, filled=False)
