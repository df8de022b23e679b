"""The house stands as ARCHITECTURE.md draws it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(
    path for folder in ("assistant", "vectorstore", "eval", "tests", "bench") for path in (ROOT / folder).rglob("*.py")
)
HEAVY = (
    "openai",
    "langchain",
    "langchain_core",
    "langchain_openai",
    "chromadb",
    "numpy",
    "pydantic",
    "jinja2",
    "httpx2",
)


def test_help_imports_no_heavy_library() -> None:
    script = (
        "import sys\n"
        "from assistant.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as stop:\n    assert stop.code == 0\n"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "suggest" in done.stdout


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_eval_the_builtin_is_never_shadowed(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert all(name.name.split(".")[0] != "eval" for name in node.names), f"{path}: import eval"


def test_the_data_folders_hold_no_code() -> None:
    assert not [*(ROOT / "prompts").rglob("*.py"), *(ROOT / "corpus").rglob("*.py")]
