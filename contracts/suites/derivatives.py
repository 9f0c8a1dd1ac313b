"""Deribit and SignalPlus as targets: `derivatives_world.yaml`, in process or on a socket."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from anyio.from_thread import start_blocking_portal
from starlette.types import ASGIApp

from contracts.suites.targets import unchanged
from contracts.suites.world import TRANSPORTS, front_of
from mockexchange.kit.deribit.signing import BASIC, Basic
from mockexchange.kit.local_exchange import AppTransport
from mockexchange.kit.schemathesis.hints import SchemathesisHints
from mockexchange.kit.target import BALANCE_ONLY, MEMBER, OTHER, RESTRICTED, Target
from mockexchange.kit.venue import Signer
from mockexchange.kit.venues import KITS
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_file
from mockexchange.venues.registry import venue_of

WORLD = Path(__file__).with_name("derivatives_world.yaml")
EVERY = ("2026-10", "compat")
ROLES = {
    "deribit": {
        MEMBER: ("dora", "main"),
        BALANCE_ONLY: ("dora", "reader"),
        RESTRICTED: ("dora", "book"),
        OTHER: ("dirk", "main"),
    },
    "signalplus": {MEMBER: ("gina", "main"), OTHER: ("gus", "main")},
}
NAMES = {
    "instrument_name": ["BTC-17OCT25", "BTC-PERPETUAL", "BTC_USDC-PERPETUAL", "BTC-31OCT25-110000-C"],
    "index_name": ["btc_usd", "eth_usd", "btc_usdc"],
    "subaccount_id": ["0", "3"],
    "subaccountId": ["0", "3"],
}
"""Names that exist in the world, by the parameter that takes them."""


def open_world(venue: str, alias: str) -> Sandbox:
    """Play the scenario into an exchange that speaks the wire of a date."""
    day = venue_of(venue).api_date(alias)
    return asyncio.run(open_sandbox(load_file(WORLD), SandboxOptions(api_date=day, clock="paused")))


@contextmanager
def target_at(
    venue: str, alias: str, transport: str = "in process", wrap: Callable[[ASGIApp], ASGIApp] = unchanged
) -> Iterator[Target]:
    """Open the world at a date and yield a venue's target; `wrap` changes the application in process."""
    sandbox = open_world(venue, alias)
    with front_of(sandbox) as front, TRANSPORTS[transport](front) as reached:
        if reached.app is None:
            with httpx.Client(trust_env=False) as http:
                yield _target(sandbox, venue, alias, reached.origin, http)
        else:
            with start_blocking_portal() as portal:
                http = httpx.Client(transport=AppTransport(wrap(reached.app), portal))
                yield _target(sandbox, venue, alias, reached.origin, http)


def _target(sandbox: Sandbox, venue: str, alias: str, origin: str, http: httpx.Client) -> Target:
    kit = KITS[venue]
    known = {(one.account, one.key): one for one in sandbox.credentials()}
    own = {role: known[key] for role, key in ROLES[venue].items()}
    keys: dict[str, Signer] = {role: kit.load_signer(one.key_id, one.secret or "") for role, one in own.items()}
    if venue == "deribit":
        keys[BASIC] = Basic(own[MEMBER].key_id, own[MEMBER].secret or "")
    return Target(
        venue=kit,
        api_date=alias,
        base_url=origin + kit.prefix,
        http=http,
        keys=keys,
        may_write=True,
        may_order=True,
        may_trade=True,
    )


def hints_of(target: Target) -> SchemathesisHints:
    """Return the hints for generated requests to this world."""
    return target.venue.make_hints(target.document, NAMES, target.keys)
