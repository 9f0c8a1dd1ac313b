"""Defines `mockexchange drift`, which compares a recording of a real venue with the API that the mock emulates."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from mockexchange.cli.argument_types import FileToRead
from mockexchange.cli.click_base import Failure, UsageFailure, json_option, option
from mockexchange.cli.commands.snapshot import print_snapshot, read_account
from mockexchange.cli.drift_report import drift_as_json, print_drift
from mockexchange.cli.report_option import report_option, write_reports
from mockexchange.cli.server_options import account_options, account_settings
from mockexchange.cli.terminal import show_json_lines
from mockexchange.drift.drift import Drift, drift_of
from mockexchange.drift.foreign import as_recording
from mockexchange.drift.report import report_of
from mockexchange.importing.recorded_answers import WrongRecording
from mockexchange.kit.reports.destinations import Destination


@click.command()
@click.argument("recording", type=FileToRead(), required=False)
@account_options(is_required=False)
@option("--api-date", help="The date to compare with.  [default: the one with the fewest deviations]")
@json_option("drift", "The deviations as one JSON object, for programs.")
@report_option
@click.pass_context
def drift(
    context: click.Context,
    /,
    recording: Path | None,
    api_date: str | None,
    as_json: bool,
    report: tuple[Destination, ...],
    **given: Any,
) -> None:
    """Compare a recording with the API of a date, and print where the venue's answers differ.

    RECORDING is a recording, a HAR or a cassette; with --url an account is read instead. Bodies and frames are compared
    with the API documents, then with a scenario made of the recording. Exit code 1 if something differs, 2 if nothing
    could be judged.

    \b
    mockexchange drift run.jsonl --report junit:drift.xml
    mockexchange drift --url https://demo.example --key-id ID --key demo.pem
    """
    found = _found(recording, given, api_date)
    if as_json:
        show_json_lines([drift_as_json(found)])
    else:
        print_drift(found)
    write_reports(report_of(found), report)
    context.exit(int(found.has_drifted))


def _found(recording: Path | None, given: Mapping[str, Any], api_date: str | None) -> Drift:
    """Return the drift of a recording or of an account, which has its URL as the name. Raises Failure."""
    name = str(recording or given["url"])
    try:
        with _recording(recording, given, api_date) as path:
            try:
                return drift_of(path, api_date, name)
            except WrongRecording as error:
                raise UsageFailure(str(error).replace(str(path), name)) from None
    except ValueError as error:
        raise UsageFailure(str(error)) from None
    except OSError as error:
        raise Failure(f"{name} cannot be read: {error.strerror or error}") from None


@contextmanager
def _recording(recording: Path | None, given: Mapping[str, Any], api_date: str | None) -> Iterator[Path]:
    """Yield the recording that was given, or one that is made of an account."""
    if (recording is None) == (given["url"] is None):
        raise UsageFailure("expected either RECORDING, or --url with --key-id and --key")
    if recording is not None:
        with as_recording(recording) as path:
            yield path
        return
    if given["key_id"] is None or given["key"] is None:
        raise UsageFailure("--url needs --key-id and --key")
    with TemporaryDirectory(prefix="mockexchange-") as folder:
        out = Path(folder) / f"{given['venue']}.jsonl"
        print_snapshot(read_account(account_settings(given, api_date), out), given["url"])
        yield out
