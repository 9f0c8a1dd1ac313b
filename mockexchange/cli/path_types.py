"""Defines the types of arguments that name files: to be read, and to be written."""

import os
from pathlib import Path
from typing import Any

import click

from mockexchange.named_files import LINES_BYTES_MAX, WrongFile, open_file, problem_of


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
