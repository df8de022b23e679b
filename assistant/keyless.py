"""A question in, what can be answered without a language model out: passages, how they are coded, what rules suggest.

Every quote is a sentence of the passage it comes from, so it is proven by its nature. That no language model is
connected, and how to connect one, is always said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistant import lexical, verifying
from assistant.answering import Answering
from assistant.citing import Piece, moved
from assistant.consulting import one_line
from assistant.conversing import speaks
from assistant.exporting.layering import decided, open_suggestion
from assistant.model import Codebook, Document, Prompt, Record, Reply, Segment, Span, Suggestion, SuggestionKind
from assistant.parsing import reply_schema
from assistant.sentences import sentences
from assistant.shelving import Desk
from assistant.speech import Citation, Source, Words
from vectorstore.tokens import tokenize

MOST = 5  # passages
_MOST_CODINGS = 4  # shown of one passage
_WORDS = {
    "zh": {
        "found": "按词句找到的段落，最合适的在前：",
        "nothing": "按这些词句没有找到段落；换几个资料里可能用到的词试试。",
        "widened": "（另按编码本里的词查找：{}）",
        "place": "第 {} 段",
        "decided": "已编码：{}（研究者已决定）",
        "suggested": "已编码：{}（只是模型的建议，尚未决定）",
        "rules": "按规则比对词句，可考虑：{}",
        "unconnected": "没有接入语言模型：以上只是按词句比对的结果，不是对问题的回答。接入的办法："
        "输入 /model 和模型名，如 /model ollama:qwen3（本机，不用密钥）或 /model deepseek:deepseek-chat"
        "（先在环境变量里设好 DEEPSEEK_API_KEY）；也可以在 codart.toml 的 [model] 里写 name。",
    },
    "en": {
        "found": "Passages found by their words, the best first:",
        "nothing": "No passage was found by these words; try others that the documents may use.",
        "widened": "(Also looked for the codebooks' words: {})",
        "place": "place {}",
        "decided": "coded: {} (decided by people)",
        "suggested": "coded: {} (only suggested by a model, not decided)",
        "rules": "by rule, from shared words, one might consider: {}",
        "unconnected": "No language model is connected: this compares words only and does not answer the question. "
        "To connect one, type /model and its name, for example /model ollama:qwen3 (on this machine, no key) or "
        "/model openai:gpt-5-mini (with OPENAI_API_KEY set in the environment), or write its name under [model] in "
        "codart.toml.",
    },
}


async def answer(question: str, desk: Desk, *, most: int = MOST) -> list[Piece]:
    """Passages for a question, each with its most telling sentence cited, how it is coded or what rules suggest."""
    desk.clear()
    language = speaks(question)
    words = _WORDS[language]
    found, terms = desk.find(question, most)
    wanted = frozenset(token for token in tokenize(" ".join((question, *terms))) if len(token) > 1)
    records = desk.library.shown_records() if found else []
    pieces: list[Piece] = [Words(words["found"] if found else words["nothing"])]
    if terms:
        pieces.append(Words(" " + words["widened"].format(", ".join(terms[:12]))))
    for number, source in enumerate(found, start=1):
        quote = moved(verifying.prove(_telling(source.text, wanted), source.text), desk.begins(source))
        where = ", ".join(filter(None, (one_line(source.document_name), one_line(source.case))))
        pieces.append(Words(f"\n\n{where}, {words['place'].format(source.place)}: “{one_line(quote.text, 600)}” "))
        pieces.append(Citation(number, source, quote.text, quote))
        coded = [r for r in records if desk.library.segment_of(r) == source.segment]
        notes = [*_codings(coded, desk, language)] or await _by_rule(source, desk, language)
        pieces += [Words(f"\n  {note}") for note in notes]
    return [*pieces, Words(f"\n\n{words['unconnected']}")]


async def suggestions(document: Document, segment: Segment, book: Codebook | None) -> tuple[Suggestion, ...]:
    """What the keyless baseline suggests for one segment: codes of a codebook, or open codes (None). Proven as any."""
    kind: SuggestionKind = "assignment" if book else "open"
    ids = [code.id for code in book.codes] if book else None
    prompt = Prompt(
        messages=(),
        digest="",
        kind=kind,
        language=document.language,
        template="",
        segments=(segment.number,),
        schema=reply_schema(kind, code_ids=ids, attributes=book.attributes if book else ()),
        texts=(segment.span.of(document.text),),
    )

    async def ask(prompt: Prompt) -> Reply:
        return lexical.answer(prompt, book)

    (outcome,) = await Answering.with_model(ask, book)(prompt, [segment], document)
    return tuple(outcome.suggestions)


def _telling(text: str, wanted: frozenset[str]) -> Span:
    """The sentence that shares most words with what is wanted, the longer of two, without the blanks around it."""

    def weight(span: Span) -> tuple[int, int]:
        return len(wanted.intersection(tokenize(span.of(text)))), span.end - span.start

    best = max(sentences(text), key=weight)
    words = best.of(text)
    return Span(best.start + len(words) - len(words.lstrip()), best.end - (len(words) - len(words.rstrip())))


def _codings(records: Sequence[Record], desk: Desk, language: str) -> Iterator[str]:
    """How a passage is coded: what people decided, apart from what is only suggested."""
    people = [r for r in records if r.coder.kind != "model" and decided(r)]
    for name, found in (("decided", people), ("suggested", [r for r in records if open_suggestion(r)])):
        labels = dict.fromkeys(_label(r.code, r.polarity, desk, language) for r in found)
        if labels:
            yield _WORDS[language][name].format(", ".join([*labels][:_MOST_CODINGS]))


async def _by_rule(source: Source, desk: Desk, language: str) -> list[str]:
    if not desk.library.codebooks:
        return []
    text = source.text
    document = Document(source.document_name, text, "", "txt", language)
    segment = Segment(Span(0, len(text)), number=source.place)
    found = await suggestions(document, segment, desk.library.codebooks[0])
    labels = dict.fromkeys(_label(s.code, s.polarity, desk, language) for s in found)
    return [_WORDS[language]["rules"].format(", ".join(labels))] if labels else []


def _label(name: str, polarity: str | None, desk: Desk, language: str) -> str:
    code = next((code for book in desk.library.codebooks if (code := book.code(name))), None)
    label = f"{code.label(language)} [{code.id}]" if code else one_line(name, 80)
    return f"{label} {polarity}" if polarity else label
