"""Defines the options of `serve --from-log`, and makes a sandbox by executing a log again."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict

import click
from click.core import ParameterSource

from mockexchange.cli.argument_types import FileToRead
from mockexchange.cli.click_base import Decorated, UsageFailure, checked, shared_option
from mockexchange.cli.serve.options import SharingValues
from mockexchange.cli.serve.request_log import AMOUNTS
from mockexchange.core.instants import format_instant
from mockexchange.named_files import LINES_BYTES_MAX, lines_of, open_file
from mockexchange.sandbox.clock import parse_mode
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.store.log import LogError

if TYPE_CHECKING:
    from mockexchange.sandbox.forks import ForkSource, Until
    from mockexchange.server.replicas.peers import Address


EXCLUDED = ("scenario", "chaos", "store", "reload", "workers")
"""Options that cannot be combined with --from-log."""


class LogValues(TypedDict):
    """The values of the options --from-log, --until and --speed."""

    from_log: Path | None
    until: "Until | None"
    speed: str | None


class ServeValues(SharingValues, LogValues):
    """The values of those options of `serve` that this module and others in its folder declare."""

    replica: "Address | None"
    reads: str


if TYPE_CHECKING:
    TextChoice = click.Choice[str]
else:  # click before 8.2 has no type parameter
    TextChoice = click.Choice


class Amount(TextChoice):
    """The type of `--log`: how much is logged. A file is refused with the option that opens a log."""

    def __init__(self) -> None:
        super().__init__(AMOUNTS)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in AMOUNTS and Path(value).is_file():
            self.fail(f"--log is how much is logged; --from-log {value} opens a log", param, ctx)
        return super().convert(value, param, ctx)


def _speed(text: str) -> str:
    if parse_mode(text) in (None, 0):
        raise ValueError(f"expected a scale such as 5x, got {text[:40]!r}")
    return text


def _until(text: str) -> "Until":
    from mockexchange.sandbox.forks import parse_until

    return parse_until(text)


LOG_OPTIONS = (
    shared_option(
        "--from-log",
        type=FileToRead(takes_pipes=True),
        help="Play the log in a file back, as `mockexchange log` wrote it, instead of a scenario.",
    ),
    shared_option(
        "--until",
        metavar="COMMAND|TIME",
        callback=checked(_until),
        help="Begin after this command of the log, or at this instant, and play nothing back.",
    ),
    shared_option(
        "--speed", callback=checked(_speed), help="How fast the log is played back, such as 5x.  [default: 1x]"
    ),
)


def log_options(command: Decorated) -> Decorated:
    """Add the options --from-log, --until and --speed to a command."""
    for declare in reversed(LOG_OPTIONS):
        command = declare(command)
    return command


class LogToOpen(NamedTuple):
    """A log that was read from a file, and how to execute it again.

    `clock` is the --clock option, None if it was not given; `has_api_date` is true if --api-date was given.
    """

    source: "ForkSource"
    until: "Until | None"
    clock: str | None
    has_api_date: bool
    file: Path

    @staticmethod
    def of(context: click.Context, values: LogValues) -> "LogToOpen | None":
        """Read the log named by --from-log; return None without that option. Raises UsageFailure."""
        file, until, speed = values["from_log"], values["until"], values["speed"]
        given = {name for name in context.params if context.get_parameter_source(name) is not ParameterSource.DEFAULT}
        if file is None:
            if until or speed:
                raise UsageFailure("--until and --speed are about a log: give --from-log FILE")
            return None
        for name in EXCLUDED:
            if name in given and context.params[name]:
                raise UsageFailure(f"--from-log serves what the log has: leave --{name} out")
        if speed and (until or "clock" in given):
            other = "--until, which plays nothing back" if until else "--clock"
            raise UsageFailure(f"--speed contradicts {other}")
        clock = speed or (context.params["clock"] if "clock" in given else None)
        return LogToOpen(_read(file), until, clock, "api_date" in given, file)

    def options_of(self, options: SandboxOptions) -> SandboxOptions:
        """Return the sandbox's options: those in the log, unless the command line gives others."""
        from mockexchange.sandbox.forks import SPEED_DEFAULT

        api_date = options.api_date if self.has_api_date else self.source.api_date
        clock = self.clock or (self.source.clock if self.until else SPEED_DEFAULT)
        return replace(options, api_date=api_date, clock=clock)

    def remark(self, options: SandboxOptions) -> str:
        """Return the line of the banner that names the log, and until when it is played back."""
        records = list(self.source.records)
        if self.until or not records:
            return f"as {self.file} has it; nothing is played back"
        last = records[-1]
        return f"plays {self.file} back at {options.clock}, to command {last.sequence} at {format_instant(last.at)}"

    async def make(self, options: SandboxOptions) -> Sandbox:
        """Create the sandbox by executing the log again. Raises UsageFailure."""
        from mockexchange.sandbox.forks import open_fork, open_playback

        try:
            if self.until:
                return await open_fork(self.source, options, self.until, self.clock)
            return await open_playback(self.source, options, self.clock)
        except LogError as error:
            raise UsageFailure(f"--from-log: {error}") from None


def _read(file: Path) -> "ForkSource":
    """Read a log with all its lines. Raises UsageFailure."""
    from mockexchange.sandbox.forks import read_source

    try:
        with open_file(file, LINES_BYTES_MAX, takes_pipes=True) as log:
            source = read_source(lines_of(log, file))
            source = replace(source, records=list(source.records))
    except LogError as error:
        raise UsageFailure(f"{file}: expected a log, as `mockexchange log` writes it: {error}") from None
    except OSError as error:
        raise UsageFailure(f"{file}: {error.strerror or error}") from None
    if source.problem:
        logging.getLogger(__name__).warning("%s: %s", file, source.problem)
    return source
