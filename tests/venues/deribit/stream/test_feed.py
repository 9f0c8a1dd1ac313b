"""Notifications of trades, settlements, marks and cash: their clients, their channels, and agreement with REST."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mockexchange.core.commands import (
    Command,
    CreditCurrency,
    MarkDerivative,
    PayFunding,
    SetIndex,
    SettleSession,
    TradeDerivative,
)
from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.deribit.stream.feed import Message, messages_of
from tests.helpers.effort import examples
from tests.helpers.rows import each_row
from tests.venues.deribit.keyring import (
    DORA,
    DORA_3,
    ERIC,
    ERIC_ID,
    ERIC_SECRET,
    FUTURE,
    NOW,
    PERPETUAL,
    SUB_ID,
    SUB_SECRET,
    Bench,
    bench,
    buy,
)
from tests.venues.deribit.stream.sessions import Client, client, published

ALL_CHANGES, ALL_TRADES, ALL_PORTFOLIOS = "user.changes.any.any.raw", "user.trades.any.any.raw", "user.portfolio.any"
GONE = {"open_orders_margin", "estimated_liquidation_price"}


def listener(made: Bench, *channels: str, key_id: str = "dora-key", secret: str | None = None) -> Client:
    one = client(made)
    one.log_in(*([key_id, secret] if secret else []))
    assert one.subscribe(*channels) == list(channels)
    return one


def names(frames: list[Any]) -> list[str]:
    return [frame["params"]["channel"] for frame in frames]


def test_a_trade_is_sent_as_a_trade_a_change_and_a_portfolio() -> None:
    made = bench()
    one = listener(made, ALL_CHANGES, ALL_TRADES, ALL_PORTFOLIOS)
    (frames,) = published(made, [one], buy(100))
    assert names(frames) == [ALL_TRADES, ALL_CHANGES, ALL_PORTFOLIOS]
    assert all(frame.keys() == {"jsonrpc", "method", "params"} for frame in frames)
    assert {frame["method"] for frame in frames} == {"subscription"}
    trades, change, portfolio = (frame["params"]["data"] for frame in frames)
    assert [trade["amount"] for trade in trades] == [100]
    assert change.keys() == {"instrument_name", "trades", "positions", "orders"}
    assert change["trades"] == trades
    assert change["orders"] == []
    assert change["instrument_name"] == PERPETUAL
    assert portfolio["currency"] == "BTC"


def test_notifications_equal_the_answers_of_rest() -> None:
    made = bench()
    one = listener(made, ALL_CHANGES, ALL_TRADES, "user.portfolio.btc")
    (frames,) = published(made, [one], buy(100), buy(50), buy(10, FUTURE))
    change, portfolio = frames[-2]["params"]["data"], frames[-1]["params"]["data"]
    row = one.ask("private/get_position", instrument_name=FUTURE)
    assert change["positions"] == [{name: value for name, value in row.items() if name not in GONE}]
    assert GONE & row.keys()
    trades = one.ask("private/get_user_trades_by_currency", currency="BTC", sorting="asc")["trades"]
    received = [
        trade for frame in frames if frame["params"]["channel"] == ALL_TRADES for trade in frame["params"]["data"]
    ]
    assert received == trades
    summary = one.ask("private/get_account_summary", currency="BTC")
    assert portfolio == {name: summary[name] for name in portfolio}
    assert len(portfolio) > 20


SENT: list[tuple[str, Command, bool]] = [
    # channel, command, whether it sends a message
    (f"user.changes.{PERPETUAL}.raw", buy(100), True),
    (f"user.changes.{PERPETUAL}.agg2", buy(100), True),
    (f"user.changes.{PERPETUAL}.100ms", buy(100, FUTURE), False),
    ("user.changes.future.BTC.100ms", buy(100), True),
    ("user.changes.future.any.100ms", buy(100), True),
    ("user.changes.any.BTC.100ms", buy(100), True),
    ("user.changes.option.BTC.100ms", buy(100), False),
    ("user.changes.combo.any.100ms", buy(100), False),
    ("user.changes.any.ETH.100ms", buy(100), False),
    (f"user.trades.{PERPETUAL}.raw", buy(100), True),
    ("user.trades.future.BTC.agg2", buy(100), True),
    ("user.portfolio.btc", buy(100), True),
    ("user.portfolio.eth", buy(100), False),
    ("user.portfolio.any", buy(100), True),
    ("user.changes.any.any.raw", buy(100, subaccount_ref=ERIC), False),
    ("user.changes.any.any.raw", buy(100, subaccount_ref=DORA_3), False),
    ("user.portfolio.any", buy(100, subaccount_ref=ERIC), False),
    ("user.portfolio.btc", CreditCurrency(subaccount_ref=DORA, currency="BTC", amount=Decimal(1)), True),
    ("user.portfolio.eth", CreditCurrency(subaccount_ref=DORA, currency="ETH", amount=Decimal(1)), True),
    ("user.portfolio.btc", CreditCurrency(subaccount_ref=DORA, currency="ETH", amount=Decimal(1)), False),
    ("user.changes.any.any.raw", CreditCurrency(subaccount_ref=DORA, currency="BTC", amount=Decimal(1)), False),
    ("user.orders.any.any.raw", buy(100), False),
]


@each_row(("channel", "command", "is_sent"), SENT)
def test_the_channels_of_each_change(channel: str, command: Command, is_sent: bool) -> None:
    made = bench()
    (frames,) = published(made, [listener(made, channel)], command)
    assert names(frames) == [channel] * is_sent


AFTER: list[tuple[str, Command, bool]] = [
    # the same for a holder of 100 of the perpetual
    ("user.portfolio.btc", MarkDerivative(derivative=PERPETUAL, price=Decimal(115000)), True),
    ("user.portfolio.btc", MarkDerivative(derivative=FUTURE, price=Decimal(115000)), False),
    ("user.portfolio.btc", SetIndex(index="btc_usd", price=Decimal(115000)), True),
    ("user.changes.any.any.raw", MarkDerivative(derivative=PERPETUAL, price=Decimal(115000)), False),
    ("user.changes.any.any.raw", SettleSession(), True),
    ("user.trades.any.any.raw", SettleSession(), False),
    ("user.portfolio.btc", SettleSession(), True),
    ("user.changes.any.any.raw", PayFunding(derivative=PERPETUAL, rate=Decimal("0.0001")), True),
]


@each_row(("channel", "command", "is_sent"), AFTER)
def test_the_channels_of_each_change_for_a_holder(channel: str, command: Command, is_sent: bool) -> None:
    made = bench()
    made.execute(buy(100))
    made.execute(MarkDerivative(derivative=PERPETUAL, price=Decimal(114000)))
    received, nobody = published(
        made,
        [listener(made, channel), listener(made, channel, key_id=ERIC_ID, secret=ERIC_SECRET)],
        command,
    )
    assert names(received) == [channel] * is_sent
    assert nobody == []


def test_a_settlement_is_a_change_without_trades() -> None:
    made = bench()
    made.execute(buy(100))
    (frames,) = published(made, [listener(made, ALL_CHANGES)], SettleSession())
    assert frames[0]["params"]["data"]["trades"] == []
    assert frames[0]["params"]["data"]["positions"][0]["size"] == 100


def test_a_closed_position_is_sent_with_direction_zero() -> None:
    made = bench()
    sell = TradeDerivative(
        subaccount_ref=DORA, derivative=PERPETUAL, direction=Direction.SELL, amount=Decimal(100), price=Decimal(114000)
    )
    (frames,) = published(made, [listener(made, ALL_CHANGES)], buy(100), sell)
    closed = frames[1]["params"]["data"]
    assert (closed["positions"][0]["size"], closed["positions"][0]["direction"]) == (0, "zero")
    assert closed["trades"][0]["profit_loss"] > 0


def test_both_sides_of_a_trade_hear_of_their_own() -> None:
    made = bench()
    clients = [
        listener(made, ALL_TRADES),
        listener(made, ALL_TRADES, key_id=ERIC_ID, secret=ERIC_SECRET),
        listener(made, ALL_TRADES, key_id=SUB_ID, secret=SUB_SECRET),
    ]
    trade = TradeDerivative(
        subaccount_ref=DORA,
        derivative=PERPETUAL,
        direction=Direction.BUY,
        amount=Decimal(70),
        price=Decimal(113000),
        against=ERIC,
    )
    received = published(made, clients, trade)
    assert [[row["direction"] for frame in frames for row in frame["params"]["data"]] for frames in received] == [
        ["buy"],
        ["sell"],
        [],
    ]


def test_marks_are_not_sent_after_the_position_is_closed() -> None:
    made = bench()
    one = listener(made, "user.portfolio.btc")
    for direction in (Direction.BUY, Direction.SELL):
        made.execute(trades(DORA, PERPETUAL, direction, 10, 113_000))
    (frames,) = published(made, [one], MarkDerivative(derivative=PERPETUAL, price=Decimal(115000)))
    assert frames == []


def test_trades_of_one_command_are_sent_together_oldest_first() -> None:
    made = bench()
    events = [event for amount in (10, 20, 30) for event in made.execute(buy(amount))]
    messages = messages_of(made.context.state, events, NOW, made.context.settings, {ALL_TRADES, ALL_CHANGES})
    assert [message.channel for message in messages] == [ALL_TRADES, ALL_CHANGES]
    assert isinstance(messages[0], Message)
    data = json.loads(messages[0].frame(made.context.api_date))["params"]["data"]
    assert [row["amount"] for row in data] == [10, 20, 30]


def test_several_channels_carry_the_same_data() -> None:
    made = bench()
    channels = [f"user.trades.{PERPETUAL}.raw", "user.trades.future.BTC.100ms", ALL_TRADES]
    (frames,) = published(made, [listener(made, *channels)], buy(100))
    assert sorted(names(frames)) == sorted(channels)
    assert len({json.dumps(frame["params"]["data"]) for frame in frames}) == 1


def test_an_unsubscribed_client_gets_nothing() -> None:
    made = bench()
    one = listener(made, ALL_CHANGES, ALL_TRADES)
    one.ask("private/unsubscribe", channels=[ALL_CHANGES])
    (frames,) = published(made, [one], buy(100))
    assert names(frames) == [ALL_TRADES]


def test_another_login_does_not_turn_subscriptions_over() -> None:
    made = bench()
    one = listener(made, ALL_TRADES)
    one.log_in(ERIC_ID, ERIC_SECRET)
    (frames,) = published(made, [one], buy(100), buy(50, subaccount_ref=ERIC))
    assert [row["amount"] for frame in frames for row in frame["params"]["data"]] == [100]
    one.subscribe(ALL_TRADES)
    (frames,) = published(made, [one], buy(100), buy(50, subaccount_ref=ERIC))
    assert [row["amount"] for frame in frames for row in frame["params"]["data"]] == [50]


def test_no_message_is_made_without_a_subscription() -> None:
    made = bench()
    assert messages_of(made.context.state, made.execute(buy(100)), NOW, made.context.settings, set()) == []


SUBACCOUNT_REFS = st.sampled_from([DORA, ERIC])


def trades(
    subaccount_ref: SubaccountRef, derivative: str, direction: Direction, lots: int, price: int
) -> TradeDerivative:
    return TradeDerivative(
        subaccount_ref=subaccount_ref,
        derivative=derivative,
        direction=direction,
        amount=Decimal(lots * 10),
        price=Decimal(price),
    )


COMMANDS = st.one_of(
    st.builds(
        trades,
        SUBACCOUNT_REFS,
        st.sampled_from([PERPETUAL, FUTURE]),
        st.sampled_from(Direction),
        st.integers(1, 20),
        st.integers(90_000, 130_000),
    ),
    st.builds(
        lambda derivative, price: MarkDerivative(derivative=derivative, price=Decimal(price)),
        st.sampled_from([PERPETUAL, FUTURE]),
        st.integers(90_000, 130_000),
    ),
    st.just(SettleSession()),
)


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(COMMANDS, min_size=1, max_size=12))
def test_the_last_notification_equals_the_answer_of_rest(commands: list[Command]) -> None:
    made = bench()
    one = listener(made, ALL_CHANGES, ALL_PORTFOLIOS)
    for command in commands:
        (frames,) = published(made, [one], command)
        for frame in frames:
            data = frame["params"]["data"]
            if frame["params"]["channel"] == ALL_CHANGES:
                row = one.ask("private/get_position", instrument_name=data["instrument_name"])
                assert data["positions"] == [{name: value for name, value in row.items() if name not in GONE}]
            else:
                summary = one.ask("private/get_account_summary", currency=data["currency"])
                assert data == {name: summary[name] for name in data}
