"""Finds the steps of a script that wait for an action of a client, such as an order or a subscription."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import NamedTuple

from mockexchange.core.commands import Command, PlaceDerivativeOrder, PlaceOrder
from mockexchange.core.decimal_text import exact
from mockexchange.core.derivatives.orders import OTHER_DIRECTION, DerivativeOrder
from mockexchange.core.derivatives.precision import in_nine_decimals
from mockexchange.core.events import DerivativeOrderChanged, Event, OrderPlaced
from mockexchange.core.model.orders import Order
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import Action
from mockexchange.sandbox.journal import JournalEntry
from mockexchange.sandbox.page_numbers import PageNumbers
from mockexchange.sandbox.script.schedule import Step
from mockexchange.scenario.script_entries import NO_ORDER, ORDER, PAGE, REQUEST, SUBSCRIBED
from mockexchange.venues.query import query_pairs
from mockexchange.venues.registry import venue_at

UNKNOWN_CLIENT = "an unknown client"


def words_of(order: Order) -> dict[str, str]:
    """Return the values of the placeholders `$order...` in a step that an order of a market triggers."""
    return {
        "$order.id": order.order_id,
        "$order.client_order_id": order.client_order_id,
        "$order.market": order.market.ticker,
        "$order.side": order.side.value,
        "$order.action": order.action.value,
        "$order.opposite": (Action.SELL if order.action is Action.BUY else Action.BUY).value,
        "$order.count": exact(order.initial_centis, 2),
        "$order.filled": exact(order.filled_centis, 2),
        "$order.remaining": exact(order.remaining_centis, 2),
        "$order.price": exact(order.price_centicents, 4),
    }


def words_of_derivative(order: DerivativeOrder) -> dict[str, str]:
    """Return the values of the placeholders `$order...` in a step that an order of a derivative triggers.

    The price of a market order is the average price of its fills, in nine decimals; 0 without any.
    """
    price = in_nine_decimals(order.average_price) if order.price is None else order.price
    return {
        "$order.id": order.order_id,
        "$order.label": order.label,
        "$order.instrument": order.derivative.name,
        "$order.direction": order.direction.value,
        "$order.opposite": OTHER_DIRECTION[order.direction].value,
        "$order.amount": f"{order.amount:f}",
        "$order.filled": f"{order.filled:f}",
        "$order.remaining": f"{order.remaining:f}",
        "$order.price": f"{price:f}",
    }


def placed_order(state: State, command: Command, events: Sequence[Event]) -> Order | DerivativeOrder | None:
    """Return the order that a command placed; None if the command did not place one."""
    match command, events:
        case PlaceOrder(), [OrderPlaced(order_id=order_id), *_]:
            return state.orders[order_id]
        case PlaceDerivativeOrder(), [DerivativeOrderChanged(order_id=order_id), *_]:
            return state.derivatives.orders[order_id]
    return None


class TriggeredStep(NamedTuple):
    """A step that an action of a client has triggered, the client's account, and a description of the action."""

    step: Step
    account: str | None
    description: str
    order: Mapping[str, str] = NO_ORDER
    """The values of `$order...` placeholders, if an order triggered the step."""


class Triggers:
    """The steps of a script that wait for an action of a client."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._pages = PageNumbers()

    def by_subscription(self, account: str | None, channel: str) -> Iterator[TriggeredStep]:
        """Yield the steps that an acknowledged subscription to a channel triggers."""
        return self._matching(SUBSCRIBED, account, channel, f"{account or UNKNOWN_CLIENT} subscribed to {channel}")

    def by_operation(self, account: str | None, operation: str) -> Iterator[TriggeredStep]:
        """Yield the steps that wait for this account to call this operation, by a request or a command on a stream."""
        return self._matching(REQUEST, account, operation, f"{account or UNKNOWN_CLIENT} asked for {operation}")

    def by_order(self, order: Order | DerivativeOrder) -> Iterator[TriggeredStep]:
        """Yield the steps that wait for an order by this account in the order's market or instrument."""
        account = order.subaccount_ref.account
        if isinstance(order, DerivativeOrder):
            name, words = order.derivative.name, words_of_derivative(order)
        else:
            name, words = order.market.ticker, words_of(order)
        for each in self._matching(ORDER, account, name, f"{account} placed an order in {name}"):
            yield each._replace(order=words)

    def by_request(self, entry: JournalEntry) -> Iterator[TriggeredStep]:
        """Yield the steps that an answered request triggers. A request that failed authentication triggers none."""
        if entry.operation is None or venue_at(entry.path).auth.refuses_caller(entry.status, entry.answer or b""):
            return
        account, operation = entry.account, entry.operation
        yield from self.by_operation(account, operation)
        if entry.status == HTTPStatus.OK and any(
            step.entry.when and step.entry.when.kind == PAGE for step in self.steps
        ):
            given = dict(query_pairs(entry.query, keep_blank_values=False))
            number = self._pages.number_of(account, operation, given.get("cursor"))
            self._pages.note(account, operation, number, entry.answer or b"")
            description = f"{account or UNKNOWN_CLIENT} read page {number} of {operation}"
            yield from self._matching(PAGE, account, operation, description, number)

    def _matching(
        self, kind: str, account: str | None, of: str, description: str, number: int = 0
    ) -> Iterator[TriggeredStep]:
        for step in self.steps:
            when = step.entry.when
            if when is None or not when.matches(kind, account, of, number):
                continue
            times = step.done_by[account] = step.done_by.get(account, 0) + 1
            if when.nth in (None, times):
                yield TriggeredStep(step, account, description)
