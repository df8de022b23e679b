"""A project in, the `Evidence` for a report out: units with their words, gold by coder, runs with what they said.

A unit of a run that failed, was refused or has not run is missing, never "no code".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant import indexing
from assistant.errors import UsageError
from assistant.exporting.counting import block_of, blocks
from assistant.model import Codebook, DiscardRecord, Document, RunRecord, Segment, SuggestionKind
from assistant.project import Coded, Placed, Project, Series
from assistant.running import peculiar
from eval.evidence import Coding, Evidence, Given, Label, Machine, Passage, Person, Split, Stance
from eval.locking import fingerprint, lock_facts
from eval.plain import Key

_QUOTE_FLAWS = ("edited", "ambiguous", "not_found")
SAMPLE_CODERS = "Sample coder "  # the names of the shipped sample gold begin so


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be compared. Empty means: all there is that fits."""

    coders: tuple[str, ...] = ()
    runs: tuple[int, ...] = ()
    codebook: str = ""  # the project's if empty
    kind: SuggestionKind = "assignment"
    split: Split | None = None  # None: dev if documents are kept for a test, else all
    every_code: bool = False  # sub-codes too, instead of the blocks they belong to
    stance: Stance = "codebook"


@dataclass(frozen=True, slots=True)
class _Texts:
    """The segments of a project with the keys of their units."""

    units: Mapping[Key, Passage]
    keys: Mapping[int, Key]  # by segment id
    places: Mapping[int, tuple[int, int]]  # document and number in it, by segment id


def gather(project: Project, wanted: Wanted) -> Evidence:
    """The evidence for what is wanted. UsageError if there is no gold, or no run that answers the same question."""
    scheme = indexing.segment_all(project)
    book = None
    if wanted.kind == "assignment":
        book = project.codebooks.in_force(wanted.codebook or _only_codebook(project))
    series = _series(project, wanted, book)
    work = {one: project.golds.coded(one, scheme) for one in series}
    texts = _texts(project, scheme, work)
    upper = _upper(book, every_code=wanted.every_code)
    runs = _runs(project, wanted, book)
    lock = project.locks.current()
    split: Split = wanted.split or ("dev" if lock else "all")
    evidence = Evidence(
        title=project.folder.resolve().name,
        question=project.settings.question,
        kind=wanted.kind,
        codebook=book.id if book else "",
        labels=_labels(book, every_code=wanted.every_code),
        units=_with_chances(project, scheme, texts, work),
        people=tuple(_person(project, one, work[one], texts, upper, scheme) for one in series),
        machines=tuple(_machine(project, run, texts, upper, wanted) for run in runs),
        split=split,
        lock=lock_facts(project, runs, split),
        sample=_sample(project, scheme, work),
        sample_gold=any(coder.startswith(SAMPLE_CODERS) for coder, _, _ in series),
        stance=wanted.stance,
        unit=project.settings.segment_size,
        unplaced=sum(project.golds.unplaced(one, scheme) for one in series),
    )
    if not any(_in_split(evidence, key) for person in evidence.people for key in person.codings):
        hint = "see: codart gold list; if the segment size was changed, put it back in codart.toml"
        raise UsageError(f"no unit of the {split} split is coded by {_names(series)}", hint)
    return evidence


def _in_split(evidence: Evidence, key: Key) -> bool:
    return evidence.split == "all" or evidence.units[key].held_out == (evidence.split == "test")


def _names(series: Sequence[Series]) -> str:
    return ", ".join(coder for coder, _, _ in series)


def _series(project: Project, wanted: Wanted, book: Codebook | None) -> list[Series]:
    """Whose gold counts; sample gold only where there is no other, unless it is asked for.

    UsageError for a coder who has none of this kind.
    """
    golds = [g for g in project.golds.all() if g.kind == wanted.kind and (book is None or g.codebook == book.id)]
    there = dict.fromkeys((g.coder, g.kind, g.codebook) for g in golds)
    what = f"codes of {book.id}" if book else "open codes"
    if not there:
        raise UsageError(f"there is no gold with {what}", "bring some in with: codart gold import FILE --coder NAME")
    chosen = named(wanted.coders, [name for name, _, _ in there], what)
    if not chosen:
        chosen = {name for name, _, _ in there if not name.startswith(SAMPLE_CODERS)}
    return [one for one in there if not chosen or one[0] in chosen]


def named(asked: Sequence[str], known: Sequence[str], what: str) -> set[str]:
    """The coders that are asked for, each by name or several in a list with commas. UsageError for an unknown one."""
    found = set()
    for given in asked:
        for name in [given] if given in known else [part.strip() for part in given.split(",") if part.strip()]:
            if name not in known:
                raise UsageError(f"there is no gold coder {name!r} with {what}", f"coders are: {', '.join(known)}")
            found.add(name)
    return found


def _only_codebook(project: Project) -> str:
    """The codebook of the project's gold, if all of it is of one; else the project's own."""
    books = {gold.codebook for gold in project.golds.all() if gold.kind == "assignment"}
    return next(iter(books)) if len(books) == 1 else project.settings.codebook


def _texts(project: Project, scheme: str, work: Mapping[Series, Mapping[int, Coded]]) -> _Texts:
    """Every segment of the current documents; headings only where somebody coded just them."""
    documents = project.documents.all()
    names = Counter(document.name for document in documents)
    held = project.documents.held_out()
    coded = {segment for each in work.values() for segment in each}
    units: dict[Key, Passage] = {}
    keys: dict[int, Key] = {}
    places: dict[int, tuple[int, int]] = {}
    for document in documents:
        name = document.name if names[document.name] == 1 else f"{document.name} #{document.id}"
        for segment in project.documents.segments(document.id, scheme):
            if segment.kind == "heading" and segment.id not in coded:
                continue
            key = (name, str(segment.number))
            units[key] = _passage(document, segment, held_out=document.id in held)
            keys[segment.id] = key
            places[segment.id] = (document.id, segment.number)
    return _Texts(units, keys, places)


def _passage(document: Document, segment: Segment, *, held_out: bool) -> Passage:
    words = segment.span.of(document.text)
    return Passage(words, document.case, document.kind, document.language, held_out)


def _with_chances(
    project: Project, scheme: str, texts: _Texts, work: Mapping[Series, Mapping[int, Coded]]
) -> dict[Key, Passage]:
    """The units with the chance that people were given them: 1 where they coded all, else as the newest draw says."""
    chances: dict[int, float] = {}
    for sample in project.samples.all():
        if sample.scheme == scheme:
            chances.update(sample.chances)
    coded = {segment for each in work.values() for segment in each}
    if coded >= set(texts.keys):
        chances = dict.fromkeys(texts.keys, 1.0)
    by_key = {texts.keys[segment]: chance for segment, chance in chances.items() if segment in texts.keys}
    return {key: replace(passage, chance=by_key.get(key)) for key, passage in texts.units.items()}


def _upper(book: Codebook | None, *, every_code: bool) -> Callable[[str], str]:
    """The code under which a code is compared: its block, unless every code is asked for."""
    if book is None or every_code:
        return lambda code: code
    home = block_of(book)
    return lambda code: home.get(code, code)


def _labels(book: Codebook | None, *, every_code: bool) -> dict[str, Label]:
    codes = () if book is None else book.codes if every_code else blocks(book)
    return {code.id: Label(code.label("zh"), code.label("en"), code.definition, code.definition_zh) for code in codes}


def _person(
    project: Project,
    series: Series,
    work: Mapping[int, Coded],
    texts: _Texts,
    upper: Callable[[str], str],
    scheme: str,
) -> Person:
    editions = {gold.id: gold for gold in project.golds.all()}
    used = [editions[key] for key in sorted({coded.gold for coded in work.values()})]
    told = {gold.blind for gold in used}
    return Person(
        name=series[0],
        codings={
            texts.keys[segment]: Coding(tuple(_given(p, upper) for p in coded.codings), coded.marked)
            for segment, coded in work.items()
        },
        blind=told.pop() if len(told) == 1 else None if None in told else False,
        sources=tuple(dict.fromkeys(gold.file for gold in used)),
        sha256=project.golds.digest(series, scheme),
    )


def _given(placed: Placed, upper: Callable[[str], str]) -> Given:
    return Given(
        upper(placed.code),
        placed.quote,
        placed.start,
        placed.end,
        placed.polarity or "",
        placed.confidence,
        placed.why,
    )


def _runs(project: Project, wanted: Wanted, book: Codebook | None) -> list[RunRecord]:
    """The runs to judge. UsageError for one that answers another question than the gold does."""
    if wanted.runs:
        runs = [project.runs.get(number) for number in wanted.runs]
        for run in runs:
            if not _fits(run, wanted, book):
                raise UsageError(
                    f"run {run.id} gave {_gave(run)}, the gold holds {f'codes of {book.id}' if book else 'open codes'}",
                    "name other runs, or another --codebook, or --open; see: codart runs list",
                )
        return runs
    return [run for run in project.runs.all() if run.repeat == 1 and _fits(run, wanted, book)]


def _fits(run: RunRecord, wanted: Wanted, book: Codebook | None) -> bool:
    if run.parent is not None:
        return False
    if run.parameters.get("joint"):
        return book is None or run.lens == book.id
    return run.kind == wanted.kind and run.lens == _id(book)


def _id(book: Codebook | None) -> str | None:
    return book.id if book else None


def _gave(run: RunRecord) -> str:
    if run.parent is not None:
        return f"checks of run {run.parent}"
    return f"codes of {run.lens}" if run.lens else "open codes"


def _machine(project: Project, run: RunRecord, texts: _Texts, upper: Callable[[str], str], wanted: Wanted) -> Machine:
    same = [other for other in project.runs.all() if other.id != run.id and _asked(other) == _asked(run)]

    def said(others: Sequence[RunRecord]) -> tuple[dict[Key, Coding], ...]:
        return tuple(_codings(project, other, texts, upper, wanted) for other in others)

    discards = _discards(project, run, wanted)
    codings = _codings(project, run, texts, upper, wanted)
    failures = [d for d in discards if d.flaw in _QUOTE_FLAWS and d.quote.strip()]
    return Machine(
        name=f"run {run.id} ({', '.join([run.model, *peculiar(run)])})",
        model=run.model,
        codings=codings,
        states=dict(run.units.items()),
        facts=_facts(run),
        repeats=said([other for other in same if _worded(other) == _worded(run)]),
        paraphrases=said([other for other in same if _worded(other) != _worded(run) and other.repeat == run.repeat]),
        flaws=dict(sorted(Counter(d.flaw for d in discards).items())),
        quotes=sum(len(coding.given) for coding in codings.values()) + len(failures),
        failures=tuple((d.flaw, d.quote, f"{d.document_name} #{d.segment}") for d in failures),
        baseline=run.model == "lexical",
    )


def _discards(project: Project, run: RunRecord, wanted: Wanted) -> list[DiscardRecord]:
    """What a run proposed of the kind compared and was not believed; a joint run proposes both."""
    found = [discard for discard in project.codings.discards() if discard.run == run.id]
    if not run.parameters.get("joint"):
        return found
    book = project.codebooks.version(run.lens or "", run.codebook_version or "")

    def assigned(discard: DiscardRecord) -> bool:
        return discard.flaw == "unknown_code" or book.code(discard.code) is not None

    return [discard for discard in found if assigned(discard) == (wanted.kind == "assignment")]


def _worded(run: RunRecord) -> tuple[str, str]:
    """In which words a run asks: its templates, and the language if one was set for all documents."""
    return run.template, str(run.parameters.get("language", ""))


def _asked(run: RunRecord) -> list[Any]:
    """What a run asks, in whatever words."""
    parameters = {name: value for name, value in run.parameters.items() if name not in ("window", "language")}
    return [run.parent, run.kind, run.lens, run.codebook_version, run.model, run.question, parameters]


def _codings(
    project: Project, run: RunRecord, texts: _Texts, upper: Callable[[str], str], wanted: Wanted
) -> dict[Key, Coding]:
    """What a run said by unit. In a joint run a unit may be coded with one kind while all of the other kind failed its
    proof: of that kind it is then missing, as it would be in a run of its own.
    """
    given = project.codings.given(run.id, wanted.kind)
    joint = bool(run.parameters.get("joint"))
    lost = {(d.document, d.segment) for d in _discards(project, run, wanted)} if joint else set()
    return {
        texts.keys[segment]: Coding(tuple(_given(placed, upper) for placed in given.get(segment, ())))
        for segment, (state, _) in project.units.codes(run.id).items()
        if state in ("coded", "none") and segment in texts.keys
        if segment in given or texts.places[segment] not in lost
    }


def _facts(run: RunRecord) -> dict[str, Any]:
    return {
        "model": run.model,
        "run": run.id,
        "started": run.started,
        "template": run.template,
        "codebook": run.lens,
        "codebook_version": run.codebook_version,
        "parameters": {name: value for name, value in run.parameters.items() if value != ""},
        "question": run.question,
        "replies": run.replies,
        "reused": run.reused,
        "tokens_in": run.usage.input,
        "tokens_out": run.usage.output,
        "cost": run.cost,
        "fingerprint": fingerprint(run),
    }


def _sample(project: Project, scheme: str, work: Mapping[Series, Mapping[int, Coded]]) -> dict[str, Any]:
    """The newest draw, and how much of it is coded."""
    samples = [sample for sample in project.samples.all() if sample.scheme == scheme]
    if not samples:
        return {}
    newest = samples[-1]
    coded = {segment for each in work.values() for segment in each}
    return {
        "n": len(newest.chances),
        "frame": sum(stratum.frame for stratum in newest.strata),
        "seed": newest.seed,
        "by": newest.by,
        "strata": [
            {"name": s.name, "frame": s.frame, "drawn": s.drawn, "chance": s.drawn / s.frame} for s in newest.strata
        ],
        "coded": len(coded & set(newest.chances)),
    }
