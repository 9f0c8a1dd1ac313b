"""Places orders for rules, reads them back, and at the end cancels those that rest.

Orders have one or two contracts: bids at one or two cents, asks at 98 or 99, in a market that trades in between.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from mockexchange.kit.target import Answer, NotJudged, Target

Row = Mapping[str, Any]
T = TypeVar("T")
ASK_MIN, BID_MAX = Decimal("0.03"), Decimal("0.97")
"""The lowest ask and the highest bid of a market in which the orders of rules are never filled."""
POLL_S = 1.0
SHOWN_CHARS = 200
DONE = range(200, 300)
UNJUDGEABLE = (401, 403, 410, 429, 503)
"""Statuses for a key that may not write, and for an exchange that accepts no orders."""
INACTIVE = '"market_inactive"'
OPEN = ("active", "open")
FILL_OR_KILL, IMMEDIATE, REST = "fill_or_kill", "immediate_or_cancel", "good_till_canceled"
SHORT = {FILL_OR_KILL: "FOK", IMMEDIATE: "IOC", REST: "GTC"}
"""The names that the values of time_in_force had in November 2025."""


class Generation(NamedTuple):
    """The operation ids of one set of operations for orders. The venue has two such sets, an older and a newer one."""

    create: str
    cancel: str
    amend: str
    decrease: str
    create_batch: str
    cancel_batch: str
    is_first: bool


FIRST = Generation(
    "CreateOrder", "CancelOrder", "AmendOrder", "DecreaseOrder", "BatchCreateOrders", "BatchCancelOrders", is_first=True
)
SECOND = Generation(
    "CreateOrderV2",
    "CancelOrderV2",
    "AmendOrderV2",
    "DecreaseOrderV2",
    "BatchCreateOrdersV2",
    "BatchCancelOrdersV2",
    is_first=False,
)
GENERATIONS = {one.create: one for one in (FIRST, SECOND)}


class OrderSide(NamedTuple):
    """A side of the order book: the prices of its orders in cents, new and amended, and what rows call it."""

    name: str
    cents: int
    amended_cents: int
    outcome: str
    action: str
    """What the first generation calls an order of YES contracts on this side."""


BID, ASK = OrderSide("bid", 1, 2, "yes", "buy"), OrderSide("ask", 99, 98, "no", "sell")
SIDES = (BID, ASK)


def dollars(cents: int) -> str:
    """Return a price below a dollar with four decimals, as bodies and rows have it."""
    return f"0.{cents:02}00"


class OrderPlacer:
    """Places orders in one market for a rule, by one set of operations. `open_placer` cancels the orders at the end."""

    def __init__(self, target: Target, generation: Generation, ticker: str) -> None:
        self.target, self.generation, self.ticker = target, generation, ticker
        self.made: list[str] = []

    def body(
        self, side: OrderSide = BID, *, cents: int = 0, count: int = 1, force: str = REST, **more: object
    ) -> dict[str, Any]:
        """Return the body of an order of YES contracts, at the side's own price or another, with a new client id."""
        common = {"ticker": self.ticker, "client_order_id": str(uuid.uuid4()), **more}
        cents = cents or side.cents
        if not self.generation.is_first:
            stated = {"side": side.name, "count": f"{count}.00", "price": dollars(cents), "time_in_force": force}
            return {"self_trade_prevention_type": "taker_at_cross", **stated, **common}
        words = self.target.document["components"]["schemas"]["TimeInForce"]["enum"]
        stated = {"time_in_force": force if force in words else SHORT[force]} if force != REST else {}
        return {"side": "yes", "action": side.action, "count": count, "yes_price": cents, **stated, **common}

    def write(self, operation_id: str, body: object = None, names: Mapping[str, str] | None = None) -> Answer:
        """Send a write. Raises NotJudged if the market has closed meanwhile."""
        answer = self.target.write(operation_id, body, names)
        if INACTIVE in answer.text:
            raise _not_judged(answer)
        return answer

    def create(self, body: Mapping[str, Any]) -> Answer:
        answer = self.write(self.generation.create, body)
        if answer.status in DONE:
            self.made.append(self.id_of(answer))
        return answer

    @staticmethod
    def require_judgeable(answer: Answer) -> Answer:
        """Return the answer unchanged. Raises NotJudged if its status is due to the key or a closed exchange."""
        if answer.status in UNJUDGEABLE:
            raise _not_judged(answer)
        return answer

    def require_open(self) -> None:
        """Raise NotJudged if the market has closed meanwhile, which cancels its orders."""
        status = self.target.ask("/markets/{ticker}", names={"ticker": self.ticker}).json()["market"]["status"]
        if status not in OPEN:
            raise NotJudged(f"{self.ticker} is {status}: its orders were canceled")

    def place(self, side: OrderSide = BID, **wanted: Any) -> tuple[str, Answer]:
        """Place an order that should rest, and return its id and the answer. Raises NotJudged if it is refused."""
        answer = self.create(self.body(side, **wanted))
        if answer.status not in DONE:
            raise _not_judged(answer)
        return self.made[-1], answer

    def id_of(self, answer: Answer) -> str:
        body = answer.json()
        found: str = body["order"]["order_id"] if self.generation.is_first else body["order_id"]
        return found

    def cancel(self, order_id: str) -> Answer:
        return self.write(self.generation.cancel, names={"order_id": order_id})

    def decrease(self, order_id: str, count: int) -> Answer:
        wanted = {"reduce_to": count if self.generation.is_first else f"{count}.00"}
        return self.write(self.generation.decrease, wanted, {"order_id": order_id})

    def amend(self, order_id: str, client_order_id: str, side: OrderSide = BID, *, count: int) -> Answer:
        """Change the price and the total count of an order, and give it a new client order id."""
        names = {"client_order_id": client_order_id, "updated_client_order_id": str(uuid.uuid4())}
        if self.generation.is_first:
            stated: dict[str, Any] = {
                "side": "yes",
                "action": side.action,
                "yes_price": side.amended_cents,
                "count": count,
            }
        else:
            stated = {"side": side.name, "price": dollars(side.amended_cents), "count": f"{count}.00"}
        return self.write(self.generation.amend, {"ticker": self.ticker, **stated, **names}, {"order_id": order_id})

    def read(self, order_id: str, is_shown: Callable[[Row], bool] = bool) -> Row:
        """Read an order until `is_shown` accepts it or the server's read lag is over; return it, empty if missing."""
        return self.read_until(lambda: self._order(order_id), is_shown)

    def _order(self, order_id: str) -> Row:
        answer = self.target.ask("/portfolio/orders/{order_id}", names={"order_id": order_id})
        found: Row = answer.json()["order"] if answer.status == 200 else {}
        return found

    def resting(self) -> dict[str, Row]:
        """Return the resting orders of the market by id."""
        query = {"ticker": self.ticker, "status": "resting", "limit": "200"}
        rows = self.target.ask("/portfolio/orders", query=query).json()["orders"]
        return {row["order_id"]: row for row in rows}

    def footprint(self) -> dict[str, object]:
        """Return the resting orders, positions and cash, none of which a refused write may change."""
        positions = self.target.ask("/portfolio/positions", query={"ticker": self.ticker}).json()
        balance = self.target.ask("/portfolio/balance").json()
        return {
            "resting orders": sorted(self.resting()),
            "positions": positions["market_positions"],
            "balance": balance.get("balance_dollars", balance["balance"]),
        }

    def read_until(self, read: Callable[[], T], is_fine: Callable[[T], bool]) -> T:
        """Call `read` until `is_fine` accepts the result, or the server's read lag is over; return the last result."""
        ends_at_s = time.monotonic() + self.target.lag_s
        found = read()
        while not is_fine(found) and time.monotonic() < ends_at_s:
            time.sleep(POLL_S)
            found = read()
        return found

    def close(self) -> None:
        """Cancel all orders that were made: those that have ended are refused, which does no harm."""
        for order_id in self.made:
            self.target.write(self.generation.cancel, names={"order_id": order_id})


def _not_judged(answer: Answer) -> NotJudged:
    return NotJudged(f"{answer.where} was answered {answer.status} {answer.text[:SHOWN_CHARS]}")


@contextmanager
def open_placer(target: Target, operation_id: str) -> Iterator[OrderPlacer]:
    """Yield an order placer that creates orders by `operation_id`, and cancels them by the operation of its generation.

    Raises NotJudged if there is no suitable market.
    """
    placer = OrderPlacer(target, GENERATIONS[operation_id], quiet_market(target))
    try:
        yield placer
    finally:
        placer.close()


def quiet_market(target: Target) -> str:
    """Return an open market of the first shard that trades between three and 97 cents. Raises NotJudged."""
    if "ticker" in target.names:
        return target.names["ticker"]
    rows = target.ask("/markets", query={"status": "open", "limit": "200"}).json()["markets"]
    # An order without an `exchange_index` goes to the first shard.
    found = [row["ticker"] for row in rows if row.get("exchange_index", 0) == 0 and _is_quiet(row)]
    if not found:
        raise NotJudged("no open market trades between three and 97 cents: give one with --name ticker=VALUE")
    ticker: str = found[0]
    return ticker


def _is_quiet(row: Row) -> bool:
    ask, bid = Decimal(row["yes_ask_dollars"]), Decimal(row["yes_bid_dollars"])
    return (ask == 0 or ask >= ASK_MIN) and bid <= BID_MAX  # 0 if there is no ask
