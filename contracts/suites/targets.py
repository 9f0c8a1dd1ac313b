"""Kalshi at one date as a target: `world.yaml`, in process or on a socket, with a key of every role."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx
from anyio.from_thread import start_blocking_portal
from starlette.types import ASGIApp

from contracts.suites.world import TRANSPORTS, World, front_of, open_world
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.kalshi.schemathesis_hints import make_hints
from mockexchange.kit.local_exchange import AppTransport
from mockexchange.kit.schemathesis.hints import SchemathesisHints
from mockexchange.kit.target import BALANCE_ONLY, BOUND, FCM, MEMBER, OTHER, OTHER_FCM, RESTRICTED, Target
from mockexchange.venues.kalshi.named_days import ALIASES

ROLES = {
    MEMBER: ("member", "main"),
    FCM: ("desk", "main"),
    BOUND: ("desk", "bound"),
    RESTRICTED: ("member", "only_1"),
    OTHER: ("neighbour", "main"),
    OTHER_FCM: ("rival", "main"),
    BALANCE_ONLY: ("member", "balance_only"),
}
EVERY = (*ALIASES, "compat")
NAMES = {
    "order_id": ["resting", "partly", "apart"],
    "order_group_id": ["limited", "stopped"],
    "transfer_id": ["across-1", "across-2"],
    "ticker": [
        "KXRAINNYC-25NOV05-T1",
        "KXQUICK-25NOV04-S",
        "KXGOV-25NOV04-A",
        "KXFED-25DEC-H0",
        "KXOLD-25OCT31-A",
    ],
    "event_ticker": ["KXRAINNYC-25NOV05", "KXFED-25DEC"],
    "series_ticker": ["KXRAINNYC", "KXQUICK", "KXFED"],
    "subtrader_id": ["fcm7_st1", "fcm7_st2"],
    "milestone_id": ["7c2d4b1a-3e5f-4a6b-9c8d-1e2f3a4b5c6d"],
    "structured_target_id": ["7c2d4b1a-3e5f-4a6b-9c8d-1e2f3a4b5c6d", "t2"],
    "collection_ticker": ["KXCOMBO-R"],
    "rfq_id": ["1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"],
    "quote_id": ["9f8e7d6c-5b4a-4938-a716-150403f2e1d0"],
    "city": ["miami"],
    "endpoint": ["values"],
    "type": ["basketball_game"],
}
"""Names that exist in `world.yaml`, by the parameter that takes them; each fits every operation."""
UNLISTED = (
    *(
        "subtrader_id",
        "milestone_id",
        "structured_target_id",
        "collection_ticker",
        "rfq_id",
        "quote_id",
        "city",
        "endpoint",
        "type",
    ),
)
"""Parameters of paths for which no list is known to the kit."""
TIMES = {"query.min_ts": [1762257600, 1762257603], "query.max_ts": [1762257602, 1762257700]}
"""Times around the first seconds of the world, in which everything happens."""


def unchanged(app: ASGIApp) -> ASGIApp:
    return app


@contextmanager
def target_at(
    alias: str,
    transport: str = "in process",
    *,
    may_write: bool = True,
    wrap: Callable[[ASGIApp], ASGIApp] = unchanged,
    world: World | None = None,
) -> Iterator[Target]:
    """Open the world at a date, or take one, and yield its target, whose orders may be filled.

    `wrap` changes the application in process.
    """
    world = world or open_world(alias)
    with front_of(world.sandbox) as front, TRANSPORTS[transport](front) as reached:
        if reached.app is None:
            with httpx.Client(trust_env=False) as http:
                yield _target(world, alias, reached.origin, http, may_write)
        else:
            with start_blocking_portal() as portal:
                http = httpx.Client(transport=AppTransport(wrap(reached.app), portal))
                yield _target(world, alias, reached.origin, http, may_write)


def _target(world: World, alias: str, origin: str, http: httpx.Client, may_write: bool) -> Target:
    return Target(
        venue=KALSHI,
        api_date=alias,
        base_url=origin + KALSHI.prefix,
        http=http,
        keys={role: world.signers[key] for role, key in ROLES.items()},
        may_write=may_write,
        may_order=may_write,
        may_trade=may_write,
        names={**{name: NAMES[name][0] for name in UNLISTED}, "milestone_ids": NAMES["milestone_id"][0]},
    )


def hints_of(target: Target) -> SchemathesisHints:
    """Return the hints for generated requests to this world."""
    found = make_hints(target.document, NAMES, target.keys, must_answer=True)
    return replace(found, values={**found.values, **TIMES})
