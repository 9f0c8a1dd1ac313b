"""The last step of each change of a position in a derivative: set its revision and time, and make the event."""

from mockexchange.core.derivatives.holdings.holdings import Holding
from mockexchange.core.events import HoldingChanged
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import SubaccountRef


def changed_holding(
    state: State, subaccount_ref: SubaccountRef, derivative: str, holding: Holding, at: int
) -> HoldingChanged:
    """Give a changed holding a new revision and the time `at`; return the event that describes it."""
    holding.revision, holding.updated_at = state.next_revision(), at
    return HoldingChanged(
        subaccount_ref=subaccount_ref,
        derivative=derivative,
        size=holding.size,
        cost=holding.cost,
        session_cost=holding.session_cost,
        realized=holding.realized,
        realized_funding=holding.realized_funding,
    )
