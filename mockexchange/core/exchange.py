"""The exchange as one state machine: only its command handlers change the state.

`execute(command, at)` looks the command's handler up in a table and runs it. A handler checks everything first and
raises Refused before it changes anything, so a refused command changes nothing but the number of executed commands.
Time never goes back: a command counts as executed at the later of `at` and the last command's instant. Any other
exception is a mistake in the code and may leave a command half done: the sandbox then rebuilds the state from its log.
"""

from collections.abc import Callable, Iterable
from typing import Any

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.events import Event, LevelChanged
from mockexchange.core.handlers import (
    accounts,
    allocation,
    cash,
    exchange_status,
    fills,
    markets,
    prints,
    quotes,
    settlement,
)
from mockexchange.core.handlers.orders import order_amendments, order_groups, orders, placing
from mockexchange.core.model.order_rules import OrderRules
from mockexchange.core.model.state import State
from mockexchange.core.refusals import Refusal, Refused
from mockexchange.core.vocabulary import FeeRounding

Outcome = tuple[Event, ...] | Refusal
Handler = Callable[[State, Any, int], Iterable[Event]]


class Handlers(dict[type[Command], Handler]):
    """The handlers by the type of their command. Those of derivatives are imported at the first of their commands."""

    def __missing__(self, kind: type[Command]) -> Handler:
        from mockexchange.core.derivatives.handlers import HANDLERS as OF_DERIVATIVES

        self.update(OF_DERIVATIVES)
        return OF_DERIVATIVES[kind]


HANDLERS = Handlers(
    {
        commands.OpenAccount: accounts.open_account,
        commands.OpenSubaccount: accounts.open_subaccount,
        commands.AddKey: accounts.add_key,
        commands.RemoveKey: accounts.remove_key,
        commands.SetTier: accounts.set_tier,
        commands.RestrictSubtrader: accounts.restrict_subtrader,
        commands.CapSubtrader: accounts.cap_subtrader,
        commands.Deposit: cash.deposit,
        commands.Withdraw: cash.withdraw,
        commands.FinalizePayment: cash.finalize_payment,
        commands.Transfer: cash.transfer,
        commands.TransferShard: cash.transfer_shard,
        commands.CompleteTransfer: cash.complete_transfer,
        commands.AllocateBalance: allocation.allocate_balance,
        commands.RebalanceCash: allocation.rebalance_cash,
        commands.OpenCash: cash.open_cash,
        commands.SetNetting: cash.set_netting,
        commands.ListSeries: markets.list_series,
        commands.DescribeEvent: markets.describe_event,
        commands.ListMarket: markets.list_market,
        commands.QuoteMarket: quotes.quote_market,
        commands.PriceMarket: markets.price_market,
        commands.ReplenishMarket: quotes.replenish_market,
        commands.CloseMarket: settlement.close_market,
        commands.DetermineMarket: settlement.determine_market,
        commands.DisputeMarket: settlement.dispute_market,
        commands.FinalizeMarket: settlement.finalize_market,
        commands.SettleMarket: settlement.settle_market,
        commands.SwitchExchange: exchange_status.switch_exchange,
        commands.SwitchMarket: exchange_status.switch_market,
        commands.Announce: exchange_status.announce,
        commands.Note: exchange_status.note,
        commands.Fill: fills.fill,
        commands.OpenPosition: fills.open_position,
        commands.RestOrder: orders.rest_order,
        commands.PlaceOrder: placing.place_order,
        commands.ReduceOrder: orders.reduce_order,
        commands.AmendOrder: order_amendments.amend_order,
        commands.CancelOrder: orders.cancel_order,
        commands.CancelAllOrders: orders.cancel_all_orders,
        commands.ExpireOrder: orders.expire_order,
        commands.TradeMarket: prints.trade_market,
        commands.OpenGroup: order_groups.open_group,
        commands.TriggerGroup: order_groups.trigger_group,
        commands.ResetGroup: order_groups.reset_group,
        commands.LimitGroup: order_groups.limit_group,
        commands.DeleteGroup: order_groups.delete_group,
    }
)


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
