"""Defines `mockexchange verify client` and its options."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import yaml

from mockexchange.cli.click_base import UsageFailure, checked, option
from mockexchange.cli.commands.completion import SCENARIO
from mockexchange.cli.report_option import report_option, write_reports
from mockexchange.clients.published import CLIENTS, GENERIC
from mockexchange.core.instants import MICROSECONDS_PER_SECOND, parse_duration
from mockexchange.kit.client.baseline import Baseline, baseline_text, read_baseline
from mockexchange.kit.client.cards import Card, CardError, load_cards, select_cards
from mockexchange.kit.client.fuzzing import EXAMPLES
from mockexchange.kit.client.run import LATEST, CannotJudge, ClientRun, ClientRunSettings
from mockexchange.kit.findings import EXIT_KEPT
from mockexchange.kit.hypothesis_support import cached_tables
from mockexchange.kit.reports.console import Progress, console_on, show_report
from mockexchange.kit.reports.destinations import Destination
from mockexchange.kit.venue import VenueKit
from mockexchange.kit.venues import DEFAULT_KIT, KITS
from mockexchange.venues.registry import VENUES

EXAMPLE_COUNT = click.IntRange(2, 10_000)
FIXTURES = Path("mockexchange-findings")


def _date(context: click.Context, parameter: click.Parameter, text: str) -> str:
    """Read the API date at the chosen venue, an option that is read before this one."""
    try:
        VENUES[context.params["venue"]].api_date(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return text


def _client(context: click.Context, parameter: click.Parameter, name: str) -> str:
    """Require a client of the chosen venue."""
    venue = context.params["venue"]
    if name != GENERIC and CLIENTS[name].venue != venue:
        raise click.BadParameter(f"{name} is a client of {CLIENTS[name].venue}, not of {venue}")
    return name


def _seconds(text: str) -> float:
    seconds = parse_duration(text) / MICROSECONDS_PER_SECOND
    if not seconds:
        raise ValueError("expected a duration above 0, such as 60s")
    return seconds


@click.command(context_settings={"allow_interspersed_args": False})
@option(
    "--venue",
    type=click.Choice(list(KITS)),
    default=DEFAULT_KIT.name,
    show_default=True,
    is_eager=True,
    help="Venue whose client is judged.",
)
@option("--adapter", is_flag=True, help="The command is an adapter: it answers tasks, a line of JSON each.")
@option(
    "--cards", multiple=True, metavar="NUMBERS", help="Judge these cards alone, as in R07,S*; !R71: all but that one."
)
@option("--more-cards", type=click.Path(path_type=Path), help="A directory with cards of your own.")
@option("--list-cards", is_flag=True, help="Print the cards and end.")
@option(
    "--api-date",
    default=LATEST,
    show_default=True,
    callback=_date,
    help="Day of the API: compat, latest, an alias, a month or a day.",
)
@option(
    "--scenario",
    type=SCENARIO,
    default="",
    help="Scenario of the sandboxes: a built-in name or a file.  [default: the one of the cards]",
)
@option(
    "--client",
    type=click.Choice(list(CLIENTS)),
    default=GENERIC,
    show_default=True,
    callback=_client,
    metavar="CLIENT",
    help="Client whose variables are set; `mockexchange env --help` lists them.",
)
@option(
    "--timeout",
    default="60s",
    show_default=True,
    callback=checked(_seconds),
    help="Time for the command when nothing disturbs it.",
)
@option(
    "--save-fixtures",
    type=click.Path(path_type=Path),
    default=FIXTURES,
    show_default=True,
    help="Directory for bodies that the adapter fails on.",
)
@option("--examples", type=EXAMPLE_COUNT, default=EXAMPLES, show_default=True, help="Made-up bodies for each task.")
@option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Chooses the made-up bodies.")
@option("--fast", is_flag=True, help="Leave out the cards that take long.")
@option(
    "--baseline",
    type=click.Path(path_type=Path),
    help="A file of cards that are known to be broken: others alone fail the run.",
)
@option("--write-baseline", type=click.Path(path_type=Path), help="Write the cards that are broken now to a file.")
@report_option
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def client(
    context: click.Context,
    /,
    venue: str,
    adapter: bool,
    cards: tuple[str, ...],
    more_cards: Path | None,
    list_cards: bool,
    api_date: str,
    scenario: str,
    client: str,
    timeout: float,
    save_fixtures: Path,
    examples: int,
    seed: int,
    fast: bool,
    baseline: Path | None,
    write_baseline: Path | None,
    report: tuple[Destination, ...],
    command: Sequence[str],
) -> None:
    """Check a client: does it keep the documented contract, and can it cope with faults?

    COMMAND is run against fresh sandboxes, to which its environment points. Each card is a test of the requests and
    frames that COMMAND sends, and for an adapter also of the rows that it reports. Exit codes: 0 kept, 1 broken, 2
    could not judge.

    \b
    mockexchange verify client -- python bot.py
    mockexchange verify client --adapter --cards 'R2*,S05' -- node adapter.js
    """
    kit = KITS[venue]
    every, chosen = _cards(kit, cards, more_cards)
    if list_cards:
        click.echo("".join(f"{card.number}  {card.title}\n" for card in chosen), nl=False)
        return
    if not command:
        raise UsageFailure("expected a command after --, such as: mockexchange verify client -- python bot.py")
    if baseline and write_baseline:
        raise UsageFailure("expected one of --baseline and --write-baseline: the cards of the first are not broken")
    settings = ClientRunSettings(
        venue=kit,
        command=command,
        cards=chosen,
        every=every,
        is_adapter=adapter,
        api_date=api_date,
        scenario=scenario,
        client=client,
        timeout_s=timeout,
        fixtures=save_fixtures,
        more_cards=more_cards,
        examples=examples,
        seed=seed,
        is_fast=fast,
        baseline=_baseline(baseline, every) if baseline else None,
    )
    run = _run(settings)
    show_report(run.report, console_on(sys.stdout), run.tables, kept_in_a_line=True)
    write_reports(run.report, report, run.tables)
    if write_baseline and not run.report.cut_short:
        _write(write_baseline, baseline_text(run.report.verdicts))
        context.exit(EXIT_KEPT)
    context.exit(run.report.exit_code)


def _baseline(path: Path, every: Sequence[Card]) -> Baseline:
    """Read a baseline. Raises UsageFailure."""
    try:
        return read_baseline(path, every)
    except OSError as error:
        raise UsageFailure(f"{path} cannot be read: {error.strerror or error}: --write-baseline makes one") from None
    except ValueError as error:
        raise UsageFailure(str(error)) from None


def _write(path: Path, text: str) -> None:
    """Write a text file, and say so. Raises UsageFailure."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageFailure(f"{path} cannot be written: {error.strerror or error}") from None
    click.echo(f"Written: {path}", err=True)


def _cards(kit: VenueKit, wanted: Sequence[str], more: Path | None) -> tuple[list[Card], list[Card]]:
    """Return all cards of a venue, and the selected ones. Raises UsageFailure."""
    try:
        every = load_cards(more, builtin=kit.cards)
        return every, select_cards(every, wanted)
    except CardError as error:
        raise UsageFailure(str(error)) from None


def _run(settings: ClientRunSettings) -> ClientRun:
    progress = Progress(console_on(sys.stderr), f"{' '.join(settings.command)} ...")
    run = ClientRun(settings, progress)
    try:
        with progress, cached_tables():
            run.judge()
    except CannotJudge as error:
        raise UsageFailure(str(error)) from None
    except yaml.YAMLError as error:
        raise UsageFailure(f"the contract documents cannot be read: {' '.join(str(error).split())}") from None
    return run
