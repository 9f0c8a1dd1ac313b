"""Defines `mockexchange record`, which runs a proxy that records a real venue's answers without secrets."""

import asyncio
import errno
import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from mockexchange.cli.argument_types import FileToRead, FileToWrite
from mockexchange.cli.click_base import Failure, UsageFailure, checked, option
from mockexchange.cli.commands.run import NotStarted
from mockexchange.cli.terminal import fitted
from mockexchange.emulation.child_process import CannotStart
from mockexchange.kit.reports.printable_text import printable
from mockexchange.recording.har import WrongHar, add_har
from mockexchange.recording.recording_file import RecordingFile, SecretFound
from mockexchange.recording.redaction import Redactor
from mockexchange.recording.run import RECORD_URL, RecordSettings, finish
from mockexchange.recording.run import record as record_all
from mockexchange.recording.upstreams import Upstreams, WrongUpstream, parse_upstreams

SIZE = re.compile(r"(\d{1,6})(kB|MB|GB)")
SIZES = {"kB": 1024, "MB": 1024**2, "GB": 1024**3}
PORT = 8700
ONE = {
    "requests": "request",
    "frames": "frame",
    "bodies left out": "body left out",
    "lines beyond the limit": "line beyond the limit",
}
"""The names of counts, if there is one of a kind."""


def _size(text: str) -> int:
    found = SIZE.fullmatch(text)
    if found is None:
        raise ValueError(f"expected a size such as 200MB, got {text!r}")
    if not int(found[1]):
        raise ValueError(f"expected a size from 1kB on, got {text!r}")
    return int(found[1]) * SIZES[found[2]]


@click.command(context_settings={"allow_interspersed_args": False})
@option("--to", default="demo", show_default=True, help="Server to record: demo, or its origin.")
@option("--streams-to", help="Origin of the streams, if it is another.")
@option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Port of the proxy; 0 takes a free one.",
)
@option(
    "--out",
    type=FileToWrite(),
    default="recording.jsonl",
    show_default=True,
    help="File for the recording, which must not exist; one that ends in .har becomes a HAR.",
)
@option("--allow-writes", is_flag=True, help="Pass writes on too: they change the account. Never on production.")
@option("--production-read-only", is_flag=True, help="Record a production host, and pass reads on alone.")
@option(
    "--max-size",
    default="1GB",
    show_default=True,
    callback=checked(_size),
    help="Largest size of the file; what is beyond is counted only.",
)
@option(
    "--har",
    type=FileToRead(),
    help="Make the recording of this HAR instead of a server.",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def record(
    context: click.Context,
    /,
    to: str,
    streams_to: str | None,
    port: int,
    out: Path,
    allow_writes: bool,
    production_read_only: bool,
    max_size: int,
    har: Path | None,
    command: Sequence[str],
) -> None:
    """Record what a real venue answers, through a proxy that holds no key and writes no secret.

    Clients are pointed at the proxy, as at the mock. COMMAND is run with the variables that point known clients at the
    proxy, and the exit code is that of COMMAND. Without COMMAND the recording ends with Ctrl-C.

    \b
    mockexchange record --to demo --out run.jsonl -- python bot.py
    mockexchange record --har browser.har --out run.jsonl
    """
    if har is not None:
        if command:
            raise UsageFailure(f"--har makes a recording of a file: {command[0]!r} cannot be run beside it")
        _print_result(_convert(har, out, max_size), out)
        return
    settings = RecordSettings(
        upstreams=_upstreams(to, streams_to, allow_writes, production_read_only),
        out=out,
        port=port,
        allows_writes=allow_writes,
        bytes_max=max_size,
        command=command,
        environment=os.environ,
    )
    try:
        result = asyncio.run(record_all(settings, _announce, _note))
    except SecretFound as error:
        raise Failure(str(error)) from None
    except CannotStart as error:
        raise NotStarted(str(error), error.exit_code) from None
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise Failure(_unwritten(error, out)) from None
        raise Failure(f"--port: {port} of 127.0.0.1 is in use: give another one, or 0 for a free one") from None
    _print_result(result.counts, out)
    context.exit(result.code)


def _upstreams(target: str, streams_to: str | None, allow_writes: bool, production: bool) -> Upstreams:
    if allow_writes and production:
        raise UsageFailure("--allow-writes is not for production: an order there is real money")
    try:
        return parse_upstreams(target, streams_to, allows_production=production)
    except WrongUpstream as error:
        raise UsageFailure(str(error)) from None


def _convert(har: Path, out: Path, max_size: int) -> Counter[str]:
    """Make a recording of a HAR. Nothing is left of it if it is not read to its end."""
    try:
        file = RecordingFile(out, Redactor(), f"{har.name}", bytes_max=max_size)
        try:
            add_har(har, file)
        except BaseException:
            file.abandon()
            raise
        return finish(file, out)
    except (WrongHar, SecretFound) as error:
        raise Failure(str(error)) from None
    except OSError as error:
        raise Failure(_unwritten(error, out)) from None


def _unwritten(error: OSError, out: Path) -> str:
    """Return the message of an error about the recording's file; some have a text for users already."""
    return str(error) if error.errno is None else f"{out} cannot be written: {error.strerror}"


def _announce(origin: str) -> None:
    click.secho(fitted(f"[mockexchange] recording at {origin} ({RECORD_URL}); Ctrl-C ends it"), err=True, dim=True)


def _note(line: str) -> None:
    click.secho(fitted(f"[mockexchange] {printable(line)}"), err=True, fg="yellow")


def _print_result(counts: Counter[str], out: Path) -> None:
    """Print what the file has on standard error, since standard output is the program's."""
    found = ", ".join(f"{number} {ONE[name] if number == 1 else name}" for name, number in counts.items())
    click.secho(fitted(f"[mockexchange] {out}: {found or 'nothing was asked'}"), err=True)
