"""Sandboxes without a server: opened from scenario text, at a fixed host time, with signed requests."""

import asyncio
import json
from base64 import b64encode
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mockexchange.core.commands import Command
from mockexchange.core.events import Event
from mockexchange.core.exchange import Outcome
from mockexchange.core.instants import parse_instant
from mockexchange.core.refusals import Refusal
from mockexchange.sandbox.clock import HostClock
from mockexchange.sandbox.journal import JournalEntry
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.reopening import new_sandbox, read_description, restore
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_text
from mockexchange.store.log import Log
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.request import Answer, Request
from tests.venues.kalshi.keyring import Signer, sign

PREFIX = "/trade-api/v2"
POSITIONS = f"{PREFIX}/portfolio/positions"
WALL = parse_instant("2026-06-11T06:29:30Z")
MILLISECOND = 1_000
SMALL = """
scenario: small
seed: 7
start: 2025-11-04T12:00:00Z
accounts:
  alice: {cash: 100, subaccounts: {3: {cash: 10}}, keys: {main: {}, only_3: {subaccount: 3}, writer: {scopes: [write]}}}
  bob: {cash: 50}
  desk: {kind: fcm, account_id: fcm7, subtraders: {st1: {cash: 5}, st2: {}}, keys: {main: {}, st1: {subtrader: st1}}}
markets:
  RAIN-1: {event: RAIN, series: RAIN, price: 0.56}
  RAIN-2: {event: RAIN, series: RAIN}
  HEAT-1: {event: HEAT, series: HEAT, exchange_index: 1}
history:
  - fill: {account: alice, market: RAIN-1, side: yes, action: buy, count: 10, price: 0.56}
  - fill: {account: alice, market: RAIN-2, side: no, action: buy, count: 1.37, price: 0.34}
  - fill: {account: alice, market: HEAT-1, side: yes, action: buy, count: 2, price: 0.5}
  - fill: {account: desk/st1, market: RAIN-1, side: yes, action: buy, count: 3, price: 0.56}
"""


def run(coroutine: Any) -> Any:
    """Run a coroutine that never waits, because the log is in memory."""
    return asyncio.run(coroutine)


def make(text: str = SMALL, date: str = "2026-10", clock: str = "paused", **options: Any) -> Sandbox:
    given: dict[str, Any] = {"host": lambda: WALL, **options}
    made: Sandbox = run(open_sandbox(load_text(text), SandboxOptions(api_date=api_date(date), clock=clock, **given)))
    return made


def do(sandbox: Sandbox, command: Command) -> tuple[Event, ...]:
    outcome: Outcome = run(sandbox.submit(command))
    assert not isinstance(outcome, Refusal), outcome
    return outcome


def signer_of(sandbox: Sandbox, account: str, key: str = "main") -> tuple[str, Signer]:
    """Return the key id and the private key of an account."""
    [found] = [one for one in sandbox.credentials() if (one.account, one.key) == (account, key)]
    assert found.private_pem
    return found.key_id, load_key(found.private_pem)


@cache
def load_key(pem: str) -> Signer:
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, Signer)
    return key


def signed(
    sandbox: Sandbox, target: str = POSITIONS, who: str = "alice/main", method: str = "GET", **changes: Any
) -> Request:
    """Return a signed request at the host's time, or with another `at`, `salt` or `headers`; `body` is sent as JSON."""
    account, _, key = who.partition("/")
    key_id, private = signer_of(sandbox, account, key)
    path, _, query = target.partition("?")
    timestamp = str(changes.get("at", sandbox.options.host()) // MILLISECOND)
    signature = sign(private, f"{timestamp}{method}{path}", salt=changes.get("salt", 32))
    headers = {
        b"kalshi-access-key": key_id.encode(),
        b"kalshi-access-timestamp": timestamp.encode(),
        b"kalshi-access-signature": b64encode(signature),
        **({b"content-type": b"application/json"} if "body" in changes else {}),
        **changes.get("headers", {}),
    }
    body = changes.get("body", b"")
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request(method, path, query, tuple(headers.items()), raw)


def carry_out(sandbox: Sandbox, request: Request) -> tuple[Answer, JournalEntry]:
    """Return the complete answer to a request, a write included, and its journal entry."""
    answer, entry = sandbox.answer(request)
    if answer.pending is not None:
        answer = run(sandbox.carry_out(answer, entry))
    return answer, entry


def send(sandbox: Sandbox, method: str, path: str, body: Any = None, who: str = "alice/main", **changes: Any) -> Answer:
    """Return the complete answer to a signed request below the prefix, with a JSON body unless it is None."""
    given = changes if body is None else {"body": body, **changes}
    return carry_out(sandbox, signed(sandbox, PREFIX + path, who, method, **given))[0]


def standing(at: int) -> HostClock:
    return lambda: at


async def open_again(described: bytes, log: Log, host: HostClock) -> Sandbox:
    """Return a sandbox opened again from what a store has of it: its description and its log."""
    description = read_description(described)
    sandbox = new_sandbox("default", description, log, None, host)
    await restore(sandbox, log, description.beginning)
    return sandbox
