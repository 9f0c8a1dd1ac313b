"""Common parts of the drivers of kalshi-sdk, whose names lack the suffixes of the wire and which has two calls for most
lists.
"""

import re
import warnings
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

from contracts.clients.neutral import Method, Shape, attribute, pages_of, row_of

# By name, because the environment in which types are checked does not have it.
kalshi: Any = import_module("kalshi")

RESOURCES = (
    "portfolio",
    "orders",
    "order_groups",
    "subaccounts",
    "fcm",
    "account",
    "api_keys",
    "exchange",
    "historical",
)
WRITES = re.compile(r"(create|cancel|amend|decrease|batch|delete|update|reset|trigger|set_|generate|transfer$|upgrade)")
"""Prefixes of the names of calls that are no reads."""


def connect(host: str, key_id: str, private_key_pem: str) -> Any:
    return kalshi.KalshiClient(key_id=key_id, private_key=private_key_pem, base_url=host)


def short(shape: Shape) -> Shape:
    """Return a shape of the wire with the names of this client."""
    return {name: re.sub(r"_(dollars|fp)$", "", where) for name, where in shape.items()}


def one(call: str, shape: Shape) -> Method:
    """Return a method whose one row is the response."""
    return Method(lambda client, **arguments: [attribute(client, call)(**arguments)], shape)


def rows(call: str, shape: Shape, part: str = "") -> Method:
    """Return a method whose rows are the response or a part of it."""
    return Method(lambda client, **arguments: attribute(attribute(client, call)(**arguments), part), shape)


def pages(call: str, shape: Shape, part: str = "items", others: Iterable[str] = ()) -> Method:
    """Return a method for the rows of all pages. The `others`, calls that follow cursors themselves, must agree."""

    def read(client: Any, **arguments: Any) -> Iterator[Any]:
        by_hand = [row for page in pages_of(attribute(client, call), **arguments) for row in attribute(page, part)]
        expected = [row_of(row, shape) for row in by_hand]
        for other in others:
            assert expected == [row_of(row, shape) for row in attribute(client, other)(**arguments)], other
        yield from by_hand

    return Method(read, shape)


def deprecated(method: Method) -> Method:
    """Return a method that ignores the client's deprecation warnings."""

    def read(client: Any, **arguments: Any) -> Iterable[Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return list(method.read(client, **arguments))

    return Method(read, method.shape)


def fills(shape: Shape) -> Method:
    """Return a method for fills, which moved to the portfolio; the old call has to return the same."""
    moved = pages("portfolio.fills", shape, others=["portfolio.fills_all", "orders.fills_all"])
    once = pages("orders.fills", shape)

    def read(client: Any, **arguments: Any) -> Iterable[Any]:
        found = list(moved.read(client, **arguments))
        assert [row_of(row, shape) for row in once.read(client, **arguments)] == [row_of(row, shape) for row in found]
        return found

    return deprecated(Method(read, shape))


# There is no list of single order groups or of volume to be compared with, and the rest is about markets.
LEFT_OUT = frozenset(
    {
        "order_groups.get",
        "account.volume_progress",
        "historical.market",
        "historical.markets",
        "historical.markets_all",
        "historical.candlesticks",
        "historical.trades",
        "historical.trades_all",
    }
)


def offered(client: Any) -> Iterator[str]:
    """Yield the names of all reads of the client's resources."""
    for resource in RESOURCES:
        calls = [name for name in dir(getattr(client, resource)) if not name.startswith("_")]
        reads = {f"{resource}.{name}" for name in calls if not WRITES.match(name)}
        yield from reads - LEFT_OUT
