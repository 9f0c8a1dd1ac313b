"""Events of the exchange as messages of the channels, in the order in which they are sent.

The messages of a command are sent at once for every interval: trades first, then changes of positions, then portfolios;
the venue promises no order across channels. Marks and indexes change portfolios alone.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from mockexchange.core.derivatives.contracts import Contract
from mockexchange.core.derivatives.queries import position_of
from mockexchange.core.derivatives.trades import ContractTrade
from mockexchange.core.derivatives.vocabulary import COMBOS
from mockexchange.core.events import CashChanged, ContractMarked, ContractTraded, Event, HoldingChanged, IndexSet
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.deribit.authentication import NAME
from mockexchange.venues.deribit.enumerations import ANY
from mockexchange.venues.deribit.frames.positions import changes_text
from mockexchange.venues.deribit.frames.trades import trades_text
from mockexchange.venues.deribit.objects.summaries import portfolio_text
from mockexchange.venues.deribit.operations.summaries import statement_of
from mockexchange.venues.deribit.settings import DeribitSettings
from mockexchange.venues.deribit.stream.channels import CHANGES, PORTFOLIO, TRADES, names_of
from mockexchange.venues.deribit.stream.messages import Message, MessageData

Place = tuple[SubaccountRef, str]
"""A subaccount and a derivative."""


@dataclass(slots=True)
class Happened:
    """The changes of one command, each once, in the order of the first change."""

    trades: dict[Place, set[int]] = field(default_factory=dict)
    positions: dict[Place, None] = field(default_factory=dict)
    portfolios: dict[tuple[SubaccountRef, str], None] = field(default_factory=dict)
    """(subaccount, currency)"""


def messages_of(
    state: State, events: Iterable[Event], at: int, settings: DeribitSettings, channels: Container[str]
) -> list[Message]:
    """Return the messages for the events of one command; `state` is the state after them.

    `channels` are the full names with subscriptions; no message is made for other channels.
    """
    happened = Happened()
    for event in events:
        _note(state, event, happened)
    return [
        message
        for data, names in (*_trades(state, happened), *_changes(state, happened), *_portfolios(state, happened))
        for message in _messages(data, names, channels)
    ]


def _note(state: State, event: Event, happened: Happened) -> None:
    match event:
        case ContractTraded(subaccount_ref=subaccount_ref, contract=name, serial=serial) if _is_ours(
            state, subaccount_ref
        ):
            happened.trades.setdefault((subaccount_ref, name), set()).add(serial)
            _moved(state, subaccount_ref, name, happened)
        case HoldingChanged(subaccount_ref=subaccount_ref, contract=name) if _is_ours(state, subaccount_ref):
            _moved(state, subaccount_ref, name, happened)
        case CashChanged(subaccount_ref=subaccount_ref, currency=currency) if _is_ours(state, subaccount_ref):
            happened.portfolios[subaccount_ref, currency] = None
        case ContractMarked(contract=name):
            _valued(state, happened, lambda contract: contract.name == name)
        case IndexSet(index=index):
            _valued(state, happened, lambda contract: contract.terms.index == index)


def _is_ours(state: State, subaccount_ref: SubaccountRef) -> bool:
    return state.accounts[subaccount_ref.account].venue == NAME


def _moved(state: State, subaccount_ref: SubaccountRef, name: str, happened: Happened) -> None:
    happened.positions[subaccount_ref, name] = None
    happened.portfolios[subaccount_ref, state.derivatives.contracts[name].terms.settlement_currency] = None


def _valued(state: State, happened: Happened, is_valued: Callable[[Contract], bool]) -> None:
    """Add the portfolios of all holders of derivatives with a new price. Cost: O(holdings)."""
    contracts = state.derivatives.contracts
    for subaccount_ref, holdings in state.derivatives.holdings.items():
        for name, holding in holdings.items():
            if holding.size and is_valued(contracts[name]) and _is_ours(state, subaccount_ref):
                happened.portfolios[subaccount_ref, contracts[name].terms.settlement_currency] = None


def _trades(state: State, happened: Happened) -> Iterator[tuple[MessageData, list[str]]]:
    for (subaccount_ref, name), serials in happened.trades.items():
        rows = _rows(state, subaccount_ref, state.derivatives.contracts[name], serials)
        yield MessageData(subaccount_ref, partial(trades_text, rows), {}), _names(state, TRADES, name)


def _changes(state: State, happened: Happened) -> Iterator[tuple[MessageData, list[str]]]:
    for subaccount_ref, name in happened.positions:
        yield (
            MessageData(subaccount_ref, _writer_of_changes(state, subaccount_ref, name, happened), {}),
            _names(state, CHANGES, name),
        )


def _writer_of_changes(
    state: State, subaccount_ref: SubaccountRef, name: str, happened: Happened
) -> Callable[[ApiDate], str]:
    contract = state.derivatives.contracts[name]
    rows = _rows(state, subaccount_ref, contract, happened.trades.get((subaccount_ref, name), set()))
    return lambda day: changes_text(rows, position_of(state, subaccount_ref, name), day)


def _portfolios(state: State, happened: Happened) -> Iterator[tuple[MessageData, list[str]]]:
    for subaccount_ref, currency in happened.portfolios:
        names = [f"{PORTFOLIO}.{currency.lower()}", f"{PORTFOLIO}.{ANY}"]
        yield MessageData(subaccount_ref, _writer_of_portfolio(state, subaccount_ref, currency), {}), names


def _writer_of_portfolio(state: State, subaccount_ref: SubaccountRef, currency: str) -> Callable[[ApiDate], str]:
    return lambda day: portfolio_text(statement_of(state, subaccount_ref, currency), day)


def _rows(state: State, subaccount_ref: SubaccountRef, contract: Contract, serials: set[int]) -> list[ContractTrade]:
    """Return the trades with some serials, which are among the last ones, oldest first."""
    filed = state.derivatives.trades.filed(("contract", subaccount_ref, contract.name), (str(contract.terms.kind),))
    found: list[ContractTrade] = []
    for row in reversed(filed):
        if len(found) == len(serials):
            break
        if row.serial in serials:
            found.append(row)
    return found[::-1]


def _names(state: State, family: str, name: str) -> list[str]:
    terms = state.derivatives.contracts[name].terms
    kinds = (str(terms.kind), *(("combo",) if terms.kind in COMBOS else ()))
    return names_of(family, name, kinds, terms.settlement_currency)


def _messages(data: MessageData, names: list[str], channels: Container[str]) -> list[Message]:
    return [Message(name, data) for name in names if name in channels]
