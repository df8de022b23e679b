"""Segments and documents by group in, a random draw of them out. Pure, seeded: the same seed draws the same."""

from __future__ import annotations

import random
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

from assistant.errors import UsageError

_Thing = TypeVar("_Thing", bound=Hashable)

BY = ("case", "kind", "language", "document")


def draw(
    strata: Mapping[str, Sequence[_Thing]], wanted: int, seed: int, *, least: int = 1
) -> dict[str, tuple[_Thing, ...]]:
    """`wanted` things from all strata, in proportion to their size and at least `least` from each; in the order given.

    Within a stratum every set of so many things is equally likely, so a thing's chance is drawn / size. Parts of a
    thing are given to the largest remainders (Hamilton's method). UsageError if there are more strata than wanted, or
    fewer things than wanted.
    """
    filled = {name: things for name, things in strata.items() if things}
    total = sum(map(len, filled.values()))
    if wanted > total:
        raise UsageError(f"{wanted} cannot be drawn from {total}", f"ask for {total} or fewer")
    if wanted < least * len(filled):
        raise UsageError(
            f"{wanted} cannot be drawn from {len(filled)} groups with at least one of each",
            f"ask for {len(filled)} or more, or leave out --by",
        )
    generator = random.Random(seed)  # noqa: S311 - for statistics, not for secrets
    shares = _shares({name: len(things) for name, things in filled.items()}, wanted, least, generator)
    drawn = {}
    for name in sorted(filled):
        places = sorted(generator.sample(range(len(filled[name])), shares[name]))
        drawn[name] = tuple(filled[name][place] for place in places)
    return drawn


def _shares(sizes: Mapping[str, int], wanted: int, least: int, generator: random.Random) -> dict[str, int]:
    """How many from each stratum: `least`, the rest in proportion, never more than there are; ties by lot."""
    total = sum(sizes.values())
    exact = {name: wanted * size / total for name, size in sizes.items()}
    shares = {name: max(least, int(exact[name])) for name in sizes}
    lot = {name: generator.random() for name in sorted(sizes)}
    while (left := wanted - sum(shares.values())) != 0:
        step = 1 if left > 0 else -1
        able = [name for name in sizes if (shares[name] < sizes[name] if step > 0 else shares[name] > least)]
        best = max(able, key=lambda name: (round(step * (exact[name] - shares[name]), 9), lot[name]))
        shares[best] += step
    return shares
