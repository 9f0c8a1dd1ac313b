"""The calendar: schedules commands that are due by the clock alone, such as expiries and daily settlements.

It schedules nothing before the clock of the sandbox begins: the scenario's history describes earlier events.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import count

from msgspec import Struct, field

from mockexchange.core.commands import (
    AcceptRfqQuote,
    AllocateBalance,
    AmendOrder,
    CancelOrder,
    CloseMarket,
    Command,
    ConfirmRfqQuote,
    DeliverDerivative,
    Deposit,
    ExecuteRfqQuote,
    ExpireOrder,
    Fill,
    ListCombination,
    ListDerivative,
    ListMarket,
    PlaceOrder,
    PriceMarket,
    RebalanceCash,
    ReduceOrder,
    ReplenishMarket,
    RestOrder,
    SettleSession,
    VoidRfqQuote,
)
from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.events import (
    LevelChanged,
    OrderAmended,
    OrderPlaced,
    OrderRested,
    RfqQuoteAccepted,
    RfqQuoteConfirmed,
)
from mockexchange.core.exchange import Exchange, Outcome
from mockexchange.core.handlers.shard_allocation import movements
from mockexchange.core.instants import MICROSECONDS_PER_SECOND, format_instant
from mockexchange.core.model.markets import Market
from mockexchange.core.model.orders import Order
from mockexchange.core.model.rfqs import Quote, QuoteStatus
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import MarketStatus, OrderStatus
from mockexchange.scenario.script_entries import (
    CLOSING,
    DELIVERY,
    EXPIRY,
    QUOTE_EXECUTION,
    QUOTE_VOID,
    REBALANCING,
    REPLENISHMENT,
    SETTLEMENT,
)
from mockexchange.store.log import Record

QUOTE_PLACE, DELIVERY_PLACE, SETTLEMENT_PLACE, CLOSE_PLACE = range(-7, -3)
EXPIRY_PLACE, REPLENISH_PLACE, REBALANCE_PLACE = range(-3, 0)
"""The order of commands at the same instant: all before the script's steps, and deliveries before the settlement.

A quote is executed before its market closes.
"""
DAY_US = 86_400 * MICROSECONDS_PER_SECOND
REBALANCED_EVERY_US = 10 * MICROSECONDS_PER_SECOND
"""The interval at which the venue compares the cash on its shards with an account's target [doc]."""
SETTLED_AT_US = 8 * 3_600 * MICROSECONDS_PER_SECOND
"""The time of day at which venues of derivatives settle their sessions: 08:00 UTC [doc]."""


class DueCommand(Struct):
    """A command that the calendar has scheduled, with its cause, such as the expiry of an order.

    It is skipped if `is_void` returns true when it is due.
    """

    cause: str
    command: Command
    is_void: Callable[[], bool]
    detail: dict[str, str] = field(default_factory=dict)
    """Details about the command for the journal."""


ScheduleCommands = Callable[[int, Iterable[tuple[int, DueCommand]]], object]
"""A function that schedules commands: (rank among commands of one instant, ascending (instant, command) pairs)."""

ReportFinding = Callable[[str, str, dict[str, object]], None]
"""A function that adds a finding to the journal: (cause, text, details)."""
EXPIRING = (RestOrder, PlaceOrder, AmendOrder)
"""The types of the commands that may set when an order expires."""
ENTERING = (OrderRested, OrderPlaced, OrderAmended)
"""The types of their events that name the order."""
SETTING_NOTHING_DUE = (Fill, Deposit, PriceMarket, CancelOrder, ReduceOrder)
"""Types of commands that never schedule another one, executed or refused."""
ENDED = "{} expired at {}, before the clock began: it stays open; a paused clock (--clock paused) begins at `start`"


class Calendar:
    """Schedules the commands that follow from the clock in one sandbox."""

    def __init__(self, exchange: Exchange, schedule: ScheduleCommands, report: ReportFinding) -> None:
        self._exchange, self._schedule, self._report = exchange, schedule, report
        self._begun_at: int | None = None
        self._is_settling = False
        self._done: Counter[str] = Counter()
        self._replenished_at: dict[str, int] = {}
        """The last instant at which outside bids of a market come back, by ticker."""
        self._allocated: set[str] = set()
        """Accounts that ever had a target allocation."""
        self._rebalanced_at: dict[str, int] = {}
        """The instant at which cash of an account moves, by account, until then."""

    def begin(self, at: int) -> None:
        """Schedule the commands that follow from the current state after the instant `at`.

        Outside bids whose return is overdue come back at `at`.
        """
        self._begun_at = at
        state = self._exchange.state
        for order_book in state.order_books.values():
            for order in order_book:
                self._schedule_expiry(order, at)
        for market in state.markets.values():
            self._schedule_close(market, at)
            for consumed in market.consumed or ():
                self._schedule_replenishment(market, max(at, consumed.back_at))
        for derivative in state.derivatives.listed.values():
            self._schedule_delivery(derivative, at)
        for quote in state.quotes.values():
            self._schedule_quote(quote, at)
        self._allocated = {account.name for account in state.accounts.values() if account.allocations}
        self._schedule_rebalancing(at)

    def note(self, record: Record, outcome: Outcome) -> None:
        """Schedule the commands that follow from an executed one: expiry, close, delivery, return of outside bids."""
        if self._begun_at is None or isinstance(outcome, Refusal):
            return
        command, state = record.command, self._exchange.state
        if isinstance(command, EXPIRING):
            if command.expires_at is not None:
                entered = next(event for event in outcome if isinstance(event, ENTERING))
                self._schedule_expiry(state.orders[entered.order_id], self._begun_at)
        elif isinstance(command, (ListMarket, ListCombination)):
            self._schedule_close(state.markets[command.market], record.at)
        elif isinstance(command, ListDerivative):
            self._schedule_delivery(state.derivatives.listed[command.terms.name], record.at)
        elif isinstance(command, (AcceptRfqQuote, ConfirmRfqQuote)):
            moved = next(event for event in outcome if isinstance(event, (RfqQuoteAccepted, RfqQuoteConfirmed)))
            self._schedule_quote(state.quotes[moved.quote], record.at)
        elif isinstance(command, AllocateBalance):
            self._allocated.add(command.account)
        elif isinstance(command, ReplenishMarket):
            self._replenished_at.pop(command.market, None)
        if self._allocated:
            self._schedule_rebalancing(record.at)
        if state.rules.replenish_us is not None:
            changed = {event.market for event in outcome if isinstance(event, LevelChanged)}
            for market in (state.markets[ticker] for ticker in sorted(changed)):
                if market.consumed:
                    self._schedule_replenishment(market, market.consumed[-1].back_at)

    def sets_nothing_due(self, command: Command) -> bool:
        """Return whether a command schedules no other one, executed or refused."""
        if self._allocated or self._exchange.state.rules.replenish_us is not None:
            return False
        return isinstance(command, SETTING_NOTHING_DUE) or (
            isinstance(command, EXPIRING) and command.expires_at is None
        )

    def next_number(self, due: DueCommand) -> int:
        """Return the number of a scheduled command for the log: its place among the commands with the same cause."""
        return self._done[due.cause] + 1

    def count(self, due: DueCommand) -> None:
        """Add an executed command to the number of commands with its cause."""
        self._done[due.cause] += 1

    def _schedule_expiry(self, order: Order, after: int) -> None:
        expires_at = order.expires_at
        if expires_at is None or expires_at <= after:
            return

        order_id = order.order_id

        def is_gone() -> bool:
            known = self._exchange.state.orders[order_id]
            return known.status is not OrderStatus.RESTING or known.expires_at != expires_at

        due = DueCommand(EXPIRY, ExpireOrder(order=order_id), is_gone, {"order": order_id})
        self._schedule(EXPIRY_PLACE, [(expires_at, due)])

    def _schedule_close(self, market: Market, after: int) -> None:
        """Schedule the close of a market whose close time was given."""
        close_at = market.details.close_at
        if close_at is None or close_at <= after:
            return

        ticker = market.ticker

        def is_closed() -> bool:
            return self._exchange.state.markets[ticker].status is not MarketStatus.OPEN

        due = DueCommand(CLOSING, CloseMarket(market=ticker), is_closed, {"market": ticker})
        self._schedule(CLOSE_PLACE, [(close_at, due)])

    def _schedule_replenishment(self, market: Market, at: int) -> None:
        if self._replenished_at.get(market.ticker, -1) >= at:
            return
        self._replenished_at[market.ticker] = at

        ticker = market.ticker

        def has_none() -> bool:
            now = self._exchange.state.markets[ticker]
            return not now.consumed or now.consumed[0].back_at > at or now.status is not MarketStatus.OPEN

        due = DueCommand(REPLENISHMENT, ReplenishMarket(market=ticker), has_none, {"market": ticker})
        self._schedule(REPLENISH_PLACE, [(at, due)])

    def _schedule_quote(self, quote: Quote, after: int) -> None:
        """Schedule the end of an accepted quote that nobody confirms, and the execution of a confirmed one."""
        due_at, status = quote.due_at, quote.status
        if due_at is None or status not in (QuoteStatus.ACCEPTED, QuoteStatus.CONFIRMED):
            return

        def has_changed() -> bool:
            return quote.status is not status

        detail = {"quote": quote.quote_id}
        if status is QuoteStatus.ACCEPTED:
            due = DueCommand(QUOTE_VOID, VoidRfqQuote(quote=quote.quote_id), has_changed, detail)
        else:
            due = DueCommand(QUOTE_EXECUTION, ExecuteRfqQuote(quote=quote.quote_id), has_changed, detail)
        self._schedule(QUOTE_PLACE, [(max(due_at, after), due)])

    def _schedule_rebalancing(self, at: int) -> None:
        """Schedule the next movement of cash of each account that is off its target allocation."""
        accounts = self._exchange.state.accounts
        for name in sorted(self._allocated):
            if self._rebalanced_at.get(name, -1) > at or not any(movements(self._exchange.state, accounts[name])):
                continue
            self._rebalanced_at[name] = due_at = at - at % REBALANCED_EVERY_US + REBALANCED_EVERY_US
            self._schedule(REBALANCE_PLACE, [(due_at, self._rebalancing(name))])

    def _rebalancing(self, name: str) -> DueCommand:
        def is_on_target() -> bool:
            state = self._exchange.state
            return not any(movements(state, state.accounts[name]))

        return DueCommand(REBALANCING, RebalanceCash(account=name), is_on_target, {"account": name})

    def _schedule_delivery(self, derivative: Derivative, after: int) -> None:
        """Schedule a delivery; the first derivative also starts the daily settlements."""
        if not self._is_settling:
            self._is_settling = True
            self._schedule(SETTLEMENT_PLACE, self._settlements(after))
        expires_at = derivative.terms.expires_at
        if expires_at is None:
            return
        if expires_at <= after:
            self._report("finding", DELIVERY, {"text": ENDED.format(derivative.name, format_instant(expires_at))})
            return

        name = derivative.name

        def is_delivered() -> bool:
            return not self._exchange.state.derivatives.listed[name].is_open

        due = DueCommand(DELIVERY, DeliverDerivative(derivative=name), is_delivered, {"instrument": name})
        self._schedule(DELIVERY_PLACE, [(expires_at, due)])

    def _settlements(self, after: int) -> Iterator[tuple[int, DueCommand]]:
        listed = self._exchange.state.derivatives.listed
        due = DueCommand(SETTLEMENT, SettleSession(), lambda: not any(one.is_open for one in listed.values()))
        days = (after - SETTLED_AT_US) // DAY_US + 1
        for day in count(days):
            yield day * DAY_US + SETTLED_AT_US, due
