"""Stories of sessions, worked out by hand: what a settlement, a funding and a delivery do, and tell."""

from decimal import Decimal

from mockexchange.core.commands import MarkDerivative
from mockexchange.core.derivatives.valuation import summary_of
from mockexchange.core.events import (
    CashChanged,
    DerivativeDelivered,
    HoldingChanged,
    SessionSettled,
)
from tests.core.derivatives_world import (
    CALL,
    DORA,
    DORA_3,
    FUTURE,
    LINEAR,
    LINEAR_CALL,
    MIRA,
    PERPETUAL,
    PUT,
    SPREAD,
    DerivativesWorld,
    kinds,
    names,
    nine,
    rows,
    seen,
)
from tests.helpers.rows import each_row

ZERO = Decimal(0)


class TestSession:
    def test_what_was_opened_in_the_session_floats_by_its_total(self) -> None:
        world = DerivativesWorld()
        world.trade("buy 1000 @ 110000")
        view = world.view()
        assert view.total == view.floating
        assert nine(view.total) == nine(Decimal(1000) / 110_000 - Decimal(1000) / Decimal("113882.95"))

    def test_what_was_carried_over_a_settlement_floats_by_its_price(self) -> None:
        world = DerivativesWorld()
        world.trade("buy 1000 @ 110000")
        world.settle(**{FUTURE: "115600.09"})
        view = world.view()
        assert view.total > 0 > view.floating
        assert view.settlement_price == Decimal("115600.09")
        carried, now = (Decimal(1000) / Decimal(price) for price in ("115600.09", "113882.95"))
        assert nine(view.floating) == nine(carried - now)
        assert view.printed_floating == Decimal(nine(carried)) - Decimal(nine(now)) != view.floating

    def test_what_is_of_both_floats_by_both(self) -> None:
        world = DerivativesWorld()
        world.trade("buy 1000 @ 110000")
        world.settle(**{FUTURE: "115600.09"})
        carried = world.view().floating
        world.trade("buy 500 @ 114000")
        fresh = Decimal(500) / 114_000 - Decimal(500) / Decimal("113882.95")
        assert nine(world.view().floating) == nine(carried + fresh)

    def test_closing_a_part_realizes_its_share_of_the_session(self) -> None:
        world = DerivativesWorld()
        world.trade("buy 1000 @ 110000")
        world.settle(**{FUTURE: "115600.09"})
        world.trade("sell 250 @ 114000")
        assert nine(world.view().realized) == nine(Decimal(250) / Decimal("115600.09") - Decimal(250) / 114_000)
        assert seen(world.view().size, nine(world.view().average_price)) == [750, "110000"]
        assert rows(world)[0].profit == world.view().realized

    def test_a_flip_closes_all_and_opens_the_rest_at_its_price(self) -> None:
        world = DerivativesWorld()
        world.trade("buy 1000 @ 110000")
        world.trade("sell 1500 @ 112000")
        view = world.view()
        assert seen(view.size, view.average_price) == [-500, 112_000]
        assert nine(view.realized) == nine(Decimal(1000) / 110_000 - Decimal(1000) / 112_000)
        assert view.floating == view.total

    def test_a_settlement_pays_futures_what_the_session_made_and_begins_anew(self) -> None:
        world = DerivativesWorld()
        world.trade("buy 1000 @ 110000")
        world.trade("sell 400 @ 112000")
        made = world.view().realized + Decimal(600) / 110_000 - Decimal(600) / 115_000
        events = world.settle(**{FUTURE: "115000"})
        assert kinds(events) == [SessionSettled, HoldingChanged, CashChanged]
        assert nine(world.cash().settled) == nine(world.cash().amount) == nine(made)
        assert world.view().realized == 0

    def test_a_settlement_at_the_marks_leaves_equity_as_it_was(self) -> None:
        """Of inverse futures too, whose profits are shown rounded."""
        world = DerivativesWorld()
        world.do(MarkDerivative(derivative=PERPETUAL, price=Decimal(113_900)))
        world.trade("buy 500 @ 113500", PERPETUAL)
        before = summary_of(world.exchange.state, DORA, "BTC")
        world.settle()
        after = summary_of(world.exchange.state, DORA, "BTC")
        assert before.equity - after.equity < Decimal("1e-40") > after.equity - before.equity
        assert before.balance == after.session_floating == 0
        assert after.balance > 0 < before.session_floating

    def test_a_settlement_takes_marks_where_no_price_is_given_and_tells_all(self) -> None:
        world = DerivativesWorld()
        [told] = world.settle(**{LINEAR: "100000"})
        assert isinstance(told, SessionSettled)
        prices = dict(told.prices)
        assert seen(prices[LINEAR], prices[FUTURE], prices[SPREAD]) == [100_000, Decimal("113882.95"), -17]
        assert world.view(LINEAR).settlement_price == 100_000

    def test_a_settlement_leaves_the_cash_of_options_alone(self) -> None:
        world = DerivativesWorld()
        world.trade("buy 2 @ 0.02", PUT)
        paid = world.cash().amount
        world.settle(**{PUT: "0.03"})
        assert (paid, world.cash().amount) == (Decimal("-0.04"), Decimal("-0.04"))
        assert (world.view(PUT).floating, world.view(PUT).total) == (Decimal("-0.0390"), Decimal("-0.0190"))

    def test_what_is_flat_is_listed_until_the_settlement(self) -> None:
        world = DerivativesWorld()
        world.trade("buy 10 @ 110000")
        world.trade("sell 10 @ 111000")
        assert (names(world), names(world, with_flat=True)) == ([], [FUTURE])
        assert world.view().realized > 0
        world.settle()
        assert names(world, with_flat=True) == []
        assert world.view().realized == 0
        assert world.cash().settled > 0

    def test_each_book_is_settled_in_each_currency(self) -> None:
        world = DerivativesWorld()
        for subaccount_ref in (DORA, DORA_3):
            world.trade("buy 10 @ 110000", FUTURE, subaccount_ref)
            world.trade("sell 1 @ 110000", LINEAR, subaccount_ref)
        told = [event for event in world.settle() if isinstance(event, CashChanged)]
        assert [(event.subaccount_ref, event.currency) for event in told] == [
            (DORA, "BTC"), (DORA, "USDC"), (DORA_3, "BTC"), (DORA_3, "USDC")
        ]  # fmt: skip
        assert [event.cash for event in told if event.currency == "USDC"] == [-3_910, -3_910]


class TestFunding:
    def test_who_is_long_pays_who_is_short(self) -> None:
        world = DerivativesWorld()
        world.trade("buy 113900 @ 113900", PERPETUAL, against=MIRA, fee=Decimal(0))
        assert kinds(world.fund("0.0001", interest_value="1.7")) == [HoldingChanged] * 2
        long, short = world.view(PERPETUAL), world.view(PERPETUAL, MIRA)
        assert (long.realized_funding, long.realized, long.interest_value) == (
            Decimal("-0.0001"), Decimal("-0.0001"), Decimal("1.7")
        )  # fmt: skip
        assert (short.realized_funding, short.realized) == (Decimal("0.0001"), Decimal("0.0001"))

    def test_a_rate_below_zero_pays_the_other_way_and_of_a_linear_one_in_dollars(self) -> None:
        world = DerivativesWorld()
        world.trade("buy 0.1 @ 113000", LINEAR)
        world.fund("-0.001", LINEAR)
        assert world.view(LINEAR).realized_funding == Decimal("11.391")

    def test_it_is_of_the_session_and_settled_with_it(self) -> None:
        world = DerivativesWorld()
        world.trade("buy 0.1 @ 113910", LINEAR)
        world.fund("-0.001", LINEAR)
        assert summary_of(world.exchange.state, DORA, "USDC").session_funding == Decimal("11.391")
        world.settle()
        assert seen(world.cash("USDC").settled, world.view(LINEAR).realized_funding) == [Decimal("11.391"), 0]

    def test_who_holds_nothing_is_told_nothing(self) -> None:
        assert DerivativesWorld().fund("0.01") == []


class TestDelivery:
    def test_a_future_is_paid_out_at_the_price_and_gone(self) -> None:
        world = DerivativesWorld()
        world.trade("buy 1000 @ 110000")
        world.trade("sell 400 @ 112000")
        made = world.view().realized + Decimal(600) / 110_000 - Decimal(600) / 115_000
        events = world.deliver(price="115000")
        assert kinds(events) == [DerivativeDelivered, HoldingChanged, CashChanged]
        assert events[1] == HoldingChanged(
            subaccount_ref=DORA,
            derivative=FUTURE,
            size=ZERO,
            cost=ZERO,
            session_cost=ZERO,
            realized=ZERO,
            realized_funding=ZERO,
        )
        assert nine(world.cash().settled) == nine(made)
        assert names(world, with_flat=True) == []
        assert seen(world.view().derivative.is_open, world.view().derivative.delivery) == [False, 115_000]

    def test_the_index_is_the_price_where_none_is_given(self) -> None:
        world = DerivativesWorld()
        assert world.deliver() == [DerivativeDelivered(derivative=FUTURE, price=Decimal("113853.63"))]

    @each_row(
        ("derivative", "price", "paid"),
        [
            (PUT, "100000", "0.1"),  # 10,000 dollars below the strike, in coins at 100,000
            (PUT, "110000", "0"),
            (CALL, "160000", "0.25"),
            (CALL, "119999", "0"),
            (LINEAR_CALL, "121000.5", "1000.5"),
        ],
    )
    def test_an_option_pays_what_it_is_in_the_money(self, derivative: str, price: str, paid: str) -> None:
        for sign, amount in (("buy", Decimal(paid)), ("sell", -Decimal(paid))):
            world = DerivativesWorld()
            world.trade(f"{sign} 1 @ 0.5", derivative)
            world.deliver(derivative, price)
            [cash] = world.exchange.state.derivatives.cash[DORA].values()
            assert cash.settled == amount
            assert names(world) == []

    def test_a_flat_one_is_gone_too(self) -> None:
        world = DerivativesWorld()
        world.hold("0", "1")
        assert kinds(world.deliver()) == [DerivativeDelivered]
        assert names(world, with_flat=True) == []

    def test_a_settlement_passes_over_what_was_delivered(self) -> None:
        world = DerivativesWorld()
        world.deliver()
        [told] = world.settle()
        assert isinstance(told, SessionSettled)
        assert FUTURE not in dict(told.prices)
        assert world.view().settlement_price == Decimal("115600.09")
