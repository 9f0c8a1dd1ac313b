"""Converts events of the exchange to messages: one for each subaccount and derivative that a command changed.

A settlement, a delivery and funding change positions without a trade; they are sent as well [choice].
"""

from collections.abc import Container, Iterable, Iterator

from mockexchange.core.derivatives.orders import DerivativeTrade
from mockexchange.core.derivatives.valuation import position_of
from mockexchange.core.events import DerivativeTraded, Event, HoldingChanged
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.signalplus.context import NAME
from mockexchange.venues.signalplus.settings import SignalPlusSettings
from mockexchange.venues.signalplus.stream.channels import names_of
from mockexchange.venues.signalplus.stream.messages import Change, Message


def messages_of(
    state: State, events: Iterable[Event], at: int, settings: SignalPlusSettings, channels: Container[str]
) -> Iterator[Message]:
    """Yield the messages for one command's events, on channels with subscribers; `state` is the state after them."""
    for (subaccount_ref, derivative), trades in _changed(state, events).items():
        heard = [name for name in names_of(state.derivatives.listed[derivative].terms) if name in channels]
        if heard:
            change = Change(subaccount_ref, derivative, position_of(state, subaccount_ref, derivative), trades)
            yield from (Message(name, change) for name in heard)


def _changed(state: State, events: Iterable[Event]) -> dict[tuple[SubaccountRef, str], list[DerivativeTrade]]:
    """Return the trades by subaccount and derivative, in the order of the changes."""
    changed: dict[tuple[SubaccountRef, str], list[DerivativeTrade]] = {}
    for event in events:
        if (
            isinstance(event, DerivativeTraded | HoldingChanged)
            and state.accounts[event.subaccount_ref.account].venue == NAME
        ):
            trades = changed.setdefault((event.subaccount_ref, event.derivative), [])
            if isinstance(event, DerivativeTraded):
                trades.append(_trade(state, event))
    return changed


def _trade(state: State, event: DerivativeTraded) -> DerivativeTrade:
    """Return the trade of an event: the newest one of its derivative up to the event's serial."""
    derivative_selector = [("derivative", event.subaccount_ref, event.derivative)]
    return state.derivatives.trades.find(1, derivative_selector, after=event.serial + 1).rows[0]
