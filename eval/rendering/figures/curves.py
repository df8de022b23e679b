"""Curves over documents, coverage or confidence in, line drawings out. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.rendering.figures.legend import Key, legend, legend_height
from eval.rendering.figures.sheet import INK, SIZE, SOFT, WIDTH, Scale, Sheet, plain, steps

_HIGH = 240.0
_LEFT = 58.0
_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
_HATCHES = ("", "///", "...", "\\\\\\")
_SHAPES = ("o", "s", "^", "D")


def saturation(
    name: str, title: str, described: str, coders: Mapping[str, Mapping[str, Any]], words: dict[str, str]
) -> str:
    """Codes seen after each document, by coder, with the band over random orders. `words`: "x", "y"."""
    with plain():
        keys = [(_line_key(n), coder) for n, coder in enumerate(coders)]
        top = legend_height(keys, WIDTH - 20) + 14
        sheet = Sheet(WIDTH, top + _HIGH + 44)
        legend(sheet, keys, 10, 2, WIDTH - 20)
        last = max((len(one["seen"]) for one in coders.values()), default=1)
        most = max(max((max([*one["seen"], *_top(one)], default=1) for one in coders.values()), default=1), 1)
        across, up = Scale(1, max(last, 2), _LEFT + 10, WIDTH - 24), _frame(sheet, most, top, words)
        marks = [v for v in steps(last, 10) if v >= 1 and v <= last]
        sheet.ticks(across, marks, top, top + _HIGH)
        for n, one in enumerate(coders.values()):
            _seen(sheet, across, up, n, one)
        return sheet.svg(name, title, described)


def risk(
    name: str, title: str, described: str, curve: Sequence[Sequence[float]], share: float | None, words: dict[str, str]
) -> str:
    """Share of errors among the most confident suggestions. `words`: "x", "y", "line" (the 5 % line), "accept"."""
    with plain():
        sheet = Sheet(WIDTH, _HIGH + 64)
        top = 18.0
        most = max([0.1, *(point[1] for point in curve)])
        across = Scale(0, 1, _LEFT, WIDTH - 24)
        up = Scale(0, min(most * 1.1, 1), top + _HIGH, top)
        sheet.ticks(across, [0, 0.2, 0.4, 0.6, 0.8, 1], top, top + _HIGH, "{:.0%}")
        rungs = [v / 100 for v in steps(most * 100, 4) if v / 100 <= up.high]
        sheet.rungs(up, rungs, _LEFT, WIDTH - 24, "{:.0%}")
        sheet.line([_LEFT, WIDTH - 24], [up(0.05)] * 2, INK, 1.2, (0, (6, 3)))
        sheet.text(WIDTH - 28, up(0.05) - 9, words["line"], "right", 11, SOFT)
        sheet.line([across(x) for x, _ in curve], [up(y) for _, y in curve], INK, 1.8)
        if share:
            sheet.line([across(share)] * 2, [top, top + _HIGH], INK, 1.2, (0, (1.5, 2)))
            end = across(share)
            sheet.text(
                end + (5 if share < 0.5 else -5), top + 8, words["accept"], "left" if share < 0.5 else "right", 11
            )
        _axes(sheet, top, words)
        return sheet.svg(name, title, described)


def calibration(name: str, title: str, described: str, bins: Sequence[Mapping[str, Any]], words: dict[str, str]) -> str:
    """Share right against confidence, by bin, with the number of items. `words`: "x", "y", "even" (the diagonal)."""
    with plain():
        keys: list[Key] = [(_dash_key, words["even"]), (_dot_key, words["bin"])]
        top = legend_height(keys, WIDTH - 20) + 14
        sheet = Sheet(WIDTH, top + _HIGH + 44)
        legend(sheet, keys, 10, 2, WIDTH - 20)
        across, up = Scale(0, 1, _LEFT, WIDTH - 24), Scale(0, 1, top + _HIGH, top)
        sheet.ticks(across, [0, 0.2, 0.4, 0.6, 0.8, 1], top, top + _HIGH, "{:.1f}")
        sheet.rungs(up, [0, 0.2, 0.4, 0.6, 0.8, 1], _LEFT, WIDTH - 24, "{:.1f}")
        sheet.line([across(0), across(1)], [up(0), up(1)], SOFT, 1.2, (0, (6, 3)))
        for one in bins:
            if one["confidence"] is None or one["accuracy"] is None:
                continue
            x, y = across(one["confidence"]), up(one["accuracy"])
            sheet.mark(x, y, "o", 8)
            sheet.text(x - 8, y - 10 if y > top + 22 else y + 14, str(one["items"]), "right", 11, SOFT)
        _axes(sheet, top, words)
        return sheet.svg(name, title, described)


def _frame(sheet: Sheet, most: float, top: float, words: dict[str, str]) -> Scale:
    marks = steps(most)
    up = Scale(0, marks[-1], top + _HIGH, top)
    sheet.rungs(up, marks, _LEFT, WIDTH - 24)
    _axes(sheet, top, words)
    return up


def _axes(sheet: Sheet, top: float, words: dict[str, str]) -> None:
    sheet.text(WIDTH - 24, top + _HIGH + 32, words["x"], "right", SIZE, SOFT)
    sheet.text(_LEFT - 44, top + _HIGH + 32, f"↑ {words['y']}", "left", SIZE, SOFT)


def _top(one: Mapping[str, Any]) -> Sequence[float]:
    return one["band"]["high"] if one.get("band") else ()


def _seen(sheet: Sheet, across: Scale, up: Scale, n: int, one: Mapping[str, Any]) -> None:
    seen = one["seen"]
    places = [across(k + 1) for k in range(len(seen))]
    if one.get("band"):
        low, high = ([up(v) for v in one["band"][side]] for side in ("low", "high"))
        sheet.band(places, low, high, _HATCHES[n % 4], 0.10 if n % 4 == 0 else 0.0)
    sheet.line(places, [up(v) for v in seen], INK, 1.8, _DASHES[n % 4])
    for x, v in zip(places, seen, strict=True):
        sheet.mark(x, up(v), _SHAPES[n % 4], 6, filled=n % 2 == 0)


def _line_key(n: int) -> Any:
    def draw(sheet: Sheet, x: float, y: float) -> None:
        sheet.box(x - 13, y - 7, 26, 14, 0.10 if n % 4 == 0 else 0.0, _HATCHES[n % 4])
        sheet.line([x - 13, x + 13], [y, y], INK, 1.8, _DASHES[n % 4])
        sheet.mark(x, y, _SHAPES[n % 4], 6, filled=n % 2 == 0)

    return draw


def _dash_key(sheet: Sheet, x: float, y: float) -> None:
    sheet.line([x - 12, x + 12], [y, y], SOFT, 1.2, (0, (6, 3)))


def _dot_key(sheet: Sheet, x: float, y: float) -> None:
    sheet.mark(x, y, "o", 8)
