"""Public trades, newest first."""

from mockexchange.core.model.orders import Trade
from mockexchange.core.model.paged_history import EVERYTHING, HistoryPage, Selector, Window
from mockexchange.venues.dated_fields import Field
from mockexchange.venues.kalshi.formatting import (
    BOOK_SIDE,
    BOOLEAN,
    CONTRACTS,
    COUNT_2,
    INSTANT,
    PRICE_4,
    PRICE_CENTS,
    PRICE_NUMBER,
    SIDE,
    TEXT,
)
from mockexchange.venues.kalshi.named_days import AUTUMN_2026, FIXED_POINT_ADDED, INTEGERS_REMOVED, OUTCOMES_ADDED
from mockexchange.venues.kalshi.resources import parameters
from mockexchange.venues.kalshi.resources.call import Call, PublicOperation
from mockexchange.venues.kalshi.resources.fields import CURSOR, list_of, table
from mockexchange.venues.kalshi.resources.lists import ListTable, answer_list, live_since, window_of
from mockexchange.venues.kalshi.resources.parameters import Parameter

# --- fields of answers

BLOCKS_SHOWN_SINCE = "2026-05-01"
"""On the wire of June 2026; some day in May, by choice its first."""


def _prices(side: str) -> tuple[Field, ...]:
    read, name = f"{side}_centicents", f"{side}_price"
    return (
        Field(name=name, spelling=PRICE_CENTS, read=read, until=INTEGERS_REMOVED, source="wire-2025-11"),
        Field(name=f"{name}_dollars", spelling=PRICE_4, read=read, source="wire-2025-11"),
    )


# From spring on: a client of mid-2026 requires the three keys that documents of April lack.
TRADE = table(
    "Trade",
    Field(name="count", spelling=CONTRACTS, read="count_centis", until=INTEGERS_REMOVED, source="wire-2025-11"),
    Field(name="count_fp", spelling=COUNT_2, read="count_centis", since=FIXED_POINT_ADDED, source="changelog"),
    Field(name="created_time", spelling=INSTANT, read="created_at", source="wire-2025-11"),
    Field(name="is_block_trade", spelling=BOOLEAN, read="is_block", since=BLOCKS_SHOWN_SINCE, source="client-report"),
    *_prices("no"),
    Field(name="price", spelling=PRICE_NUMBER, read="yes_centicents", until=INTEGERS_REMOVED, source="wire-2025-11"),
    Field(name="taker_book_side", spelling=BOOK_SIDE, read="taker_side", since=OUTCOMES_ADDED, source="client-report"),
    Field(name="taker_outcome_side", spelling=SIDE, read="taker_side", since=OUTCOMES_ADDED, source="client-report"),
    Field(name="taker_side", spelling=SIDE, read="taker_side", source="wire-2025-11"),
    Field(name="ticker", spelling=TEXT, read="market.ticker", source="wire-2025-11"),
    Field(name="trade_id", spelling=TEXT, read="trade_id", source="wire-2025-11"),
    *_prices("yes"),
)

GET_TRADES_RESPONSE = table("GetTradesResponse", CURSOR, list_of("trades", "Trade", TRADE))

# --- parameters of queries

GET_TRADES: tuple[Parameter, ...] = (
    *parameters.LIMIT_FROM_ZERO,
    parameters.CURSOR,
    parameters.TICKER,
    *parameters.WINDOW,
    Parameter(name="is_block_trade", kind="boolean", since=AUTUMN_2026, source="sdk-3.34"),
)

GET_TRADES_HISTORICAL: tuple[Parameter, ...] = (
    Parameter(name="limit", kind="integer", minimum=0, maximum=1000, default=100, source="openapi-3.13"),
    parameters.CURSOR,
    parameters.TICKER,
    *parameters.WINDOW,
    Parameter(name="is_block_trade", kind="boolean", since="2026-06-02", source="docs-daily"),
)

# --- operations

TRADES = ListTable("trades", "Trade")


def get_trades(call: Call) -> bytes:
    return _answer(call, window_of(call, live_since(call)))


def get_historical_trades(call: Call) -> bytes:
    """Return a page of the public trades that are older than the cutoff."""
    earliest, latest = window_of(call)
    last = call.state.archived_before - 1
    return _answer(call, Window(earliest, last if latest is None else min(latest, last)))


def _answer(call: Call, window: Window) -> bytes:
    """Return a page of the trades in a window."""
    tape, wanted = call.state.tape, call.params.get("is_block_trade")
    selectors: list[Selector] = [call.params["ticker"] or EVERYTHING]

    def find(limit: int, after: int | None) -> HistoryPage[Trade]:
        return tape.find(limit, selectors, lambda partition: wanted in (None, *partition), window, after)

    return answer_list(call, TRADES, tape.revision, find)


OPERATIONS = (
    PublicOperation(
        name="GetTrades",
        path="/markets/trades",
        answer=get_trades,
        answer_table="GetTradesResponse",
        parameters=GET_TRADES,
    ),
    PublicOperation(
        name="GetTradesHistorical",
        path="/historical/trades",
        answer=get_historical_trades,
        answer_table="GetTradesResponse",
        parameters=GET_TRADES_HISTORICAL,
    ),
)
