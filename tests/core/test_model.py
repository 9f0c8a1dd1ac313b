"""Random commands, legal and not, on the exchange and on one so naive that it can be trusted."""

import os
from collections.abc import Callable
from itertools import chain, product
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from msgspec.structs import replace

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.events import Event, PositionChanged
from mockexchange.core.exchange import Exchange
from mockexchange.core.invariants import violations
from mockexchange.core.model.order_rules import FillRule, OrderRules
from mockexchange.core.model.positions import NONZERO_QUANTITY, NONZERO_RESTING, NONZERO_TRADED, Position
from mockexchange.core.model.ranking import Ranking
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.queries.positions import PositionQuery, find_positions
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import FeeRounding, MarketStatus, Result, SubaccountRef
from tests.core.dump import dump
from tests.core.event_fold import EventFold
from tests.core.naive import strategies as some
from tests.core.naive.cash_strategies import cash
from tests.core.naive.exchange import NaiveExchange
from tests.core.naive.lists import naive_lists, real_lists
from tests.core.naive.objections import objections
from tests.core.naive.pages import naive_pages, real_pages, shown, shown_event
from tests.core.naive.records import Order
from tests.core.naive.trading import do_all
from tests.core.naive.units import micros
from tests.core.world import START
from tests.helpers.effort import examples

pytestmark = pytest.mark.untraced

DELAYS = st.sampled_from([0, 0, 1, 1_000, -5])

COUNT_FILTERS = [sum(bits) for bits in product([0, NONZERO_QUANTITY], [0, NONZERO_TRADED], [0, NONZERO_RESTING])]
QUERIES = [
    PositionQuery(limit=2, settled=settled, nonzero=nonzero, whole_events=whole)
    for settled, nonzero, whole in product([False, True, None], COUNT_FILTERS, [False, True])
]
NARROW: list[dict[str, Any]] = [
    {"ticker": "RAIN-A-0"},
    {"events": ("RAIN-A",)},
    {"events": ("SUN-A", "RAIN-B")},
    {"exchange_index": 1},
    {"exchange_index": 0, "events": ("RAIN-A", "RAIN-B"), "nonzero": NONZERO_QUANTITY},
]
QUERIES += [replace(query, **narrow) for query in QUERIES if not query.nonzero for narrow in NARROW]


FACTS_ONLY = OrderRules(fill=FillRule.NONE, check_cash=False, group_window_us=None)
"""Orders never match here: `test_matching_model` has its own naive exchange for that."""


class TwoExchanges(RuleBasedStateMachine):
    """Every command goes to both. What either refuses the other must, and nothing may ever differ."""

    @initialize(
        rounding=st.sampled_from(FeeRounding),
        run_items_max=st.sampled_from([1, 3, 512]),
        cutoff=st.sampled_from([0, START + 1, START + 2_001, START + 10**6]),
    )
    def open(self, rounding: FeeRounding, run_items_max: int, cutoff: int) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(Ranking, "run_items_max", run_items_max)
        self.exchange = Exchange(7, rounding, cutoff, FACTS_ONLY)
        self.naive = NaiveExchange(rounding, cutoff)
        self.done: list[tuple[Command, int]] = []
        self.exchange.last_at = START
        self.frames: dict[tuple[SubaccountRef, str], PositionChanged] = {}
        self.told = EventFold()
        self.contents: dict[tuple[str, int], object] = {}
        for command in some.PRELUDE:
            self.submit(command, 0)

    @rule(batch=st.lists(some.fills(some.KNOWN), min_size=1, max_size=5), delay=DELAYS)
    def trade(self, batch: list[Command], delay: int) -> None:
        for command in batch:
            self.submit(command, delay)

    @rule(
        batch=st.lists(some.parts() | some.fills(some.KNOWN, some.NEVER_RESTED), min_size=1, max_size=5), delay=DELAYS
    )
    def trade_under_a_name(self, batch: list[Command], delay: int) -> None:
        for command in batch:
            self.submit(command, delay)

    @rule(batch=st.lists(some.rests(some.KNOWN), min_size=1, max_size=4), delay=DELAYS)
    def rest(self, batch: list[Command], delay: int) -> None:
        for command in batch:
            self.submit(command, delay)

    @rule(
        places=st.lists(st.integers(0, 9), min_size=1, max_size=4),
        share=st.sampled_from([1, 40, 100, 100]),
        price_centicents=some.prices,
        delay=DELAYS,
    )
    def fill_orders(self, places: list[int], share: int, price_centicents: int, delay: int) -> None:
        for name, order in chain.from_iterable(map(self.named_orders, places)):
            part = commands.Fill(
                subaccount_ref=order.subaccount_ref,
                market=order.market,
                side=order.side,
                action=order.action,
                count_centis=max(1, int(order.remaining * share)),
                price_centicents=price_centicents,
                order=name,
            )
            self.submit(part, delay)

    @rule(
        places=st.lists(st.integers(0, 9), min_size=1, max_size=3),
        command=some.order_changes(some.KNOWN) | some.amendments(some.KNOWN),
        delay=DELAYS,
    )
    def change_orders(self, places: list[int], command: Command, delay: int) -> None:
        """Of whichever order the command is."""
        for name, _ in chain.from_iterable(map(self.named_orders, places)):
            change: Any = command
            self.submit(replace(change, order=name), delay)

    @rule(command=some.imports(some.KNOWN) | cash(some.KNOWN.subaccount_refs), delay=DELAYS)
    def contribute(self, command: Command, delay: int) -> None:
        self.submit(command, delay)

    @rule(command=some.groupings(some.KNOWN), delay=DELAYS)
    def group(self, command: Command, delay: int) -> None:
        self.submit(command, delay)

    @rule(
        command=some.lives(some.KNOWN) | some.listings(some.KNOWN) | some.quotes(some.KNOWN),
        delay=DELAYS,
    )
    def move_a_market(self, command: Command, delay: int) -> None:
        self.submit(command, delay)

    @rule(place=st.integers(0, 9), decision=some.decisions, delay=DELAYS)
    def settle_a_held_market(self, place: int, decision: tuple[Result, int | None], delay: int) -> None:
        held = sorted(
            {
                row.market
                for subaccount_ref in self.naive.cash
                for row in self.naive.rows(subaccount_ref)
                if row.quantity_centis
            }
        )
        if held:
            self.submit(some.decided(commands.SettleMarket, held[place % len(held)], decision), delay)

    @rule(
        market=some.KNOWN.markets, move=st.sampled_from([commands.FinalizeMarket, commands.DisputeMarket]), delay=DELAYS
    )
    def finish_a_market(self, market: str, move: Callable[..., Command], delay: int) -> None:
        if self.naive.markets[market].status is MarketStatus.DETERMINED:
            self.submit(move(market=market), delay)

    @rule(command=some.anything(some.ANY), delay=DELAYS)
    def go_astray(self, command: Command, delay: int) -> None:
        self.submit(command, delay)

    def teardown(self) -> None:
        self.patch.undo()

    def named_orders(self, place: int) -> list[tuple[str, Order]]:
        """One order that a command can name, if there is any, and one that rests if one does."""
        named = [(order.name, order) for order in self.naive.orders if order.name]
        likely = [(name, order) for name, order in named if order.remaining and place] or named
        return [likely[place % len(likely)]] if likely else []

    def submit(self, command: Command, delay: int) -> None:
        at = max(self.exchange.last_at, self.exchange.last_at + delay)
        expected = objections(command, self.naive)
        before = dump(self.exchange.state) if expected else []
        outcome = self.exchange.execute(command, self.exchange.last_at + delay)
        if isinstance(outcome, Refusal):
            assert outcome.code in expected, outcome
            assert dump(self.exchange.state) == before
        else:
            assert not expected, f"expected {expected}"
            self.done.append((command, at))
            self.compare(outcome)

    def compare(self, happened: tuple[Event, ...]) -> None:
        """Both exchanges, everything, and the pages of every book that changed."""
        self.told.hear(happened)
        self.told.compare(self.exchange.state)
        changes = [event for event in happened if isinstance(event, PositionChanged)]
        self.frames.update({(change.subaccount_ref, change.market): change for change in changes})
        self.naive = do_all(NaiveExchange(self.naive.rounding, self.naive.cutoff), self.done)
        assert violations(self.exchange.state) == []
        assert list(self.exchange.state.subaccounts) == list(self.naive.cash)
        real, naive = real_lists(self.exchange.state), naive_lists(self.naive)
        for name in naive | real:
            assert real[name] == naive[name], name
        for subaccount_ref, subaccount in self.exchange.state.subaccounts.items():
            self.compare_subaccount(subaccount_ref, subaccount)
            self.remember_revisions(subaccount)
        for subaccount_ref in {change.subaccount_ref for change in changes}:
            self.compare_pages(subaccount_ref)

    def compare_subaccount(self, subaccount_ref: SubaccountRef, subaccount: Subaccount) -> None:
        assert [shown(row) for row in subaccount.positions.values()] == self.naive.rows(subaccount_ref)
        for row in subaccount.positions.values():
            last = self.frames[subaccount_ref, row.market.ticker]
            assert last == frame(row, last)
        assert subaccount.cash_micros == micros(self.naive.cash[subaccount_ref])
        assert subaccount.updated_at == self.naive.paid_at[subaccount_ref]
        assert subaccount.contributed_micros == micros(self.naive.contributed[subaccount_ref])
        assert subaccount.reserved_micros == micros(self.naive.reserved(subaccount_ref))
        for shard in (0, 1, 2):
            assert subaccount.free_on(shard) == micros(self.naive.free(subaccount_ref, shard)), shard
        values = {index: micros(value) for index, value in self.naive.values(subaccount_ref).items()}
        assert {index: value for index, value in subaccount.values_micros.items() if value} == values

    def compare_pages(self, subaccount_ref: SubaccountRef) -> None:
        subaccount, rows = self.exchange.state.subaccounts[subaccount_ref], self.naive.rows(subaccount_ref)
        for query in QUERIES[len(self.done) % 3 :: 3]:  # all of them after three commands
            assert real_pages(subaccount, query) == naive_pages(rows, query), query

    def remember_revisions(self, subaccount: Subaccount) -> None:
        """A revision never stands for two contents: that is what makes it a cache key."""
        self.remember("book", subaccount.revision, [shown(row) for row in subaccount.positions.values()])
        for row in subaccount.positions.values():
            self.remember("row", row.revision, shown(row))
        for settled in [False, True, None]:
            for event in find_positions(subaccount, PositionQuery(limit=1_000, settled=settled)).events:
                self.remember("event", event.revision, shown_event(event))

    def remember(self, kind: str, revision: int, content: object) -> None:
        assert self.contents.setdefault((kind, revision), content) == content


def frame(row: Position, last: PositionChanged) -> PositionChanged:
    """What the last event about a row must have said; whether it moved is known to `EventFold`."""
    values = shown(row)._asdict()
    told = {name: values[name] for name in PositionChanged.__struct_fields__ if name in values}
    return PositionChanged(subaccount_ref=row.subaccount_ref, has_moved=last.has_moved, **told)


TestTwoExchanges = TwoExchanges.TestCase
TestTwoExchanges.settings = settings(
    max_examples=examples(40),
    stateful_step_count=50,
    deadline=None,  # a machine under load is no failure
    derandomize="CI" in os.environ,  # the gate must be repeatable; at home new paths are found
)
