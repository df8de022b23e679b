"""`codart` as a person calls it: arguments in, exit code and what was printed out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assistant.cli import main


@dataclass(frozen=True, slots=True)
class Printed:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Codart = Callable[..., Printed]

INTERVIEW = (
    "访谈者：用户是怎样参与设计的？\n"
    "受访者：老用户自发建群，教新手刷机。工程师在论坛里逐条回复，我们照着改了三稿。\n"
    "访谈者：有没有不满意的地方？\n"
    "受访者：我并不信任平台保管客户记录。留言两千条，官方一条没回。\n"
)
REPORT = (
    "# Open hardware report\n\n"
    "The site hands out the drawings and opened the interface, so anyone can read their own data.\n\n"
    "Sales doubled in the first half of the year.\n"
)


def call(*arguments: object) -> int:
    """Run the command line in this process; its exit code."""
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    assert isinstance(stop.value.code, int)
    return stop.value.code


@pytest.fixture
def codart(capsys: pytest.CaptureFixture[str]) -> Codart:
    def run(*arguments: object) -> Printed:
        capsys.readouterr()
        code = call(*arguments)
        printed = capsys.readouterr()
        return Printed(code, printed.out, printed.err)

    return run


def write(folder: Path) -> Path:
    """The two documents, as files."""
    folder.mkdir()
    (folder / "interview.txt").write_text(INTERVIEW, encoding="gb18030")
    (folder / "report.md").write_text(REPORT, encoding="utf-8")
    return folder


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return write(tmp_path / "docs")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `study` is copied from."""
    top = tmp_path_factory.mktemp("template")
    files, folder = write(top / "docs"), top / "study"
    assert call("init", folder, "--question", "用户怎样参与？", "--coder", "Li") == 0
    assert call("add", files / "interview.txt", "--case", "小米", "--project", folder) == 0
    assert call("add", files / "report.md", "--case", "Openbike", "--project", folder) == 0
    return folder


@pytest.fixture(scope="session")
def coded_template(template: Path) -> Path:
    """What `coded` is copied from."""
    folder = shutil.copytree(template, template.with_name("coded"))
    assert call("suggest", "--project", folder) == 0
    return folder


@pytest.fixture
def study(template: Path, files: Path, tmp_path: Path) -> Path:
    """A project with two documents, not coded yet."""
    return shutil.copytree(template, tmp_path / "study")


@pytest.fixture
def coded(coded_template: Path, files: Path, tmp_path: Path) -> Path:
    """The same project, coded by the keyless baseline."""
    return shutil.copytree(coded_template, tmp_path / "study")
