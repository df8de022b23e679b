"""A `Study` in, one self-contained HTML page out: texts with marks and notes, codes, tables. Reads our templates only.

The page asks the network for nothing and runs no code but ours: a content security policy names the style sheet and the
script by their SHA-256. Everything that comes from documents, models or people goes through autoescaping.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from assistant.exporting import counting
from assistant.exporting.labels import labels
from assistant.exporting.layering import Layer, decided, stack
from assistant.exporting.naming import Names
from assistant.exporting.report import listing
from assistant.exporting.report.noting import Note, Notes
from assistant.exporting.report.viewing import view
from assistant.exporting.saving import encode
from assistant.model import Study

if TYPE_CHECKING:
    from jinja2 import Environment


def dump(study: Study, language: str) -> bytes:
    """The page in UTF-8, its interface in `language`; without documents, a page that says what comes next."""
    return encode(render(study, language))


def render(study: Study, language: str) -> str:
    """The page as text. Equal studies give equal pages."""
    from markupsafe import Markup

    style, script = _part("report.css"), _part("report.js")
    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            **_page(study, language),
            # Our own files, not data: they go in as they are, and the policy's hashes hold them to that.
            style=Markup(style),  # noqa: S704
            script=Markup(script),  # noqa: S704
            policy=(
                "default-src 'none'; base-uri 'none'; form-action 'none'; "
                f"style-src '{_digest(style)}'; script-src '{_digest(script)}'"
            ),
        )
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("assistant", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _page(study: Study, language: str) -> dict[str, Any]:
    words = labels(language)
    names = Names(study, words)
    notes = Notes(study, names)
    made: dict[int, list[tuple[Layer, Note]]] = {}
    for layer in stack(study):
        made.setdefault(layer.document, []).append((layer, notes.note(layer)))
    crowds = counting.crowded(study)
    columns = counting.cases(study)
    return {
        "L": words,
        "study": study,
        "names": names,
        "runs": listing.runs(study, names),
        "units": counting.units(study),
        "outcomes": counting.outcomes(study),
        "coder_counts": Counter(r.coder.kind for r in study.records if r.coder.kind == "gold" or decided(r)),
        "blocks": listing.block_views(study, names, notes),
        "documents": [
            view(d, study.segments.get(d.id, ()), made.get(d.id, ()), notes, crowds) for d in study.documents
        ],
        "languages": {d.id: tag(d.language) for d in study.documents},
        "places": {case: n for n, case in enumerate(columns)},
        "cases": [names.case(c) for c in columns],
        "codes": listing.groups(study, [pair for pairs in made.values() for pair in pairs], names, notes),
        "unknown": listing.UNKNOWN,
        "coders": [(n, coder.kind, names.coder(coder)) for coder, n in notes.coders.items()],
        "changes": listing.changes,
        "discards": listing.discards(study),
    }


def tag(language: str) -> str:
    """The `lang` attribute of a text: decides fonts and line breaking; mixed texts are set as Chinese."""
    return "en" if language == "en" else "zh-Hans"


def _part(name: str) -> str:
    return (resources.files("assistant") / "templates" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
