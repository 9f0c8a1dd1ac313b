"""The orders of the careful client: nothing is sent twice that could count twice, and reports are what is known.

An order has the client order id of its user. If its answer is lost, it is sent again under the same id: a 409 then
means that the first one arrived, and the exchange's row of it is reported. After a 429 it is sent again, after a pause.
"""

import time
from datetime import datetime
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from contracts.clients.examples.careful_client import AGAIN, PAUSES_S, Client, Refused, receive, send

TOO_MANY, CONFLICT, GONE = 429, 409, 404
UNKNOWN = {"result": "unknown"}

Row = dict[str, Any]


class Trader:
    """Changes the orders of a client's account. The `result` of a row is what the user may believe."""

    path = "/portfolio/events/orders"

    def __init__(self, client: Client) -> None:
        self.client = client
        self.is_in_doubt = False
        """Whether an answer to the current request was lost, so that it may have been carried out before."""

    def place(self, order: Row) -> Row:
        try:
            answer = self.send("POST", self.path, self.body_of(order))
        except Refused as refused:
            if refused.status == CONFLICT and self.is_in_doubt:
                return self.found(order)
            raise
        return self.placed(answer) if answer else UNKNOWN

    def batch(self, orders: list[Row]) -> list[Row]:
        answer = self.send("POST", f"{self.path}/batched", {"orders": [self.body_of(order) for order in orders]})
        if answer is None:
            return [UNKNOWN for _ in orders]
        return [self.placed_of_batch(order, item) for order, item in zip(orders, answer["orders"], strict=True)]

    def placed_of_batch(self, order: Row, item: Row) -> Row:
        error = item.get("error")
        if not error:
            return self.placed(item)
        is_ours = self.is_in_doubt and error["code"] == "order_already_exists"
        return self.found(order) if is_ours else {"result": "refused", "error": error["code"]}

    def cancel(self, order_id: str) -> Row:
        try:
            answer = self.send("DELETE", f"{self.path}/{order_id}")
        except Refused as refused:
            if refused.status == GONE and self.is_in_doubt and self.row_of(order_id)["status"] == "canceled":
                return {"result": "canceled"}
            raise
        return self.canceled(answer) if answer else UNKNOWN

    def canceled(self, answer: Row) -> Row:
        return {"result": "canceled", "reduced": answer["reduced_by"]}

    def amend(self, order: Row) -> Row:
        answer = self.send("POST", f"{self.path}/{order['order']}/amend", self.amendment_of(order))
        return {"result": "amended"} if answer else UNKNOWN

    def amendment_of(self, order: Row) -> Row:
        return {"ticker": order["market"], **{name: order[name] for name in ("side", "count", "price")}}

    def trade(self, order: Row) -> Row:
        """Place an order while its fills are listened to; after a break of the stream those missed are read."""
        ends_at_s, fills = time.monotonic() + order["seconds"], dict[str, Row]()
        placed: Row = {}
        while time.monotonic() < ends_at_s and not (placed and self.is_filled(order, placed, fills)):
            try:
                with connect(self.client.ws_url, additional_headers=self.client.headers(self.client.ws_url)) as stream:
                    send(stream, "subscribe", 1, {"channels": ["fill"]})
                    receive(stream, ends_at_s - time.monotonic())
                    if placed:
                        self.read_missed(fills)
                    else:
                        placed = self.place(order)
                    self.follow(stream, order, placed, fills, ends_at_s)
            except (ConnectionClosed, InvalidStatus, OSError):
                time.sleep(PAUSES_S[0])
        return {"result": placed["result"], "order": placed.get("order"), "filled": filled_of(placed, fills)}

    def read_missed(self, fills: dict[str, Row]) -> None:
        for row in self.client.rows("/portfolio/fills", "fills", "trade_id"):
            fills[row["trade_id"]] = row

    def follow(
        self, stream: ClientConnection, order: Row, placed: Row, fills: dict[str, Row], ends_at_s: float
    ) -> None:
        """Keep fills of all orders, since the first ones may come before the answer with the order's id."""
        while time.monotonic() < ends_at_s and not self.is_filled(order, placed, fills):
            message = receive(stream, ends_at_s - time.monotonic()).get("msg", {})
            if "trade_id" in message:
                fills[message["trade_id"]] = message

    def is_filled(self, order: Row, placed: Row, fills: dict[str, Row]) -> bool:
        return placed["result"] != "placed" or filled_of(placed, fills) == text_of(hundredths_of(order["count"]))

    def body_of(self, order: Row) -> Row:
        expires, is_post_only = order.get("expires"), order.get("post_only")
        return {
            "ticker": order["market"],
            **{name: order[name] for name in ("side", "count", "price", "client_order_id")},
            "time_in_force": order.get("time_in_force", "good_till_canceled"),
            "self_trade_prevention_type": "taker_at_cross",
            **({"post_only": True} if is_post_only else {}),
            **({"expiration_time": int(datetime.fromisoformat(expires).timestamp())} if expires else {}),
        }

    def placed(self, answer: Row) -> Row:
        names = {"order": "order_id", "filled": "fill_count", "remaining": "remaining_count"}
        return {"result": "placed", **{ours: answer[theirs] for ours, theirs in names.items()}}

    def found(self, order: Row) -> Row:
        """Return the order that the exchange has under the client order id; it arrived before its answer was lost."""
        rows = self.client.rows("/portfolio/orders", "orders", "order_id")
        row = next((row for row in rows if row.get("client_order_id") == order["client_order_id"]), None)
        return self.reported(row) if row else UNKNOWN

    def reported(self, row: Row) -> Row:
        return {"result": "placed", "order": row["order_id"], "filled": row["fill_count_fp"]}

    def row_of(self, order_id: str) -> Row:
        row: Row = self.client.get(f"/portfolio/orders/{order_id}")["order"]
        return row

    def send(self, method: str, path: str, body: Row | None = None) -> Row | None:
        """Return the answer to a write; None if it stays unknown whether it was carried out."""
        self.is_in_doubt = False
        for pause_s in (*PAUSES_S, None):
            try:
                return self.client.once(self.client.base_url + path, method, body)
            except Refused as refused:
                if refused.status is not None and refused.status not in AGAIN:
                    raise
                self.is_in_doubt = self.is_in_doubt or refused.status != TOO_MANY
                if pause_s is None and not self.is_in_doubt:
                    raise
                time.sleep(max(pause_s or 0.0, refused.wait_s))
        return None


def hundredths_of(count: str) -> int:
    """Return a count of contracts in hundredths, without floats."""
    whole, _, part = str(count).partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0")[:2])


def text_of(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02}"


def filled_of(placed: Row, fills: dict[str, Row]) -> str:
    """Return the contracts of an order that were filled, by its fills; each trade counts once."""
    own = (fill for fill in fills.values() if fill["order_id"] == placed.get("order"))
    return text_of(sum(hundredths_of(fill.get("count_fp") or fill["count"]) for fill in own))


def perform_order_task(trader: Trader, name: str, arguments: Row) -> list[Row] | None:
    """Carry out a task that changes orders; None if there is no such task."""
    if name == "batch":
        return trader.batch(arguments["orders"])
    if name == "cancel":
        return [trader.cancel(arguments["order"])]
    one = {"place": trader.place, "amend": trader.amend, "trade": trader.trade}.get(name)
    return [one(arguments)] if one else None
