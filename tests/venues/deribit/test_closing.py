"""Closing a position: an order over the whole of it, which only reduces it."""

from tests.helpers.rows import each_row
from tests.venues.deribit.exchange import FUNDS, LINEAR, PERPETUAL, PUT, DeribitExchange, trade
from tests.venues.deribit.test_order_entry import exchange_with_quotes

CLOSE = "private/close_position?instrument_name="


def test_a_market_order_closes_a_long_position() -> None:
    exchange = exchange_with_quotes()
    exchange.do(trade(PERPETUAL, "30", "113900"))
    found = exchange.result(f"{CLOSE}{PERPETUAL}&type=market")
    order = found["order"]
    wanted = ("sell", 30, 30, "filled", True, "market")
    names = ("direction", "amount", "filled_amount", "order_state", "reduce_only", "order_type")
    assert tuple(order[name] for name in names) == wanted
    assert [one["price"] for one in found["trades"]] == [113_880]
    assert exchange.result(f"private/get_position?instrument_name={PERPETUAL}")["size"] == 0


def test_a_limit_order_closes_a_short_position_as_it_is_filled() -> None:
    exchange = exchange_with_quotes()
    exchange.do(trade(PERPETUAL, "-80", "113900"))
    order = exchange.result(f"{CLOSE}{PERPETUAL}&type=limit&price=113900")["order"]
    assert (order["direction"], order["filled_amount"], order["order_state"]) == ("buy", 50, "open")
    assert exchange.result(f"private/get_position?instrument_name={PERPETUAL}")["size"] == -30


@each_row(("name", "amount", "price"), [(LINEAR, "0.002", "30000"), (PUT, "0.3", "0.12")])
def test_the_amount_is_in_the_unit_of_orders(name: str, amount: str, price: str) -> None:
    exchange = DeribitExchange()
    exchange.do(*FUNDS, trade(name, amount, price))
    assert str(exchange.result(f"{CLOSE}{name}&type=market")["order"]["amount"]) == amount


@each_row(
    ("query", "code", "message"),
    [
        (f"{PERPETUAL}&type=market", 11030, "other_reject reduce_only_without_position"),
        (f"{PERPETUAL}&type=limit", -32602, "Invalid params"),
        (PERPETUAL, -32602, "Invalid params"),
        (f"{PERPETUAL}&type=stop_market", -32602, "Invalid params"),
    ],
)
def test_what_cannot_be_closed_is_refused(query: str, code: int, message: str) -> None:
    found = exchange_with_quotes().error(CLOSE + query)
    assert (found["code"], found["message"]) == (code, message)
