"""Random orders on the exchange and on a matcher so naive that it can be trusted: one list, sorted again each time."""

import os
from dataclasses import dataclass, field

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.events import Filled
from mockexchange.core.exchange import Exchange
from mockexchange.core.invariants import violations
from mockexchange.core.model.order_rules import OrderRules, RowRule
from mockexchange.core.refusals import Refusal, RefusalCode
from mockexchange.core.vocabulary import (
    CENTICENTS_PER_DOLLAR,
    AccountKind,
    Action,
    OrderStatus,
    SelfTradePrevention,
    Side,
    SubaccountRef,
    TimeInForce,
)
from tests.core.event_fold import EventFold
from tests.core.world import START
from tests.helpers.effort import examples

pytestmark = pytest.mark.untraced

OWNERS = [SubaccountRef.parse(name) for name in ("alice", "alice/1", "bob", "desk", "desk/st1")]
STRANGER = SubaccountRef("strangers")
MARKET = "RAIN-1"
DOLLAR = CENTICENTS_PER_DOLLAR
IOC, FOK = TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL
PRELUDE: list[Command] = [
    commands.OpenAccount(account="alice"),
    commands.OpenSubaccount(account="alice", subaccount="1"),
    commands.OpenAccount(account="bob"),
    commands.OpenAccount(account="desk", kind=AccountKind.FCM),
    commands.OpenSubaccount(account="desk", subaccount="st1"),
    commands.ListMarket(market=MARKET, event="RAIN", series="RAIN"),
    *(commands.Deposit(subaccount_ref=owner, amount_micros=40_000_000) for owner in OWNERS if owner.subaccount != "1"),
    commands.Transfer(source=OWNERS[0], target=OWNERS[1], amount_micros=20_000_000),
]


@dataclass
class Offer:
    """Anything that is in the book: `yes` is its price of YES, `bids` whether it buys YES."""

    name: str
    owner: SubaccountRef
    bids: bool
    yes: int
    left: int
    arrived: int
    """0 for strangers, who trade before all others at their price."""
    fills: list[tuple[int, int]] = field(default_factory=list)
    """(count, price of YES)."""
    is_canceled: bool = False


class NaiveBook:
    """A list of offers."""

    def __init__(self) -> None:
        self.offers: list[Offer] = []
        self.arrivals = 0
        self.positions: dict[SubaccountRef, int] = {}

    def met_by(self, taker: Offer) -> list[Offer]:
        """Everything that an offer would trade with, in that order."""
        met = [
            other
            for other in self.offers
            if other.left
            and other.bids != taker.bids
            and (other.yes <= taker.yes if taker.bids else other.yes >= taker.yes)
        ]
        return sorted(met, key=lambda other: (other.yes if taker.bids else -other.yes, other.arrived))

    def take(self, taker: Offer, wanted: int, cancels_makers: bool) -> bool:
        """Trade; return whether the taker stopped at an offer of its own."""
        for other in self.met_by(taker):
            if not wanted:
                return False
            if is_own(taker, other):
                if not cancels_makers:
                    return True
                other.left, other.is_canceled = 0, True
                continue
            count = min(wanted, other.left)
            wanted -= count
            for one in (taker, other):
                one.left -= count
                one.fills.append((count, other.yes))
                self.positions[one.owner] = self.positions.get(one.owner, 0) + (count if one.bids else -count)
        return False

    def join(self, offer: Offer) -> None:
        self.arrivals += 1
        offer.arrived = self.arrivals
        self.offers.append(offer)


def is_own(one: Offer, other: Offer) -> bool:
    if one.owner.account == "desk":
        return one.owner == other.owner
    return one.owner.account == other.owner.account


counts = st.integers(1, 5).map(lambda contracts: contracts * 100) | st.integers(1, 400)
prices = st.sampled_from([4_000, 4_500, 5_000, 5_500, 6_000])


class TwoBooks(RuleBasedStateMachine):
    """Every order goes to both."""

    @initialize()
    def open(self) -> None:
        self.exchange = Exchange(7, rules=OrderRules(post_only_row=RowRule.NONE))
        self.book, self.told, self.placed = NaiveBook(), EventFold(), 0
        self.done: dict[str, Offer] = {}
        self.exchange.last_at = START
        for command in PRELUDE:
            self.execute(command)

    def execute(self, command: Command) -> Refusal | list[Filled]:
        outcome = self.exchange.execute(command, self.exchange.last_at + 1_000)
        if isinstance(outcome, Refusal):
            return outcome
        self.told.hear(outcome)
        self.told.compare(self.exchange.state)
        assert violations(self.exchange.state) == []
        return [event for event in outcome if isinstance(event, Filled)]

    @rule(
        owner=st.sampled_from(OWNERS),
        side=st.sampled_from(Side),
        action=st.sampled_from(Action),
        count=counts,
        price=prices,
        force=st.sampled_from([TimeInForce.GOOD_TILL_CANCELED] * 3 + [IOC, FOK]),
        post_only=st.sampled_from([False, False, True]),
        reduces=st.sampled_from([False, False, True]),
        prevention=st.sampled_from([None, *SelfTradePrevention]),
        max_cost=st.sampled_from([None, None, None, 1_000_000]),
    )
    def place(
        self,
        *,
        owner: SubaccountRef,
        side: Side,
        action: Action,
        count: int,
        price: int,
        force: TimeInForce,
        post_only: bool,
        reduces: bool,
        prevention: SelfTradePrevention | None,
        max_cost: int | None,
    ) -> None:
        self.placed += 1
        name = f"order {self.placed}"
        outcome = self.execute(
            commands.PlaceOrder(
                subaccount_ref=owner,
                market=MARKET,
                side=side,
                action=action,
                count_centis=count,
                price_centicents=price,
                time_in_force=force,
                post_only=post_only,
                reduce_only=reduces and force is IOC,
                self_trade_prevention=prevention,
                max_cost_micros=max_cost,
                order=name,
            )
        )
        if isinstance(outcome, Refusal) and outcome.code is RefusalCode.INSUFFICIENT_CASH:
            return  # cash has its own model
        bids = (side is Side.YES) == (action is Action.BUY)
        offer = Offer(name, owner, bids, price if side is Side.YES else DOLLAR - price, count, 0)
        expected = self.expected_refusal(offer, force, side, post_only, max_cost)
        if expected is not None:
            assert isinstance(outcome, Refusal), expected
            assert outcome.code is expected
            return
        assert not isinstance(outcome, Refusal), outcome
        held = self.book.positions.get(owner, 0)
        wanted = min(count, max(0, -held if bids else held)) if reduces and force is IOC else count
        stopped = self.book.take(offer, wanted, prevention is SelfTradePrevention.MAKER)
        self.done[name] = offer
        if offer.left and not stopped and force is TimeInForce.GOOD_TILL_CANCELED and max_cost is None:
            self.book.join(offer)
        else:
            offer.is_canceled, offer.left = offer.left > 0, 0
        self.compare()

    def expected_refusal(
        self, offer: Offer, force: TimeInForce, side: Side, post_only: bool, max_cost: int | None
    ) -> RefusalCode | None:
        met = self.book.met_by(offer)
        if post_only and met:
            return RefusalCode.POST_ONLY_WOULD_CROSS
        if force is not FOK and max_cost is None:
            return None
        left, cost = offer.left, 0
        for other in met:
            if not left:
                break
            if is_own(offer, other):
                return None
            count = min(left, other.left)
            left -= count
            cost += count * (other.yes if side is Side.YES else DOLLAR - other.yes)
        is_dear = max_cost is not None and cost > max_cost
        return RefusalCode.FILL_OR_KILL_UNFILLED if left or is_dear else None

    @rule(place=st.integers(0, 9), price=prices, more=st.sampled_from([-200, -1, 0, 0, 50, 300]))
    def amend(self, place: int, price: int, more: int) -> None:
        resting = self.resting()
        if not resting:
            return
        offer = resting[place % len(resting)]
        order = self.exchange.state.orders[offer.name]
        total = order.filled_centis + max(0, order.remaining_centis + more)
        own = price if order.side is Side.YES else DOLLAR - price
        outcome = self.execute(commands.AmendOrder(order=offer.name, price_centicents=own, count_centis=total))
        if isinstance(outcome, Refusal):
            assert outcome.code is RefusalCode.INSUFFICIENT_CASH, outcome
            return
        left = total - sum(count for count, _ in offer.fills)
        keeps_place = price == offer.yes and left <= offer.left
        offer.yes, offer.left = (price if left else offer.yes), left
        if not keeps_place and left:
            self.book.offers.remove(offer)
            stopped = self.book.take(offer, left, order.self_trade_prevention is SelfTradePrevention.MAKER)
            if offer.left and not stopped:
                self.book.join(offer)
        if offer not in self.book.offers or not left:
            offer.is_canceled, offer.left = offer.left > 0 or not left, 0
        self.compare()

    @rule(place=st.integers(0, 9), count=counts)
    def decrease(self, place: int, count: int) -> None:
        for offer in self.resting()[place : place + 1]:
            assert not isinstance(self.execute(commands.ReduceOrder(order=offer.name, count_centis=count)), Refusal)
            offer.is_canceled = count >= offer.left
            offer.left = max(0, offer.left - count)
        self.compare()

    @rule(owner=st.sampled_from(OWNERS))
    def cancel_all(self, owner: SubaccountRef) -> None:
        self.execute(commands.CancelAllOrders(account=owner.account, subaccount=owner.subaccount))
        for offer in self.resting():
            if offer.owner == owner:
                offer.left, offer.is_canceled = 0, True
        self.compare()

    @rule(
        yes=st.dictionaries(st.sampled_from([4_000, 4_500, 5_000]), counts, max_size=2),
        no=st.dictionaries(st.sampled_from([4_000, 4_500]), counts, max_size=2),
    )
    def quote(self, yes: dict[int, int], no: dict[int, int]) -> None:
        self.execute(commands.QuoteMarket(market=MARKET, yes=tuple(yes.items()), no=tuple(no.items())))
        self.book.offers = [offer for offer in self.book.offers if offer.owner != STRANGER]
        for bids, levels in ((True, yes), (False, no)):
            for price, count in sorted(levels.items(), reverse=True):
                offer = Offer("", STRANGER, bids, price if bids else DOLLAR - price, count, 0)
                self.book.take(offer, count, False)
                self.book.offers.append(offer)
        self.compare()

    @rule(side=st.sampled_from(Side), count=counts, price=prices)
    def print_trade(self, side: Side, count: int, price: int) -> None:
        self.execute(commands.TradeMarket(market=MARKET, side=side, count_centis=count, price_centicents=price))
        taker = Offer("", STRANGER, side is Side.YES, price if side is Side.YES else DOLLAR - price, count, 0)
        for other in self.book.met_by(taker):  # strangers trade with strangers too
            taken = min(taker.left, other.left)
            taker.left, other.left = taker.left - taken, other.left - taken
            if taken and other.owner != STRANGER:
                other.fills.append((taken, other.yes))
                held = self.book.positions.get(other.owner, 0)
                self.book.positions[other.owner] = held + (taken if other.bids else -taken)
        self.compare()

    def resting(self) -> list[Offer]:
        return [offer for offer in self.book.offers if offer.left and offer.owner != STRANGER]

    def compare(self) -> None:
        """Every order, every position, the outside bids, and that nothing crosses."""
        state = self.exchange.state
        for name, offer in self.done.items():
            order = state.orders[name]
            assert [(fill.trade.count_centis, fill.trade.yes_centicents) for fill in order.fills] == offer.fills, name
            assert order.remaining_centis == offer.left, name
            assert (order.status is OrderStatus.CANCELED) == offer.is_canceled, name
        for owner in OWNERS:
            row = state.subaccounts[owner].positions.get(MARKET)
            assert (row.stake.quantity_centis if row else 0) == self.book.positions.get(owner, 0)
        quotes = state.markets[MARKET].quotes or {Side.YES: {}, Side.NO: {}}
        outside = [offer for offer in self.book.offers if offer.owner == STRANGER and offer.left]
        assert quotes[Side.YES] == {offer.yes: offer.left for offer in outside if offer.bids}
        assert quotes[Side.NO] == {DOLLAR - offer.yes: offer.left for offer in outside if not offer.bids}
        bids, asks = ([o.yes for o in self.book.offers if o.left and o.bids is bids] for bids in (True, False))
        assert max(bids, default=0) < min(asks, default=DOLLAR)


TestTwoBooks = TwoBooks.TestCase
TestTwoBooks.settings = settings(
    max_examples=examples(60),
    stateful_step_count=40,
    deadline=None,  # a machine under load is no failure
    derandomize="CI" in os.environ,
)
