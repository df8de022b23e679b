"""A manifest in, the lines a person reads before anything is sent out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assistant.cli.board import short
from assistant.pricing import Range, money

if TYPE_CHECKING:
    from assistant.estimating import Manifest, Part

_MOST_NAMES = 6


def show(manifest: Manifest, line: Callable[[str], None]) -> None:
    """Say a manifest line by line."""
    for part in manifest.parts:
        line(_part(part))
    line(f"documents  {manifest.documents}: {_names(manifest.document_names)}")
    if not manifest.base_url:
        line(f"to         {manifest.model}, in this program: nothing leaves this machine, nothing is paid")
        return
    how = "a server on this machine" if manifest.local else "this leaves your machine"
    line(f"to         {manifest.model} at {manifest.base_url}: {how}")
    line(
        f"sends      {manifest.segments} segments with their neighbours, related passages, decided examples, names of "
        "documents and cases, the research question and the codebook"
    )
    counted = "estimated" if manifest.tokens_estimated else "counted"
    sampled = sum(part.sampled for part in manifest.parts)
    assumed = "assumed" if manifest.reply_assumed else "as its replies so far"
    line(f"calls      {manifest.calls} to be paid for{', in batches' if manifest.batch else ''}")
    line(
        f"tokens     prompts {_tokens(manifest.prompt_tokens)} ({counted}, from {sampled} prompts), "
        f"replies {_tokens(manifest.reply_tokens)} ({assumed})"
    )
    if manifest.cost is None:
        line("price      unknown (write it into prices.toml in the project folder; see docs/prices.md)")
    else:
        dated = f" (prices of {manifest.price.as_of})" if manifest.price and manifest.price.as_of else ""
        line(f"price      {money(manifest.cost.low)} to {money(manifest.cost.high)}{dated}")
    if manifest.budget is not None:
        line(f"budget     {money(manifest.budget)} for these runs in all; it stops before that is passed")


def as_dict(manifest: Manifest) -> dict[str, Any]:
    """A manifest for machines."""
    return asdict(manifest) | {"calls": manifest.calls}


def _part(part: Part) -> str:
    what = "open codes" if part.kind == "open" else f"codes of {part.lens}"
    again = f", repeat {part.repeat}" if part.repeat > 1 else ""
    extra = [f"{part.done_units} done before"] if part.done_units else []
    extra += [f"{part.reused} calls answered from stored replies"] if part.reused else []
    extra += [f"{part.too_long} too long for a prompt"] if part.too_long else []
    return f"{what + again:10} {part.open_units} segments in {part.calls} calls{_bracketed(extra)}"


def _bracketed(parts: list[str]) -> str:
    return f" ({', '.join(parts)})" if parts else ""


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    return f"{shown} and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else shown


def _tokens(tokens: Range) -> str:
    low, high = short(tokens.low), short(tokens.high)
    return low if low == high else f"{low} to {high}"
