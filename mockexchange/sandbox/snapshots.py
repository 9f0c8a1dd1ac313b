"""How an exchange stands after a scenario's history, kept so that the next sandbox of it need not live through it.

A suite makes a sandbox for each test, all of one scenario. From the third on it gets a copy of the exchange that the
second one had before its clock began: a few thousand objects, which pickle rebuilds in a quarter of the time that
carrying out their commands takes. The bytes never leave the process.

Keys are left out, for they depend on the sandbox's name: their commands are carried out again, at their place in the
log, which nothing else in a history looks at.
"""

import pickle
from dataclasses import dataclass

from mockexchange.core.commands import AddKey
from mockexchange.core.exchange import Exchange
from mockexchange.core.model.state import State
from mockexchange.scenario.plan import Plan
from mockexchange.store.log import Log, Record

PLAYS_MIN = 2
"""What is played once only, as in `serve`, is not worth a copy."""
COMMANDS_MAX = 2_000
"""Half a megabyte of a copy; what is longer is seldom made for a single test."""
SAME_HISTORY = ("seed", "start", "archived_before", "rounding", "setup", "keys", "steps")
"""What a copy depends on. Plans that were made of one another share a copy while they share all of these."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An exchange without keys after a plan's history; `records` are the whole log of it."""

    plan: Plan
    pickled: bytes
    records: tuple[Record, ...]

    @property
    def before_keys(self) -> tuple[Record, ...]:
        return self.records[: len(self.plan.setup)]

    @property
    def after_keys(self) -> tuple[Record, ...]:
        return self.records[len(self.plan.setup) + len(self.plan.keys) :]

    def exchange(self) -> Exchange:
        """A copy that belongs to the caller. Its place in the log is the end of the history."""
        copied: Exchange = pickle.loads(self.pickled)  # noqa: S301  # what `taken` wrote in this process
        return copied


def kept_for(plan: Plan) -> Snapshot | None:
    """The snapshot that fits a plan, if there is one."""
    kept: Snapshot | None = plan.memory.snapshot
    if kept is None or len(kept.records) > COMMANDS_MAX:
        return None
    return kept if all(getattr(kept.plan, name) is getattr(plan, name) for name in SAME_HISTORY) else None


def note_played(plan: Plan, exchange: Exchange, log: Log) -> None:
    """A plan's history was carried out, and nothing since: keep a copy if there will be a use for it."""
    plan.memory.plays += 1
    if plan.memory.plays >= PLAYS_MIN and _can_be_kept(plan, log):
        plan.memory.snapshot = Snapshot(plan, taken(exchange), tuple(log))


def taken(exchange: Exchange) -> bytes:
    """The exchange without its keys, as bytes."""
    copied: Exchange = pickle.loads(pickle.dumps(exchange))  # noqa: S301  # what was written a moment ago
    _forget_keys(copied.state)
    return pickle.dumps(copied, pickle.HIGHEST_PROTOCOL)


def _forget_keys(state: State) -> None:
    for account in state.accounts.values():
        account.keys.clear()
    state.keys.clear()
    state.secret_keys.clear()
    state.key_owners.clear()


def _can_be_kept(plan: Plan, log: Log) -> bool:
    """Whether it will be the same the next time: files may be others by then, and added keys may be in the way."""
    return (
        len(log) <= COMMANDS_MAX
        and plan.is_in_memory
        and not any(spec.private_path or spec.public_path for spec in plan.keys)
        and sum(isinstance(record.command, AddKey) for record in log) == len(plan.keys)
    )
