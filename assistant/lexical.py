"""`lexical`: the keyless baseline, not a language model. A prompt in, a reply in the models' own format out. Pure.

Assignments: a clause is given the code whose names, cues and definition share most weight with it (inverse document
frequency over the book's codes, Spärck Jones 1972). Open codes: the words of the text themselves, the stretches between
function words, longest first. It shows what mere word overlap reaches, and rehearses a run at no cost.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.model import Code, Codebook, Prompt, Reply
from assistant.parsing import asks_both
from assistant.sentences import sentences
from vectorstore.tokens import tokenize

NAME = "lexical"
_ENOUGH = 0.34  # share of a clause's best possible weight at which a code is suggested; see docs/lexical.md
_CUE = 3.0  # a cue counts as much as this many words of a definition
_MOST_CODES = 3  # suggestions for one segment
_LONGEST_ZH = 12  # characters of an open label
_LONGEST_EN = 4  # words of an open label
_NEGATION = re.compile(
    r"不|没|未|无|拒|从不|并非|关闭|隐瞒|\b(?:not|no|never|hardly|without|refus\w+|hid\w*)\b|n't", re.I
)
_PROMISE = re.compile(r"将(?:要|会)?|计划|打算|明年|即将|\b(?:will|plans? to|going to|next year)\b", re.I)
_STOP_ZH = "的了是在和与及或也都就而但被把对为从到将会能可以要有着过这那其他她它们我你您很更最还又之于以所由等呢吧吗啊"
_STOP_EN = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "or",
        "but",
        "of",
        "to",
        "in",
        "on",
        "at",
        "by",
        "for",
        "with",
        "from",
        "as",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "i",
        "we",
        "you",
        "he",
        "she",
        "they",
        "them",
        "their",
        "our",
        "your",
        "his",
        "her",
        "not",
        "no",
        "so",
        "if",
        "then",
        "than",
        "into",
        "about",
        "over",
        "after",
        "before",
        "which",
        "who",
        "what",
        "when",
        "where",
        "how",
        "there",
        "here",
        "have",
        "has",
        "had",
        "do",
        "does",
        "did",
        "will",
        "would",
        "can",
        "could",
        "should",
        "may",
        "might",
        "must",
        "just",
        "also",
    ]
)
_CJK = re.compile(r"[\u3400-\u9fff]")
_RUN_ZH = re.compile(rf"[^\W\d_{_STOP_ZH}a-zA-Z]+")
_RUN_EN = re.compile(r"[A-Za-z][A-Za-z'-]+(?: [A-Za-z][A-Za-z'-]+)*")


@dataclass(frozen=True, slots=True)
class _Profile:
    code: Code
    family: str
    weights: dict[str, float]


def answer(prompt: Prompt, codebook: Codebook | None) -> Reply:
    """The baseline's reply to one prompt: deterministic, from the words of its segments alone."""
    profiles = _profiles(codebook) if codebook else ()
    both = asks_both(prompt.schema)
    segments = []
    for number, text in zip(prompt.segments, prompt.texts, strict=True):
        codes = _assign(text, profiles) if codebook else _open(text)
        if both:
            codes = [*map(_labelled, _open(text)), *codes]
        why = "" if codes else "no clause shares enough words with a code" if codebook else "no stretch is long enough"
        segments.append({"segment": number, "none": not codes, "why": why, "codes": codes})
    return Reply(json.dumps({"segments": segments}, ensure_ascii=False), NAME)


@lru_cache(maxsize=4)
def _profiles(book: Codebook) -> tuple[_Profile, ...]:
    bags = [(code, _bag(code)) for code in book.codes]
    families = {code.id: ".".join(code.id.split(".")[:2]) for code in book.codes}
    count = len(set(families.values()))
    seen: dict[str, set[str]] = {}
    for code, bag in bags:
        for token in bag:
            seen.setdefault(token, set()).add(families[code.id])
    return tuple(
        _Profile(
            code,
            families[code.id],
            {token: weight * math.log((count + 1) / len(seen[token])) for token, weight in bag.items()},
        )
        for code, bag in bags
    )


def _bag(code: Code) -> dict[str, float]:
    bag: dict[str, float] = {}
    examples = [words for example in code.examples for words in (example.zh, example.en)]
    plain = [code.definition, code.definition_zh, *code.include, *examples]
    telling = [code.zh, code.en, *code.aliases, *code.cues_zh, *code.cues_en]
    for weight, texts in ((1.0, plain), (_CUE, telling)):
        for text in texts:
            for token in _telling(text):
                bag[token] = max(weight, bag.get(token, 0.0))
    return bag


def _telling(text: str) -> list[str]:
    """Tokens that carry meaning: CJK bigrams (single characters say too little) and Latin words that are not glue."""
    return [t for t in tokenize(text) if (len(t) > 1 and t not in _STOP_EN and not t.isdigit())]


def _assign(text: str, profiles: Sequence[_Profile]) -> list[dict[str, object]]:
    best: dict[str, tuple[float, _Profile, str, list[str]]] = {}
    for clause in _clauses(text):
        tokens = set(_telling(clause))
        if not tokens:
            continue
        for profile in profiles:
            shared = {t: profile.weights[t] for t in tokens if t in profile.weights}
            score = sum(shared.values()) / (_CUE * math.sqrt(len(tokens)) * math.log(2) * 2)
            if len(shared) > 1 and score >= _ENOUGH and score > best.get(profile.family, (0.0,))[0]:
                telling = sorted(shared, key=lambda t: (-shared[t], t))[:4]
                best[profile.family] = (score, profile, clause, telling)
    ranked = sorted(best.values(), key=lambda found: (-found[0], found[1].code.id))[:_MOST_CODES]
    return [_item(profile.code.id, clause, score, shared) for score, profile, clause, shared in ranked]


def _open(text: str) -> list[dict[str, object]]:
    found: dict[str, tuple[float, str]] = {}
    for clause in _clauses(text):
        for phrase in _phrases(clause):
            weight = float(len(phrase)) if _CJK.search(phrase) else 3.0 * len(phrase.split())
            if phrase not in found:
                found[phrase] = (weight + text.count(phrase), clause)
    ranked = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
    chosen: dict[str, str] = {}
    for phrase, (_, clause) in ranked:
        if clause not in chosen.values():
            chosen[phrase] = clause
    items = list(chosen.items())[:_MOST_CODES]
    return [_item(phrase, clause, None, [phrase]) for phrase, clause in items]


def _labelled(item: dict[str, object]) -> dict[str, object]:
    """An open code as it is named in a reply with codes of both kinds."""
    return {"label" if name == "code" else name: value for name, value in item.items()}


def _phrases(clause: str) -> list[str]:
    chinese = [run for run in _RUN_ZH.findall(clause) if 4 <= len(run) <= _LONGEST_ZH]
    if chinese or _CJK.search(clause):
        return chinese
    phrases: list[str] = []
    for run in _RUN_EN.findall(clause):
        words: list[str] = []
        for word in [*run.split(" "), "the"]:
            if word.lower() in _STOP_EN:
                if len(words) > 1:
                    phrases.append(" ".join(words[:_LONGEST_EN]).lower())
                words = []
            else:
                words.append(word)
    return phrases


def _clauses(text: str) -> list[str]:
    return [words for span in sentences(text) if len(words := span.of(text).strip()) > 3]


def _item(code: str, quote: str, score: float | None, shared: list[str]) -> dict[str, object]:
    polarity = "-" if _NEGATION.search(quote) else "+"
    modality = "promised" if _PROMISE.search(quote) else "practised"
    return {
        "code": code,
        "quote": quote,
        "polarity": polarity if score is not None else None,
        "modality": modality if score is not None else None,
        "voice": None,
        "rationale": f"lexical baseline: shared words {', '.join(shared)}",
        "confidence": None if score is None else round(min(score, 1.0), 2),
    }
