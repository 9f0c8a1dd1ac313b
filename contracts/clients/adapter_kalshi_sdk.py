"""kalshi-sdk 22.4.0 as an adapter, with its own iterators and its own pauses."""

from functools import partial

from contracts.clients.adapting import BY_ITSELF, Program, serve_adapter
from contracts.clients.neutral import Driver, Method
from contracts.clients.order_tasks_sdk import CALLS
from contracts.clients.sdk import connect, offered, rows, short
from contracts.clients.sdk_22 import METHODS, OWN_ORDER
from contracts.clients.shapes import FILL, PAYMENT, POSITION, SETTLEMENT
from contracts.clients.stream_sdk_22 import SdkStream

ITERATED: dict[str, Method] = {
    "positions": rows("portfolio.positions_all", short(POSITION)),
    "fills": rows("portfolio.fills_all", short(FILL)),
    "settlements": rows("portfolio.settlements_all", short(SETTLEMENT)),
    "orders": rows("orders.list_all", OWN_ORDER),
    "deposits": rows("portfolio.deposits_all", PAYMENT),
    "withdrawals": rows("portfolio.withdrawals_all", PAYMENT),
}

if __name__ == "__main__":
    driver = Driver(connect, {**METHODS, **ITERATED}, offered)
    dates = ("compat", "2026-10")
    serve_adapter(Program("kalshi-sdk", "22.4.0", driver, BY_ITSELF, partial(SdkStream, {}), dates, CALLS))
