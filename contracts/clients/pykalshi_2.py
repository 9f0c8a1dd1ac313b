"""pykalshi 2.0.0. It has no calls for merchants, payments or shards, and its lists follow cursors by themselves."""

import tempfile
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from contracts.clients.neutral import Driver, Method, Shape, attribute, serve
from contracts.clients.shapes import (
    CUTOFF,
    EVENT,
    FILL,
    GROUP,
    MARKET,
    NETTING,
    ORDER,
    POSITION,
    QUEUE,
    SCHEDULE,
    SETTLEMENT,
    STATUS,
    SUBACCOUNT,
    SUBACCOUNT_TRANSFER,
    TRADE,
    without,
)

# Like those of the others; it is in the environment of the server's tests too.
pykalshi: Any = import_module("pykalshi")

REQUEST_SECONDS_MAX = 30

BALANCE: Shape = {"balance_cents": "balance", "value_cents": "portfolio_value", "now_seconds": "updated_ts"}
OLD_FILL: Shape = {**without(FILL, "shard"), "fee": "fee_cost_dollars"}
LEVEL: Shape = {"price": "0", "count": "1"}
BOOK: Shape = {"yes": ("orderbook.yes_dollars", LEVEL), "no": ("orderbook.no_dollars", LEVEL)}
KEY: Shape = {"key": "id", "name": "name", "scopes": "scopes"}
SERIES: Shape = {name: name for name in ("title", "category", "frequency", "tags")} | {"series": "ticker"}


# There is nothing to compare single order groups with, and the rest is about markets.
LEFT_OUT = frozenset(
    {
        "portfolio.get_order_group",
        "history.get_market",
        "history.get_markets",
        "history.get_candlesticks",
        "history.get_trades",
    }
)


def connect(host: str, key_id: str, private_key_pem: str) -> Any:
    """Connect with the key in a temporary file, which the client reads at once."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "key.pem")
        path.write_text(private_key_pem, encoding="ascii")
        return pykalshi.KalshiClient(
            api_key_id=key_id, private_key_path=str(path), api_base=host, timeout=REQUEST_SECONDS_MAX
        )


def one(call: str, shape: Shape) -> Method:
    """Return a method whose one row is the response."""
    return Method(lambda client, **arguments: [attribute(client, call)(**arguments)], shape)


def rows(call: str, shape: Shape) -> Method:
    """Return a method whose rows are the response."""
    return Method(lambda client, **arguments: attribute(client, call)(**arguments), shape)


def pages(call: str, shape: Shape) -> Method:
    """Return a method for the rows of all pages."""
    return Method(lambda client, **arguments: attribute(client, call)(fetch_all=True, **arguments), shape)


def status_of(client: Any) -> Iterable[Any]:
    """Return the status of the exchange, which the client has in two calls."""
    status = client.exchange.get_status()
    assert client.exchange.is_trading() == status.trading_active
    return [status]


def book_of(client: Any, ticker: str) -> Iterable[Any]:
    return [client.get_market(ticker).get_orderbook()]


def offered(client: Any) -> list[str]:
    """Yield the names of all reads of the client's parts; its own properties are not calls."""
    parts = {"portfolio.": client.portfolio, "history.": client.history, "exchange.": client.exchange}
    names = {f"{prefix}{name}" for prefix, part in parts.items() for name in dir(part) if name.startswith("get_")}
    return [*names - LEFT_OUT, "exchange.is_trading", "api_keys.list", "api_keys.get_limits"]


METHODS: dict[str, Method] = {
    "balance": one("portfolio.get_balance", BALANCE),
    "positions": pages("portfolio.get_positions", without(POSITION, "shard")),
    "settlements": pages("portfolio.get_settlements", without(SETTLEMENT, "shard")),
    "fills": pages("portfolio.get_fills", OLD_FILL),
    "orders": pages("portfolio.get_orders", without(ORDER, "cancel_on_pause")),
    "order": one("portfolio.get_order", without(ORDER, "cancel_on_pause")),
    "queue_positions": rows("portfolio.get_queue_positions", without(QUEUE, "ticker")),
    "queue_position": one("portfolio.get_queue_position", {"ahead": "queue_position_fp"}),
    "order_groups": rows("portfolio.get_order_groups", without(GROUP, "shard")),
    "resting_order_value": one("portfolio.get_resting_order_value", {"resting": ""}),
    "subaccount_balances": rows("portfolio.get_subaccount_balances", SUBACCOUNT),
    "subaccount_transfers": pages("portfolio.get_subaccount_transfers", SUBACCOUNT_TRANSFER),
    "subaccount_netting": rows("portfolio.get_subaccount_netting", NETTING),
    "historical_cutoff": one("history.get_cutoff", without(CUTOFF, "updated")),
    "historical_fills": pages("history.get_fills", OLD_FILL),
    "historical_orders": pages("history.get_orders", without(ORDER, "cancel_on_pause")),
    "exchange_status": Method(status_of, without(STATUS, "resumes", "transfers")),
    "exchange_schedule": one("exchange.get_schedule", SCHEDULE),
    "user_data_timestamp": one("exchange.get_user_data_timestamp", {"now": ""}),
    "account_limits": one("api_keys.get_limits", {"tier": "usage_tier"}),
    "api_keys": rows("api_keys.list", KEY),
    "series": one("get_series", SERIES),
    "events": pages("get_events", EVENT),
    "event": one("get_event", EVENT),
    "markets": pages("get_markets", MARKET),
    "market": one("get_market", MARKET),
    "orderbook": Method(book_of, BOOK),
    "trades": pages("get_trades", TRADE),
}

if __name__ == "__main__":
    serve(Driver(connect, METHODS, offered))
