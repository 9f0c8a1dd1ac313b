"""What must hold in every state, recomputed from scratch: for tests and for the end of a replay."""

from mockexchange.core.invariants import books, derivatives, filing, ledgers, markets
from mockexchange.core.state import State


def violations(state: State) -> list[str]:
    """Return a line per broken invariant; an empty list is what everybody wants."""
    return [line for part in (books, ledgers, markets, filing, derivatives) for line in part.violations(state)]
