"""Prints tables, JSON, plain lines and progress to the terminal, with control characters escaped.

rich is imported only when something is printed on a terminal, since importing it takes longer than most commands.
"""

import json
import re
import shutil
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import click

NUMBER_MARK = "\ue000number "
"""The prefix that marks numbers while JSON is indented; its first character is private-use, so no body contains it."""
TEXT_CHARS_MIN = 20
"""The fewest columns that a wrapped text gets, however narrow the terminal is."""
PROGRESS_DELAY_S = 0.5
"""The time after which a progress bar is shown; for quicker work it would only flicker."""
MARKED_NUMBER = re.compile(rf'"{NUMBER_MARK}([^"]*)"')


class Line(NamedTuple):
    """A row of a table, and its style on a terminal."""

    cells: Sequence[str]
    style: str = ""
    cell_styles: Mapping[int, str] = {}
    """Styles of single cells, by the cell's index."""


def clock_time(at: str) -> str:
    """Return the time of day of an RFC 3339 instant, to the millisecond.

    A text without a time is returned unchanged.
    """
    whole, _, fraction = at[11:].rstrip("Z").partition(".")
    return f"{whole}.{fraction[:3]:0<3}" if whole else at


def printable(text: str) -> str:
    """Return a text with non-printing characters escaped: escape sequences, line breaks, text direction marks."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def show_json(raw: bytes) -> None:
    """Print a body. JSON is indented, and coloured on a terminal; other bodies are printed with escaped characters."""
    text, is_json = body_text(raw)
    if is_json and sys.stdout.isatty():
        from rich.console import Console
        from rich.highlighter import JSONHighlighter

        Console().print(JSONHighlighter()(text), soft_wrap=True)
    else:
        click.echo(text)


def body_text(raw: bytes) -> tuple[str, bool]:
    """Return the printable text of a body, indented if it is JSON, and whether it is JSON."""
    try:
        # Indent JSON without changing the spelling of its numbers. Raises ValueError.
        read = json.loads(raw, parse_float=f"{NUMBER_MARK}{{}}".format)
        pretty = MARKED_NUMBER.sub(r"\1", json.dumps(read, indent=2, ensure_ascii=False))
    except (ValueError, RecursionError):
        return printable(raw.decode("utf-8", "backslashreplace")), False
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in pretty), True


def show_json_lines(rows: Iterable[Any]) -> None:
    """Print values as JSON, one a line, for programs."""
    click.echo("".join(json.dumps(row) + "\n" for row in rows), nl=False)


def show_empty(text: str) -> None:
    """Print that a list is empty, at a terminal only. For a program, an output without lines is an empty list."""
    if sys.stdout.isatty():
        click.secho(text, dim=True)


def terminal_width() -> int | None:
    """Return the terminal's number of columns; None if standard output is not a terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def wrapped(title: str, text: str, indent: int, width: int | None) -> str:
    """Return a title and its text, wrapped to `width` columns with the text indented; on one line without a width."""
    head = f"{title:<{indent}}"
    if width is None or len(head) + len(text) <= width:
        return f"{head}{text}".rstrip()
    return textwrap.fill(
        text,
        max(width, indent + TEXT_CHARS_MIN),
        initial_indent=head,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    )


def fitted(line: str, indent: int = 2, *, is_error: bool = True) -> str:
    """Return a line for standard error, or else for standard output, wrapped between words if that is a terminal.

    Further lines are indented by `indent` columns more. Where it is no terminal, the line stays whole.
    """
    if not (sys.stderr if is_error else sys.stdout).isatty():
        return line
    begins = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(
        line.lstrip(),
        shutil.get_terminal_size().columns,
        initial_indent=begins,
        subsequent_indent=begins + " " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def cut(text: str, width: int | None) -> str:
    """Return a text cut to `width` columns, with an ellipsis; the whole text if it fits or `width` is None."""
    return text if width is None or len(text) <= width else f"{text[: max(0, width - 1)]}…"


def show_table(titles: Sequence[str], lines: Sequence[Line], *, one_line: bool = False, right: str = "") -> None:
    """Print rows as a table on a terminal, else as lines separated by tabs and without titles.

    With `one_line` each row of the table takes one line, and long texts are cut; `right` names the columns, separated
    by spaces, that are aligned to the right.
    """
    if sys.stdout.isatty():
        _show_rich_table(titles, lines, one_line, right.split())
        return
    shown = ("\t".join(printable(cell) for cell in line.cells) + "\n" for line in lines)
    click.echo("".join(shown), nl=False)


def _show_rich_table(titles: Sequence[str], lines: Sequence[Line], one_line: bool, right: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in titles:
        is_number = title in right
        table.add_column(title, justify="right" if is_number else "left", no_wrap=is_number)
    overflow: Literal["ellipsis", "fold"] = "ellipsis" if one_line else "fold"
    for line in lines:
        cells = (
            Text(printable(cell), style=line.cell_styles.get(place, ""), overflow=overflow, no_wrap=one_line)
            for place, cell in enumerate(line.cells)
        )
        table.add_row(*cells, style=line.style)
    Console().print(table)


class DelayedBar:
    """A progress bar of rich that is shown from the first update after `PROGRESS_DELAY_S` seconds on."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._shown_at_s = time.monotonic() + PROGRESS_DELAY_S
        self._task = bar.add_task("", total=None)

    def update(self, **values: Any) -> None:
        """Change values of the bar's one task, such as `completed`."""
        self._bar.update(self._task, **values)
        if not self._bar.live.is_started and time.monotonic() >= self._shown_at_s:
            self._bar.start()

    def stop(self) -> None:
        """Remove the bar from the terminal, if it is shown."""
        if self._bar.live.is_started:
            self._bar.stop()


class HiddenBar:
    """A progress bar that shows nothing, and for which nothing is imported."""

    def update(self, **values: Any) -> None: ...

    def stop(self) -> None: ...


@contextmanager
def progress_bar(*columns: Any, is_shown: bool) -> Iterator[DelayedBar | HiddenBar]:
    """Yield a progress bar for the terminal, and remove it at the end. Without a terminal it shows nothing.

    A column is a text with fields of rich's tasks, or the name of one of rich's columns.
    """
    if not is_shown or not sys.stderr.isatty():
        yield HiddenBar()
        return
    from rich import progress
    from rich.console import Console

    made = [progress.TextColumn(one) if "{" in one else getattr(progress, one)() for one in columns]
    bar = DelayedBar(progress.Progress(*made, console=Console(stderr=True), transient=True))
    try:
        yield bar
    finally:
        bar.stop()
