"""Defines `mockexchange import`, which makes a scenario from a recording.

It lists the recorded answers that the scenario does not reproduce.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from mockexchange.cli.argument_types import FileToRead, FileToWrite
from mockexchange.cli.click_base import Failure, UsageFailure, json_option, option
from mockexchange.cli.report_option import report_option, write_reports
from mockexchange.cli.terminal import fitted, show_json_lines
from mockexchange.core.instants import format_instant
from mockexchange.importing.comparison import EXPLAINED, NOT_JUDGED, UNEXPLAINED
from mockexchange.importing.importing import KINDS, Imported, import_recording
from mockexchange.importing.recorded_answers import Problem, WrongRecording
from mockexchange.importing.report import report_of
from mockexchange.importing.verification import Verified
from mockexchange.kit.reports.destinations import Destination
from mockexchange.kit.reports.printable_text import printable
from mockexchange.scenario.errors import ScenarioError


@click.command("import")
@click.argument("recording", type=FileToRead())
@option(
    "--out",
    type=FileToWrite(),
    default="scenario.yaml",
    show_default=True,
    help="File for the scenario; it must not exist.",
)
@option("--api-date", help="The day of the recorded wire.  [default: the one that fits most answers]")
@option(
    "--export",
    type=FileToRead(),
    help="CSV export of the same account, whose trades and settlements are compared.",
)
@option("--stub-rest", is_flag=True, help="Answer with the recorded bodies where no step explains them.")
@option("--accept", is_flag=True, help="End with 0 and write the scenario, whatever is unexplained.")
@json_option("import", "The report as one JSON object, for programs.")
@report_option
@click.pass_context
def import_command(
    context: click.Context,
    /,
    recording: Path,
    out: Path,
    api_date: str | None,
    export: Path | None,
    stub_rest: bool,
    accept: bool,
    as_json: bool,
    report: tuple[Destination, ...],
) -> None:
    """Make a scenario of a recording or a CSV export, and list the answers that it does not reproduce.

    The recorded rows become steps, with an opening balance for each position; then every recorded read, and every
    command of a stream, is sent to the scenario, and answers and frames are compared. Exit code 1 if one differs
    without an explanation; the scenario is written all the same.

    \b
    mockexchange import run.jsonl --out account.yaml
    """
    if out.exists():
        raise UsageFailure(f"{out} exists: give --out another name")
    try:
        found = import_recording(recording, api_date, stubs_rest=stub_rest, export=export)
    except (WrongRecording, ScenarioError) as error:
        raise Failure(str(error)) from None
    except ValueError as error:
        raise UsageFailure(str(error)) from None
    _write(out, found.text)
    if as_json:
        show_json_lines([import_as_json(found, out)])
    else:
        print_import(found, out)
    write_reports(report_of(found), report)
    context.exit(0 if accept or found.is_explained else 1)


def _write(out: Path, text: str) -> None:
    """Write the scenario whole or not at all."""
    part = out.with_name(f"{out.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Failure(f"{out} cannot be written: {error.strerror or error}") from None


# What is printed: for people, or as one JSON object


SHOWN_MAX = 10
INDENT = 4


def print_import(found: Imported, out: Path) -> None:
    """Print what was made, what was not read, and the first answers that are unexplained."""
    counts = found.counts()
    kinds = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind])
    _print(f"{out}: as of {found.api_date}, {kinds or 'with nothing to ask again'}")
    label = "not asked again" if found.recorded.answers else "left out"
    for kind, number in found.recorded.skipped.items():
        _print(f"  {label}: {number} {kind}")
    for channel, number in _not_judged(found.streams).items():
        _print(f"  not judged: {number} frames of {channel}, which depend on other participants")
    _print_some([f"line {one.line} was not read: {one.why}" for one in found.recorded.problems], "were not read")
    exported = [f"line {one.line} of the export was not read: {one.why}" for one in found.export_problems]
    _print_some(exported, "of the export were not read")
    _print_some([f"line {one.line} is assumed: {one.why}" for one in found.recorded.assumed], "are assumed")
    _print_some([f"line {one.line}, from frames: {one.why}" for one in found.recorded.from_frames], "from frames")
    _print_some([f"no step: {why}" for why in found.refusals], "have no step")
    _print_some([f"not read: {answer.where}: {why}" for answer, why in found.unread], "were not read")
    _print_unexplained(found.verified, "recorded", "the scenario answers")
    _print_unexplained(found.streams, "recorded", "the scenario sends")
    _print_unexplained(found.exported, "the export has", "recorded")


def _print(line: str) -> None:
    click.echo(fitted(printable(line), INDENT, is_error=False))


def _print_some(lines: Sequence[str], what: str) -> None:
    """Print the first lines, and how many more there are."""
    for line in lines[:SHOWN_MAX]:
        _print(f"  {line}")
    if len(lines) > SHOWN_MAX:
        _print(f"  and {len(lines) - SHOWN_MAX} more {what}")


def _print_unexplained(verified: Sequence[Verified], wanted: str, got: str) -> None:
    unexplained = [one for one in verified if one.comparison.kind == UNEXPLAINED]
    for one in unexplained[:SHOWN_MAX]:
        _print(f"unexplained, {one.answer.where}")
        for row in one.comparison.differences:
            _print(f"  {row.path}: {wanted} {row.recorded}, {got} {row.answered}")
    if len(unexplained) > SHOWN_MAX:
        _print(f"and {len(unexplained) - SHOWN_MAX} more are unexplained: --report html:FILE and --json have all")


def _not_judged(streams: Sequence[Verified]) -> Counter[str]:
    """Return the number of frames that are not judged, by their channels."""
    return Counter(one.comparison.differences[0].path for one in streams if one.comparison.kind == NOT_JUDGED)


def import_as_json(found: Imported, out: Path) -> dict[str, Any]:
    """Return all that was found as plain JSON, with every answer, frame and row that is not just explained."""
    compared = {"answers": found.verified, "frames": found.streams, "export": found.exported}
    return {
        "scenario": str(out),
        "venue": found.recorded.venue,
        "api_date": found.api_date.name,
        "api_day": found.api_date.day,
        "is_explained": found.is_explained,
        "counts": dict(found.counts()),
        "skipped": dict(found.recorded.skipped),
        "not_judged": dict(_not_judged(found.streams)),
        "problems": _problems(found.recorded.problems),
        "export_problems": _problems(found.export_problems),
        "assumed": _problems(found.recorded.assumed),
        "from_frames": _problems(found.recorded.from_frames),
        "refused_steps": found.refusals,
        "unread": [{**_place(answer), "why": why} for answer, why in found.unread],
        **{
            name: [
                {
                    **_place(one.answer),
                    "kind": one.comparison.kind,
                    "differences": [
                        {"path": row.path, "recorded": row.recorded, "answered": row.answered}
                        for row in one.comparison.differences
                    ],
                }
                for one in verified
                if one.comparison.kind not in (EXPLAINED, NOT_JUDGED)
            ]
            for name, verified in compared.items()
        },
    }


def _problems(found: Sequence[Problem]) -> list[dict[str, Any]]:
    return [{"line": one.line, "why": one.why} for one in found]


def _place(answer: Any) -> dict[str, Any]:
    return {"line": answer.line, "at": format_instant(answer.at), "method": answer.method, "target": answer.target}
