"""Computes a digest of the state that clients of a sandbox can read, to compare two copies of one sandbox."""

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from mockexchange.core.model.state import State
from mockexchange.sandbox.clock import Turns
from mockexchange.sandbox.state_json.accounts import derivative_positions, ledger_lists, position_rows
from mockexchange.sandbox.state_json.markets import instrument_rows, market_rows

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
    yield from market_rows(state)
    yield from instrument_rows(state)
    for account, one in state.accounts.items():
        yield account
        yield from derivative_positions(state, account) if one.venue else position_rows(state, account)
        for name, part in ledger_lists(state, account).items():
            yield name
            yield from (part,) if isinstance(part, dict) else part
