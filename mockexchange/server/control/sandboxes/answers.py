"""Describes sandboxes, clocks and streams as the JSON of the control API."""

from collections.abc import Iterator
from typing import Any

from mockexchange.core.instants import format_instant
from mockexchange.core.model.accounts import Key
from mockexchange.sandbox.credentials import Credential
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.streams import Connection
from mockexchange.venues.registry import DEFAULT, venue_of


def clock_of(sandbox: Sandbox) -> dict[str, str]:
    return {"mode": sandbox.clock.mode, "now": format_instant(sandbox.clock.now())}


def summary_of(sandbox: Sandbox, base_url: str) -> dict[str, Any]:
    return {
        "id": sandbox.name,
        "scenario": sandbox.plan.name,
        "seed": sandbox.plan.seed,
        "api_date": sandbox.options.api_date.name,
        "clock": clock_of(sandbox),
        "base_url": base_url,
        "commands": sandbox.exchange.state.sequence,
        "requests": sandbox.journal.count,
        "refused": sandbox.journal.counters.refused,
        "streams": len(list(sandbox.streams)),
        "idle_us": max(0, sandbox.options.host() - sandbox.touched_at),
        "broken": sandbox.broken,
    }


def sandbox_of(sandbox: Sandbox, urls: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return the JSON object of a sandbox, with all that a client needs to use it; `urls` has the URLs of each venue.

    The writer of the answer turns iterators in the object into lists.
    """
    default = urls[DEFAULT.name]
    return {
        **summary_of(sandbox, default["base_url"]),
        "ws_url": default["ws_url"],
        "venues": urls,
        "accounts": (_account_of(sandbox.credential_of(key)) for key in sandbox.keys),
    }


def _account_of(one: Credential) -> dict[str, Any]:
    return {
        "name": one.account,
        "key": one.key,
        "kind": one.kind.value,
        "venue": one.venue,
        "key_id": one.key_id,
        "private_key_pem": one.private_pem,
        "secret": one.secret,
        "subtraders": one.subtraders,
    }


def accounts_of(sandbox: Sandbox) -> Iterator[dict[str, Any]]:
    """Yield the accounts of a sandbox with their subaccounts and keys, without secrets."""
    for account in sandbox.exchange.state.accounts.values():
        yield {
            "name": account.name,
            "kind": account.kind.value,
            "venue": venue_of(account.venue).name,
            "subaccounts": list(account.subaccounts),
            "keys": [_key_of(sandbox, key) for key in account.keys.values()],
        }


def _key_of(sandbox: Sandbox, key: Key) -> dict[str, Any]:
    return {
        "key": key.name,
        "key_id": key.key_id,
        "scopes": list(key.scopes),
        "subaccount": key.subaccount,
        "api_date": key.api_date,
        "can_sign": bool(key.secret or sandbox.private_pems.get(key.key_id)),
    }


def streams_of(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Return the open streams, oldest first. `markets` of a stream is null if it covers all markets."""
    return [_stream_of(connection) for connection in sandbox.streams]


def _stream_of(connection: Connection) -> dict[str, Any]:
    session = connection.session
    return {
        "number": connection.number,
        "account": connection.account,
        "key": session.key.name if session.key else None,
        "api_date": session.api_date.name,
        "since": format_instant(connection.since),
        "waiting_bytes": connection.outbox.size_bytes,
        "subscriptions": [
            {"sid": one.sid, "channel": channel, "markets": None if one.markets is None else sorted(one.markets)}
            for channel, one in session.channels.items()
        ],
    }
