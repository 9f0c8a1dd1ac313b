"""The pages are followed from top to bottom: files are written, commands and programs run, tests tested.

A page is a folder. A block with a title, and a scenario with its name in its first line, is a file there. `mockexchange
serve` goes on beside what comes after it, on a free port that stands in for 8600. Pages of one folder share their
`conftest.py`, as they say.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

import pytest

from tests.docs.fences import Fence, fences_of, holder_of, kind_of, pages
from tests.helpers.effort import one_in
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.house.serving import clean_environment, served

RUN = {"test", "program", "commands"}
SERVE = re.compile(r"^mockexchange serve\b(?P<options>[^#\n]*)", re.MULTILINE)
NAME_IN_FIRST_LINE = re.compile(r"# ([\w-]+\.\w+)\n")
ADDRESS = "127.0.0.1:8600"
COMPLAINT = re.compile(r"^(?:Traceback|Usage:|mockexchange[a-z ]*:)", re.MULTILINE)
"""Of a command within `eval "$(...)"`, whose exit code the shell does not look at."""
PYTEST = [sys.executable, "-m", "pytest", "-q", "-pno:cacheprovider", "-Werror", "--strict-markers", "-rA"]
BESIDE = [
    f"-pno:{name}" for name in ("asyncio", "respx", "socket", "schemathesis", "hypothesispytest", "faker", "xdist")
]
"""Plugins of ours that the pages do not speak of; importing them takes half the time of a run."""


def free_fences(page: str) -> list[Fence]:
    return [fence for fence in fences_of(page) if holder_of(fence) is None]


def file_name(fence: Fence) -> str | None:
    """The name under which a block is a file."""
    first = NAME_IN_FIRST_LINE.match(fence.text)
    return fence.title or (first[1] if first else None)


def shared_files(page: str) -> Iterator[Fence]:
    """The conftest.py of other pages in the same folder."""
    folder = PurePosixPath(page).parent
    for other in pages():
        if folder.name and other != page and PurePosixPath(other).parent == folder:
            yield from (fence for fence in fences_of(other) if fence.title == "conftest.py")


class Follower:
    """Somebody who does what a page says, in one folder and with one server at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.origin = ADDRESS
        self.environment = clean_environment(folder) | {"MOCKEXCHANGE_READY_FILE": str(folder / "ready.json")}
        self._stack = ExitStack()

    def __enter__(self) -> "Follower":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()

    def follow(self, fence: Fence) -> None:
        name, kind = file_name(fence), kind_of(fence)
        if name is not None:
            (self.folder / name).write_text(fence.text, encoding="utf-8")
        if kind == "commands":
            self._run_commands(fence)
        elif kind == "program":
            self._run([sys.executable, "-c", self._here(fence.text)], fence)

    def test(self) -> str:
        """Run all tests that the page has; return what pytest says."""
        return self._run([*PYTEST, *BESIDE, str(self.folder)], None)

    def _run_commands(self, fence: Fence) -> None:
        serve = SERVE.search(fence.text)
        if serve is not None:
            self._serve(serve["options"].split())
        rest = SERVE.sub("", self._here(fence.text))
        self._run(["bash", "-euo", "pipefail", "-c", rest], fence)

    def _serve(self, options: list[str]) -> None:
        self._stack.close()
        command = (sys.executable, "-m", "mockexchange", "serve", *options)
        ready = self._stack.enter_context(served(self.folder, *command))
        self.origin = ready["control_url"].removesuffix("/_mock").partition("://")[2]

    def _here(self, text: str) -> str:
        return text.replace(ADDRESS, self.origin)

    def _run(self, command: list[str], fence: Fence | None) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        where = fence.place if fence else str(self.folder)
        assert done.returncode == 0, f"{where}\n{done.stdout}\n{done.stderr}"
        assert not COMPLAINT.search(done.stderr), f"{where} complains:\n{done.stderr}"
        return done.stdout


def names_of_tests(fences: list[Fence]) -> set[str]:
    return {name for fence in fences for name in re.findall(r"^(?:async )?def (test_\w+)", fence.text, re.MULTILINE)}


@each_row("page", one_in(3, [page for page in pages() if RUN & {kind_of(fence) for fence in free_fences(page)}]))
def test_what_a_page_says_works(page: str, tmp_path: Path) -> None:
    fences = free_fences(page)
    with Follower(tmp_path) as follower:
        for fence in [*shared_files(page), *fences]:
            follower.follow(fence)
        if expected := names_of_tests([fence for fence in fences if kind_of(fence) == "test"]):
            assert set(re.findall(r"^PASSED \S+::(test_\w+)", follower.test(), re.MULTILINE)) == expected


# --- each rule can fail


def fence(text: str, language: str = "python", title: str = "") -> Fence:
    return Fence("page.md", 1, language, title, "", text)


@each_row(
    "wrong",
    [
        fence("raise SystemExit(3)\n"),
        fence("true\nfalse\ntrue\n", "sh"),
        fence('eval "$(mockexchange env --ready-file none.json)"\n', "sh"),
        fence("mockexchange serve --scenario empty\nmockexchange call nobody GET /x\n", "sh"),
    ],
)
def test_a_block_that_does_not_work_is_reported(wrong: Fence, tmp_path: Path) -> None:
    with Follower(tmp_path) as follower, pytest.raises(AssertionError, match=r"docs/page\.md:1"):
        follower.follow(wrong)


def test_a_test_that_fails_is_reported(tmp_path: Path) -> None:
    with Follower(tmp_path) as follower:
        follower.follow(fence("def test_a() -> None:\n    assert 1 == 2\n", title="test_a.py"))
        with pytest.raises(AssertionError, match="1 failed"):
            follower.test()
