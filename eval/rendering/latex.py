r"""A report dict in, a LaTeX file with booktabs tables out; for XeLaTeX, with ctex where there is Chinese. Pure."""

from __future__ import annotations

import re
import unicodedata

from assistant.exporting.saving import encode
from eval.rendering.blocks import Cell, Report, Table
from eval.rendering.journal import tables
from eval.rendering.saying import Say
from eval.rendering.sections.pasting import paragraph

_SPECIAL = {
    **{char: "\\" + char for char in "{}$&#_%"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "−": "$-$",
    "≥": r"$\geq$",
    "×": r"$\times$",
    "→": r"$\rightarrow$",
    "↓": r"$\downarrow$",
    "κ": r"$\kappa$",
    "α": r"$\alpha$",
    "ε": r"$\varepsilon$",
    "–": "--",
    "…": r"\ldots{}",
}
_ROOM, _FIRST, _COUNT, _GAP = 261, 34, 16, 3  # millimetres of an A4 page set across
_CHINESE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_PACKAGES = r"""\usepackage[a4paper,landscape,margin=18mm]{geometry}
\usepackage{booktabs,longtable,array}
\setlength{\tabcolsep}{4pt}
\setlength{\emergencystretch}{3em}
"""


def dump(report: Report, say: Say) -> bytes:
    """A whole document: the methods paragraph and the tables."""
    body = [rf"\section*{{{escape(say('methods'))}}}", *(escape(one) + "\n" for one in paragraph(report, say))]
    body += [_table(table) for table in tables(report, say)]
    text = "\n".join(body)
    chinese = say.lang == "zh" or _CHINESE.search(text + report["title"])
    return encode(
        f"% {say('report')}: XeLaTeX\n"
        + (_chinese(say.lang) if chinese else _latin())
        + _PACKAGES
        + f"\\title{{{escape(report['title'])}}}\n\\date{{}}\n"
        + f"\\begin{{document}}\n\\maketitle\n{text}\n\\end{{document}}\n"
    )


def escape(text: str) -> str:
    """Text that LaTeX prints as it is."""
    plain = " ".join("".join(c if unicodedata.category(c) != "Cc" else " " for c in text).split())
    made = "".join(_SPECIAL.get(c, c) for c in plain)
    made = re.sub("“([^“”]*)”", r"``\1''", made)
    return "{}" + made if made.startswith(("[", "*")) else made  # after a line's end these would be an option


def _chinese(lang: str) -> str:
    return (
        "\\documentclass[UTF8,zihao=5]{ctexart}\n" if lang == "zh" else "\\documentclass[UTF8,scheme=plain]{ctexart}\n"
    )


def _latin() -> str:
    fonts = "\\usepackage{iftex}\n\\ifPDFTeX\\usepackage[T1]{fontenc}\\fi\n\\usepackage{textcomp}\n"
    return "\\documentclass{article}\n" + fonts


def _table(table: Table) -> str:
    widths = _widths(table)
    columns = "".join(rf">{{\raggedright\arraybackslash}}p{{{wide}mm}}" for wide in widths)
    head = ["\\toprule", " & ".join(escape(head) for head in table.heads) + r" \\", "\\midrule"]
    lines = [
        "\\begingroup\\footnotesize",
        rf"\begin{{longtable}}{{@{{}}{columns}@{{}}}}",
        rf"\caption{{{escape(table.caption)}}}\\",
        *head,
        "\\endfirsthead",
        *head,
        "\\endhead",
        "\\bottomrule\n\\endlastfoot",
        *(" & ".join(_cell(cell) for cell in row) + r" \\" for row in table.rows),
        "\\end{longtable}",
        rf"\noindent {escape(table.note)}\par" if table.note else "",
        "\\endgroup\n",
    ]
    return "\n".join(line for line in lines if line)


def _widths(table: Table) -> list[int]:
    """Millimetres for each column: the first and the counts get what they need, the others share the rest."""
    columns = list(zip(*table.rows, strict=True))
    narrow = [
        n > 0 and all(cell.kind == "num" and not cell.lines for cell in column) for n, column in enumerate(columns)
    ]
    room = _ROOM - _FIRST - _COUNT * sum(narrow) - _GAP * (len(table.heads) - 1)
    rest = min(room // max(len(table.heads) - 1 - sum(narrow), 1), 40)
    return [
        _FIRST if n == 0 else _COUNT if small else rest for n, small in enumerate(narrow or [False] * len(table.heads))
    ]


def _cell(cell: Cell) -> str:
    return r"\newline ".join([escape(cell.text), *(r"{\scriptsize " + escape(line) + "}" for line in cell.lines)])
