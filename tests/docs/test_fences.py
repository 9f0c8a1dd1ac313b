"""No block of the documentation goes unread: each is run, opened, read, or said to be shown alone."""

import json
import re
import shlex
import tomllib
from collections.abc import Iterator

import click
import pytest

from mockexchange.cli import main
from mockexchange.scenario.loader import load_text
from tests.docs.fences import HELD, Fence, fences_of, holder_of, kind_of, pages, read_fences
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT

CALL = re.compile(r"^(?:eval \"\$\()?(?:[A-Z_]+=\S+ +)*mockexchange +(.*?)(?:\)\")?$")
"""Our command at the beginning of a line, with variables before it or within `eval "$(...)"`."""
ALL = [fence for page in pages() for fence in fences_of(page)]
FREE = [fence for fence in ALL if holder_of(fence) is None]


def of_kind(kind: str) -> list[Fence]:
    return [fence for fence in FREE if kind_of(fence) == kind]


def place(value: object) -> str | None:
    return value.place if isinstance(value, Fence) else None


def test_every_block_is_of_some_kind() -> None:
    unknown = [fence.place for fence in FREE if kind_of(fence) is None]
    assert unknown == [], "say what they are: tests/docs/fences.py"


@each_row("held", sorted(HELD), ids=" ".join)
def test_what_is_said_to_be_held_is_there_and_is_read_there(held: tuple[str, str]) -> None:
    page, language = held
    assert any((fence.page, fence.language) == held for fence in ALL), f"{page} has no {language or 'bare'} block"
    assert page in (ROOT / HELD[held]).read_text(encoding="utf-8")


READERS = {"json": json.loads, "toml": tomllib.loads}


@each_row("fence", [fence for kind in READERS for fence in of_kind(kind)], ids=place)
def test_data_can_be_read(fence: Fence) -> None:
    READERS[fence.language](fence.text)


@each_row("fence", of_kind("scenario"), ids=place)
def test_scenarios_can_be_read(fence: Fence) -> None:
    load_text(fence.text, fence.place)


def option_problems(line: str) -> list[str]:
    """Return the words of a command line that its command does not know."""
    called = CALL.search(line)
    if called is None:
        return []
    words = shlex.split(called[1], comments=True)
    own = words[: words.index("--")] if "--" in words else words
    command: click.Command = main
    while isinstance(command, click.Group) and own and not own[0].startswith("-"):
        name = own.pop(0)
        found = command.get_command(click.Context(command), name)
        if found is None:
            return [f"no command {name!r}"]
        command = found
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    return [f"no option {word!r}" for word in own if re.match(r"--\w", word) and word.split("=")[0] not in known]


def commands(text: str) -> Iterator[str]:
    """The commands of a block, of which one may go on over several lines."""
    held = ""
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        held += line
        try:
            shlex.split(held, comments=True)
        except ValueError:
            held += "\n"
        else:
            yield held
            held = ""
    assert not held, f"a quotation without an end: {held}"


@each_row("fence", [*of_kind("elsewhere"), *of_kind("commands")], ids=place)
def test_commands_and_options_exist(fence: Fence) -> None:
    assert [problem for line in commands(fence.text) for problem in option_problems(line)] == []


# --- each rule can fail


@each_row(
    ("line", "problems"),
    [
        ("mockexchange serve --scenario demo --port 0   # here", []),
        ("mockexchange scenario check FILE", []),
        ("docker run -p 1:1 mockexchange serve-me", []),
        ('eval "$(mockexchange env --client pykalshi)"', []),
        ('eval "$(mockexchange env --cleint pykalshi)"', ["no option '--cleint'"]),
        ("mockexchange verify client --cards R21 -- node --inspect a.js", []),
        ("mockexchange sreve", ["no command 'sreve'"]),
        ("mockexchange serve --scenary demo", ["no option '--scenary'"]),
        ("A=1 mockexchange fault prseet x", ["no command 'prseet'"]),
    ],
)
def test_a_wrong_word_of_a_command_is_reported(line: str, problems: list[str]) -> None:
    assert option_problems(line) == problems


def test_commands_over_several_lines_are_one() -> None:
    assert list(commands("a \\\n  b\npython -c '\nx\n'\nc # it's\n")) == ["a b", "python -c '\nx\n'", "c # it's"]
    with pytest.raises(AssertionError, match="without an end"):
        list(commands("echo 'a\nb\n"))


def test_a_block_of_no_kind_is_known() -> None:
    text = '# A\n## B\n```ruby\nputs 1\n```\n  ```json\n  {}\n  ```\n```python title="test_a.py"\nx\n```\n'
    ruby, read, test = read_fences("page.md", text)
    assert (ruby.place, ruby.heading, kind_of(ruby)) == ("docs/page.md:3", "B", None)
    assert (read.text, kind_of(read)) == ("{}\n", "json")
    assert (test.title, kind_of(test)) == ("test_a.py", "test")


@each_row("text", ["```json\n{}\n", '```python hl_lines="1"\nx\n```\n'])
def test_a_block_that_cannot_be_told_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"docs/page\.md:1: "):
        list(read_fences("page.md", text))
