"""Implements the operations that read public trades, newest first."""

from mockexchange.core.model.history import EVERYTHING, HistoryPage, Selector, Window
from mockexchange.core.model.orders import Trade
from mockexchange.venues.kalshi.operations.call import Call, PublicOperation
from mockexchange.venues.kalshi.operations.lists import ListTable, answer_list, live_since, window_of

TRADES = ListTable("trades", "Trade")


def get_trades(call: Call) -> bytes:
    return _answer(call, window_of(call, live_since(call)))


def get_historical_trades(call: Call) -> bytes:
    """Return a page of the public trades that are older than the cutoff."""
    earliest, latest = window_of(call)
    last = call.state.archived_before - 1
    return _answer(call, Window(earliest, last if latest is None else min(latest, last)))


def _answer(call: Call, window: Window) -> bytes:
    """Return a page of the trades in a window. No trade here is a block trade."""
    tape = call.state.tape
    wants_blocks = call.params.get("is_block_trade") is True
    ticker = call.params["ticker"]
    selectors: list[Selector] = [] if wants_blocks else [ticker or EVERYTHING]

    def find(limit: int, after: int | None) -> HistoryPage[Trade]:
        return tape.find(limit, selectors, window=window, after=after)

    return answer_list(call, TRADES, tape.revision, find)


OPERATIONS = (
    PublicOperation(name="GetTrades", path="/markets/trades", answer=get_trades, answer_table="GetTradesResponse"),
    PublicOperation(
        name="GetTradesHistorical",
        path="/historical/trades",
        answer=get_historical_trades,
        answer_table="GetTradesResponse",
    ),
)
