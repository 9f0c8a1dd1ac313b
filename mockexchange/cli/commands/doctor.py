"""Defines `mockexchange doctor`, which finds problems of this machine that affect clients, each with its remedy."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import click

from mockexchange.cli.argument_types import FileToRead
from mockexchange.cli.click_base import checked, option, shared_option
from mockexchange.cli.doctor_checks import CHECKS, FAIL, CheckContext, Finding
from mockexchange.cli.server_connection import server_option
from mockexchange.cli.terminal import printable, terminal_width, wrapped
from mockexchange.runtime.http_request import require_url
from mockexchange.runtime.ready_file import DEFAULT_HOST, DEFAULT_PORT

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}
NAME_WIDTH = 12


@click.command()
@option("--url", callback=checked(require_url), help="Also hold this machine's clock against that server's.")
@option(
    "--key",
    type=FileToRead(exists=False, takes_pipes=True),
    help="A private key file to look at, besides those of the variables.",
)
@shared_option("--host", default=DEFAULT_HOST, show_default=True, help="Address on which a server is to listen.")
@shared_option(
    "--port",
    type=click.IntRange(1, 65_535),
    default=DEFAULT_PORT,
    show_default=True,
    help="Port on which a server is to listen.",
)
@option("--json", "as_json", envvar="MOCKEXCHANGE_DOCTOR_JSON", is_flag=True, help="Print the findings as JSON.")
@server_option
@click.pass_context
def doctor(
    context: click.Context, url: str | None, key: Path | None, host: str, port: int, as_json: bool, ready_file: Path
) -> None:
    """Check what may stop a client: versions, server, clocks, port, keys, variables, proxies, certificates.

    Each line has ok, warn or fail, the finding, and the remedy. Exit code 1 if a check fails. Nothing is changed, and
    no host on the network is called except that of --url.
    """
    check_context = CheckContext(os.environ, ready_file, host, port, url, key)
    findings = list(examine(check_context))
    if as_json:
        click.echo(json.dumps([finding._asdict() for finding in findings], indent=2))
    else:
        for finding in findings:
            verdict = click.style(f"{finding.verdict:<5}", fg=COLOURS[finding.verdict], bold=True)
            line = wrapped(f"{'':<6}{finding.check}", printable(finding.message), NAME_WIDTH + 7, terminal_width())
            click.echo(f"{verdict}{line[5:]}")
            if finding.remedy:
                click.echo(f"{'':<{NAME_WIDTH + 6}} > {printable(finding.remedy)}")
    context.exit(1 if any(finding.verdict == FAIL for finding in findings) else 0)


def examine(context: CheckContext) -> Iterator[Finding]:
    """Run every check and yield its findings, in the order of the list CHECKS."""
    for check in CHECKS:
        yield from check(context)
