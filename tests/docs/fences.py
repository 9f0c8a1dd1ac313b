"""The fenced blocks of the documentation, and what holds each of them to the truth.

Every block is of one of KINDS, by its language, its title and its text, unless its page has a test module of its own
for blocks of that language (HELD). A block that is neither is an error (test_fences.py).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from tests.house.checkout import ROOT

DOCS = ROOT / "docs"
OPENING = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<language>[\w+-]*)(?: title=\"(?P<title>[^\"]*)\")?\s*$")


class Fence(NamedTuple):
    page: str
    """Its path below docs/."""
    line: int
    language: str
    title: str
    heading: str
    text: str

    @property
    def place(self) -> str:
        return f"docs/{self.page}:{self.line}"


def pages() -> list[str]:
    """Every page, as a path below docs/."""
    return sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def fences_of(page: str) -> list[Fence]:
    return list(read_fences(page, (DOCS / page).read_text(encoding="utf-8")))


def read_fences(page: str, text: str) -> Iterator[Fence]:
    """Yield the blocks of a page. Raises ValueError where one begins in a way that is not known, or has no end."""
    heading, lines = "", enumerate(text.splitlines(), start=1)
    for number, line in lines:
        if line.startswith("#"):
            heading = line.lstrip("#").strip()
        if "```" not in line:
            continue
        opening = OPENING.match(line)
        if opening is None:
            if line.strip().startswith("```"):
                raise ValueError(f"docs/{page}:{number}: no beginning of a block: {line.strip()}")
            continue
        body = list(_until(opening["ticks"], lines, f"docs/{page}:{number}: a block without an end"))
        shown = "".join(f"{each.removeprefix(opening['indent'])}\n" for each in body)
        yield Fence(page, number, opening["language"], opening["title"] or "", heading, shown)


def _until(ticks: str, lines: Iterator[tuple[int, str]], problem: str) -> Iterator[str]:
    for _, line in lines:
        if line.strip() == ticks:
            return
        yield line
    raise ValueError(problem)


def _is_scenario(fence: Fence) -> bool:
    return fence.language == "yaml" and re.search(r"^scenario:", fence.text, re.MULTILINE) is not None


KINDS: Mapping[str, Callable[[Fence], bool]] = {
    "test": lambda fence: fence.language == "python" and fence.title.endswith(".py"),
    "program": lambda fence: fence.language == "python" and not fence.title,
    "scenario": _is_scenario,
    "commands": lambda fence: fence.language == "sh",
    "elsewhere": lambda fence: fence.language == "bash",
    "json": lambda fence: fence.language == "json",
    "toml": lambda fence: fence.language == "toml",
    "output": lambda fence: fence.language == "text",
}
"""What a block is, and how that is known.

    test        a file of a test suite, named by its title: pytest runs all of a page together (test_snippets.py)
    program     is run, beside the server that the page started last
    scenario    is opened, and written beside the others under its title, or under the name in its first line
    commands    are run in their order; one that serves goes on until the next such one
    elsewhere   commands that need a network, an engine or somebody else's program: their options exist
    json, toml  can be read
    output      is only shown
"""

HELD: Mapping[tuple[str, str], str] = {
    ("adapters.md", "go"): "tests/kit/client/test_adapter_examples.py",
    ("adapters.md", "python"): "tests/kit/client/test_adapter_examples.py",
    ("adapters.md", "sh"): "tests/kit/client/test_adapter_examples.py",
    ("adapters.md", "typescript"): "tests/kit/client/test_adapter_examples.py",
    ("clients.md", "python"): "tests/clients/recipes.py",
    ("clients.md", "sh"): "tests/clients/test_recipes.py",
    ("deribit.md", ""): "tests/docs/test_deribit_page.py",
    ("deribit.md", "python"): "tests/clients/test_deribit_programs.py",
    ("deribit.md", "sh"): "tests/docs/test_deribit_page.py",
    ("docker.md", "yaml"): "tests/docs/test_docker_page.py",
    ("faults.md", "yaml"): "tests/docs/test_faults_page.py",
    ("languages.md", "go"): "tests/docs/test_languages_page.py",
    ("languages.md", "js"): "tests/docs/test_languages_page.py",
    ("languages.md", "json"): "tests/docs/test_languages_page.py",
    ("languages.md", "shell"): "tests/docs/test_languages_page.py",
    ("recording.md", "yaml"): "tests/docs/test_recording_page.py",
    ("recipes.md", "py"): "tests/docs/test_written_pages.py",
    ("recipes.md", "typescript"): "tests/docs/test_written_pages.py",
    ("scenarios.md", "yaml"): "tests/docs/test_scenarios_page.py",
    ("signalplus.md", ""): "tests/docs/test_signalplus_page.py",
    ("signalplus.md", "python"): "tests/docs/test_signalplus_page.py",
    ("signalplus.md", "sh"): "tests/docs/test_signalplus_page.py",
    ("signalplus.md", "yaml"): "tests/docs/test_signalplus_page.py",
    ("stream.md", ""): "tests/docs/test_stream_page.py",
    ("team.md", "yaml"): "tests/docs/test_team_page.py",
    ("verify-client.md", "yaml"): "tests/docs/test_verify_client_page.py",
    ("verify-server.md", "sh"): "tests/docs/test_verify_server_page.py",
}
"""Blocks of a page in a language that a module of their own holds to the truth, which is named."""


def holder_of(fence: Fence) -> str | None:
    """The module that holds this block by itself, if one does."""
    return HELD.get((fence.page, fence.language))


def kind_of(fence: Fence) -> str | None:
    """What a block is; None if it cannot be told."""
    return next((kind for kind, is_one in KINDS.items() if is_one(fence)), None)
