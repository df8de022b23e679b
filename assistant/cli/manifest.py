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
    """Say a manifest line by line, its headings in a column."""
    rows = [*(_part(part) for part in manifest.parts), *_rows(manifest)]
    width = max(len(head) for head, _ in rows)
    for head, words in rows:
        line(f"{head:{width}}  {words}")


def _rows(manifest: Manifest) -> list[tuple[str, str]]:
    rows = [("documents", f"{manifest.documents}: {_names(manifest.document_names) or 'nothing is open'}")]
    if not manifest.base_url:
        return [*rows, ("to", f"{manifest.model}, in this program: nothing leaves this machine, nothing is paid")]
    how = "a server on this machine" if manifest.local else "this leaves your machine"
    if manifest.scheduler:
        how = f"by the workers of {manifest.scheduler}, this leaves your machine"
    counted = "estimated" if manifest.tokens_estimated else "counted"
    sampled = sum(part.sampled for part in manifest.parts)
    assumed = "assumed" if manifest.reply_assumed else "as its replies so far"
    rows += [
        ("to", f"{manifest.model} at {manifest.base_url}: {how}"),
        ("sends", f"{manifest.segments} segments, each with {_company(manifest)}"),
        ("calls", f"{manifest.calls} to be paid for{', in batches' if manifest.batch else ''}"),
        (
            "tokens",
            f"prompts {_tokens(manifest.prompt_tokens)} ({counted}, from {sampled} prompts), "
            f"replies {_tokens(manifest.reply_tokens)} ({assumed})",
        ),
        ("price", _price(manifest)),
    ]
    if manifest.verify:
        rows.append(("then", "one call more for each segment that was coded, to check its codes; not in the price"))
    if manifest.budget is not None:
        rows.append(("budget", f"{money(manifest.budget)} for these runs in all; they stop before it is passed"))
    return rows


def _company(manifest: Manifest) -> str:
    shown = "its neighbours, related passages, decided examples, the names of document and case, the research question"
    return f"{shown} and the codebook" if any(part.lens for part in manifest.parts) else shown


def _price(manifest: Manifest) -> str:
    if manifest.cost is None:
        return "unknown (write it into prices.toml in the project folder; see docs/prices.md)"
    dated = f" (prices of {manifest.price.as_of})" if manifest.price and manifest.price.as_of else ""
    return f"{money(manifest.cost.low)} to {money(manifest.cost.high)}{dated}"


def as_dict(manifest: Manifest) -> dict[str, Any]:
    """A manifest for machines."""
    return asdict(manifest) | {"calls": manifest.calls}


def _part(part: Part) -> tuple[str, str]:
    what = "open codes" if part.kind == "open" else f"codes of {part.lens}"
    again = f", repeat {part.repeat}" if part.repeat > 1 else ""
    extra = [f"{part.done_units} done before"] if part.done_units else []
    extra += [f"{part.waiting_units} wait in batches"] if part.waiting_units else []
    extra += [f"{part.reused} calls answered from stored replies"] if part.reused else []
    extra += [f"{part.too_long} too long for a prompt"] if part.too_long else []
    return what + again, f"{part.open_units} segments in {part.calls} calls{_bracketed(extra)}"


def _bracketed(parts: list[str]) -> str:
    return f" ({', '.join(parts)})" if parts else ""


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    return f"{shown} and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else shown


def _tokens(tokens: Range) -> str:
    low, high = short(tokens.low), short(tokens.high)
    return low if low == high else f"{low} to {high}"
