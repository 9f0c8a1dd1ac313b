"""Defines `mockexchange import`, which makes a scenario from a recording.

It lists the recorded answers that the scenario does not reproduce.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from mockexchange.cli.click_base import Failure, UsageFailure, option
from mockexchange.cli.report_option import report_option, write_reports
from mockexchange.importing.comparison import NOT_JUDGED, UNEXPLAINED
from mockexchange.importing.importing import KINDS, Imported, import_recording
from mockexchange.importing.recorded_answers import WrongRecording
from mockexchange.importing.report import report_of
from mockexchange.importing.verification import Verified
from mockexchange.kit.reports.destinations import Destination
from mockexchange.kit.reports.printable_text import printable
from mockexchange.scenario.errors import ScenarioError

SHOWN_MAX = 10


@click.command("import")
@click.argument("recording", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default="scenario.yaml",
    show_default=True,
    help="File for the scenario; it must not exist.",
)
@option("--api-date", help="The day of the recorded wire.  [default: the one that fits most answers]")
@option(
    "--export",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV export of the same account, whose trades and settlements are compared.",
)
@option("--stub-rest", is_flag=True, help="Answer with the recorded bodies where no step explains them.")
@option("--accept", is_flag=True, help="End with 0 and write the scenario, whatever is unexplained.")
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
    _print(found, out)
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


def _print(found: Imported, out: Path) -> None:
    """Print what was made, what was not read, and the first answers that are unexplained."""
    counts = found.counts()
    kinds = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind])
    click.echo(f"{out}: as of {found.api_date}, {kinds or 'with nothing to ask again'}")
    label = "not asked again" if found.recorded.answers else "left out"
    for kind, number in found.recorded.skipped.items():
        click.echo(printable(f"  {label}: {number} {kind}"))
    for channel, number in _not_judged(found.streams).items():
        click.echo(printable(f"  not judged: {number} frames of {channel}, which depend on other participants"))
    for problem in found.recorded.problems[:SHOWN_MAX]:
        click.echo(printable(f"  line {problem.line} was not read: {problem.why}"))
    for problem in found.export_problems[:SHOWN_MAX]:
        click.echo(printable(f"  line {problem.line} of the export was not read: {problem.why}"))
    for problem in found.recorded.assumed[:SHOWN_MAX]:
        click.echo(printable(f"  line {problem.line} is assumed: {problem.why}"))
    if len(found.recorded.assumed) > SHOWN_MAX:
        click.echo(f"  and {len(found.recorded.assumed) - SHOWN_MAX} more are assumed")
    for why in found.refusals[:SHOWN_MAX]:
        click.echo(printable(f"  no step: {why}"))
    for answer, why in found.unread[:SHOWN_MAX]:
        click.echo(printable(f"  not read: {answer.where}: {why}"))
    _print_unexplained(found.verified, "recorded", "the scenario answers")
    _print_unexplained(found.streams, "recorded", "the scenario sends")
    _print_unexplained(found.exported, "the export has", "recorded")


def _not_judged(streams: Sequence[Verified]) -> Counter[str]:
    """Return the number of frames that are not judged, by their channels."""
    return Counter(one.comparison.differences[0].path for one in streams if one.comparison.kind == NOT_JUDGED)


def _print_unexplained(verified: Sequence[Verified], wanted: str, got: str) -> None:
    unexplained = [one for one in verified if one.comparison.kind == UNEXPLAINED]
    for one in unexplained[:SHOWN_MAX]:
        click.echo(printable(f"unexplained, {one.answer.where}"))
        for row in one.comparison.differences:
            click.echo(printable(f"  {row.path}: {wanted} {row.recorded}, {got} {row.answered}"))
