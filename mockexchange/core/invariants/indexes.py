"""Every list against its rows: each stands where its filters look for it, in the order of serials."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from mockexchange.core.model.history import History, Partition, Selector
from mockexchange.core.model.ledgers import Ledger
from mockexchange.core.model.state import State


def violations(state: State) -> Iterator[str]:
    for name in ("tape", "listed_events", "listed_markets"):
        yield from _misfiled(name, getattr(state, name))
    for account in state.accounts.values():
        for name in Ledger.__slots__:
            yield from _misfiled(f"{account.name}: {name}", getattr(account.ledger, name))


def _misfiled(where: str, history: History[Any]) -> Iterator[str]:
    rows = list(history)
    expected: dict[tuple[Selector, Partition], list[Any]] = {}
    for row in rows:
        for selector in row.selectors:
            expected.setdefault((selector, row.partition), []).append(row)
    if history.index() != expected:
        yield f"{where} are filed otherwise than their filters look for them"
    for field in ("serial", "created_at"):
        if sorted(rows, key=attrgetter(field)) != rows:
            yield f"{where} are not in the order of {field}"
    newest = max((row.revision for row in rows), default=0)
    if history.revision < newest:
        yield f"{where} have revision {history.revision}, a row has {newest}"
