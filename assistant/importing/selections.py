"""A text and stretches of it as a REFI-QDA project counts them in, the same as code points out. Pure.

NVivo counts UTF-16 code units of the file as it stands, a CRLF as two, and so should all. Where the names of the
selections, which most programs take from the selected words, show that another program counted otherwise, its way is
taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.errors import ReadingError
from assistant.importing.foreign import prose
from assistant.importing.offsets import Ruler, move, utf16_width

_CUT = ("…", "...")  # how programs shorten a name
_Width = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A selection as the project gives it; `name` often holds its words, cut or not."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class Placed:
    """The text in canonical form; for each stretch its code points and words there, None without a text."""

    text: str
    spans: tuple[tuple[int | None, int | None, str], ...]
    units: str = ""  # how positions were counted, if not in UTF-16 code units of the text as it stands


def place(raw: str | None, stretches: Sequence[Stretch], where: str) -> Placed:
    """The stretches on the text. Raises ReadingError naming the one that is outside the text or ends before it starts.

    Without a text a stretch keeps its name as its quote.
    """
    if raw is None:
        return Placed("", tuple((None, None, prose(stretch.name)) for stretch in stretches))
    ruler, units = _ruler(raw, stretches)
    moved = move(raw)
    spans = []
    for stretch in stretches:
        try:
            start, end = moved.span(*ruler.span(stretch.start, stretch.end))
        except ValueError as wrong:
            what = f"{where}, selection {stretch.start} to {stretch.end}: {wrong}"
            raise ReadingError(what, "Export the project again from the program it comes from.") from None
        spans.append((start, end, moved.text[start:end]))
    return Placed(moved.text, tuple(spans), units)


def _ruler(raw: str, stretches: Sequence[Stretch]) -> tuple[Ruler, str]:
    """The way of counting under which most selections stand on the words they are named after."""
    first = Ruler(raw, utf16_width)
    checked = [stretch for stretch in stretches if stretch.name.strip()]
    best, most, units = first, _fitting(raw, first, checked), ""
    if most == len(checked):
        return best, units
    for name, width in _OTHERS.items():
        ruler = Ruler(raw, width)
        fitting = _fitting(raw, ruler, checked)
        if fitting > most:
            best, most, units = ruler, fitting, name
    return best, units


def _fitting(raw: str, ruler: Ruler, stretches: Sequence[Stretch]) -> int:
    return sum(_fits(raw, ruler, stretch) for stretch in stretches)


def _fits(raw: str, ruler: Ruler, stretch: Stretch) -> bool:
    try:
        start, end = ruler.span(stretch.start, stretch.end)
    except ValueError:
        return False
    words, name = "".join(prose(raw[start:end]).split()), "".join(prose(stretch.name).split())
    cut = next((sign for sign in _CUT if name.endswith(sign)), "")
    return words == name or (bool(cut) and words.startswith(name.removesuffix(cut)))


def _with_crlf(width: _Width) -> _Width:
    """Every line feed counted as two, as in a text whose CRLF the XML or the export made LF."""
    return lambda character: 2 if character == "\n" else width(character)


def _without_cr(width: _Width) -> _Width:
    """Carriage returns not counted, as in a program that reads CRLF as LF."""
    return lambda character: 0 if character == "\r" else width(character)


def _one(character: str) -> int:
    return 1


_OTHERS: dict[str, _Width] = {
    "code points": _one,
    "UTF-16 code units without carriage returns": _without_cr(utf16_width),
    "code points without carriage returns": _without_cr(_one),
    "UTF-16 code units with line ends as two": _with_crlf(utf16_width),
    "code points with line ends as two": _with_crlf(_one),
}
