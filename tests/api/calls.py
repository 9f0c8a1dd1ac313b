"""Requests of clients that mean to talk to the real venue, and are given a transport instead."""

from typing import Any

import httpx

from tests.server.live import PREFIX, Client

VENUE = "https://api.elections.kalshi.com"
BASE = VENUE + PREFIX


def headers_for(exchange: Any, target: str, method: str = "GET", account: str = "alice") -> dict[str, str]:
    """What signs a request for a path below the venue's prefix."""
    return signed(exchange, f"{PREFIX}{target}", method, account)


def signed(exchange: Any, path: str, method: str = "GET", account: str = "alice") -> dict[str, str]:
    """What signs a request for a whole path."""
    signer = exchange.accounts[account]
    assert signer.private_key_pem is not None
    return Client(signer.key_id, signer.private_key_pem).headers(method, path)


def get(http: httpx.Client, exchange: Any, target: str, **options: Any) -> httpx.Response:
    """A signed request to the venue's own host."""
    return http.get(BASE + target, headers=headers_for(exchange, target), **options)


async def get_async(http: httpx.AsyncClient, exchange: Any, target: str, **options: Any) -> httpx.Response:
    return await http.get(BASE + target, headers=headers_for(exchange, target), **options)
