"""Codebook text (YAML or CSV) in, `Codebook` out, and back to YAML; finds a code by any of its names. Pure: no I/O.

The YAML keys are the field names of `model.Codebook` and `model.Code`; `version` and `parent` are computed, never
written. A field that exists only once may hold both languages as "English | 中文": see `wording`.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Strict, StringConstraints, ValidationError

from assistant.codebook_csv import (
    MAX_DEPTH,
    check_id,
    fail,
    family,
    fold,
    has_cjk,
    read_codes,
    refuse_unsuitable,
    tidy,
)
from assistant.errors import CodebookError
from assistant.model import Code, Codebook, CodeExample, Modality, Polarity, Probe, ProbeCoding, Voice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic_core import ErrorDetails

    Path = tuple[str | int, ...]

NEAR = 85  # per cent of shared characters from which two labels are too alike

_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_Text = Annotated[str, Strict(), AfterValidator(tidy)]
_Name = Annotated[_Text, StringConstraints(min_length=1)]
_Texts = tuple[_Text, ...]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _ExampleRow(_Row):
    zh: _Text = ""
    en: _Text = ""
    why: _Text = ""


class _CodeRow(_Row):
    id: _Text
    zh: _Text = ""
    en: _Text = ""
    facet: _Text = ""
    aliases: _Texts = ()
    definition: _Text = ""
    definition_zh: _Text = ""
    include: _Texts = ()
    exclude: _Texts = ()
    cues_zh: _Texts = ()
    cues_en: _Texts = ()
    examples: tuple[_ExampleRow, ...] = ()
    near_misses: tuple[_ExampleRow, ...] = ()


class _CodingRow(_Row):
    code: _Text
    quote: _Name
    polarity: Polarity | None = None
    modality: Modality | None = None
    voice: Voice | None = None


class _ProbeRow(_Row):
    id: _Text = ""
    text: _Name
    expected: tuple[_CodingRow, ...]
    why: _Text = ""


class _BookRow(_Row):
    id: _Text
    zh: _Text = ""
    en: _Text = ""
    description: _Text = ""
    attributes: tuple[Literal["polarity", "modality", "voice"], ...] = ()
    none_label_zh: _Name = "无"
    none_label_en: _Name = "none"
    sources: _Texts = ()
    rules: _Texts = ()
    rules_zh: _Texts = ()
    codes: tuple[_CodeRow, ...]
    probes: tuple[_ProbeRow, ...] = ()


_ROWS: dict[tuple[str, ...], type[_Row]] = {
    (): _BookRow,
    ("codes",): _CodeRow,
    ("codes", "examples"): _ExampleRow,
    ("codes", "near_misses"): _ExampleRow,
    ("probes",): _ProbeRow,
    ("probes", "expected"): _CodingRow,
}


def parse_yaml(text: str, *, where: str) -> Codebook:
    """The codebook a YAML text describes; `where` names it in errors (CodebookError: what, line, hint)."""
    refuse_unsuitable(text, where)
    row, lines = _load(text, where)
    check_id(row.id, where, _line(("id",), lines))
    if "." in row.id or not (row.zh or row.en):
        what = "a codebook needs an id of one word and a name (zh, en or both)"
        fail(where, _line(("id",), lines), what, "Write 'id: trust' and 'en: Trust in platforms', say.")
    found = [(_code(code), _line(("codes", at), lines)) for at, code in enumerate(row.codes)]
    codes = family(found, row.id, where)
    _refuse_unknown_codes(row, codes, lines, where)
    plain = row.model_dump(exclude={"codes", "probes"})
    probes = tuple(
        Probe(probe.text, tuple(ProbeCoding(**one.model_dump()) for one in probe.expected), probe.why, probe.id)
        for probe in row.probes
    )
    return _versioned(Codebook(**plain, codes=codes, probes=probes, version=""))


def parse_csv(text: str, *, where: str, codebook_id: str) -> Codebook:
    """The codebook of a CSV table, one code per row (columns: corpus/codebooks/README.md).

    Raises CodebookError naming the row.
    """
    refuse_unsuitable(text, where)
    check_id(codebook_id, where, "")
    codes = family(read_codes(text, where, codebook_id), codebook_id, where)
    return _versioned(Codebook(id=codebook_id, zh=codebook_id, en=codebook_id, codes=codes, version=""))


def dump_yaml(codebook: Codebook) -> str:
    """The codebook as YAML that `parse_yaml` turns into an equal one (texts that were not tidy come back tidy)."""
    data = _filled(codebook, leave_out=("version", "parent"))
    data.setdefault("codes", [])
    for probe in data.get("probes", []):
        probe.setdefault("expected", [])
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=110)


def content_version(codebook: Codebook) -> str:
    """The first 12 hex digits of the SHA-256 of all that can change a coding: everything but `sources`.

    Empty fields and untidy blanks do not count, so neither layout nor comments nor the order of keys change it.
    """
    data = _filled(codebook, leave_out=("version", "parent", "sources"))
    canonical = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()[:12]


def resolve(codebook: Codebook, name: str) -> Code | None:
    """The one code that `name` means: its id, else a zh or en label, else an alias; None if none or several.

    Case, full and half width, kinds of dash and blanks do not matter.
    """
    wanted = fold(name)
    tiers = (
        [code for code in codebook.codes if fold(code.id) == wanted],
        [code for code in codebook.codes if wanted in (fold(code.zh), fold(code.en))],
        [code for code in codebook.codes if wanted in map(fold, code.aliases)],
    )
    first = next((tier for tier in tiers if tier), [])
    return first[0] if wanted and len(first) == 1 else None


def terms(codes: Sequence[Code], language: str) -> tuple[str, ...]:
    """Labels, aliases and cues of codes in `language` ("zh", "en"; anything else gives both), each once, in order."""
    found: dict[str, None] = {}
    for code in codes:
        for chinese in (True, False):
            if language == ("en" if chinese else "zh"):
                continue
            label, cues = (code.zh, code.cues_zh) if chinese else (code.en, code.cues_en)
            aliases = (alias for alias in code.aliases if has_cjk(alias) is chinese)
            found.update(dict.fromkeys(term for term in (label, *aliases, *cues) if term))
    return tuple(found)


def wording(text: str, language: str) -> str:
    """The side of an "English | 中文" text for `language` ("zh", else English); a one-sided text as it is."""
    left, bar, right = text.partition(" | ")
    return right if bar and language == "zh" else left


def check(codebook: Codebook) -> list[str]:
    """What weakens the book without breaking it, one sentence each, beginning with the code or probe it is about."""
    return [*_lacks(codebook), *_likenesses(codebook), *_doubtful_probes(codebook)]


def _lacks(codebook: Codebook) -> Iterator[str]:
    if codebook.rules and codebook.rules_zh and len(codebook.rules) != len(codebook.rules_zh):
        yield f"{codebook.id}: {len(codebook.rules)} rules in English, {len(codebook.rules_zh)} in Chinese"
    for code in codebook.codes:
        wanted = {
            "definition": code.definition or code.definition_zh,
            "exclude rule": code.exclude,
            "example": any(one.zh or one.en for one in code.examples),
            "near miss": any(one.zh or one.en for one in code.near_misses),
        }
        yield from (f"{code.id}: no {name}" for name, there in wanted.items() if not there)


def _likenesses(codebook: Codebook) -> Iterator[str]:
    from rapidfuzz.fuzz import ratio

    names = [{fold(name) for name in (code.zh, code.en, *code.aliases) if name} for code in codebook.codes]
    cues = [{fold(cue) for cue in (*code.cues_zh, *code.cues_en)} for code in codebook.codes]
    for at, code in enumerate(codebook.codes):
        for before, other in enumerate(codebook.codes[:at]):
            related = _related(code.id, other.id)
            least = 100 if related else NEAR
            alike = sorted((a, b) for a in names[at] for b in names[before] if ratio(a, b, score_cutoff=least))
            if alike:
                yield f"{code.id}: its name '{alike[0][0]}' is near '{alike[0][1]}' of {other.id}"
            shared = sorted(cues[at] & cues[before])
            if shared and not related:
                yield f"{code.id}: shares the cue '{shared[0]}' with {other.id}"


def _related(one: str, other: str) -> bool:
    """Whether one of two codes stands above the other."""
    return one.startswith(f"{other}.") or other.startswith(f"{one}.")


def _doubtful_probes(codebook: Codebook) -> Iterator[str]:
    seen: set[str] = set()
    for number, probe in enumerate(codebook.probes, start=1):
        name = f"probe {probe.id or number}"
        if probe.id and probe.id in seen:
            yield f"{name}: its id stands twice"
        seen.add(probe.id)
        for coding in probe.expected:
            if not coding.quote or coding.quote not in probe.text:
                yield f"{name}: the quote '{coding.quote}' does not stand in its text"
            given = {"polarity": coding.polarity, "modality": coding.modality, "voice": coding.voice}
            for attribute, value in given.items():
                if value and attribute not in codebook.attributes:
                    yield f"{name}: gives {attribute}, which codings of this book do not carry"


def _versioned(codebook: Codebook) -> Codebook:
    return dataclasses.replace(codebook, version=content_version(codebook))


def _filled(codebook: Codebook, leave_out: tuple[str, ...]) -> dict[str, Any]:
    """The codebook as plain mappings and lists of tidy text, without empty fields."""

    def plain(value: Any) -> Any:
        if dataclasses.is_dataclass(value):
            names = (field.name for field in dataclasses.fields(value) if field.name not in leave_out)
            pairs = {name: plain(getattr(value, name)) for name in names}
            return {name: item for name, item in pairs.items() if item not in (None, "", [])}
        return tidy(value) if isinstance(value, str) else [plain(item) for item in value or ()] or None

    result: dict[str, Any] = plain(codebook)
    return result


def _code(row: _CodeRow) -> Code:
    examples, near_misses = (
        tuple(CodeExample(**one.model_dump()) for one in rows) for rows in (row.examples, row.near_misses)
    )
    plain = row.model_dump(exclude={"examples", "near_misses"})
    return Code(**plain, examples=examples, near_misses=near_misses)


def _refuse_unknown_codes(row: _BookRow, codes: tuple[Code, ...], lines: dict[Path, int], where: str) -> None:
    known = [code.id for code in codes]
    for at, probe in enumerate(row.probes):
        for number, coding in enumerate(probe.expected):
            if coding.code not in known:
                place = _line(("probes", at, "expected", number, "code"), lines)
                near = difflib.get_close_matches(coding.code, known, n=1, cutoff=0.0)[0]
                fail(where, place, f"the probe expects '{coding.code}', which is no code", f"The nearest is '{near}'.")


def _load(text: str, where: str) -> tuple[_BookRow, dict[Path, int]]:
    """The text as validated rows, with the line of every part."""
    hint = "Indent with spaces, and put quotes round text that holds ': ' or begins with a sign such as - ? * &."
    try:
        lines = _survey(text, where)
        data: Any = yaml.load(text, _LOADER)  # noqa: S506 - a safe loader either way
    except yaml.YAMLError as error:
        mark, position = getattr(error, "problem_mark", None), getattr(error, "position", 0)
        line = (mark.line if mark else text.count("\n", 0, position)) + 1
        parts = (getattr(error, name, None) for name in ("context", "problem", "reason"))
        what = ": ".join(part for part in parts if part) or "no valid YAML"
        raise CodebookError(f"{where}, line {line}: {what}", hint) from error
    except ValueError as error:  # a plain 2024-13-01, or a number of thousands of digits
        raise CodebookError(f"{where}: a value is no valid date or number: {error}", "Put it in quotes.") from error
    try:
        return _BookRow.model_validate(data), lines
    except ValidationError as error:
        found = error.errors(include_url=False)
        place, what, hint = _explain(found[0], lines)
        more = f" ({len(found) - 1} more after it)" if len(found) > 1 else ""
        fail(where, place, what + more, hint)


def _survey(text: str, where: str) -> dict[Path, int]:
    """The line of every key and item; refuses aliases, tags, deep nesting and doubled keys before any is built."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        place = f"line {event.start_mark.line + 1}" if event.start_mark else ""
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            fail(where, place, f"nested deeper than {MAX_DEPTH} levels", "A codebook needs five.")
        if isinstance(event, yaml.AliasEvent):
            fail(where, place, f"the alias *{event.anchor} is not allowed", "Write the text out in full.")
        if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)) and event.tag:
            fail(where, place, f"the tag {event.tag} is not allowed", "Remove it; put text in quotes.")
    lines: dict[Path, int] = {}
    _walk(yaml.compose(text, Loader=_LOADER), (), lines, where)
    return lines


def _walk(node: yaml.Node | None, path: Path, lines: dict[Path, int], where: str) -> None:
    """Enter the line of `node` and of all below it."""
    if isinstance(node, yaml.SequenceNode):
        for at, item in enumerate(node.value):
            lines[*path, at] = item.start_mark.line + 1
            _walk(item, (*path, at), lines, where)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place = f"line {key.start_mark.line + 1}"
            if not isinstance(key, yaml.ScalarNode):
                fail(where, place, "a key must be one word", "Put braces and brackets meant as text in quotes.")
            if (*path, key.value) in lines:
                fail(where, place, f"the key '{key.value}' stands twice in one mapping", "Keep one of the two.")
            lines[*path, key.value] = key.start_mark.line + 1
            _walk(value, (*path, key.value), lines, where)


def _line(path: Path, lines: dict[Path, int]) -> str:
    """'line N' of the innermost known part of `path`."""
    while path and path not in lines:
        path = path[:-1]
    return f"line {lines.get(path, 1)}"


def _explain(error: ErrorDetails, lines: dict[Path, int]) -> tuple[str, str, str]:
    """Place, what and hint of one validation error."""
    path, given = error["loc"], type(error["input"]).__name__
    place = _line(path, lines)
    name = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    match error["type"]:
        case "extra_forbidden":
            row = _ROWS[tuple(part for part in path[:-1] if isinstance(part, str))]
            near = difflib.get_close_matches(str(path[-1]), row.model_fields, n=1, cutoff=0.0)[0]
            return place, f"unknown key {name}", f"The nearest known key is '{near}'."
        case "missing":
            return place, f"{name} is missing", f"Add the key '{path[-1]}'."
        case "string_type":
            return place, f"{name} must be text, not {given}", "Put the value in quotes."
        case "tuple_type":
            return place, f"{name} must be a list, not {given}", "Write [one, two] or one '- item' per line."
        case "model_type":
            return place, f"{name or 'the file'} must hold 'key: value' pairs, not {given}", "See the shipped books."
        case _:
            return place, f"{name}: {error['msg']}", f"The value given is {error['input']!r:.80}."
