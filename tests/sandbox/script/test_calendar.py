"""The calendar: sessions are settled at 08:00 UTC, and expired derivatives are delivered."""

from decimal import Decimal
from typing import Any

from mockexchange.core.commands import AmendOrder, DeliverDerivative, ListDerivative, PlaceOrder
from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.instants import format_instant, parse_instant
from mockexchange.core.vocabulary import Action, Side, SubaccountRef
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.script_entries import DELIVERY, EXPIRY, SETTLEMENT
from mockexchange.store.log import Cause
from tests.helpers.derivatives import WORLD, of_deribit, of_signalplus, result
from tests.helpers.sandboxes import SMALL, do, make, run

HOUR = 3_600 * 1_000_000
DAY = 24 * HOUR
SCRIPT = "script:\n  - {name: mark, at: 2025-10-17T08:00:00Z, mark: {instrument: BTC-17OCT25, price: 1}}\n"


def happened(sandbox: Sandbox) -> list[tuple[str, str, int]]:
    """(instant, cause, repetition) of what nobody asked for."""
    records = [record for record in sandbox.log if record.cause]
    return [(format_instant(one.at), one.cause.step, one.cause.repetition) for one in records if one.cause]


def listed(expires: str | None) -> ListDerivative:
    sandbox = make(WORLD)
    dated: Terms = sandbox.exchange.state.derivatives.listed["BTC-17OCT25"].terms
    fields: dict[str, Any] = {name: getattr(dated, name) for name in Terms.__struct_fields__}
    fields |= {"name": "NEW", "expires_at": parse_instant(expires) if expires else None}
    return ListDerivative(terms=Terms(**fields), mark=Decimal(1))


def test_a_session_is_settled_every_day_at_eight() -> None:
    sandbox = make(WORLD)
    run(sandbox.advance(3 * DAY))
    settlements = [(at, repetition) for at, cause, repetition in happened(sandbox) if cause == SETTLEMENT]
    assert settlements == [("2025-10-17T08:00:00Z", 1), ("2025-10-18T08:00:00Z", 2), ("2025-10-19T08:00:00Z", 3)]


def test_a_contract_is_delivered_when_it_expires_before_its_session_is_settled_and_before_the_script() -> None:
    sandbox = make(WORLD + SCRIPT)
    run(sandbox.advance(20 * HOUR))
    assert [cause for _, cause, _ in happened(sandbox)] == [DELIVERY, SETTLEMENT, "mark"]
    derivative = sandbox.exchange.state.derivatives.listed["BTC-17OCT25"]
    assert derivative.delivery == Decimal("113853.63"), "the index"
    assert [firing.name for firing in sandbox.journal.firings if firing.kind == "finding"] == ["mark"]


def test_a_settlement_takes_the_mark_as_what_the_session_counts_from() -> None:
    """The mark has not moved since, so there is no unrealized profit; the realized one is cash."""
    sandbox = make(WORLD)
    [before] = result(sandbox, of_deribit(sandbox))
    run(sandbox.advance(20 * HOUR))
    [after] = result(sandbox, of_deribit(sandbox))
    assert before["floating_profit_loss"] > 0 == after["floating_profit_loss"]
    assert after["settlement_price"] == 113_900
    assert after["total_profit_loss"] == before["total_profit_loss"]
    assert not [row for row in result(sandbox, of_signalplus(sandbox)) if float(row["size"])]


def test_an_instant_that_is_over_when_the_sandbox_begins_is_history() -> None:
    sandbox = make(WORLD.replace("start: 2025-10-16T12:00:00Z", "start: 2025-10-17T07:59:59.998Z"))
    assert format_instant(sandbox.clock.now()) == "2025-10-17T08:00:00Z"
    run(sandbox.advance(HOUR))
    assert happened(sandbox) == []
    assert sandbox.exchange.state.derivatives.listed["BTC-17OCT25"].is_open
    [finding] = [firing for firing in sandbox.journal.firings if firing.kind == "finding"]
    assert finding.name == DELIVERY
    assert str(finding.detail["text"]).startswith("BTC-17OCT25 expired at 2025-10-17T08:00:00Z, before the clock began")


def test_a_contract_listed_while_it_runs_is_delivered_too() -> None:
    sandbox = make(WORLD)
    do(sandbox, listed("2025-10-16T20:00:00Z"))
    run(sandbox.advance(9 * HOUR))
    assert happened(sandbox) == [("2025-10-16T20:00:00Z", DELIVERY, 1)]


def test_the_first_contract_begins_the_sessions() -> None:
    text = WORLD[: WORLD.index("instruments:")] + WORLD[WORLD.index("accounts:") : WORLD.index("  - trade:")]
    sandbox = make(text)
    run(sandbox.advance(DAY))
    assert happened(sandbox) == []
    do(sandbox, listed("2030-01-01"))
    run(sandbox.advance(DAY))
    assert happened(sandbox) == [("2025-10-18T08:00:00Z", SETTLEMENT, 1)]


def test_what_was_delivered_by_hand_is_not_again_and_no_contract_needs_no_session() -> None:
    dated = "\n".join(line for line in WORLD.splitlines() if "PERPETUAL" not in line)
    sandbox = make(dated)
    do(sandbox, DeliverDerivative(derivative="BTC-17OCT25", price=Decimal(1_000)))
    run(sandbox.advance(3 * DAY))
    assert happened(sandbox) == []


def test_clearing_the_script_leaves_it_alone() -> None:
    sandbox = make(WORLD + SCRIPT)
    run(sandbox.script.clear())
    run(sandbox.advance(20 * HOUR))
    assert [cause for _, cause, _ in happened(sandbox)] == [DELIVERY, SETTLEMENT]


def test_a_market_exchange_is_never_woken_for_it() -> None:
    assert make(SMALL).script.next_at is None


def test_the_log_has_the_cause_and_the_journal_the_instrument() -> None:
    sandbox = make(WORLD)
    run(sandbox.advance(20 * HOUR))
    assert [record.cause for record in sandbox.log][-3:-1] == [Cause(DELIVERY, 1), Cause(SETTLEMENT, 1)]
    told = [(one.name, one.detail) for one in sandbox.journal.firings]
    assert told == [(DELIVERY, {"repetition": 1, "instrument": "BTC-17OCT25"}), (SETTLEMENT, {"repetition": 1})]


# --- orders


def test_a_placed_order_expires_by_the_clock_at_its_latest_expiry() -> None:
    sandbox = make(SMALL)
    expires_at = sandbox.clock.now() + HOUR
    for name in ("short", "longer", "forever"):
        do(
            sandbox,
            PlaceOrder(
                subaccount_ref=SubaccountRef("alice"),
                market="RAIN-1",
                side=Side.YES,
                action=Action.BUY,
                count_centis=200,
                price_centicents=5_000,
                order=name,
                expires_at=expires_at,
            ),
        )
    do(sandbox, AmendOrder(order="longer", expires_at=expires_at + HOUR))
    do(sandbox, AmendOrder(order="forever", clears_expiry=True))
    orders = sandbox.exchange.state.orders
    run(sandbox.advance(HOUR))
    assert [orders[name].remaining_centis for name in ("short", "longer", "forever")] == [0, 200, 200]
    run(sandbox.advance(HOUR))
    assert [orders[name].remaining_centis for name in ("short", "longer", "forever")] == [0, 0, 200]
    assert [(cause, repetition) for _, cause, repetition in happened(sandbox)] == [(EXPIRY, 1), (EXPIRY, 2)]
