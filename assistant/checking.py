"""Suggestions for a segment in, a prompt asking whether their quotes support them out; a reply in, verdicts out.

Pure. `parse` never raises and guesses no verdict. Its rules:

- An item counts if its number and its verdict can be read. Its reason may be missing.
- An item that is not answered, or answered twice differently, is `missing`. The same verdict twice counts once, with
  the first reason. No answer counts for being the last: what a model recites from a document must not replace its own.
- What was not asked about or cannot be read is ignored, and a note says so.
- A reply that was cut off keeps its complete items; the item under way is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.errors import CodebookError, ModelError
from assistant.interpreting import clean, read_truth
from assistant.model import Code, Codebook, Message, Polarity, Prompt, Reply, Support as Support
from assistant.parsing import as_said, read_number, silence, strict_object
from assistant.prompting import Count, Load, digest, fence, fill
from assistant.salvaging import CutObject, read, spoken

TEMPLATE = "check_codes.v1"

_VARIANTS: Mapping[Support, str] = {
    "yes": "yes supported 是 支持",
    "partly": "partly partial partially 部分 部分支持",
    "no": "no unsupported 否 不支持",
}
_READ: Mapping[str, Support] = {word: value for value, words in _VARIANTS.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class CheckItem:
    """One suggestion to check, without the reasons and the confidence of whoever made it."""

    id: int  # the suggestion's; the prompt does not show it
    code: str  # a code id, where the request has a codebook
    label: str  # an open code's words, where it has none
    quote: str
    polarity: Polarity | None = None


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What is asked about the suggestions of one segment: at least one item, all from the same pass."""

    language: str  # "zh" or "en": the language of the prompt
    question: str
    number: int  # the segment's number in its document
    text: str
    document: str
    case: str
    items: tuple[CheckItem, ...]
    codebook: Codebook | None = None  # None for open codes
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """The verdict on one item. `item` counts from 1: it is about `request.items[item - 1]`."""

    item: int
    supported: Support
    why: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A reply as read. `failure`: "" if at least one item has a verdict, else unreadable, empty or truncated."""

    checks: tuple[Check, ...]  # in the order of the items
    failure: str = ""
    detail: str = ""  # what is wrong, in a sentence
    refused: str = ""  # the model's or the server's reason for giving no answer
    missing: tuple[int, ...] = ()  # items without a verdict, counted from 1
    notes: tuple[str, ...] = ()  # what was ignored, one sentence each


def template_name(language: str) -> str:
    """The template file for a prompt language."""
    return f"{TEMPLATE}.{language}.jinja"


def render(request: CheckRequest, load: Load, *, max_tokens: int, count: Count) -> Prompt:
    """The prompt for one segment; `load` gives a template's source by file name.

    Over `max_tokens` the neighbours are left out, which `Prompt.trimmed` notes; ModelError (kind "context") if the rest
    is still too long. CodebookError if an item's code is not in the codebook, for then its rules cannot be shown.
    """
    trimmed: tuple[str, ...] = ()
    before, after = request.before, request.after
    while True:
        messages = _messages(request, before, after, load)
        tokens, estimated = count("\n".join(m.content for m in messages))
        if tokens <= max_tokens:
            break
        if not before and not after:
            raise ModelError(
                f"checking {len(request.items)} suggestions for segment {request.number} of {request.document} needs "
                f"{tokens} tokens; the limit is {max_tokens}",
                "raise [prompt] max_tokens in codart.toml",
                kind="context",
            )
        before, after = (), ()
        trimmed = ("left out the neighbouring segments",)
    schema = check_schema()
    return Prompt(
        messages=messages,
        digest=digest(messages, schema),
        kind="assignment" if request.codebook else "open",
        language=request.language,
        template=template_name(request.language),
        segments=(request.number,),
        schema=schema,
        tokens=tokens,
        tokens_estimated=estimated,
        trimmed=trimmed,
        texts=(request.text,),
    )


def check_schema() -> dict[str, Any]:
    """The JSON schema of a wanted reply, in the strict subset OpenAI takes. The reason comes before the verdict."""
    check = {
        "item": {"type": "integer"},
        "why": {"type": "string"},
        "supported": {"type": "string", "enum": list(_VARIANTS)},
    }
    return strict_object({"checks": {"type": "array", "items": strict_object(check)}})


def parse(reply: Reply, prompt: Prompt, count: int) -> Checked:
    """Read the reply to `prompt`, which asked about `count` items, by the rules above. Never raises."""
    asked = range(1, count + 1)
    text = spoken(reply.text)
    if (nothing := silence(reply, text)) is not None:
        return Checked((), nothing.failure, nothing.detail, nothing.refused, missing=tuple(asked))
    found = read(text, lambda value: _entries(value) is not None)
    heard: dict[int, list[Check | None]] = {}
    notes: list[str] = []
    for entry in (entry for value in found.values for entry in _entries(value) or []):
        item, check, note = _check(entry, asked)
        if item is not None:
            heard.setdefault(item, []).append(check)
        if note:
            notes.append(note)
    checks: list[Check] = []
    for item, said in sorted(heard.items()):
        if len({check.supported if check else None for check in said}) > 1:
            notes.append(f"item {item} was answered twice, and differently")
        elif said[0] is not None:
            checks.append(said[0])
    answered = {check.item for check in checks}
    missing = tuple(item for item in asked if item not in answered)
    failure, detail = _trouble(prompt, notes, answered=bool(checks), cut=found.cut or reply.finish == "length")
    return Checked(tuple(checks), failure, detail, missing=missing, notes=tuple(notes))


def _trouble(prompt: Prompt, notes: Sequence[str], *, answered: bool, cut: bool) -> tuple[str, str]:
    """The failure of a reply, if it is one, and what is wrong with it."""
    where = f"segment {', '.join(map(str, prompt.segments))}"
    if answered:
        return "", "the reply was cut off" if cut else ""
    if cut:
        return "truncated", f"the reply was cut off before it had checked one suggestion for {where}"
    return "unreadable", notes[0] if notes else f"the reply checks no suggestion for {where}"


def _messages(
    request: CheckRequest, before: tuple[str, ...], after: tuple[str, ...], load: Load
) -> tuple[Message, ...]:
    foreign = [request.text, *before, *after]
    foreign += [item.quote if request.codebook else f"{item.label}\n{item.quote}" for item in request.items]
    values = {
        "request": request,
        "before": before,
        "after": after,
        "book": request.codebook,
        "codes": _codes(request),
        "fence": fence(foreign),
    }
    return fill(template_name(request.language), load, values)


def _codes(request: CheckRequest) -> list[Code]:
    """The codes in question, each once, in the codebook's order."""
    book = request.codebook
    if book is None:
        return []
    wanted = {item.code for item in request.items}
    if unknown := sorted(wanted - {code.id for code in book.codes}):
        raise CodebookError(
            f"codebook {book.id} (version {book.version}) has no code {unknown[0]!r}, which was suggested for segment "
            f"{request.number} of {request.document}",
            "check a suggestion with the version of the codebook it was made with",
        )
    return [code for code in book.codes if code.id in wanted]


def _entries(value: Any) -> list[Any] | None:
    """The entries of a value that looks like a reply, or part of one; else None."""
    if isinstance(value, dict):
        checks = value.get("checks")
        if isinstance(checks, list):
            return list(checks)
        if isinstance(checks, dict):
            return [checks]
        return [value] if "supported" in value else None
    if isinstance(value, list) and any(isinstance(e, dict) and _entries(e) is not None for e in value):
        return [
            entry
            for element in value
            for entry in (_entries(element) if isinstance(element, dict) else None) or [element]
        ]
    return None


def _check(entry: Any, asked: Sequence[int]) -> tuple[int | None, Check | None, str]:
    """Which item an entry is about, its verdict, and what is wrong with the entry."""
    if not isinstance(entry, dict):
        return None, None, f"where a verdict should stand is something else: {as_said(entry)[:80]}"
    if isinstance(entry, CutObject):
        return None, None, f"a verdict was cut off: {as_said(entry)[:80]}"
    named, said, why = (entry.get(name) for name in ("item", "supported", "why"))
    item = read_number(named, asked)
    if item is None:
        return None, None, "no item is named" if named is None else f"item {as_said(named)[:40]} was not asked about"
    supported = _support(said)
    if supported is None:
        return item, None, f"the verdict on item {item} cannot be read: {as_said(said)[:80]}"
    return item, Check(item, supported, clean(why) if isinstance(why, str) else ""), ""


def _support(said: Any) -> Support | None:
    """A verdict in Chinese or English; None for anything else."""
    truth = read_truth(said)
    if truth is not None:
        return "yes" if truth else "no"
    return _READ.get(clean(said).strip("\"'`.。“”").casefold()) if isinstance(said, str) else None
