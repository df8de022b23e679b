"""Shapes and words in pixels in, one SVG element as text out. Pure: the same on every machine, whatever its fonts.

Positions never depend on how wide a machine's fonts draw a word: room is left by the widths of DejaVu Sans, which comes
with matplotlib and is wider than the faces of a page, and by one em for a Chinese character. The text stays text.
"""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

INK, SOFT, RULE, PAPER = "#24211d", "#6b655b", "#ddd6c9", "#fcfbf8"
_CLASSES = {INK: "ink", SOFT: "soft", RULE: "rule", PAPER: "paper"}
FONTS = (
    'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Source Han Sans SC", '
    '"Noto Sans CJK SC", "Noto Sans SC", sans-serif'
)
SIZE = 12.0
WIDTH = 760.0
_SVG = "http://www.w3.org/2000/svg"
_LINK = "{http://www.w3.org/1999/xlink}href"
Anchor = Literal["left", "center", "right"]


def clean(text: str) -> str:
    """The text on one line, without the characters that XML cannot hold."""
    kept = "".join(
        " " if c in "\t\n\r" else c for c in text if unicodedata.category(c) not in ("Cc", "Cs") or c in "\t\n\r"
    )
    return " ".join("".join(c for c in kept if c not in "\ufffe\uffff").split())


def width(text: str, size: float = SIZE) -> float:
    """Pixels to keep free for a line of text."""
    return size * sum(_em(c) for c in text)


def wrap(text: str, room: float, size: float = SIZE) -> list[str]:
    """Lines no wider than `room`; breaks between words and Chinese characters, inside a word only where it must."""
    lines = [""]
    for part in re.findall(r"\S?[^\s\u2e80-\uffef._/-]*[._/-]?\s*", clean(text)):
        for piece in [part] if width(part.rstrip(), size) <= room else list(part):
            if lines[-1] and width((lines[-1] + piece).rstrip(), size) > room:
                lines.append("")
            lines[-1] += piece
    return [line.strip() for line in lines if line.strip()] or [""]


@contextmanager
def plain() -> Iterator[None]:
    """matplotlib as shipped, whatever the user's own settings; every drawing is made inside."""
    import matplotlib as mpl

    with mpl.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # DejaVu Sans has no Chinese; the reader's fonts have
        mpl.rcdefaults()
        mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "codart", "hatch.linewidth": 0.7})
        yield


class Sheet:
    """A drawing `wide` × `high` pixels, y downwards. Only greys: shapes, hatches and dashes carry the meaning."""

    def __init__(self, wide: float, high: float) -> None:
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure

        self.wide, self.high = wide, high
        self._figure = Figure(figsize=(wide / 72, high / 72), dpi=72, frameon=False)
        FigureCanvasSVG(self._figure)
        self._axes = self._figure.add_axes((0, 0, 1, 1))
        self._axes.set_xlim(0, wide)
        self._axes.set_ylim(high, 0)
        self._axes.set_axis_off()

    def text(
        self,
        x: float,
        y: float,
        text: str,
        anchor: Anchor = "left",
        size: float = SIZE,
        colour: str = INK,
        bold: bool = False,
    ) -> None:
        """One line; `y` is the middle of its small letters' height."""
        face = _face(size, bold)
        self._axes.text(
            x,
            y + size * 0.35,
            clean(text),
            ha=anchor,
            va="baseline",
            color=colour,
            fontproperties=face,
            parse_math=False,
        )

    def lines(self, x: float, y: float, lines: Sequence[str], anchor: Anchor = "left", size: float = SIZE) -> None:
        """Several lines around the middle `y`."""
        for n, line in enumerate(lines):
            self.text(x, y + (n - (len(lines) - 1) / 2) * size * 1.25, line, anchor, size)

    def line(
        self, xs: Iterable[float], ys: Iterable[float], colour: str = INK, thick: float = 1.2, dash: Any = "-"
    ) -> None:
        """A line through points; `dash` as matplotlib names it."""
        self._axes.plot(list(xs), list(ys), color=colour, linewidth=thick, linestyle=dash, solid_capstyle="butt")

    def mark(self, x: float, y: float, shape: str, size: float = 8, filled: bool = True) -> None:
        """A marker; `shape` as matplotlib names it."""
        inner = INK if filled else PAPER
        self._axes.plot(
            [x],
            [y],
            marker=shape,
            markersize=size,
            color=INK,
            markerfacecolor=inner,
            markeredgewidth=1.2,
            linestyle="none",
        )

    def box(
        self, x: float, y: float, wide: float, high: float, shade: float = 0.0, hatch: str = "", edge: str | None = None
    ) -> None:
        """A rectangle: ink at the strength `shade` (0..1), hatched, edged."""
        from matplotlib.colors import to_rgba
        from matplotlib.patches import Rectangle

        # Shade and hatch apart: one patch with both would draw its hatch as faint as the shade.
        face: Any = to_rgba(INK, shade) if shade else "none"
        thick = 0.8 if edge else 0
        self._axes.add_patch(Rectangle((x, y), wide, high, facecolor=face, edgecolor=edge or "none", linewidth=thick))
        if hatch:
            self._axes.add_patch(
                Rectangle((x, y), wide, high, facecolor="none", edgecolor=SOFT, hatch=hatch, linewidth=0)
            )

    def band(self, xs: Sequence[float], low: Sequence[float], high: Sequence[float], hatch: str, shade: float) -> None:
        """The room between two lines."""
        from matplotlib.colors import to_rgba

        places, below, above = list(xs), list(low), list(high)
        if shade:
            self._axes.fill_between(places, below, above, facecolor=to_rgba(INK, shade), linewidth=0)
        if hatch:
            self._axes.fill_between(places, below, above, facecolor="none", edgecolor=SOFT, hatch=hatch, linewidth=0)

    def ticks(self, scale: Scale, values: Sequence[float], top: float, bottom: float, form: str = "{:g}") -> None:
        """Upright grid lines of a scale with their numbers below."""
        for value in values:
            x = scale(value)
            self.line([x, x], [top, bottom], RULE, 0.8)
            self.text(x, bottom + 12, form.format(value).replace("-", "−"), "center", 11, SOFT)

    def rungs(self, scale: Scale, values: Sequence[float], left: float, right: float, form: str = "{:g}") -> None:
        """Level grid lines of a scale with their numbers at the left."""
        for value in values:
            y = scale(value)
            self.line([left, right], [y, y], RULE, 0.8)
            self.text(left - 6, y, form.format(value).replace("-", "−"), "right", 11, SOFT)

    def svg(self, name: str, title: str, described: str) -> str:
        """The element, its ids beginning with `name`, spoken as `title` and `described`."""
        out = io.StringIO()
        self._figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        return _dress(out.getvalue(), name, clean(title), clean(described), self.wide)


class Scale:
    """From values to pixels, in a straight line."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high, self.start, self.end = low, high, start, end

    def __call__(self, value: float) -> float:
        """The pixel of a value; values off the scale stay at its ends."""
        kept = min(max(value, self.low), self.high)
        return self.start + (kept - self.low) / (self.high - self.low) * (self.end - self.start)


def steps(most: float, about: int = 5) -> list[float]:
    """Round numbers from 0 to `most` or just above it."""
    size = max(most, 1) / about
    power = 10.0 ** len(str(int(size))) / 10
    step = max(next(power * m for m in (1, 2, 5, 10) if power * m >= size), 1.0)
    found = [0.0]
    while found[-1] < most:
        found.append(found[-1] + step)
    return found


def _em(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    return _dejavu(char)


@lru_cache(maxsize=4096)
def _dejavu(char: str) -> float:
    from matplotlib.font_manager import get_font

    font = get_font(_dejavu_file())
    code = ord(char)
    if code not in font.get_charmap():
        return 1.0
    font.set_size(100, 72)
    return float(font.load_char(code, flags=_unhinted()).linearHoriAdvance) / 65536 / 100


def _unhinted() -> Any:
    from matplotlib.ft2font import LoadFlags

    return LoadFlags.NO_HINTING


@lru_cache(maxsize=1)
def _dejavu_file() -> str:
    import matplotlib as mpl

    return mpl.get_data_path() + "/fonts/ttf/DejaVuSans.ttf"


def _face(size: float, bold: bool) -> FontProperties:
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=["DejaVu Sans"], size=size, weight="bold" if bold else "normal", fname=_dejavu_file())


def _dress(text: str, name: str, title: str, described: str, wide: float) -> str:
    """matplotlib's file as an element for a page whose policy forbids style attributes: they become plain ones."""
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(text)  # noqa: S314 - written by matplotlib just now
    high = root.get("viewBox", "0 0 1 1").split()[3]
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in {f"{{{_SVG}}}{tag}" for tag in ("metadata", "style", "clipPath")}:
                parent.remove(child)
    for element in root.iter():
        _plain(element, name)
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.set("width", f"{wide:g}")
    root.set("height", high)
    root.set("stroke-linejoin", "round")
    root.set("font-family", FONTS)
    root.set("role", "img")
    root.set("aria-labelledby", f"{name}-title {name}-desc")
    for place, (tag, words) in enumerate((("title", title), ("desc", described))):
        spoken = ElementTree.Element(f"{{{_SVG}}}{tag}", {"id": f"{name}-{tag}"})
        spoken.text = words
        root.insert(place, spoken)
    ElementTree.indent(root, "")
    return ElementTree.tostring(root, encoding="unicode")


def _plain(element: ElementTree.Element, name: str) -> None:
    style = element.attrib.pop("style", "")
    if element.tag == f"{{{_SVG}}}text":
        element.attrib.pop("transform", None)  # all text is level
        style = style.replace("font-family: 'DejaVu Sans'", "")
    classes = []
    for key, value in (rule.split(":", 1) for rule in style.split(";") if ":" in rule):
        key, value = key.strip(), value.strip()
        element.set(key, value)
        if key in ("fill", "stroke") and value in _CLASSES:
            classes.append(f"{key[0]}-{_CLASSES[value]}")
    if classes:
        element.set("class", " ".join(classes))
    element.attrib.pop("clip-path", None)  # nothing reaches over the sheet's edge
    known = element.attrib.pop("id", "")
    if element.tag in (f"{{{_SVG}}}path", f"{{{_SVG}}}pattern") and known:
        element.set("id", f"{name}-{known}")
    for key, value in list(element.attrib.items()):
        if key == _LINK:
            del element.attrib[key]
            element.set("href", f"#{name}-{value[1:]}")
        elif value.startswith("url(#"):
            element.set(key, f"url(#{name}-{value[5:]}")


def middles(heights: Sequence[float], top: float) -> list[float]:
    """The middle of each of the rows stacked from `top`."""
    edges = [top]
    for high in heights:
        edges.append(edges[-1] + high)
    return [(a + b) / 2 for a, b in pairwise(edges)]
