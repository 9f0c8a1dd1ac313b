"""Defines `mockexchange snapshot`, which reads an account with its key, and writes a recording without secrets."""

from pathlib import Path
from typing import Any

import click

from mockexchange.cli.click_base import Failure, UsageFailure, option
from mockexchange.cli.server_options import account_options, account_settings
from mockexchange.kit.reports.printable_text import in_a_line
from mockexchange.recording.recording_file import SecretFound
from mockexchange.snapshot.run import Snapshot, SnapshotSettings, take_snapshot
from mockexchange.snapshot.walk import CannotWalk

SHOWN_MAX = 10


@click.command()
@account_options(is_required=True)
@option("--api-date", help="Day of the API whose document lists the reads.  [default: latest]")
@option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
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


def print_snapshot(found: Snapshot, out: Path) -> None:
    """Print the numbers of answers, of refused requests, and of lists that changed meanwhile, on standard error."""
    frames = f", {found.counts['frames']} frames" if found.counts["frames"] else ""
    click.secho(f"[mockexchange] {out}: {found.counts['requests']} answers{frames}", err=True)
    for line in found.refused[:SHOWN_MAX]:
        click.secho(in_a_line(f"[mockexchange] refused: {line}"), err=True, fg="yellow")
    for line in found.moved[:SHOWN_MAX]:
        click.secho(in_a_line(f"[mockexchange] did not rest while it was read: {line}"), err=True, fg="yellow")


def _note(line: str) -> None:
    click.secho(in_a_line(f"[mockexchange] {line}"), err=True, dim=True)
