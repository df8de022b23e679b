"""A project and a model in, prepared runs out: one lens-free pass of open codes, one pass with a codebook."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from assistant import indexing, tokens
from assistant.bulk import WINDOW, Work, labels_so_far
from assistant.chain import Model
from assistant.errors import UsageError
from assistant.model import Codebook, Passage, SuggestionKind
from assistant.project import Project, RunPlan
from assistant.prompting import TEMPLATES, template_name
from assistant.resources import prompt_template
from assistant.retrieving import Shelf, Similar
from assistant.suggesting import Line


def prepare(
    project: Project,
    model: Model,
    passes: Sequence[Codebook | None],
    *,
    similar: Similar,
    scheme: str,
    chosen: Callable[[Passage], bool],
) -> list[Work]:
    """One run for each pass (None: open coding, without any lens), with a unit for every chosen segment.

    A run with the same plan goes on where it stopped. UsageError if there is nothing to code.
    """
    passages = project.documents.passages(scheme)
    wanted = [p.segment.id for p in passages if chosen(p)]
    if not passages:
        raise UsageError("there are no documents to code yet", "add some with: codart add FILE … --case NAME")
    if not wanted:
        raise UsageError("no segment fits that choice", "see documents and cases with: codart documents")
    works = []
    for codebook in passes:
        if codebook is not None:
            project.codebooks.add(codebook)
        plan = _plan(project, model, codebook, scheme)
        run = project.runs.open(plan)
        project.runs.plan_units(run, wanted)
        works.append(
            Work(
                project=project,
                run=run,
                line=Line(
                    ask=model.ask,
                    load=prompt_template,
                    count=partial(tokens.count, model=model.name),
                    max_tokens=project.settings.max_prompt_tokens,
                    codebook=codebook,
                ),
                shelf=Shelf(
                    passages,
                    project.codings.decided(),
                    similar,
                    project.settings,
                    kind=plan.kind,
                    codebook=codebook,
                ),
                labels=labels_so_far(project, run) if codebook is None else None,
                chosen=frozenset(wanted),
            )
        )
    return works


def _plan(project: Project, model: Model, codebook: Codebook | None, scheme: str) -> RunPlan:
    settings = project.settings
    kind: SuggestionKind = "assignment" if codebook else "open"
    return RunPlan(
        kind=kind,
        lens=codebook.id if codebook else None,
        codebook_version=codebook.version if codebook else None,
        model=model.name,
        template=f"{TEMPLATES[kind]}@{_template_version(kind)}",
        question=settings.question,
        scheme=scheme,
        parameters={
            "neighbours": settings.neighbours,
            "passages": settings.passages,
            "examples": settings.examples,
            "labels": settings.labels if codebook is None else 0,
            "max_prompt_tokens": settings.max_prompt_tokens,
            "embedder": settings.embedder,
            "window": WINDOW,
            "base_url": model.base_url,
        },
    )


def _template_version(kind: SuggestionKind) -> str:
    """First digits of a hash over all a template's files, so that an edited template is another run."""
    names = [
        name for language in ("zh", "en") for name in (template_name(kind, language), f"segment.v1.{language}.jinja")
    ]
    return hashlib.sha256("\x00".join(prompt_template(name) for name in names).encode()).hexdigest()[:8]


@contextmanager
def similar_in(project: Project, scheme: str, notify: Callable[[str], None]) -> Iterator[Similar]:
    """A search for passages like a text, over all segments of a project."""
    using = indexing.embedder(project, notify)
    with indexing.retriever(project, using, project.documents.passages(scheme), notify) as index:
        yield index.search
