"""Defines the option `serve --workers`, and checks that it fits the other options."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from mockexchange.cli.click_base import UsageFailure, shared_option
from mockexchange.cli.serve.replica_option import replica_options
from mockexchange.store.opening import Location

WORKERS_MAX = 64
Command = TypeVar("Command", bound=Callable[..., Any])


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
