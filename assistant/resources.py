"""The files codart ships with (prompts/ and corpus/): found in the wheel and in a checkout alike."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

_PACKAGED = Path(__file__).parent / "_data"
_ROOT = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parents[1]

CASES = _ROOT / "corpus" / "cases"
CODEBOOKS = _ROOT / "corpus" / "codebooks"
GOLD = _ROOT / "corpus" / "gold"
PROMPTS = _ROOT / "prompts"


@lru_cache(maxsize=32)
def prompt_template(name: str) -> str:
    """The source of one prompt template."""
    return (PROMPTS / name).read_text(encoding="utf-8")


def codebook_names() -> list[str]:
    """Ids of the shipped codebooks."""
    return sorted(path.stem for path in CODEBOOKS.glob("*.yaml"))


def codebook_text(name: str) -> str:
    """The YAML of one shipped codebook."""
    return (CODEBOOKS / f"{name}.yaml").read_text(encoding="utf-8")
