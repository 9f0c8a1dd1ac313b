"""Defines the options of `serve` for a server that several people share: tokens, audit log, limits and quotas."""

from collections.abc import Callable
from pathlib import Path
from typing import TypedDict, TypeVar

import click

from mockexchange.cli.click_base import UsageFailure, checked, shared_option
from mockexchange.cli.path_types import FileToRead
from mockexchange.core.instants import parse_duration
from mockexchange.sandbox.quotas import NO_QUOTAS, Quotas
from mockexchange.scenario.errors import ScenarioError
from mockexchange.server.control.access.tokens import read_tokens
from mockexchange.server.serve_options import Sharing

Command = TypeVar("Command", bound=Callable[..., object])
QUOTAS = {name.replace("_", "-"): name for name in Quotas._fields}
QUOTA_DIGITS_MAX = 15


class SharingValues(TypedDict):
    """The values of the options for a server that several people share, by parameter name."""

    tokens: Path | None
    audit: Path | None
    control_port: int | None
    ttl: int | None
    max_sandboxes: int | None
    quota: Quotas


def sharing_of(values: SharingValues) -> Sharing:
    """Return the settings of a server that several people share. Raises UsageFailure if the token file is wrong."""
    path = values["tokens"]
    try:
        tokens = read_tokens(path) if path else ()
    except ScenarioError as error:
        raise UsageFailure(str(error)) from None
    return Sharing(
        tokens, values["audit"], values["control_port"], values["max_sandboxes"], values["ttl"], values["quota"]
    )


def _ttl(text: str) -> int:
    duration_us = parse_duration(text)
    if not duration_us:
        raise ValueError(f"expected a duration above 0, got {text!r}")
    return duration_us


def _quotas(given: tuple[str, ...]) -> Quotas:
    """Read quotas such as streams=50. Raises ValueError."""
    read = NO_QUOTAS
    for text in given:
        name, _, amount = text.partition("=")
        if name not in QUOTAS:
            raise ValueError(f"expected one of {', '.join(f'{one}=N' for one in QUOTAS)}, got {text!r}")
        if not (amount.isascii() and amount.isdigit() and len(amount) <= QUOTA_DIGITS_MAX and int(amount)):
            raise ValueError(f"{name}: expected a whole number above 0, got {amount!r}")
        read = read._replace(**{QUOTAS[name]: int(amount)})
    return read


OPTIONS = (
    shared_option(
        "--tokens",
        type=FileToRead(exists=False, takes_pipes=True),
        help="File with further tokens of the control API: their names and roles.",
    ),
    shared_option(
        "--audit",
        type=click.Path(dir_okay=False, path_type=Path),
        help="File that gets a line for each request to the control API that changes something.",
    ),
    shared_option(
        "--control-port",
        type=click.IntRange(0, 65_535),
        help="Port of its own for the control API; 0 takes a free one.",
    ),
    shared_option(
        "--ttl",
        metavar="DURATION",
        callback=checked(_ttl),
        help="Delete sandboxes that are idle for so long, such as 2h.",
    ),
    shared_option("--max-sandboxes", type=click.IntRange(1), help="Largest number of sandboxes.  [default: 1000]"),
    shared_option(
        "--quota",
        multiple=True,
        metavar="NAME=N",
        callback=checked(_quotas),
        help=f"A quota of each sandbox ({', '.join(QUOTAS)}); repeatable.",
    ),
)


def sharing_options(command: Command) -> Command:
    """Add the options for a server that several people share to a command."""
    for add in reversed(OPTIONS):
        command = add(command)
    return command
