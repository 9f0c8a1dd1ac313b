"""The exchange as one state machine: only its command handlers change the state.

`execute(command, at)` looks the command's handler up in a table and runs it. A handler checks everything first and
raises Refused before it changes anything, so a refused command changes nothing but the number of executed commands.
Time never goes back: a command counts as executed at the later of `at` and the last command's instant. Any other
exception is a mistake in the code and may leave a command half done: the sandbox then rebuilds the state from its log.
"""

from mockexchange.core.commands import Command
from mockexchange.core.events import Event, LevelChanged
from mockexchange.core.handlers import (
    REGISTERED,
    Handler,
    accounts,
    block_trades,
    cash,
    exchange_status,
    fills,
    markets,
    order_entry,
    order_groups,
    outside_traders,
    rfqs,
    settlement,
    shard_allocation,
)
from mockexchange.core.model.order_rules import OrderRules
from mockexchange.core.model.state import State
from mockexchange.core.refusals import Refusal, Refused
from mockexchange.core.vocabulary import FeeRounding

Outcome = tuple[Event, ...] | Refusal

HOMES = (
    *(accounts, shard_allocation, cash, exchange_status, fills, markets),
    *(order_entry, order_groups, outside_traders, rfqs, block_trades, settlement),
)
"""The modules that register handlers as they are imported; `core.derivatives.handlers` imports the others."""


class Handlers(dict[type[Command], Handler]):
    """The handlers by the type of their command. Those of derivatives are imported at the first of their commands."""

    def __missing__(self, kind: type[Command]) -> Handler:
        from mockexchange.core.derivatives.handlers import HANDLERS as OF_DERIVATIVES

        self.update(OF_DERIVATIVES)
        return OF_DERIVATIVES[kind]


HANDLERS = Handlers(REGISTERED)


class Exchange:
    """A whole exchange in memory. The same arguments and commands always give the same state and events.

    Rows that were last updated before the instant `archived_before` are archived: only historical reads list them.
    """

    def __init__(
        self,
        seed: int = 0,
        rounding: FeeRounding = FeeRounding.GRID,
        archived_before: int = 0,
        rules: OrderRules = OrderRules(),  # noqa: B008  # frozen
    ) -> None:
        self.state = State(seed, rounding, archived_before=archived_before, rules=rules)
        self.last_at = 0

    def execute(self, command: Command, at: int) -> Outcome:
        """Carry out `command` at instant `at` (microseconds); return its events, or the refusal."""
        self.last_at = max(at, self.last_at)
        self.state.sequence += 1
        try:
            events = tuple(HANDLERS[type(command)](self.state, command, self.last_at))
        except Refused as refused:
            return refused.refusal
        for event in events:
            if type(event) is LevelChanged:
                self.state.markets[event.market].book_changed = self.state.sequence
        return events

    def adopt(self, other: "Exchange") -> None:
        """Take over the state of the exchange `other`, which must not be used any more.

        `self.state` stays the same object, so that references to it stay valid.
        """
        own, others = self.state, other.state
        for name in State.__slots__:
            value = getattr(own, name)
            setattr(own, name, getattr(others, name))
            setattr(others, name, value)
        self.last_at = other.last_at
