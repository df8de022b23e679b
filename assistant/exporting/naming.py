"""A study's codes, coders and models in, the names a reader sees out, in one language. Pure."""

from __future__ import annotations

from assistant.exporting.labels import Labels
from assistant.exporting.layering import CodeKey, code_key
from assistant.model import Code, Codebook, Coder, Record, RunRecord, Study


class Names:
    """What the codes, codebooks, cases and coders of one study are called in one language."""

    def __init__(self, study: Study, labels: Labels) -> None:
        self.labels = labels
        self.language = labels.language
        self.books: dict[str, Codebook] = {b.id: b for b in study.codebooks}  # of several versions the last
        self._said: dict[CodeKey, Record] = {}
        for record in study.records:
            self._said.setdefault(code_key(record), record)

    def row(self, key: CodeKey) -> Code | None:
        """The codebook's row for a code, if the study has it."""
        book = self.books.get(key[1])
        return book.code(key[2]) if book else None

    def both(self, key: CodeKey) -> tuple[str, str]:
        """The Chinese and the English name, as far as the records or the codebook know them."""
        row, said = self.row(key), self._said.get(key)
        zh = (said.code_zh if said else "") or (row.zh if row else "")
        en = (said.code_en if said else "") or (row.en if row else "")
        return zh, en

    def code(self, key: CodeKey) -> str:
        """The name in the language of the labels, else in the other, else the id or the open label itself."""
        zh, en = self.both(key)
        first, second = (zh, en) if self.language == "zh" else (en, zh)
        return first or second or key[2]

    def other(self, key: CodeKey) -> str:
        """The name in the other language, where there is one and it says something else."""
        zh, en = self.both(key)
        other = en if self.language == "zh" else zh
        return "" if other == self.code(key) else other

    def book(self, book_id: str) -> str:
        """A codebook's name, else its id."""
        book = self.books.get(book_id)
        if book is None:
            return book_id or self.labels["codebook"]
        first, second = (book.zh, book.en) if self.language == "zh" else (book.en, book.zh)
        return first or second or book.id

    def case(self, case: str) -> str:
        """A case's name; documents without one share a label."""
        return case or self.labels["no_case"]

    def model(self, name: str) -> str:
        """A model's honest name: the keyless baseline is not passed off as a language model."""
        return self.labels["lexical"] if name == "lexical" else name

    def run(self, run: RunRecord) -> str:
        """What a run did: open coding or a codebook, which repeat of it, or a check of which run."""
        if run.parent is not None:
            return self.labels["check_of"].format(run.parent)
        kind = self.labels.of("kind", run.kind)
        return self.labels["repeat_of"].format(kind, run.repeat) if run.repeat > 1 else kind

    def coder(self, coder: Coder) -> str:
        """A coder's name; a model's is the honest one."""
        return self.model(coder.name) if coder.kind == "model" else coder.name
