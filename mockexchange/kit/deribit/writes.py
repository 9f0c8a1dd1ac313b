"""Checks placed, changed and filled orders, for `verify server --writes` and the contract suites."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import ROUND_CEILING, Decimal
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.deribit.calls import call, call_result
from mockexchange.kit.findings import Finding
from mockexchange.kit.jsonrpc import result_of
from mockexchange.kit.rules.finding_format import answer_text, finding
from mockexchange.kit.target import OTHER, Answer, NotAnswered, NotJudged, Target
from mockexchange.kit.venue import Signer

# Placing: orders buy the least amount of one future at the lowest accepted price, and only to rest


Row = Mapping[str, Any]
BUY, SELL, EDIT, CANCEL, STATE = (f"private/{name}" for name in ("buy", "sell", "edit", "cancel", "get_order_state"))
OPEN = "private/get_open_orders_by_instrument"
UNJUDGEABLE = {10009: "too little money", 13021: "a key that may not trade", 11050: "no orders are taken"}
"""Error codes of refused orders that say nothing about the rules."""
LABEL_CHARS = 20


class OrderPlacer:
    """Places orders in one instrument for a rule. `open_placer` cancels the orders at the end."""

    def __init__(self, target: Target, instrument: Row, price: Decimal) -> None:
        self.target, self.instrument, self.price = target, instrument, price
        self.name, self.tick = str(instrument["instrument_name"]), Decimal(str(instrument["tick_size"]))
        self.amount = Decimal(str(instrument["min_trade_amount"]))
        self.label = uuid.uuid4().hex[:LABEL_CHARS]
        self.placed: list[str] = []

    def place(self, **more: Any) -> dict[str, Any]:
        """Place a bid that rests, and return the result. Raises NotJudged if the server accepts no order."""
        answer = self.send(BUY, {**self.bid(), **more})
        _require_order(answer)
        result: dict[str, Any] = result_of(answer)
        self.placed.append(str(result["order"]["order_id"]))
        return result

    def bid(self) -> dict[str, Any]:
        """Return the parameters of a bid that rests."""
        return {
            "instrument_name": self.name,
            "amount": _number(self.amount),
            "price": _number(self.price),
            "label": self.label,
            "post_only": True,
            "reject_post_only": True,
        }

    def send(self, method: str, params: Mapping[str, Any], signer: Signer | None = None) -> Answer:
        sent = {name: _number(value) if isinstance(value, Decimal) else value for name, value in params.items()}
        return call(self.target, method, sent, signer)

    def result(self, method: str, **params: Any) -> Any:
        return result_of(self.send(method, params))

    def state(self, order_id: str) -> Any:
        return self.result(STATE, order_id=order_id)

    def open_ids(self) -> list[str]:
        """Return the ids of the open orders of the instrument."""
        return [str(row["order_id"]) for row in self.result(OPEN, instrument_name=self.name)]

    def close(self) -> None:
        """Cancel the orders that still rest. Errors are ignored, since an order may have ended by itself."""
        for order_id in self.placed:
            self.send(CANCEL, {"order_id": order_id})


@contextmanager
def open_placer(target: Target) -> Iterator[OrderPlacer]:
    """Yield an object that places orders for one future. Raises NotJudged if the server lists no future."""
    rows = call_result(target, "public/get_instruments", {"currency": "any", "kind": "future"})
    named = target.names.get("instrument_name")
    known = [row for row in rows if row["is_active"] and named in (None, row["instrument_name"])]
    if not known:
        raise NotJudged("there is no open future to place orders in")
    instrument = next((row for row in known if row["settlement_period"] == "perpetual"), known[0])
    ticker = call_result(target, "public/ticker", {"instrument_name": instrument["instrument_name"]})
    tick = Decimal(str(instrument["tick_size"]))
    steps = (Decimal(str(ticker["min_price"])) / tick).to_integral_value(ROUND_CEILING) + 1
    placer = OrderPlacer(target, instrument, steps * tick)
    try:
        yield placer
    finally:
        placer.close()


def error_code(answer: Answer) -> int | None:
    """Return the code of an answer's error; None if the answer is no error."""
    body = answer.json() if answer.status != 200 else {}
    error = body.get("error") if isinstance(body, dict) else None
    return error.get("code") if isinstance(error, dict) else None


def _require_order(answer: Answer) -> None:
    code = error_code(answer)
    if code in UNJUDGEABLE:
        raise NotJudged(f"no order was placed: {UNJUDGEABLE[code]}: {answer.text[:200]}")
    if code is not None:
        raise NotAnswered(answer.where, answer.text[:200])


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


# Orders that are never filled


PLACED, EDITED, CANCELED, LABELS, REFUSED, COUNTED, TRIGGERS = (
    f"orders.{name}" for name in ("placed", "edited", "canceled", "labels", "refused", "cancel_all", "triggers")
)
BY_LABEL, EDIT_BY_LABEL = "private/get_open_orders_by_label", "private/edit_by_label"
CANCEL_BY_LABEL, STATE_BY_LABEL = "private/cancel_by_label", "private/get_order_state_by_label"
CANCEL_BY_INSTRUMENT = "private/cancel_all_by_instrument"
SUMMARY, POSITION = "private/get_account_summary", "private/get_position"
Judge = Callable[[Target, str], Iterator[Finding]]
Expect = Callable[[str, object, object], Iterator[Finding]]


def judge_placed(placer: OrderPlacer, expect: Expect) -> Iterator[Finding]:
    """Check that an order rests with the values sent, and that every read shows it with the same values."""
    result = placer.place()
    order, wanted = result["order"], {**placer.bid(), "order_state": "open", "filled_amount": 0, "direction": "buy"}
    yield from expect("the answer", {name: order.get(name) for name in wanted}, wanted)
    yield from expect("trades of an order that rests", result["trades"], [])
    yield from _reads_alike(placer, order, expect)
    rows = [row for row in placer.result(OPEN, instrument_name=placer.name) if row["order_id"] == order["order_id"]]
    yield from expect("its row among the open orders", rows, [order])


def judge_edited(placer: OrderPlacer, expect: Expect) -> Iterator[Finding]:
    """Check that an edit changes the fields it names, keeps the others, and that every read shows the result."""
    before = placer.place()["order"]
    price, amount = placer.price + placer.tick, 2 * placer.amount
    params = {"order_id": before["order_id"], "price": price, "amount": amount}
    after = placer.result(EDIT, **params)["order"]
    changed = {"price": price, "amount": amount, "replaced": True, "filled_amount": 0, "order_state": "open"}
    yield from expect("the answer", {name: after[name] for name in changed}, changed)
    kept = ("order_id", "label", "direction", "instrument_name", "creation_timestamp", "time_in_force")
    yield from expect("what an edit keeps", {n: after[n] for n in kept}, {n: before[n] for n in kept})
    yield from _reads_alike(placer, after, expect)


def judge_canceled(placer: OrderPlacer, expect: Expect) -> Iterator[Finding]:
    """Check that a canceled order stays canceled: it cannot be canceled again, nor edited, and is not listed."""
    order_id = placer.place()["order"]["order_id"]
    order = placer.result(CANCEL, order_id=order_id)
    yield from expect("the state in the answer", order["order_state"], "cancelled")
    yield from _reads_alike(placer, order, expect)
    again = placer.send(CANCEL, {"order_id": order_id})
    yield from expect("canceling it again", _refusal(again), "refused")
    edited = placer.send(EDIT, {"order_id": order_id, "amount": placer.amount, "price": placer.price})
    yield from expect("editing it", _refusal(edited), "refused")
    yield from _reads_alike(placer, order, expect)
    yield from expect("whether it is among the open orders", order_id in placer.open_ids(), False)


def judge_labels(placer: OrderPlacer, expect: Expect) -> Iterator[Finding]:
    """Check that orders are listed and canceled by their label.

    An edit by a label that two orders have must be refused.
    """
    ids = sorted(str(placer.place()["order"]["order_id"]) for _ in range(2))
    named = {"currency": _currency(placer), "label": placer.label}
    yield from expect("the open orders with the label", _ids(placer.result(BY_LABEL, **named)), ids)
    both = placer.send(EDIT_BY_LABEL, {"label": placer.label, "instrument_name": placer.name, "amount": placer.amount})
    yield from expect("an edit by the label of two orders", _refusal(both), "refused")
    yield from expect("the count of canceled orders", placer.result(CANCEL_BY_LABEL, **named), 2)
    yield from expect("the open orders with the label", _ids(placer.result(BY_LABEL, **named)), [])
    rows = placer.result(STATE_BY_LABEL, **named)
    yield from expect("their states", {row["order_state"] for row in rows if row["order_id"] in ids}, {"cancelled"})


def judge_refused(placer: OrderPlacer, expect: Expect) -> Iterator[Finding]:
    """Check that refused orders leave no order, no position and no reserved margin behind."""
    before = _account(placer)
    wrong: tuple[Mapping[str, Any], ...] = (
        {"price": placer.price + placer.tick / 2},
        {"amount": placer.amount * Decimal("1.5")},
        {"price": placer.price * 100, "post_only": False},
        {"instrument_name": "NONE-PERPETUAL"},
        {"time_in_force": "forever"},
    )
    for params in wrong:
        answer = placer.send(BUY, {**placer.bid(), **params})
        if error_code(answer) is None:
            placer.placed.append(str(answer.json()["result"]["order"]["order_id"]))
        yield from expect(f"an order with {dict(params)}", _refusal(answer), "refused")
    yield from expect("the account after refusals", _account(placer), before)


def judge_cancel_all(placer: OrderPlacer, expect: Expect) -> Iterator[Finding]:
    """Check that canceling all orders of an instrument returns their number, and leaves none."""
    placer.place()
    placer.place()
    count = len(placer.open_ids())
    yield from expect("the count", placer.result(CANCEL_BY_INSTRUMENT, instrument_name=placer.name), count)
    yield from expect("the open orders", placer.open_ids(), [])
    yield from expect("the count of none", placer.result(CANCEL_BY_INSTRUMENT, instrument_name=placer.name), 0)


def _reads_alike(placer: OrderPlacer, order: Row, expect: Expect) -> Iterator[Finding]:
    yield from expect("the next read", placer.state(order["order_id"]), order)


def _refusal(answer: Any) -> str:
    return "refused" if error_code(answer) is not None else answer_text(answer)


def _ids(rows: list[Row]) -> list[str]:
    return sorted(str(row["order_id"]) for row in rows)


def _currency(placer: OrderPlacer) -> str:
    return str(placer.instrument.get("settlement_currency") or placer.instrument["base_currency"])


def _account(placer: OrderPlacer) -> tuple[object, ...]:
    """Return what a refused order must not change."""
    summary = call_result(placer.target, SUMMARY, {"currency": _currency(placer)})
    position = call_result(placer.target, POSITION, {"instrument_name": placer.name})
    return placer.open_ids(), summary["balance"], position["size"], position.get("open_orders_margin")


def judge_with_placer(rule: str, judge: Callable[[OrderPlacer, Expect], Iterator[Finding]]) -> Judge:
    """Return the function of a rule: it opens an order placer, runs `judge` with it, and yields the findings."""

    def judged(target: Target, subject: str) -> Iterator[Finding]:
        with open_placer(target) as placer:

            def expect(what: str, seen: object, expected: object) -> Iterator[Finding]:
                if seen != expected:
                    yield finding(target, rule, f"{placer.name}: {what}", str(seen), str(expected), subject)

            yield from judge(placer, expect)
        # What was read meanwhile has changed since by the rule itself, which canceled its orders.
        target.begin()

    return judged


def judge_triggers(placer: OrderPlacer, expect: Expect) -> Iterator[Finding]:
    """Check that a trigger order far from the market waits, is listed by its type, and can be edited and canceled."""
    trigger = {"type": "take_limit", "trigger": "mark_price", "trigger_price": placer.tick}
    order = placer.place(**trigger)["order"]
    shown = {"order_state": "untriggered", "order_type": "take_limit", "triggered": False, "trigger_price": placer.tick}
    yield from expect("the answer", {name: order.get(name) for name in shown}, shown)
    yield from _reads_alike(placer, order, expect)
    for kind, is_listed in (("trigger_all", True), ("take_limit", True), ("stop_all", False), ("limit", False)):
        rows = placer.result(OPEN, instrument_name=placer.name, type=kind)
        found = order["order_id"] in [row["order_id"] for row in rows]
        yield from expect(f"whether it is among the open orders of type {kind}", found, is_listed)
    edited = placer.result(EDIT, order_id=order["order_id"], amount=placer.amount, trigger_price=2 * placer.tick)[
        "order"
    ]
    changed = edited["trigger_price"], edited["order_state"], edited["replaced"]
    yield from expect("an edit of its trigger price", changed, (2 * placer.tick, "untriggered", True))
    canceled = placer.result(CANCEL, order_id=order["order_id"])
    yield from expect("its state once canceled", canceled["order_state"], "cancelled")


PLACE = "contracts/deribit/README.md"


def check_of(
    rule: str,
    description: str,
    judge: Callable[[OrderPlacer, Expect], Iterator[Finding]],
    subject: str,
    *,
    may_trade: bool = False,
) -> Check[Target]:
    """Return a check with one subject. With `may_trade` it runs only where a run may fill and cancel any order."""

    def subjects(target: Target) -> list[str]:
        return [subject] if target.may_trade or not may_trade else []

    return Check(rule, description, PLACE, subjects, judge_with_placer(rule, judge))


# A fill, only where orders may be filled


FILLED = "orders.filled"
TRADES = "private/get_user_trades_by_order"
PARTS = 3


def judge_filled(placer: OrderPlacer, expect: Expect) -> Iterator[Finding]:
    """Check a bid that another account fills in part: order, trades and position have the same amounts."""
    size = placer.result(POSITION, instrument_name=placer.name)["size"]
    mark = placer.result("public/ticker", instrument_name=placer.name)["mark_price"]
    price = mark // placer.tick * placer.tick
    bid = placer.place(amount=PARTS * placer.amount, price=price, post_only=False, reject_post_only=False)["order"]
    yield from expect("what a bid in front of the market fills", bid["filled_amount"], 0)
    ask = {
        "instrument_name": placer.name,
        "amount": placer.amount,
        "price": price,
        "time_in_force": "immediate_or_cancel",
    }
    sold = result_of(placer.send(SELL, ask, placer.target.key(OTHER)))
    yield from expect("what was sold", sold["order"]["filled_amount"], placer.amount)
    order = placer.state(bid["order_id"])
    counts = {name: order[name] for name in ("amount", "filled_amount", "order_state", "average_price")}
    wanted = {
        "amount": PARTS * placer.amount,
        "filled_amount": placer.amount,
        "order_state": "open",
        "average_price": price,
    }
    yield from expect("the order after a part of it was filled", counts, wanted)
    trades = placer.result(TRADES, order_id=bid["order_id"])
    yield from expect("the amounts of its trades", sum(trade["amount"] for trade in trades), placer.amount)
    yield from expect("the prices of its trades", {trade["price"] for trade in trades}, {price})
    moved = abs(placer.result(POSITION, instrument_name=placer.name)["size"] - size)
    if placer.instrument["instrument_type"] == "reversed":
        yield from expect("how far the position moved", moved, Decimal(placer.amount))


CHECKS: tuple[Check[Target], ...] = (
    check_of(PLACED, "The answer to an order is its next read.", judge_placed, BUY),
    check_of(EDITED, "An edit changes what it names, and reads alike.", judge_edited, EDIT),
    check_of(CANCELED, "A canceled order stays canceled.", judge_canceled, CANCEL),
    check_of(LABELS, "Labels find, and cancel, their orders.", judge_labels, CANCEL_BY_LABEL),
    check_of(TRIGGERS, "A trigger order waits until its price is reached.", judge_triggers, BUY),
    check_of(REFUSED, "A refused order leaves nothing behind.", judge_refused, BUY),
    check_of(COUNTED, "Canceling all counts, and leaves none.", judge_cancel_all, CANCEL_BY_INSTRUMENT, may_trade=True),
    check_of(FILLED, "Order, trades and position agree about a fill.", judge_filled, BUY, may_trade=True),
)
