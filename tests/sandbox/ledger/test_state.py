"""State and events as JSON: exact, complete, and independent of the venue's tables."""

from decimal import Decimal
from typing import Any, get_args

import pytest
from msgspec.structs import fields

from mockexchange.core import commands, events
from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.core.events import Event
from mockexchange.core.refusals import Refusal, RefusalCode
from mockexchange.core.vocabulary import (
    AccountKind,
    Action,
    Instance,
    MarketStatus,
    OrderReason,
    OrderStatus,
    PaymentKind,
    PaymentMethod,
    PaymentStatus,
    Reservation,
    Result,
    Severity,
    Side,
    SubaccountRef,
    TransferStatus,
)
from mockexchange.sandbox.ledger.state import event_of, outcome_of, positions_of
from tests.helpers.sandboxes import do, make

DESK = SubaccountRef("desk", "st1")
SHOWN_DESK = {"account": "desk", "book": "st1"}
NOON = 1_762_257_600_000_000
TRADE: dict[str, Any] = {"market": "M", "side": Side.NO, "action": Action.SELL, "count_centis": 137}

# One of each event, and all that is shown of it.
EVENTS: list[tuple[Event, dict[str, Any]]] = [
    (
        events.AccountOpened(account="desk", kind=AccountKind.FCM),
        {"type": "account_opened", "account": "desk", "kind": "fcm"},
    ),
    (events.SubaccountOpened(subaccount_ref=DESK), {"type": "book_opened", **SHOWN_DESK}),
    (
        events.KeyAdded(account="desk", key="main", key_id="id"),
        {"type": "key_added", "account": "desk", "key": "main", "key_id": "id"},
    ),
    (events.SeriesListed(series="S"), {"type": "series_listed", "series": "S"}),
    (
        events.MarketListed(market="M", event="E", series="S"),
        {"type": "market_listed", "market": "M", "event": "E", "series": "S"},
    ),
    (
        events.MarketPriced(market="M", price_centicents=5_600),
        {"type": "market_priced", "market": "M", "price": "0.5600"},
    ),
    (
        events.MarketMoved(market="M", status=MarketStatus.CLOSED),
        {"type": "market_moved", "market": "M", "status": "closed", "result": None, "value": None},
    ),
    (
        events.MarketMoved(market="M", status=MarketStatus.FINALIZED, result=Result.SCALAR, value_centicents=3_333),
        {"type": "market_moved", "market": "M", "status": "finalized", "result": "scalar", "value": "0.3333"},
    ),
    (
        events.Filled(
            fill_id="f",
            order_id="o",
            subaccount_ref=DESK,
            price_centicents=1,
            taker=True,
            fee_micros=18_900,
            post_position_centis=-237,
            **TRADE,
        ),
        {
            "type": "filled",
            "fill_id": "f",
            "order_id": "o",
            **SHOWN_DESK,
            "market": "M",
            "side": "no",
            "action": "sell",
            "count": "1.37",
            "price": "0.0001",
            "taker": True,
            "fee": "0.018900",
            "post_position": "-2.37",
        },
    ),
    (
        events.Traded(trade_id="t", market="M", yes_centicents=9_999, count_centis=137, taker_side=Side.NO),
        {
            "type": "traded",
            "trade_id": "t",
            "market": "M",
            "yes": "0.9999",
            "count": "1.37",
            "taker_side": "no",
        },
    ),
    (
        events.PositionChanged(
            subaccount_ref=DESK,
            market="M",
            quantity_centis=-137,
            cost_micros=1,
            realized_micros=-1,
            fees_micros=7,
            held_fees_micros=5,
            traded_micros=10**12,
            shares_centis=137,
            resting_centis=500,
            settled=False,
            updated_at=NOON + 1,
            has_moved=True,
        ),
        {
            "type": "position_changed",
            **SHOWN_DESK,
            "market": "M",
            "quantity": "-1.37",
            "cost": "0.000001",
            "realized": "-0.000001",
            "fees": "0.000007",
            "held_fees": "0.000005",
            "traded": "1000000.000000",
            "shares": "1.37",
            "resting": "5.00",
            "settled": False,
            "updated_at": "2025-11-04T12:00:00.000001Z",
            "has_moved": True,
        },
    ),
    (
        events.PositionSettled(
            subaccount_ref=DESK,
            market="M",
            result=Result.YES,
            quantity_centis=100,
            cost_micros=560_000,
            revenue_micros=1_000_000,
            remainder_micros=0,
        ),
        {
            "type": "position_settled",
            **SHOWN_DESK,
            "market": "M",
            "result": "yes",
            "quantity": "1.00",
            "cost": "0.560000",
            "revenue": "1.000000",
            "remainder": "0.000000",
        },
    ),
    (
        events.OrderRested(order_id="o", subaccount_ref=DESK, price_centicents=9_999, **TRADE),
        {
            "type": "order_rested",
            "order_id": "o",
            **SHOWN_DESK,
            "market": "M",
            "side": "no",
            "action": "sell",
            "count": "1.37",
            "price": "0.9999",
        },
    ),
    (
        events.OrderReduced(order_id="o", remaining_centis=1),
        {"type": "order_reduced", "order_id": "o", "remaining": "0.01"},
    ),
    (events.OrderCanceled(order_id="o"), {"type": "order_canceled", "order_id": "o"}),
    (
        events.OrderExecuted(order_id="o", remaining_centis=0),
        {"type": "order_executed", "order_id": "o", "remaining": "0.00"},
    ),
    (
        events.OrderChanged(
            order_id="o",
            subaccount_ref=DESK,
            market="M",
            reason=OrderReason.AMEND,
            status=OrderStatus.RESTING,
            price_centicents=1,
            initial_centis=600,
            filled_centis=200,
            remaining_centis=300,
            taker_cost_micros=1,
            maker_cost_micros=2,
            taker_fees_micros=3,
            maker_fees_micros=4,
            updated_at=NOON,
        ),
        {
            "type": "order_changed",
            "order_id": "o",
            **SHOWN_DESK,
            "market": "M",
            "reason": "amend",
            "status": "resting",
            "price": "0.0001",
            "initial": "6.00",
            "filled": "2.00",
            "remaining": "3.00",
            "taker_cost": "0.000001",
            "maker_cost": "0.000002",
            "taker_fees": "0.000003",
            "maker_fees": "0.000004",
            "updated_at": "2025-11-04T12:00:00Z",
        },
    ),
    (
        events.CashMoved(subaccount_ref=DESK, amount_micros=-5_000_000, cash_micros=1),
        {"type": "cash_moved", **SHOWN_DESK, "amount": "-5.000000", "cash": "0.000001"},
    ),
    (
        events.SubtraderRestricted(subaccount_ref=DESK, categories=("Sports",), blocked=True),
        {"type": "subtrader_restricted", **SHOWN_DESK, "categories": ("Sports",), "blocked": True},
    ),
    (
        events.SubtraderCapped(subaccount_ref=DESK, limit_micros=None),
        {"type": "subtrader_capped", **SHOWN_DESK, "limit": None},
    ),
    (events.EventDescribed(event="E"), {"type": "event_described", "event": "E"}),
    (events.EventListed(event="E"), {"type": "event_listed", "event": "E"}),
    (
        events.MarketQuoted(market="M", yes_levels=((5_500, 10_000), (1, 1)), no_levels=()),
        {"type": "market_quoted", "market": "M", "yes": [["0.5500", "100.00"], ["0.0001", "0.01"]], "no": []},
    ),
    (
        events.LevelChanged(market="M", side=Side.YES, price_centicents=5_500, change_centis=-1, order_id="o"),
        {
            "type": "level_changed",
            "market": "M",
            "side": "yes",
            "price": "0.5500",
            "change": "-0.01",
            "order_id": "o",
        },
    ),
    (
        events.LevelChanged(market="M", side=Side.NO, price_centicents=1, change_centis=10_000),
        {
            "type": "level_changed",
            "market": "M",
            "side": "no",
            "price": "0.0001",
            "change": "100.00",
            "order_id": None,
        },
    ),
    (
        events.ExchangeSwitched(active=True, trading=False, resume_at=NOON),
        {"type": "exchange_switched", "active": True, "trading": False, "resume_at": "2025-11-04T12:00:00Z"},
    ),
    (
        events.ExchangeSwitched(active=True, trading=True, resume_at=None),
        {"type": "exchange_switched", "active": True, "trading": True, "resume_at": None},
    ),
    (
        events.Announced(message="Back soon", severity=Severity.WARNING, active=True, delivered_at=NOON),
        {
            "type": "announced",
            "message": "Back soon",
            "severity": "warning",
            "active": True,
            "delivered_at": "2025-11-04T12:00:00Z",
        },
    ),
    (
        events.GroupOpened(group="g", subaccount_ref=DESK, limit_centis=150),
        {"type": "group_opened", "group": "g", **SHOWN_DESK, "limit": "1.50"},
    ),
    (events.GroupTriggered(group="g", subaccount_ref=DESK), {"type": "group_triggered", "group": "g", **SHOWN_DESK}),
    (events.GroupReset(group="g", subaccount_ref=DESK), {"type": "group_reset", "group": "g", **SHOWN_DESK}),
    (
        events.GroupLimited(group="g", subaccount_ref=DESK, limit_centis=150),
        {"type": "group_limited", "group": "g", **SHOWN_DESK, "limit": "1.50"},
    ),
    (events.GroupDeleted(group="g", subaccount_ref=DESK), {"type": "group_deleted", "group": "g", **SHOWN_DESK}),
    (events.Noted(subject="fault", text="off"), {"type": "noted", "subject": "fault", "text": "off"}),
    (
        events.PaymentMade(
            payment="p",
            kind=PaymentKind.DEPOSIT,
            subaccount_ref=DESK,
            method=PaymentMethod.WIRE,
            status=PaymentStatus.PENDING,
            amount_micros=5_000_000,
            fee_micros=1,
        ),
        {
            "type": "payment_made",
            "payment": "p",
            "kind": "deposit",
            **SHOWN_DESK,
            "method": "wire",
            "status": "pending",
            "amount": "5.000000",
            "fee": "0.000001",
        },
    ),
    (
        events.PaymentFinalized(payment="p", status=PaymentStatus.RETURNED),
        {"type": "payment_finalized", "payment": "p", "status": "returned"},
    ),
    (
        events.Transferred(transfer="t", source=SubaccountRef("desk"), target=DESK, amount_micros=1),
        {"type": "transferred", "transfer": "t", "source": "desk", "target": "desk/st1", "amount": "0.000001"},
    ),
    (
        events.ShardTransferred(
            transfer="t",
            account="desk",
            source=Instance.EVENT_CONTRACT,
            target=Instance.MARGINED,
            source_shard=0,
            target_shard=1,
            amount_micros=1,
            status=TransferStatus.PENDING,
        ),
        {
            "type": "shard_transferred",
            "transfer": "t",
            "account": "desk",
            "source": "event_contract",
            "target": "margined",
            "source_shard": 0,
            "target_shard": 1,
            "amount": "0.000001",
            "status": "pending",
        },
    ),
    (events.TransferCompleted(transfer="t"), {"type": "transfer_completed", "transfer": "t"}),
    (
        events.BalanceAllocated(account="desk", allocations=((0, 60), (1, 40)), reservation=Reservation.MAX),
        {"type": "balance_allocated", "account": "desk", "allocations": ((0, 60), (1, 40)), "reservation": "max"},
    ),
    (events.NettingSet(subaccount_ref=DESK, enabled=True), {"type": "netting_set", **SHOWN_DESK, "enabled": True}),
    (events.DerivativeListed(derivative="P"), {"type": "contract_listed", "instrument": "P"}),
    (
        events.IndexSet(index="btc_usd", price=Decimal("113853.630")),
        {"type": "index_set", "index": "btc_usd", "price": "113853.63"},
    ),
    (
        events.DerivativeMarked(derivative="P", price=Decimal("1e2")),
        {"type": "contract_marked", "instrument": "P", "price": "100"},
    ),
    (
        events.DerivativeTraded(
            subaccount_ref=DESK,
            derivative="P",
            trade_id="t",
            order_id="o",
            serial=7,
            direction=Direction.SELL,
            amount=Decimal(10),
            price=Decimal("0.5"),
            fee=Decimal("-1e-18"),
        ),
        {
            "type": "contract_traded",
            **SHOWN_DESK,
            "instrument": "P",
            "trade_id": "t",
            "order_id": "o",
            "serial": 7,
            "direction": "sell",
            "amount": "10",
            "price": "0.5",
            "fee": "-0.000000000000000001",
        },
    ),
    (
        events.HoldingChanged(
            subaccount_ref=DESK,
            derivative="P",
            size=Decimal(-10),
            cost=Decimal("0.10"),
            session_cost=Decimal(0),
            realized=Decimal("-0.0"),
            realized_funding=Decimal(1),
        ),
        {
            "type": "holding_changed",
            **SHOWN_DESK,
            "instrument": "P",
            "size": "-10",
            "cost": "0.1",
            "session_cost": "0",
            "realized": "0",
            "realized_funding": "1",
        },
    ),
    (
        events.CashChanged(subaccount_ref=DESK, currency="BTC", cash=Decimal("1.5")),
        {"type": "cash_changed", **SHOWN_DESK, "currency": "BTC", "cash": "1.5"},
    ),
    (
        events.SessionSettled(prices=(("P", Decimal("115600.09")),)),
        {"type": "session_settled", "prices": {"P": "115600.09"}},
    ),
    (
        events.DerivativeDelivered(derivative="P", price=Decimal(3)),
        {"type": "contract_delivered", "instrument": "P", "price": "3"},
    ),
]


@pytest.mark.parametrize(("event", "shown"), EVENTS, ids=[shown["type"] for _, shown in EVENTS])
def test_every_event_is_shown_whole(event: Event, shown: dict[str, Any]) -> None:
    assert event_of(event) == shown
    subaccount_ref = any(field.name == "subaccount_ref" for field in fields(event))
    assert len(shown) == 1 + len(fields(event)) + subaccount_ref


def test_the_table_has_every_event() -> None:
    assert {type(event) for event, _ in EVENTS} == set(get_args(Event))


def test_an_outcome_is_its_events() -> None:
    moved = events.CashMoved(subaccount_ref=SubaccountRef("alice"), amount_micros=1, cash_micros=2)
    assert outcome_of(7, NOON, (moved,)) == {"seq": 7, "at": "2025-11-04T12:00:00Z", "events": [event_of(moved)]}
    assert outcome_of(8, NOON, ()) == {"seq": 8, "at": "2025-11-04T12:00:00Z", "events": []}


def test_an_outcome_is_a_refusal() -> None:
    refusal = Refusal(RefusalCode.UNKNOWN_MARKET, "no market 'M'")
    shown = {"code": "unknown_market", "message": "no market 'M'"}
    assert outcome_of(7, NOON, refusal) == {"seq": 7, "at": "2025-11-04T12:00:00Z", "refusal": shown}


def test_positions_are_rows_of_every_subaccount_settled_or_not() -> None:
    sandbox = make()
    do(sandbox, commands.SettleMarket(market="RAIN-2", result=Result.NO))
    do(
        sandbox,
        commands.OpenPosition(
            subaccount_ref=SubaccountRef("alice", "3"), market="RAIN-1", quantity_centis=5, cost_micros=1
        ),
    )
    rows = positions_of(sandbox.exchange.state, "alice")
    assert [(row["book"], row["instrument"], row["quantity"], row["settled"]) for row in rows] == [
        ("0", "RAIN-1", "10.00", False),
        ("0", "RAIN-2", "0.00", True),
        ("0", "HEAT-1", "2.00", False),
        ("3", "RAIN-1", "0.05", False),
    ]
    assert rows[0] == {
        "account": "alice",
        "book": "0",
        "instrument": "RAIN-1",
        "event": "RAIN",
        "quantity": "10.00",
        "cost": "5.600000",
        "realized": "0.000000",
        "fees": "0.000000",
        "traded": "5.600000",
        "resting": "0.00",
        "settled": False,
        "updated_at": "2025-11-04T12:00:00Z",
    }
    assert positions_of(sandbox.exchange.state, "bob") == []
