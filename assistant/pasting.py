"""Text a person pasted in: where it stands in the project, or codes for it that are stored nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from assistant import asking, conducting, indexing, languages, proving, running, tokens
from assistant.answering import Answering
from assistant.errors import UsageError
from assistant.model import Codebook, Document, Outcome, Passage, Prompt, Segment, Span, SuggestionKind
from assistant.ordering import Order
from assistant.pacing import Pace, Pacer
from assistant.project import Project
from assistant.prompting import Asked, Request, render
from assistant.resources import prompt_template
from assistant.retrieving import Shelf, Similar
from assistant.segmenting import segment
from assistant.spending import Purse

LONG = 60  # code points from which one line may be pasted material
MOST = 8_000  # code points that are coded on the fly
_ASKS = re.compile(r"[?？吗呢][\"'”’」』)）\]】\s]*$")
_BEGINS_ASKING = re.compile(
    r"(?:what|which|who|whose|where|when|why|how|is|are|was|were|do|does|did|can|could|should|would|has|have|compare|"
    r"list|show|find|tell|explain|describe|summari[sz]e|give|name|contrast|look|search|please|"
    r"in (?:what|which)|to what)\b"
    r"|请|为什么|怎么|怎样|如何|什么|哪|谁|是否|有没有|比较|对比|列出|找|说明|解释|总结|概括|描述|分析|告诉|帮我|给我",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Stands:
    """Where words stand: the segments, by id, and whether their document is held out."""

    document: Document
    segments: tuple[int, ...]
    held_out: bool


@dataclass(frozen=True, slots=True)
class Coded:
    """A segment of pasted text with what was suggested for it, of codes (None: open codes)."""

    segment: Segment
    book: Codebook | None
    outcome: Outcome


def looks_pasted(text: str) -> bool:
    """Whether a text is material rather than a question: several lines, or a long one that asks nothing."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if len(lines) > 1:
        return not all(_ASKS.search(line) for line in lines)
    line = text.strip()
    return len(line) >= LONG and not _ASKS.search(line) and not _BEGINS_ASKING.match(line)


def locate(project: Project, words: str) -> list[Stands]:
    """Every current document in which words stand, exactly or up to the declared fold; the first place in each."""
    documents = project.documents.all()
    if not documents:
        return []
    (proof,) = proving.prove_all([words], documents)
    if proof.status not in ("exact", "folded", "ambiguous"):
        return []
    name = indexing.segment_all(project)
    held_out = project.documents.held_out()
    found = []
    for document in documents:
        spans = [Span(p.start, p.end) for p in proof.places if p.document == document.id]
        # The parts of an elided quote all count; of words that stand several times the first place does.
        spans = spans[:1] if proof.status == "ambiguous" else spans
        segments = project.documents.segments(document.id, name) if spans else []
        touched = tuple(s.id for s in segments if any(s.span.overlaps(span) for span in spans))
        if touched:
            found.append(Stands(document, touched, document.id in held_out))
    return found


async def code(
    project: Project, text: str, *, model: str, base_url: str, codebook: str, notify: Callable[[str], None]
) -> list[Coded]:
    """Open codes and codes of the codebook for a text outside the corpus, by the line's own prompts. Stores nothing.

    UsageError for too long a text or a model that cannot be connected; ModelError for one that cannot be asked.
    """
    if len(text) > MOST:
        raise UsageError(f"the text has {len(text)} characters; at most {MOST} are coded on the fly", "codart add FILE")
    book = project.codebooks.in_force(codebook)
    document = Document("pasted text", text, "", "txt", languages.detect(text))
    segments = segment(document, project.settings.segment_size)
    order = Order(model, base_url, codebook=codebook)
    purse = Purse(conducting.price_of(project, order), max_reply_tokens=project.settings.max_reply_tokens)
    asked = asking.connect(
        model,
        base_url=base_url,
        codebook=book,
        pacer=Pacer(Pace(), purse),
        max_reply_tokens=running.reply_limit(project.settings, 1),
    )
    coded = []
    name = indexing.segment_all(project)
    try:
        with running.similar_in(project, name, notify) as similar:
            for lens in (None, book):
                answer = Answering.with_model(asked.ask, lens)
                for one in segments:
                    prompt = _prompt(project, similar, lens, document, one, asked.name)
                    (outcome,) = await answer(prompt, [one], document)
                    coded.append(Coded(one, lens, outcome))
    finally:
        await asked.aclose()
    return coded


def _prompt(
    project: Project, similar: Similar, lens: Codebook | None, document: Document, one: Segment, model: str
) -> Prompt:
    settings = replace(project.settings, neighbours=0)
    kind: SuggestionKind = "assignment" if lens else "open"

    def nothing(segment: Segment, before: int, after: int) -> Sequence[Passage]:
        return ()

    shelf = Shelf(
        nothing,
        project.documents.passage,
        project.codings.decided(),
        similar,
        settings,
        kind=kind,
        codebook=lens,
    )
    words = one.span.of(document.text)
    request = Request(
        kind=kind,
        language="en" if document.language == "en" else "zh",
        question=settings.question,
        segments=(Asked(one.number, words),),
        document=document.name,
        case="",
        context=shelf.context([one], words, None, 0),
        codebook=lens,
    )
    count = partial(tokens.count, model=model)
    return render(request, prompt_template, max_tokens=settings.max_prompt_tokens, count=count)
