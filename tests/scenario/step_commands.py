"""Steps as text, each with its command."""

import json
from typing import Any

from mockexchange.core import commands
from mockexchange.core.commands import Command
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
from mockexchange.scenario.keys import development_keys

PEM = development_keys()[0].public_pem
KEY = f"account: a, key: k, key_id: id, public_key: {json.dumps(PEM)}"
AGAINST = "against: bob, against_order: p, against_fee: 0.07"
OPTIONS = f"taker: true, fee: 0.0175, {AGAINST}, order: o, client_order_id: mine, id: f"
PLACE_OPTIONS = (
    "time_in_force: immediate_or_cancel, post_only: true, reduce_only: true, max_cost: 1.5, client_order_id: mine"
)
ORDER_OPTIONS = "group: g, expires: 2025-11-05, self_trade_prevention: maker, cancel_on_pause: true"
PAYMENT = "account: a, amount: 10, payment: p, method: wire, fee: 0.50, status: pending"
BETWEEN_SHARDS = "source: event_contract, target: margined, source_shard: 1, target_shard: 2"
SERIES_TEXTS = "title: Sun, category: Climate, frequency: daily, tags: [sun, rain]"
EVENT_TEXTS = "title: Sun, sub_title: on, category: Climate, strike_period: day"
MARKET_TEXTS = "subtitle: s, yes_title: y, no_title: n, rules: first, rules_secondary: second"
MARKET_TIMES = "open: 2025-11-01, close: 2025-11-02, expected_expiration: 2025-11-03, expiration: 2025-11-04"
STRIKES = "strike_type: between, floor_strike: 60.50, cap_strike: -3, settlement_timer: 30m, can_close_early: false"
DAY_US = 86_400_000_000
NOVEMBER = 1_761_955_200_000_000
IMPORTED = "position: -137, exposure: 57.54, realized: -1, fees: 0.02, traded: 80.1, shares: 140"
SHORT: dict[str, Any] = {
    "subaccount_ref": SubaccountRef("a"),
    "market": "M",
    "side": Side.YES,
    "count_centis": 200,
    "price_centicents": 1_000,
}
BOUGHT = SHORT | {"side": Side.NO, "action": Action.BUY, "count_centis": 100, "price_centicents": 5_000}


# step, command
COMMANDS: list[tuple[str, Command]] = [
    (
        "fill: {account: alice/3, market: M, side: yes, action: sell, count: 1.37, price: 0.575}",
        commands.Fill(
            subaccount_ref=SubaccountRef("alice", "3"),
            market="M",
            side=Side.YES,
            action=Action.SELL,
            count_centis=137,
            price_centicents=5_750,
        ),
    ),
    (
        f"fill: {{account: a, market: M, side: no, action: buy, count: 1, price: 0.5, {OPTIONS}}}",
        commands.Fill(
            **BOUGHT,
            taker=True,
            fee_micros=17_500,
            against=SubaccountRef("bob"),
            against_order="p",
            against_fee_micros=70_000,
            order="o",
            client_order_id="mine",
            fill_id="f",
        ),
    ),
    (
        "fill: {account: a, market: M, side: yes, action: buy, count: 2, price: 0.1, order: {new: o}}",
        commands.Fill(**SHORT, action=Action.BUY, order=commands.NewOrder("o")),
    ),
    ("replenish: {market: M}", commands.ReplenishMarket(market="M")),
    (
        "fill: {account: a, market: M, side: yes, action: buy, count: 2, price: 0.1, order: new}",
        commands.Fill(**SHORT, action=Action.BUY),
    ),
    (
        "place: {account: a, market: M, side: bid, count: 2, price: 0.1}",
        commands.PlaceOrder(**SHORT, action=Action.BUY),
    ),
    (
        "place: {account: a, market: M, side: ask, count: 2, price: 0.1}",
        commands.PlaceOrder(**SHORT, action=Action.SELL),
    ),
    (
        f"open: {{account: a, market: M, {IMPORTED}}}",
        commands.OpenPosition(
            subaccount_ref=SubaccountRef("a"),
            market="M",
            quantity_centis=-13_700,
            cost_micros=57_540_000,
            realized_micros=-1_000_000,
            fees_micros=20_000,
            traded_micros=80_100_000,
            shares_centis=14_000,
        ),
    ),
    (
        "open: {account: a, market: M, position: 0, exposure: 0}",
        commands.OpenPosition(subaccount_ref=SubaccountRef("a"), market="M", quantity_centis=0, cost_micros=0),
    ),
    (
        "rest: {account: a, market: M, side: no, action: sell, count: 2, price: 0.1, order: o}",
        commands.RestOrder(
            subaccount_ref=SubaccountRef("a"),
            market="M",
            side=Side.NO,
            action=Action.SELL,
            count_centis=200,
            price_centicents=1_000,
            order="o",
        ),
    ),
    (
        f"rest: {{account: a, market: M, side: yes, action: buy, count: 2, price: 0.1, {ORDER_OPTIONS}}}",
        commands.RestOrder(
            subaccount_ref=SubaccountRef("a"),
            market="M",
            side=Side.YES,
            action=Action.BUY,
            count_centis=200,
            price_centicents=1_000,
            group="g",
            expires_at=NOVEMBER + 4 * DAY_US,
            self_trade_prevention=SelfTradePrevention.MAKER,
            cancel_on_pause=True,
        ),
    ),
    (
        f"place: {{account: a, market: M, side: yes, action: buy, count: 2, price: 0.1, order: o, {ORDER_OPTIONS}}}",
        commands.PlaceOrder(
            subaccount_ref=SubaccountRef("a"),
            market="M",
            side=Side.YES,
            action=Action.BUY,
            count_centis=200,
            price_centicents=1_000,
            order="o",
            group="g",
            expires_at=NOVEMBER + 4 * DAY_US,
            self_trade_prevention=SelfTradePrevention.MAKER,
            cancel_on_pause=True,
        ),
    ),
    (
        f"place: {{account: a, market: M, side: no, action: sell, count: 2, price: 0.1, {PLACE_OPTIONS}}}",
        commands.PlaceOrder(
            subaccount_ref=SubaccountRef("a"),
            market="M",
            side=Side.NO,
            action=Action.SELL,
            count_centis=200,
            price_centicents=1_000,
            time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
            post_only=True,
            reduce_only=True,
            max_cost_micros=1_500_000,
            client_order_id="mine",
        ),
    ),
    (
        "print: {market: M, side: no, count: 2, price: 0.1}",
        commands.TradeMarket(market="M", side=Side.NO, count_centis=200, price_centicents=1_000),
    ),
    ("market_trading: {market: M, trading: false}", commands.SwitchMarket(market="M", trading=False)),
    ("cancel_all: {account: a}", commands.CancelAllOrders(account="a")),
    (
        "cancel_all: {account: a, subaccount: 2, market: M}",
        commands.CancelAllOrders(account="a", subaccount="2", market="M"),
    ),
    (
        "amend: {order: o, client_order_id: mine, expires: 2025-11-05}",
        commands.AmendOrder(order="o", client_order_id="mine", expires_at=NOVEMBER + 4 * DAY_US),
    ),
    ("amend: {order: o, clears_expiry: true}", commands.AmendOrder(order="o", clears_expiry=True)),
    (
        "group: {account: a/2, group: g, limit: 10.5}",
        commands.OpenGroup(subaccount_ref=SubaccountRef("a", "2"), group="g", limit_centis=1_050),
    ),
    ("group: {account: a}", commands.OpenGroup(subaccount_ref=SubaccountRef("a"))),
    ("trigger_group: {group: g}", commands.TriggerGroup(group="g")),
    ("reset_group: {group: g}", commands.ResetGroup(group="g")),
    ("limit_group: {group: g, limit: 2}", commands.LimitGroup(group="g", limit_centis=200)),
    ("delete_group: {group: g}", commands.DeleteGroup(group="g")),
    ("reduce: {order: o, count: 0.5}", commands.ReduceOrder(order="o", count_centis=50)),
    ("cancel: {order: o}", commands.CancelOrder(order="o")),
    ("expire: {order: o}", commands.ExpireOrder(order="o")),
    ("amend: {order: o, price: 0.56}", commands.AmendOrder(order="o", price_centicents=5_600)),
    ("amend: {order: o, count: 1.5}", commands.AmendOrder(order="o", count_centis=150)),
    ("deposit: {account: a, amount: 1}", commands.Deposit(subaccount_ref=SubaccountRef("a"), amount_micros=1_000_000)),
    (
        "withdraw: {account: a/2, amount: 0.01}",
        commands.Withdraw(subaccount_ref=SubaccountRef("a", "2"), amount_micros=10_000),
    ),
    (
        "transfer: {source: a, target: a/2, amount: 5}",
        commands.Transfer(source=SubaccountRef("a"), target=SubaccountRef("a", "2"), amount_micros=5_000_000),
    ),
    (
        f"deposit: {{{PAYMENT}}}",
        commands.Deposit(
            subaccount_ref=SubaccountRef("a"),
            amount_micros=10_000_000,
            fee_micros=500_000,
            method=PaymentMethod.WIRE,
            status=PaymentStatus.PENDING,
            payment="p",
        ),
    ),
    (
        f"withdraw: {{{PAYMENT.replace('pending', 'applied')}}}",
        commands.Withdraw(
            subaccount_ref=SubaccountRef("a"),
            amount_micros=10_000_000,
            fee_micros=500_000,
            method=PaymentMethod.WIRE,
            payment="p",
        ),
    ),
    (
        "deposit: {account: a, amount: 1, shard: 2}",
        commands.Deposit(subaccount_ref=SubaccountRef("a"), amount_micros=1_000_000, shard=2),
    ),
    (
        "transfer: {source: a, target: a/2, amount: 1, shard: 1}",
        commands.Transfer(source=SubaccountRef("a"), target=SubaccountRef("a", "2"), amount_micros=1_000_000, shard=1),
    ),
    (
        "shard_transfer: {account: a, target_shard: 1, source_book: 2, target_book: 3, amount: 1}",
        commands.TransferShard(
            account="a", amount_micros=1_000_000, target_shard=1, source_subaccount="2", target_subaccount="3"
        ),
    ),
    (
        "allocate: {account: a, allocations: {}}",
        commands.AllocateBalance(account="a", allocations=(), reservation=Reservation.SUM),
    ),
    ("rebalance: {account: a}", commands.RebalanceCash(account="a")),
    (
        "group: {account: a, exchange_index: 1}",
        commands.OpenGroup(subaccount_ref=SubaccountRef("a"), exchange_index=1),
    ),
    (
        "finalize_payment: {payment: p, status: returned}",
        commands.FinalizePayment(payment="p", status=PaymentStatus.RETURNED),
    ),
    (
        "transfer: {source: a/2, target: a, amount: 5, id: t}",
        commands.Transfer(
            source=SubaccountRef("a", "2"), target=SubaccountRef("a"), amount_micros=5_000_000, transfer="t"
        ),
    ),
    (
        f"shard_transfer: {{account: a, {BETWEEN_SHARDS}, amount: 1, id: t, status: pending}}",
        commands.TransferShard(
            account="a",
            amount_micros=1_000_000,
            target=Instance.MARGINED,
            source_shard=1,
            target_shard=2,
            status=TransferStatus.PENDING,
            transfer="t",
        ),
    ),
    (
        "shard_transfer: {account: a, target_shard: 1, amount: 1}",
        commands.TransferShard(account="a", amount_micros=1_000_000, target_shard=1),
    ),
    ("complete_transfer: {transfer: t}", commands.CompleteTransfer(transfer="t")),
    (
        "allocate: {account: a, allocations: {0: 60, 1: 40}, reservation: max}",
        commands.AllocateBalance(account="a", allocations=((0, 60), (1, 40)), reservation=Reservation.MAX),
    ),
    ("open_cash: {account: a, amount: 1}", commands.OpenCash(subaccount_ref=SubaccountRef("a"), amount_micros=10**6)),
    (
        "netting: {account: a/3, enabled: true}",
        commands.SetNetting(subaccount_ref=SubaccountRef("a", "3"), enabled=True),
    ),
    ("account: {account: a}", commands.OpenAccount(account="a")),
    (
        "account: {account: a, kind: fcm, account_id: fcm7, user_id: u-7, tier: prime}",
        commands.OpenAccount(account="a", kind=AccountKind.FCM, account_id="fcm7", user_id="u-7", tier="prime"),
    ),
    (
        "restrict: {account: desk/st1, categories: [Politics, on], blocked: true}",
        commands.RestrictSubtrader(
            subaccount_ref=SubaccountRef("desk", "st1"), categories=("Politics", "on"), blocked=True
        ),
    ),
    ("restrict: {account: desk/st1}", commands.RestrictSubtrader(subaccount_ref=SubaccountRef("desk", "st1"))),
    (
        "cap: {account: desk/st1, limit: 100.50}",
        commands.CapSubtrader(subaccount_ref=SubaccountRef("desk", "st1"), limit_micros=100_500_000),
    ),
    (
        "cap: {account: desk/st1, limit: null}",
        commands.CapSubtrader(subaccount_ref=SubaccountRef("desk", "st1"), limit_micros=None),
    ),
    ("book: {account: a, book: 3}", commands.OpenSubaccount(account="a", subaccount="3")),
    (
        f"key: {{{KEY}, scopes: [read], book: 3, api_date: 2026-06}}",
        commands.AddKey(
            account="a", key="k", key_id="id", public_key=PEM, scopes=("read",), subaccount="3", api_date="2026-06"
        ),
    ),
    ("remove_key: {account: a, key_id: id}", commands.RemoveKey(account="a", key_id="id")),
    ("tier: {account: a, tier: prime}", commands.SetTier(account="a", tier="prime")),
    (
        "series: {series: S, fee_type: flat, fee_multiplier: 0.5}",
        commands.ListSeries(series="S", fee_type=FeeType.FLAT, fee_multiplier=5_000),
    ),
    (
        f"series: {{series: S, {SERIES_TEXTS}}}",
        commands.ListSeries(
            series="S",
            details=SeriesDetails(title="Sun", category="Climate", frequency="daily", tags=("sun", "rain")),
        ),
    ),
    (
        f"event: {{event: E, {EVENT_TEXTS}, mutually_exclusive: true, strike_at: 2025-11-02}}",
        commands.DescribeEvent(
            event="E",
            details=EventDetails(
                title="Sun",
                sub_title="on",
                category="Climate",
                mutually_exclusive=True,
                strike_at=NOVEMBER + DAY_US,
                strike_period="day",
            ),
        ),
    ),
    ("event: {event: E}", commands.DescribeEvent(event="E", details=EventDetails())),
    (
        f"market: {{market: M, event: E, series: S, {MARKET_TEXTS}, {MARKET_TIMES}, {STRIKES}}}",
        commands.ListMarket(
            market="M",
            event="E",
            series="S",
            details=MarketDetails(
                subtitle="s",
                yes_title="y",
                no_title="n",
                open_at=NOVEMBER,
                close_at=NOVEMBER + DAY_US,
                expected_expiration_at=NOVEMBER + 2 * DAY_US,
                expiration_at=NOVEMBER + 3 * DAY_US,
                settlement_timer_s=1_800,
                can_close_early=False,
                rules_primary="first",
                rules_secondary="second",
                strike_type="between",
                floor_strike="60.50",
                cap_strike="-3",
            ),
        ),
    ),
    (
        "orderbook: {market: M, yes: [[0.55, 100], [0.5, 0.01]], no: [[0.43, 80]]}",
        commands.QuoteMarket(market="M", yes=((5_500, 10_000), (5_000, 1)), no=((4_300, 8_000),)),
    ),
    ("orderbook: {market: M}", commands.QuoteMarket(market="M")),
    (
        "exchange: {active: false, trading: false, resume: 2025-11-02}",
        commands.SwitchExchange(active=False, trading=False, resume_at=NOVEMBER + DAY_US),
    ),
    ("exchange: {}", commands.SwitchExchange()),
    (
        "announce: {message: on, type: warning, at: 2025-11-01, active: false}",
        commands.Announce(message="on", severity=Severity.WARNING, delivered_at=NOVEMBER, active=False),
    ),
    (
        "market: {market: M, event: E, series: S, title: on, price: 0.99, exchange_index: 2}",
        commands.ListMarket(market="M", event="E", series="S", title="on", price_centicents=9_900, exchange_index=2),
    ),
    ("price: {market: M, price: 0.01}", commands.PriceMarket(market="M", price_centicents=100)),
    ("close: {market: M}", commands.CloseMarket(market="M")),
    ("determine: {market: M, result: no}", commands.DetermineMarket(market="M", result=Result.NO)),
    ("dispute: {market: M}", commands.DisputeMarket(market="M")),
    ("finalize: {market: M}", commands.FinalizeMarket(market="M")),
    (
        "settle: {market: M, result: scalar, value: 0}",
        commands.SettleMarket(market="M", result=Result.SCALAR, value_centicents=0),
    ),
]
