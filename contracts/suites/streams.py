"""Stream targets: an exchange of `stream_world.yaml`, whose stream is never quiet for long."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from contracts.suites.world import IN_PROCESS_HOST, front_of
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.kalshi.signing import load_signer
from mockexchange.kit.local_exchange import AppTransport, exchange
from mockexchange.kit.streaming.connections import Arrival, Connect, StreamConnection, connect_app
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import MEMBER, OTHER, RESTRICTED, Target
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_file
from mockexchange.scenario.plan import Plan
from mockexchange.venues.kalshi.named_days import api_date
from tests.helpers.patience import PATIENCE_S

WORLD = Path(__file__).with_name("stream_world.yaml")
ROLES = {("member", "main"): MEMBER, ("member", "only_1"): RESTRICTED, ("stranger", "main"): OTHER}
ROUND_US = 1_000_000
"""The period of the events."""
SUBACCOUNTS, SUBACCOUNTS_SINCE = "subaccounts", "2026-02"
HEARTBEAT_S = 0.15
ANSWER_S = 5.0
"""Over a socket; in process a frame is there after some turns of the loop, or never comes."""
TURNS = 100
signer_of = cache(load_signer)
"""Cached, since reading a key is slow; every world has the same keys."""


@contextmanager
def stream_target(alias: str) -> Iterator[StreamTarget]:
    """Yield a target over a socket, whose server speaks the wire of an alias."""
    with exchange() as running, httpx.Client() as http:
        sandbox = running.open(world_of(alias), options_of(alias))
        rest = rest_of(sandbox, alias, http, running.base_url(sandbox.name), running.ws_url(sandbox.name))
        trigger_events = partial(running.portal.call, sandbox.advance, ROUND_US)
        with StreamTarget(
            rest=rest, trigger_events=trigger_events, answer_s=ANSWER_S, heartbeat_s=HEARTBEAT_S
        ) as target:
            yield target


@contextmanager
def stream_target_in_process(alias: str, plan: Plan | None = None) -> Iterator[StreamTarget]:
    """Yield a target whose server is an application in this process, with `plan` or the usual world."""
    with start_blocking_portal() as portal:
        sandbox = portal.call(open_sandbox, plan or world_of(alias), options_of(alias))
        with front_of(sandbox) as front, httpx.Client(transport=AppTransport(front, portal)) as http:
            hosts = (f"http://{IN_PROCESS_HOST}{KALSHI.prefix}", f"ws://{IN_PROCESS_HOST}{KALSHI.stream_path}")
            rest, trigger_events = (
                rest_of(sandbox, alias, http, *hosts),
                partial(portal.call, sandbox.advance, ROUND_US),
            )
            connect = settled(connect_app(front, portal), portal)
            with StreamTarget(rest=rest, connect=connect, trigger_events=trigger_events, answer_s=ANSWER_S) as target:
                yield target


class SettledConnection:
    """A connection to an application in this process: what has not come after some turns of its loop will not come.

    So nothing is waited for that never comes, and no machine is too slow for what does.
    """

    def __init__(self, connection: StreamConnection, portal: BlockingPortal) -> None:
        self._connection, self._portal = connection, portal
        self.has_pings = connection.has_pings
        self.send, self.ping, self.close, self.drop = (
            connection.send,
            connection.ping,
            connection.close,
            connection.drop,
        )

    def receive(self, timeout_s: float) -> Arrival | None:
        arrival = self._connection.receive(0)
        if arrival is None:
            self._portal.call(_turn)
            arrival = self._connection.receive(0)
        return arrival


async def _turn() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


def settled(connect: Connect, portal: BlockingPortal) -> Connect:
    """Return a function that opens streams, for whose frames turns of the loop are counted instead of seconds."""

    def opened(url: str, headers: Mapping[str, str], timeout_s: float) -> StreamConnection:
        return SettledConnection(connect(url, headers, max(timeout_s, PATIENCE_S)), portal)

    return opened


TRANSPORTS: dict[str, Callable[[str], AbstractContextManager[StreamTarget]]] = {
    "over a socket": stream_target,
    "in process": stream_target_in_process,
}


def options_of(alias: str) -> SandboxOptions:
    return SandboxOptions(api_date=api_date(alias), clock="paused")


def world_of(alias: str) -> Plan:
    """Return the scenario; without events in subaccounts at dates whose frames do not show the subaccount."""
    plan = load_file(WORLD)
    if alias >= SUBACCOUNTS_SINCE:
        return plan
    return replace(plan, script=[entry for entry in plan.script if entry.name != SUBACCOUNTS])


def rest_of(sandbox: Sandbox, alias: str, http: httpx.Client, base_url: str, ws_url: str) -> Target:
    known = ((ROLES.get((one.account, one.key)), one) for one in sandbox.credentials())
    keys = {role: signer_of(one.key_id, one.private_pem or "") for role, one in known if role}
    return Target(venue=KALSHI, api_date=alias, base_url=base_url, ws_url=ws_url, http=http, keys=keys)
