"""The market maker: one step reads the market and the account, then makes the resting orders equal to its quotes."""

import logging
from collections.abc import Iterator
from decimal import Decimal
from itertools import count

from marketmaker.kalshi import Kalshi, OpenOrder, Refused
from marketmaker.quoting import Quote, Rules, Side, desired_quotes, hedge

WORTH_ANOTHER_STEP = {"invalid_order", "insufficient_balance", "trading_is_paused", "exchange_is_paused"}
"""Refusals that the next step may not meet: the price moved, the cash is reserved, the market is paused."""

log = logging.getLogger("marketmaker")


class MarketMaker:
    """Quotes one market. `name` makes its client order ids unlike those of other runs."""

    def __init__(self, kalshi: Kalshi, ticker: str, rules: Rules | None = None, name: str = "mm") -> None:
        self._kalshi, self.ticker, self._rules = kalshi, ticker, rules or Rules()
        self._ids: Iterator[str] = (f"{name}-{number}" for number in count(1))
        self.orders: dict[str, OpenOrder] = {}
        """Its resting orders by client order id, as of the last step."""
        self.position = Decimal(0)

    def step(self) -> None:
        """Adopt the exchange's truth, hedge if the position is too large, and replace the quotes that are wrong."""
        self.reconcile()
        best_bid, best_ask = self._kalshi.best_prices(self.ticker, self.orders.values())
        order = hedge(self._rules, best_bid, best_ask, self.position)
        if order is not None:
            self._place(order, post_only=False)
            return
        wanted = desired_quotes(self._rules, best_bid, best_ask, self.position)
        for side in self._cancel_others(wanted):
            self._place(wanted[side], post_only=True)

    def reconcile(self) -> None:
        """Read the resting orders and the position: after a lost answer, the exchange alone knows them."""
        self.orders = self._kalshi.open_orders(self.ticker)
        self.position = self._kalshi.position(self.ticker)

    def cancel_all(self) -> None:
        self.reconcile()
        for order in self.orders.values():
            self._kalshi.cancel(order.order_id)
        self.reconcile()

    def _cancel_others(self, wanted: dict[Side, Quote]) -> list[Side]:
        """Cancel every order that is not a wanted quote; return the sides that have no order then."""
        kept: set[Side] = set()
        for order in self.orders.values():
            quote = wanted.get(order.side)
            if quote and order.side not in kept and (order.price, order.remaining) == (quote.price, quote.count):
                kept.add(order.side)
            else:
                self._kalshi.cancel(order.order_id)
        return [side for side in wanted if side not in kept]

    def _place(self, quote: Quote, *, post_only: bool) -> None:
        try:
            self._kalshi.place(self.ticker, quote, next(self._ids), post_only=post_only)
        except Refused as refused:
            if refused.code not in WORTH_ANOTHER_STEP:
                raise
            log.info("%s at %s refused: %s", quote.side, quote.price, refused)
