"""Pages of `--help` in 80 and 120 columns: nothing is cut, broken or too wide."""

import io
import re
from contextlib import redirect_stdout

import pytest
from click.testing import CliRunner

from mockexchange.cli import main
from mockexchange.cli.commands import COMMANDS, SECTIONS
from tests.cli.test_click_base import commands
from tests.helpers.rows import each_row

PAGES = ["", *COMMANDS, *(words for words, _ in commands() if " " in words)]
CUT = re.compile(r"[^.\])]\.\.\.$")
"""A cut sentence; `[ARGS]...` and `STEP...` of a usage are whole."""


def page(words: str, columns: int) -> str:
    """Return a page as a terminal shows it; a runner of click would have 80 columns always."""
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        patch.setenv("COLUMNS", str(columns))
        with pytest.raises(SystemExit):
            main.main([*words.split(), "--help"], prog_name="mockexchange")
    return printed.getvalue()


@each_row("words", PAGES)
def test_a_page_fits_and_says_the_same_in_any_width(words: str) -> None:
    narrow, wide = page(words, 80), page(words, 120)
    for columns, text in ((80, narrow), (120, wide)):
        assert [line for line in text.splitlines() if len(line) > columns] == []
        assert [line for line in text.splitlines() if CUT.search(line) and "Usage" not in line] == []
    assert narrow.split() == wide.split(), "no word is broken"


def test_a_wide_terminal_is_used() -> None:
    assert max(map(len, page("serve", 120).splitlines())) > 100
    assert len(page("serve", 120).splitlines()) < len(page("serve", 80).splitlines())


def test_the_commands_are_listed_by_what_they_are_for() -> None:
    """Sections have one column of names, so that the page can be read from top to bottom."""
    lines = page("", 80).splitlines()
    listed = [line for section in SECTIONS for line in lines[lines.index(f"{section}:") :] if line]
    starts = {name: next(line for line in listed if line.startswith(f"  {name} ")) for name in COMMANDS}
    assert {line.index(COMMANDS[name].summary.split()[0], len(name) + 2) for name, line in starts.items()} == {14}


@each_row("words", ["keys", "api", "fault", "stub", "script", "verify", "store", "scenario"])
def test_a_group_alone_prints_its_help(words: str) -> None:
    result = CliRunner().invoke(main, words.split(), prog_name="mockexchange")
    assert (result.exit_code, "Commands:\n" in result.stdout, result.stderr) == (0, True, "")
