"""codart.toml of a project folder in, one frozen `Settings` out; and the file a new project starts with. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, get_args

from assistant.errors import ProjectError
from assistant.vocabulary import SegmentSize


@dataclass(frozen=True, slots=True)
class Settings:
    """What a project is set to. Every field has a key in codart.toml; a missing key means the default here."""

    question: str = ""
    coder: str = ""
    language: str = "en"  # of reports: "zh" or "en"
    segment_size: SegmentSize = "paragraph"
    model: str = "lexical"
    base_url: str = ""
    codebook: str = "dart"
    embedder: str = "hash"
    embedder_base_url: str = ""
    neighbours: int = 1  # segments shown before and after
    passages: int = 2  # retrieved passages shown
    examples: int = 5  # human-decided segments shown
    labels: int = 20  # nearest open-code labels so far shown
    max_prompt_tokens: int = 12000
    max_reply_tokens: int = 8000  # for one segment; a reply that runs on is cut there, and costs no more


_KEYS: dict[tuple[str, ...], str] = {
    ("question",): "question",
    ("coder",): "coder",
    ("language",): "language",
    ("codebook",): "codebook",
    ("segments", "size"): "segment_size",
    ("model", "name"): "model",
    ("model", "base_url"): "base_url",
    ("retrieval", "embedder"): "embedder",
    ("retrieval", "embedder_base_url"): "embedder_base_url",
    ("prompt", "neighbours"): "neighbours",
    ("prompt", "passages"): "passages",
    ("prompt", "examples"): "examples",
    ("prompt", "labels"): "labels",
    ("prompt", "max_tokens"): "max_prompt_tokens",
    ("prompt", "max_reply_tokens"): "max_reply_tokens",
}
_CHOICES: dict[str, tuple[str, ...]] = {"language": ("zh", "en"), "segment_size": get_args(SegmentSize)}


def parse(text: str, *, where: str) -> Settings:
    """Settings from the text of a codart.toml; `where` names the file in errors (ProjectError)."""
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"{where} is not valid TOML: {error}", "mend that line; see docs/settings.md") from error
    values: dict[str, Any] = {}
    for path, value in _flatten(data):
        name = _KEYS.get(path)
        if name is None:
            known = ", ".join(".".join(k) for k in _KEYS)
            raise ProjectError(f"{where}: unknown setting {'.'.join(path)}", f"known settings: {known}")
        values[name] = _checked(name, value, where=f"{where}: {'.'.join(path)}")
    return Settings(**values)


def _flatten(data: dict[str, Any], prefix: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    found: list[tuple[tuple[str, ...], Any]] = []
    for key, value in data.items():
        path = (*prefix, key)
        found += _flatten(value, path) if isinstance(value, dict) else [(path, value)]
    return found


def _checked(name: str, value: Any, *, where: str) -> Any:
    default = getattr(Settings(), name)
    if not isinstance(value, type(default)) or isinstance(value, bool):
        kind = "a whole number" if isinstance(default, int) else "text in quotes"
        raise ProjectError(f"{where} must be {kind}, not {value!r}", "mend that line; see docs/settings.md")
    if isinstance(value, int) and value < 0:
        raise ProjectError(f"{where} must not be negative, but is {value}", "mend that line; see docs/settings.md")
    if name in _CHOICES and value not in _CHOICES[name]:
        raise ProjectError(f"{where} is {value!r}", f"choose one of: {', '.join(_CHOICES[name])}")
    return value


def write(settings: Settings) -> str:
    """The text of a codart.toml that says these settings, with a comment for each."""

    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False)

    return f"""\
# Settings of this codart project. Every key is explained in docs/settings.md.

question = {quoted(settings.question)}   # the research question; it stands in every prompt
coder = {quoted(settings.coder)}   # whose name your decisions carry
language = {quoted(settings.language)}   # of reports: "zh" or "en"
codebook = {quoted(settings.codebook)}   # the one `codart suggest` assigns from unless told otherwise

[segments]
size = {quoted(settings.segment_size)}   # the unit of coding: "sentence", "paragraph" or "turn"; decide before coding

[model]
name = {quoted(settings.model)}   # "lexical" is a keyless baseline, not a language model; e.g. "openai:gpt-6-luna"
base_url = {quoted(settings.base_url)}   # of an OpenAI-compatible server; keys come from the environment only

[retrieval]
embedder = {quoted(settings.embedder)}   # "hash" works offline; "openai:MODEL"; "sentence-transformers:MODEL"
embedder_base_url = {quoted(settings.embedder_base_url)}

[prompt]
neighbours = {settings.neighbours}   # segments shown before and after the one to code
passages = {settings.passages}   # retrieved passages shown
examples = {settings.examples}   # segments decided by people shown, the most similar first
labels = {settings.labels}   # open-code labels so far shown, the nearest first
max_tokens = {settings.max_prompt_tokens}   # a longer prompt is trimmed by rule, and the unit says so
max_reply_tokens = {settings.max_reply_tokens}   # a reply that runs on is cut there; thinking models need room
"""
