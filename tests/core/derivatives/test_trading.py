"""Stories of trades, worked out by hand: what they do to what is held, and what they tell."""

from decimal import Decimal

from mockexchange.core.commands import SetIndex
from mockexchange.core.derivatives.valuation import currencies_of, position_of, positions_of, summary_of
from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.core.events import (
    CashChanged,
    DerivativeTraded,
    HoldingChanged,
)
from mockexchange.core.model.paged_history import Window
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
    STRADDLE,
    DerivativesWorld,
    kinds,
    names,
    rows,
    seen,
)
from tests.helpers.rows import each_row


class TestTrades:
    def test_both_sides_are_told_and_share_the_trade(self) -> None:
        world = DerivativesWorld()
        events = world.trade("buy 100 @ 113000", against=MIRA, taker=True, label="mine", fee=None, order="o-1")
        assert kinds(events) == [DerivativeTraded, HoldingChanged, CashChanged] * 2
        [mine], [theirs] = rows(world), rows(world, MIRA)
        assert (mine.trade_id, mine.trade_seq) == (theirs.trade_id, theirs.trade_seq)
        assert (mine.direction, theirs.direction) == (Direction.BUY, Direction.SELL)
        assert (mine.is_taker, theirs.is_taker) == (True, False)
        assert (mine.label, theirs.label) == ("mine", "")
        assert (mine.order_id, mine.order_id != theirs.order_id) == ("o-1", True)
        assert seen(mine.position_size, theirs.position_size) == [100, -100]
        assert mine.serial < theirs.serial
        assert seen(world.view().size, world.view(subaccount_ref=MIRA).size) == [100, -100]

    def test_a_row_remembers_the_prices_of_its_instant(self) -> None:
        world = DerivativesWorld()
        world.trade("buy 1 @ 0.02", PUT)
        world.mark("0.5", PUT)
        world.do(SetIndex(index="btc_usd", price=Decimal(1)))
        [row] = rows(world)
        assert (row.mark, row.index, row.price) == (Decimal("0.0105"), Decimal("113853.63"), Decimal("0.02"))
        assert (row.created_at, row.kind, row.currency, row.partition) == (
            world.at - 2_000,
            "option",
            "BTC",
            ("option",),
        )

    @each_row(("text", "is_long_tick"), [("0.01", False), ("0.02", True), ("0.03", True)])
    def test_a_tick_is_long_unless_the_price_fell(self, text: str, is_long_tick: bool) -> None:
        world = DerivativesWorld()
        world.trade("buy 1 @ 0.02", PUT)
        world.trade(f"buy 1 @ {text}", PUT)
        assert [row.is_long_tick for row in rows(world)] == [is_long_tick, True]
        assert [row.trade_seq for row in rows(world)] == [2, 1]
        assert world.view(PUT).derivative.last == Decimal(text)

    def test_rows_are_found_by_book_currency_contract_and_time(self) -> None:
        world = DerivativesWorld()
        world.trade("buy 10 @ 113000")
        world.trade("buy 1 @ 0.02", PUT)
        world.trade("buy 1 @ 113000", LINEAR)
        world.trade("buy 10 @ 113000", subaccount_ref=DORA_3)
        find = world.exchange.state.derivatives.trades.find
        assert [row.derivative for row in find(9, [("currency", DORA, "BTC")]).rows] == [PUT, FUTURE]
        assert [row.derivative for row in find(9, [("derivative", DORA, LINEAR)]).rows] == [LINEAR]
        assert [row.subaccount_ref for row in find(9).rows] == [DORA_3, DORA, DORA, DORA]
        assert len(find(9, [("subaccount_ref", DORA)], window=Window(world.at - 2_000, world.at - 1_000)).rows) == 2
        assert len(find(9, [("currency", DORA, "BTC")], lambda partition: partition == ("option",)).rows) == 1

    @each_row(
        ("derivative", "text", "taker", "fee"),
        [
            (FUTURE, "buy 113000 @ 113000", True, "0.0005"),
            (FUTURE, "sell 113000 @ 113000", False, "-0.0001"),  # a rebate
            (LINEAR, "buy 0.1 @ 100000", True, "3"),
            (PUT, "buy 1 @ 0.02", True, "0.0003"),
            (PUT, "sell 2 @ 0.0016", True, "0.0004"),  # 12.5 % of its price
            (LINEAR_CALL, "buy 1 @ 1000", True, "34.158"),
            (LINEAR_CALL, "buy 1 @ 80", True, "10"),
        ],
    )
    def test_a_fee_is_a_rate_of_the_value_and_of_an_option_an_eighth_of_its_price_at_most(
        self, derivative: str, text: str, taker: bool, fee: str
    ) -> None:
        world = DerivativesWorld()
        world.trade(text, derivative, taker=taker, fee=None)
        [row] = rows(world)
        assert row.fee == Decimal(fee)
        assert world.cash(row.currency).fees == Decimal(fee)

    def test_a_premium_is_paid_and_received_at_once(self) -> None:
        world = DerivativesWorld()
        world.trade("buy 2 @ 0.02", PUT, against=DORA_3)
        assert world.cash().traded == world.cash().amount + rows(world)[0].fee == Decimal("-0.04")
        assert world.cash(subaccount_ref=DORA_3).traded == Decimal("0.04")

    def test_a_trade_that_costs_nothing_tells_no_cash(self) -> None:
        assert kinds(DerivativesWorld().trade("buy 10 @ 113000")) == [DerivativeTraded, HoldingChanged]

    def test_ids_are_a_currency_and_a_number_and_never_one_that_was_given(self) -> None:
        world = DerivativesWorld()
        ahead = world.exchange.state.revision + 3
        world.trade("buy 10 @ 113000", trade=f"BTC-{ahead + 2}")
        world.trade("buy 10 @ 113000")
        world.trade("buy 0.1 @ 113000", LINEAR)
        ids = [row.trade_id for row in rows(world)]
        assert len({*ids, *(row.order_id for row in rows(world))}) == 6
        assert [trade_id.partition("-")[0] for trade_id in ids] == ["USDC", "BTC", "BTC"]


class TestCombos:
    def test_a_spread_trades_its_legs_and_the_first_makes_up_the_price(self) -> None:
        world = DerivativesWorld()
        world.trade("buy 100 @ -20", SPREAD)
        assert [seen(row.derivative, row.direction, row.amount, row.price, row.combo) for row in rows(world)] == [
            [PERPETUAL, Direction.SELL, 100, 113_900, SPREAD],
            [FUTURE, Direction.BUY, 100, 113_880, SPREAD],
        ]
        assert names(world) == [FUTURE, PERPETUAL]
        assert position_of(world.exchange.state, DORA, SPREAD).derivative.last == -20

    def test_ratios_multiply_amounts(self) -> None:
        world = DerivativesWorld()
        world.trade("sell 0.5 @ 0.0150", STRADDLE, against=MIRA)
        assert [(row.derivative, row.amount, row.price) for row in rows(world)] == [
            (CALL, Decimal("1.0"), Decimal("0.002")),
            (PUT, Decimal("0.5"), Decimal("0.0110")),
        ]
        assert [view.size for view in positions_of(world.exchange.state, MIRA)] == [Decimal("0.5"), 1]

    def test_each_leg_is_a_trade_of_its_own_under_one_order_and_given_things_are_the_first_legs(self) -> None:
        world = DerivativesWorld()
        world.trade("buy 100 @ -20", SPREAD, trade="t-1", order="o-1", fee=Decimal("0.5"))
        second, first = rows(world)
        assert (first.trade_id, first.order_id, first.fee) == ("t-1", "o-1", Decimal("0.5"))
        assert seen(second.trade_id != "t-1", second.order_id, second.fee) == [True, "o-1", 0]


class TestHolding:
    def test_a_position_from_elsewhere_counts_from_the_last_settlement(self) -> None:
        world = DerivativesWorld()
        [told] = world.hold("110970", "110957.5", realized=Decimal("0.5"), realized_funding=Decimal("0.25"))
        assert isinstance(told, HoldingChanged)
        assert seen(told.size, told.realized, told.realized_funding) == [110_970, Decimal("0.5"), Decimal("0.25")]
        assert world.view().floating < 0 < world.view().total
        assert rows(world) == []
        assert currencies_of(world.exchange.state, DORA) == ["BTC"]

    def test_it_counts_from_its_entry_where_nothing_was_settled_and_from_what_is_given_before_all(self) -> None:
        world = DerivativesWorld()
        world.hold("100", "110000", PERPETUAL)
        world.hold("100", "110000", FUTURE, reference=Decimal("113882.95"))
        assert world.view(PERPETUAL).floating == world.view(PERPETUAL).total > 0
        assert world.view().floating == 0

    def test_the_premium_of_an_option_from_elsewhere_was_paid_there(self) -> None:
        world = DerivativesWorld()
        world.hold("-2", "0.02", PUT)
        assert summary_of(world.exchange.state, DORA, "BTC").balance == 0
        assert world.view(PUT).average_price_usd == Decimal("0.02") * Decimal("113853.63")

    def test_a_flat_one_is_listed_and_can_be_opened_again(self) -> None:
        world = DerivativesWorld()
        world.hold("0", "1")
        assert (names(world), names(world, with_flat=True)) == ([], [FUTURE])
        world.hold("10", "110000")
        assert names(world) == [FUTURE]
