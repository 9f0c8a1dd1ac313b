"""Handlers: the funding of perpetuals, which goes into what the session realized."""

from collections.abc import Iterator

from mockexchange.core.commands import PayFunding
from mockexchange.core.derivatives.forms import future_of
from mockexchange.core.derivatives.holding_changes import tell
from mockexchange.core.derivatives.lookup import open_derivative_of
from mockexchange.core.events import Event
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused


def pay_funding(state: State, command: PayFunding, at: int) -> Iterator[Event]:
    """Who is long pays a rate of the position's value at the mark to who is short; nothing of it rests here."""
    derivative = open_derivative_of(state, command.derivative)
    if not derivative.terms.is_perpetual:
        raise Refused(RefusalCode.WRONG_KIND, f"{derivative.name} expires: only perpetuals have funding")
    future = future_of(derivative.terms)
    for subaccount_ref, held in state.derivatives.holdings.items():
        holding = held.get(derivative.name)
        if holding is None or not holding.size:
            continue
        paid = command.rate * future.value(holding.size, derivative.mark)
        holding.fund(-paid if holding.size > 0 else paid, command.interest_value)
        yield tell(state, subaccount_ref, derivative.name, holding, at)
