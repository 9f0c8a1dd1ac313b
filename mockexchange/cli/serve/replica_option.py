"""Defines the option `serve --replica`, with which several servers share one PostgreSQL database."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mockexchange.cli.click_base import UsageFailure, checked, shared_option
from mockexchange.server.serve_options import READS, STRICT
from mockexchange.store.opening import Location
from mockexchange.store.postgres.url import PostgresUrl

if TYPE_CHECKING:
    from mockexchange.server.replicas.address import Address  # only for a server with --replica

Command = TypeVar("Command", bound=Callable[..., Any])


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
    from mockexchange.server.replicas.address import Address

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
