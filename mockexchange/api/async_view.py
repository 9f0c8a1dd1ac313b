"""Gives coroutines an asynchronous object for an exchange that synchronous code has created."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from functools import partial
from typing import Any

from mockexchange.api.asynchronous.exchange import AsyncExchange
from mockexchange.api.asynchronous.sandbox_client import path_of
from mockexchange.api.synchronous.exchange import Exchange
from mockexchange.api.transport.connection import AsyncConnection, ConnectionSettings
from mockexchange.api.transport.control_client import PATIENCE_S, AsyncControlClient, ControlClient, Query


@contextmanager
def async_view(exchange: Exchange) -> Iterator[AsyncExchange]:
    """Yield an AsyncExchange for the sandbox of `exchange`, for use in any asyncio loop.

    The sandbox goes on after the end of the block.
    """
    connection = exchange._connection  # noqa: SLF001  # the asynchronous view of the same connection
    reach = {field.name: getattr(connection, field.name) for field in fields(ConnectionSettings)}
    ask = connection.async_ask or _in_threads(connection.ask)
    twin = AsyncExchange(AsyncConnection(**reach, ask=ask), connection.ask("GET", path_of(exchange.name)))
    try:
        yield twin
    finally:
        twin.end()


def _in_threads(ask: ControlClient) -> AsyncControlClient:
    async def ask_and_await(
        method: str, path: str, body: Any = None, query: Query | None = None, patience_s: float = PATIENCE_S
    ) -> Any:
        return await asyncio.to_thread(partial(ask, method, path, body, query, patience_s))

    return ask_and_await
