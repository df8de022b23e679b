"""A request about one segment in, the prompt as it will be sent out. Pure: same input, same digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from jinja2 import Environment, FunctionLoader, StrictUndefined

from assistant.codebook import wording
from assistant.errors import ModelError
from assistant.model import Codebook, Message, Polarity, Prompt, SuggestionKind
from assistant.parsing import joint_schema, reply_schema

TEMPLATES: dict[SuggestionKind, str] = {"open": "open_codes.v1", "assignment": "assign_codes.v1"}
JOINT = "both_codes.v1"

Load = Callable[[str], str]
"""File name of a template in, its source out."""

Count = Callable[[str], tuple[int, bool]]
"""Text in; tokens, and whether they are an estimate, out."""


@dataclass(frozen=True, slots=True)
class ExampleCoding:
    """One code a person kept on (or rejected from) an example segment."""

    label: str
    quote: str
    polarity: Polarity | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """A passage with the coding people decided on: what they kept, and what they rejected as near misses.

    `invented`: it comes with the codebook, from its authors, and from no document.
    """

    text: str
    kept: tuple[ExampleCoding, ...]
    rejected: tuple[ExampleCoding, ...] = ()
    invented: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What is shown beside the segment: neighbours, retrieved passages, decided examples, labels so far."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    passages: tuple[tuple[str, str], ...] = ()  # (where it stands, words)
    examples: tuple[Example, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A segment that is asked about: its number in the document and its words."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked about one segment, or about several neighbouring ones in one call."""

    kind: SuggestionKind
    language: str  # "zh" or "en": the language of the prompt
    question: str
    segments: tuple[Asked, ...]
    document: str
    case: str
    context: Context
    codebook: Codebook | None = None  # None for lens-free open coding
    joint: bool = False  # whether an assignment is to come with open codes, in one reply


def template_stem(kind: SuggestionKind, *, joint: bool) -> str:
    """The name and version of the template for a kind of coding."""
    return JOINT if joint else TEMPLATES[kind]


def template_name(kind: SuggestionKind, language: str, *, joint: bool = False) -> str:
    """The template file for a kind of coding and a prompt language."""
    return f"{template_stem(kind, joint=joint)}.{language}.jinja"


def render(request: Request, load: Load, *, max_tokens: int, count: Count) -> Prompt:
    """The prompt for a request from its template and those it includes, which `load` gives by file name.

    Over `max_tokens`, context is taken away by rule: passages, examples and labels from the least similar on, then
    neighbours; each loss is named in `Prompt.trimmed`. ModelError (kind "context") if the rest is still too long.
    """
    template = template_name(request.kind, request.language, joint=request.joint)
    trimmed: list[str] = []
    context = request.context
    while True:
        messages = _messages(replace(request, context=context), template, load)
        tokens, estimated = count("\n".join(m.content for m in messages))
        if tokens <= max_tokens:
            break
        shorter = _shorten(context)
        if shorter is None:
            numbers = ", ".join(str(asked.number) for asked in request.segments)
            raise ModelError(
                f"segment {numbers} of {request.document} needs {tokens} tokens with its codebook; "
                f"the limit is {max_tokens}",
                "raise [prompt] max_tokens in codart.toml, or choose a smaller [segments] size",
                kind="context",
            )
        context, loss = shorter
        trimmed.append(loss)
    schema = _schema(request.kind, Same(request.codebook), request.joint)
    return Prompt(
        messages=messages,
        digest=digest(messages, schema),
        kind=request.kind,
        language=request.language,
        template=template,
        segments=tuple(asked.number for asked in request.segments),
        schema=schema,
        tokens=tokens,
        tokens_estimated=estimated,
        trimmed=tuple(trimmed),
        texts=tuple(asked.text for asked in request.segments),
    )


def digest(messages: tuple[Message, ...], schema: dict[str, Any]) -> str:
    """SHA-256 (hex) over the messages and the reply schema."""
    canonical = json.dumps([[[m.role, m.content] for m in messages], schema], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def fence(texts: list[str]) -> str:
    """A mark that stands in none of the texts, so that no document can close its own fence. Depends on them alone."""
    mark = hashlib.sha256("\x00".join(texts).encode()).hexdigest()
    length = 8
    while any(mark[:length] in text for text in texts) and length < len(mark):
        length += 4
    return mark[:length]


def fill(template: str, load: Load, values: dict[str, Any]) -> tuple[Message, ...]:
    """The messages that a template file's blocks `system` and `user` give; the former sees only the value `book`."""
    return _system(template, load, Same(values["book"])), _block("user", template, load, values)


def _block(role: Literal["system", "user"], template: str, load: Load, values: dict[str, Any]) -> Message:
    filled = _environment(load).get_template(template)
    return Message(role, "".join(filled.blocks[role](filled.new_context(values))).strip())


@dataclass(frozen=True, slots=True, eq=False)
class Same:
    """A codebook as a key: the very object, for its content would take longer to hash than to render."""

    book: Codebook | None

    def __hash__(self) -> int:
        return id(self.book)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.book is other.book


@lru_cache(maxsize=8)
def _system(template: str, load: Load, same: Same) -> Message:
    # It sees the codebook and nothing else, so that servers can cache it, and is rendered once for a whole run.
    return _block("system", template, load, {"book": same.book})


def _messages(request: Request, template: str, load: Load) -> tuple[Message, ...]:
    context = request.context
    foreign = [
        *(asked.text for asked in request.segments),
        *context.before,
        *context.after,
        *(words for _, words in context.passages),
    ]
    foreign += [example.text for example in context.examples]
    values = {
        "request": request,
        "context": context,
        "book": request.codebook,
        "fence": fence(foreign),
    }
    return fill(template, load, values)


@lru_cache(maxsize=4)
def _environment(load: Load) -> Environment:
    # Prompts are plain text, not HTML: escaping would change the words the model is asked to quote.
    environment = Environment(
        loader=FunctionLoader(load),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701
    )
    environment.filters["wording"] = wording
    return environment


@lru_cache(maxsize=8)
def _schema(kind: SuggestionKind, same: Same, joint: bool) -> dict[str, Any]:
    if same.book is None:
        return reply_schema(kind, code_ids=None, attributes=())
    ids = [code.id for code in same.book.codes]
    if joint:
        return joint_schema(ids, same.book.attributes)
    return reply_schema(kind, code_ids=ids, attributes=same.book.attributes)


def _shorten(context: Context) -> tuple[Context, str] | None:
    """The context with the least valuable piece taken away, and what that was."""
    if context.passages:
        return replace(context, passages=context.passages[:-1]), f"left out passage {len(context.passages)}"
    if context.examples:
        return replace(context, examples=context.examples[:-1]), f"left out example {len(context.examples)}"
    if context.labels:
        kept = len(context.labels) // 2
        return replace(context, labels=context.labels[:kept]), f"left out {len(context.labels) - kept} labels"
    if context.before or context.after:
        return replace(context, before=(), after=()), "left out the neighbouring segments"
    return None
