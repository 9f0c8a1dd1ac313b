"""The order book of an instrument as clients read it: its levels, its best prices, and the number of its changes."""

from typing import Any

from mockexchange.core.commands import CancelOrder
from tests.helpers.rows import each_row
from tests.venues.deribit.exchange import CALL, DATED, PERPETUAL, DeribitExchange
from tests.venues.deribit.keyring import DORA, ERIC
from tests.venues.deribit.test_order_entry import exchange_with_quotes, place

BOOK = f"public/get_order_book?instrument_name={PERPETUAL}"
TICKER = f"public/ticker?instrument_name={PERPETUAL}"
NOT_IN_BOOKS = ("estimated_delivery_price", "interest_value")


def book_of(exchange: DeribitExchange, more: str = "") -> Any:
    return exchange.result(BOOK + more)


def test_orders_and_quotes_at_a_price_are_one_level() -> None:
    exchange = exchange_with_quotes()
    exchange.do(place(DORA, "buy", "40", "113880"), place(ERIC, "buy", "10", "113870"))
    found = book_of(exchange)
    assert found["bids"] == [[113880, 140], [113870, 10]]
    assert found["asks"] == [[113900, 50], [113950, 60]]
    assert book_of(exchange, "&depth=1")["bids"] == [[113880, 140]]


def test_the_best_prices_are_those_of_the_book() -> None:
    exchange = exchange_with_quotes()
    found, ticker = book_of(exchange), exchange.result(TICKER)
    best = {"best_bid_price": 113880, "best_bid_amount": 100, "best_ask_price": 113900, "best_ask_amount": 50}
    assert {name: ticker[name] for name in best} == best
    rest = {name: value for name, value in ticker.items() if name not in NOT_IN_BOOKS}
    assert {name: value for name, value in found.items() if name not in ("asks", "bids", "change_id")} == rest


def test_each_change_of_the_book_has_a_higher_number() -> None:
    exchange = exchange_with_quotes()
    numbers = [book_of(exchange)["change_id"]]
    exchange.do(place(DORA, "buy", "40", "113800"))
    numbers.append(book_of(exchange)["change_id"])
    [order] = exchange.result("private/get_open_orders?kind=future")
    exchange.do(CancelOrder(order=order["order_id"]))
    numbers += [book_of(exchange)["change_id"]] * 2
    assert numbers[0] < numbers[1] < numbers[2] == numbers[3]


@each_row("name", [DATED, CALL])
def test_an_empty_book_has_no_best_price(name: str) -> None:
    found = DeribitExchange().result(f"public/get_order_book?instrument_name={name}")
    assert (found["bids"], found["asks"], found["best_bid_price"], found["best_ask_amount"]) == ([], [], None, 0)


@each_row(("depth", "reason"), [("0", "value must be at least 1"), ("10001", "value must be at most 10000")])
def test_a_depth_is_bounded(depth: str, reason: str) -> None:
    assert exchange_with_quotes().error(f"{BOOK}&depth={depth}")["data"] == {"reason": reason, "param": "depth"}
