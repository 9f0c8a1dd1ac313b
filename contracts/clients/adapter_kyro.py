"""kyro 0.1.2 as an adapter. It is asynchronous, has no stream, and returns the JSON unchanged."""

import os
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

from contracts.clients.adapting import BY_HAND, Program, serve_adapter
from contracts.clients.neutral import PAGES_MAX, Driver, Method
from contracts.clients.streaming import Worker

# By name, because the environment in which types are checked does not have it.
kyro: Any = import_module("kyro")
portfolio: Any = import_module("kyro.rest.api.portfolio")
orders: Any = import_module("kyro.rest.api.orders")

WORKER = Worker()

Spellings = Mapping[str, tuple[str, ...]]
"""Our name, with its unit as suffix, to its names on the wire at any date; the first one in the row is reported."""

MONEY: Spellings = {
    "cost": ("market_exposure_dollars",),
    "realized": ("realized_pnl_dollars",),
    "fees": ("fees_paid_dollars",),
    "traded": ("total_traded_dollars",),
}
POSITION: Spellings = {"ticker": ("ticker",), "position": ("position_fp",), "position_whole": ("position",), **MONEY}
FILL: Spellings = {
    "fill": ("fill_id", "trade_id"),
    "order": ("order_id",),
    "ticker": ("ticker",),
    "side": ("side",),
    "action": ("action",),
    "count": ("count_fp",),
    "count_whole": ("count",),
    "yes_price": ("yes_price_dollars", "yes_price_fixed"),
    "created": ("created_time",),
}
ORDER: Spellings = {
    "order": ("order_id",),
    "ticker": ("ticker",),
    "side": ("side",),
    "action": ("action",),
    "status": ("status",),
    "yes_price": ("yes_price_dollars",),
    "remaining": ("remaining_count_fp",),
    "remaining_whole": ("remaining_count",),
}
SETTLEMENT: Spellings = {
    "ticker": ("ticker",),
    "result": ("market_result",),
    "yes": ("yes_count_fp",),
    "yes_whole": ("yes_count",),
    "no": ("no_count_fp",),
    "no_whole": ("no_count",),
    "revenue_cents": ("revenue",),
    "fees": ("fee_cost",),
    "settled": ("settled_time",),
}
BALANCE: Spellings = {
    "balance_cents": ("balance",),
    "balance": ("balance_dollars",),
    "value_cents": ("portfolio_value",),
}
WHOLE = "_whole"

Call = Callable[..., Coroutine[Any, Any, Any]]


def connect(host: str, key_id: str, private_key_pem: str) -> Any:
    """Connect by the environment variables, the only public way to pass a key."""
    os.environ |= {"KALSHI_BASE_URL": host, "KALSHI_ACCESS_KEY": key_id, "KALSHI_PRIVATE_KEY": private_key_pem}
    return WORKER.run(kyro.RestClient(kyro.config_from_env()).__aenter__())


def pages(call: Call, part: str, spellings: Spellings) -> Method:
    """Return a method for the rows of all pages, following their cursors."""

    def read(client: Any, **arguments: Any) -> Iterator[Any]:
        cursor = None
        for _ in range(PAGES_MAX):
            page = WORKER.run(call(client.target, **arguments, cursor=cursor))
            yield from (named_row(row, spellings) for row in page[part])
            cursor = page.get("cursor")
            if not cursor:
                return
        raise AssertionError(f"more than {PAGES_MAX} pages")

    return Method(read, None)


def one(call: Call, spellings: Spellings) -> Method:
    def read(client: Any, **arguments: Any) -> Iterable[Any]:
        return [named_row(WORKER.run(call(client.target, **arguments)), spellings)]

    return Method(read, None)


def named_row(row: Mapping[str, Any], spellings: Spellings) -> dict[str, Any]:
    """Return a row under our names; a whole number only if there is no exact one."""
    found = {name: row[key] for name, keys in spellings.items() for key in keys[::-1] if key in row}
    return {name: value for name, value in found.items() if name.removesuffix(WHOLE) == name or name[:-6] not in found}


METHODS = {
    "balance": one(portfolio.get_balance, BALANCE),
    "positions": pages(portfolio.get_positions, "market_positions", POSITION),
    "fills": pages(portfolio.get_fills, "fills", FILL),
    "settlements": pages(portfolio.get_settlements, "settlements", SETTLEMENT),
    "orders": pages(orders.get_orders, "orders", ORDER),
}

if __name__ == "__main__":
    serve_adapter(Program("kyro", "0.1.2", Driver(connect, METHODS, lambda _: METHODS), BY_HAND))
