"""Defines `mockexchange import`, which makes a scenario from a recording.

It lists the recorded answers that the scenario does not reproduce.
"""

from pathlib import Path

import click

from mockexchange.cli.argument_types import FileToRead, FileToWrite
from mockexchange.cli.click_base import Failure, UsageFailure, json_option, option
from mockexchange.cli.import_report import import_as_json, print_import
from mockexchange.cli.report_option import report_option, write_reports
from mockexchange.cli.terminal import show_json_lines
from mockexchange.importing.importing import import_recording
from mockexchange.importing.recorded_answers import WrongRecording
from mockexchange.importing.report import report_of
from mockexchange.kit.reports.destinations import Destination
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
