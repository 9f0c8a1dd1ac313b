"""The published clients that the matrix runs: version, driver, the API date each was made for, and its own faults.

A client's own date is the newest at which it reads all that it offers, its own faults apart. Each is tested there and
under `compat`.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.clients.processes import Peer, find_python, started
from tests.examples.programs import NODE_ENVIRONMENT, require_node
from tests.helpers.effort import chosen
from tests.house.checkout import ROOT

DRIVERS = ROOT / "contracts" / "clients"
COMPAT = "compat"


class Fault(NamedTuple):
    """Why a client reports wrong values although the server's are right, and at which of its two dates."""

    why: str
    at: tuple[str, ...]


class Published(NamedTuple):
    name: str
    version: str
    driver: str
    api_date: str
    faults: tuple[tuple[str, Fault], ...] = ()
    """By method."""

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}"

    def faults_at(self, api_date: str) -> list[str]:
        return [method for method, fault in self.faults if api_date in fault.at]

    def python(self) -> Path:
        """Return its interpreter; skip the test if there is none."""
        # This one is installed beside the tests, and other tests use it in their own process.
        return Path(sys.executable) if self.name == "pykalshi" else find_python(self.name, self.version)

    def command(self) -> list[str]:
        """Return the command that starts its driver; skip the test if its language or the client is not installed."""
        if self.driver.endswith(".mjs"):
            require_node()
            return ["node", str(DRIVERS / self.driver), str(NODE_ENVIRONMENT)]
        return [str(self.python()), "-m", f"contracts.clients.{self.driver}"]

    @contextmanager
    def driven(self, log_file: Path) -> Iterator[Peer]:
        with started(self.command(), log_file) as peer:
            yield peer


NEVER_SENT = Fault("reads a field that the exchange never sent, and returns 0", (COMPAT, "latest"))
NO_LIQUIDITY = Fault("wants `liquidity_dollars`, which the exchange no longer sends", ("latest",))

CLIENTS = (
    Published(
        "pykalshi",
        "2.0.0",
        "pykalshi_2",
        "latest",
        (("resting_order_value", NEVER_SENT), ("user_data_timestamp", NEVER_SENT)),
    ),
    Published("kalshi-python-sync", "3.34.0", "official_3_34", "latest"),
    Published(
        "kalshi-python-sync",
        "3.0.0",
        "official_3_0",
        "2025-12",
        (("orderbook", Fault("wants counts as text, where the exchange sent numbers", ("2025-12",))),),
    ),
    Published(
        "kalshi-sdk",
        "22.4.0",
        "sdk_22",
        "latest",
        (
            ("announcements", Fault("calls an operation that the exchange retired, and warns", ("latest",))),
            ("markets", NO_LIQUIDITY),
            ("market", NO_LIQUIDITY),
        ),
    ),
    Published("kalshi-sdk", "3.3.0", "sdk_3_3", "2026-06"),
)
# Those that write orders, with what drives their writes.
TRADERS = (
    Published(
        "pykalshi",
        "2.0.0",
        "orders_pykalshi",
        "latest",
        (
            ("v2_batch_place", Fault("leaves out the items that were refused", (COMPAT, "latest"))),
            ("v2_batch_cancel", Fault("reports the canceled orders as resting", (COMPAT, "latest"))),
        ),
    ),
    Published("kalshi-python-sync", "3.34.0", "orders_official", "latest"),
    Published("kalshi-python-async", "3.34.0", "orders_official", "latest"),
    Published("kalshi-sdk", "22.4.0", "orders_sdk", "latest"),
    Published("kalshi-typescript", "3.30.0", "orders_typescript.mjs", "latest"),
    Published("kalshi-python-sync", "3.0.0", "orders_official", "2025-12"),
    Published("kyro", "0.1.2", "orders_kyro", "2026-02"),
    Published("kalshi-sdk", "3.3.0", "orders_sdk", "2026-06"),
)
BY_TITLE = {client.title: client for client in CLIENTS}
FIRST_RELEASES = ("kalshi-python-sync 3.0.0", "kalshi-sdk 3.3.0")
"""Versions whose requests and HTTP library are those of a newer one in the tables."""


def of_push(clients: Sequence[Published]) -> Sequence[Published]:
    """Return the clients to try: all in `make test-all`, otherwise those that are no first releases of another."""
    return chosen(clients, *(client for client in clients if client.title not in FIRST_RELEASES))
