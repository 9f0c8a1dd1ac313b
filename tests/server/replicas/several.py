"""Several servers on one database in this process, each with a loop and a port of its own: a test picks who answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.loader import load_text
from mockexchange.server.operating_system import loop_factory
from mockexchange.server.replicas.peers import Address
from mockexchange.server.replicas.replica import Replica
from mockexchange.server.serve_options import ServeOptions
from mockexchange.venues.kalshi.named_days import api_date
from tests.helpers.ports import free_port
from tests.helpers.postgres import PostgresServer
from tests.helpers.sandboxes import SMALL
from tests.server.live import TOKEN, Live, in_a_thread
from tests.server.wire import ADDRESS


def replica_of(home: Path, database: PostgresServer, scenario: str = SMALL, **options: Any) -> Replica:
    """Return a server that is not started."""
    home.mkdir(exist_ok=True)
    given = ServeOptions(
        host=ADDRESS,
        port=0,
        ready_file=home / "ready.json",
        token=TOKEN,
        store=database.url,
        **options,
    )
    address = Address(ADDRESS, free_port())
    return Replica(address, load_text(scenario), SandboxOptions(api_date=api_date("compat"), clock="paused"), given)


@contextmanager
def serving_replica(home: Path, database: PostgresServer, **options: Any) -> Iterator[tuple[Live, Replica]]:
    """Run a server until the end of the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(home))
        replica = replica_of(home, database, **options)
        with contextmanager(in_a_thread)(replica, loop_factory()) as live:
            yield live, replica


@contextmanager
def serving_two(
    home: Path, database: PostgresServer, scenario: str = SMALL, **options: Any
) -> Iterator[tuple[Live, Live]]:
    """Run a home and a follower until the end of the block."""
    with (
        serving_replica(home / "a", database, scenario=scenario, **options) as (first, _),
        serving_replica(home / "b", database, scenario=scenario, **options) as (second, _),
    ):
        yield first, second
