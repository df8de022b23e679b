"""Evidence in, what a report compares out: units, people, codes, in an order of their own. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from assistant.errors import UsageError
from eval.evidence import Coding, Evidence, Passage, Person
from eval.plain import Key, Said, unit_of
from eval.ratings import Codes, Ratings
from eval.spans import Mark

Codings = Mapping[Key, Coding]


@dataclass(frozen=True)
class Joined:
    """`keys`: the units of the split that some person coded. `people`: those who coded any of them, by name."""

    evidence: Evidence
    keys: tuple[Key, ...]
    people: tuple[Person, ...]
    codes: tuple[str, ...]

    @cached_property
    def material(self) -> tuple[Key, ...]:
        """All units of the split, whether or not people coded them."""
        return _ordered([key for key, passage in self.evidence.units.items() if in_split(self.evidence, passage)])

    @cached_property
    def ratings(self) -> Ratings:
        """What each person said of the compared units; coders are numbered, since a run may bear a person's name."""
        return self.beside()

    @property
    def coders(self) -> tuple[str, ...]:
        """The people's names in `ratings`."""
        return tuple(str(k) for k in range(len(self.people)))

    def beside(self, *machines: Codings) -> Ratings:
        """The people's ratings with these codings behind them, coders `run 0`, `run 1` …"""
        every = [person.codings for person in self.people] + list(machines)
        names = (*self.coders, *(f"run {k}" for k in range(len(machines))))
        return rated(self.keys, every, names)

    def voices(self, key: Key) -> list[Codes]:
        """The sets of codes of the people who coded the unit, in the order of `people`."""
        return [person.codings[key].codes for person in self.people if key in person.codings]

    def answered(self, run: Codings) -> list[Key]:
        """The compared units that a run answered."""
        return [key for key in self.keys if key in run]

    def passage(self, key: Key) -> Passage:
        """The unit's words."""
        return self.evidence.units[key]


def join(evidence: Evidence) -> Joined:
    """What is compared. Raises UsageError where two people, or two runs, bear one name."""
    for who in ([person.name for person in evidence.people], [machine.name for machine in evidence.machines]):
        if len(set(who)) != len(who):
            raise UsageError(f"a coder stands twice among {', '.join(sorted(who))}", "give each a name of their own")
    held = [key for key, passage in evidence.units.items() if in_split(evidence, passage)]
    keys = _ordered([key for key in held if any(key in person.codings for person in evidence.people)])
    wanted = set(keys)
    people = [person for person in evidence.people if not wanted.isdisjoint(person.codings)]
    return Joined(evidence, keys, tuple(sorted(people, key=lambda person: person.name)), _codes(evidence, held))


def in_split(evidence: Evidence, passage: Passage) -> bool:
    """Whether a unit belongs to the part of the material that is reported."""
    return evidence.split == "all" or passage.held_out == (evidence.split == "test")


def rated(keys: Sequence[Key], codings: Sequence[Codings], names: Sequence[str]) -> Ratings:
    """Ratings of `keys`; a unit that a coder did not code is missing."""
    given = tuple(tuple(each[key].codes if key in each else None for each in codings) for key in keys)
    return Ratings(tuple(unit_of(key) for key in keys), tuple(names), given)


def said(evidence: Evidence, codings: Codings, keys: Sequence[Key], code: str | None = None) -> dict[Key, Said]:
    """What `eval.scoring` compares. `code`: put every mark under this one code."""
    found = {}
    for key in keys:
        if key in codings:
            length = len(evidence.units[key].text)
            marks = tuple(Mark(start, end, code or name) for start, end, name in words(codings[key], length))
            found[key] = Said(0, codings[key].codes, marks if codings[key].marked else None, length)
    return found


def words(coding: Coding, length: int) -> list[tuple[int, int, str]]:
    """(start, end, code) of what a coder marked; a code about the whole unit marks all of its words."""
    if not coding.marked:
        return []
    return [(one.start, one.end, one.code) if one.end else (0, length, one.code) for one in coding.given]


def marked(codings: Codings, keys: Sequence[Key]) -> bool:
    """Whether the coder marked words in any of the units."""
    return any(key in codings and codings[key].marked for key in keys)


def _codes(evidence: Evidence, keys: Sequence[Key]) -> tuple[str, ...]:
    """Codes that somebody gave, or that stand under no other, in the codebook's order; unknown ones at the end."""
    coders: list[Codings] = [person.codings for person in evidence.people]
    coders += [machine.codings for machine in evidence.machines]
    given = frozenset[str]().union(*(each[key].codes for each in coders for key in keys if key in each))
    known = [code for code in evidence.labels if code in given or not _has_parent(code, evidence)]
    return (*known, *sorted(given - set(known)))


def _has_parent(code: str, evidence: Evidence) -> bool:
    parts = code.split(".")
    return any(".".join(parts[:k]) in evidence.labels for k in range(1, len(parts)))


def _ordered(keys: Sequence[Key]) -> tuple[Key, ...]:
    """By document and unit, numbers by size."""
    return tuple(sorted(keys, key=lambda key: (key[0], (0, int(key[1]), "") if _plain(key[1]) else (1, 0, key[1]))))


def _plain(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
