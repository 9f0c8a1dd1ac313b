"""Events of the exchange as messages of the channels: one for each subaccount and derivative that a command changed.

A settlement, a delivery and funding change positions without a trade; they are sent as well [choice].
"""

from collections.abc import Container, Iterable, Iterator

from mockexchange.core.derivatives.queries import position_of
from mockexchange.core.derivatives.trades import ContractTrade
from mockexchange.core.events import ContractTraded, Event, HoldingChanged
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.signalplus.context import NAME
from mockexchange.venues.signalplus.settings import SignalPlusSettings
from mockexchange.venues.signalplus.stream.channels import names_of
from mockexchange.venues.signalplus.stream.messages import Change, Message


def messages_of(
    state: State, events: Iterable[Event], at: int, settings: SignalPlusSettings, channels: Container[str]
) -> Iterator[Message]:
    """Give the messages of one command's events on channels with subscriptions; `state` is the state after them."""
    for (subaccount_ref, contract), trades in _changed(state, events).items():
        heard = [name for name in names_of(state.derivatives.contracts[contract].terms) if name in channels]
        if heard:
            change = Change(subaccount_ref, contract, position_of(state, subaccount_ref, contract), trades)
            yield from (Message(name, change) for name in heard)


def _changed(state: State, events: Iterable[Event]) -> dict[tuple[SubaccountRef, str], list[ContractTrade]]:
    """Return the trades by subaccount and derivative, in the order of the changes."""
    changed: dict[tuple[SubaccountRef, str], list[ContractTrade]] = {}
    for event in events:
        if (
            isinstance(event, ContractTraded | HoldingChanged)
            and state.accounts[event.subaccount_ref.account].venue == NAME
        ):
            trades = changed.setdefault((event.subaccount_ref, event.contract), [])
            if isinstance(event, ContractTraded):
                trades.append(_trade(state, event))
    return changed


def _trade(state: State, event: ContractTraded) -> ContractTrade:
    """Return the trade of an event: the newest one before the next serial."""
    of_contract = [("contract", event.subaccount_ref, event.contract)]
    return state.derivatives.trades.find(1, of_contract, after=event.serial + 1).rows[0]
