"""State and events as JSON: exact, complete, and independent of the venue's tables."""

from msgspec.structs import fields

from mockexchange.core import commands, events
from mockexchange.core.refusals import Refusal, RefusalCode
from mockexchange.core.vocabulary import (
    Result,
    SubaccountRef,
)
from mockexchange.sandbox.ledger.accounts import positions_of
from mockexchange.sandbox.ledger.events import event_of, outcome_of
from tests.commands.examples import BEGINS_AT as NOON
from tests.commands.examples import EVENTS
from tests.helpers.sandboxes import do, make


def test_every_event_is_shown_whole() -> None:
    for event in EVENTS:
        subaccount_ref = any(field.name == "subaccount_ref" for field in fields(event))
        assert len(event_of(event)) == 1 + len(fields(event)) + subaccount_ref


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
        "price": "0.5600",
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
