"""Refusals of order writes, byte for byte on their days, and what a refused write leaves behind: nothing.

The bytes were recorded on 2025-11-03, 2026-06-11 and 2026-06-12, or quoted by clients; `service` left on 2026-08-06.
"""

import json
from typing import Any

from mockexchange.core.commands import CloseMarket, Command, SwitchExchange, SwitchMarket
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.venues.kalshi.stream.feed import messages_of
from tests.core.dump import dump
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import do, make, send
from tests.venues.kalshi.rest_answers import why
from tests.venues.kalshi.test_order_entry import SCENARIO, UNKNOWN, V1, V2, place, place_first, v1, v2

START = "2026-06-11T06:29:20.866000Z"
DATES = ("2026-06", "2026-10")


def nested(code: str, message: str | None = None, details: str | None = None) -> dict[str, Any]:
    more = {} if details is None else {"details": details}
    return {"error": {"code": code, "message": message or code.replace("_", " "), **more}}


def by_exchange(code: str) -> dict[str, Any]:
    """An error of the exchange itself, which named its service until August 2026."""
    return {"error": {**nested(code)["error"], "service": "exchange"}}


def flat(details: str) -> dict[str, str]:
    return {"code": "bad_request", "message": "bad request", "details": details}


GO = "json: cannot unmarshal {} into Go struct field CreateOrderV2Request.{} of type {}"
FOK = {"time_in_force": "fill_or_kill", "price": "0.01"}
IOC_EXPIRY = {"time_in_force": "immediate_or_cancel", "expiration_time": 1_900_000_000}
# Fields of a V2 order, status, body.
REFUSED: list[tuple[dict[str, Any], int, dict[str, Any]]] = [
    ({"price": "0.5150"}, 400, by_exchange("invalid_price")),
    ({"price": "0.0000"}, 400, by_exchange("invalid_price")),
    ({"price": "1.00"}, 400, by_exchange("invalid_price")),
    ({"price": "0.51234"}, 400, nested("invalid_order", details="invalid price: invalid dollar precision: -5")),
    ({"count": "5000.00"}, 400, by_exchange("insufficient_balance")),
    ({"count": "0.00"}, 400, nested("invalid_order_size")),
    (
        {"reduce_only": True},
        400,
        nested("invalid_order", details="reduce_only can only be used with IoC orders"),
    ),
    ({"expiration_time": 5}, 400, nested("invalid_order", details="Expiration timestamp must be in the future")),
    (
        IOC_EXPIRY,
        400,
        nested("invalid_order", details="Cannot specify both immediate_or_cancel and expiration_time"),
    ),
    ({"count": 1}, 400, flat(GO.format("number", "count", "string"))),
    ({"post_only": "yes"}, 400, flat(GO.format("string", "post_only", "bool"))),
    ({"time_in_force": "GTT"}, 400, nested("invalid_parameters", details="Field validation for TimeInForce")),
    ({"ticker": None}, 400, nested("missing_parameters", details="Field validation for Ticker")),
    ({"count": None}, 400, nested("missing_parameters", details="Field validation for Count")),
    ({"client_order_id": "a.b"}, 400, nested("invalid_parameters", details="Field validation for ClientOrderId")),
    ({"client_order_id": "a" * 65}, 400, nested("invalid_parameters", details="Field validation for ClientOrderId")),
    ({"order_group_id": "mine"}, 400, nested("bad_request", "bad request")),
    ({"order_group_id": UNKNOWN}, 404, by_exchange("order_group_not_found")),
    ({"ticker": "NONE"}, 404, by_exchange("market_not_found")),
    ({"client_order_id": "used"}, 409, by_exchange("order_already_exists")),
    (FOK, 409, nested("fill_or_kill_insufficient_resting_volume")),
]
# The same of a V1 order; most were recorded on 2025-11-03, the one of two prices was quoted on 2026-02-18.
ONE_PRICE = "exactly one of yes_price, no_price, yes_price_dollars, or no_price_dollars should be provided"
FLOOR = "sell_position_floor must be 0 if provided, use reduce_only instead"
FIRST_IOC_EXPIRY = {"time_in_force": "immediate_or_cancel", "expiration_ts": 1_900_000_000}
WHOLE_EXPIRY = {"buy_max_cost": 5, "expiration_ts": 1_900_000_000}
FIRST_REFUSED: list[tuple[dict[str, Any], int, dict[str, Any]]] = [
    ({"reduce_only": True}, 400, nested("invalid_order", details="reduce_only can only be used with IoC orders")),
    ({"sell_position_floor": 1}, 400, nested("invalid_order", details=FLOOR)),
    ({"yes_price_dollars": "0.30"}, 400, nested("invalid_order", details=ONE_PRICE)),
    ({"yes_price": None}, 400, nested("invalid_order", details=ONE_PRICE)),
    ({"expiration_ts": 5}, 400, nested("invalid_order", details="Expiration timestamp must be in the future")),
    (
        FIRST_IOC_EXPIRY,
        400,
        nested("invalid_order", details="Cannot specify both immediate_or_cancel and expiration_ts"),
    ),
    (WHOLE_EXPIRY, 400, nested("invalid_order", details="Cannot specify both fill_or_kill and expiration_ts")),
    ({"order_group_id": "mine"}, 400, nested("bad_request", "bad request")),
    ({"yes_price": 100}, 400, nested("invalid_parameters", details="Field validation for YesPrice")),
    ({"count": 100_000}, 400, by_exchange("insufficient_balance")),
    ({"ticker": "NONE"}, 404, by_exchange("market_not_found")),
    ({"client_order_id": "used"}, 409, by_exchange("order_already_exists")),
    (
        {"time_in_force": "fill_or_kill", "yes_price": 1},
        409,
        nested("fill_or_kill_insufficient_resting_volume"),
    ),
]


def opened(date: str = "2026-10", start: str = START) -> Sandbox:
    """bob offers at 0.60; the id "used" was that of a canceled order."""
    sandbox = make(SCENARIO.replace("START", start), date)
    place(sandbox, "bob/main", side="ask", price="0.60")
    spent = place(sandbox, client_order_id="used")["order_id"]
    assert send(sandbox, "DELETE", f"{V2}/{spent}").status == 200
    return sandbox


def as_bytes(body: dict[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def on_day(body: dict[str, Any], date: str) -> dict[str, Any]:
    error = body.get("error")
    if date == "2026-06" or not isinstance(error, dict):
        return body
    return {"error": {name: value for name, value in error.items() if name != "service"}}


@each_row("date", DATES)
@each_row(("fields", "status", "body"), REFUSED)
def test_a_refusal_has_its_bytes_and_leaves_nothing(
    fields: dict[str, Any], status: int, body: dict[str, Any], date: str
) -> None:
    sandbox = opened(date)
    before = dump(sandbox.exchange.state)
    seen: list[Any] = []

    def watch(record: Any, outcome: Any) -> None:
        if isinstance(outcome, tuple):
            seen.extend(messages_of(sandbox.exchange.state, outcome, record.at))

    sandbox.observers.append(watch)
    answer = send(sandbox, "POST", V2, v2(**{"client_order_id": "fresh", **fields}))
    assert (answer.status, answer.body) == (status, as_bytes(on_day(body, date)))
    assert why(answer)
    assert dump(sandbox.exchange.state) == before
    assert seen == []
    assert send(sandbox, "POST", V2, v2(client_order_id="fresh")).status == 201, "the id of a refused order is free"


@each_row("date", ["2025-11", "2026-02", "2026-06"])
@each_row(("fields", "status", "body"), FIRST_REFUSED)
def test_a_refusal_of_the_first_generation_has_its_bytes(
    fields: dict[str, Any], status: int, body: dict[str, Any], date: str
) -> None:
    sandbox = make(SCENARIO.replace("START", START), date)
    spent = place_first(sandbox, client_order_id="used")["order_id"]
    assert send(sandbox, "DELETE", f"{V1}/{spent}").status == 200
    before = dump(sandbox.exchange.state)
    answer = send(sandbox, "POST", V1, v1(**{"client_order_id": "fresh", **fields}))
    assert (answer.status, answer.body) == (status, as_bytes(body))
    assert why(answer)
    assert dump(sandbox.exchange.state) == before


@each_row("date", DATES)
def test_a_post_only_order_that_crosses_leaves_its_canceled_row_alone(date: str) -> None:
    sandbox = opened(date)
    fields = {"price": "0.60", "post_only": True, "client_order_id": "fresh"}
    answer = send(sandbox, "POST", V2, v2(**fields))
    assert (answer.status, answer.body) == (400, as_bytes(nested("invalid_order", details="post only cross")))
    subaccount = sandbox.exchange.state.accounts["alice"]
    assert "fresh" not in subaccount.client_order_ids
    newest = list(sandbox.exchange.state.orders.values())[-1]
    assert (newest.status, newest.filled_centis, newest.remaining_centis) == ("canceled", 0, 0)


@each_row("path", [f"{V1}/batched", f"{V2}/batched"])
def test_an_empty_batch_is_refused(path: str) -> None:
    answer = send(opened("2026-06"), "POST", path, {"orders": []})
    wanted = nested("invalid_order", details="orders cannot be empty")
    assert (answer.status, answer.body) == (400, as_bytes(wanted))


@each_row("date", DATES)
def test_unknown_canceled_and_executed_orders_look_the_same(date: str) -> None:
    sandbox = opened(date)
    canceled, executed = place(sandbox)["order_id"], place(sandbox, price="0.60")["order_id"]
    send(sandbox, "DELETE", f"{V2}/{canceled}")
    wanted = as_bytes(on_day(by_exchange("not_found"), date))
    for order in (canceled, executed, UNKNOWN):
        answer = send(sandbox, "DELETE", f"{V2}/{order}")
        assert (answer.status, answer.body) == (404, wanted)
        assert why(answer)
    assert send(sandbox, "DELETE", f"{V2}/mine").body == as_bytes(nested("not_found"))


PAUSES: list[tuple[Command, int, str]] = [
    (SwitchExchange(trading=False), 409, "trading_is_paused"),
    (SwitchMarket(market="RAIN-1", trading=False), 409, "trading_is_paused"),
    (SwitchExchange(active=False), 409, "exchange_is_paused"),
    (CloseMarket(market="RAIN-1"), 400, "market_inactive"),
]


@each_row("date", DATES)
@each_row(("switch", "status", "code"), PAUSES)
def test_pauses_and_closes_refuse_orders_and_amendments(switch: Command, status: int, code: str, date: str) -> None:
    sandbox = opened(date)
    order = place(sandbox, price="0.10")["order_id"]
    do(sandbox, switch)
    amendment = {"ticker": "RAIN-1", "side": "bid", "price": "0.1100", "count": "1.00"}
    for path, body in ((V2, v2()), (f"{V2}/{order}/amend", amendment)):
        answer = send(sandbox, "POST", path, body)
        assert (answer.status, answer.body) == (status, as_bytes(nested(code)))
    less = send(sandbox, "POST", f"{V2}/{order}/decrease", {"reduce_to": "0.50"})
    gone = send(sandbox, "DELETE", f"{V2}/{order}")
    if code == "trading_is_paused":
        assert (less.status, gone.status) == (200, 200), "orders rest and can be canceled"
    else:
        assert {(answer.status, answer.body) for answer in (less, gone)} == {(status, as_bytes(nested(code)))}


# Fields of a V2 order, and whether the gateway finds them wrong before the exchange is asked (recorded 2025-11-03: with
# the exchange down such orders were 400, all others 503).
CHECKS = [
    ({"reduce_only": True}, True),
    ({"expiration_time": 5}, True),
    (IOC_EXPIRY, True),
    ({"order_group_id": "mine"}, True),
    ({"count": 1}, True),
    ({"order_group_id": UNKNOWN}, False),
    ({"ticker": "NONE"}, False),
    ({"price": "0.5150"}, False),
    ({"price": "1.00"}, False),
    ({"client_order_id": "used"}, False),
    ({"count": "5000.00"}, False),
    ({}, False),
]


@each_row(("fields", "is_found_before"), CHECKS)
def test_rules_of_the_gateway_come_before_a_pause_of_the_exchange_and_the_others_after_it(
    fields: dict[str, Any], is_found_before: bool
) -> None:
    sandbox = opened()
    do(sandbox, SwitchExchange(active=False))
    answer = send(sandbox, "POST", V2, v2(**fields))
    assert (answer.status, b"exchange_is_paused" in answer.body) == ((400, False) if is_found_before else (409, True))


def test_a_pause_of_the_exchange_hides_whether_an_order_exists() -> None:
    sandbox = opened()
    do(sandbox, SwitchExchange(active=False))
    answer = send(sandbox, "DELETE", f"{V2}/{UNKNOWN}")
    assert (answer.status, answer.body) == (409, as_bytes(nested("exchange_is_paused")))
    assert send(sandbox, "POST", f"{V2}/batched", {"orders": []}).status == 400


DOWN = SCENARIO.replace("START", START).replace("cash: 100", "cash: 100, tier: advanced")
DOWN += "kalshi: {paused_exchange: unavailable}\n"


@each_row("date", ["2025-11", *DATES])
def test_an_exchange_that_is_down_refuses_what_the_gateway_passes_on_and_answers_reads(date: str) -> None:
    sandbox = make(DOWN, date)
    do(sandbox, SwitchExchange(active=False))
    url, order = (V1, v1) if date == "2025-11" else (V2, v2)
    down = as_bytes(by_exchange("service_unavailable")).replace(b"service unavailable", b"service_unavailable")
    wanted = 503, down.replace(b',"service":"exchange"', b"") if date == "2026-10" else down
    asked = (
        ("POST", url, order()),
        ("POST", url, order(ticker="NONE")),
        ("POST", f"{url}/batched", {"orders": [order()]}),
        ("DELETE", f"{url}/{UNKNOWN}", None),
    )
    for method, path, body in asked:
        answer = send(sandbox, method, path, body)
        assert (answer.status, answer.body) == wanted
        assert "paused" in why(answer)
    for path, body in ((url, order(reduce_only=True)), (f"{url}/batched", {"orders": []})):
        assert send(sandbox, "POST", path, body).status == 400
    for path in ("/portfolio/orders", "/portfolio/positions", "/portfolio/balance"):
        assert send(sandbox, "GET", path).status == 200


def test_a_body_that_is_no_json_places_nothing() -> None:
    sandbox = opened()
    before = dump(sandbox.exchange.state)
    for raw, headers in ((b"{}", {b"content-type": b"text/plain"}), (b"", {})):
        text = send(sandbox, "POST", V2, raw, headers=headers)
        assert (text.status, text.body) == (400, b'{"code":"invalid_content_type","message":"invalid_content_type"}')
    for raw in (b"{", b"[]", b"nonsense", b"\xff"):
        answer = send(sandbox, "POST", V2, raw)
        assert (answer.status, json.loads(answer.body)["code"]) == (400, "bad_request")
    assert dump(sandbox.exchange.state) == before


def test_half_a_batch_is_refused_item_by_item() -> None:
    sandbox = opened()
    items = [
        v2(client_order_id="one"),
        v2(client_order_id="used"),
        v2(client_order_id="two", ticker="NONE"),
        v2(client_order_id="three"),
    ]
    answer = send(sandbox, "POST", f"{V2}/batched", {"orders": items})
    assert answer.status == 201
    codes = [(row["error"] or {}).get("code") for row in json.loads(answer.body)["orders"]]
    assert codes == [None, "order_already_exists", "market_not_found", None]
    resting = [order.client_order_id for order in sandbox.exchange.state.order_books["RAIN-1"]]
    assert resting == ["", "one", "three"]


def test_a_restricted_key_is_refused_for_another_subaccount_and_a_whole_batch() -> None:
    sandbox = opened()
    before = dump(sandbox.exchange.state)
    for path, body in (
        (V2, v2(subaccount=0)),
        (f"{V2}/batched", {"orders": [v2(subaccount=0)]}),
    ):
        answer = send(sandbox, "POST", path, body, "alice/only_3")
        codes = json.loads(answer.body).get("orders") or [json.loads(answer.body)]
        assert [row["error"]["code"] for row in codes] == ["permission_denied"]
    assert dump(sandbox.exchange.state) == before
    late = opened("2026-07-29")
    batch = send(late, "POST", f"{V2}/batched", {"orders": [v2()]}, "alice/only_3")
    assert batch.status == 403, "restricted keys send batches since 2026-07-30"


def test_the_first_generation_is_gone_whatever_is_sent() -> None:
    for body in (v1(), b"nonsense"):
        answer = send(opened("2026-06-18"), "POST", V1, body)
        assert (answer.status, json.loads(answer.body)["error"]["code"]) == (410, "deprecated_v1_order_endpoint")


def test_a_full_bucket_refuses_in_one_string() -> None:
    sandbox = make(SCENARIO.replace("START", START) + "rate_limits: enforce\n", "2026-10")
    answers = [send(sandbox, "POST", V2, v2()) for _ in range(12)]
    late = [answer for answer in answers if answer.status == 429]
    assert late, "a bucket of 100 tokens holds ten orders"
    assert {answer.body for answer in late} == {b'{"error":"too many requests"}'}
    assert len(sandbox.exchange.state.orders) == len(answers) - len(late)
