"""The docs say what is true: links lead somewhere, the command reference is what --help prints, settings are complete.

`python tests/test_docs.py` writes docs/cli.md anew.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("corpus/**/*.md"), *ROOT.glob("prompts/*.md")]
)
REFERENCE = ROOT / "docs" / "cli.md"


def reference() -> str:
    """The command reference: the help of every command, at a fixed width."""
    import typer
    from typer.testing import CliRunner

    from assistant.cli.app import app

    runner = CliRunner(env={"COLUMNS": "100", "TERMINAL_WIDTH": "100", "CODART_PROJECT": ""})

    def described(words: list[str]) -> str:
        shown = runner.invoke(app, [*words, "--help"], prog_name="codart")
        assert shown.exit_code == 0, shown.output
        return f"## {' '.join(['codart', *words])}\n\n```\n{shown.output.strip()}\n```\n"

    parts = [described([])]
    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        parts.append(described([name]))
        parts += [described([name, inner]) for inner in getattr(command, "commands", {})]
    return "# Command reference\n\nWhat `--help` prints for each command.\n\n" + "\n".join(parts)


def test_the_command_reference_is_what_help_prints() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == reference(), "write it anew: python tests/test_docs.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_in_the_docs_exist(page: Path) -> None:
    known = set(re.findall(r"^## codart (\w[\w-]*)", REFERENCE.read_text(encoding="utf-8"), flags=re.M))
    text = page.read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"^```\n(.*?)^```", text, flags=re.S | re.M))
    lines = re.findall(r"`(codart [^`\n]+)`", text) + re.findall(r"^(codart .+)$", blocks, flags=re.M)
    shown = {line.split()[1] for line in lines}
    assert {word for word in shown if re.fullmatch(r"[a-z][a-z-]*", word)} <= known


def test_the_settings_page_names_every_key_with_its_default() -> None:
    from assistant.settings import Settings, write

    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    data = tomllib.loads(write(Settings()))
    for key, value in data.items():
        for name, default in value.items() if isinstance(value, dict) else [("", value)]:
            path = f"{key}.{name}" if name else key
            assert f"| `{path}` |" in page
            if default and key not in ("coder", "language"):
                assert re.search(rf"^\| `{re.escape(path)}` \| `?{re.escape(str(default))}`? \|", page, re.M), path


def test_the_prompts_readme_names_every_template() -> None:
    page = (ROOT / "prompts" / "README.md").read_text(encoding="utf-8")
    for path in (ROOT / "prompts").glob("*.jinja"):
        stem = path.name.rsplit(".", 2)[0]
        assert f"| `{stem}.*` |" in page


def test_the_readmes_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.M))
    named = set(re.findall(r"\bmake ([a-z]+)\b", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert {"demo", "test"} <= named & targets


def test_the_architecture_page_names_every_folder() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for folder in ("assistant", "prompts", "vectorstore", "eval", "corpus", "bench", "tests", "docs"):
        assert (ROOT / folder).is_dir()
        assert f"\n{folder}/" in page


if __name__ == "__main__":
    REFERENCE.write_text(reference(), encoding="utf-8", newline="\n")
