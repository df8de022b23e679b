"""The words of the field as immutable values (REFI-QDA, content analysis). Pure: imports nothing of ours.

All offsets are code points into `Document.text`, half-open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from assistant.vocabulary import (
    Action as Action,
    CoderKind as CoderKind,
    DocumentKind as DocumentKind,
    Finish as Finish,
    Flaw as Flaw,
    Modality as Modality,
    Polarity as Polarity,
    QuoteFlag as QuoteFlag,
    QuoteStatus as QuoteStatus,
    RecordState as RecordState,
    Role as Role,
    SegmentKind as SegmentKind,
    SegmentSize as SegmentSize,
    SuggestionKind as SuggestionKind,
    Support as Support,
    UnitState as UnitState,
    Voice as Voice,
)


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of code points: text[start:end]."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: {self.start}..{self.end}")

    def of(self, text: str) -> str:
        """The words that stand in `text` at this span."""
        return text[self.start : self.end]

    def contains(self, other: Span) -> bool:
        """Whether `other` lies wholly inside this span."""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Span) -> bool:
        """Whether the two spans share at least one code point."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a document whose kind the source format knows (a heading, a table row, a page …)."""

    span: Span
    kind: Literal["heading", "table", "page", "turn"]
    label: str = ""  # page number, heading level, speaker


@dataclass(frozen=True, slots=True)
class Document:
    """A source as canonical text: decoded, BOM off, line ends LF, NFC. Never changes once stored."""

    name: str
    text: str
    sha256: str  # of the source file's bytes, hex
    media_type: str  # txt, md, html, docx, pdf, vtt, srt, csv, xlsx
    language: str  # "zh", "en" or "mixed"; decides which prompt language is used
    kind: DocumentKind = "other"
    case: str = ""
    source: str = ""  # where it came from, as a path
    encoding: str = ""
    blocks: tuple[Block, ...] = ()
    notes: tuple[str, ...] = ()  # what reading had to decide or leave out, one sentence each
    id: int = 0  # 0 until stored
    version: int = 1


@dataclass(frozen=True, slots=True)
class Segment:
    """The unit of coding and of agreement: a span of one document. Segments tile the text without gap or overlap."""

    span: Span
    kind: SegmentKind = "paragraph"
    speaker: str = ""
    number: int = 0  # 1-based place in the document
    id: int = 0
    document: int = 0


@dataclass(frozen=True, slots=True)
class Passage:
    """A segment with its words and where it stands."""

    segment: Segment
    text: str
    document_name: str
    case: str
    held_out: bool = False  # its document is kept out of examples and retrieval (a test split)


@dataclass(frozen=True, slots=True)
class Quote:
    """Words proven to stand in a source. Made only by `assistant.verifying`."""

    span: Span
    text: str  # always the source slice, never the model's wording
    status: Literal["exact", "folded"]
    flags: tuple[QuoteFlag, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeExample:
    """An invented example of a code, in both languages."""

    zh: str = ""
    en: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """One row of a codebook. `id` is words joined by dots (`dart.access`); all before the last dot is its parent."""

    id: str
    zh: str
    en: str
    definition: str
    definition_zh: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    cues_zh: tuple[str, ...] = ()
    cues_en: tuple[str, ...] = ()
    examples: tuple[CodeExample, ...] = ()
    near_misses: tuple[CodeExample, ...] = ()
    aliases: tuple[str, ...] = ()
    parent: str = ""
    facet: str = ""

    def label(self, language: str) -> str:
        """The display name in `language` ("zh" or "en"), falling back to the other, then to the id."""
        first, second = (self.zh, self.en) if language == "zh" else (self.en, self.zh)
        return first or second or self.id


@dataclass(frozen=True, slots=True)
class Probe:
    """A passage with the coding the codebook's authors expect: a test of the book, and few-shot material."""

    text: str
    expected: tuple[ProbeCoding, ...]  # empty: none of the codes
    why: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class ProbeCoding:
    """One expected coding of a probe."""

    code: str
    quote: str
    polarity: Polarity | None = None
    modality: Modality | None = None
    voice: Voice | None = None


@dataclass(frozen=True, slots=True)
class Codebook:
    """A set of codes with rules. `version` is the hash of its content, so an edit is a new version."""

    id: str
    zh: str
    en: str
    codes: tuple[Code, ...]
    version: str
    description: str = ""
    rules: tuple[str, ...] = ()  # decision rules, in order, for coder and model alike (English)
    rules_zh: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()  # which of polarity, modality, voice its codings carry
    none_label_zh: str = "无"
    none_label_en: str = "none"
    probes: tuple[Probe, ...] = ()

    def code(self, code_id: str) -> Code | None:
        """The code with that id, or None."""
        return next((c for c in self.codes if c.id == code_id), None)


@dataclass(frozen=True, slots=True)
class Coder:
    """Who codes: a person, a model, or a gold standard. One type, so that any two can be compared."""

    kind: CoderKind
    name: str
    id: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message as sent."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is sent to a model: deterministic for equal input. `digest` is the SHA-256 of messages and schema."""

    messages: tuple[Message, ...]
    digest: str
    kind: SuggestionKind
    language: str
    template: str  # file name with version, e.g. open_codes.v1.zh.jinja
    segments: tuple[int, ...]  # numbers the reply may speak of
    schema: dict[str, Any] = field(hash=False)  # JSON schema of the wanted reply
    tokens: int = 0
    tokens_estimated: bool = True
    trimmed: tuple[str, ...] = ()  # what the context limit took away, one sentence each
    texts: tuple[str, ...] = ()  # the words of `segments`, for models that need no instructions (lexical)


@dataclass(frozen=True, slots=True)
class SentPrompt:
    """A prompt as a project keeps it: what was sent, how long it was, what the context limit took away."""

    messages: tuple[Message, ...]
    tokens: int
    tokens_estimated: bool
    trimmed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the server reports them; None where it reports nothing."""

    input: int | None = None
    output: int | None = None
    cached: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's raw answer to one prompt."""

    text: str
    model: str
    usage: Usage = Usage()
    finish: Finish = "stop"
    refusal: str = ""
    cost: float | None = None  # US dollars when it was paid for; None where the price or the usage is unknown
    id: int = 0  # of a stored reply that is used again, at no cost; 0 for a new one


@dataclass(frozen=True, slots=True)
class Proposal:
    """A code as the model words it: unbelieved until verified."""

    segment: int  # the segment's number in the document
    code: str  # a code id (assignment) or a label (open)
    quote: str
    polarity: Polarity | None = None
    modality: Modality | None = None
    voice: Voice | None = None
    rationale: str = ""
    confidence: float | None = None  # 0..1
    kind: SuggestionKind | None = None  # where one prompt asks for both; else None: the prompt's


@dataclass(frozen=True, slots=True)
class Discard:
    """A proposal that was not believed; it keeps its flaw. `raw` is the model's words, `diff` marks changed words."""

    flaw: Flaw
    detail: str
    raw: str = ""
    code: str = ""
    quote: str = ""
    diff: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A verified proposal."""

    kind: SuggestionKind
    segment: int
    code: str
    quote: Quote
    polarity: Polarity | None = None
    modality: Modality | None = None
    voice: Voice | None = None
    rationale: str = ""
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A second look at a suggestion: whether its quote supports its code."""

    suggestion: int  # id of the suggestion
    supported: Support
    why: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What asking about one unit gave. `failed` and `refused` are never "none".

    Several units may share one prompt and reply. `earlier` holds replies that were paid for on the way to this one: a
    reply that could not be read, a shared one that left this unit out. `key` is under what the reply may be used again.
    """

    state: UnitState
    prompt: Prompt | None = None
    reply: Reply | None = None
    suggestions: Sequence[Suggestion] = ()
    discards: Sequence[Discard] = ()
    error_kind: str = ""
    error: str = ""
    checks: Sequence[Check] = ()
    earlier: tuple[tuple[Prompt, Reply], ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class GoldUnit:
    """A stretch of a document that a coder read and coded. `marked` False: codes are of the stretch as a whole."""

    document: int
    span: Span
    marked: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about a suggestion. Fields left None keep what was suggested."""

    action: Action
    why: str = ""
    code: str | None = None
    quote: Quote | None = None
    polarity: Polarity | None = None
    modality: Modality | None = None
    voice: Voice | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """The newest word of a person on one suggestion: a code kept on a segment, or rejected from it."""

    segment: int  # segment id
    kind: SuggestionKind
    codebook: str | None
    code: str
    quote: str
    kept: bool
    polarity: Polarity | None
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """One stored decision: who, what, why and when (ISO 8601, UTC)."""

    coder: str
    action: Action
    why: str
    created: str


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """One stored check of a suggestion: in which run, by which model, with what result."""

    run: int
    model: str
    supported: Support
    why: str


@dataclass(frozen=True, slots=True)
class Record:
    """One line of an export: a model's suggestion (coder.kind "model") or a coding by a person or a gold standard.

    A suggestion keeps its own record after a decision (its `state` then says which); the person's coding is a
    record of its own with `suggestion` naming where it came from. So AI and human work never share a line.
    """

    id: int
    kind: SuggestionKind
    document: int
    document_name: str
    sha256: str
    case: str
    segment: int  # number in the document, 1-based
    start: int
    end: int
    quote: str
    quote_status: str
    flags: tuple[str, ...]
    code: str  # a code id (assignment) or a label (open)
    code_zh: str
    code_en: str
    polarity: Polarity | None
    modality: Modality | None
    voice: Voice | None
    codebook: str | None
    codebook_version: str | None
    coder: Coder
    run: int | None
    state: RecordState
    rationale: str
    confidence: float | None
    suggestion: int | None = None  # on a person's coding: the suggestion it decides
    why: str = ""  # the reason given with the decision
    created: str = ""  # ISO 8601, UTC
    checks: tuple[CheckRecord, ...] = ()  # on a suggestion: what checking runs said about it, oldest first
    decisions: tuple[Verdict, ...] = ()  # on a suggestion: all that was ever decided about it, oldest first


@dataclass(frozen=True, slots=True)
class DiscardRecord:
    """One discarded proposal with where it came from."""

    id: int
    run: int
    document: int
    document_name: str
    segment: int
    flaw: str
    detail: str
    code: str
    quote: str
    diff: str


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """One unit of a run with where it stands: for lists of what failed and why."""

    run: int
    document: int
    document_name: str
    segment: int  # number in the document, 1-based
    state: UnitState
    attempts: int
    error_kind: str
    error: str
    text: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run: who was asked, how, with which lens, where its units stand, and what it cost so far."""

    id: int
    kind: SuggestionKind
    lens: str | None  # codebook id the prompt showed; None for lens-free open coding
    codebook_version: str | None
    model: str
    template: str
    question: str
    started: str
    units: dict[UnitState, int]
    errors: dict[str, int]  # failed units by kind of error
    usage: Usage
    parameters: dict[str, Any]
    reasons: dict[str, str] = field(default_factory=dict)  # one message for each kind of error, "refusal" too
    repeat: int = 1  # 2 and up: the same work asked again on purpose
    parent: int | None = None  # the run whose suggestions this one checks
    replies: int = 0  # paid for in this run, failed and repeated ones included
    reused: int = 0  # units answered from replies that other runs had paid for
    cost: float | None = 0.0  # US dollars for `replies`; None if it is unknown for any of them
    known_cost: float = 0.0  # US dollars for those whose cost is known
    possible_cost: float = 0.0  # US dollars that calls without a stored reply may have cost beside; kept with a budget
    checks: dict[Support, int] = field(default_factory=dict)  # of a checking run: verdicts
    waiting: int = 0  # pending units that wait in batches, at a server or in files


@dataclass(frozen=True, slots=True)
class Study:
    """A snapshot of a project, all that exporters and the report need. Pure data."""

    name: str
    question: str
    documents: tuple[Document, ...]  # every stored version that is current or carries records
    segments: dict[int, tuple[Segment, ...]]  # by document id
    records: tuple[Record, ...]
    discards: tuple[DiscardRecord, ...]
    runs: tuple[RunRecord, ...]
    codebooks: tuple[Codebook, ...]
