"""Changing a holding: the step that every handler which touches one shares."""

from mockexchange.core.derivatives.holdings import Holding
from mockexchange.core.events import HoldingChanged
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import SubaccountRef


def tell(state: State, subaccount_ref: SubaccountRef, derivative: str, holding: Holding, at: int) -> HoldingChanged:
    """Date a change that was made, and tell what is held now."""
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
