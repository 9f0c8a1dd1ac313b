"""Reads the positions and orders of a test's account from the exchange's state, independent of the venue's API."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from mockexchange.core.commands import Command, ListMarket, OpenPosition
from mockexchange.core.model.orders import Order
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import PRIMARY_SUBACCOUNT, OrderStatus, Side, SubaccountRef

# Positions


PREFIX = "KXMOREROWS"
"""The beginning of the tickers of added markets."""
COUNT_CENTIS, COST_MICROS, PRICE_CENTICENTS = 200, 1_000_000, 5_000


class AccountPositions(NamedTuple):
    """The tickers of markets in which an account has positions.

    `listed` are those that a list without filters contains, `known` those that any list may contain.
    """

    listed: frozenset[str]
    known: frozenset[str]


def positions_of(state: State, account: str) -> AccountPositions:
    """Return the tickers of an account's positions.

    A list without filters has the unsettled positions of the primary subaccount.
    """
    own = [one for ref, one in state.subaccounts.items() if ref.account == account]
    primary = state.subaccounts.get(SubaccountRef(account, PRIMARY_SUBACCOUNT))
    rows = primary.positions.values() if primary else ()
    listed = frozenset(row.market.ticker for row in rows if not (row.settled or row.archived))
    return AccountPositions(listed, frozenset(ticker for one in own for ticker in one.positions))


def added_positions(account: str, count: int) -> Iterator[Command]:
    """Yield the commands that add positions to an account, each in a market of its own."""
    for number in range(count):
        market = f"{PREFIX}-{number}"
        yield ListMarket(
            market=market, event=PREFIX, series=PREFIX, title="Added by a card", price_centicents=PRICE_CENTICENTS
        )
        yield OpenPosition(
            subaccount_ref=SubaccountRef(account, PRIMARY_SUBACCOUNT),
            market=market,
            quantity_centis=COUNT_CENTIS,
            cost_micros=COST_MICROS,
        )


# Orders


BOOK_SIDES = {Side.YES: "bid", Side.NO: "ask"}
COUNT_DECIMALS, PRICE_DECIMALS = 2, 4


class ExchangeOrder(NamedTuple):
    """An order of the exchange's state: prices in dollars of YES, counts in contracts, `expires_at` in microseconds."""

    order_id: str
    client_order_id: str
    market: str
    side: str
    price: Decimal
    initial: Decimal
    filled: Decimal
    filled_as_taker: Decimal
    remaining: Decimal
    status: OrderStatus
    expires_at: int | None

    @property
    def has_effect(self) -> bool:
        """Return whether the order rests or was filled. (A refused order may remain as a canceled row.)"""
        return bool(self.filled or self.remaining)

    @property
    def shown(self) -> str:
        """Return the order as a line of text for findings."""
        count = f"{self.filled:f} of {self.initial:f} filled, {self.remaining:f} resting"
        return f"order {self.client_order_id or self.order_id}: {self.side} at {self.price:f}, {count}, {self.status}"


def orders_of(state: State, account: str) -> list[ExchangeOrder]:
    """Return the orders of an account, oldest first."""
    own = (order for order in state.orders.oldest_first() if order.subaccount_ref.account == account)
    return [_exchange_order(order) for order in own]


def _exchange_order(order: Order) -> ExchangeOrder:
    taken = sum(fill.trade.count_centis for fill in order.fills if fill.is_taker)
    return ExchangeOrder(
        order.order_id,
        order.client_order_id,
        order.market.ticker,
        BOOK_SIDES[order.outcome_side],
        _scaled(order.yes_centicents, PRICE_DECIMALS),
        _scaled(order.initial_centis, COUNT_DECIMALS),
        _scaled(order.filled_centis, COUNT_DECIMALS),
        _scaled(taken, COUNT_DECIMALS),
        _scaled(order.remaining_centis, COUNT_DECIMALS),
        order.status,
        order.expires_at,
    )


def _scaled(value: int, decimals: int) -> Decimal:
    return Decimal(value).scaleb(-decimals)
