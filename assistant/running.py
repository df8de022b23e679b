"""A project and a model in, prepared runs out: one lens-free pass of open codes, one pass with a codebook."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from assistant import indexing, tokens
from assistant.answering import Answer, Answering
from assistant.bulk import Work
from assistant.chain import Model
from assistant.errors import UsageError
from assistant.model import Codebook, Decided, Document, Prompt, RunRecord, Segment, SuggestionKind, UnitState
from assistant.project import Choice, Project, RunPlan
from assistant.prompting import Asked, Request, render, template_name, template_stem
from assistant.resources import prompt_template
from assistant.retrieving import Labels, Shelf, Similar
from assistant.settings import Settings
from assistant.suggesting import Line, forget

_LEAST_WINDOW = 16  # places from which labels are not seen yet
_MORE_REPLY = 1000  # tokens that each further segment of a call may add to its reply
UNUSUAL = ("retrieval", "language", "joint")  # of a way: they stand in a plan only where they are not as usual

Retrieval = Literal["none", "context", "examples", "both"]
PromptLanguage = Literal["", "zh", "en"]


@dataclass(frozen=True, slots=True)
class Way:
    """How runs are done. `concurrency`, `fresh` and `states` are no part of what a run is; the rest is.

    `retrieval`, `language` and `joint` show what parts of the line are worth: they take one away, or join two.
    """

    concurrency: int = 8  # calls at once
    pack: int = 1  # segments in one call
    repeat: int = 1  # which repetition of the same work
    labels: bool = True  # whether open coding shows labels given before; a batch is sent before any is
    fresh: bool = False  # never use a reply that was paid for before; a finished run is done once more
    states: tuple[UnitState, ...] = ("pending", "failed")  # of the units to ask about
    retrieval: Retrieval = "both"  # shown as the settings say: context (like passages, neighbours), examples
    language: PromptLanguage = ""  # of all prompts; "": of each as its document's
    joint: bool = False  # whether one call asks for open codes and assignments, not a pass for each

    def limits(self, settings: Settings) -> Settings:
        """The settings without what this way does not show."""
        if self.retrieval not in ("both", "context"):
            settings = replace(settings, neighbours=0, passages=0)
        return settings if self.retrieval in ("both", "examples") else replace(settings, examples=0)

    def speaks(self, document: Document) -> str:
        """The language of the prompts about a document."""
        return self.language or ("en" if document.language == "en" else "zh")

    def unusual(self) -> dict[str, Any]:
        """What a plan says of this way beside the rest: nothing as usual, so that runs begun before go on."""
        usual = Way()
        return {name: getattr(self, name) for name in UNUSUAL if getattr(self, name) != getattr(usual, name)}


def peculiar(run: RunRecord) -> list[str]:
    """What sets a run apart from the usual way, in words, for lists and names."""
    said = run.parameters
    found = [f"retrieval {said['retrieval']}"] if "retrieval" in said else []
    found += [f"prompts in {said['language']}"] if said.get("language") else []
    found += ["open codes in the same call"] if said.get("joint") else []
    return [*found, f"repeat {run.repeat}"] if run.repeat > 1 else found


def reply_limit(settings: Settings, pack: int) -> int:
    """The most tokens a reply about `pack` segments may have."""
    return settings.max_reply_tokens + _MORE_REPLY * (pack - 1)


def prepare(
    project: Project,
    model: Model,
    passes: Sequence[Codebook | None],
    *,
    similar: Similar,
    scheme: str,
    choice: Choice = Choice(),  # noqa: B008 - a frozen value
    way: Way = Way(),
    answers: Callable[[Codebook | None], Answer] | None = None,
) -> list[Work]:
    """One run for each pass (None: open coding, without any lens), with a unit for every chosen segment.

    A run with the same plan goes on where it stopped. `answers` replaces asking `model` from here, pass by pass.
    UsageError if there is nothing to code.
    """
    check_choice(project, scheme, choice)
    works = []
    for codebook in passes:
        if codebook is not None:
            project.codebooks.add(codebook)
        plan = next_plan(project, model, codebook, scheme, choice, way)
        run = project.runs.open(plan)
        project.units.plan(run, scheme, choice)
        works.append(work_of(project, model, codebook, run, plan, similar, choice, way, answers))
    return works


def check_choice(project: Project, scheme: str, choice: Choice) -> None:
    """UsageError if there is nothing to code in the project or in this choice of it."""
    if not project.documents.count_segments(scheme):
        raise UsageError("there are no documents to code yet", "add some with: codart add FILE … --case NAME")
    if not project.units.count_chosen(scheme, choice):
        raise UsageError("no segment fits that choice", "see documents and cases with: codart documents")


def work_of(
    project: Project,
    model: Model,
    codebook: Codebook | None,
    run: int,
    plan: RunPlan,
    similar: Similar,
    choice: Choice,
    way: Way,
    answers: Callable[[Codebook | None], Answer] | None = None,
) -> Work:
    """A run that stands in the project as work to do."""
    here = Answering.with_model(model.ask, codebook)
    settings = way.limits(project.settings)
    decided = project.codings.decided()
    shelf = Shelf(
        project.documents.around,
        project.documents.passage,
        _joined(decided, codebook) if way.joint and codebook else decided,
        similar,
        settings,
        kind=plan.kind,
        codebook=codebook,
    )
    labelled = plan.parameters["labels"] > 0
    labels = Labels(partial(project.units.labels, run), partial(project.units.latest_labels, run)) if labelled else None
    count = partial(tokens.count, model=model.name)

    def prompt(document: Document, segments: Sequence[Segment], before: int) -> Prompt:
        request = _request(settings, way, shelf, labels, codebook, document, segments, before)
        return render(request, prompt_template, max_tokens=settings.max_prompt_tokens, count=count)

    return Work(
        project=project,
        run=run,
        line=Line(
            render=prompt,
            answer=answers(codebook) if answers else here,
            judge=here.judge,
            scope=scope_of(plan) if model.base_url else (),
            recall=forget if way.fresh else project.replies.recall,
        ),
        choice=choice,
        window=int(project.runs.get(run).parameters["window"]) if labels else None,
        pack=way.pack,
        states=way.states,
    )


def _joined(decided: Sequence[Decided], codebook: Codebook) -> list[Decided]:
    """Decisions as the codebook's, with those on open codes where their segment has some of the codebook's too.

    An example with open codes alone would look as if no code of the codebook fitted.
    """
    both = {one.segment for one in decided if one.kind == "assignment" and one.codebook == codebook.id}
    return [
        replace(one, kind="assignment", codebook=codebook.id) if one.kind == "open" and one.segment in both else one
        for one in decided
    ]


def _request(
    settings: Settings,
    way: Way,
    shelf: Shelf,
    labels: Labels | None,
    codebook: Codebook | None,
    document: Document,
    segments: Sequence[Segment],
    before: int,
) -> Request:
    asked = tuple(Asked(segment.number, segment.span.of(document.text)) for segment in segments)
    return Request(
        kind="assignment" if codebook else "open",
        language=way.speaks(document),
        question=settings.question,
        segments=asked,
        document=document.name,
        case=document.case,
        context=shelf.context(segments, "\n".join(a.text for a in asked), labels, before),
        codebook=codebook,
        joint=way.joint,
    )


def next_plan(
    project: Project, model: Model, codebook: Codebook | None, scheme: str, choice: Choice, way: Way
) -> RunPlan:
    """The plan to go on with; done afresh, of a run that is finished the next repeat."""
    plan = plan_of(project, model, codebook, scheme, way)
    while way.fresh and (done := project.runs.find(plan)) and not project.units.count_open(done, choice):
        plan = replace(plan, repeat=plan.repeat + 1)
    return plan


def plan_of(project: Project, model: Model, codebook: Codebook | None, scheme: str, way: Way) -> RunPlan:
    """The plan of a run: all that decides what it asks. UsageError for a joint run without a codebook."""
    if way.joint and codebook is None:
        raise UsageError(
            "one call for open codes and assignments needs a codebook", "do open coding alone as a pass of its own"
        )
    settings = way.limits(project.settings)
    kind: SuggestionKind = "assignment" if codebook else "open"
    return RunPlan(
        kind=kind,
        lens=codebook.id if codebook else None,
        codebook_version=codebook.version if codebook else None,
        model=model.name,
        template=f"{template_stem(kind, joint=way.joint)}@{_template_version(kind, joint=way.joint)}",
        question=settings.question,
        scheme=scheme,
        parameters={
            "neighbours": settings.neighbours,
            "passages": settings.passages,
            "examples": settings.examples,
            "labels": settings.labels if (codebook is None or way.joint) and way.labels else 0,
            "max_prompt_tokens": settings.max_prompt_tokens,
            "max_reply_tokens": reply_limit(settings, way.pack),
            "embedder": settings.embedder,
            "pack": way.pack,
            "window": max(_LEAST_WINDOW, 2 * way.concurrency * way.pack),
            "base_url": model.base_url,
            **way.unusual(),
        },
        repeat=way.repeat,
    )


def scope_of(plan: RunPlan) -> tuple[str, ...]:
    """What a reply depends on besides its prompt. Repetitions must not be answered from one another.

    Nor must runs that are compared to see what a part of the line is worth.
    """
    decisive = ("base_url", "max_reply_tokens", *(name for name in UNUSUAL if name in plan.parameters))
    asked = {name: plan.parameters[name] for name in decisive}
    return plan.model, json.dumps(asked, sort_keys=True), plan.codebook_version or "", str(plan.repeat)


def _template_version(kind: SuggestionKind, *, joint: bool) -> str:
    """First digits of a hash over all a template's files, so that an edited template is another run."""
    names = [
        name
        for language in ("zh", "en")
        for name in (template_name(kind, language, joint=joint), f"segment.v1.{language}.jinja")
    ]
    return hashlib.sha256("\x00".join(prompt_template(name) for name in names).encode()).hexdigest()[:8]


@contextmanager
def similar_in(project: Project, scheme: str, notify: Callable[[str], None]) -> Iterator[Similar]:
    """A search for passages like a text, over all segments of a project; nothing is loaded before the first search."""
    using = indexing.embedder(project, notify)
    with indexing.retriever(project, using, partial(project.documents.passages, scheme), notify) as index:
        yield index.search
