"""A model's raw reply in, proposals, discards and plain "none" out; and the schema that asks for such a reply. Pure.

`parse` never raises and loses nothing silently. Its rules:

- "none" is only what the model said in full: none=true, or an empty list of codes that was closed. Anything that could
  not be read is a discard or a failure, never none. A segment the reply does not answer has no Answer.
- A reply that was cut off keeps its complete items; the item under way, or the list left open, is a Discard
  "truncated". A segment of which nothing complete is left has no Answer.
- An item without a usable code or quote is a discard. An item with an unreadable polarity, modality, voice, confidence
  or rationale is kept without it, and a Discard "bad_field" says so. Attributes nobody asked for are left out.
- A segment answered twice has the codes of both answers; the same code, words and polarity again is a "duplicate".
- Where both kinds of codes are asked for, an item with a label is an open code, one with a code an assignment; one
  with both is neither.
- none=true together with codes counts as the codes, and a Discard "bad_field" notes the contradiction.
- Of several whole replies in one text the last counts; an earlier, different one is a stray "duplicate".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assistant.interpreting import CHOICES, clean, read_attribute, read_confidence, read_truth
from assistant.model import Discard, Flaw, Prompt, Proposal, Reply, SuggestionKind
from assistant.salvaging import CutList, CutObject, read, spoken

_NAMES: Mapping[str, SuggestionKind] = {"label": "open", "code": "assignment"}  # where both kinds are asked for
_OPTIONAL = ("polarity", "modality", "voice", "confidence", "rationale")
_NOTHING = re.compile(r"\s*(?:```\w*\s*)?\[\s*\](?:\s*```)?\s*")  # an empty list and no word beside it
_NUMBER = re.compile(r"\D{0,12}(\d{1,9})\D{0,6}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reply says about one segment. Neither `none` nor a proposal: it was answered, but nothing is usable."""

    segment: int
    none: bool
    proposals: tuple[Proposal, ...] = ()
    discards: tuple[Discard, ...] = ()
    why: str = ""  # the model's reason for none
    again: bool = False  # answered more than once, and not with the same words


@dataclass(frozen=True, slots=True)
class Parsed:
    """A reply as read. `failure`: "" if at least one segment is answered, else unreadable, empty or truncated."""

    answers: tuple[Answer, ...]
    strays: tuple[Discard, ...] = ()  # what belongs to no answer
    failure: str = ""
    detail: str = ""  # what is wrong, in a sentence
    refused: str = ""  # the model's or the server's reason for giving no answer


def reply_schema(kind: SuggestionKind, *, code_ids: Sequence[str] | None, attributes: Sequence[str]) -> dict[str, Any]:
    """The JSON schema of a wanted reply, in the strict subset OpenAI takes: every field required, none beside them.

    An assignment's code must be one of `code_ids`; an open code is any text.
    """
    code: dict[str, Any] = {"type": "string"}
    if kind == "assignment" and code_ids is not None:
        code["enum"] = list(code_ids)
    return _reply_schema(_item_schema("code", code, attributes))


def joint_schema(code_ids: Sequence[str], attributes: Sequence[str]) -> dict[str, Any]:
    """The JSON schema of a reply with codes of both kinds: an open code has a `label`, an assignment a `code`."""
    # No common first field with a word for the kind: OpenAI refuses an `anyOf` whose objects begin with the same one.
    label = _item_schema("label", {"type": "string"}, ())
    code = _item_schema("code", {"type": "string", "enum": list(code_ids)}, attributes)
    return _reply_schema({"anyOf": [label, code]})


def asks_both(schema: Mapping[str, Any]) -> bool:
    """Whether a schema is that of a reply with codes of both kinds."""
    return len(_asked_items(schema)) > 1


def _item_schema(name: str, code: dict[str, Any], attributes: Sequence[str]) -> dict[str, Any]:
    # null where the passage does not tell: a model that must choose would invent a voice.
    chosen = {
        name: {"type": ["string", "null"], "enum": [*CHOICES[name], None]} for name in CHOICES if name in attributes
    }
    return strict_object(
        {
            name: code,
            "quote": {"type": "string"},
            **chosen,
            "rationale": {"type": "string"},
            "confidence": {"type": ["number", "null"]},
        }
    )


def _reply_schema(item: dict[str, Any]) -> dict[str, Any]:
    segment = {
        "segment": {"type": "integer"},
        "none": {"type": "boolean"},
        "why": {"type": "string"},
        "codes": {"type": "array", "items": item},
    }
    return strict_object({"segments": {"type": "array", "items": strict_object(segment)}})


def strict_object(properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object with exactly these fields, all required."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def parse(reply: Reply, prompt: Prompt) -> Parsed:
    """Read `reply` by the rules above. Never raises, whatever the text."""
    text = spoken(reply.text)
    if (nothing := silence(reply, text)) is not None:
        return nothing
    if reply.finish == "stop" and len(prompt.segments) == 1 and _NOTHING.fullmatch(text):
        return Parsed((Answer(prompt.segments[0], none=True),))
    found = read(text, lambda value: _entries(value) is not None)
    cut = found.cut or reply.finish == "length"
    gathering = _Gathering(prompt.segments, _asked_items(prompt.schema))
    for entry in _chosen(found.values, gathering.strays):
        gathering.take(entry)
    answers = gathering.answers()
    strays = tuple(gathering.strays)
    noted = [discard.flaw for answer in answers for discard in answer.discards] + [stray.flaw for stray in strays]
    if found.cut and "truncated" not in noted:
        strays += (Discard("truncated", "the reply was cut off here; more may have been to come"),)
    if answers:
        return Parsed(answers, strays, detail="the reply was cut off" if cut else "")
    if cut:
        return Parsed((), strays, "truncated", "the reply was cut off before one item was complete")
    return Parsed((), strays, "unreadable", _trouble(found.values, strays))


def silence(reply: Reply, text: str) -> Parsed | None:
    """How a reply comes to say nothing: refused, held back, empty or cut off too early. None if its `text` speaks."""
    if reply.finish == "refusal":
        return Parsed((), refused=clean(reply.refusal or reply.text) or "the model refused without a reason")
    if reply.finish == "content_filter":
        return Parsed((), refused="the server's content filter held the reply back")
    if text.strip():
        return None
    if reply.finish == "length":
        return Parsed((), failure="truncated", detail="the reply was cut off before its answer began")
    return Parsed((), failure="empty", detail="the reply is empty")


def repair_message(parsed: Parsed) -> str:
    """What to say to a model, in one further turn, about its reply that could not be read."""
    return (
        f"Your reply could not be used: {parsed.detail or parsed.failure}. "
        "Send the whole answer again as one JSON object and nothing else: no prose, no code fence, no comments. "
        'Its form: {"segments": [{"segment": number, "none": true or false, "why": "", "codes": [...]}]}, '
        "with the fields of each code as described above, and every segment you were asked about."
    )


def _asked_items(schema: Mapping[str, Any]) -> Mapping[str, frozenset[str]]:
    """For each sort of item the field that names its code, and the attributes it was asked for."""
    try:
        item = schema["properties"]["segments"]["items"]["properties"]["codes"]["items"]
        if "anyOf" not in item:
            return {"code": frozenset(item["properties"]) & frozenset(CHOICES)}
        sorts = [frozenset(sort["properties"]) for sort in item["anyOf"]]
        return {name: sort & frozenset(CHOICES) for name in _NAMES for sort in sorts if name in sort}
    except (KeyError, TypeError):
        return {"code": frozenset(CHOICES)}


def _entries(value: Any) -> list[Any] | None:
    """The entries of a value that looks like a reply, or part of one; else None."""
    if isinstance(value, dict):
        if isinstance(value.get("segments"), list):
            return list(value["segments"])
        if isinstance(value.get("segments"), dict):
            return [value["segments"]]
        return [value] if value.keys() & {"codes", "none"} or value.keys() >= {"code", "quote"} else None
    if isinstance(value, list) and any(isinstance(e, dict) and _entries(e) is not None for e in value):
        return [
            entry
            for element in value
            for entry in (_entries(element) if isinstance(element, dict) else None) or [element]
        ]
    return None


def _chosen(values: Sequence[Any], strays: list[Discard]) -> list[Any]:
    """The entries that count: those of the last whole reply, or of all parts if the reply came in parts."""
    whole = [value for value in values if isinstance(value, list) or "segments" in value]
    if not whole:
        return [entry for value in values for entry in _entries(value) or []]
    for earlier in values:
        if earlier is not whole[-1] and earlier != whole[-1]:
            strays.append(
                Discard("duplicate", "an earlier answer in the same reply; the last one counts", as_said(earlier))
            )
    return _entries(whole[-1]) or []


def _trouble(values: Sequence[Any], strays: Sequence[Discard]) -> str:
    if strays:
        return strays[0].detail
    return "the reply names no segment" if values else "no JSON object of the wanted form was found"


def read_number(said: Any, asked: Sequence[int]) -> int | None:
    """The number among those asked about: 12, 12.0, "12", "S12", "[12]" … If only one was asked, it may go unsaid."""
    if said is None and len(asked) == 1:
        return asked[0]
    if isinstance(said, str):
        match = _NUMBER.fullmatch(said.strip())
        said = int(match[1]) if match else None
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    return next((number for number in asked if number == said), None)


def as_said(value: Any) -> str:
    """A value read from a reply as the model's words again, fit to be stored."""
    if isinstance(value, CutObject):
        return clean(value.raw)
    return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


@dataclass(slots=True)
class _Heard:
    """What has been said about one segment so far."""

    entries: list[Any] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    discards: list[Discard] = field(default_factory=list)
    said_none: bool = False
    why: str = ""


class _Gathering:
    """Collects entries by segment."""

    def __init__(self, asked: Sequence[int], items: Mapping[str, frozenset[str]]) -> None:
        self.asked = asked
        self.items = items
        self.heard: dict[int, _Heard] = {}
        self.strays: list[Discard] = []

    def answers(self) -> tuple[Answer, ...]:
        found = []
        for number, heard in self.heard.items():
            if heard.said_none and heard.proposals:
                detail = f"segment {number} was said to hold nothing and given codes; the codes count"
                heard.discards.append(Discard("bad_field", detail))
            none = heard.said_none and not heard.proposals and not heard.discards
            again = len(heard.entries) > 1
            found.append(Answer(number, none, tuple(heard.proposals), tuple(heard.discards), heard.why, again))
        return tuple(found)

    def take(self, entry: Any) -> None:
        """Add one entry: a segment's answer, or a single code that names its segment or needs to name none."""
        if not isinstance(entry, dict):
            self._stray("bad_field", "where a segment's answer should stand is something else", entry)
            return
        number = read_number(entry.get("segment"), self.asked)
        codes = self._codes(entry)
        if not codes and (isinstance(codes, CutList) or isinstance(entry, CutObject)):
            self._stray("truncated", "the answer for a segment was cut off before its first code", entry)
        elif number is None:
            named = entry.get("segment")
            detail = "no segment is named" if named is None else f"segment {as_said(named)[:40]} was not asked about"
            for item in codes or [entry]:
                self._stray("wrong_segment", detail, item)
        elif codes is None and read_truth(entry.get("none")) is not True:
            self._stray(
                "bad_field", f"the answer for segment {number} has no list of codes and does not say none", entry
            )
        else:
            self._hear(number, entry, codes or [])

    def _codes(self, entry: Mapping[str, Any]) -> list[Any] | None:
        """The items of an entry; None if it has no list of them."""
        if "codes" not in entry and entry.keys() & {"code", "quote"}:
            return [entry]
        codes = entry.get("codes")
        return [codes] if isinstance(codes, dict) else codes if isinstance(codes, list) else None

    def _stray(self, flaw: Flaw, detail: str, item: Any) -> None:
        self.strays.append(_discard(flaw, clean(detail), item))

    def _hear(self, number: int, entry: dict[str, Any], codes: list[Any]) -> None:
        if len(codes) == 1 and isinstance(codes[0], CutObject):
            self._stray("truncated", f"the first code for segment {number} was cut off", codes[0])
            return
        heard = self.heard.setdefault(number, _Heard())
        if entry in heard.entries:
            return
        heard.entries.append(entry)
        if said_none := read_truth(entry.get("none")) is True:
            codes = [item for item in codes if not _is_blank(item, self.items)]
        heard.said_none = heard.said_none or said_none or not codes
        if isinstance(entry.get("why"), str) and not heard.why:
            heard.why = clean(entry["why"])
        for item in codes:
            proposal, discards = _item(item, number, self.items)
            if proposal is not None and any(_key(proposal) == _key(other) for other in heard.proposals):
                named = "label" if proposal.kind == "open" else "code"
                discards = [_discard("duplicate", "the same code on the same words was given before", item, named)]
            elif proposal is not None:
                heard.proposals.append(proposal)
            heard.discards += discards
        if isinstance(entry.get("codes"), CutList) and not isinstance(entry["codes"][-1], CutObject):
            heard.discards.append(Discard("truncated", f"the list of codes for segment {number} was cut off here"))


def _is_blank(item: Any, names: Iterable[str]) -> bool:
    """Whether an item says nothing at all: some models fill the form with one when they answer none."""
    if not isinstance(item, dict) or isinstance(item, CutObject):
        return False
    return not any(item.get(name) for name in (*names, "quote"))


def _key(proposal: Proposal) -> tuple[str | None, str, str, str | None]:
    return proposal.kind, proposal.code.casefold(), proposal.quote, proposal.polarity


def _discard(flaw: Flaw, detail: str, item: Any, name: str = "code") -> Discard:
    said = item if isinstance(item, dict) else {}
    code, quote = (clean(said[key]) if isinstance(said.get(key), str) else "" for key in (name, "quote"))
    return Discard(flaw, detail, as_said(item), code, quote)


def _item(item: Any, number: int, items: Mapping[str, frozenset[str]]) -> tuple[Proposal | None, list[Discard]]:
    """One code as proposed, with what of it could not be read; or None with why it cannot be used."""
    if isinstance(item, str):
        return None, [Discard("no_quote", "a code without a quote", clean(item), clean(item))]
    if not isinstance(item, dict):
        return None, [_discard("bad_field", "where a code should stand is something else", item)]
    named = [name for name in items if item.get(name)] or ["code"]
    name = named[0]
    if isinstance(item, CutObject):
        return None, [_discard("truncated", f"this code for segment {number} was cut off", item, name)]
    if len(named) > 1:
        detail = "label and code in one item: it could be an open code or one of the codebook"
        return None, [_discard("bad_field", detail, item, name)]
    needed = {key: "" if item.get(key) is None else item[key] for key in (name, "quote")}
    for key, value in needed.items():
        if not isinstance(value, str):
            return None, [_discard("bad_field", f"{key} is not text", item, name)]
    code, quote = (clean(value) for value in needed.values())
    if not code or not quote:
        flaw: Flaw = "no_quote" if code else "no_code" if quote else "bad_field"
        detail = "a code without a quote" if code else "a quote without a code" if quote else "neither code nor quote"
        return None, [_discard(flaw, detail, item, name)]
    values, discards = _values(item, items[name], name)
    return Proposal(number, code, quote, **values, kind=_NAMES[name] if len(items) > 1 else None), discards


def _values(item: Mapping[str, Any], attributes: frozenset[str], named: str) -> tuple[dict[str, Any], list[Discard]]:
    """What an item says beside its code and quote, and a discard for each thing that could not be read."""
    values: dict[str, Any] = {}
    discards = []
    for name in _OPTIONAL:
        if item.get(name) is None or (name in CHOICES and name not in attributes):
            continue
        if (value := _optional(name, item[name])) is not None:
            values[name] = value
        else:
            detail = f"kept without {name}: {as_said(item[name])[:80]} cannot be read"
            discards.append(_discard("bad_field", detail, item, named))
    return values, discards


def _optional(name: str, said: Any) -> Any:
    if name == "confidence":
        return read_confidence(said)
    if not isinstance(said, str):
        return None
    return clean(said) if name == "rationale" else read_attribute(name, said)
