"""Stream targets: an exchange of `stream_world.yaml`, whose stream is never quiet for long."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import httpx
from anyio.from_thread import start_blocking_portal

from contracts.suites.world import IN_PROCESS_HOST, front_of
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.kalshi.signing import load_signer
from mockexchange.kit.local_exchange import AppTransport, exchange
from mockexchange.kit.streaming.connections import connect_app
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import MEMBER, OTHER, RESTRICTED, Target
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_file
from mockexchange.scenario.plan import Plan
from mockexchange.venues.kalshi.dates import api_date

WORLD = Path(__file__).with_name("stream_world.yaml")
ROLES = {("member", "main"): MEMBER, ("member", "only_1"): RESTRICTED, ("stranger", "main"): OTHER}
ROUND_US = 1_000_000
"""The period of the events."""
SUBACCOUNTS, SUBACCOUNTS_SINCE = "subaccounts", "2026-02"
HEARTBEAT_S = 0.15
ANSWER_S = 5.0
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
            connect = connect_app(front, portal)
            with StreamTarget(rest=rest, connect=connect, trigger_events=trigger_events, answer_s=ANSWER_S) as target:
                yield target


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
