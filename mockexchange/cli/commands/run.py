"""Defines `mockexchange run`, which runs a program against a new sandbox and reports its requests."""

import asyncio
import json
import os
import shlex
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click

from mockexchange.cli.click_base import Failure, UsageFailure, checked, checked_text, explain_scenario_error, option
from mockexchange.cli.report_option import report_option, write_reports
from mockexchange.cli.terminal import fitted
from mockexchange.clients.published import CLIENTS, GENERIC, UnusableAccount
from mockexchange.emulation.child_process import CannotStart
from mockexchange.emulation.exchange import Exchange
from mockexchange.emulation.run import LOCAL, MODES, ON_REAL_HOST, STOP, RunResult, RunSettings
from mockexchange.emulation.run import run as run_program
from mockexchange.emulation.summary import dial_lines, lines_of, run_checks
from mockexchange.emulation.upstream_proxy import WrongProxy
from mockexchange.kit.findings import Finding, Report, Verdict
from mockexchange.kit.reports.destinations import Destination
from mockexchange.kit.reports.printable_text import printable
from mockexchange.runtime.redaction import redact_command
from mockexchange.sandbox.clock import parse_mode
from mockexchange.sandbox.journal import FrameEntry, JournalEntry
from mockexchange.sandbox.journal_json import entry_to_json, frame_to_json
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.registry import DEFAULT

DOCUMENTATION = "docs/run.md"


class NotStarted(Failure):
    """Raised if the program cannot be started. `exit_code` is the one that a shell returns in this case."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click types it as one for the class


def _client(text: str) -> str:
    if text not in CLIENTS:
        raise ValueError(f"no client {text!r}{did_you_mean(text, CLIENTS)} (known: {', '.join(CLIENTS)})")
    return text


@click.command(context_settings={"allow_interspersed_args": False})
@option(
    "--as",
    "mode",
    envvar="MOCKEXCHANGE_RUN_AS",
    type=click.Choice(MODES),
    default=LOCAL,
    show_default=True,
    help="local: clients are pointed here by variables; demo: the venues' demo hosts are answered here.",
)
@option(
    "--client",
    default=GENERIC,
    show_default=True,
    callback=checked(_client),
    metavar="CLIENT",
    help="Client whose variables are set; `mockexchange env --help` lists them.",
)
@option("--scenario", default="demo", show_default=True, help="Scenario: a built-in name or a file.")
@option(
    "--api-date",
    default="latest",
    show_default=True,
    callback=checked(DEFAULT.api_date),
    help="Day of the API: compat, latest, an alias, a month or a day.",
)
@option(
    "--clock",
    default="real",
    show_default=True,
    callback=checked_text(parse_mode),
    help="Exchange time: real, paused, or a scale like 10x.",
)
@option("--chaos", multiple=True, metavar="NAME", help="Preset of faults, such as flaky; repeatable.")
@option(
    "--journal",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that gets the requests and frames, as `replay --journal` reads them.",
)
@option("--account", help="Account whose key is used.  [default: the first that the client can use]")
@option(
    "--on-real-host",
    type=click.Choice(ON_REAL_HOST),
    default=STOP,
    show_default=True,
    help="After a refused dial, stop: the program has 2 s to end; refuse: it goes on, such as a suite to its summary.",
)
@option("--quiet", is_flag=True, help="No summary; real venues are told of all the same.")
@report_option
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def run(
    context: click.Context,
    /,
    mode: str,
    client: str,
    scenario: str,
    api_date: ApiDate,
    clock: str,
    chaos: tuple[str, ...],
    journal: Path | None,
    account: str | None,
    on_real_host: str,
    quiet: bool,
    report: tuple[Destination, ...],
    command: Sequence[str],
) -> None:
    """Run a program against a fresh sandbox, and never against a real venue.

    In the environment of COMMAND your keys and the venues' URLs are replaced by the sandbox's; your other settings are
    passed on. The exit code is that of COMMAND; 3 if COMMAND tried to connect to a real venue, which is refused;
    126 or 127 if it cannot be started.

    \b
    mockexchange run -- python bot.py
    mockexchange run --as demo --scenario election.yaml -- npm test
    """
    if not command or not command[0]:
        got = ", got an empty word" if command else ""
        raise UsageFailure(f"expected a command after --, such as: mockexchange run -- python bot.py{got}")
    settings = RunSettings(
        command=command,
        environment=os.environ,
        mode=mode,
        client=client,
        scenario=scenario,
        api_date=api_date,
        account=account,
        clock=clock,
        chaos=chaos,
        on_real_host=on_real_host,
    )
    if journal is not None:
        write_journal(journal, [], [])  # now, so that a wrong place is known before the program runs
    ran = _run(settings, (lambda here, changed: None) if quiet else _announce)
    if journal is not None:
        write_journal(journal, ran.requests, ran.frames)
    _print_result(ran, is_quiet=quiet)
    write_reports(report_of(ran), report)
    context.exit(ran.exit_code)


def _run(settings: RunSettings, announce: Callable[[Exchange, str], None]) -> RunResult:
    try:
        return asyncio.run(run_program(settings, announce))
    except ScenarioError as error:
        raise UsageFailure(explain_scenario_error(error, settings.scenario)) from None
    except (UnusableAccount, WrongProxy) as error:
        raise UsageFailure(str(error)) from None
    except CannotStart as error:
        raise NotStarted(str(error), error.exit_code) from None


def _announce(here: Exchange, changed: str) -> None:
    """Print where the exchange is, so that other terminals can watch it, and what the program does not get."""
    click.secho(fitted(f"[mockexchange] {here.origin}, ready file {here.ready_file}"), err=True, dim=True)
    if changed:
        click.secho(fitted(f"[mockexchange] your variables: {printable(changed)}"), err=True, dim=True)


def write_journal(target: Path, requests: Iterable[JournalEntry], frames: Iterable[FrameEntry]) -> None:
    """Write requests and frames to a file as lines of JSON. Raises UsageFailure if the file cannot be written."""
    rows = [*map(entry_to_json, requests), *(frame_to_json(number, one) for number, one in enumerate(frames, start=1))]
    try:
        target.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    except OSError as error:
        raise UsageFailure(f"--journal: {target} cannot be written: {error.strerror}") from None


def _print_result(ran: RunResult, *, is_quiet: bool) -> None:
    """Print the summary on standard error, since standard output is the program's."""
    for line in [] if is_quiet else lines_of(ran):
        colour = "yellow" if line.startswith("WARNING") else None
        click.secho(fitted(f"[mockexchange] {printable(line)}"), err=True, fg=colour)
    ended = ["the program went on after that, and was ended"] if ran.was_ended else []
    for line in [*dial_lines(ran), *ended]:
        click.secho(fitted(f"mockexchange run: {printable(line)}"), err=True, fg="red")


def report_of(ran: RunResult) -> Report:
    """Return the report of a finished run, with one verdict for each check of the run."""
    report, subject = (
        Report(f"mockexchange run -- {shlex.join(redact_command(ran.settings.command))}"),
        ran.settings.command[0],
    )
    for one in run_checks(ran):
        findings = tuple(
            Finding(one.rule, where, seen, expected, DOCUMENTATION) for where, seen, expected in one.broken
        )
        report.add([Verdict(one.rule, subject, findings, description=one.description, seconds=ran.seconds)])
    return report
