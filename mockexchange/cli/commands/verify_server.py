"""Defines `mockexchange verify server` and its options."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import yaml

from mockexchange.cli.account_options import name_option, rate_of, rate_option
from mockexchange.cli.argument_types import FileToRead
from mockexchange.cli.click_base import UsageFailure, checked, option
from mockexchange.cli.report_option import report_option, write_reports
from mockexchange.kit.hypothesis_support import cached_tables
from mockexchange.kit.reports.console import Progress, console_on, show_report
from mockexchange.kit.reports.destinations import Destination
from mockexchange.kit.schemathesis.run import EXAMPLES, SEED
from mockexchange.kit.server.arguments import Address, Credential, Selection, load_credential, parse_role, read_address
from mockexchange.kit.server.preflight import CannotJudge
from mockexchange.kit.server.run import ServerRun, ServerRunSettings, rules_of
from mockexchange.kit.streaming.target import LISTEN_S
from mockexchange.kit.target import MEMBER
from mockexchange.kit.venue import Signer, VenueKit, read_alias
from mockexchange.kit.venues import DEFAULT_KIT, KITS

EXAMPLES_MAX = 10_000


def _roles(texts: Sequence[str]) -> tuple[Credential, ...]:
    return tuple(parse_role(text) for text in texts)


def _alias(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    """Read the API date at the chosen venue, an option that is read before this one."""
    if text is None:
        return None
    try:
        return read_alias(text, context.params["venue"])
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@option(
    "--venue",
    type=click.Choice(list(KITS)),
    default=DEFAULT_KIT.name,
    show_default=True,
    is_eager=True,
    help="Venue whose contract the server must keep.",
)
@option("--url", required=True, help="URL of the API, with or without the venue's prefix, such as /trade-api/v2.")
@option("--ws", help="URL of the stream.  [default: beside --url, as the venue has it]")
@option("--key-id", required=True, help="The id of your key.")
@option(
    "--key",
    required=True,
    type=FileToRead(exists=False, takes_pipes=True),
    help="The file of your private key, PEM, or of your secret.",
)
@option(
    "--role",
    multiple=True,
    metavar="ROLE=KEY_ID:FILE",
    callback=checked(_roles),
    help="A further key: fcm, bound, restricted, other, other-fcm or balance-only; may be repeated.",
)
@name_option
@option(
    "--api-date",
    show_default="that of the server if it is a mock, else latest",
    callback=_alias,
    help="Day of the API whose documents the server must keep.",
)
@option("--only", multiple=True, metavar="RULE", help="Judge these rules alone, as in 'pages.*'; may be repeated.")
@option("--skip", multiple=True, metavar="RULE", help="Judge all rules but these; may be repeated.")
@option("--allow-writes", is_flag=True, help="Also send writes that have to be refused.")
@option(
    "--writes",
    is_flag=True,
    help="Judge order entry too: place and cancel orders of a contract or two at a cent or two.",
)
@rate_option
@option(
    "--examples",
    type=click.IntRange(1, EXAMPLES_MAX),
    default=EXAMPLES,
    show_default=True,
    help="Requests that are made up for each operation.",
)
@option(
    "--seed",
    type=int,
    default=SEED,
    show_default=True,
    help="Chooses what is made up: two runs with the same seed ask the same.",
)
@option(
    "--listen",
    type=click.FloatRange(1, 3600),
    default=LISTEN_S,
    show_default=True,
    help="Seconds for which the stream is listened to.",
)
@option("--fast", is_flag=True, help="No generated requests, and listen only until every channel has spoken.")
@option("--production-read-only", is_flag=True, help="Ask a production host, reading only and nothing made up.")
@report_option
@click.pass_context
def server(context: click.Context, /, report: tuple[Destination, ...], **given: Any) -> None:
    """Check a server: does it keep the documented contract?

    Only reads are sent, unless --writes is given. Rules that cannot be judged are listed with the reason. Exit codes: 0
    kept, 1 broken, 2 could not judge.

    \b
    mockexchange verify server --url http://127.0.0.1:8600 \\
        --key-id ID --key alice.pem
    """
    settings = _settings(**given)
    progress = Progress(console_on(sys.stderr), settings.address.base_url)
    run = ServerRun(settings, progress)
    try:
        with progress, cached_tables(), closing(run):
            run.prepare()
            progress.rename(run.report.title)
            run.judge()
    except CannotJudge as error:
        raise UsageFailure(str(error)) from None
    except KeyboardInterrupt:
        raise UsageFailure("interrupted before anything was judged") from None
    except yaml.YAMLError as error:
        words = " ".join(str(error).split())
        raise UsageFailure(f"the contract documents of {run.target.api_date} cannot be read: {words}") from None
    show_report(run.report, console_on(sys.stdout), run.tables())
    write_reports(run.report, report, run.tables())
    context.exit(run.report.exit_code)


def _settings(
    *,
    venue: str,
    url: str,
    ws: str | None,
    key_id: str,
    key: Path,
    role: tuple[Credential, ...],
    name: dict[str, str],
    api_date: str | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    allow_writes: bool,
    writes: bool,
    rate: float | None,
    examples: int,
    seed: int,
    listen: float,
    fast: bool,
    production_read_only: bool,
) -> ServerRunSettings:
    """Return the settings of a run from the options. Raises UsageFailure."""
    kit = KITS[venue]
    try:
        address = read_address(url, ws, kit)
        _require_permission(address, {"--allow-writes": allow_writes, "--writes": writes}, production_read_only)
        selection = Selection(only, skip)
        selection.require_known(rules_of(kit))
        keys = _keys((Credential(MEMBER, key_id, key), *role), kit)
    except ValueError as error:
        raise UsageFailure(str(error)) from None
    return ServerRunSettings(
        venue=kit,
        address=address,
        api_date=api_date,
        keys=keys,
        names=name,
        may_write=allow_writes,
        may_order=writes,
        rate_per_s=rate_of(address, rate),
        selection=selection,
        examples=examples,
        seed=seed,
        listen_s=listen,
        is_fast=fast,
    )


def _keys(credentials: Sequence[Credential], kit: VenueKit) -> dict[str, Signer]:
    signers = {}
    for one in credentials:
        try:
            signers[one.role] = load_credential(one, kit)
        except ValueError as error:
            raise ValueError(f"{'--key' if one.role == MEMBER else f'--role {one.role}'}: {error}") from None
    return signers


def _require_permission(address: Address, writing: Mapping[str, bool], production_read_only: bool) -> None:
    """Raise ValueError for a production host that may not be read, and for options that write to one."""
    if address.is_production and not production_read_only:
        host = address.production_host
        raise ValueError(f"{host} is a production host: judge the venue's demo, or add --production-read-only")
    for option_name, is_given in writing.items():
        if production_read_only and is_given:
            raise ValueError(f"--production-read-only and {option_name} exclude each other")
