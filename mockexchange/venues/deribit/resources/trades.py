"""A subaccount's own trades, by currency and by instrument.

With a start parameter, a page has the first `count` trades from there, oldest first; without one, the last `count`
trades, newest first [doc]. `sorting` changes the order; `historical` has no effect: trades of any age are listed.
"""

from collections.abc import Callable, Hashable
from operator import attrgetter
from typing import NamedTuple

from mockexchange.core.derivatives.orders import DerivativeTrade
from mockexchange.core.derivatives.vocabulary import DerivativeKind
from mockexchange.core.model.paged_history import Window
from mockexchange.venues.dated_fields import ApiDate, Field, Nested, Spelling
from mockexchange.venues.deribit.enumerations import ANY
from mockexchange.venues.deribit.errors import invalid
from mockexchange.venues.deribit.formatting import BOOLEAN, MICROSECONDS_PER_MILLISECOND, MILLISECONDS, one_of
from mockexchange.venues.deribit.resources import parameters
from mockexchange.venues.deribit.resources.call import Call, Operation, derivative_of, subaccount_ref_of
from mockexchange.venues.deribit.resources.fields import always, field, integer, number, text, writer
from mockexchange.venues.jsonrpc.envelope import SHOWN_CHARS_MAX, spell

# --- fields of answers


PLUS_TICK, MINUS_TICK = "0", "2"


USER_TRADE: tuple[Field, ...] = (
    number("amount"),
    text("combo_id", "combo", empty="absent"),
    field("direction", one_of("buy", "sell"), "direction"),
    number("fee"),
    text("fee_currency", "currency"),
    number("index_price", "index"),
    text("instrument_name", "derivative"),
    field("label", Spelling("string", lambda label: spell(label) if label else ""), "label", empty="absent"),
    field("liquidity", Spelling("T or M", lambda is_taker: '"T"' if is_taker else '"M"', ("T", "M")), "is_taker"),
    number("mark_price", "mark"),
    always("matching_id", "null", "trade_id", source="openapi-2.1.1"),
    text("order_id"),
    # A trade that a scenario states has no order: it shows a filled limit order.
    field("order_type", one_of("limit", "market"), "order_type"),
    field("post_only", BOOLEAN, "post_only"),
    number("price"),
    number("profit_loss", "profit"),
    field("reduce_only", BOOLEAN, "reduce_only"),
    field("state", one_of("open", "filled"), "order_state"),
    # Zero ticks are not distinguished: 0 for a price not below the last one, 2 for one below.
    field(
        "tick_direction",
        Spelling("0 or 2", lambda is_long: PLUS_TICK if is_long else MINUS_TICK, (PLUS_TICK, MINUS_TICK)),
        "is_long_tick",
        source="choice",
    ),
    field("timestamp", MILLISECONDS, "created_at"),
    text("trade_id"),
    integer("trade_seq"),
)


OPTION_USER_TRADE: tuple[Field, ...] = (
    *USER_TRADE,
    number("iv", empty="absent"),
    number("underlying_price", "index", source="choice"),
)


USER_TRADES: tuple[Field, ...] = (
    field("has_more", BOOLEAN, "has_more"),
    field("trades", Nested("UserTrade", USER_TRADE, is_list=True), "trades"),
)
"""Fields of the object around a list of trades."""


_WRITE, _WRITE_OPTION = writer(USER_TRADE), writer(OPTION_USER_TRADE)


def trade_text(trade: DerivativeTrade, api_date: ApiDate) -> str:
    """Return a trade as JSON."""
    write = _WRITE_OPTION if trade.kind == DerivativeKind.OPTION else _WRITE
    return write(trade, api_date)


# --- operations


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


TIMES = (parameters.integer("start_timestamp"), parameters.integer("end_timestamp"))


# The documents require both; a working client sends the first alone [code].
TIMES_FROM = (parameters.integer("start_timestamp", required=True), parameters.integer("end_timestamp"))


PAGE = (parameters.COUNT, parameters.SORTING, *parameters.HISTORICAL, parameters.SUBACCOUNT_ID)


BY_CURRENCY = (parameters.CURRENCY, parameters.TRADE_KIND, *PAGE)


BY_INSTRUMENT = (parameters.INSTRUMENT_NAME, *PAGE)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="private/get_user_trades_by_currency",
        answer=get_user_trades_by_currency,
        parameters=(*BY_CURRENCY, *TIMES, parameters.text("start_id"), parameters.text("end_id")),
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
        parameters=(*BY_INSTRUMENT, *TIMES, parameters.integer("start_seq"), parameters.integer("end_seq")),
        scope=SCOPE,
    ),
    Operation(
        name="private/get_user_trades_by_instrument_and_time",
        answer=get_user_trades_by_instrument,
        parameters=(*BY_INSTRUMENT, *TIMES_FROM),
        scope=SCOPE,
    ),
)
