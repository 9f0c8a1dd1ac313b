"""Writes markets and derivatives with their order books as JSON for the control API: exact decimals, best prices first.

The venues' encoders are not used, so a test can compare a client's order book with it.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from mockexchange.core.decimal_text import exact
from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.order_book import DerivativeBook
from mockexchange.core.derivatives.orders import DerivativeOrder
from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.core.instants import format_instant
from mockexchange.core.model.markets import Market
from mockexchange.core.model.orders import Order
from mockexchange.core.model.state import State
from mockexchange.core.queries.order_books import levels
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, Side
from mockexchange.sandbox.state_json.accounts import decimal_text, json_value

Row = dict[str, Any]
EMPTY_BOOK = DerivativeBook()


def market_rows(state: State) -> Iterator[Row]:
    """Yield the JSON of each market, in the order of listing."""
    return (_market(state, market) for market in state.markets.values())


def market_with_book(state: State, ticker: str) -> Row:
    """Return the JSON of a market, with the bids of both sides. Raises KeyError if the ticker is unknown."""
    market = state.markets[ticker]
    return {**_market(state, market), **{side.value: _bids(state, market, side) for side in Side}}


def instrument_rows(state: State) -> Iterator[Row]:
    """Yield the JSON of each derivative, in the order of listing."""
    return (_instrument(state, derivative) for derivative in state.derivatives.listed.values())


def instrument_with_book(state: State, name: str) -> Row:
    """Return the JSON of a derivative, with its bids and asks. Raises KeyError if the name is unknown."""
    book = state.derivatives.order_books.get(name, EMPTY_BOOK)
    sides = {"bids": _offers(book, Direction.BUY), "asks": _offers(book, Direction.SELL)}
    return {**_instrument(state, state.derivatives.listed[name]), **sides}


def _market(state: State, market: Market) -> Row:
    bid, no_bid = (_best(state, market, side) for side in (Side.YES, Side.NO))
    return {
        "market": market.ticker,
        "event": market.event.ticker,
        "series": market.event.series.ticker,
        "title": market.title,
        "status": market.status.value,
        "trading": market.is_trading,
        "price": _price(market.price_centicents),
        "bid": _price(bid),
        "ask": _price(None if no_bid is None else CENTICENTS_PER_DOLLAR - no_bid),
        "volume": exact(market.volume_centis, 2),
        "open_interest": exact(max(market.yes_held_centis, market.no_held_centis), 2),
        "result": None if market.result is None else market.result.value,
        "value": _price(market.value_centicents),
        "updated_at": format_instant(market.updated_at or market.created_at),
    }


def _best(state: State, market: Market, side: Side) -> int | None:
    """Return the highest bid of a side. Cost: O(n) for n prices of outside bids."""
    order_book = state.order_books.get(market.ticker)
    rested = order_book.sides[side] if order_book else None
    quoted = max(market.quotes[side], default=None) if market.quotes else None
    prices = [price for price in (rested.peekitem()[0] if rested else None, quoted) if price is not None]
    return max(prices, default=None)


def _bids(state: State, market: Market, side: Side) -> list[Row]:
    order_book = state.order_books.get(market.ticker)
    queues = order_book.sides[side] if order_book else {}
    return [
        {
            "price": _price(level.price_centicents),
            "count": exact(level.count_centis, 2),
            "orders": [_order(state.orders[order_id]) for order_id in queues.get(level.price_centicents, ())],
        }
        for level in reversed(levels(state, market, side))
    ]


def _order(order: Order) -> Row:
    return {
        "id": order.order_id,
        "account": order.subaccount_ref.account,
        "book": order.subaccount_ref.subaccount,
        "side": order.side.value,
        "action": order.action.value,
        "remaining": exact(order.remaining_centis, 2),
        "at": format_instant(order.created_at),
    }


def _instrument(state: State, derivative: Derivative) -> Row:
    terms, book = derivative.terms, state.derivatives.order_books.get(derivative.name, EMPTY_BOOK)
    bid, ask = book.best(Direction.BUY), book.best(Direction.SELL)
    return {
        "instrument": derivative.name,
        "kind": terms.kind.value,
        "currency": terms.settlement_currency,
        "open": derivative.is_open,
        "mark": decimal_text(derivative.mark),
        "index": decimal_text(state.derivatives.indexes[terms.index]),
        "price": json_value(derivative.last),
        "bid": json_value(bid.price if bid else None),
        "ask": json_value(ask.price if ask else None),
        "iv": json_value(derivative.iv),
        "delivery": json_value(derivative.delivery),
        "tick": decimal_text(terms.tick),
        "amount_min": decimal_text(terms.amount_min),
        "trades": derivative.trades,
        "expires_at": None if terms.expires_at is None else format_instant(terms.expires_at),
        "updated_at": format_instant(derivative.updated_at or derivative.created_at),
    }


def _offers(book: DerivativeBook, side: Direction) -> list[Row]:
    rows: list[Row] = []
    by_price: dict[Decimal, list[DerivativeOrder]] = {}
    for offer in book.offers(side):
        by_price.setdefault(offer.price, [])
        if offer.order:
            by_price[offer.price].append(offer.order)
    for price, orders in by_price.items():
        amount = sum((order.remaining for order in orders), book.quotes[side].get(price, Decimal(0)))
        rows.append(
            {"price": decimal_text(price), "amount": decimal_text(amount), "orders": list(_derivative_orders(orders))}
        )
    return rows


def _derivative_orders(orders: Iterable[DerivativeOrder]) -> Iterator[Row]:
    for order in orders:
        yield {
            "id": order.order_id,
            "account": order.subaccount_ref.account,
            "book": order.subaccount_ref.subaccount,
            "remaining": decimal_text(order.remaining),
            "at": format_instant(order.created_at),
        }


def _price(centicents: int | None) -> str | None:
    return None if centicents is None else exact(centicents, 4)
