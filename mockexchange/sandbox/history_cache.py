"""Snapshots of an exchange after a scenario's history, so that further sandboxes need not execute the history.

A test suite opens a sandbox for each test, all with one scenario. From the third sandbox on, each gets a copy of the
exchange that the second one had before its clock began: a few thousand objects, which pickle rebuilds in a quarter of
the time that executing their commands takes. The bytes never leave the process.

Keys are left out, because they depend on the sandbox's name: their commands are executed again, at their position in
the log. No other command of a history depends on keys.

Rows of the state are Structs whose fields may be given by position: pickle makes those with keyword-only fields by a
function in Python, with a dictionary of the fields, which takes a third of the whole copy.
"""

import pickle
from enum import Enum
from io import BytesIO

from msgspec import Struct

from mockexchange.core.commands import AddKey
from mockexchange.core.exchange import Exchange
from mockexchange.core.model.markets import EventDetails, MarketDetails, SeriesDetails
from mockexchange.core.model.order_rules import OrderRules
from mockexchange.core.position_cost import Stake
from mockexchange.core.vocabulary import FeeRounding, SubaccountRef
from mockexchange.sandbox.garbage_collection import collector_paused
from mockexchange.scenario.plan import Plan
from mockexchange.store.log import Log, Record

PLAYS_MIN = 2
"""How often a history has to be executed before a copy is made.

A history that is executed once, as in `serve`, needs none.
"""
COMMANDS_MIN = 10
"""The shortest history that is copied, in commands; to execute a shorter one takes less time than to copy it."""
COMMANDS_MAX = 2_000
"""The longest history that is copied, in commands: half a megabyte.

Longer ones are seldom executed for a single test.
"""
SHARED = (Enum, SubaccountRef, Stake, SeriesDetails, EventDetails, MarketDetails, OrderRules)
"""Types of values that never change, so that all copies have the same ones: to make them is a tenth of a copy."""
SAME_HISTORY = ("seed", "start", "archived_before", "order_rules", "setup", "keys", "steps")
"""Fields of a plan that determine the state after its history. Plans share a copy if these are identical."""


class Snapshot(Struct, frozen=True):
    """A pickled exchange after a plan's history, without keys; `records` is the whole log of the history."""

    plan: Plan
    rounding: FeeRounding
    pickled: bytes
    shared: tuple[object, ...]
    """The values that all copies have in common."""
    records: tuple[Record, ...]

    @property
    def before_keys(self) -> tuple[Record, ...]:
        return self.records[: len(self.plan.setup)]

    @property
    def after_keys(self) -> tuple[Record, ...]:
        return self.records[len(self.plan.setup) + len(self.plan.keys) :]

    def exchange(self) -> Exchange:
        """Return a new copy of the exchange as it was at the end of the history."""
        with collector_paused():
            copied: Exchange = _Unpickler(BytesIO(self.pickled), self.shared).load()
        return copied


def snapshot_for(plan: Plan, rounding: FeeRounding) -> Snapshot | None:
    """Return the snapshot that a new sandbox of this plan and rounding of fees can use; None if there is none."""
    kept: Snapshot | None = plan.cache.snapshot
    if kept is None or kept.rounding is not rounding or len(kept.records) > COMMANDS_MAX:
        return None
    return kept if all(getattr(kept.plan, name) is getattr(plan, name) for name in SAME_HISTORY) else None


def note_played(plan: Plan, exchange: Exchange, log: Log) -> None:
    """Record that a plan's history was executed, and take a snapshot if the next sandbox can use it."""
    plan.cache.plays += 1
    if plan.cache.plays >= PLAYS_MIN and _can_be_kept(plan, log):
        plan.cache.snapshot = Snapshot(plan, exchange.state.rounding, *pickled_without_keys(exchange), tuple(log))


class _Pickler(pickle.Pickler):
    """A pickler that leaves out values that never change, and lists them in `shared`."""

    def __init__(self, file: BytesIO) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.shared: list[object] = []
        self._places: dict[int, int] = {}

    def persistent_id(self, value: object) -> int | None:
        if not isinstance(value, SHARED):
            return None
        place = self._places.setdefault(id(value), len(self.shared))
        if place == len(self.shared):
            self.shared.append(value)
        return place


class _Unpickler(pickle.Unpickler):
    """An unpickler that takes those values from `shared`."""

    def __init__(self, file: BytesIO, shared: tuple[object, ...]) -> None:
        super().__init__(file)
        self._shared = shared

    def persistent_load(self, place: int) -> object:  # a method, since Python 3.13.0 refuses it as an attribute
        return self._shared[place]


def pickled_without_keys(exchange: Exchange) -> tuple[bytes, tuple[object, ...]]:
    """Return the pickled bytes of an exchange without its API keys, and the values that they refer to."""
    copied: Exchange = pickle.loads(pickle.dumps(exchange))  # noqa: S301  # what was written a moment ago
    for account in copied.state.accounts.values():
        account.keys.clear()
    copied.state.keys.clear()
    copied.state.secret_keys.clear()
    copied.state.key_owners.clear()
    file = BytesIO()
    pickler = _Pickler(file)
    pickler.dump(copied)
    return file.getvalue(), tuple(pickler.shared)


def _can_be_kept(plan: Plan, log: Log) -> bool:
    """Whether a snapshot can replace the next execution: not with key files, or with keys that the history adds."""
    return (
        COMMANDS_MIN <= len(log) <= COMMANDS_MAX
        and plan.is_in_memory
        and not any(spec.private_path or spec.public_path for spec in plan.keys)
        and sum(isinstance(record.command, AddKey) for record in log) == len(plan.keys)
    )
