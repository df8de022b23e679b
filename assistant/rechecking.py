"""A run's suggestions and a model in, a second run out that asks whether each quote supports its code.

The check is a run of its own: its units are the segments the first run coded; a unit is `coded` if the check supports
at least part of a code, `none` if it supports none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial

from assistant import checking, lexical, tokens
from assistant.bulk import Work
from assistant.chain import Model
from assistant.checking import CheckItem, CheckRequest
from assistant.errors import ModelError, UsageError
from assistant.model import Check, Codebook, Document, Outcome, Prompt, Reply, RunRecord, Segment, UnitState
from assistant.project import Choice, Project, RunPlan
from assistant.resources import prompt_template
from assistant.running import Way, reply_limit, scope_of
from assistant.suggesting import Line, forget


def prepare(project: Project, model: Model, parent: int, *, choice: Choice, way: Way, scheme: str) -> Work:
    """A run that checks what the run `parent` suggested. UsageError for a model that cannot, or nothing to check."""
    if model.name == lexical.NAME:
        raise UsageError(
            "the keyless baseline compares words; it cannot check a code",
            "name a language model, or leave out --verify",
        )
    checked = project.runs.get(parent)
    if checked.parameters.get("joint"):
        raise UsageError(
            f"run {parent} gave open codes and assignments in one call, and a check is about one kind",
            "check runs of two passes",
        )
    if checked.parent is not None:
        raise UsageError(f"run {parent} is a check itself", "name a run of suggestions; see: codart runs list")
    plan = plan_of(project, model, checked, way, scheme)
    run = project.runs.open(plan)
    project.units.plan_checks(run, parent)
    codebook = None
    if checked.lens and checked.codebook_version:
        codebook = project.codebooks.version(checked.lens, checked.codebook_version)
    check = _Check(project, model, checked, codebook, way)
    return Work(
        project=project,
        run=run,
        line=Line(
            render=check.prompt,
            answer=check.answer,
            judge=check.judge,
            scope=scope_of(plan) if model.base_url else (),
            recall=forget if way.fresh else project.replies.recall,
        ),
        choice=choice,
        states=way.states,
    )


def plan_of(project: Project, model: Model, checked: RunRecord, way: Way, scheme: str) -> RunPlan:
    """The plan of a check: all that decides what it asks."""
    settings = way.limits(project.settings)
    sources = [prompt_template(checking.template_name(language)) for language in ("zh", "en")]
    return RunPlan(
        kind=checked.kind,
        lens=checked.lens,
        codebook_version=checked.codebook_version,
        model=model.name,
        template=f"{checking.TEMPLATE}@{hashlib.sha256(chr(0).join(sources).encode()).hexdigest()[:8]}",
        question=settings.question,
        scheme=scheme,
        parameters={
            "neighbours": settings.neighbours,
            "max_prompt_tokens": settings.max_prompt_tokens,
            "max_reply_tokens": reply_limit(settings, 1),
            "pack": 1,
            "window": 0,
            "base_url": model.base_url,
            **way.unusual(),
        },
        repeat=way.repeat,
        parent=checked.id,
    )


class _Check:
    """The line of a checking run: prompts about what was suggested for a segment, and what replies to them come to."""

    def __init__(self, project: Project, model: Model, checked: RunRecord, codebook: Codebook | None, way: Way) -> None:
        self._project = project
        self._ask = model.ask
        self._count = partial(tokens.count, model=model.name)
        self._run = checked.id
        self._codebook = codebook
        self._way = way

    def prompt(self, document: Document, segments: Sequence[Segment], before: int) -> Prompt:
        """The prompt about a segment's suggestions."""
        (segment,) = segments
        settings = self._way.limits(self._project.settings)
        near = self._project.documents.around(segment, settings.neighbours, settings.neighbours)
        request = CheckRequest(
            language=self._way.speaks(document),
            question=settings.question,
            number=segment.number,
            text=segment.span.of(document.text),
            document=document.name,
            case=document.case,
            items=tuple(
                CheckItem(key, code, code, quote, polarity)
                for key, code, quote, polarity in self._project.codings.suggested(self._run, segment.id)
            ),
            codebook=self._codebook,
            before=tuple(p.text for p in near if p.segment.number < segment.number),
            after=tuple(p.text for p in near if p.segment.number > segment.number),
        )
        return checking.render(request, prompt_template, max_tokens=settings.max_prompt_tokens, count=self._count)

    async def answer(self, prompt: Prompt, segments: Sequence[Segment], document: Document) -> list[Outcome]:
        """Ask about the suggestions of one segment; raises as any `Answer` does."""
        try:
            reply = await self._ask(prompt)
        except ModelError as error:
            if error.stops_run:
                raise
            return [Outcome("failed", prompt, error_kind=error.kind, error=error.message)]
        return self.judge(prompt, reply, segments, document)

    def judge(self, prompt: Prompt, reply: Reply, segments: Sequence[Segment], document: Document) -> list[Outcome]:
        """What a reply comes to: a suggestion it leaves out makes the unit failed, and keeps what was answered."""
        (segment,) = segments
        keys = [key for key, *_ in self._project.codings.suggested(self._run, segment.id)]
        said = checking.parse(reply, prompt, len(keys))
        checks = [Check(keys[check.item - 1], check.supported, check.why) for check in said.checks]
        if said.refused:
            return [Outcome("refused", prompt, reply, error_kind="refusal", error=said.refused)]
        if said.missing:
            kind = said.failure or "unanswered"
            why = said.detail or f"{len(said.missing)} of {len(keys)} suggestions were left out of the reply"
            return [Outcome("failed", prompt, reply, error_kind=kind, error=why, checks=checks)]
        state: UnitState = "coded" if any(check.supported != "no" for check in checks) else "none"
        return [Outcome(state, prompt, reply, checks=checks)]
