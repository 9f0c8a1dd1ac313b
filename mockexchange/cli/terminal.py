"""Printing: tables for people, plain lines for programs, and no control characters from the wire.

rich is imported where something is printed on a terminal: it takes longer to import than most commands to run.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import click

NUMBER_MARK = "\ue000number "
"""Starts with a private-use character, so that no text of a body starts with it."""
MARKED_NUMBER = re.compile(rf'"{NUMBER_MARK}([^"]*)"')


class Line(NamedTuple):
    """One row of a table and the style it has on a terminal."""

    cells: Sequence[str]
    style: str = ""
    cell_styles: Mapping[int, str] = {}
    """Styles of single cells by their places."""


def clock_time(at: str) -> str:
    """Return the time of day of an instant in RFC 3339, to the millisecond."""
    whole, _, fraction = at[11:].rstrip("Z").partition(".")
    return f"{whole}.{fraction[:3]:0<3}" if whole else at


def printable(text: str) -> str:
    """Escape characters that do not print: escape sequences, line breaks, changes of the text direction."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def show_json(raw: bytes) -> None:
    """Print a body: JSON indented, and coloured on a terminal; anything else as it is, made printable."""
    try:
        pretty = _indented(raw)
    except (ValueError, RecursionError):
        click.echo(printable(raw.decode("utf-8", "backslashreplace")))
        return
    safe = "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in pretty)
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.highlighter import JSONHighlighter

        Console().print(JSONHighlighter()(safe), soft_wrap=True)
    else:
        click.echo(safe)


def _indented(raw: bytes) -> str:
    """Indent JSON without changing the spelling of its numbers. Raises ValueError."""
    read = json.loads(raw, parse_float=f"{NUMBER_MARK}{{}}".format)
    return MARKED_NUMBER.sub(r"\1", json.dumps(read, indent=2, ensure_ascii=False))


def show_table(titles: Sequence[str], lines: Sequence[Line]) -> None:
    """Print rows: a table on a terminal, else a line a row, separated by tabs and without titles."""
    shown = [[printable(cell) for cell in line.cells] for line in lines]
    if not sys.stdout.isatty():
        click.echo("".join("\t".join(row) + "\n" for row in shown), nl=False)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*titles, box=None, header_style="bold", pad_edge=False)
    for row, line in zip(shown, lines, strict=True):
        table.add_row(*(Text(cell, overflow="fold") for cell in row), style=line.style)
    Console().print(table)
