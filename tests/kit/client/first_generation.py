"""The careful client of the first generation of order entry, which the exchange accepts until 2026-06-17."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from contracts.clients.examples.careful_orders import Trader

Row = dict[str, Any]


class FirstTrader(Trader):
    """Sends first-generation orders, with the fields that exist since the first date where they say enough."""

    path = "/portfolio/orders"

    def body_of(self, order: Row) -> Row:
        expires, is_whole = order.get("expires"), Decimal(order["count"]) == int(Decimal(order["count"]))
        words = {"bid": "buy", "ask": "sell"}
        body = {
            "ticker": order["market"],
            "side": "yes",
            "action": words[order["side"]],
            "yes_price_dollars": f"{Decimal(order['price']):.4f}",
            "client_order_id": order["client_order_id"],
            "time_in_force": order.get("time_in_force", "good_till_canceled"),
        }
        body |= {"count": int(Decimal(order["count"]))} if is_whole else {"count_fp": order["count"]}
        return body | ({"expiration_ts": int(datetime.fromisoformat(expires).timestamp())} if expires else {})

    def placed(self, answer: Row) -> Row:
        return self.reported(answer["order"])

    def reported(self, row: Row) -> Row:
        return {
            "result": "placed",
            "order": row["order_id"],
            **{name: count(row, f"{wire}_count") for name, wire in COUNTS},
        }

    def canceled(self, answer: Row) -> Row:
        return {"result": "canceled", "reduced": count(answer, "reduced_by")}

    def amendment_of(self, order: Row) -> Row:
        names = ("client_order_id", "updated_client_order_id")
        ids = {name: f"{order['client_order_id']}{'-again' * place}" for place, name in enumerate(names)}
        return {**self.body_of(order), **ids}


COUNTS = (("filled", "fill"), ("remaining", "remaining"))


def count(row: Row, name: str) -> str:
    """Return a count from its text, or from the whole number that was there first."""
    return str(row[f"{name}_fp"] if f"{name}_fp" in row else row[name])
