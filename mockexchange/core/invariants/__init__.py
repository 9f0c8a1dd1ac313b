"""Invariants of the state, recomputed from scratch for tests and for the end of a replay."""

from mockexchange.core.invariants import derivatives, ledgers, markets, subaccounts
from mockexchange.core.model.state import State


def violations(state: State) -> list[str]:
    """Return a line per broken invariant; empty if all of them hold."""
    return [line for part in (subaccounts, ledgers, markets, derivatives) for line in part.violations(state)]
