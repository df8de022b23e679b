"""Bytes of WebVTT or SubRip subtitles in, speaker turns as content out. Pure."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.errors import ReadingError
from assistant.model import Block
from assistant.reading.composing import Content, Draft, canonical
from assistant.reading.decoding import decode
from assistant.reading.joining import append
from assistant.reading.speakers import ROLE

_TIMING = re.compile(r"((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})[ \t]*-->[ \t]*((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})")
_VOICE = re.compile(r"<v(?:\.[^ \t>]{0,100})?[ \t]+([^<>]{1,100})>")
_WORD_TIME = re.compile(r"<\d{1,2}:\d{2}")  # captions that scroll, as speech recognition writes them
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>|<[\d:.]{1,20}>|\{\\[^{}]{0,200}\}")
_NAMED = re.compile(r"([^\W\d_][^:：,，.。!?！？\n]{0,39}?)[ \t]*(?::(?=\s)|：)[ \t]*(?=\S)")
_SENTENCE_END = re.compile(r"[.!?。！？…][\"'”’」』)）]*$")
_PAUSE = 2.0  # seconds of silence that start a new paragraph where nobody is named
_LONG = 300  # characters after which the next sentence end does so too


@dataclass(frozen=True, slots=True)
class _Cue:
    start: float
    end: float
    speaker: str
    text: str


@dataclass(slots=True)
class _Turn:
    speaker: str
    start: float
    end: float
    pieces: list[str]
    length: int


def compose(data: bytes, extension: str) -> Content:
    """One line per speaker turn, "Name: words"; where nobody is named, a pause or a long stretch ends a paragraph.

    Every line has two blocks: a turn whose label is the speaker ("" when not named), and a page whose label is the
    time it starts at, "00:01:02": where to look in the recording. Times are not in the text.
    """
    decoded = decode(data)
    cleaned = canonical(decoded.text)
    draft = Draft()
    draft.notes.extend((*decoded.notes, *cleaned.notes()))
    payloads = _payloads(cleaned.text, blank_ends=extension == ".vtt")
    if not payloads:
        raise ReadingError("it holds no cues (lines with -->)", "Export the subtitles again, or add them as .txt.")
    if any(_WORD_TIME.search(line) for _, _, lines in payloads for line in lines):
        payloads = _unrolled(payloads)
        draft.notes.append("Scrolling captions: lines shown twice are kept once.")
    cues = _cues(payloads)
    for turn in _turns(cues):
        spoken = "".join(turn.pieces)
        words = f"{turn.speaker}: {spoken}" if turn.speaker else spoken
        span = draft.add(words, "turn", turn.speaker)
        if span is not None:
            draft.blocks.append(Block(span, "page", _clock(turn.start)))
    draft.notes.append(f"Cues joined into turns: {len(cues)} into {len(draft.blocks) // 2}; times kept as page labels.")
    return draft.finish(decoded.encoding)


_Payload = tuple[float, float, list[str]]


def _payloads(text: str, *, blank_ends: bool) -> list[_Payload]:
    """Start, end and lines of every cue; headers, notes, styles and cue numbers are passed over.

    A blank line ends a WebVTT cue; SubRip files hold blank lines inside cues and none between them, so there a cue
    runs to the next time and only loses the number before that.
    """
    cues: list[_Payload] = []
    inside = False
    for line in text.split("\n"):
        timing = _TIMING.match(line.strip())
        if timing:
            if cues and inside and cues[-1][2] and cues[-1][2][-1].strip().isdigit():
                cues[-1][2].pop()
            cues.append((_seconds(timing[1]), _seconds(timing[2]), []))
            inside = True
        elif not line.strip():
            inside = inside and not blank_ends
        elif inside:
            cues[-1][2].append(line)
    return cues


def _seconds(clock: str) -> float:
    total = 0.0
    for part in clock.replace(",", ".").split(":"):
        total = total * 60 + float(part)
    return total


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _unrolled(payloads: Sequence[_Payload]) -> list[_Payload]:
    """Scrolling captions repeat each line in the next cue: keep the first showing."""
    kept: list[_Payload] = []
    before = ""
    for start, end, lines in payloads:
        fresh = []
        for line in lines:
            words = _bare(line)
            if words and words != before:
                fresh.append(line)
                before = words
        if fresh:
            kept.append((start, end, fresh))
    return kept


def _bare(words: str) -> str:
    return html.unescape(_TAG.sub("", words)).strip()


def _cues(payloads: Sequence[_Payload]) -> list[_Cue]:
    """Cues cut at changes of speaker. "Name:" counts as a speaker when it comes twice or names a role."""
    names = Counter(match[1] for _, _, lines in payloads for line in lines if (match := _NAMED.match(_bare(line))))
    cues = []
    for start, end, lines in payloads:
        for speaker, words in _voices(lines, names):
            cues.append(_Cue(start, end, speaker, words))
    return cues


def _voices(lines: Sequence[str], names: Counter[str]) -> Iterator[tuple[str, str]]:
    speaker = ""
    words: list[str] = []
    for line in lines:
        pieces = _VOICE.split(line)  # text, name, text, name, text …
        for place in range(0, len(pieces), 2):
            name = _bare(pieces[place - 1]) if place else ""
            said = _bare(pieces[place])
            match = None if name else _NAMED.match(said)
            if match and (names[match[1]] > 1 or ROLE.fullmatch(match[1])):
                name, said = match[1], said[match.end() :]
            if name and words:
                yield speaker, "".join(words)
                words = []
            speaker = name or speaker
            if said and words:
                append(words, said)
            elif said:
                words.append(said)
    if words:
        yield speaker, "".join(words)


def _turns(cues: Sequence[_Cue]) -> list[_Turn]:
    turns: list[_Turn] = []
    named = any(cue.speaker for cue in cues)
    for cue in cues:
        last = turns[-1] if turns else None
        if last is None or not _goes_on(last, cue, named):
            turns.append(_Turn(cue.speaker, cue.start, cue.end, [cue.text], len(cue.text)))
        else:
            append(last.pieces, cue.text)
            last.length += len(cue.text)
            last.end = cue.end
    return turns


def _goes_on(turn: _Turn, cue: _Cue, named: bool) -> bool:
    if named:
        return cue.speaker in ("", turn.speaker)
    long = turn.length >= _LONG and _SENTENCE_END.search(turn.pieces[-1])
    return not long and cue.start - turn.end < _PAUSE
