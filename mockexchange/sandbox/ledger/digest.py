"""Computes a digest of the state that clients of a sandbox can read, to compare two copies of one sandbox."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import msgspec

from mockexchange.core.model.state import State
from mockexchange.sandbox.clock import Turns
from mockexchange.sandbox.ledger import derivatives, markets
from mockexchange.sandbox.ledger.history import ledger_lists
from mockexchange.sandbox.ledger.state import position_rows

_ENCODER = msgspec.json.Encoder(order="deterministic")


async def state_digest(state: State) -> str | None:
    """Return the SHA-256 of all rows of a state; None if a command was executed before it was complete.

    Other tasks run in between, so that a large state holds nothing up.
    """
    digest, sequence, turns = hashlib.sha256(), state.sequence, Turns()
    for row in _rows(state):
        digest.update(_ENCODER.encode(row))
        await turns.pause()
        if state.sequence != sequence:
            return None
    return digest.hexdigest()


def _rows(state: State) -> Iterator[Any]:
    yield state.sequence, state.revision, sorted(state.keys), sorted(state.secret_keys)
    yield from markets.market_rows(state)
    yield from markets.instrument_rows(state)
    for account in state.accounts:
        yield account
        yield from _of_account(state, account)


def _of_account(state: State, account: str) -> Iterator[Any]:
    if state.accounts[account].venue:
        yield from derivatives.positions_of(state, account)
    else:
        yield from position_rows(state, account)
    for name, part in ledger_lists(state, account).items():
        rows: Iterable[Any] = (part,) if isinstance(part, dict) else part
        yield from chain((name,), rows)
