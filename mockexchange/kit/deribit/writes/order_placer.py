"""Places orders for rules, reads them back, and at the end cancels those that rest.

Orders buy the least amount of one future at the lowest accepted price, and only to rest.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import ROUND_CEILING, Decimal
from typing import Any

from mockexchange.kit.deribit.calls import call, call_result
from mockexchange.kit.jsonrpc import result_of
from mockexchange.kit.response import Answer, NotAnswered, NotJudged
from mockexchange.kit.target import Target
from mockexchange.kit.venue import Signer

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
