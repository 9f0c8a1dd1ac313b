"""Turns events of the exchange into the messages of channels."""

from collections.abc import Callable, Container, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import NamedTuple

from msgspec import Struct, field

from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.orders import DerivativeOrder, DerivativeTrade
from mockexchange.core.derivatives.valuation import PositionView, position_of
from mockexchange.core.derivatives.vocabulary import COMBOS, DerivativeKind
from mockexchange.core.events import (
    CashChanged,
    DerivativeMarked,
    DerivativeOrderChanged,
    DerivativeTraded,
    Event,
    HoldingChanged,
    IndexSet,
)
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.dated_fields import ApiDate, Field
from mockexchange.venues.deribit.authentication import NAME
from mockexchange.venues.deribit.enumerations import ANY
from mockexchange.venues.deribit.resources import positions as shown_positions
from mockexchange.venues.deribit.resources.envelope import notification
from mockexchange.venues.deribit.resources.fields import writer
from mockexchange.venues.deribit.resources.orders import order_text, orders_text
from mockexchange.venues.deribit.resources.summaries import portfolio_text, statement_of
from mockexchange.venues.deribit.resources.trades import trade_text
from mockexchange.venues.deribit.settings import DeribitSettings
from mockexchange.venues.deribit.stream import market_data
from mockexchange.venues.deribit.stream.channels import CHANGES, ORDERS, PORTFOLIO, TRADES, is_raw, names_of
from mockexchange.venues.deribit.stream.market_data import MarketMessage
from mockexchange.venues.jsonrpc.envelope import spell

# Messages, encoded once for each API date, however many sessions receive them


class MessageData(NamedTuple):
    """The data of one change, which several channels send.

    `subaccount_ref` is the subaccount that may see it. `write` reads the state right after the command.
    """

    subaccount_ref: SubaccountRef
    write: Callable[[ApiDate], str]
    written: dict[str | None, str]

    def text(self, api_date: ApiDate) -> str:
        """Return the data of the change as JSON for an API date."""
        found = self.written.get(api_date.day)
        if found is None:
            found = self.written[api_date.day] = self.write(api_date)
        return found


class Message(NamedTuple):
    """One message of one channel, which is named by its full name."""

    channel: str
    data: MessageData

    @property
    def subaccount_ref(self) -> SubaccountRef:
        return self.data.subaccount_ref

    def frame(self, api_date: ApiDate) -> bytes:
        """Return the notification as bytes."""
        return notification(self.channel, self.data.text(api_date))


# The data of user.changes: the changes that one command made in one instrument
#
# The positions in it lack open_orders_margin and estimated_liquidation_price, as in the documents' example [doc].


def trades_text(trades: Iterable[DerivativeTrade], api_date: ApiDate) -> str:
    return "[" + ",".join(trade_text(trade, api_date) for trade in trades) + "]"


LEFT_OUT = frozenset({"open_orders_margin", "estimated_liquidation_price"})


def _shown(table: tuple[Field, ...]) -> tuple[Field, ...]:
    return tuple(row for row in table if row.name not in LEFT_OUT)


FUTURE_POSITION = _shown(shown_positions.FUTURE_POSITION)


PERPETUAL_POSITION = _shown(shown_positions.PERPETUAL_POSITION)


OPTION_POSITION = _shown(shown_positions.OPTION_POSITION)


_WRITE_FUTURE, _WRITE_PERPETUAL, _WRITE_OPTION = map(writer, (FUTURE_POSITION, PERPETUAL_POSITION, OPTION_POSITION))


def changes_text(
    name: str,
    trades: Iterable[DerivativeTrade],
    positions: Iterable[PositionView],
    orders: Iterable[DerivativeOrder],
    api_date: ApiDate,
) -> str:
    """Return the data of user.changes as JSON, for the instrument `name`."""
    shown = [
        f'"instrument_name":{spell(name)}',
        f'"trades":{trades_text(trades, api_date)}',
        '"positions":[' + ",".join(_position_text(view, api_date) for view in positions) + "]",
        f'"orders":{orders_text(orders, api_date)}',
    ]
    return "{" + ",".join(shown) + "}"


def _position_text(view: PositionView, api_date: ApiDate) -> str:
    terms = view.derivative.terms
    future = _WRITE_PERPETUAL if terms.is_perpetual else _WRITE_FUTURE
    write = _WRITE_OPTION if terms.kind is DerivativeKind.OPTION else future
    return write(view, api_date)


# Events to messages, in the order in which they are sent
#
# The messages of a command are sent at once for every interval: trades first, then orders, then changes of instruments,
# then portfolios, then the public channels of instruments; the venue promises no order across channels.


PositionKey = tuple[SubaccountRef, str]
"""The key of a position: a subaccount and a derivative."""


class Changes(Struct):
    """The trades, orders, positions and portfolios that one command changed, each once, in the order of change."""

    trades: dict[PositionKey, set[int]] = field(default_factory=dict)
    orders: dict[PositionKey, dict[str, None]] = field(default_factory=dict)
    """Ids of the changed orders, by subaccount and derivative."""
    positions: dict[PositionKey, None] = field(default_factory=dict)
    portfolios: dict[tuple[SubaccountRef, str], None] = field(default_factory=dict)
    """The changed portfolios as (subaccount, currency)."""


def messages_of(
    state: State, events: Iterable[Event], at: int, settings: DeribitSettings, channels: Container[str]
) -> list[Message | MarketMessage]:
    """Return the messages for the events of one command; `state` is the state after them.

    `channels` are the full names of the channels with subscribers; no message is made for others.
    """
    changes = Changes()
    for event in events:
        _collect(state, event, changes)
    named = chain(
        _trade_data(state, changes),
        _order_data(state, changes),
        _instrument_data(state, changes),
        _portfolio_data(state, changes, settings),
    )
    private = [Message(name, data) for data, names in named for name in names if name in channels]
    return [*private, *market_data.messages_of(state, events, at, channels)]


def _collect(state: State, event: Event, changes: Changes) -> None:
    match event:
        case DerivativeTraded(subaccount_ref=subaccount_ref, derivative=name, serial=serial) if _is_ours(
            state, subaccount_ref
        ):
            changes.trades.setdefault((subaccount_ref, name), set()).add(serial)
            _add_position(state, subaccount_ref, name, changes)
        case DerivativeOrderChanged(subaccount_ref=subaccount_ref, derivative=name, order_id=order_id) if _is_ours(
            state, subaccount_ref
        ):
            changes.orders.setdefault((subaccount_ref, name), {})[order_id] = None
            changes.portfolios[subaccount_ref, state.derivatives.listed[name].terms.settlement_currency] = None
        case HoldingChanged(subaccount_ref=subaccount_ref, derivative=name) if _is_ours(state, subaccount_ref):
            _add_position(state, subaccount_ref, name, changes)
        case CashChanged(subaccount_ref=subaccount_ref, currency=currency) if _is_ours(state, subaccount_ref):
            changes.portfolios[subaccount_ref, currency] = None
        case DerivativeMarked(derivative=name):
            _add_portfolios(state, changes, lambda derivative: derivative.name == name)
        case IndexSet(index=index):
            _add_portfolios(state, changes, lambda derivative: derivative.terms.index == index)


def _is_ours(state: State, subaccount_ref: SubaccountRef) -> bool:
    return state.accounts[subaccount_ref.account].venue == NAME


def _add_position(state: State, subaccount_ref: SubaccountRef, name: str, changes: Changes) -> None:
    changes.positions[subaccount_ref, name] = None
    changes.portfolios[subaccount_ref, state.derivatives.listed[name].terms.settlement_currency] = None


def _add_portfolios(state: State, changes: Changes, is_priced_anew: Callable[[Derivative], bool]) -> None:
    """Add the portfolios of all holders of derivatives with a new price. Cost: O(holdings)."""
    derivatives = state.derivatives.listed
    for subaccount_ref, holdings in state.derivatives.holdings.items():
        for name, holding in holdings.items():
            if holding.size and is_priced_anew(derivatives[name]) and _is_ours(state, subaccount_ref):
                changes.portfolios[subaccount_ref, derivatives[name].terms.settlement_currency] = None


def _trade_data(state: State, changes: Changes) -> Iterator[tuple[MessageData, list[str]]]:
    for (subaccount_ref, name), serials in changes.trades.items():
        rows = _rows(state, subaccount_ref, state.derivatives.listed[name], serials)
        yield MessageData(subaccount_ref, partial(trades_text, rows), {}), _names(state, TRADES, name)


def _order_data(state: State, changes: Changes) -> Iterator[tuple[MessageData, list[str]]]:
    """Yield the orders: one by one for the interval raw, all of an instrument together for the others [doc]."""
    for (subaccount_ref, name), order_ids in changes.orders.items():
        names = _names(state, ORDERS, name)
        orders = [state.derivatives.orders[order_id] for order_id in order_ids]
        for order in orders:
            yield MessageData(subaccount_ref, partial(order_text, order), {}), [one for one in names if is_raw(one)]
        together = [one for one in names if not is_raw(one)]
        yield MessageData(subaccount_ref, partial(orders_text, orders), {}), together


def _instrument_data(state: State, changes: Changes) -> Iterator[tuple[MessageData, list[str]]]:
    for subaccount_ref, name in dict.fromkeys((*changes.positions, *changes.orders)):
        yield (
            MessageData(subaccount_ref, _writer_of_changes(state, subaccount_ref, name, changes), {}),
            _names(state, CHANGES, name),
        )


def _writer_of_changes(
    state: State, subaccount_ref: SubaccountRef, name: str, changes: Changes
) -> Callable[[ApiDate], str]:
    derivative = state.derivatives.listed[name]
    rows = _rows(state, subaccount_ref, derivative, changes.trades.get((subaccount_ref, name), set()))
    orders = [state.derivatives.orders[order_id] for order_id in changes.orders.get((subaccount_ref, name), ())]
    has_moved = (subaccount_ref, name) in changes.positions

    def write(day: ApiDate) -> str:
        positions = [position_of(state, subaccount_ref, name)] if has_moved else []
        return changes_text(name, rows, positions, orders, day)

    return write


def _portfolio_data(
    state: State, changes: Changes, settings: DeribitSettings
) -> Iterator[tuple[MessageData, list[str]]]:
    for subaccount_ref, currency in changes.portfolios:
        names = [f"{PORTFOLIO}.{currency.lower()}", f"{PORTFOLIO}.{ANY}"]
        yield MessageData(subaccount_ref, _writer_of_portfolio(state, subaccount_ref, currency, settings), {}), names


def _writer_of_portfolio(
    state: State, subaccount_ref: SubaccountRef, currency: str, settings: DeribitSettings
) -> Callable[[ApiDate], str]:
    return lambda day: portfolio_text(statement_of(state, subaccount_ref, currency, settings), day)


def _rows(
    state: State, subaccount_ref: SubaccountRef, derivative: Derivative, serials: set[int]
) -> list[DerivativeTrade]:
    """Return the trades with the given serials, oldest first; they are among the newest of the derivative."""
    filed = state.derivatives.trades.filed(
        ("derivative", subaccount_ref, derivative.name), (str(derivative.terms.kind),)
    )
    found: list[DerivativeTrade] = []
    for row in reversed(filed):
        if len(found) == len(serials):
            break
        if row.serial in serials:
            found.append(row)
    return found[::-1]


def _names(state: State, family: str, name: str) -> list[str]:
    terms = state.derivatives.listed[name].terms
    kinds = (str(terms.kind), *(("combo",) if terms.kind in COMBOS else ()))
    return names_of(family, name, kinds, terms.settlement_currency)
