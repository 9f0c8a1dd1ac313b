"""What reaches the terminal: nothing from the wire that it would obey, tables for people and lines for programs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mockexchange.cli.server_connection import Server
from mockexchange.cli.terminal import Line, printable, show_json, show_table
from tests.cli.conftest import COLOUR, AtTerminal, Cli
from tests.cli.test_click_base import ENVIRONMENT, PROGRAM
from tests.helpers.rows import each_row


@each_row(
    ("text", "shown"),
    [
        ("plain é €", "plain é €"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("two\r\nlines\t", "two\\r\\nlines\\t"),
        ("\u202egnorw", "\\u202egnorw"),
        ("\x9b31m", "\\x9b31m"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_does_not_print_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@each_row(
    ("raw", "shown"),
    [
        (b'{"a":[1,2.50],"b":null}', '{\n  "a": [\n    1,\n    2.50\n  ],\n  "b": null\n}\n'),
        (b"[0.000000439,1e400,9007199254740993.10]", "[\n  0.000000439,\n  1e400,\n  9007199254740993.10\n]\n"),
        (b'"\xc2\x9b31m\xe2\x80\xae \\u001b \xc3\xa9"', '"\\u009b31m\\u202e \\u001b é"\n'),
        (b"<html>\x1b[2J\n", "<html>\\x1b[2J\\n\n"),
        (b"\xff", "\\xff\n"),
        (b"[" * 100_000, "[" * 100_000 + "\n"),
    ],
)
def test_a_body_is_shown(raw: bytes, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_json(raw)
    assert capsys.readouterr().out == shown


def test_programs_get_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("a", "b"), [Line(("1", "x\ty")), Line(("2", "[bold]z"), "red")])
    assert capsys.readouterr().out == "1\tx\\ty\n2\t[bold]z\n"


EMPTY = [
    (("script", "list"), "no step is installed"),
    (("fault", "list"), "no fault is installed"),
    (("stub", "clear"), "no stub is installed"),
    (("journal",), "no request yet"),
    (("journal", "--status", "500"), "no request yet"),
    (("journal", "--frames"), "no frame yet"),
]


@pytest.mark.parametrize(("words", "text"), EMPTY)
def test_an_empty_list_has_a_line_for_people_alone(
    cli: Cli, at_terminal: AtTerminal, sandbox: str, words: tuple[str, ...], text: str
) -> None:
    assert at_terminal(80, *words, "--sandbox", sandbox) == f"{text}\n"
    assert at_terminal(80, *words, "--json", "--sandbox", sandbox) == ""
    assert cli(*words, "--sandbox", sandbox).stdout == ""


@pytest.mark.parametrize("width", [40, 80, 120])
def test_errors_are_wrapped_between_words(cli: Cli, at_terminal: AtTerminal, tmp_path: Path, width: int) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("scenario: a\naccounts:\n  alice: {cash: lots}\n  bob: {cash: much, colour: red}\n")
    seen = at_terminal(width, "scenario", "check", str(path), code=1)
    lines = seen[seen.index("mockexchange scenario check:") :].splitlines()  # what is before is a bar of progress
    assert [line for line in lines if len(line) > width and len(line.split()) > 1] == [], "only a long word stays"
    whole = cli("scenario", "check", str(path), code=1).stderr
    assert " ".join(" ".join(lines).split()) == " ".join(whole.split())
    assert len(whole.splitlines()) == 4
    assert all(line.startswith(("  ", "mockexchange")) for line in lines)


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are a Unix thing")
def test_people_get_a_table_and_colours(server: Server) -> None:
    dates = on_a_terminal("api", "dates")
    assert "api date" in dates
    assert "\x1b[1m" in dates
    assert "\t" not in dates
    balance = on_a_terminal("call", "alice", "GET", "/portfolio/balance", "--ready-file", str(server.ready_file))
    assert '\x1b[1;34m"balance"' in balance


def on_a_terminal(*arguments: str) -> str:
    """Run a command whose standard output is a terminal of 120 columns; return what it wrote there."""
    reader, writer = os.openpty()
    environment = {**ENVIRONMENT, "TERM": "xterm", "COLUMNS": "120"}
    environment.pop("NO_COLOR", None)
    subprocess.run(
        [*PROGRAM, *arguments], env=environment, stdin=writer, stdout=writer, stderr=subprocess.DEVNULL, check=True
    )
    os.close(writer)
    parts = []
    try:
        while part := os.read(reader, 65_536):
            parts.append(part)
    except OSError:  # Linux's way of saying that the other side is closed
        pass
    os.close(reader)
    return b"".join(parts).decode()


COLOURED = re.compile(r"\x1b\[[0-9;]*\b3[0-9]")


@pytest.mark.parametrize(("name", "value", "escape"), [("NO_COLOR", "1", COLOURED), ("TERM", "dumb", COLOUR)])
def test_colours_can_be_switched_off(
    name: str, value: str, escape: re.Pattern[str], at_terminal: AtTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In what the program writes itself, and in what rich writes for it, which stays bold with NO_COLOR."""
    commands = (("call", "alice", "GET", "/portfolio/balance", 0), ("cal", 2), ("scenario", "list", 0))
    before = [at_terminal(80, *words, code=code, has_colour=True) for *words, code in commands]
    monkeypatch.setenv(name, value)
    after = [at_terminal(80, *words, code=code, has_colour=True) for *words, code in commands]
    assert all(COLOUR.search(text) for text in before)
    assert not any(escape.search(text) for text in after)
    assert [COLOUR.sub("", text) for text in before] == [COLOUR.sub("", text) for text in after]
