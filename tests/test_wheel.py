"""The wheel holds the packages and just the data files that git knows."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    (path,) = out.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_data_files_in_the_wheel_are_those_git_tracks(wheel: list[str]) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "prompts", "corpus"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout: nothing to compare the wheel with")
    shipped = {name.removeprefix("assistant/_data/") for name in wheel if name.startswith("assistant/_data/")}
    assert shipped == set(listed.stdout.split())


def test_every_package_is_in_the_wheel_and_nothing_else(wheel: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    packages = {"assistant", "vectorstore", "eval"}
    assert packages < tops
    assert all(top.startswith("codart-") for top in tops - packages)
