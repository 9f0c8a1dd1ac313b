"""Payments and transfers: what each does to cash, when, and what is written down of it."""

from itertools import pairwise
from typing import Any

from mockexchange.core.commands import (
    AllocateBalance,
    CompleteTransfer,
    Deposit,
    FinalizePayment,
    OpenCash,
    OpenSubaccount,
    SetNetting,
    Transfer,
    TransferShard,
    Withdraw,
)
from mockexchange.core.events import (
    BalanceAllocated,
    CashMoved,
    NettingSet,
    PaymentFinalized,
    PaymentMade,
    ShardTransferred,
    TransferCompleted,
    Transferred,
)
from mockexchange.core.model.ledgers import PAYMENT_TRANSITIONS
from mockexchange.core.vocabulary import (
    Instance,
    PaymentKind,
    PaymentMethod,
    PaymentStatus,
    Reservation,
    SubaccountRef,
    TransferStatus,
)
from tests.core.tables import lines, micros, stories
from tests.core.world import STEP_US, World
from tests.helpers.rows import each_row

ALICE, ALICE_3 = SubaccountRef("alice"), SubaccountRef("alice", "3")
HERE, MARGINED = Instance.EVENT_CONTRACT, Instance.MARGINED

# A book with $100. A payment of $10 with a fee of $0.50 goes from status to status; the cash after each.
PAYMENTS = stories("""
    story                   | status   | cash
    deposit at once         | applied  | 109.50
                            | returned | 100
    deposit on its way      | pending  | 100
                            | applied  | 109.50
                            | returned | 100
    deposit that fails      | pending  | 100
                            | failed   | 100
    deposit that came back  | pending  | 100
                            | returned | 100
    withdrawal at once      | applied  | 89.50
                            | returned | 100
    withdrawal on its way   | pending  | 89.50
                            | applied  | 89.50
                            | returned | 100
    withdrawal that fails   | pending  | 89.50
                            | failed   | 100
    withdrawal that bounces | pending  | 89.50
                            | returned | 100
""")

# A member with $100 on shard 0 and $20 on shard 1 sends $5; what is there while it is on its way, and after.
SHARDS = lines("""
    source         | from | target         | to | on its way    | after
    event_contract | 0    | event_contract | 1  | 95, 1: 20     | 95, 1: 25
    event_contract | 1    | event_contract | 0  | 100, 1: 15    | 105, 1: 15
    event_contract | 1    | event_contract | 2  | 100, 1: 15    | 100, 1: 15, 2: 5
    event_contract | 0    | margined       | 0  | 95, 1: 20     | 95, 1: 20
    event_contract | 1    | margined       | 1  | 100, 1: 15    | 100, 1: 15
    margined       | 0    | event_contract | 0  | 100, 1: 20    | 105, 1: 20
    margined       | 3    | event_contract | 3  | 100, 1: 20    | 100, 1: 20, 3: 5
    margined       | 0    | margined       | 1  | 100, 1: 20    | 100, 1: 20
""")


def paid(kind: PaymentKind, status: PaymentStatus) -> Deposit | Withdraw:
    command = Deposit if kind is PaymentKind.DEPOSIT else Withdraw
    return command(
        subaccount_ref=ALICE, status=status, amount_micros=micros("10"), fee_micros=micros("0.50"), payment="p"
    )


def with_cash(dollars: str) -> World:
    world = World()
    world.do(OpenSubaccount(account="alice", subaccount="3"))
    world.deposit(dollars)
    return world


def sent(amount: str, source_shard: int, target_shard: int, **extra: Any) -> TransferShard:
    shards: dict[str, Any] = {"source_shard": source_shard, "target_shard": target_shard}
    return TransferShard(account="alice", amount_micros=micros(amount), **shards, **extra)


def shown(world: World) -> str:
    """The cash of alice's primary book: what is on shard 0, then the others."""
    subaccount = world.subaccount()
    assert subaccount.cash_micros == subaccount.contributed_micros
    first = subaccount.cash_micros - sum(subaccount.shards_micros.values())
    others = [f"{shard}: {amount // 1_000_000}" for shard, amount in sorted(subaccount.shards_micros.items())]
    return ", ".join([str(first // 1_000_000), *others])


# --- payments


@each_row("name", PAYMENTS)
def test_a_payment_moves_cash_by_its_status(name: str) -> None:
    world, kind = with_cash("100"), PaymentKind(name.partition(" ")[0])
    for place, line in enumerate(PAYMENTS[name]):
        status = PaymentStatus(line["status"])
        world.do(FinalizePayment(payment="p", status=status) if place else paid(kind, status))
        assert world.subaccount().cash_micros == world.subaccount().contributed_micros == micros(line["cash"])
        assert world.exchange.state.payments["p"].status is status


def test_the_stories_make_every_legal_move() -> None:
    moves = set()
    for told in PAYMENTS.values():
        statuses = [PaymentStatus(line["status"]) for line in told]
        moves |= set(pairwise(statuses))
    assert moves == PAYMENT_TRANSITIONS


def test_a_payment_tells_what_it_is_and_what_it_moved() -> None:
    world = with_cash("100")
    made = PaymentMade(
        payment="p",
        kind=PaymentKind.DEPOSIT,
        subaccount_ref=ALICE,
        method=PaymentMethod.ACH,
        status=PaymentStatus.PENDING,
        amount_micros=micros("10"),
        fee_micros=micros("0.50"),
    )
    assert world.do(paid(PaymentKind.DEPOSIT, PaymentStatus.PENDING)) == [made]
    assert world.do(FinalizePayment(payment="p", status=PaymentStatus.APPLIED)) == [
        PaymentFinalized(payment="p", status=PaymentStatus.APPLIED),
        CashMoved(subaccount_ref=ALICE, amount_micros=micros("9.50"), cash_micros=micros("109.50")),
    ]


def test_payments_are_listed_newest_first_each_kind_for_itself() -> None:
    world = World()
    for name in ("first", "second"):
        world.do(Deposit(subaccount_ref=ALICE, amount_micros=1, payment=name))
        world.do(Withdraw(subaccount_ref=ALICE, amount_micros=1, payment=f"{name} back"))
    ledger = world.exchange.state.accounts["alice"].ledger
    assert [row.payment_id for row in ledger.deposits.find(10).rows] == ["second", "first"]
    assert [row.payment_id for row in ledger.withdrawals.find(1).rows] == ["second back"]
    assert len(world.exchange.state.accounts["bob"].ledger.deposits) == 0


def test_a_payment_knows_when_it_was_made_and_finalized() -> None:
    world = World()
    world.do(Deposit(subaccount_ref=ALICE, amount_micros=1, payment="p", status=PaymentStatus.PENDING))
    payment, made_at = world.exchange.state.payments["p"], world.at
    assert (payment.created_at, payment.finalized_at) == (made_at, None)
    world.do(FinalizePayment(payment="p", status=PaymentStatus.APPLIED))
    assert (payment.created_at, payment.finalized_at) == (made_at, made_at + STEP_US)
    world.do(Deposit(subaccount_ref=ALICE, amount_micros=1, payment="at once"))
    assert world.exchange.state.payments["at once"].finalized_at == world.at


def test_a_finalized_payment_is_another_row_in_the_same_place() -> None:
    """Pages are kept by revision: one that stayed would show the payment as it was."""
    world = World()
    world.do(Deposit(subaccount_ref=ALICE, amount_micros=1, payment="p", status=PaymentStatus.PENDING))
    history = world.exchange.state.accounts["alice"].ledger.deposits
    [row], before = history.find(10).rows, history.revision
    serial = row.serial
    world.do(FinalizePayment(payment="p", status=PaymentStatus.FAILED))
    assert row.serial == serial
    assert row.revision == history.revision > before


def test_a_returned_deposit_is_a_fact_even_where_the_cash_is_spent() -> None:
    world = World()
    world.do(Deposit(subaccount_ref=ALICE, amount_micros=micros("5"), payment="p"))
    world.fill("buy yes 10 @ 0.40", fee_micros=0)
    world.do(FinalizePayment(payment="p", status=PaymentStatus.RETURNED))
    assert world.subaccount().cash_micros == micros("-4")


def test_payments_without_a_name_have_one_of_their_own() -> None:
    world = World()
    world.deposit("1")
    world.deposit("1")
    assert len(set(world.exchange.state.payments)) == 2


# --- transfers


def test_a_transfer_tells_of_itself_and_of_both_books() -> None:
    world = with_cash("100")
    assert world.do(Transfer(source=ALICE, target=ALICE_3, amount_micros=micros("40"), transfer="t")) == [
        Transferred(transfer="t", source=ALICE, target=ALICE_3, amount_micros=micros("40")),
        CashMoved(subaccount_ref=ALICE, amount_micros=micros("-40"), cash_micros=micros("60")),
        CashMoved(subaccount_ref=ALICE_3, amount_micros=micros("40"), cash_micros=micros("40")),
    ]
    [row] = world.exchange.state.accounts["alice"].ledger.transfers.find(10).rows
    assert (row.transfer_id, row.created_at, row.amount_micros) == ("t", world.at, micros("40"))


@each_row("line", SHARDS, ids=lambda line: " ".join(list(line.values())[:4]))
@each_row("status", TransferStatus)
def test_cash_leaves_its_shard_at_once_and_arrives_when_it_is_complete(
    line: dict[str, str], status: TransferStatus
) -> None:
    world = with_cash("100")
    world.do(sent("20", 0, 1, source=MARGINED))
    ends = {"source": Instance(line["source"]), "target": Instance(line["target"])}
    world.do(sent("5", int(line["from"]), int(line["to"]), **ends, status=status, transfer="t"))
    if status is TransferStatus.PENDING:
        assert shown(world) == line["on its way"]
        world.do(CompleteTransfer(transfer="t"))
    assert shown(world) == line["after"]


def test_a_transfer_between_shards_tells_of_itself_and_of_its_end() -> None:
    world = with_cash("100")
    begun = ShardTransferred(
        transfer="t",
        account="alice",
        source=HERE,
        target=HERE,
        source_shard=0,
        target_shard=1,
        amount_micros=micros("5"),
        status=TransferStatus.PENDING,
    )
    left = CashMoved(subaccount_ref=ALICE, amount_micros=micros("-5"), cash_micros=micros("95"))
    arrived = CashMoved(subaccount_ref=ALICE, amount_micros=micros("5"), cash_micros=micros("100"))
    assert world.do(sent("5", 0, 1, transfer="t", status=TransferStatus.PENDING)) == [begun, left]
    history = world.exchange.state.accounts["alice"].ledger.shard_transfers
    [row], before = history.find(10).rows, history.revision
    assert world.do(CompleteTransfer(transfer="t")) == [TransferCompleted(transfer="t"), arrived]
    assert row.revision == history.revision > before


def test_only_where_orders_rest_is_what_they_hold_back_told() -> None:
    world = with_cash("100")
    world.do(sent("30", 0, 1))
    world.rest("buy yes 10 @ 0.50")
    refused = [world.refuse(sent("80", *shards)).message for shards in ((0, 1), (1, 0))]
    assert refused == [
        "alice has 65.000000 dollars free on shard 0, asked for 80.000000: its orders that rest hold back 5.000000",
        "alice has 30.000000 dollars free on shard 1, asked for 80.000000",
    ]


def test_a_shard_without_cash_is_no_shard() -> None:
    world = with_cash("100")
    world.do(sent("5", 0, 1), sent("5", 1, 0))
    assert world.subaccount().shards_micros == {}


def test_an_account_says_how_its_cash_is_to_be_spread() -> None:
    world = World()
    account = world.exchange.state.accounts["alice"]
    assert (account.allocations, account.reservation) == ((), Reservation.NONE)
    wanted = AllocateBalance(account="alice", allocations=((0, 60), (1, 40)), reservation=Reservation.MAX)
    assert world.do(wanted) == [
        BalanceAllocated(account="alice", allocations=((0, 60), (1, 40)), reservation=Reservation.MAX)
    ]
    assert (account.allocations, account.reservation) == (((0, 60), (1, 40)), Reservation.MAX)


def test_cash_without_a_payment_comes_and_goes_below_zero_too() -> None:
    world = with_cash("1")
    subaccount = world.exchange.state.subaccounts[ALICE]
    account = world.exchange.state.accounts["alice"]
    payments = len(account.ledger.deposits), len(account.ledger.withdrawals)
    assert world.do(OpenCash(subaccount_ref=ALICE, amount_micros=-3_000_000)) == [
        CashMoved(subaccount_ref=ALICE, amount_micros=-3_000_000, cash_micros=-2_000_000)
    ]
    world.do(OpenCash(subaccount_ref=ALICE, amount_micros=5_500_000, shard=1))
    assert (subaccount.cash_micros, subaccount.cash_on(1)) == (3_500_000, 5_500_000)
    assert world.do(OpenCash(subaccount_ref=ALICE, amount_micros=0)) == []
    assert (len(account.ledger.deposits), len(account.ledger.withdrawals)) == payments


def test_netting_is_set_and_lifted_book_by_book() -> None:
    world = with_cash("1")
    netted = world.exchange.state.accounts["alice"].netted_subaccounts
    assert world.do(SetNetting(subaccount_ref=ALICE_3, enabled=True)) == [
        NettingSet(subaccount_ref=ALICE_3, enabled=True)
    ]
    world.do(SetNetting(subaccount_ref=ALICE_3, enabled=True), SetNetting(subaccount_ref=ALICE, enabled=False))
    assert netted == {"3"}
    world.do(SetNetting(subaccount_ref=ALICE_3, enabled=False))
    assert netted == set()


def test_a_book_knows_when_its_cash_last_changed() -> None:
    world = World()
    opened_at = world.at
    world.do(OpenSubaccount(account="alice", subaccount="3"))
    assert world.subaccount("alice/3").updated_at == world.at
    world.do(Deposit(subaccount_ref=ALICE, amount_micros=5, payment="p", status=PaymentStatus.PENDING))
    assert world.subaccount().updated_at < opened_at
    for change in (
        FinalizePayment(payment="p", status=PaymentStatus.APPLIED),
        Transfer(source=ALICE, target=ALICE_3, amount_micros=1),
        sent("0.000001", 0, 1),
        Withdraw(subaccount_ref=ALICE, amount_micros=1),
    ):
        world.do(change)
        assert world.subaccount().updated_at == world.at
    assert world.subaccount("alice/3").updated_at < world.at
