"""The channel of position changes: its name, its messages, and the events that it tells."""

import re
from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct, field

from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.derivatives.orders import DerivativeTrade
from mockexchange.core.derivatives.valuation import PositionView, position_of
from mockexchange.core.events import DerivativeTraded, Event, HoldingChanged
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.jsonrpc.envelope import spell
from mockexchange.venues.signalplus.context import NAME
from mockexchange.venues.signalplus.enumerations import ANY, CURRENCIES, INTERVALS, KINDS
from mockexchange.venues.signalplus.resources.fields import encode_list
from mockexchange.venues.signalplus.settings import SignalPlusSettings

# The names of channels [doc]: user.changes.{kind}.{currency}.{interval}


CHANGES = "user.changes"
"""The channel's name in notifications and in scenarios."""
FORM = f"{CHANGES}.{{kind}}.{{currency}}.{{interval}}"
_NAME = re.compile(
    rf"{re.escape(CHANGES)}\.({'|'.join((*KINDS, ANY))})\.({'|'.join((*CURRENCIES, ANY))})\.({'|'.join(INTERVALS)})"
)


def is_channel(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def names_of(terms: Terms) -> Iterator[str]:
    """Yield the channels that show a derivative: every interval, since the mock sends each change at once."""
    for kind in (terms.kind, ANY):
        for currency in (terms.settlement_currency, ANY):
            for interval in INTERVALS:
                yield f"{CHANGES}.{kind}.{currency}.{interval}"


# Messages, encoded once for each API date, however many sessions receive them


class Change(Struct, eq=False):
    """The trades of one derivative by one subaccount in one command, and the position after them."""

    subaccount_ref: SubaccountRef
    derivative: str
    position: PositionView
    trades: list[DerivativeTrade] = field(default_factory=list)
    _frames: dict[str, bytes] = field(default_factory=dict)

    def frame(self, api_date: ApiDate) -> bytes:
        """Return the notification as bytes; its keys are not nested, and it names the channel's family [doc].

        Its list of orders is always empty.
        """
        known = self._frames.get(api_date.name)
        if known is None:
            known = self._frames[api_date.name] = self._written(api_date)
        return known

    def _written(self, api_date: ApiDate) -> bytes:
        return b'{"method":"subscription","channel":"%b","result":{%b}}' % (
            CHANGES.encode(),
            b'"instrumentName":%b,"orders":[],"positions":%b,"trades":%b'
            % (
                spell(self.derivative).encode(),
                encode_list("Position", api_date, [self.position]),
                encode_list("Trade", api_date, self.trades),
            ),
        )


class Message(NamedTuple):
    """The changes of one derivative as a message of one channel."""

    channel: str
    change: Change

    @property
    def subaccount_ref(self) -> SubaccountRef:
        return self.change.subaccount_ref

    def frame(self, api_date: ApiDate) -> bytes:
        return self.change.frame(api_date)


# Events to messages: one for each subaccount and derivative that a command changed
#
# A settlement, a delivery and funding change positions without a trade; they are sent as well [choice].


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
