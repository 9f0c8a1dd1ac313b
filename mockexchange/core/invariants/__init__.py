"""Invariants of the state, recomputed from scratch in tests and at the end of a replay."""

from mockexchange.core.invariants import derivative_orders, derivatives, ledgers, markets, subaccounts
from mockexchange.core.model.state import State


def violations(state: State) -> list[str]:
    """Return one line of text per broken invariant; empty if all of them hold."""
    parts = (subaccounts, ledgers, markets, derivatives, derivative_orders)
    return [line for part in parts for line in part.violations(state)]
