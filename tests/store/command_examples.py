"""One of each command, no field at its default."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.derivatives.derivative import Greeks, MarginTerms, Terms
from mockexchange.core.derivatives.vocabulary import DerivativeKind, Direction, Form, OptionType, OrderLife, Period
from mockexchange.core.model.descriptions import EventDetails, MarketDetails, SeriesDetails
from mockexchange.core.vocabulary import (
    AccountKind,
    Action,
    FeeType,
    Instance,
    PaymentMethod,
    PaymentStatus,
    Reservation,
    Result,
    SelfTradePrevention,
    Severity,
    Side,
    SubaccountRef,
    TimeInForce,
    TransferStatus,
)

HUGE = 10**17
ALICE, DESK = SubaccountRef("alice"), SubaccountRef("desk", "st1")
NO_BUY: dict[str, Any] = {
    "market": "M",
    "side": Side.NO,
    "action": Action.BUY,
    "count_centis": 137,
    "price_centicents": 1,
}
EITHER = ("public_key", "secret", "time_in_force", "expires_at", "max_cost_micros", "clears_expiry")
"""Fields that exclude each other: no example has all of them."""
PLACED: dict[str, Any] = {
    **NO_BUY,
    "subaccount_ref": ALICE,
    "post_only": True,
    "reduce_only": True,
    "self_trade_prevention": SelfTradePrevention.MAKER,
    "cancel_on_pause": True,
    "group": "g",
    "client_order_id": "mine",
    "order": "o",
}
AMENDED: dict[str, Any] = {"order": "o", "price_centicents": 9_999, "count_centis": HUGE, "client_order_id": "new"}
SCOPED: dict[str, Any] = {"scopes": ("read", "write::trade"), "subaccount": "3", "api_date": "2026-06"}
TERMS = Terms(
    name="BTC-25JUN21-28000-P",
    kind=DerivativeKind.OPTION,
    form=Form.INVERSE,
    base="BTC",
    quote="USD",
    index="btc_usd",
    period=Period.MONTH,
    contract_size=Decimal("0.1"),
    tick=Decimal("0.0001"),
    amount_min=Decimal("0.1"),
    maker_fee=Decimal("-0.0001"),
    taker_fee=Decimal("0.0003"),
    expires_at=HUGE,
    strike=Decimal(28_000),
    option_type=OptionType.PUT,
    margin=MarginTerms(initial=Decimal("0.02"), maintenance=Decimal("0.01"), slope=Decimal(0)),
)
GREEKS = Greeks(delta=Decimal("-0.1"), gamma=Decimal("1e-18"), vega=Decimal("12.30"), theta=Decimal(-1))

# One of each, no field at its default.
EXAMPLES: list[Command] = [
    commands.OpenAccount(
        account='Ünï "codé"\n', kind=AccountKind.FCM, account_id="fcm7", user_id="u-7", tier="prime", venue="there"
    ),
    commands.OpenSubaccount(account="desk", subaccount="st1", subaccount_id="fcm7_one"),
    commands.AddKey(
        account="alice",
        key="ro",
        key_id="id",
        public_key="-----BEGIN PUBLIC KEY-----\n",
        **SCOPED,
    ),
    commands.AddKey(account="dora", key="main", key_id="dora-1", public_key="", secret="s3cr3t", **SCOPED),
    commands.RemoveKey(account="alice", key_id="id"),
    commands.SetTier(account="alice", tier="prime"),
    commands.RestrictSubtrader(subaccount_ref=DESK, categories=("Politics", "Sports"), blocked=True),
    commands.CapSubtrader(subaccount_ref=DESK, limit_micros=HUGE),
    commands.ListSeries(
        series="S",
        fee_type=FeeType.FLAT,
        fee_multiplier=5_000,
        details=SeriesDetails(title="T", category="C", frequency="daily", tags=("a", "b")),
    ),
    commands.DescribeEvent(
        event="E",
        details=EventDetails(
            title="T", sub_title="S", category="C", mutually_exclusive=True, strike_at=5, strike_period="month"
        ),
    ),
    commands.ListMarket(
        market="M",
        event="E",
        series="S",
        title="T",
        price_centicents=5_600,
        exchange_index=2,
        details=MarketDetails(
            subtitle="s",
            yes_title="y",
            no_title="n",
            open_at=1,
            close_at=2,
            expected_expiration_at=3,
            expiration_at=4,
            settlement_timer_s=5,
            can_close_early=False,
            rules_primary="p",
            rules_secondary="q",
            strike_type="between",
            floor_strike="60.5",
            cap_strike="-3",
        ),
    ),
    commands.QuoteMarket(market="M", yes=((5_500, 10_000), (1, 1)), no=((4_300, 8_000),)),
    commands.PriceMarket(market="M", price_centicents=9_999),
    commands.ReplenishMarket(market="M"),
    commands.CloseMarket(market="M"),
    commands.DetermineMarket(market="M", result=Result.SCALAR, value_centicents=3_333),
    commands.DisputeMarket(market="M"),
    commands.FinalizeMarket(market="M"),
    commands.SettleMarket(market="M", result=Result.SCALAR, value_centicents=0),
    commands.SwitchExchange(active=False, trading=False, resume_at=HUGE),
    commands.SwitchMarket(market="M", trading=False),
    commands.Announce(message="Back soon", severity=Severity.WARNING, active=False, delivered_at=7),
    commands.Note(subject="fault", text='{"then": {"status": 503}}'),
    commands.Fill(
        subaccount_ref=DESK,
        taker=True,
        fee_micros=0,
        against=ALICE,
        order="o",
        client_order_id="mine",
        fill_id="f",
        **NO_BUY,
    ),
    commands.OpenPosition(
        subaccount_ref=ALICE,
        market="M",
        quantity_centis=-HUGE,
        cost_micros=HUGE,
        realized_micros=-1,
        fees_micros=2,
        traded_micros=3,
        shares_centis=4,
    ),
    commands.RestOrder(
        subaccount_ref=ALICE,
        order="o",
        client_order_id="mine",
        group="g",
        expires_at=HUGE,
        self_trade_prevention=SelfTradePrevention.MAKER,
        cancel_on_pause=True,
        **NO_BUY,
    ),
    commands.PlaceOrder(expires_at=HUGE, **PLACED),
    commands.PlaceOrder(time_in_force=TimeInForce.FILL_OR_KILL, max_cost_micros=HUGE, **PLACED),
    commands.ReduceOrder(order="o", count_centis=1),
    commands.AmendOrder(expires_at=HUGE, **AMENDED),
    commands.AmendOrder(clears_expiry=True, **AMENDED),
    commands.CancelOrder(order="o"),
    commands.CancelAllOrders(account="alice", subaccount="3", market="M"),
    commands.TradeMarket(market="M", side=Side.NO, count_centis=137, price_centicents=1),
    commands.ExpireOrder(order="o"),
    commands.OpenGroup(subaccount_ref=ALICE, group="g", limit_centis=HUGE),
    commands.TriggerGroup(group="g"),
    commands.ResetGroup(group="g"),
    commands.LimitGroup(group="g", limit_centis=HUGE),
    commands.DeleteGroup(group="g"),
    commands.Deposit(
        subaccount_ref=ALICE,
        amount_micros=HUGE,
        fee_micros=1,
        method=PaymentMethod.WIRE,
        status=PaymentStatus.PENDING,
        payment="p",
    ),
    commands.Withdraw(
        subaccount_ref=DESK,
        amount_micros=1,
        fee_micros=2,
        method=PaymentMethod.CRYPTO,
        status=PaymentStatus.PENDING,
        payment="q",
    ),
    commands.FinalizePayment(payment="p", status=PaymentStatus.RETURNED),
    commands.Transfer(source=ALICE, target=SubaccountRef("alice", "3"), amount_micros=1, transfer="t"),
    commands.TransferShard(
        account="alice",
        amount_micros=1,
        source=Instance.MARGINED,
        target=Instance.MARGINED,
        source_shard=1,
        target_shard=63,
        status=TransferStatus.PENDING,
        transfer="s",
    ),
    commands.CompleteTransfer(transfer="s"),
    commands.AllocateBalance(account="alice", allocations=((0, 60), (1, 40)), reservation=Reservation.SUM),
    commands.SetNetting(subaccount_ref=ALICE, enabled=True),
    commands.ListDerivative(
        terms=TERMS, mark=Decimal("0.1401105"), settlement=Decimal("0.13975074"), greeks=GREEKS, iv=Decimal("65.2")
    ),
    commands.ListDerivative(
        terms=replace(
            TERMS, kind=DerivativeKind.OPTION_COMBO, legs=(("A", 1), ("B", -2)), strike=None, option_type=None
        ),
        mark=Decimal("-0.00"),
        settlement=Decimal(-1),
        greeks=GREEKS,
        iv=Decimal(1),
    ),
    commands.SetIndex(index="btc_usd", price=Decimal("113853.63")),
    commands.MarkDerivative(derivative="F", price=Decimal("1E+5"), iv=Decimal("65.20"), greeks=GREEKS),
    commands.TradeDerivative(
        subaccount_ref=ALICE,
        derivative="F",
        direction=Direction.SELL,
        amount=Decimal("999999999999999999.999999999999999999"),
        price=Decimal("0.000000000000000001"),
        taker=True,
        fee=Decimal("-0.1"),
        against=DESK,
        order="o",
        trade="t",
        label="mine",
    ),
    commands.QuoteDerivative(
        derivative="F",
        bids=((Decimal("0.000000000000000001"), Decimal("0.10")),),
        asks=((Decimal("1E+5"), Decimal(10)), (Decimal("2E+5"), Decimal(1))),
    ),
    commands.PlaceDerivativeOrder(
        subaccount_ref=DESK,
        derivative="F",
        direction=Direction.SELL,
        amount=Decimal("0.10"),
        price=Decimal("1E+5"),
        life=OrderLife.GOOD_TIL_DAY,
        post_only=True,
        reject_post_only=True,
        reduce_only=True,
        label="mine",
        order="o",
    ),
    commands.EditDerivativeOrder(
        order="o",
        amount=Decimal("0.20"),
        price=Decimal(1),
        post_only=False,
        reject_post_only=True,
        reduce_only=False,
    ),
    commands.CancelDerivativeOrders(
        subaccount_ref=ALICE, derivative="F", currency="BTC", kinds=("future", "option"), label=""
    ),
    commands.OpenHolding(
        subaccount_ref=ALICE,
        derivative="F",
        size=Decimal(-110970),
        average_price=Decimal("110957.5"),
        reference=Decimal("115600.0899"),
        average_price_usd=Decimal("947.22"),
        realized=Decimal("-0.5"),
        realized_funding=Decimal("0.25"),
    ),
    commands.SettleSession(prices=(("F", Decimal("115600.09")), ("G", Decimal("-0.5")))),
    commands.PayFunding(derivative="P", rate=Decimal("-0.000125"), interest_value=Decimal("1.70")),
    commands.DeliverDerivative(derivative="F", price=Decimal(1)),
    commands.CreditCurrency(subaccount_ref=ALICE, currency="BTC", amount=Decimal("-0.00000001")),
]
