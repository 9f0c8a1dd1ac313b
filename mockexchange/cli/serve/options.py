"""Defines options of `serve`, parses their values, and checks that they fit each other."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, TypeVar
from urllib.parse import urlsplit

import click

from mockexchange.cli.argument_types import FileToRead
from mockexchange.cli.click_base import UsageFailure, checked, shared_option
from mockexchange.core.instants import parse_duration
from mockexchange.sandbox.quotas import NO_QUOTAS, Quotas
from mockexchange.scenario.errors import ScenarioError
from mockexchange.server.control.access import read_tokens
from mockexchange.server.serve_options import READS, STRICT, Sharing
from mockexchange.server.tls.certificate_names import normalised
from mockexchange.store.opening import Location
from mockexchange.store.postgres.url import PostgresUrl
from mockexchange.venues.dated_fields import LATEST
from mockexchange.venues.registry import DEFAULT

if TYPE_CHECKING:
    from mockexchange.runtime.overlay import Overlay
    from mockexchange.server.replicas.peers import Address  # only for a server with --replica


# Values of options: the clock, the token, the public URL, host names


def read_token(text: str) -> str:
    """Check a token and return it unchanged. Raises ValueError, without the token, for one that no header can have."""
    if not text:
        raise ValueError("expected a value, got an empty text")
    if not text.isprintable():
        raise ValueError("expected a text on one line, without control characters, as a header has it")
    return text


def read_public_url(text: str) -> str:
    """Check the URL by which clients reach the server and return it unchanged. Raises ValueError."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"expected a URL such as https://mock.example.org, got {text!r}")
    return text


def read_certificate_names(
    context: click.Context, parameter: click.Parameter, names: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the host names and addresses for which a certificate is to be issued, in normal form."""
    try:
        return tuple(map(normalised, names))
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def read_host_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that the Host header of a request may have, in normal form. Raises ValueError for a wildcard."""
    wild = next((name for name in names if "*" in name), None)
    if wild is not None:
        raise ValueError(f"expected one host name, such as mock.test, got {wild!r}")
    return tuple(map(normalised, names))


def read_overlay(path: Path) -> "Overlay":
    """Read a newer API document. Raises UsageFailure if it is none."""
    from mockexchange.runtime.overlay import Overlay

    try:
        return Overlay.read(path)
    except ValueError as error:
        raise UsageFailure(f"--overlay: {error}") from None


def require_overlay_possible(context: click.Context) -> None:
    """Raise UsageFailure if --overlay contradicts another option."""
    given = context.params
    if given["overlay"] is None:
        return
    if given["workers"] > 1 or given["replica"] is not None:
        other = "--workers" if given["workers"] > 1 else "--replica"
        raise UsageFailure(f"--overlay and {other} exclude each other: leave one out")
    date, newest = given["api_date"], DEFAULT.api_date(LATEST).day
    if date.day is not None and newest is not None and date.day < newest:
        raise UsageFailure(f"--overlay adds to the newest date: give --api-date latest or compat, not {date.name}")


# A server that several people share: tokens, audit log, limits and quotas


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


# --replica: several servers share one PostgreSQL database


def replica_options(command: Command) -> Command:
    """Add the options --replica and --reads to a command."""
    replica = shared_option(
        "--replica",
        metavar="HOST:PORT",
        callback=checked(_address),
        help="Share the database with other servers, which reach this one at this address.",
    )
    reads = shared_option(
        "--reads",
        type=click.Choice(READS),
        default=STRICT,
        show_default=True,
        help="With --replica: reads have all acknowledged writes, those that X-Mock-Min-Seq names, or no promise.",
    )
    return replica(reads(command))


def _address(text: str) -> "Address":
    from mockexchange.server.replicas.peers import Address

    return Address.read(text)


def require_replica_possible(context: click.Context, store: Location | None) -> None:
    """Raise UsageFailure if --replica contradicts the store, the platform or another option."""
    values = context.params
    replica: Address | None = values["replica"]
    if replica is None:
        if values["reads"] != STRICT:
            raise UsageFailure(
                f"--reads {values['reads']} is for servers with --replica: reads of one server are strict"
            )
        return
    if sys.platform == "win32":
        raise UsageFailure(f"--replica {replica}: Windows gives no connection away: leave it out")
    if not isinstance(store, PostgresUrl):
        raise UsageFailure(f"--replica {replica} shares a database: give --store postgresql://USER@HOST/DATABASE")
    if not values["token"]:
        raise UsageFailure(f"--replica {replica} needs --token: all servers of a database have the same one")
    given = {
        "--workers": values["workers"] > 1,
        "--tls": values["tls"],
        "--reload": values["reload"],
        "--control-port": values["control_port"] is not None,
    }
    excluded = ", ".join(name for name, is_given in given.items() if is_given)
    if excluded:
        raise UsageFailure(f"--replica {replica} and {excluded} exclude each other: leave one out")


# --workers: several processes share the port


WORKERS_MAX = 64


def workers_option(command: Command) -> Command:
    """Add the options --workers and --replica to a command."""
    return shared_option(
        "--workers",
        type=click.IntRange(1, WORKERS_MAX),
        default=1,
        show_default=True,
        help="Processes that share the port: one does all writes, the others answer reads (Linux).",
    )(replica_options(command))


def require_workers_possible(workers: int, store: Location | None, *, tls: bool) -> None:
    """Raise UsageFailure if several workers are wanted but the platform, the store or TLS does not allow them."""
    if workers == 1:
        return
    if sys.platform != "linux":
        raise UsageFailure(f"--workers {workers}: only Linux shares a port between processes evenly: leave it out")
    if store is not None and not isinstance(store, Path):
        raise UsageFailure(f"--workers {workers} shares an SQLite file: give --store sqlite:FILE, or no store")
    if tls:
        raise UsageFailure(
            f"--workers {workers} serves no --tls: connections go from one process to another, which TLS does not"
            " allow; end TLS in a proxy before the server, and give its URL as --public-url"
        )
