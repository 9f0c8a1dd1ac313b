"""Suites of users: files in a directory of their own, run by a pytest of their own, warnings being errors."""

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.helpers.patience import PATIENCE_S

PLUGIN = "mockexchange"
"""As its entry point is called."""
QUIET = ("-q", "-W", "error", "-p", "no:cacheprovider", "--strict-markers", "--color=no")
COUNTED = re.compile(r"(\d+) (passed|failed|error|errors|skipped|xfailed|deselected)\b")


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a run."""

    code: int
    text: str

    @property
    def counts(self) -> dict[str, int]:
        """How many passed, failed and so on, as the last line says."""
        found = COUNTED.findall(self.text.rstrip().rpartition("\n")[2])
        return {word.removesuffix("s") if word == "errors" else word: int(number) for number, word in found}

    @property
    def refusal(self) -> list[str]:
        """The lines of a usage error."""
        assert self.code == pytest.ExitCode.USAGE_ERROR, self.text
        return self.text.partition("ERROR: ")[2].strip().splitlines()

    def section(self, test: str) -> str:
        """What is reported of a failed test."""
        _, found, rest = self.text.partition(f" {test} ___")
        assert found, self.text
        return re.split(r"\n_{3,} \S+ _{3,}\n|\n=+ (?:short test|ERRORS|FAILURES)", rest)[0]


@dataclass(frozen=True, slots=True)
class Suite:
    """A directory with tests. `plugins` are modules: loading all that are installed takes seconds."""

    directory: Path
    plugins: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def file(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def run(self, *words: str, **environment: str) -> Ran:
        """Run pytest with these words, and nothing of the environment that the plugin would read but what is given."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("MOCKEXCHANGE_", "PYTEST_"))}
        given = {**ours, **self.environment, **environment, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        loaded = [word for name in (PLUGIN, *self.plugins) for word in ("-p", name)]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *QUIET, *loaded, *words],
            cwd=self.directory,
            env=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        return Ran(done.returncode, done.stdout + done.stderr)

    def run_text(self, text: str, *words: str, **environment: str) -> Ran:
        """Run one file of tests."""
        self.file("test_it.py", text)
        return self.run(*words, **environment)
