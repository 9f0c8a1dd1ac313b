"""Commands of every kind that an exchange carries out, in four histories whose commands build on each other."""

from decimal import Decimal
from typing import Any

from mockexchange.core import commands as do
from mockexchange.core.commands import Command
from mockexchange.core.derivatives.vocabulary import DerivativeKind, Direction, Form, OptionType, Period
from mockexchange.core.vocabulary import (
    AccountKind,
    Action,
    Instance,
    PaymentStatus,
    Result,
    SelfTradePrevention,
    Side,
    SubaccountRef,
    TimeInForce,
    TransferStatus,
)
from tests.core.derivatives_world import EXPIRY, terms

ALICE, BOB, DESK = SubaccountRef("alice"), SubaccountRef("bob"), SubaccountRef("desk", "st1")
DORA, MIRA = SubaccountRef("dora"), SubaccountRef("mira")
DOLLAR = 1_000_000
HOUR_US = 3_600 * 1_000_000
OPENED: list[Command] = [
    do.OpenAccount(account="alice"),
    do.OpenAccount(account="bob"),
    do.OpenAccount(account="desk", kind=AccountKind.FCM),
    do.OpenSubaccount(account="desk", subaccount="st1"),
    do.ListMarket(market="RAIN-1", event="RAIN", series="RAIN"),
    *(do.Deposit(subaccount_ref=ref, amount_micros=100 * DOLLAR) for ref in (ALICE, BOB, DESK)),
]


def trade(side: Side, action: Action, count_centis: int, price_centicents: int, **more: Any) -> dict[str, Any]:
    given = {"side": side, "action": action, "count_centis": count_centis, "price_centicents": price_centicents}
    return {"subaccount_ref": ALICE, "market": "RAIN-1", **given, **more}


BUY, SELL = (Side.YES, Action.BUY), (Side.YES, Action.SELL)

ACCOUNTS_AND_CASH: list[Command] = [
    *OPENED,
    do.OpenSubaccount(account="alice", subaccount="3"),
    do.AddKey(account="alice", key="ro", key_id="id", public_key="PEM", subaccount="3"),
    do.RemoveKey(account="alice", key_id="id"),
    do.SetTier(account="alice", tier="prime"),
    do.RestrictSubtrader(subaccount_ref=DESK, categories=("Politics",), blocked=False),
    do.CapSubtrader(subaccount_ref=DESK, limit_micros=50 * DOLLAR),
    do.Deposit(subaccount_ref=ALICE, amount_micros=DOLLAR, payment="p", status=PaymentStatus.PENDING),
    do.Withdraw(subaccount_ref=ALICE, amount_micros=DOLLAR, fee_micros=5, payment="q"),
    do.OpenCash(subaccount_ref=ALICE, amount_micros=-DOLLAR),
    do.FinalizePayment(payment="p", status=PaymentStatus.APPLIED),
    do.Transfer(source=ALICE, target=SubaccountRef("alice", "3"), amount_micros=DOLLAR),
    do.TransferShard(
        account="alice", amount_micros=DOLLAR, target_shard=2, status=TransferStatus.PENDING, transfer="t"
    ),
    do.TransferShard(account="bob", amount_micros=DOLLAR, target_shard=1),
    do.TransferShard(account="bob", amount_micros=DOLLAR, source=Instance.MARGINED),
    do.CompleteTransfer(transfer="t"),
    do.AllocateBalance(account="alice", allocations=((0, 60), (1, 40))),
    do.RebalanceCash(account="alice"),
    do.SetNetting(subaccount_ref=ALICE, enabled=True),
    do.SwitchExchange(active=True, trading=True, resume_at=7),
    do.Announce(message="Back soon"),
    do.Note(subject="fault", text="{}"),
]

MARKETS: list[Command] = [
    *OPENED,
    do.ListSeries(series="SUN"),
    do.DescribeEvent(event="SUN"),
    do.ListMarket(market="SUN-1", event="SUN", series="SUN", price_centicents=5_000, exchange_index=2),
    do.QuoteMarket(market="RAIN-1", yes=((5_500, 10_000), (1, 100)), no=((4_300, 8_000),)),
    do.ReplenishMarket(market="RAIN-1"),
    do.PriceMarket(market="RAIN-1", price_centicents=5_600),
    do.OpenPosition(subaccount_ref=BOB, market="RAIN-1", quantity_centis=-500, cost_micros=2 * DOLLAR),
    do.Fill(**trade(*BUY, 300, 4_000, against=DESK, taker=True)),
    do.Fill(**trade(*SELL, 500, 4_500, order=do.NewOrder("named"))),
    do.RestOrder(**trade(*BUY, 100, 3_000, order="resting", cancel_on_pause=True)),
    do.SwitchMarket(market="RAIN-1", trading=False),
    do.SwitchMarket(market="RAIN-1", trading=True),
    do.RestOrder(**trade(*BUY, 100, 3_000, order="again")),
    do.CloseMarket(market="RAIN-1"),
    do.DetermineMarket(market="RAIN-1", result=Result.YES),
    do.DisputeMarket(market="RAIN-1"),
    do.DetermineMarket(market="RAIN-1", result=Result.NO),
    do.FinalizeMarket(market="RAIN-1"),
    do.Fill(**trade(*BUY, 300, 4_000, market="SUN-1")),
    do.SettleMarket(market="SUN-1", result=Result.SCALAR, value_centicents=3_333),
]

ORDERS: list[Command] = [
    *OPENED,
    do.QuoteMarket(market="RAIN-1", yes=((3_000, 500), (2_000, 500)), no=((3_000, 500),)),
    do.OpenGroup(subaccount_ref=ALICE, group="g", limit_centis=10_000),
    do.PlaceOrder(**trade(*BUY, 400, 4_000, order="a", group="g", expires_at=2**60, client_order_id="mine")),
    do.PlaceOrder(**trade(*BUY, 400, 4_000, order="b", subaccount_ref=BOB)),
    do.PlaceOrder(**trade(*SELL, 600, 4_000, order="c", subaccount_ref=DESK)),
    do.PlaceOrder(**trade(*SELL, 300, 2_000, subaccount_ref=DESK, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)),
    do.PlaceOrder(**trade(*BUY, 100, 9_000, max_cost_micros=DOLLAR, subaccount_ref=BOB)),
    do.PlaceOrder(**trade(*BUY, 100, 9_500, post_only=True)),
    do.PlaceOrder(**trade(*BUY, 200, 3_500, order="d", group="g")),
    do.PlaceOrder(**trade(*SELL, 100, 3_500, self_trade_prevention=SelfTradePrevention.MAKER)),
    do.PlaceOrder(**trade(*BUY, 300, 3_300, order="e", group="g")),
    do.AmendOrder(order="e", price_centicents=3_400, count_centis=400, client_order_id="new"),
    do.ReduceOrder(order="e", count_centis=100),
    do.TradeMarket(market="RAIN-1", side=Side.NO, count_centis=600, price_centicents=6_800),
    do.LimitGroup(group="g", limit_centis=20_000),
    do.PlaceOrder(**trade(*BUY, 300, 1_000, order="f", group="g")),
    do.PlaceOrder(**trade(*BUY, 300, 1_100, order="h")),
    do.PlaceOrder(**trade(*BUY, 300, 1_200, order="i")),
    do.PlaceOrder(**trade(*BUY, 300, 1_200, order="j")),
    do.CancelOrder(order="h"),
    do.ExpireOrder(order="i"),
    do.TriggerGroup(group="g"),
    do.ResetGroup(group="g"),
    do.CancelAllOrders(account="alice"),
    do.DeleteGroup(group="g"),
]

FUTURE, PERPETUAL, PUT, SPREAD = "BTC-17OCT25", "BTC-PERPETUAL", "BTC-17OCT25-110000-P", "BTC-FS-17OCT25_PERP"


def order(ref: SubaccountRef, direction: Direction, amount: int, price: int | None, **more: Any) -> Command:
    limit = None if price is None else Decimal(price)
    return do.PlaceDerivativeOrder(
        subaccount_ref=ref, derivative=FUTURE, direction=direction, amount=Decimal(amount), price=limit, **more
    )


DERIVATIVES: list[Command] = [
    do.OpenAccount(account="dora", venue="deribit"),
    do.OpenAccount(account="mira", venue="deribit"),
    do.SetIndex(index="btc_usd", price=Decimal(111_000)),
    do.ListDerivative(terms=terms(FUTURE), mark=Decimal(111_000), settlement=Decimal(110_000)),
    do.ListDerivative(terms=terms(PERPETUAL, period=Period.PERPETUAL), mark=Decimal(111_000)),
    do.ListDerivative(
        terms=terms(PUT, kind=DerivativeKind.OPTION, strike=Decimal(110_000), option_type=OptionType.PUT),
        mark=Decimal("0.02"),
        iv=Decimal(50),
    ),
    do.ListDerivative(
        terms=terms(SPREAD, kind=DerivativeKind.FUTURE_COMBO, legs=((FUTURE, 1), (PERPETUAL, -1)), form=Form.INVERSE),
        mark=Decimal(5),
    ),
    do.CreditCurrency(subaccount_ref=DORA, currency="BTC", amount=Decimal(900)),
    do.MarkDerivative(derivative=PUT, price=Decimal("0.03"), iv=Decimal(55)),
    do.OpenHolding(subaccount_ref=DORA, derivative=FUTURE, size=Decimal(100), average_price=Decimal(100_000)),
    *(
        do.TradeDerivative(
            subaccount_ref=DORA,
            derivative=name,
            direction=Direction.SELL,
            amount=Decimal(200),
            price=Decimal(price),
            taker=True,
            against=MIRA,
        )
        for name, price in ((FUTURE, "111500"), (PERPETUAL, "111000"), (PUT, "0.025"), (SPREAD, "7"))
    ),
    do.CreditCurrency(subaccount_ref=MIRA, currency="BTC", amount=Decimal(900)),
    do.QuoteDerivative(
        derivative=FUTURE,
        bids=((Decimal(110_000), Decimal(500)),),
        asks=((Decimal(112_000), Decimal(500)), (Decimal(113_000), Decimal(500))),
    ),
    order(DORA, Direction.BUY, 200, 111_000, order="bid", label="mine"),
    order(MIRA, Direction.SELL, 100, 110_500, order="taker"),
    order(MIRA, Direction.SELL, 300, 111_800, order="ask", post_only=True),
    order(DORA, Direction.BUY, 600, None, order="market"),
    do.EditDerivativeOrder(order="bid", price=Decimal(112_500), amount=Decimal(400)),
    order(DORA, Direction.BUY, 100, 109_000, order="canceled"),
    do.CancelOrder(order="canceled"),
    order(DORA, Direction.BUY, 100, 109_500, label="swept"),
    do.CancelDerivativeOrders(subaccount_ref=DORA, currency="BTC", label="swept"),
    do.SetCancelOnDisconnect(subaccount_ref=DORA, enabled=True),
    do.PayFunding(derivative=PERPETUAL, rate=Decimal("0.0001"), interest_value=Decimal("1.7")),
    do.SettleSession(prices=((FUTURE, Decimal(112_000)),)),
    do.DeliverDerivative(derivative=PUT, price=Decimal(100_000)),
    do.DeliverDerivative(derivative=FUTURE),
]
HISTORIES = {
    "accounts and cash": ACCOUNTS_AND_CASH,
    "markets": MARKETS,
    "orders": ORDERS,
    "derivatives": DERIVATIVES,
}
BEGINS_AT = EXPIRY - 24 * HOUR_US
