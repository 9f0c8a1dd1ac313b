"""The exchange: one state machine, the only place where state changes.

`execute(command, at)` looks the command's handler up in a table and runs it. A handler checks everything first and
raises Refused before it touches anything, so a refused command leaves no trace but its number in the sequence. Time
never goes back: a command counts as executed at the later of `at` and the last command's instant.
"""

from collections.abc import Callable, Iterator
from typing import Any

from mockexchange.core import (
    amending,
    cashiering,
    commands,
    grouping,
    listing,
    membership,
    operating,
    ordering,
    settlement,
    trading,
)
from mockexchange.core.commands import Command
from mockexchange.core.derivatives import handlers
from mockexchange.core.events import Event
from mockexchange.core.refusals import Refusal, Refused
from mockexchange.core.state import State
from mockexchange.core.vocabulary import FeeRounding

Outcome = tuple[Event, ...] | Refusal
Handler = Callable[[State, Any, int], Iterator[Event]]

HANDLERS: dict[type[Command], Handler] = {
    commands.OpenAccount: membership.open_account,
    commands.OpenBook: membership.open_book,
    commands.AddKey: membership.add_key,
    commands.RestrictSubtrader: membership.restrict_subtrader,
    commands.CapSubtrader: membership.cap_subtrader,
    commands.Deposit: cashiering.deposit,
    commands.Withdraw: cashiering.withdraw,
    commands.FinalizePayment: cashiering.finalize_payment,
    commands.Transfer: cashiering.transfer,
    commands.TransferShard: cashiering.transfer_shard,
    commands.CompleteTransfer: cashiering.complete_transfer,
    commands.AllocateBalance: cashiering.allocate_balance,
    commands.SetNetting: cashiering.set_netting,
    commands.ListSeries: listing.list_series,
    commands.DescribeEvent: listing.describe_event,
    commands.ListMarket: listing.list_market,
    commands.QuoteMarket: listing.quote_market,
    commands.PriceMarket: listing.price_market,
    commands.CloseMarket: settlement.close_market,
    commands.DetermineMarket: settlement.determine_market,
    commands.DisputeMarket: settlement.dispute_market,
    commands.FinalizeMarket: settlement.finalize_market,
    commands.SettleMarket: settlement.settle_market,
    commands.SwitchExchange: operating.switch_exchange,
    commands.Announce: operating.announce,
    commands.Note: operating.note,
    commands.Fill: trading.fill,
    commands.OpenPosition: trading.open_position,
    commands.RestOrder: ordering.rest_order,
    commands.ReduceOrder: ordering.reduce_order,
    commands.AmendOrder: amending.amend_order,
    commands.CancelOrder: ordering.cancel_order,
    commands.ExpireOrder: ordering.expire_order,
    commands.OpenGroup: grouping.open_group,
    commands.TriggerGroup: grouping.trigger_group,
    commands.ResetGroup: grouping.reset_group,
    commands.LimitGroup: grouping.limit_group,
    commands.DeleteGroup: grouping.delete_group,
    **handlers.HANDLERS,
}


class Exchange:
    """A whole exchange in memory. The same arguments and commands always give the same state and events.

    What was last touched before the instant `archived_before` is history.
    """

    def __init__(self, seed: int = 0, rounding: FeeRounding = FeeRounding.GRID, archived_before: int = 0) -> None:
        self.state = State(seed, rounding, archived_before=archived_before)
        self.last_at = 0

    def execute(self, command: Command, at: int) -> Outcome:
        """Carry out `command` at instant `at` (microseconds); return what happened, or the refusal."""
        self.last_at = max(at, self.last_at)
        self.state.sequence += 1
        try:
            return tuple(HANDLERS[type(command)](self.state, command, self.last_at))
        except Refused as refused:
            return refused.refusal
