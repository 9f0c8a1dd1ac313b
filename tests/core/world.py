"""A small exchange to try things on: one word per command, every step checked against invariants and what was told."""

from typing import Any

from mockexchange.core.commands import (
    Command,
    Deposit,
    Fill,
    ListMarket,
    ListSeries,
    NewOrder,
    OpenAccount,
    OpenSubaccount,
    PlaceOrder,
    RestOrder,
)
from mockexchange.core.events import Event, Filled
from mockexchange.core.exchange import Exchange
from mockexchange.core.instants import parse_instant
from mockexchange.core.invariants import violations
from mockexchange.core.model.order_rules import OrderRules
from mockexchange.core.model.orders import Order
from mockexchange.core.model.positions import Position
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import AccountKind, FeeRounding, FeeType, SubaccountRef
from tests.core.event_fold import EventFold
from tests.core.tables import centicents, micros, trade

START = parse_instant("2025-11-03T00:00:00Z")
STEP_US = 1_000


class World:
    """alice, bob (members) and desk (an FCM with st1), a market RAIN-1 without a price, and time that passes."""

    def __init__(
        self, rounding: FeeRounding = FeeRounding.GRID, seed: int = 0, rules: OrderRules | None = None
    ) -> None:
        self.exchange = Exchange(seed, rounding, rules=rules or OrderRules())
        self.at = START
        self.told = EventFold()
        self.do(OpenAccount(account="alice"), OpenAccount(account="bob"))
        self.do(OpenAccount(account="desk", kind=AccountKind.FCM), OpenSubaccount(account="desk", subaccount="st1"))
        self.list_market("RAIN-1")

    def do(self, *commands: Command) -> list[Event]:
        """Carry the commands out, one `STEP_US` after the other; return what happened."""
        return [event for command in commands for event in self._do_one(command)]

    def refuse(self, command: Command) -> Refusal:
        outcome = self.exchange.execute(command, self.at)
        assert isinstance(outcome, Refusal), f"{command} was carried out: {outcome}"
        return outcome

    def list_market(self, market: str, *, fee_type: FeeType = FeeType.QUADRATIC, price: str | None = None) -> None:
        """List "SERIES-NUMBER" in the event and the series of its first word."""
        name = market.partition("-")[0]
        if name not in self.exchange.state.series:
            self.do(ListSeries(series=name, fee_type=fee_type))
        price_centicents = None if price is None else centicents(price)
        self.do(ListMarket(market=market, event=name, series=name, price_centicents=price_centicents))

    def deposit(self, dollars: str, subaccount_ref: str = "alice") -> None:
        self.do(Deposit(subaccount_ref=SubaccountRef.parse(subaccount_ref), amount_micros=micros(dollars)))

    def fill(self, text: str, subaccount_ref: str = "alice", market: str = "RAIN-1", **extra: Any) -> list[Filled]:
        """Carry out "buy yes 10 @ 0.56", with whatever else a `Fill` takes; return its fills."""
        return [event for event in self.do(fill(text, subaccount_ref, market, **extra)) if isinstance(event, Filled)]

    def rest(
        self, text: str, subaccount_ref: str = "alice", market: str = "RAIN-1", order: str | None = None
    ) -> list[Event]:
        return self.do(rest(text, subaccount_ref, market, order))

    def place(self, text: str, subaccount_ref: str = "alice", market: str = "RAIN-1", **extra: Any) -> list[Event]:
        """Carry out "buy yes 10 @ 0.56", with whatever else a `PlaceOrder` takes."""
        return self.do(place(text, subaccount_ref, market, **extra))

    def order(self, name: str) -> Order:
        return self.exchange.state.orders[name]

    def row(self, market: str = "RAIN-1", subaccount_ref: str = "alice") -> Position:
        return self.subaccount(subaccount_ref).positions[market]

    def subaccount(self, subaccount_ref: str = "alice") -> Subaccount:
        return self.exchange.state.subaccounts[SubaccountRef.parse(subaccount_ref)]

    def _do_one(self, command: Command) -> tuple[Event, ...]:
        self.at += STEP_US
        outcome = self.exchange.execute(command, self.at)
        assert not isinstance(outcome, Refusal), outcome
        assert violations(self.exchange.state) == []
        self.told.hear(outcome)
        self.told.compare(self.exchange.state)
        return outcome


def fill(
    text: str, subaccount_ref: str = "alice", market: str = "RAIN-1", *, new: str | None = None, **extra: Any
) -> Fill:
    """Return a fill; `new` is the id of an order that is made with it."""
    if new is not None:
        extra["order"] = NewOrder(new)
    return Fill(subaccount_ref=SubaccountRef.parse(subaccount_ref), market=market, **trade(text)._asdict(), **extra)


def place(text: str, subaccount_ref: str = "alice", market: str = "RAIN-1", **extra: Any) -> PlaceOrder:
    return PlaceOrder(
        subaccount_ref=SubaccountRef.parse(subaccount_ref), market=market, **trade(text)._asdict(), **extra
    )


def rest(text: str, subaccount_ref: str = "alice", market: str = "RAIN-1", order: str | None = None) -> RestOrder:
    return RestOrder(
        subaccount_ref=SubaccountRef.parse(subaccount_ref), market=market, order=order, **trade(text)._asdict()
    )
