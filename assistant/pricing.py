"""Price lists and tokens in, US dollars out. Pure, apart from `shipped`, which reads the list in this package.

All prices are US dollars per 1 million tokens. A price that is not known is None, never 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from assistant.errors import ProjectError
from assistant.model import Usage

# An estimate of tokens errs by at most 20 % in 95 % of texts, so the truth lies between 1/1.2 and 1/0.8 of it.
ESTIMATE_LOW, ESTIMATE_HIGH = 0.8, 1.25

_PER = 1_000_000
_DATE = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|20\d{6})$")  # as in gpt-5-mini-2025-08-07
_NUMBERS = ("input", "cached", "output", "batch")
_HINT = "mend that line; see docs/prices.md"


@dataclass(frozen=True, slots=True)
class Price:
    """What one model costs, US dollars per 1 million tokens."""

    input: float
    output: float
    cached: float | None = None  # prompt tokens the server had in its cache; None: as `input`
    batch: float | None = None  # factor on everything in a batch, e.g. 0.5; None: there is no such discount
    as_of: str = ""  # ISO date the price was known for
    source: str = ""


@dataclass(frozen=True, slots=True)
class Range:
    """US dollars, from the least to the most that is expected."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Prices:
    """Price lists, the first of which that knows a model decides. A model listed with None has no known price."""

    lists: tuple[Mapping[str, Price | None], ...]

    def of(self, spec: str) -> Price | None:
        """The price of a model spec ("openai:gpt-5-mini"), or None where it is unknown.

        In each list an exact name comes before a pattern and a longer pattern before a shorter one. A dated name such
        as gpt-5-mini-2025-08-07 that is not listed itself costs what its undated name costs. Case does not matter.
        """
        name = spec.strip().lower()
        for prices in self.lists:
            listed = _listed(name, prices)
            if listed is not None:
                return prices[listed]
        return None


def _listed(name: str, prices: Mapping[str, Price | None]) -> str | None:
    names = (name, _DATE.sub("", name))
    for wanted in names:
        if wanted in prices:
            return wanted
    patterns = [listed for listed in prices if "*" in listed and any(_fits(listed, wanted) for wanted in names)]
    return max(patterns, key=lambda pattern: (len(pattern), pattern), default=None)


def _fits(pattern: str, name: str) -> bool:
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), name) is not None


@lru_cache(maxsize=1)
def shipped() -> Prices:
    """The price list codart comes with."""
    from importlib.resources import files

    return parse(files("assistant").joinpath("prices.toml").read_text(encoding="utf-8"), "codart's prices.toml")


def merged(shipped: Prices, own: Prices) -> Prices:
    """`own` before `shipped`: whatever `own` says of a model counts, by name, by pattern or as unknown."""
    return Prices(own.lists + shipped.lists)


def parse(text: str, where: str) -> Prices:
    """The price list in a TOML text. ProjectError names the file (`where`) and the key of what cannot be right."""
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"{where} is not valid TOML: {error}", _HINT) from error
    _refuse_unknown(data, ("as_of", "currency", "models"), where)
    if data.get("currency", "USD") != "USD":
        raise ProjectError(
            f'{where}: currency must be "USD", not {data["currency"]!r}', "write the prices down in US dollars"
        )
    as_of = _date(data["as_of"], f"{where}: as_of") if "as_of" in data else ""
    models = _table(data.get("models", {}), f"{where}: models")
    return Prices(({name.strip().lower(): _price(name, entry, as_of, where) for name, entry in models.items()},))


def _price(name: str, entry: Any, as_of: str, where: str) -> Price | None:
    here = f'{where}: models."{name}"'
    entry = _table(entry, here)
    _refuse_unknown(entry, (*_NUMBERS, "source", "as_of", "unknown"), here)
    numbers = {key: _number(entry[key], key, f"{here}.{key}") for key in _NUMBERS if key in entry}
    source = entry.get("source", where)
    if not isinstance(source, str):
        raise ProjectError(f"{here}.source must be text in quotes, not {source!r}", _HINT)
    as_of = _date(entry["as_of"], f"{here}.as_of") if "as_of" in entry else as_of
    if "unknown" in entry:
        if entry["unknown"] is not True or numbers:
            raise ProjectError(f"{here}: unknown = true stands alone, without prices", _HINT)
        return None
    missing = [key for key in ("input", "output") if key not in numbers]
    if missing:
        raise ProjectError(f"{here}.{missing[0]} is missing", "a price needs input and output; see docs/prices.md")
    if not as_of:
        raise ProjectError(f"{here}.as_of is missing", 'say when the price held: as_of = "YYYY-MM-DD"')
    return Price(**numbers, as_of=as_of, source=source)


def _refuse_unknown(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            raise ProjectError(f"{where}: unknown key {key}", f"known keys: {', '.join(known)}")


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ProjectError(f"{where} must be a table, not {value!r}", 'write [models."openai:gpt-5-mini"] above it')
    return value


def _number(value: Any, key: str, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        meant = "a factor such as 0.5" if key == "batch" else "US dollars per 1 million tokens, 0 or more"
        raise ProjectError(f"{where} must be {meant}, not {value!r}", _HINT)
    if key == "batch" and not 0 < value <= 1:
        raise ProjectError(f"{where} must be a factor above 0 and not above 1, not {value!r}", _HINT)
    return float(value)


def _date(value: Any, where: str) -> str:
    try:
        return (value if type(value) is date else date.fromisoformat(value)).isoformat()
    except (TypeError, ValueError):
        raise ProjectError(f'{where} must be a date such as "2026-10-27", not {value!r}', _HINT) from None


def cost(price: Price, usage: Usage, *, batch: bool = False) -> float | None:
    """US dollars one call cost; None where the server did not say how many tokens it took.

    `usage.cached` is a part of `usage.input`, and is charged at the price for cached tokens.
    """
    if usage.input is None or usage.output is None:
        return None
    cached = min(usage.cached or 0, usage.input)
    cached_price = price.input if price.cached is None else price.cached
    dollars = (usage.input - cached) * price.input + cached * cached_price + usage.output * price.output
    return dollars * _factor(price, batch) / _PER


def worst(price: Price, prompt_tokens: int, estimated: bool, max_reply_tokens: int, *, batch: bool = False) -> float:
    """The most US dollars one call may cost: nothing cached, a reply as long as it may be.

    An estimated prompt counts 1.25 times. One in twenty estimates is further off than that; the reply's room, which
    few calls use up, is what such a prompt then draws on.
    """
    dearer = max(price.input, price.cached or 0.0)
    prompt = prompt_tokens * (ESTIMATE_HIGH if estimated else 1.0)
    return (prompt * dearer + max_reply_tokens * price.output) * _factor(price, batch) / _PER


def before(
    price: Price | None,
    calls: int,
    prompt_tokens: int,
    estimated: bool,
    reply_low: int,
    reply_high: int,
    batch: bool = False,
) -> Range | None:
    """What `calls` calls are expected to cost, before any is made; None where the price is unknown.

    `prompt_tokens` is the sum over all calls, `reply_low` and `reply_high` are tokens of one reply. Estimated prompts
    count 0.8 to 1.25 times. Nothing is taken off for prompts the server may have in its cache.
    """
    if price is None:
        return None
    low, high = (ESTIMATE_LOW, ESTIMATE_HIGH) if estimated else (1.0, 1.0)
    scale = _factor(price, batch) / _PER
    return Range(
        low=(prompt_tokens * low * price.input + calls * reply_low * price.output) * scale,
        high=(prompt_tokens * high * price.input + calls * reply_high * price.output) * scale,
    )


def _factor(price: Price, batch: bool) -> float:
    return price.batch if batch and price.batch is not None else 1.0


def money(value: float | None) -> str:
    """US dollars as shown: four decimals under a dollar, two above, "unknown" for None."""
    if value is None:
        return "unknown"
    if 0 < value < 0.0001:
        return "< $0.0001"
    return f"${value:.4f}" if 0 < round(value, 4) < 1 else f"${value:,.2f}"
