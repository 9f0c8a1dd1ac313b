"""The worked changes of CONTRIBUTING.md: each diff applies, and its check passes with it and fails without it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.helpers.patience import PATIENCE_S
from tests.house.checkout import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
CHANGE = re.compile(
    r"^### (?P<title>.+?)\n.+?```diff\n(?P<diff>.+?)```\n+```python\n(?P<check>.+?)```", re.DOTALL | re.MULTILINE
)


class Change(NamedTuple):
    title: str
    diff: str
    check: str


CHANGES = [Change(**found.groupdict()) for found in CHANGE.finditer(TEXT)]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for folder in ("mockexchange", "tests/commands"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def apply(diff: str, folder: Path) -> None:
    for name in re.findall("^--- a/(.+)$", diff, re.MULTILINE):
        if not (folder / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    subprocess.run(["git", "apply", "-"], input=diff, cwd=folder, env=environment, check=True, text=True)


def run_check(check: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-W", "error", "-c", check]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def test_there_are_five_worked_changes() -> None:
    assert len(CHANGES) == 5
    assert TEXT.count("```diff") == 5


@pytest.mark.parametrize("change", CHANGES, ids=[change.title for change in CHANGES])
def test_a_worked_change_does_what_it_says(change: Change, copy: Path) -> None:
    assert run_check(change.check, copy).returncode != 0, "the check passes without the change"
    apply(change.diff, copy)
    done = run_check(change.check, copy)
    assert (done.returncode, done.stderr) == (0, "")
