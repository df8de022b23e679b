"""What one turn of a conversation shows in, the same as JSON values for machines out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assistant.showing import Finished, Item, Told, Using

if TYPE_CHECKING:
    from assistant.citing import Answer, Piece
    from assistant.showing import Shown
    from assistant.speech import Citation


@dataclass(slots=True)
class Record:
    """Gathers what one turn shows."""

    chat: int
    pieces: list[Piece] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, str]] = field(default_factory=list)
    tools: list[dict[str, Any]] = field(default_factory=list)
    finished: Finished | None = None

    def take(self, event: Piece | Shown) -> None:
        """Keep what comes next."""
        if isinstance(event, Told):
            self.notes.append({"kind": event.kind, "text": event.text})
        elif isinstance(event, Item):
            item = {"number": event.number, "head": event.head, "body": event.body, "value": dict(event.value)}
            self.items.append(item)
        elif isinstance(event, Using):
            self.tools.append({"name": event.name, "arguments": event.arguments, "again": event.again})
        elif isinstance(event, Finished):
            self.finished = event
        else:
            self.pieces.append(event)

    def as_dict(self, *, whole: bool) -> dict[str, Any]:
        """The turn; `docs/json.md` names the fields."""
        from assistant.citing import gather

        answer, end = gather(self.pieces), self.finished
        return {
            "chat": self.chat,
            "whole": whole,
            "answer": [_marked(pieces) for pieces in answer.paragraphs],
            "citations": [_citation(citation) for citation in answer.citations],
            "unsupported": list(_unsupported(answer)),
            "items": self.items,
            "notes": self.notes,
            "tools": self.tools,
            "tokens": {"input": end.input_tokens if end else None, "output": end.output_tokens if end else None},
            "cost": end.cost if end else None,
        }


def _marked(pieces: tuple[Piece, ...]) -> str:
    return "".join(map(_text, pieces)).strip()


def _text(piece: Piece) -> str:
    from assistant.speech import Citation, Words

    if isinstance(piece, Words):
        return piece.text
    return f"[{piece.number}]" if isinstance(piece, Citation) else "[?]"


def _unsupported(answer: Answer) -> Iterator[str]:
    """The statements that the model marked as unsupported: the sentence before each such mark."""
    from assistant.citing import Unsupported
    from assistant.sentences import sentences
    from assistant.speech import Words

    for pieces in answer.paragraphs:
        said = ""
        for piece in pieces:
            if isinstance(piece, Words):
                said += piece.text
            elif isinstance(piece, Unsupported):
                found = [words for span in sentences(said) if (words := span.of(said).strip())]
                yield found[-1] if found else ""


def _citation(citation: Citation) -> dict[str, Any]:
    source, quote = citation.source, citation.quote
    return {
        "n": citation.number,
        "document": source.document if source else None,
        "document_name": source.document_name if source else None,
        "case": source.case if source else None,
        "place": source.place if source else None,
        "start": quote.span.start if quote else None,
        "end": quote.span.end if quote else None,
        "quote": quote.text if quote else citation.words,
        "status": quote.status if quote else "failed",
        "why": citation.why,
        "flags": list(quote.flags) if quote else [],
    }
