"""A report dict in, one self-contained HTML page out. Reads our templates only.

The page asks the network for nothing and runs no code but ours: a content security policy names the style sheet and the
script by their SHA-256. Everything that comes from documents, models or people goes through autoescaping.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from assistant.exporting.saving import encode
from eval.rendering.blocks import Figure, Report
from eval.rendering.saying import Say
from eval.rendering.sections import sections

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def dump(report: Report, say: Say) -> bytes:
    """The page in UTF-8."""
    from markupsafe import Markup

    style, script = _part("page.css"), _part("page.js")
    made = (
        _environment()
        .get_template("page.html.jinja")
        .render(
            report=report,
            say=say,
            sections=sections(report, say),
            drawn=_drawn,
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            policy=(
                "default-src 'none'; base-uri 'none'; form-action 'none'; "
                f"style-src '{_digest(style)}'; script-src '{_digest(script)}'"
            ),
        )
    )
    return encode(made)


def _drawn(figure: Figure) -> Markup:
    from markupsafe import Markup

    # Written by an XML serialiser, which escapes every label; it holds no scripts and no links.
    return Markup(figure.draw())  # noqa: S704


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("eval.rendering", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind"] = lambda block: type(block).__name__
    return environment


def _part(name: str) -> str:
    return (resources.files("eval.rendering") / "templates" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
