"""A project in, a `Desk` out: what a conversation looks things up in, and the numbers its sources are cited by.

Held-out documents (a test split) are on no shelf, so no model is ever shown one. Reads only; writes nothing but vectors
of segments that have none yet.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from assistant import indexing, retrieving
from assistant.errors import ModelError, UsageError
from assistant.model import Codebook, Passage, Record, Segment
from assistant.speech import Source

if TYPE_CHECKING:
    from assistant.project import Project

MOST_SOURCES = 40  # put before a model for one question


@dataclass(frozen=True, slots=True)
class Shelved:
    """A document that may be shown: the ids of its segments in order, and the code points at which they begin."""

    name: str
    case: str
    ids: array[int] = field(default_factory=lambda: array("q"))
    starts: array[int] = field(default_factory=lambda: array("q"))


@dataclass(frozen=True, slots=True)
class Library:
    """What a desk looks things up in. Codings are read when they are asked for: people decide meanwhile."""

    documents: Mapping[int, Shelved]
    segment: Callable[[int], Segment]
    passage: Callable[[int], Passage | None]
    around: Callable[[Segment, int, int], Sequence[Passage]]
    search: Callable[[str, int, Sequence[int]], Sequence[int]]  # words, how many, ids to choose from; best first
    records: Callable[[], Sequence[Record]]
    codebooks: tuple[Codebook, ...]  # the one in force first
    widens: bool  # whether a search is offline and needs the codebooks' words to cross languages
    question: str = ""

    @property
    def cases(self) -> tuple[str, ...]:
        """The cases in the order of the documents."""
        return tuple(dict.fromkeys(d.case for d in self.documents.values() if d.case))

    def named_case(self, name: str) -> str:
        """The case meant by a name, whatever its capitals; "" for none given (UsageError if there is no such case)."""
        found = next((case for case in self.cases if case.casefold() == name.strip().casefold()), "")
        if name.strip() and not found:
            raise UsageError(f"there is no case called {name.strip()!r}", f"cases are: {', '.join(self.cases) or '-'}")
        return found

    def segment_at(self, document: int, place: int) -> int | None:
        """The id of the segment with that number in a document."""
        shelved = self.documents.get(document)
        return shelved.ids[place - 1] if shelved and 0 < place <= len(shelved.ids) else None

    def segment_of(self, record: Record) -> int | None:
        """The id of the segment in which a record's words begin, under the present size of segments."""
        shelved = self.documents.get(record.document)
        at = bisect_right(shelved.starts, record.start) - 1 if shelved else -1
        return shelved.ids[at] if shelved and at >= 0 else None

    def shown_records(self) -> list[Record]:
        """The records of documents that may be shown, in the order of the texts."""
        return [record for record in self.records() if record.document in self.documents]


class Desk:
    """The sources of one conversation. A segment keeps its number; `clear` makes room for the next question's."""

    def __init__(self, library: Library, sources: Iterable[Source] = (), *, most: int = MOST_SOURCES) -> None:
        self.library = library
        self._sources = {source.number: source for source in sources}
        self._numbers = {source.segment: number for number, source in self._sources.items()}
        self._most = most
        self._used: set[int] = set()

    @property
    def sources(self) -> Mapping[int, Source]:
        """All sources of the conversation by their number; grows as more are put on the desk."""
        return MappingProxyType(self._sources)

    def begins(self, source: Source) -> int:
        """The code point of its document at which a source begins."""
        return self.library.segment(source.segment).span.start

    def clear(self) -> None:
        """A new question: as many sources as ever may be put before the model for it. Numbers stay."""
        self._used.clear()

    def put(self, passage: Passage | None) -> Source | None:
        """The passage as a numbered source; None if it may not be shown or the desk is full."""
        if passage is None or passage.held_out or passage.segment.document not in self.library.documents:
            return None
        number = self._numbers.get(passage.segment.id, max(self._sources, default=0) + 1)
        if number not in self._used and len(self._used) >= self._most:
            return None
        self._used.add(number)
        if number not in self._sources:
            segment = passage.segment
            self._numbers[segment.id] = number
            self._sources[number] = Source(
                number,
                segment.id,
                segment.document,
                passage.document_name,
                passage.case,
                segment.number,
                passage.text,
            )
        return self._sources[number]

    def find(self, query: str, limit: int, case: str = "") -> tuple[list[Source], tuple[str, ...]]:
        """The sources that fit a query best, and the codebooks' words it was widened by."""
        library = self.library
        widened, terms = retrieving.widen(query, library.codebooks) if library.widens else (query, ())
        allowed = [key for d in library.documents.values() if not case or d.case == case for key in d.ids]
        found = (self.put(library.passage(key)) for key in library.search(widened, limit, allowed))
        return [source for source in found if source is not None], terms

    def holding(self, record: Record) -> Source | None:
        """The source in which a record's words stand, if there is one that may be shown."""
        key = self.library.segment_of(record)
        source = self.put(self.library.passage(key)) if key is not None else None
        return source if source is not None and record.quote in source.text else None


@contextmanager
def opened(
    project: Project, notify: indexing.Notify, sources: Iterable[Source] = (), *, most: int = MOST_SOURCES
) -> Iterator[Desk]:
    """A desk over a project, with the sources an earlier conversation had. ModelError if the embedder cannot be had."""
    scheme = indexing.segment_all(project)
    using = indexing.embedder(project, notify)
    indexing.embed_new(project, using, scheme, lambda done, total: None)
    documents: dict[int, Shelved] = {}
    everything = 0
    for passage in project.documents.passages(scheme):
        everything += 1
        if not passage.held_out:
            key = passage.segment.document
            shelved = documents.setdefault(key, Shelved(passage.document_name, passage.case))
            shelved.ids.append(passage.segment.id)
            shelved.starts.append(passage.segment.span.start)
    with indexing.retriever(project, using, lambda: project.documents.passages(scheme), notify) as index:

        def search(words: str, limit: int, allowed: Sequence[int]) -> list[int]:
            from vectorstore.errors import VectorstoreError

            some = allowed if len(allowed) < everything else None  # a search without a filter is faster
            try:
                return [hit.id for hit in index.search(words, limit, allowed=some)]
            except VectorstoreError as error:
                raise ModelError(error.message, error.hint, kind="embedder") from error

        library = Library(
            documents,
            project.documents.segment,
            project.documents.passage,
            project.documents.around,
            search,
            project.codings.records,
            _codebooks(project),
            not using.semantic,
            project.settings.question,
        )
        yield Desk(library, sources, most=most)


def _codebooks(project: Project) -> tuple[Codebook, ...]:
    """The codebook in force, then the newest version of each other one that the project holds."""
    first = project.codebooks.in_force(project.settings.codebook)
    newest = {book.id: book for book in project.codebooks.all()}
    return first, *(book for key, book in newest.items() if key != first.id)
