"""Steps of derivatives, each with its command."""

from decimal import Decimal

from msgspec.structs import replace

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.derivatives.derivative import Greeks, MarginTerms, Terms
from mockexchange.core.derivatives.vocabulary import (
    DerivativeKind,
    Direction,
    Form,
    OptionType,
    OrderLife,
    Period,
    TriggerKind,
    TriggerSource,
)
from mockexchange.core.instants import parse_instant
from mockexchange.core.vocabulary import SubaccountRef

DATED = Terms(
    name="BTC-17OCT25",
    kind=DerivativeKind.FUTURE,
    form=Form.INVERSE,
    base="BTC",
    quote="USD",
    index="btc_usd",
    period=Period.MONTH,
    contract_size=Decimal(10),
    amount_min=Decimal(10),
    tick=Decimal("0.5"),
    maker_fee=Decimal(0),
    taker_fee=Decimal("0.0005"),
    expires_at=parse_instant("2025-10-17T08:00:00Z"),
)
LINEAR = replace(
    DATED,
    name="P",
    form=Form.LINEAR,
    quote="USDC",
    index="i",
    period=Period.PERPETUAL,
    expires_at=None,
    contract_size=Decimal("0.001"),
    amount_min=Decimal("0.001"),
    tick=Decimal(1),
    maker_fee=Decimal("-0.0001"),
    margin=MarginTerms(initial=Decimal("0.02"), maintenance=Decimal("0.01"), slope=Decimal(0)),
)
OPTION = replace(
    DATED,
    name="O",
    kind=DerivativeKind.OPTION,
    strike=Decimal(28000),
    option_type=OptionType.PUT,
    expires_at=parse_instant("2021-06-25"),
    contract_size=Decimal(1),
    amount_min=Decimal("0.1"),
    tick=Decimal("0.0001"),
    maker_fee=Decimal("0.0003"),
    taker_fee=Decimal("0.0003"),
)
COMBO = replace(
    DATED,
    name="C",
    kind=DerivativeKind.FUTURE_COMBO,
    base="ETH",
    index="eth_usd",
    expires_at=parse_instant("2025-10-17"),
    contract_size=Decimal(1),
    amount_min=Decimal(1),
    tick=Decimal("0.05"),
    legs=(("A", 1), ("B", -1)),
)
DATED_TEXT = """
instrument: {instrument: BTC-17OCT25, kind: future, base: BTC, expires: 2025-10-17T08:00:00Z, mark: 113882.95,
             settlement: 115600.09}
"""
LINEAR_TEXT = """
instrument: {instrument: P, kind: future, form: linear, base: BTC, quote: USDC, index: i, period: perpetual,
             contract_size: 0.001, amount_min: 0.001, tick: 1, maker_fee: -0.0001, taker_fee: 0.0005, mark: 5,
             margin: {initial: 0.02, maintenance: 0.01, slope: 0}}
"""
OPTION_TEXT = """
instrument: {instrument: O, kind: option, base: BTC, strike: 28000, option_type: put, expires: 2021-06-25,
             mark: 0.14, iv: 65.2, greeks: {delta: -0.1, vega: 12}}
"""
COMBO_TEXT = """
instrument: {instrument: C, kind: future_combo, base: ETH, period: month, expires: 2025-10-17,
             legs: [[A, 1], [B, -1]], mark: 17}
"""
TRADE_TEXT = """
trade: {account: dora/3, instrument: O, direction: sell, amount: 1.5, price: 0.1, taker: true, fee: -0.0001,
        against: gina, order: o, id: t, label: mine}
"""
HOLD_TEXT = """
hold: {account: dora, instrument: F, size: -110970, average_price: 110957.5, reference: 1, realized: -0.5,
       average_price_usd: 2, realized_funding: 0.25}
"""
GREEKS = Greeks(delta=Decimal("-0.1"), vega=Decimal(12))

# step, command
DERIVATIVES: list[tuple[str, Command]] = [
    ("index: {index: btc_usd, price: 113853.63}", commands.SetIndex(index="btc_usd", price=Decimal("113853.63"))),
    (
        DATED_TEXT,
        commands.ListDerivative(terms=DATED, mark=Decimal("113882.95"), settlement=Decimal("115600.09")),
    ),
    (LINEAR_TEXT, commands.ListDerivative(terms=LINEAR, mark=Decimal(5))),
    (OPTION_TEXT, commands.ListDerivative(terms=OPTION, mark=Decimal("0.14"), iv=Decimal("65.2"), greeks=GREEKS)),
    (COMBO_TEXT, commands.ListDerivative(terms=COMBO, mark=Decimal(17))),
    (
        "mark: {instrument: O, price: 0.15, iv: 70, greeks: {gamma: 0.00001}}",
        commands.MarkDerivative(
            derivative="O", price=Decimal("0.15"), iv=Decimal(70), greeks=Greeks(gamma=Decimal("0.00001"))
        ),
    ),
    (
        TRADE_TEXT,
        commands.TradeDerivative(
            subaccount_ref=SubaccountRef("dora", "3"),
            derivative="O",
            direction=Direction.SELL,
            amount=Decimal("1.5"),
            price=Decimal("0.1"),
            taker=True,
            fee=Decimal("-0.0001"),
            against=SubaccountRef("gina"),
            order="o",
            trade="t",
            label="mine",
        ),
    ),
    (
        HOLD_TEXT,
        commands.OpenHolding(
            subaccount_ref=SubaccountRef("dora"),
            derivative="F",
            size=Decimal(-110970),
            average_price=Decimal("110957.5"),
            reference=Decimal(1),
            average_price_usd=Decimal(2),
            realized=Decimal("-0.5"),
            realized_funding=Decimal("0.25"),
        ),
    ),
    ("session: {prices: {F: 115600.09}}", commands.SettleSession(prices=(("F", Decimal("115600.09")),))),
    ("session: {}", commands.SettleSession()),
    (
        "quote: {instrument: F, bids: [[113800, 50], [113799.5, 1]]}",
        commands.QuoteDerivative(
            derivative="F",
            bids=((Decimal(113800), Decimal(50)), (Decimal("113799.5"), Decimal(1))),
        ),
    ),
    (
        "order: {account: dora/3, instrument: F, direction: buy, amount: 10}",
        commands.PlaceDerivativeOrder(
            subaccount_ref=SubaccountRef("dora", "3"), derivative="F", direction=Direction.BUY, amount=Decimal(10)
        ),
    ),
    (
        (
            "order: {account: dora, instrument: F, direction: sell, amount: 1, price: 0.5, post_only: true,"
            " reject_post_only: true, time_in_force: good_til_day}"
        ),
        commands.PlaceDerivativeOrder(
            subaccount_ref=SubaccountRef("dora"),
            derivative="F",
            direction=Direction.SELL,
            amount=Decimal(1),
            price=Decimal("0.5"),
            life=OrderLife.GOOD_TIL_DAY,
            post_only=True,
            reject_post_only=True,
        ),
    ),
    (
        "order: {account: dora, instrument: F, direction: buy, amount: 1, reduce_only: true, label: l, order: o}",
        commands.PlaceDerivativeOrder(
            subaccount_ref=SubaccountRef("dora"),
            derivative="F",
            direction=Direction.BUY,
            amount=Decimal(1),
            reduce_only=True,
            label="l",
            order="o",
        ),
    ),
    (
        "order: {account: dora, instrument: F, direction: sell, amount: 1, trigger: mark_price, trigger_price: 2}",
        commands.PlaceDerivativeOrder(
            subaccount_ref=SubaccountRef("dora"),
            derivative="F",
            direction=Direction.SELL,
            amount=Decimal(1),
            trigger=TriggerSource.MARK,
            trigger_price=Decimal(2),
        ),
    ),
    (
        (
            "order: {account: dora, instrument: F, direction: sell, amount: 1, price: 3, trigger: last_price,"
            " trigger_kind: take, trigger_price: 4}"
        ),
        commands.PlaceDerivativeOrder(
            subaccount_ref=SubaccountRef("dora"),
            derivative="F",
            direction=Direction.SELL,
            amount=Decimal(1),
            price=Decimal(3),
            trigger=TriggerSource.LAST,
            trigger_kind=TriggerKind.TAKE,
            trigger_price=Decimal(4),
        ),
    ),
    ("edit: {order: o, trigger_price: 5}", commands.EditDerivativeOrder(order="o", trigger_price=Decimal(5))),
    (
        'cancel_orders: {account: dora, instrument: F, currency: BTC, kinds: [option], label: ""}',
        commands.CancelDerivativeOrders(
            subaccount_ref=SubaccountRef("dora"), derivative="F", currency="BTC", kinds=("option",), label=""
        ),
    ),
    (
        "edit: {order: o, amount: 20, price: 1, post_only: false}",
        commands.EditDerivativeOrder(order="o", amount=Decimal(20), price=Decimal(1), post_only=False),
    ),
    ("account: {account: dora, venue: deribit}", commands.OpenAccount(account="dora", venue="deribit")),
    ("account: {account: alice, venue: kalshi}", commands.OpenAccount(account="alice")),
    (
        'key: {account: dora, key: k, key_id: x, secret: abc, scopes: ["trade:read"], api_date: 2026-10}',
        commands.AddKey(
            account="dora",
            key="k",
            key_id="x",
            secret="abc",  # made up
            scopes=("trade:read",),
            api_date="2026-10",
        ),
    ),
    (
        "funding: {instrument: P, rate: -0.0001, interest: 0.5}",
        commands.PayFunding(derivative="P", rate=Decimal("-0.0001"), interest_value=Decimal("0.5")),
    ),
    ("deliver: {instrument: F, price: 0.1}", commands.DeliverDerivative(derivative="F", price=Decimal("0.1"))),
    (
        "credit: {account: dora, currency: BTC, amount: -0.000000000000000001}",
        commands.CreditCurrency(subaccount_ref=SubaccountRef("dora"), currency="BTC", amount=Decimal("-1e-18")),
    ),
]
