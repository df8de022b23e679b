"""The tools a model may call: what they are, and a call in, its answer as text out. Reads only, and writes nothing.

Arguments are a model's words: those that are not as described are answered with what is wrong, never raised.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from assistant import consulting
from assistant.consulting import MOST_FOUND, MOST_NEIGHBOURS, one_line
from assistant.errors import CodartError, UsageError
from assistant.shelving import Desk
from assistant.speech import Call, Tool

_ARGUMENT = 500  # code points of an argument


def _tool(name: str, description: str, required: Sequence[str], **properties: tuple[str, str]) -> Tool:
    described = {key: {"type": kind, "description": said} for key, (kind, said) in properties.items()}
    schema = {"type": "object", "properties": described, "required": [*required], "additionalProperties": False}
    return Tool(name, description, schema)


_CODE = ("string", "a code's id or name, or an open code's label")
_CASE = ("string", "only this case")
TOOLS: tuple[Tool, ...] = (
    _tool(
        "search",
        "Find passages of the documents by words or a question, in Chinese or English.",
        ("query",),
        query=("string", "words as the documents may use them"),
        case=_CASE,
        limit=("integer", f"how many passages, 1 to {MOST_FOUND}; 6 if left out"),
    ),
    _tool(
        "open_passage",
        "Read one passage at length with what stands around it: give source, or document and place.",
        (),
        source=("integer", "number of a source"),
        document=("integer", "number of a document"),
        place=("integer", "number of the passage in it"),
        neighbours=("integer", f"passages before and after, 0 to {MOST_NEIGHBOURS}; 1 if left out"),
    ),
    _tool(
        "list_codes",
        "List the codes with their definitions, and how often they were decided by people and suggested by models.",
        (),
        codebook=("string", 'a codebook\'s id, or "open" for open codes; the one in force if left out'),
    ),
    _tool(
        "list_codings",
        "List the passages that carry a code. Each line says whether people decided it or a model only suggests it.",
        ("code",),
        code=_CODE,
        case=_CASE,
        state=("string", "decided, suggested or rejected; all if left out"),
    ),
    _tool(
        "compare_cases",
        "Compare the cases: in how many passages of each a code stands, with quotes.",
        ("code",),
        code=_CODE,
    ),
)
_DOES: dict[str, Callable[..., str]] = {
    "search": consulting.search,
    "open_passage": consulting.open_passage,
    "list_codes": consulting.list_codes,
    "list_codings": consulting.list_codings,
    "compare_cases": consulting.compare_cases,
}


def use(desk: Desk, call: Call) -> str:
    """What a tool answers to a call; to one that cannot be carried out, what is wrong with it."""
    try:
        arguments = _arguments(call)
        return _DOES[call.name](desk, **arguments)
    except CodartError as error:
        return f"Not done: {error.message}. {error.hint}".rstrip()


def _arguments(call: Call) -> dict[str, Any]:
    """The call's arguments as its tool takes them (UsageError if they are not)."""
    tool = next((tool for tool in TOOLS if tool.name == call.name), None)
    if tool is None:
        raise UsageError(f"there is no tool {one_line(call.name, 40)!r}", f"tools: {', '.join(_DOES)}")
    if call.problem:
        raise UsageError(f"the arguments of {call.name} cannot be read: {one_line(call.problem)}", "write JSON")
    properties = tool.parameters["properties"]
    unknown = [name for name in call.arguments if name not in properties]
    if unknown:
        known = ", ".join(properties)
        raise UsageError(f"{call.name} takes no {one_line(', '.join(map(str, unknown)), 80)}", f"it takes: {known}")
    given = {name: value for name, value in call.arguments.items() if value is not None}
    missing = [name for name in tool.parameters["required"] if name not in given]
    if missing:
        raise UsageError(f"{call.name} lacks {', '.join(missing)}", "give it")
    return {name: _value(name, value, properties[name]["type"]) for name, value in given.items()}


def _value(name: str, value: Any, kind: str) -> str | int:
    if kind == "string" and isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)[:_ARGUMENT]
    text = str(value).strip()
    if kind == "integer" and not isinstance(value, bool) and text.isascii() and text.isdecimal() and len(text) < 10:
        return int(text)
    wanted = "text" if kind == "string" else "a whole number, 0 or more"
    raise UsageError(f"{name} must be {wanted}, not {one_line(repr(value), 60)}", "mend the call")
