"""The calls of the bot: signed REST, tried again after lost answers. An order has an id, so it is placed only once."""

import base64
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.hashes import SHA256

from marketmaker.quoting import Quote, Side
from marketmaker.settings import Settings

ATTEMPTS_MAX = 6
TRANSIENT = frozenset({429, 500, 502, 503, 504})
PAGE_ROWS = 100
SECONDS_MAX = 10.0
ORDERS = "/portfolio/events/orders"

Body = dict[str, Any]


class Refused(Exception):
    """An order that the exchange refused: its status and its code, for example 409 `order_already_exists`."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code = status, code


@dataclass(frozen=True, kw_only=True)
class OpenOrder:
    """A resting order as the exchange shows it."""

    order_id: str
    client_order_id: str
    side: Side
    price: Decimal
    remaining: Decimal


class Kalshi:
    """One account. `pause` waits between two attempts; `transport` replaces the network."""

    def __init__(
        self,
        settings: Settings,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._settings, self._pause = settings, pause
        self._http = httpx.Client(timeout=SECONDS_MAX, transport=transport)

    def close(self) -> None:
        self._http.close()

    def best_prices(self, ticker: str, own: Iterable[OpenOrder]) -> tuple[Decimal, Decimal]:
        """Return the best bid and ask of YES without the account's own orders; 0 and 1 where nothing is left."""
        book = self._read(f"/markets/{ticker}/orderbook", {})["orderbook_fp"]
        bids: dict[Decimal, Decimal] = {}
        asks: dict[Decimal, Decimal] = {}
        for order in own:
            levels, price = (bids, order.price) if order.side == "bid" else (asks, 1 - order.price)
            levels[price] = levels.get(price, Decimal(0)) + order.remaining
        return _best(book["yes_dollars"], bids), 1 - _best(book["no_dollars"], asks)

    def position(self, ticker: str) -> Decimal:
        """Return the contracts of YES held, negative for NO."""
        rows = self._read("/portfolio/positions", {"ticker": ticker, "limit": PAGE_ROWS})["market_positions"]
        return sum((Decimal(row["position_fp"]) for row in rows), Decimal(0))

    def open_orders(self, ticker: str) -> dict[str, OpenOrder]:
        """Return the resting orders in a market by client order id."""
        rows = self._pages("/portfolio/orders", {"ticker": ticker, "status": "resting"}, "orders")
        return {row["client_order_id"]: _open_order(row) for row in rows}

    def place(self, ticker: str, quote: Quote, client_order_id: str, *, post_only: bool) -> Body:
        """Place an order; a lost answer is followed by the same order, which the exchange accepts only once.

        The answer is empty if the first attempt was accepted and its answer was lost. Raises Refused.
        """
        body = {
            "ticker": ticker,
            "side": quote.side,
            "count": f"{quote.count:.2f}",
            "price": f"{quote.price:.4f}",
            "time_in_force": "good_till_canceled" if post_only else "immediate_or_cancel",
            "self_trade_prevention_type": "taker_at_cross",
            "post_only": post_only,
            "client_order_id": client_order_id,
        }
        is_repeated = False
        for answer in self._attempts("POST", ORDERS, body):
            if answer is not None and answer.status_code not in TRANSIENT:
                break
            is_repeated = True
        else:
            raise TimeoutError(f"no answer to order {client_order_id} after {ATTEMPTS_MAX} attempts")
        if answer.status_code == httpx.codes.CONFLICT and is_repeated and _code_of(answer) == "order_already_exists":
            return {}
        return _accepted(answer)

    def cancel(self, order_id: str) -> None:
        """Cancel an order. An order that is not resting any more is no error: it was filled or canceled before."""
        for answer in self._attempts("DELETE", f"{ORDERS}/{order_id}"):
            if answer is not None and answer.status_code not in TRANSIENT:
                if answer.status_code != httpx.codes.NOT_FOUND:
                    _accepted(answer)
                return
        raise TimeoutError(f"no answer to the cancel of {order_id} after {ATTEMPTS_MAX} attempts")

    def _pages(self, path: str, query: dict[str, str | int], rows: str) -> list[Body]:
        found: list[Body] = []
        cursor = ""
        while True:
            page = self._read(path, {**query, "limit": PAGE_ROWS, "cursor": cursor})
            found += page[rows]
            cursor = page.get("cursor") or ""
            if not cursor:
                return found

    def _read(self, path: str, query: dict[str, str | int]) -> Body:
        for answer in self._attempts("GET", path, query=query):
            if answer is not None and answer.status_code not in TRANSIENT:
                return _accepted(answer)
        raise TimeoutError(f"no answer to GET {path} after {ATTEMPTS_MAX} attempts")

    def _attempts(self, method: str, path: str, body: Body | None = None, query: Any = None) -> Any:
        """Yield the answer of each attempt, None where the connection broke; every attempt has its own signature."""
        url = self._settings.base_url + path
        for attempt in range(ATTEMPTS_MAX):
            if attempt:
                self._pause(0.1 * attempt)
            try:
                yield self._http.request(method, url, params=query, json=body, headers=self._signed(method, url))
            except httpx.TransportError:
                yield None

    def _signed(self, method: str, url: str) -> dict[str, str]:
        """Return the headers that sign milliseconds, method and path; the query is not signed."""
        timestamp = str(time.time_ns() // 1_000_000)
        text = f"{timestamp}{method}{urlsplit(url).path}".encode()
        signature = self._settings.key.sign(text, PSS(MGF1(SHA256()), PSS.DIGEST_LENGTH), SHA256())
        return {
            "KALSHI-ACCESS-KEY": self._settings.key_id,
            "KALSHI-ACCESS-TIMESTAMP": timestamp,
            "KALSHI-ACCESS-SIGNATURE": base64.b64encode(signature).decode(),
        }


def _best(levels: list[tuple[str, str]], own: dict[Decimal, Decimal]) -> Decimal:
    """Return the best price at which others have contracts; 0 if there is none."""
    prices = ((Decimal(price), Decimal(count)) for price, count in levels)
    return max((price for price, count in prices if count > own.get(price, 0)), default=Decimal(0))


def _open_order(row: Body) -> OpenOrder:
    is_bid = row["outcome_side"] == "yes"
    return OpenOrder(
        order_id=row["order_id"],
        client_order_id=row["client_order_id"],
        side="bid" if is_bid else "ask",
        price=Decimal(row["yes_price_dollars"]),
        remaining=Decimal(row["remaining_count_fp"]),
    )


def _accepted(answer: httpx.Response) -> Body:
    if answer.is_success:
        body: Body = answer.json()
        return body
    raise Refused(answer.status_code, _code_of(answer))


def _code_of(answer: httpx.Response) -> str:
    error = answer.json().get("error", {})
    return error.get("code", "") if isinstance(error, dict) else str(error)
