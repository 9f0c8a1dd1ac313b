"""Order entry over HTTP: the recorded order, what each call answers, and every refusal with its diagnosis."""

import json
from decimal import Decimal
from typing import Any

from mockexchange.core.commands import (
    CreditCurrency,
    ListDerivative,
    MarkDerivative,
    PlaceDerivativeOrder,
    QuoteDerivative,
    SetIndex,
)
from mockexchange.core.derivatives.vocabulary import Direction, Period
from mockexchange.core.vocabulary import SubaccountRef
from tests.helpers.rows import each_row
from tests.venues.deribit.exchange import CALL, DATED, PERPETUAL, SPREAD, DeribitExchange, diagnosis_of, error_of, terms
from tests.venues.deribit.keyring import DORA, ERIC, ERIC_ID, ERIC_SECRET, READER_ID, READER_SECRET

ETHER = "ETH-PERPETUAL"
RECORDED = {
    "label": "test-123",
    "price": 1000,
    "amount": 1,
    "direction": "buy",
    "time_in_force": "good_til_day",
    "instrument_name": ETHER,
    "web": False,
    "api": True,
    "replaced": False,
    "filled_amount": 0,
    "post_only": True,
    "reduce_only": False,
    "average_price": 0,
    "mmp": False,
    "contracts": 1,
    "reject_post_only": False,
    "order_state": "open",
    "order_type": "limit",
    "is_liquidation": False,
    "risk_reducing": False,
}
"""The order of an answer of 2026-02-15, without its id, its times, `user_id` and the fields of linked orders."""
BUY = f"private/buy?instrument_name={PERPETUAL}"
STOP = f"{BUY}&amount=10&type=stop_market"


def exchange_with_quotes() -> DeribitExchange:
    """An exchange whose perpetual is bid 113880 for 100 and asked 113900 for 50; eric asks 113950 for 60."""
    exchange = DeribitExchange()
    ether = terms(
        ETHER,
        base="ETH",
        index="eth_usd",
        period=Period.PERPETUAL,
        expires_at=None,
        contract_size=Decimal(1),
        amount_min=Decimal(1),
        tick=Decimal("0.05"),
    )
    exchange.do(
        SetIndex(index="eth_usd", price=Decimal(1010)),
        ListDerivative(terms=ether, mark=Decimal(1010)),
        CreditCurrency(subaccount_ref=DORA, currency="ETH", amount=Decimal(1)),
        QuoteDerivative(
            derivative=PERPETUAL,
            bids=((Decimal(113_880), Decimal(100)),),
            asks=((Decimal(113_900), Decimal(50)),),
        ),
        place(ERIC, "sell", "60", "113950"),
    )
    return exchange


def place(
    subaccount_ref: SubaccountRef, direction: str, amount: str, price: str, derivative: str = PERPETUAL, label: str = ""
) -> PlaceDerivativeOrder:
    return PlaceDerivativeOrder(
        subaccount_ref=subaccount_ref,
        derivative=derivative,
        direction=Direction(direction),
        amount=Decimal(amount),
        price=Decimal(price),
        label=label,
    )


def test_an_order_is_answered_as_recorded() -> None:
    params = {"instrument_name": ETHER, "amount": 1, "price": 1000, "label": "test-123", "post_only": True}
    answer = exchange_with_quotes().post("private/buy", {**params, "time_in_force": "good_til_day"})
    result = json.loads(answer.body)["result"]
    order = result["order"]
    assert result["trades"] == []
    assert order.pop("order_id").startswith("ETH-")
    assert order.pop("creation_timestamp") == order.pop("last_update_timestamp")
    assert order == RECORDED


GOLDEN = (
    '{"jsonrpc":"2.0","result":{"order":{"amount":100.0,"api":true,"average_price":113924.994513935,"contracts":10.0,'
    '"creation_timestamp":1792497610000,"direction":"buy","filled_amount":100.0,"instrument_name":"BTC-PERPETUAL",'
    '"is_liquidation":false,"label":"mine","last_update_timestamp":1792497610000,"mmp":false,"order_id":"14",'
    '"order_state":"filled","order_type":"market","post_only":false,"price":"market_price","reduce_only":false,'
    '"replaced":false,"risk_reducing":false,"time_in_force":"good_til_cancelled","web":false},"trades":['
    '{"amount":50.0,"direction":"buy","fee":0.000000219,"fee_currency":"BTC","index_price":113853.63,'
    '"instrument_name":"BTC-PERPETUAL","label":"mine","liquidity":"T","mark_price":113900.0,"matching_id":null,'
    '"order_id":"14","order_type":"market","post_only":false,"price":113900.0,"profit_loss":0.0,"reduce_only":false,'
    '"state":"open","tick_direction":0,"timestamp":1792497610000,"trade_id":"BTC-16","trade_seq":1},'
    '{"amount":50.0,"direction":"buy","fee":0.000000219,"fee_currency":"BTC","index_price":113853.63,'
    '"instrument_name":"BTC-PERPETUAL","label":"mine","liquidity":"T","mark_price":113900.0,"matching_id":null,'
    '"order_id":"14","order_type":"market","post_only":false,"price":113950.0,"profit_loss":0.0,"reduce_only":false,'
    '"state":"filled","tick_direction":0,"timestamp":1792497610000,"trade_id":"BTC-23","trade_seq":2}]},'
    '"usIn":1792501200000000,"usOut":1792501200000100,"usDiff":100,"testnet":true}'
)


def test_a_market_order_is_answered_with_its_trades_to_the_byte() -> None:
    answer = exchange_with_quotes().get(f"{BUY}&amount=100&type=market&label=mine")
    assert answer.body.decode() == GOLDEN
    assert answer.pending is None
    assert answer.account is None or answer.account == "dora"


def test_get_and_post_place_the_same_order() -> None:
    params = {"instrument_name": PERPETUAL, "contracts": 2.0, "price": 113_000.5, "reduce_only": None}
    posted = json.loads(exchange_with_quotes().post("private/sell", {**params, "price": 114_000.5}).body)["result"]
    query = f"private/sell?instrument_name={PERPETUAL}&contracts=2&price=114000.5"
    assert json.loads(exchange_with_quotes().get(query).body)["result"] == posted
    assert posted["order"]["amount"] == 20


REFUSED: list[tuple[str, int, str | None, str]] = [
    (f"{BUY}&amount=15&price=113000", -32602, "must be a multiple of contract size", "a multiple of 10"),
    (f"{BUY}&amount=10&price=113000.2", -32602, "must conform to tick size", "a multiple of 0.5"),
    (f"{BUY}&price=113000", -32602, "value is required", "needs amount"),
    (f"{BUY}&amount=10", -32602, "value is required", "needs price"),
    (f"{BUY}&amount=10&contracts=2&price=113000", -32602, "must match contracts", "amount is 10"),
    (f"{BUY}&amount=ten&price=113000", -32602, "value must be a number", "expected a number"),
    (f"{BUY}&amount=0&price=113000", -32602, "value must be greater than 0", "amount=0"),
    (f"{BUY}&amount=10&price=113000&type=stop", -32602, "invalid type", "expected one of"),
    (f"{BUY}&amount=10&price=113000&label={'x' * 65}", -32602, "value must be at most 64 characters", "has 65"),
    ("private/buy?instrument_name=NONE&amount=1&price=1", -32602, "instrument not found", "no instrument 'NONE'"),
    (f"{BUY}&amount=10&price=113000&type=trailing_stop", 10033, None, "expected one of limit, market, stop_limit, "),
    (f"{BUY}&amount=10&price=114500&type=stop_limit", -32602, "value is required", "trigger"),
    (f"{BUY}&amount=10&type=stop_market&trigger=mark_price", -32602, "value is required", "trigger_price"),
    (f"{STOP}&trigger=mark_price&trigger_price=115000.2", 10044, None, "expected a multiple of 0.5"),
    (f"{STOP}&trigger=mark_price&trigger_price=100", 11036, None, "a stop to buy at 100: mark_price is 113900 already"),
    (f"{STOP}&trigger=high_price&trigger_price=100", -32602, "invalid trigger", "expected one of"),
    (f"{STOP}&trigger=mark_price&trigger_price=115000&post_only=true", 11047, None, "post_only needs a limit order"),
    (f"{BUY}&amount=20&price=113000&max_show=10", 10033, None, "max_show 10 of 20: hidden amounts are not emulated"),
    (f"{BUY}&amount=20&price=113000&max_show=20&display_amount=10", 10033, None, "display_amount 10 of 20"),
    (f"{BUY}&amount=10&price=113000&mmp=true", 10033, None, "mmp is not emulated"),
    (f"{BUY}&amount=10&price=113000&valid_until=1792497600000", 13888, None, "is past"),
    (f"{BUY}&amount=10&type=market&post_only=true", 11047, None, "may rest"),
    (f"{BUY}&amount=10&price=117000", 10007, None, "115608.5"),
    (f"private/sell?instrument_name={PERPETUAL}&amount=10&price=110000", 10005, None, "112191.5"),
    (f"{BUY}&amount=10000000&price=113000", 10009, None, "are available"),
    (f"{BUY}&amount=60&price=113900&post_only=true&reject_post_only=true", 11054, None, "would trade at 113900"),
    (f"{BUY}&amount=10&price=113000&reduce_only=true", 11030, None, "no position to reduce"),
    (f"private/buy?instrument_name={SPREAD}&amount=10&price=17", 13036, None, "in its legs"),
    ("private/cancel?order_id=none", 10004, None, "there is no order 'none'"),
    ("private/cancel?order_id=12", 10029, None, "of another account"),
    ("private/get_order_state?order_id=12", 10029, None, "of another account"),
    ("private/edit?order_id=none&amount=10", 10004, None, "there is no order"),
    (f"private/edit_by_label?label=none&instrument_name={PERPETUAL}&amount=10", 10004, None, "with label 'none'"),
]


@each_row(("target", "code", "reason", "why"), REFUSED, ids=range(len(REFUSED)))
def test_each_refusal_has_the_venues_words_and_a_diagnosis(
    target: str, code: int, reason: str | None, why: str
) -> None:
    answer = exchange_with_quotes().get(target)
    error = error_of(answer)
    assert (error["code"], error.get("data", {}).get("reason")) == (code, reason)
    assert why in diagnosis_of(answer)


def test_an_own_order_in_the_way_a_done_order_and_a_shared_label_are_refused() -> None:
    exchange = exchange_with_quotes()
    for _ in range(2):
        exchange.do(place(DORA, "buy", "10", "113000", label="pair"))
    exchange.do(QuoteDerivative(derivative=PERPETUAL))
    assert exchange.error(f"private/sell?instrument_name={PERPETUAL}&amount=10&price=113000")["code"] == 10003
    assert exchange.error(f"private/edit_by_label?label=pair&instrument_name={PERPETUAL}&amount=10")["code"] == 13032
    [first, _] = exchange.result("private/get_open_orders?kind=future")
    canceled = exchange.result(f"private/cancel?order_id={first['order_id']}")
    assert (canceled["order_state"], canceled["cancel_reason"]) == ("cancelled", "user_request")
    assert exchange.error(f"private/cancel?order_id={first['order_id']}") == {
        "code": 11044,
        "message": "not_open_order",
    }
    assert exchange.error(f"private/edit?order_id={first['order_id']}&amount=20")["code"] == 11044


def test_a_key_that_only_reads_may_not_trade() -> None:
    error = error_of(exchange_with_quotes().get(f"{BUY}&amount=10&price=113000", READER_ID, READER_SECRET))
    assert error["code"] == 13021


def test_an_edit_answers_with_the_order_and_its_new_trades() -> None:
    exchange = exchange_with_quotes()
    exchange.do(place(DORA, "buy", "10", "113800", label="one"))
    [order] = exchange.result("private/get_open_orders_by_label?currency=BTC&label=one")
    result = exchange.result(f"private/edit?order_id={order['order_id']}&amount=80&price=113900")
    assert (result["order"]["replaced"], result["order"]["filled_amount"], len(result["trades"])) == (True, 50, 1)
    result = exchange.result(f"private/edit_by_label?label=one&instrument_name={PERPETUAL}&amount=70&price=113890")
    assert (result["order"]["price"], result["trades"]) == (Decimal("113890.0"), [])
    rejecting = f"private/edit?order_id={order['order_id']}&price=113950&post_only=true&reject_post_only=true"
    assert exchange.error(rejecting)["code"] == 11054
    state = exchange.result(f"private/get_order_state?order_id={order['order_id']}")
    assert state["cancel_reason"] == "edit_post_only_reject"


def of_four() -> DeribitExchange:
    exchange = exchange_with_quotes()
    exchange.do(
        place(DORA, "buy", "10", "113000", label="a"),
        place(DORA, "sell", "20", "115000", DATED, label="a"),
        place(DORA, "sell", "0.1", "0.0185", CALL),
        place(DORA, "buy", "1", "1000", ETHER),
    )
    return exchange


CANCELED: list[tuple[str, int]] = [
    ("cancel_all", 4),
    ("cancel_all_by_currency?currency=BTC", 3),
    ("cancel_all_by_currency?currency=BTC&kind=option", 1),
    ("cancel_all_by_currency?currency=BTC&kind=combo", 0),
    ("cancel_all_by_currency?currency=BTC&type=take", 0),
    ("cancel_all_by_currency?currency=BTC&type=stop", 0),
    (f"cancel_all_by_instrument?instrument_name={PERPETUAL}&type=limit", 1),
    ("cancel_by_label?label=a", 2),
    ("cancel_by_label?label=a&currency=ETH", 0),
]


@each_row(("target", "count"), CANCELED, ids=[target for target, _ in CANCELED])
def test_cancellations_answer_with_their_number(target: str, count: int) -> None:
    exchange = of_four()
    assert exchange.result(f"private/{target}") == count
    assert len(exchange.result("private/get_open_orders")) == 4 - count


def test_detailed_cancellations_answer_with_the_orders() -> None:
    groups = of_four().result("private/cancel_all?detailed=true")
    assert [(group["currency"], group["type"], len(group["result"])) for group in groups] == [
        ("BTC", "limit", 3),
        ("ETH", "limit", 1),
    ]
    [group] = of_four().result(f"private/cancel_all_by_instrument?instrument_name={CALL}&detailed=true")
    assert (group["instrument_name"], group["result"][0]["order_state"]) == (CALL, "cancelled")


TRIGGERED: list[tuple[str, list[str]]] = [
    ("get_open_orders", ["stop_market", "take_limit", "limit"]),
    ("get_open_orders?type=limit", ["limit"]),
    ("get_open_orders?type=trigger_all", ["stop_market", "take_limit"]),
    ("get_open_orders?type=stop_all", ["stop_market"]),
    ("get_open_orders?type=take_limit", ["take_limit"]),
    ("get_open_orders?type=take_market", []),
    ("get_order_history_by_currency?currency=BTC&include_unfilled=true", []),
]


def of_triggers() -> DeribitExchange:
    exchange = exchange_with_quotes()
    exchange.result(f"{STOP}&trigger=mark_price&trigger_price=115000&label=stop")
    exchange.result(f"{BUY}&amount=20&price=113000&type=take_limit&trigger=index_price&trigger_price=113000")
    exchange.result(f"{BUY}&amount=30&price=113000")
    return exchange


@each_row(("target", "types"), TRIGGERED, ids=[target for target, _ in TRIGGERED])
def test_lists_filter_orders_by_type(target: str, types: list[str]) -> None:
    assert [row["order_type"] for row in of_triggers().result(f"private/{target}")] == types


def test_a_trigger_order_waits_with_the_fields_of_the_documents() -> None:
    """As in the documents' example of a canceled order, ETH-SLIS-12, which has fewer keys."""
    exchange = of_triggers()
    waits = exchange.result("private/get_open_orders?type=stop_market")[0]
    shown = {name: waits[name] for name in ("order_state", "price", "trigger", "trigger_price", "triggered")}
    assert shown == {
        "order_state": "untriggered",
        "price": "market_price",
        "trigger": "mark_price",
        "trigger_price": 115_000,
        "triggered": False,
    }
    assert waits["order_id"].startswith("SLMB-")
    edited = exchange.result(f"private/edit?order_id={waits['order_id']}&trigger_price=114500&amount=40")["order"]
    assert (edited["trigger_price"], edited["amount"], edited["replaced"]) == (114_500, 40, True)
    exchange.do(MarkDerivative(derivative=PERPETUAL, price=Decimal(114_500)))
    done = exchange.result(f"private/get_order_state?order_id={waits['order_id']}")
    assert (done["order_state"], done["triggered"], "cancel_reason" in done) == ("triggered", True, False)
    [placed] = exchange.result("private/get_order_history_by_currency?currency=BTC")
    assert (placed["trigger_order_id"], placed["triggered"], placed["label"]) == (waits["order_id"], True, "stop")
    assert (placed["order_type"], placed["order_state"], "trigger" in placed) == ("market", "filled", False)


UNEDITABLE = [
    ("type=stop_all", "price=1", 11047, "it has no price"),
    ("type=stop_all", "post_only=true", 11047, "it has no post_only"),
    ("type=limit", "trigger_price=115000", 11047, "it has no trigger_price"),
    ("type=stop_all", "trigger_price=115000.2", 10044, "expected a multiple of 0.5"),
    ("type=stop_all", "trigger_price=100", 11036, "mark_price is 113900 already"),
]


@each_row(("which", "edit", "code", "why"), UNEDITABLE, ids=range(len(UNEDITABLE)))
def test_an_edit_with_what_the_order_does_not_have_is_refused(which: str, edit: str, code: int, why: str) -> None:
    exchange = of_triggers()
    [order] = exchange.result(f"private/get_open_orders?{which}")
    answer = exchange.get(f"private/edit?order_id={order['order_id']}&{edit}")
    assert error_of(answer)["code"] == code
    assert why in diagnosis_of(answer)
    assert exchange.result(f"private/get_order_state?order_id={order['order_id']}") == order


def test_canceled_triggers_are_a_group_of_their_own() -> None:
    exchange = of_triggers()
    assert exchange.result("private/cancel_all_by_currency?currency=BTC&type=stop") == 1
    groups = exchange.result("private/cancel_all?detailed=true")
    assert [(group["type"], len(group["result"])) for group in groups] == [("trigger", 1), ("limit", 1)]


LISTED: list[tuple[str, list[str]]] = [
    ("get_open_orders", [PERPETUAL, DATED, CALL, ETHER]),
    ("get_open_orders?kind=option", [CALL]),
    ("get_open_orders?type=stop_all", []),
    ("get_open_orders_by_currency?currency=ETH", [ETHER]),
    (f"get_open_orders_by_instrument?instrument_name={DATED}&type=all", [DATED]),
    ("get_open_orders_by_label?currency=BTC&label=a", [PERPETUAL, DATED]),
    ("get_order_state_by_label?currency=BTC&label=a", [DATED, PERPETUAL]),
    ("get_order_history_by_currency?currency=BTC", []),
]


@each_row(("target", "names"), LISTED, ids=[target for target, _ in LISTED])
def test_lists_filter_orders(target: str, names: list[str]) -> None:
    assert [row["instrument_name"] for row in of_four().result(f"private/{target}")] == names


def test_the_history_lists_what_is_done_newest_first() -> None:
    exchange = of_four()
    exchange.result(f"{BUY}&amount=30&price=113900&label=filled")
    exchange.result("private/cancel_all_by_currency?currency=BTC")

    def labels(target: str) -> list[Any]:
        rows = exchange.result(f"private/{target}")
        return [row["label"] or row["instrument_name"] for row in rows]

    by_currency = "get_order_history_by_currency?currency=BTC"
    assert labels(by_currency) == ["filled"]
    assert labels(f"{by_currency}&include_unfilled=true") == ["filled", CALL, "a", "a"]
    assert labels(f"{by_currency}&include_unfilled=true&kind=option") == [CALL]
    assert labels(f"{by_currency}&include_unfilled=true&count=2&offset=1") == [CALL, "a"]
    assert labels(f"get_order_history_by_instrument?instrument_name={DATED}&include_unfilled=true") == ["a"]
    [order] = exchange.result("private/get_order_state_by_label?currency=BTC&label=filled")
    [trade] = exchange.result(f"private/get_user_trades_by_order?order_id={order['order_id']}")
    assert (trade["amount"], trade["label"]) == (30, "filled")


def test_each_subaccount_has_its_own_orders() -> None:
    exchange = of_four()
    rows = exchange.result("private/get_open_orders", ERIC_ID, ERIC_SECRET)
    assert [row["price"] for row in rows] == [113_950]


def test_open_orders_reduce_the_available_funds() -> None:
    exchange = exchange_with_quotes()
    before = exchange.result("private/get_account_summary?currency=BTC")
    exchange.do(place(DORA, "buy", "100000", "113000"))
    position = exchange.result(f"private/get_position?instrument_name={PERPETUAL}")
    after = exchange.result("private/get_account_summary?currency=BTC")
    assert position["open_orders_margin"] == after["initial_margin"] > 0
    assert after["available_funds"] == before["available_funds"] - after["initial_margin"]
