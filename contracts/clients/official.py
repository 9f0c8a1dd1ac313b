"""Common parts of the drivers of the official client; its objects have the names of the wire."""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from contracts.clients.neutral import Method, Shape, pages_of

# By name, because the environment in which types are checked does not have it.
sdk: Any = import_module("kalshi_python_sync")

READ_PREFIXES = ("get_", "list_")
# There is nothing to compare single order groups and volumes with, and the rest is about markets.
LEFT_OUT = frozenset(
    {
        "get_order_group",
        "get_account_api_usage_level_volume_progress",
        "get_series_fee_changes",
        "get_historical_market",
        "get_historical_markets",
        "get_market_candlesticks_historical",
        "get_trades_historical",
    }
)
VARIANT_SUFFIXES = ("_with_http_info", "_without_preload_content")


def connect(host: str, key_id: str, private_key_pem: str) -> Any:
    configuration = sdk.Configuration(host=host)
    configuration.api_key_id = key_id
    configuration.private_key_pem = private_key_pem
    return sdk.KalshiClient(configuration)


def one(call: str, shape: Shape, part: str = "") -> Method:
    """Return a method whose one row is the response or a part of it."""

    def read(client: Any, **arguments: Any) -> Iterable[Any]:
        answer = getattr(client, call)(**arguments)
        return [getattr(answer, part) if part else answer]

    return Method(read, shape)


def rows(call: str, part: str, shape: Shape) -> Method:
    """Return a method for a list without pages."""
    return Method(lambda client, **arguments: getattr(getattr(client, call)(**arguments), part), shape)


def pages(call: str, part: str, shape: Shape) -> Method:
    """Return a method for the rows of all pages."""

    def read(client: Any, **arguments: Any) -> Iterable[Any]:
        return [row for page in pages_of(getattr(client, call), **arguments) for row in getattr(page, part)]

    return Method(read, shape)


def reads_of(families: Iterable[str]) -> Callable[[Any], list[str]]:
    """Return a function that names all reads of these parts of the client, without their undocumented variants."""

    def offered(_client: Any) -> list[str]:
        names = {name for family in families for name in dir(getattr(sdk, family))} - LEFT_OUT
        return [name for name in names if name.startswith(READ_PREFIXES) and not name.endswith(VARIANT_SUFFIXES)]

    return offered
