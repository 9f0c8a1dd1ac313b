"""One of each event of derivatives with its JSON."""

from decimal import Decimal
from typing import Any

from mockexchange.core import events
from mockexchange.core.derivatives.vocabulary import CancelReason, Direction, OrderState
from mockexchange.core.events import Event
from mockexchange.core.vocabulary import (
    SubaccountRef,
)

DESK = SubaccountRef("desk", "st1")
SHOWN_DESK = {"account": "desk", "book": "st1"}

DERIVATIVE_EVENTS: list[tuple[Event, dict[str, Any]]] = [
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
        events.DerivativeQuoted(
            derivative="P", bids=((Decimal("1e2"), Decimal("0.50")),), asks=((Decimal(101), Decimal(1)),)
        ),
        {"type": "contract_quoted", "instrument": "P", "bids": [["100", "0.5"]], "asks": [["101", "1"]]},
    ),
    (
        events.DerivativeOrderChanged(
            order_id="o",
            subaccount_ref=DESK,
            derivative="P",
            state=OrderState.CANCELLED,
            price=None,
            amount=Decimal("1e2"),
            filled=Decimal("50.0"),
            cancel_reason=CancelReason.UNFILLED,
        ),
        {
            "type": "contract_order_changed",
            **SHOWN_DESK,
            "instrument": "P",
            "order_id": "o",
            "state": "cancelled",
            "price": None,
            "amount": "100",
            "filled": "50",
            "cancel_reason": "unfilled",
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
