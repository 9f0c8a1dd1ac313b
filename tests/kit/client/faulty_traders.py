"""Traders with one mistake each, and a worker that runs them in this process."""

import json
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from websockets.sync.client import ClientConnection

from contracts.clients.examples.careful import carry_out
from contracts.clients.examples.careful_client import AGAIN, Client, Refused, receive
from contracts.clients.examples.careful_orders import (
    CONFLICT,
    TOO_MANY,
    Trader,
    filled_of,
    hundredths_of,
    text_of,
)
from mockexchange.kit.client.adapter import ConnectionDetails, read_answer
from mockexchange.kit.client.cards import Task
from mockexchange.kit.client.order_tasks import TaskResult
from mockexchange.kit.client.sandboxes import Session
from tests.kit.client.first_generation import FirstTrader

Row = dict[str, Any]


class Mislabeling(Trader):
    """Reports the user's id as the id of the exchange."""

    def place(self, order: Row) -> Row:
        return {**super().place(order), "order": order["client_order_id"]}


class Renaming(Trader):
    """Sends a lost order again under another id."""

    def place(self, order: Row) -> Row:
        for place in range(2):
            try:
                return self.placed(
                    self.post({**self.body_of(order), "client_order_id": f"{order['client_order_id']}-{place}"})
                )
            except Refused as refused:
                if refused.status and refused.status < 500:
                    raise
        return {"result": "unknown"}

    def post(self, body: Row) -> Row:
        return self.client.once(self.client.base_url + self.path, "POST", body)


class Conflicted(Trader):
    """Takes the 409 for its own repetition for a refusal."""

    def found(self, order: Row) -> Row:
        raise Refused("order_already_exists", CONFLICT)


class Pessimist(Trader):
    """Takes a lost answer for a refusal, and does not ask again."""

    def send(self, method: str, path: str, body: Row | None = None) -> Row | None:
        try:
            return self.client.once(self.client.base_url + path, method, body)
        except Refused as refused:
            raise Refused(str(refused), refused.status or 400) from None


class Optimist(Trader):
    """Takes a lost answer, and a 429, for a success."""

    def place(self, order: Row) -> Row:
        try:
            return self.placed(self.client.once(self.client.base_url + self.path, "POST", self.body_of(order)))
        except Refused as refused:
            if refused.status is None or refused.status in AGAIN:
                return {"result": "placed"}
            raise


class Doubting(Trader):
    """Takes every refusal for a failure of the network."""

    def place(self, order: Row) -> Row:
        try:
            return super().place(order)
        except Refused:
            return {"result": "unknown"}


class Deaf(Trader):
    """Takes every answer for a success."""

    def place(self, order: Row) -> Row:
        try:
            return super().place(order)
        except Refused:
            return {"result": "placed", "filled": "0.00"}

    def batch(self, orders: list[Row]) -> list[Row]:
        try:
            return [{"result": "placed"} for _ in super().batch(orders)]
        except Refused:
            return [{"result": "placed"} for _ in orders]

    def cancel(self, order_id: str) -> Row:
        try:
            return super().cancel(order_id)
        except Refused:
            return {"result": "canceled"}


class Greedy(Trader):
    """Takes an order that was accepted for one that was filled."""

    def placed(self, answer: Row) -> Row:
        total = hundredths_of(answer["fill_count"]) + hundredths_of(answer["remaining_count"])
        return {"result": "placed", "order": answer["order_id"], "filled": text_of(total)}


class Wishful(Trader):
    """Reports the count that it ordered as filled, whatever the answer says."""

    def place(self, order: Row) -> Row:
        return {**super().place(order), "filled": order["count"]}


class Lazy(Trader):
    """Cancels and amends only in its own books."""

    def cancel(self, order_id: str) -> Row:
        return {"result": "canceled"}

    def amend(self, order: Row) -> Row:
        return {"result": "amended"}


class Forgetting(Trader):
    """Reports that a cancel took off the whole order, though a part was filled."""

    def canceled(self, answer: Row) -> Row:
        return {"result": "canceled", "reduced": "5.00"}


class Crosswise(Trader):
    """Reports the orders of a batch in another order."""

    def batch(self, orders: list[Row]) -> list[Row]:
        return super().batch(orders)[::-1]


class Restless(Trader):
    """Repeats what the rate limit refuses, without a pause and without an end."""

    def send(self, method: str, path: str, body: Row | None = None) -> Row | None:
        for _ in range(20):
            with suppress(Refused):
                return self.client.once(self.client.base_url + path, method, body)
        raise Refused("no end of it", TOO_MANY)


class Counting(Trader):
    """Knows what the answer to its order said, and what its stream said."""

    def counted(self, answered: int, listened: int) -> int:
        raise NotImplementedError

    def trade(self, order: Row) -> Row:
        traded, row = super().trade(order), self.row_of(self.found(order)["order"])
        answered = hundredths_of(row["fill_count_fp"]) if float(row["taker_fill_cost_dollars"]) else 0
        return {**traded, "filled": text_of(self.counted(answered, hundredths_of(traded["filled"])))}


class Doubling(Counting):
    """Counts the fills of the answer and the fills of the stream."""

    def counted(self, answered: int, listened: int) -> int:
        return answered + listened


class Repeating(Trader):
    """Counts each frame of a fill."""

    def follow(
        self, stream: ClientConnection, order: Row, placed: Row, fills: dict[str, Row], ends_at_s: float
    ) -> None:
        while time.monotonic() < ends_at_s and not self.is_filled(order, placed, fills):
            message = receive(stream, ends_at_s - time.monotonic()).get("msg", {})
            if "trade_id" in message:
                self.keep(fills, message)

    def keep(self, fills: dict[str, Row], message: Row) -> None:
        fills[f"{message['trade_id']} {len(fills)}"] = message


class Adding(Repeating):
    """Adds up the frames of a trade."""

    def keep(self, fills: dict[str, Row], message: Row) -> None:
        known = fills.get(message["trade_id"], {"count_fp": "0.00"})
        total = hundredths_of(known["count_fp"]) + hundredths_of(message["count_fp"])
        fills[message["trade_id"]] = {**message, "count_fp": text_of(total)}


class Concluding(Repeating):
    """Takes an order for filled as soon as its frames add up to its count."""

    def is_filled(self, order: Row, placed: Row, fills: dict[str, Row]) -> bool:
        return hundredths_of(filled_of(placed, fills)) >= hundredths_of(order["count"])

    def trade(self, order: Row) -> Row:
        traded = super().trade(order)
        return {**traded, "filled": text_of(min(hundredths_of(traded["filled"]), hundredths_of(order["count"])))}


class Unready(Counting):
    """Drops the fills that come before the answer."""

    def counted(self, answered: int, listened: int) -> int:
        return listened - answered


class Deafened(Counting):
    """Counts the fills of the answer alone."""

    def counted(self, answered: int, listened: int) -> int:
        return answered


class Blind(Trader):
    """Reads nothing after a break of the stream."""

    def read_missed(self, fills: dict[str, Row]) -> None: ...


class Rounding(Trader):
    """Rounds prices to cents."""

    def body_of(self, order: Row) -> Row:
        return {**super().body_of(order), "price": f"{float(order['price']):.2f}"}


class Whole(Trader):
    """Orders whole contracts."""

    def body_of(self, order: Row) -> Row:
        return {**super().body_of(order), "count": f"{int(float(order['count']))}.00"}


class Floating(Trader):
    """Reports counts as floats."""

    def placed(self, answer: Row) -> Row:
        return {**super().placed(answer), "filled": float(answer["fill_count"])}


class Timeless(Trader):
    """Leaves the expiry out."""

    def body_of(self, order: Row) -> Row:
        return {name: value for name, value in super().body_of(order).items() if name != "expiration_time"}


class OnlyPlacing(Trader):
    """No mistake: a client that places orders and does nothing else with them."""

    tasks = ("place",)


class Retired(FirstTrader):
    """Repeats an order of the first generation after its last day."""

    def send(self, method: str, path: str, body: Row | None = None) -> Row | None:
        for _ in range(3):
            with suppress(Refused):
                return self.client.once(self.client.base_url + path, method, body)
        raise Refused("gone", 410)


class InProcessWorker:
    """A worker of cards whose adapter is a trader in this process: only what the runner of cards uses of one."""

    def __init__(self, make: type[Trader] = Trader, reads: type[Client] = Client, **hello: str) -> None:
        self._make, self._reads = make, reads
        self._clients: list[Client] = []
        self.hello = {"client": make.__name__, **hello}

    def ready(self, connection: ConnectionDetails) -> None: ...

    def log(self) -> str:
        """What the clients have logged."""
        return "\n".join(line for client in self._clients for line in getattr(client, "logged", ()))

    def ask(self, task: Task, session: Session, account: str, seconds: float) -> TaskResult:
        client = self._reads(*session.connection_details(account))
        self._clients.append(client)
        asked = SimpleQueue[Row]()
        Thread(target=lambda: asked.put(self._answer(client, task)), daemon=True).start()
        try:
            answer = asked.get(timeout=seconds)
        except Empty:
            return TaskResult(None, f"it gave no answer within {seconds:g} s", is_late=True)
        finally:
            client.connection.close()
        return TaskResult(read_answer(json.dumps({"id": 1, **answer}).encode(), 1), "")

    def _answer(self, client: Client, task: Task) -> Row:
        if task.name not in getattr(self._make, "tasks", (task.name,)):
            return {"unsupported": True}
        try:
            return carry_out(client, self._make(client), task.name, json.loads(json.dumps(task.arguments)))
        except Refused as refused:
            return {"error": f"Refused: {refused}", "status": refused.status}
