"""A model's name in, something to ask out: a chat model, recorded replies, or the keyless baseline, all of one type."""

from __future__ import annotations

from pathlib import Path

from assistant import chain, lexical, recording
from assistant.chain import Model
from assistant.model import Codebook, Prompt, Reply

RECORDED = "recorded:"


def connect(spec: str, *, base_url: str, codebook: Codebook | None, record: Path | None = None) -> Model:
    """The model `spec` names: "lexical", "recorded:FILE.jsonl", or "provider:model" at an OpenAI-compatible server.

    `codebook` is what the baseline compares with; every reply is added to the file `record` if there is one.
    """
    if spec == lexical.NAME:

        async def ask(prompt: Prompt) -> Reply:
            return lexical.answer(prompt, codebook if prompt.kind == "assignment" else None)

        model = Model(lexical.NAME, ask)
    elif spec.startswith(RECORDED):
        model = recording.replay(Path(spec.removeprefix(RECORDED)))
    else:
        model = chain.connect(spec, base_url=base_url or None)
    return recording.recorded(model, record) if record else model
