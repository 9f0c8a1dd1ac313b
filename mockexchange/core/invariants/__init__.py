"""Invariants of the state: tests and the end of a replay recompute every sum and index from scratch."""

from mockexchange.core.invariants import derivatives, ledgers, markets, subaccounts
from mockexchange.core.model.state import State


def violations(state: State) -> list[str]:
    """Return one line of text per broken invariant; empty if all of them hold."""
    parts = (subaccounts, ledgers, markets, derivatives)
    return [line for part in parts for line in part.violations(state)]
