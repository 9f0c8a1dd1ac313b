"""Defines `mockexchange snapshot`, which reads an account with its key, and writes a recording without secrets."""

from pathlib import Path
from typing import Any

import click

from mockexchange.cli.account_options import account_options, account_settings
from mockexchange.cli.argument_types import FileToWrite
from mockexchange.cli.click_base import Failure, UsageFailure, option
from mockexchange.cli.terminal import fitted
from mockexchange.kit.reports.printable_text import in_a_line
from mockexchange.recording.recording_file import SecretFound
from mockexchange.snapshot.run import Snapshot, SnapshotSettings, take_snapshot
from mockexchange.snapshot.walk import CannotWalk
from mockexchange.venues.quoting import plural

SHOWN_MAX = 10


@click.command()
@account_options(is_required=True)
@option("--api-date", help="Day of the API whose document lists the reads.  [default: latest]")
@option(
    "--out",
    type=FileToWrite(),
    default="snapshot.jsonl",
    show_default=True,
    help="File for the recording, which must not exist.",
)
def snapshot(out: Path, api_date: str | None, **given: Any) -> None:
    """Read an account with its key, and write a recording without secrets.

    `import` and `drift` read the recording. Every list is read to its end, for each subaccount, and so are the markets
    and events of the rows; then everything is read a second time, and what has changed a third time. Only GET is sent;
    meanwhile the account's stream is open, so that its frames have what has changed.

    \b
    mockexchange snapshot --url https://demo.example --key-id ID \\
        --key demo.pem --out account.jsonl
    """
    try:
        settings = account_settings(given, api_date)
    except ValueError as error:
        raise UsageFailure(str(error)) from None
    print_snapshot(read_account(settings, out), out)


def read_account(settings: SnapshotSettings, out: Path) -> Snapshot:
    """Read an account and write its recording to `out`. Errors become UsageFailure or Failure."""
    try:
        return take_snapshot(settings, out, _note)
    except CannotWalk as error:
        raise UsageFailure(str(error)) from None
    except SecretFound as error:
        raise Failure(str(error)) from None
    except OSError as error:
        raise Failure(error.args[0] if len(error.args) == 1 else f"{out}: {error.strerror}") from None


def print_snapshot(found: Snapshot, name: object) -> None:
    """Print the numbers of answers, of refused requests, and of lists that changed meanwhile, on standard error."""
    frames = f", {plural(found.counts['frames'], 'frame')}" if found.counts["frames"] else ""
    _print(f"{name}: {plural(found.counts['requests'], 'answer')}{frames}")
    for kind, lines in (("refused", found.refused), ("did not rest while it was read", found.moved)):
        for line in lines[:SHOWN_MAX]:
            _print(f"{kind}: {line}", fg="yellow")
        if len(lines) > SHOWN_MAX:
            _print(f"and {len(lines) - SHOWN_MAX} more: {kind}", fg="yellow")


def _note(line: str) -> None:
    _print(line, dim=True)


def _print(line: str, **style: Any) -> None:
    click.secho(fitted(in_a_line(f"[mockexchange] {line}")), err=True, **style)
