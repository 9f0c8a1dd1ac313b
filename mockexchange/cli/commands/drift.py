"""Defines `mockexchange drift`, which compares a recording of a real venue with the API that the mock emulates."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from mockexchange.cli.account_options import account_options, account_settings
from mockexchange.cli.argument_types import FileToRead
from mockexchange.cli.click_base import Failure, UsageFailure, json_option, option
from mockexchange.cli.commands.snapshot import print_snapshot, read_account
from mockexchange.cli.report_option import report_option, write_reports
from mockexchange.cli.terminal import fitted, show_json_lines
from mockexchange.core.instants import format_instant
from mockexchange.drift.deviations import Evidence, Level
from mockexchange.drift.drift import Drift, drift_of
from mockexchange.drift.foreign_recordings import as_recording
from mockexchange.drift.report import day_of, evidence_of, report_of
from mockexchange.importing.recorded_answers import WrongRecording
from mockexchange.kit.reports.destinations import Destination
from mockexchange.kit.reports.printable_text import in_a_line
from mockexchange.venues.quoting import plural


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


# What is printed: for people, or as one JSON object


SHOWN_MAX = 40
PROBLEMS_SHOWN_MAX = 10
INDENT = 4


def print_drift(found: Drift) -> None:
    """Print what was judged, the dates, and the deviations by level."""
    recording = found.recording
    counts = f"{plural(recording.answers, 'answer')}, {plural(recording.frames, 'frame')}"
    days = " to ".join(dict.fromkeys((day_of(recording.first_at), day_of(recording.last_at))))
    _print(f"{recording.name}: {counts}, {days}, of {', '.join(recording.hosts)}")
    fitting = ", ".join(alias for alias, count in found.by_date.items() if not count)
    others = ", ".join(f"{alias} {count}" for alias, count in found.by_date.items() if count)
    _print(f"fits {fitting or 'no date'}" + (f"; deviations from {others}" if others else ""), 2)
    if found.ending:
        _print(f"right until {found.ending.day}, when {found.ending.operation} changed: {found.ending.name}", 2)
    for kind, number in found.recording.skipped.items():
        _print(f"not judged: {number} {kind}", 2)
    for problem in found.recording.problems[:PROBLEMS_SHOWN_MAX]:
        _print(f"line {problem.line} was not read: {problem.why}", 2)
    if len(found.recording.problems) > PROBLEMS_SHOWN_MAX:
        _print(f"and {len(found.recording.problems) - PROBLEMS_SHOWN_MAX} more were not read", 2)
    if found.twin.why_not:
        _print(f"not asked of a twin: {found.twin.why_not}", 2)
    elif found.twin.why_no_values:
        _print(f"values not compared: {found.twin.why_no_values}", 2)
    for level in Level:
        of_level = [one for one in found.evidence if one.deviation.level is level]
        if of_level:
            click.secho(f"\n{level}", bold=True)
        for one in of_level[:SHOWN_MAX]:
            deviation = one.deviation
            _print(f"{deviation.operation} {deviation.path}: {deviation.kind}", 2, fg="yellow")
            _print(f"recorded {deviation.seen}; expected {deviation.expected}", 4)
            _print(f"{evidence_of(one)}; first on line {one.line}", 4)
        if len(of_level) > SHOWN_MAX:
            _print(f"and {len(of_level) - SHOWN_MAX} more: --report html:FILE and --json have all", 2)
    for noise in found.twin.noise[:PROBLEMS_SHOWN_MAX]:
        _print(f"changes by itself, not compared: {noise}", 2)
    click.secho(f"{plural(len(found.evidence), 'deviation')} from {found.alias}", bold=True)


def _print(line: str, indent: int = 0, **style: Any) -> None:
    click.secho(fitted(" " * indent + in_a_line(line), INDENT, is_error=False), **style)


def drift_as_json(found: Drift) -> dict[str, Any]:
    """Return all that was found as plain JSON."""
    recording, ending = found.recording, found.ending
    return {
        "recording": recording.name,
        "venue": recording.venue,
        "answers": recording.answers,
        "frames": recording.frames,
        "first_at": format_instant(recording.first_at),
        "last_at": format_instant(recording.last_at),
        "hosts": dict(recording.hosts),
        "api_date": found.alias,
        "deviations_by_date": found.by_date,
        "right_until": ending and ending._asdict(),
        "skipped": dict(recording.skipped),
        "problems": [one._asdict() for one in recording.problems],
        "why_not_asked": found.twin.why_not,
        "why_no_values": found.twin.why_no_values,
        "changes_by_itself": found.twin.noise,
        "deviations": [_as_json(one) for one in found.evidence],
    }


def _as_json(one: Evidence) -> dict[str, Any]:
    deviation = one.deviation
    return {
        "level": deviation.level.value,
        "kind": deviation.kind.value,
        "operation": deviation.operation,
        "path": deviation.path,
        "recorded": deviation.seen,
        "expected": deviation.expected,
        "count": one.count,
        "of": one.of,
        "first_at": format_instant(one.first_at),
        "last_at": format_instant(one.last_at),
        "hosts": sorted(one.hosts),
        "line": one.line,
    }
