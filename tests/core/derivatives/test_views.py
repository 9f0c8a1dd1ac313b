"""What is shown of prices, positions and accounts."""

from decimal import Decimal

from mockexchange.core.commands import Command, ListDerivative, MarkDerivative, SetIndex, SettleSession
from mockexchange.core.derivatives.derivative import Greeks, MarginTerms
from mockexchange.core.derivatives.valuation import PositionView, currencies_of, summary_of
from mockexchange.core.derivatives.vocabulary import Form, OptionType, Period
from mockexchange.core.events import (
    CashChanged,
    DerivativeListed,
    DerivativeMarked,
    IndexSet,
)
from mockexchange.core.vocabulary import SubaccountRef
from tests.core.derivatives_world import (
    CALL,
    DORA,
    EXPIRY,
    FUTURE,
    LINEAR,
    LINEAR_CALL,
    LINEAR_FUTURE,
    MIRA,
    OPTION,
    PERPETUAL,
    PUT,
    SPREAD,
    DerivativesWorld,
    nine,
    seen,
    terms,
    trade,
)
from tests.helpers.rows import each_row


class TestPrices:
    def test_what_is_listed_marked_and_set_is_told(self) -> None:
        world = DerivativesWorld()
        assert world.do(ListDerivative(terms=terms("NEW"), mark=Decimal(1))) == [DerivativeListed(derivative="NEW")]
        assert world.mark("2", "NEW") == [DerivativeMarked(derivative="NEW", price=Decimal(2))]
        assert world.do(SetIndex(index="sol_usd", price=Decimal(3))) == [IndexSet(index="sol_usd", price=Decimal(3))]
        assert seen(world.view("NEW").mark_price, world.view("NEW").derivative.updated_at) == [2, world.at - 1_000]

    def test_every_change_that_shows_has_a_revision_of_its_own(self) -> None:
        world = DerivativesWorld()
        revisions = []
        steps: list[Command] = [
            trade("buy 10 @ 110000"),
            SettleSession(),
            MarkDerivative(derivative=FUTURE, price=Decimal(5)),
            SetIndex(index="btc_usd", price=Decimal(7)),
        ]
        for step in steps:
            world.do(step)
            revisions.append(world.view().revision)
        assert revisions == sorted(set(revisions))

    def test_an_index_moves_the_dollars_of_an_option(self) -> None:
        world = DerivativesWorld()
        world.trade("buy 1 @ 0.02", PUT)
        before = world.view(PUT).floating_usd
        world.do(SetIndex(index="btc_usd", price=Decimal(200_000)))
        view = world.view(PUT)
        assert seen(view.index_price, view.average_price_usd) == [200_000, Decimal("0.02") * Decimal("113853.63")]
        assert before == (Decimal("0.0105") - Decimal("0.02")) * Decimal("113853.63")
        assert view.floating_usd == Decimal("0.0105") * 200_000 - Decimal("0.02") * Decimal("113853.63")
        assert seen(view.total, view.realized) == [Decimal("-0.0095"), 0]

    def test_greeks_are_given_or_follow_from_a_volatility_and_are_the_positions(self) -> None:
        world = DerivativesWorld()
        world.trade("sell 2 @ 0.02", PUT)
        world.mark("0.01", PUT, greeks=Greeks(delta=Decimal("-0.3"), gamma=Decimal("0.00002"), vega=Decimal(7)))
        view = world.view(PUT)
        assert seen(view.delta, view.gamma, view.vega, view.theta) == [Decimal("0.6"), Decimal("-0.00004"), -14, 0]
        world.mark("0.01", PUT)
        assert world.view(PUT).delta == Decimal("0.6")
        world.mark("0.01", PUT, iv=Decimal(50))
        assert world.view(PUT).derivative.iv == 50
        assert 0 < world.view(PUT).delta < Decimal("0.6")

    def test_a_listing_with_a_volatility_alone_has_greeks(self) -> None:
        world = DerivativesWorld()
        option = terms("NEW", strike=Decimal(1), option_type=OptionType.CALL, **OPTION)
        world.do(ListDerivative(terms=option, mark=Decimal("0.1"), iv=Decimal(50)))
        world.do(ListDerivative(terms=terms("F"), mark=Decimal(1), iv=Decimal(50)))
        assert seen(world.view("NEW").derivative.greeks.delta, world.view("F").derivative.greeks) == [1, Greeks()]

    def test_given_greeks_count_before_those_of_a_volatility(self) -> None:
        world = DerivativesWorld()
        world.do(MarkDerivative(derivative=PUT, price=Decimal(1), iv=Decimal(9), greeks=Greeks(delta=Decimal(-1))))
        assert world.view(PUT).derivative.greeks == Greeks(delta=Decimal(-1))


class TestViews:
    def test_what_there_is_not_for_a_kind_is_none(self) -> None:
        world = DerivativesWorld()
        absent = {
            derivative: {
                name for name in PositionView.__struct_fields__ if getattr(world.view(derivative), name) is None
            }
            for derivative in (FUTURE, PERPETUAL, LINEAR, LINEAR_FUTURE, PUT, LINEAR_CALL)
        }
        of_options = {"average_price_usd", "floating_usd", "gamma", "vega", "theta"}
        of_perpetuals = {"realized_funding", "interest_value"}
        assert absent[FUTURE] == absent[LINEAR_FUTURE] == of_options | of_perpetuals
        assert absent[PERPETUAL] == absent[LINEAR] == of_options
        assert absent[PUT] == absent[LINEAR_CALL] == of_perpetuals | {"size_currency", "leverage"}

    def test_nothing_of_a_flat_position_is_minus_zero(self) -> None:
        world = DerivativesWorld()
        world.mark("0.01", PUT, greeks=Greeks(delta=Decimal("-0.3"), theta=Decimal(-1), vega=Decimal(1)))
        for derivative in (FUTURE, PERPETUAL, LINEAR, PUT, CALL):
            view = world.view(derivative)
            numbers = [value for name in view.__struct_fields__ if isinstance(value := getattr(view, name), Decimal)]
            assert not any(number.is_signed() for number in numbers)

    @each_row("mark", ["0", "-5", "17"])
    def test_a_combo_is_shown_flat_whatever_its_price(self, mark: str) -> None:
        world = DerivativesWorld()
        world.mark(mark, SPREAD)
        world.trade("buy 10 @ 0", SPREAD)
        view = world.view(SPREAD)
        assert seen(view.size, view.total, view.initial_margin, view.delta, view.leverage) == [0, 0, 0, 0, 25]

    def test_a_linear_position_shows_its_notional(self) -> None:
        world = DerivativesWorld()
        world.trade("sell 0.2 @ 113000", LINEAR)
        view = world.view(LINEAR)
        assert seen(view.size, view.size_currency, view.delta) == [-22_782, Decimal("-0.2"), Decimal("-0.2")]
        assert seen(view.total, view.average_price) == [-182, 113_000]

    @each_row(
        ("rates", "leverage"),
        [(("0.04", "0.00005"), 25), (("0.02", "0"), 50), (("0.03", "0"), 33), (("0.04", "1"), 11)],
    )
    def test_leverage_is_value_over_margin_to_the_nearest_whole(self, rates: tuple[str, str], leverage: int) -> None:
        world = DerivativesWorld()
        margin = MarginTerms(initial=Decimal(rates[0]), slope=Decimal(rates[1]))
        world.do(ListDerivative(terms=terms("F", margin=margin), mark=Decimal(100_000)))
        world.trade("sell 5000 @ 100000", "F")
        assert world.view("F").leverage == leverage

    def test_leverage_of_a_flat_position_is_that_of_the_smallest(self) -> None:
        assert DerivativesWorld().view().leverage == 25

    @each_row(
        ("derivative", "index", "mark", "initial", "maintenance"),
        [
            (PUT, "110000", "0.05", "0.2", "0.125"),  # at the money
            (PUT, "113000", "0.01", "0.1334513274", "0.085"),
            (PUT, "220000", "0.0001", "0.1001", "0.0751"),  # far out of it
            (PUT, "10000", "10", "10.75", "10.75"),  # so deep in it that its maintenance is more
            (CALL, "120000", "0.05", "0.2", "0.125"),
            (CALL, "100000", "0.05", "0.15", "0.125"),
        ],
    )
    def test_an_option_needs_margin_where_it_is_short(
        self, derivative: str, index: str, mark: str, initial: str, maintenance: str
    ) -> None:
        world = DerivativesWorld()
        world.do(SetIndex(index="btc_usd", price=Decimal(index)))
        world.mark(mark, derivative)
        world.trade("sell 2 @ 0.02", derivative, against=MIRA)
        short, long = world.view(derivative), world.view(derivative, MIRA)
        assert (nine(short.initial_margin), nine(short.maintenance_margin)) == (
            nine(Decimal(initial) * 2), nine(Decimal(maintenance) * 2)
        )  # fmt: skip
        assert seen(long.initial_margin, long.maintenance_margin) == [0, 0]

    def test_a_linear_option_needs_its_margin_in_dollars(self) -> None:
        world = DerivativesWorld()
        world.do(SetIndex(index="btc_usdc", price=Decimal(120_000)))
        world.trade("sell 1 @ 230", LINEAR_CALL)
        assert seen(world.view(LINEAR_CALL).initial_margin, world.view(LINEAR_CALL).maintenance_margin) == [
            18_230,
            9_230,
        ]


class TestSummary:
    def test_the_official_example_adds_up(self) -> None:
        """Its numbers, from its balance, what its futures and options made and are worth, and its margin."""
        world = DerivativesWorld()
        world.credit("302.60065765")
        world.hold("100000", "113882.95", FUTURE, reference=Decimal("113882.95"), realized=Decimal("0.02663440"))
        world.hold("1", "0.01", PUT, reference=Decimal("0.0105"))
        summary = summary_of(world.exchange.state, DORA, "BTC")
        assert (summary.balance, summary.margin_balance) == (Decimal("302.60065765"), Decimal("302.62729205"))
        assert summary.equity == summary.margin_balance + Decimal("0.0105")
        assert nine(summary.available_funds) == nine(summary.margin_balance - summary.initial_margin)
        assert nine(summary.available_withdrawal_funds) == nine(summary.balance - summary.initial_margin)

    def test_sums_are_those_of_the_positions_by_kind(self) -> None:
        world = DerivativesWorld()
        world.trade("buy 1000 @ 110000")
        world.trade("sell 500 @ 112000", PERPETUAL)
        world.trade("sell 300 @ 113000")
        world.trade("buy 1 @ 0.02", PUT)
        world.trade("sell 2 @ 0.003", CALL)
        world.mark("0.01", PUT, greeks=Greeks(delta=Decimal("-0.3"), vega=Decimal(2)))
        world.trade("buy 1 @ 113000", LINEAR)
        summary = summary_of(world.exchange.state, DORA, "BTC")
        future, perpetual, put, call = (world.view(name) for name in (FUTURE, PERPETUAL, PUT, CALL))
        assert nine(summary.futures_session_floating) == nine(future.floating + perpetual.floating)
        assert nine(summary.futures_session_realized) == nine(future.realized + perpetual.realized)
        assert nine(summary.session_floating) == nine(
            summary.futures_session_floating + summary.options_session_floating
        )
        assert nine(summary.session_realized) == nine(
            summary.futures_session_realized + summary.options_session_realized
        )
        assert nine(summary.total) == nine(summary.futures_total + summary.options_total)
        assert summary.options_total == put.total + call.total == Decimal("-0.008")
        assert summary.options_value == Decimal("0.006")
        assert seen(summary.options_delta, summary.options_vega, summary.options_gamma) == [Decimal("-0.3"), 2, 0]
        assert nine(summary.delta_total) == nine(future.delta + perpetual.delta + put.delta)
        assert nine(summary.initial_margin) == nine(
            future.initial_margin + perpetual.initial_margin + call.initial_margin
        )
        assert summary_of(world.exchange.state, DORA, "USDC").delta_total == 1

    def test_a_currency_that_was_never_there_is_zeros(self) -> None:
        summary = summary_of(DerivativesWorld().exchange.state, DORA, "ETH")
        numbers = [value for name in summary.__struct_fields__ if isinstance(value := getattr(summary, name), Decimal)]
        assert not any(numbers)

    def test_currencies_are_those_of_cash_and_of_what_is_held(self) -> None:
        world = DerivativesWorld()
        world.credit("1", "ETH")
        world.hold("1", "113000", LINEAR)
        assert currencies_of(world.exchange.state, DORA) == ["ETH", "USDC"]
        assert currencies_of(world.exchange.state, SubaccountRef("nobody")) == []

    def test_cash_comes_and_goes(self) -> None:
        world = DerivativesWorld()
        assert world.credit("1.5") == [CashChanged(subaccount_ref=DORA, currency="BTC", cash=Decimal("1.5"))]
        assert world.credit("-1.5") == [CashChanged(subaccount_ref=DORA, currency="BTC", cash=Decimal(0))]
        assert currencies_of(world.exchange.state, DORA) == ["BTC"]


def test_what_settles_and_whether_it_expires_follow_from_the_terms() -> None:
    assert terms("X").settlement_currency == "BTC"
    assert terms("X", form=Form.LINEAR, quote="USDC").settlement_currency == "USDC"
    assert terms("X", period=Period.PERPETUAL).is_perpetual
    assert terms("X").expires_at == EXPIRY
