"""What must hold in every state, recomputed from scratch: for tests and for the end of a replay."""

from mockexchange.core.invariants import derivatives, indexes, ledgers, markets, subaccounts
from mockexchange.core.model.state import State


def violations(state: State) -> list[str]:
    """Return a line per broken invariant; an empty list is what everybody wants."""
    return [line for part in (subaccounts, ledgers, markets, indexes, derivatives) for line in part.violations(state)]
