"""The portfolio's objects at every API date, byte for byte, and against the documents of the strict dates.

`golden/NAME.txt` has a line a date: the date and the body. They were checked by hand against the wire facts.
"""

import json
from decimal import Decimal
from functools import cache
from pathlib import Path

from mockexchange.core.commands import (
    AllocateBalance,
    CancelOrder,
    Deposit,
    FinalizePayment,
    ListMarket,
    OpenGroup,
    SetNetting,
    SettleMarket,
    Transfer,
    TransferShard,
    TriggerGroup,
    Withdraw,
)
from mockexchange.core.instants import parse_instant
from mockexchange.core.vocabulary import (
    Action,
    PaymentMethod,
    PaymentStatus,
    Reservation,
    Result,
    SelfTradePrevention,
    Side,
    TransferStatus,
)
from tests.contracts.documents import answer_validator
from tests.helpers.rows import each_row
from tests.venues.kalshi.bodies import DATES, STRICT_DATES
from tests.venues.kalshi.world import ALICE, ALICE_3, DOLLAR, ST1, Venue, buy, rest_order

GOLDEN = Path(__file__).parent / "golden"

# File, operation, who asks, target.
TARGETS = [
    ("orders", "GetOrders", "alice", "portfolio/orders?status=resting"),
    ("order", "GetOrder", "alice", "portfolio/orders/taken"),
    ("queue_positions", "GetOrderQueuePositions", "alice", "portfolio/orders/queue_positions"),
    ("queue_position", "GetOrderQueuePosition", "alice", "portfolio/orders/full/queue_position"),
    ("order_groups", "GetOrderGroups", "alice", "portfolio/order_groups"),
    ("settlements", "GetSettlements", "alice", "portfolio/settlements"),
    ("fills", "GetFills", "alice", "portfolio/fills"),
    ("deposits", "GetDeposits", "alice", "portfolio/deposits"),
    ("withdrawals", "GetWithdrawals", "alice", "portfolio/withdrawals"),
    ("subaccount_balances", "GetSubaccountBalances", "alice", "portfolio/subaccounts/balances"),
    ("subaccount_transfers", "GetSubaccountTransfers", "alice", "portfolio/subaccounts/transfers"),
    ("subaccount_netting", "GetSubaccountNetting", "alice", "portfolio/subaccounts/netting"),
    ("transfers", "GetIntraExchangeInstanceTransfers", "alice", "portfolio/intra_exchange_instance_transfers"),
    ("transfer", "GetIntraExchangeInstanceTransfer", "alice", "portfolio/intra_exchange_instance_transfers/s1"),
    ("allocation", "GetTargetBalanceAllocation", "alice", "portfolio/target_balance_allocation"),
    (
        "resting_value",
        "GetPortfolioRestingOrderTotalValue",
        "desk",
        "portfolio/summary/total_resting_order_value",
    ),
    ("subtraders_orders", "GetOrders", "desk", "portfolio/orders"),
]
SINCE = {
    "deposits": "2026-06",
    "withdrawals": "2026-06",
    "subaccount_balances": "2026-02",
    "subaccount_transfers": "2026-02",
    "subaccount_netting": "2026-02",
    "transfers": "2026-10",
    "transfer": "2026-10",
    "allocation": "2026-10",
}
"""The first date that has it, where that is not the first of all."""


@cache
def world() -> Venue:
    """A little of everything that an account can have."""
    venue = Venue(at=parse_instant("2025-11-10T09:30:00.5Z"))
    venue.fund(ALICE, ALICE_3, ST1, dollars=500)
    venue.list_markets("RAIN-1", "RAIN-2", "RAIN-3", "WIND-1", "SNOW-1")
    venue.do(ListMarket(market="HEAT-1", event="HEAT", series="HEAT", exchange_index=1))
    _trade(venue)
    _settle(venue)
    _move_cash(venue)
    return venue


def _trade(venue: Venue) -> None:
    venue.do(
        OpenGroup(subaccount_ref=ALICE, group="g1", limit_centis=1_250), OpenGroup(subaccount_ref=ALICE_3, group="g2")
    )
    venue.do(TriggerGroup(group="g2"))
    venue.do(rest_order("RAIN-1", 3, 57, ST1, order="ahead"))
    venue.do(
        rest_order(
            "RAIN-1",
            7,
            Decimal("56.5"),
            order="full",
            client_order_id="mine \u2713",
            group="g1",
            expires_at=parse_instant("2025-12-01T00:00:00Z"),
            self_trade_prevention=SelfTradePrevention.MAKER,
            cancel_on_pause=True,
        )
    )
    half = Decimal("56.5")
    venue.do(buy("RAIN-1", 2, half, order="full", fill_id="x1", fee_micros=12_300))
    venue.do(buy("RAIN-1", 1, half, order="full", fill_id="x2", fee_micros=0))
    venue.do(rest_order("HEAT-1", 4, 31, ALICE_3, Side.NO, order="gone"), CancelOrder(order="gone"))
    venue.do(rest_order("HEAT-1", 10, 25, ST1, Side.NO, order="hot"))
    venue.do(rest_order("RAIN-2", 2, 70, ALICE_3, action=Action.SELL, order="plain"))
    venue.do(buy("RAIN-2", 5, 62, ALICE, Side.NO, taker=True, new="taken", client_order_id="t", fill_id="x3"))


def _settle(venue: Venue) -> None:
    venue.do(buy("RAIN-3", 37, 40, taker=True, fill_id="x4", new="o4", fee_micros=21_500))
    venue.do(buy("RAIN-3", 30, 50, side=Side.NO, fill_id="x5", new="o5", fee_micros=0))
    venue.do(buy("WIND-1", 5, 20, ALICE_3, fill_id="x6", new="o6"))
    venue.do(buy("SNOW-1", 4, 31, side=Side.NO, fill_id="x7", new="o7"))
    venue.do(SettleMarket(market="RAIN-3", result=Result.NO))
    venue.do(SettleMarket(market="WIND-1", result=Result.SCALAR, value_centicents=4_567))
    venue.do(SettleMarket(market="SNOW-1", result=Result.VOID))


def _move_cash(venue: Venue) -> None:
    half = DOLLAR // 2
    venue.do(
        Deposit(
            subaccount_ref=ALICE, amount_micros=20 * DOLLAR, fee_micros=half, method=PaymentMethod.DEBIT, payment="i1"
        )
    )
    venue.do(Deposit(subaccount_ref=ALICE, amount_micros=DOLLAR, status=PaymentStatus.PENDING, payment="i2"))
    venue.do(Withdraw(subaccount_ref=ALICE_3, amount_micros=half, method=PaymentMethod.WIRE, payment="o1"))
    venue.do(FinalizePayment(payment="o1", status=PaymentStatus.RETURNED))
    venue.do(
        Withdraw(
            subaccount_ref=ALICE, amount_micros=half, fee_micros=10_000, status=PaymentStatus.PENDING, payment="o2"
        )
    )
    venue.do(Transfer(source=ALICE, target=ALICE_3, amount_micros=12_345_678, transfer="t1"))
    venue.do(Transfer(source=ALICE_3, target=ALICE, amount_micros=DOLLAR, transfer="t2"))
    venue.do(SetNetting(subaccount_ref=ALICE_3, enabled=True))
    venue.do(TransferShard(account="alice", amount_micros=7_654_321, target_shard=1, transfer="s1"))
    pending = TransferStatus.PENDING
    venue.do(TransferShard(account="alice", amount_micros=DOLLAR, target_shard=2, status=pending, transfer="s2"))
    venue.do(AllocateBalance(account="alice", allocations=((1, 40), (0, 60)), reservation=Reservation.MAX))


def golden(name: str) -> dict[str, bytes]:
    lines = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return {date: body.encode() for date, _, body in (line.partition(" ") for line in lines)}


def dates_of(name: str) -> tuple[str, ...]:
    return tuple(date for date in DATES if date >= SINCE.get(name, ""))


CASES = [(*row, date) for row in TARGETS for date in dates_of(row[0])]


@each_row(("name", "operation", "who", "target", "date"), CASES)
def test_a_body_is_the_one_of_its_date(name: str, operation: str, who: str, target: str, date: str) -> None:
    answer = world().ask(target, who, date)
    assert (answer.status, answer.operation, answer.findings) == (200, operation, [])
    assert answer.body == golden(name)[date]


@each_row(("name", "operation", "who", "target"), TARGETS)
def test_a_golden_body_fits_the_document_of_its_date(name: str, operation: str, who: str, target: str) -> None:
    bodies = golden(name)
    assert tuple(bodies) == dates_of(name)
    for date in set(bodies) & set(STRICT_DATES):
        errors = [
            error.message for error in answer_validator(date, operation, "200").iter_errors(json.loads(bodies[date]))
        ]
        assert errors == [], date


@each_row(("name", "first"), SINCE.items())
def test_before_its_day_it_is_a_404_that_says_since_when(name: str, first: str) -> None:
    [(target, who)] = [(target, who) for file, _, who, target in TARGETS if file == name]
    before = STRICT_DATES[STRICT_DATES.index(first) - 1]
    answer = world().ask(target, who, before)
    assert answer.status == 404
    assert answer.diagnose is not None
    assert "did not exist at API date" in answer.diagnose(lambda: None)


@each_row(("name", "operation", "who", "target"), TARGETS)
def test_keys_are_in_alphabetical_order(name: str, operation: str, who: str, target: str) -> None:
    for body in golden(name).values():
        loaded = json.loads(body)
        assert json.dumps(loaded, sort_keys=True) == json.dumps(loaded)
