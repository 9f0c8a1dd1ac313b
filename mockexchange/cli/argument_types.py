"""Defines types of command-line arguments: files to read and to write, and steps, faults and stubs as in a scenario."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import click

from mockexchange.cli.click_base import UsageFailure
from mockexchange.named_files import LINES_BYTES_MAX, WrongFile, open_file, problem_of
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.literal_json import plain
from mockexchange.scenario.located_text import read_yaml
from mockexchange.scenario.value_types import Kind

# Files: to be read, and to be written


class FileToRead(click.Path):
    """The type of a regular file that is read; with `takes_pipes` also of a pipe, for what is read once.

    With `exists=False` the command itself reports that the file does not exist.
    """

    def __init__(self, *, exists: bool = True, takes_pipes: bool = False) -> None:
        super().__init__(exists=exists, path_type=Path)
        self._takes_pipes = takes_pipes

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        problem = problem_of(path, takes_pipes=self._takes_pipes)
        if problem:
            self.fail(f"{path} {problem}", param, ctx)
        return path


class LogToRead(click.Path):
    """The type of a log that is read once, from its beginning: a regular file, a pipe, or `-`, standard input."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "-":
            return click.File("rb").convert(value, param, ctx)
        try:
            file = open_file(value, LINES_BYTES_MAX, takes_pipes=True)
        except WrongFile as error:
            self.fail(f"{value} {error.strerror}", param, ctx)
        except OSError as error:
            self.fail(f"{value!r}: {error.strerror or error}", param, ctx)
        if ctx:
            ctx.call_on_close(file.close)
        return file


class FileToWrite(click.Path):
    """The type of a file that will be written, whose directory must exist and be writable."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from mockexchange.kit.reports.destinations import require_writable

        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        try:
            require_writable(path)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return path


# Steps, script steps, faults and stubs, written as in a scenario


class ParsedArgument(NamedTuple):
    """A parsed argument, and its JSON for the server, in which all scalars are text."""

    value: Any
    body: Any


def parse_argument(kind: Kind, what: str, number: int, text: str) -> ParsedArgument:
    """Parse the argument with number `number` of a command as YAML. Raises UsageFailure.

    `what` names the kind of argument in errors, such as "step".
    """
    place = f"{what} {number}"
    if not text.strip():
        raise UsageFailure(f"{place}: expected a {what}, got nothing")
    try:
        node = read_yaml(text, place)
        return ParsedArgument(kind.read(node, ""), plain(node))
    except ScenarioError as error:
        raise UsageFailure(": ".join(part for part in (place, error.path, error.message) if part)) from None
