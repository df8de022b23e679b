"""Evidence of open coding in, each coder's codes with their quotes out. Pure.

Only units count that a person coded and that lie in the split. Labels that differ in letter case, spaces or
full and half width only are one code of that coder, shown as it is spelled most often.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from eval.evidence import Coding, Evidence, Machine, Person
from eval.plain import Key, unit_of
from eval.spans import Mark

Kind = Literal["person", "machine"]


@dataclass(frozen=True, slots=True, order=True)
class Cited:
    """Words a code stands on; `start` and `end` are both 0 where the code is about the whole unit."""

    key: Key
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class OpenCode:
    """One coder's code. `cited`: in order of place, one entry per assignment."""

    label: str
    definition: str
    cited: tuple[Cited, ...]

    @property
    def quotes(self) -> tuple[Cited, ...]:
        """The citations that have words, each wording once."""
        found: dict[str, Cited] = {}
        for each in self.cited:
            if each.text.strip():
                found.setdefault(each.text, each)
        return tuple(found.values())

    @property
    def places(self) -> dict[str, list[Mark]]:
        """Marked words by unit, under names that no two units share, as `eval.matching.same_place` takes them."""
        found: dict[str, list[Mark]] = {}
        for each in self.cited:
            if each.end > each.start:
                found.setdefault(unit_of(each.key).id, []).append(Mark(each.start, each.end, ""))
        return found

    def within(self, keys: Collection[Key]) -> OpenCode:
        """The same code on these units only."""
        return replace(self, cited=tuple(each for each in self.cited if each.key in keys))


@dataclass(frozen=True, slots=True)
class Coder:
    """A person or a machine on the units compared; `codes` sorted by label."""

    name: str
    kind: Kind
    codings: Mapping[Key, Coding]
    codes: tuple[OpenCode, ...]
    model: str = ""
    baseline: bool = False

    @property
    def id(self) -> str:
        """A name that no other coder of the evidence has."""
        return f"{self.kind}:{self.name}"

    def within(self, keys: Collection[Key]) -> tuple[OpenCode, ...]:
        """The codes that the coder gave on these units."""
        return tuple(code for code in (each.within(keys) for each in self.codes) if code.cited)


def fold(label: str) -> str:
    """What makes two spellings one label: NFKC, no letter case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", label).casefold().split())


def compared(evidence: Evidence) -> frozenset[Key]:
    """The units that a person coded and that lie in the split."""
    coded = {key for person in evidence.people for key in person.codings}
    return frozenset(key for key in coded if key in evidence.units and _in_split(evidence, key))


def label_codes(evidence: Evidence) -> tuple[Coder, ...]:
    """The people by name, then the machines by name."""
    keys = compared(evidence)
    people = [_coder(evidence, each, "person", keys) for each in sorted(evidence.people, key=lambda p: p.name)]
    machines = [_coder(evidence, each, "machine", keys) for each in sorted(evidence.machines, key=lambda m: m.name)]
    return (*people, *machines)


def _in_split(evidence: Evidence, key: Key) -> bool:
    return evidence.split == "all" or evidence.units[key].held_out == (evidence.split == "test")


def _coder(evidence: Evidence, who: Person | Machine, kind: Kind, keys: Collection[Key]) -> Coder:
    codings = {key: who.codings[key] for key in sorted(who.codings) if key in keys}
    codes = _codes(evidence, codings)
    if isinstance(who, Machine):
        return Coder(who.name, kind, codings, codes, who.model, who.baseline)
    return Coder(who.name, kind, codings, codes)


def _codes(evidence: Evidence, codings: Mapping[Key, Coding]) -> tuple[OpenCode, ...]:
    cited: dict[str, list[Cited]] = {}
    spellings: dict[str, Counter[str]] = {}
    for key, coding in codings.items():
        text = evidence.units[key].text
        for given in coding.given:
            words = text[given.start : given.end] or given.quote
            name = fold(given.code)
            cited.setdefault(name, []).append(Cited(key, given.start, given.end, words))
            spellings.setdefault(name, Counter())[given.code.strip()] += 1
    codes = [_code(evidence, spellings[name], cited[name]) for name in cited]
    return tuple(sorted(codes, key=lambda code: code.label))


def _code(evidence: Evidence, spellings: Counter[str], cited: Iterable[Cited]) -> OpenCode:
    label = min(spellings, key=lambda each: (-spellings[each], each))
    known = (evidence.labels[each].definition for each in sorted(spellings) if each in evidence.labels)
    return OpenCode(label, next((definition for definition in known if definition.strip()), ""), tuple(sorted(cited)))
