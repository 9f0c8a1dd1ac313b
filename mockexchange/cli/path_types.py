"""Defines the types of arguments that name files: a recording to be read, and a file to be written."""

import os
from pathlib import Path
from typing import Any

import click

from mockexchange.kit.reports.destinations import require_writable


class RecordedFile(click.Path):
    """The type of an existing file that is read more than once, which a pipe or a device cannot be."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.is_file():
            self.fail(f"{path} is a pipe or a device: expected a file, since it is read more than once", param, ctx)
        return path


class FileToWrite(click.Path):
    """The type of a file that will be written, whose directory must exist and be writable."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        try:
            require_writable(path)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return path
