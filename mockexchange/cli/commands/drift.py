"""Defines `mockexchange drift`, which compares a recording of a real venue with the API that the mock emulates."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from mockexchange.cli.click_base import Failure, UsageFailure, option
from mockexchange.cli.commands.snapshot import print_snapshot, read_account
from mockexchange.cli.report_option import report_option, write_reports
from mockexchange.cli.server_options import account_options, account_settings
from mockexchange.drift.deviations import Evidence, Level
from mockexchange.drift.drift import Drift, drift_of
from mockexchange.drift.foreign import as_recording
from mockexchange.drift.proposals import proposals_of
from mockexchange.drift.report import day_of, evidence_of, report_of
from mockexchange.importing.recorded_answers import WrongRecording
from mockexchange.kit.reports.destinations import Destination
from mockexchange.kit.reports.printable_text import in_a_line

SHOWN_MAX = 40
PROBLEMS_SHOWN_MAX = 10


@click.command()
@click.argument("recording", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@account_options(is_required=False)
@option("--api-date", help="The date to compare with.  [default: the one with the fewest deviations]")
@option(
    "--proposals",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a patch of the dated tables for what deviates, to be edited.",
)
@report_option
@click.pass_context
def drift(
    context: click.Context,
    /,
    recording: Path | None,
    api_date: str | None,
    proposals: Path | None,
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
    try:
        with _recording(recording, given, api_date) as path:
            found = drift_of(path, api_date)
    except WrongRecording as error:
        raise UsageFailure(str(error)) from None
    except ValueError as error:
        raise UsageFailure(str(error)) from None
    except OSError as error:
        raise Failure(f"{recording} cannot be read: {error.strerror or error}") from None
    _print(found)
    write_reports(report_of(found), report)
    if proposals is not None:
        _write_proposals(proposals, proposals_of(found))
    context.exit(int(found.has_drifted))


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
        print_snapshot(read_account(account_settings(given, api_date), out), out)
        yield out


def _write_proposals(path: Path, patch: str) -> None:
    try:
        path.write_text(patch, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror or error}") from None


def _print(found: Drift) -> None:
    """Print what was judged, the dates, and the deviations by level."""
    recording = found.recording
    hosts = ", ".join(recording.hosts)
    days = " to ".join(dict.fromkeys((day_of(recording.first_at), day_of(recording.last_at))))
    click.echo(
        in_a_line(f"{recording.path}: {recording.answers} answers, {recording.frames} frames, {days}, of {hosts}")
    )
    fitting = ", ".join(alias for alias, count in found.by_date.items() if not count)
    others = ", ".join(f"{alias} {count}" for alias, count in found.by_date.items() if count)
    click.echo(f"  fits {fitting or 'no date'}" + (f"; deviations from {others}" if others else ""))
    if found.ending:
        click.echo(f"  right until {found.ending.day}, when {found.ending.operation} changed: {found.ending.name}")
    _print_skipped(found)
    for level in Level:
        _print_level(level, [one for one in found.evidence if one.deviation.level is level])
    for noise in found.twin.noise[:PROBLEMS_SHOWN_MAX]:
        click.echo(in_a_line(f"  changes by itself, not compared: {noise}"))
    what = f"{len(found.evidence)} deviations" if len(found.evidence) != 1 else "1 deviation"
    click.secho(f"{what} from {found.alias}", bold=True)


def _print_skipped(found: Drift) -> None:
    for kind, number in found.recording.skipped.items():
        click.echo(f"  not judged: {number} {kind}")
    for problem in found.recording.problems[:PROBLEMS_SHOWN_MAX]:
        click.echo(in_a_line(f"  line {problem.line} was not read: {problem.why}"))
    if found.twin.why_not:
        click.echo(f"  not asked of a twin: {in_a_line(found.twin.why_not)}")
    elif found.twin.why_no_values:
        click.echo(f"  values not compared: {in_a_line(found.twin.why_no_values)}")


def _print_level(level: Level, found: Iterable[Evidence]) -> None:
    shown = list(found)
    if shown:
        click.secho(f"\n{level}", bold=True)
    for one in shown[:SHOWN_MAX]:
        deviation = one.deviation
        click.secho(f"  {deviation.operation} {in_a_line(deviation.path)}: {deviation.kind}", fg="yellow")
        click.echo(f"    recorded {in_a_line(deviation.seen)}; expected {in_a_line(deviation.expected)}")
        click.echo(f"    {in_a_line(evidence_of(one))}; first on line {one.line}")
    if len(shown) > SHOWN_MAX:
        click.echo(f"  and {len(shown) - SHOWN_MAX} more: --report html:FILE has all")
