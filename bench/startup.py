"""How long `codart --help` takes beside an empty Python (aim: under 10 times), and what it imports."""

from __future__ import annotations

import subprocess
import sys
import time

_ROUNDS = 15
_HEAVY = ("openai", "langchain_core", "chromadb", "numpy", "pydantic")


def run() -> list[str]:
    """Markdown lines: medians of wall time in one run, taken in turns so that a busy machine weighs on both."""
    bare, shown = [], []
    for _ in range(_ROUNDS):
        bare.append(_time(["-c", "pass"]))
        shown.append(_time(["-m", "assistant", "--help"]))
    script = (
        "import sys\nfrom assistant.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([n for n in {_HEAVY!r} if n in sys.modules], file=sys.stderr)"
    )
    heavy = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stderr.strip()
    ratio = _median(shown) / _median(bare)
    return [
        "| what | median |",
        "|---|---|",
        f"| `python -c pass` | {1000 * _median(bare):.0f} ms |",
        f"| `codart --help` | {1000 * _median(shown):.0f} ms |",
        f"| ratio (aim: under 10) | {ratio:.1f} |",
        f"| heavy libraries imported by `--help` | {heavy} |",
    ]


def _time(arguments: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
    return time.perf_counter() - start


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
