"""Implements the operations that read a subaccount's own trades, by currency and by instrument.

With a start parameter, a page has the first `count` trades from there, oldest first; without one, the last `count`
trades, newest first [doc]. `sorting` changes the order; `historical` has no effect: trades of any age are listed.
"""

from collections.abc import Callable, Hashable
from operator import attrgetter
from typing import NamedTuple

from mockexchange.core.derivatives.orders import DerivativeTrade
from mockexchange.core.model.history import Window
from mockexchange.venues.deribit.enumerations import ANY
from mockexchange.venues.deribit.errors import invalid
from mockexchange.venues.deribit.formatting import MICROSECONDS_PER_MILLISECOND
from mockexchange.venues.deribit.objects.trades import trade_text
from mockexchange.venues.deribit.operations.call import Call, Operation
from mockexchange.venues.deribit.operations.lookups import derivative_of, subaccount_ref_of
from mockexchange.venues.deribit.parameters.rows import (
    COUNT,
    CURRENCY,
    HISTORICAL,
    INSTRUMENT_NAME,
    SORTING,
    SUBACCOUNT_ID,
    TRADE_KIND,
    integer,
    text,
)
from mockexchange.venues.jsonrpc.envelope import SHOWN_CHARS_MAX

SCOPE = "trade:read"
STARTS = ("start_timestamp", "start_id", "start_seq")
Selector = tuple[Hashable, ...]


def get_user_trades_by_currency(call: Call) -> str:
    return _answer(call, ("currency", subaccount_ref_of(call), call.params["currency"]))


def get_user_trades_by_instrument(call: Call) -> str:
    return _answer(call, ("derivative", subaccount_ref_of(call), derivative_of(call).name))


def _answer(call: Call, selector: Selector) -> str:
    count, params = call.params["count"], call.params
    is_from_start = any(params.get(name) is not None for name in STARTS)
    rows = _find(call, selector, None if is_from_start else count + 1)
    has_more = "true" if len(rows) > count else "false"
    shown = rows[::-1][:count] if is_from_start else rows[:count]
    is_oldest_first = is_from_start if params["sorting"] == "default" else params["sorting"] == "asc"
    shown.sort(key=lambda trade: trade.serial, reverse=not is_oldest_first)
    written = ",".join(trade_text(trade, call.context.api_date) for trade in shown)
    return f'{{"has_more":{has_more},"trades":[{written}]}}'


def _find(call: Call, selector: Selector, limit: int | None) -> list[DerivativeTrade]:
    """Return at most `limit` trades that pass the filters, newest first."""
    params, trades = call.params, call.context.state.derivatives.trades
    kind = params.get("kind")
    return trades.find(
        len(trades) if limit is None else limit,
        (selector,),
        lambda partition: kind in (None, ANY, partition[0]),
        _window(params.get("start_timestamp"), params.get("end_timestamp")),
        keeps=_between(call, selector),
    ).rows


def _window(start_ms: int | None, end_ms: int | None) -> Window:
    """Return the window between two Unix times in milliseconds, both included."""
    latest = None if end_ms is None else (end_ms + 1) * MICROSECONDS_PER_MILLISECOND - 1
    return Window(None if start_ms is None else start_ms * MICROSECONDS_PER_MILLISECOND, latest)


def _between(call: Call, selector: Selector) -> Callable[[DerivativeTrade], bool] | None:
    """Return a filter by ids and sequence numbers, bounds included; None without bounds."""
    bounds = [
        bound
        for start, end, read in (("start_id", "end_id", SERIAL), ("start_seq", "end_seq", SEQUENCE))
        if (bound := Bound(_bound_value(call, selector, start), _bound_value(call, selector, end), read))
        != Bound(None, None, read)
    ]
    if not bounds:
        return None
    return lambda trade: all(bound.holds(trade) for bound in bounds)


class Bound(NamedTuple):
    least: int | None
    most: int | None
    read: Callable[[DerivativeTrade], int]

    def holds(self, trade: DerivativeTrade) -> bool:
        at = self.read(trade)
        return (self.least is None or at >= self.least) and (self.most is None or at <= self.most)


def _bound_value(call: Call, selector: Selector, name: str) -> int | None:
    """Return a bound as a number: a sequence number unchanged, a trade id as the serial of its trade."""
    value = call.params.get(name)
    if value is None or isinstance(value, int):
        return value
    trades = call.context.state.derivatives.trades
    rows = trades.find(1, (selector,), keeps=lambda trade: trade.trade_id == value).rows
    if not rows:
        raise invalid(name, "trade not found", f"no trade {value[:SHOWN_CHARS_MAX]!r} among those asked for")
    return rows[0].serial


SERIAL: Callable[[DerivativeTrade], int] = attrgetter("serial")
SEQUENCE: Callable[[DerivativeTrade], int] = attrgetter("trade_seq")
TIMES = (integer("start_timestamp"), integer("end_timestamp"))
# The documents require both; a working client sends the first alone [code].
TIMES_FROM = (integer("start_timestamp", required=True), integer("end_timestamp"))
PAGE = (COUNT, SORTING, *HISTORICAL, SUBACCOUNT_ID)
BY_CURRENCY = (CURRENCY, TRADE_KIND, *PAGE)
BY_INSTRUMENT = (INSTRUMENT_NAME, *PAGE)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="private/get_user_trades_by_currency",
        answer=get_user_trades_by_currency,
        parameters=(*BY_CURRENCY, *TIMES, text("start_id"), text("end_id")),
        scope=SCOPE,
    ),
    Operation(
        name="private/get_user_trades_by_currency_and_time",
        answer=get_user_trades_by_currency,
        parameters=(*BY_CURRENCY, *TIMES_FROM),
        scope=SCOPE,
    ),
    Operation(
        name="private/get_user_trades_by_instrument",
        answer=get_user_trades_by_instrument,
        parameters=(*BY_INSTRUMENT, *TIMES, integer("start_seq"), integer("end_seq")),
        scope=SCOPE,
    ),
    Operation(
        name="private/get_user_trades_by_instrument_and_time",
        answer=get_user_trades_by_instrument,
        parameters=(*BY_INSTRUMENT, *TIMES_FROM),
        scope=SCOPE,
    ),
)
