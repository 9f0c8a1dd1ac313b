"""What reaches the terminal: nothing from the wire that it would obey, tables for people and lines for programs."""

import os
import subprocess
import sys

import pytest

from mockexchange.cli.server_connection import Server
from mockexchange.cli.terminal import Line, printable, show_json, show_table
from tests.cli.test_click_base import ENVIRONMENT, PROGRAM


@pytest.mark.parametrize(
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


@pytest.mark.parametrize(
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
