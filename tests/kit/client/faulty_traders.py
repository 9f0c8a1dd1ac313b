"""Traders with one mistake each, and a worker that runs them in this process."""

import json
import time
from typing import Any

from contracts.clients.examples.careful_client import Client, Refused
from contracts.clients.examples.careful_orders import CONFLICT, Trader, perform_order_task
from mockexchange.kit.client.adapter import read_answer
from mockexchange.kit.client.card_tasks import Task
from mockexchange.kit.client.orders.playing import TaskResult
from mockexchange.kit.client.session import Session

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
                body = {**self.body_of(order), "client_order_id": f"{order['client_order_id']}-{place}"}
                return self.placed(self.client.once(self.client.base_url + "/portfolio/events/orders", "POST", body))
            except Refused as refused:
                if refused.status and refused.status < 500:
                    raise
        return {"result": "unknown"}


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
    """Takes a lost answer for a success."""

    def place(self, order: Row) -> Row:
        try:
            return self.placed(
                self.client.once(self.client.base_url + "/portfolio/events/orders", "POST", self.body_of(order))
            )
        except Refused as refused:
            if refused.status is None or refused.status >= 500:
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


class InProcessWorker:
    """A worker of cards whose adapter is a trader in this process: only what the runner of cards uses of one."""

    def __init__(self, make: type[Trader], **hello: object) -> None:
        self._make = make
        self.hello = {"client": make.__name__, **hello}

    def ready(self, session: Session) -> None: ...

    def ask(self, task: Task, session: Session, account: str, seconds: float) -> TaskResult:
        client, began_s = Client(*session.connection_details(account)), time.monotonic()
        try:
            rows = perform_order_task(self._make(client), task.name, json.loads(json.dumps(task.arguments)))
            answer: Row = {"unsupported": True} if rows is None else {"rows": rows}
        except Refused as refused:
            answer = {"error": f"Refused: {refused}", "status": refused.status}
        finally:
            client.connection.close()
        assert time.monotonic() - began_s < seconds
        return TaskResult(read_answer(json.dumps({"id": 1, **answer}).encode(), 1), "")
