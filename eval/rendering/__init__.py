"""The dict of an agreement report in, a file's bytes out: HTML, Markdown, CSV, JSON, LaTeX or Word. Pure.

No project, no clock, no network: equal input gives equal bytes. Every figure printed stands in the dict.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

from assistant.errors import UsageError
from assistant.exporting.saving import encode
from eval.rendering.saying import Say
from eval.rendering.words import TABLES

Form = Literal["html", "md", "csv", "json", "tex", "docx"]
FORMS: tuple[Form, ...] = ("html", "md", "csv", "json", "tex", "docx")


def render(report: dict[str, Any], form: Form, lang: Literal["zh", "en"]) -> bytes:
    """One file of the report (schema codart.eval.report/1), in `lang`; json is the same in both (UsageError)."""
    if lang not in TABLES:
        raise UsageError(f"no report in the language {lang!r}", f"use one of: {', '.join(TABLES)}")
    if form not in FORMS:
        raise UsageError(f"no report as {form!r}", f"use one of: {', '.join(FORMS)}")
    if form == "json":
        return encode(json.dumps(report, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    return _writers()[form](report, Say(report, lang))


def _writers() -> Mapping[str, Callable[[dict[str, Any], Say], bytes]]:
    from eval.rendering import document, latex, markdown, page, tidy

    return {
        "html": page.dump,
        "md": markdown.dump,
        "csv": tidy.dump,
        "tex": latex.dump,
        "docx": document.dump,
    }
