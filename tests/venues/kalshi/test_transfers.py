"""Cash between instances and shards, and its target allocation."""

from mockexchange.core.commands import AllocateBalance, CompleteTransfer, Deposit, TransferShard
from mockexchange.core.vocabulary import Instance, Reservation, SubaccountRef, TransferStatus
from tests.helpers.rows import each_row
from tests.venues.kalshi import bodies
from tests.venues.kalshi.world import ALICE, DOLLAR, SECOND, START, Venue, at, refusal, why

TRANSFERS = "portfolio/intra_exchange_instance_transfers"
ALLOCATION = "portfolio/target_balance_allocation"
MOMENT = START // SECOND + 60


def moved(status: TransferStatus = TransferStatus.COMPLETE) -> Venue:
    venue = Venue()
    venue.do(Deposit(subaccount_ref=ALICE, amount_micros=50 * DOLLAR))
    transfer = TransferShard(
        account="alice",
        amount_micros=12_345_678,
        source_shard=0,
        target=Instance.MARGINED,
        target_shard=3,
        status=status,
        transfer="t",
    )
    venue.do(transfer, at=MOMENT * SECOND + 1)
    return venue


def test_a_transfer_names_both_ends() -> None:
    wanted = {
        "amount": "12.3456",
        "created_ts": MOMENT,
        "destination": "margined",
        "destination_exchange_shard": 3,
        "source": "event_contract",
        "source_exchange_shard": 0,
        "status": "complete",
        "transfer_id": "t",
    }
    assert moved().read(TRANSFERS) == {"cursor": "", "transfers": [wanted]}
    assert moved().read(f"{TRANSFERS}/t") == {"transfer": wanted}


def test_a_transfer_that_is_on_its_way_arrives() -> None:
    venue = moved(TransferStatus.PENDING)
    assert venue.read(TRANSFERS)["transfers"][0]["status"] == "pending"
    assert venue.read(f"{TRANSFERS}/t")["transfer"]["status"] == "pending"
    venue.do(CompleteTransfer(transfer="t"))
    assert venue.read(TRANSFERS)["transfers"][0]["status"] == "complete"
    assert venue.read(f"{TRANSFERS}/t")["transfer"]["status"] == "complete"


@each_row(
    ("who", "transfer_id", "words"),
    [
        ("alice", "x", "alice has no transfer 'x'"),
        ("bob", "t", "bob has no transfer 't', it is of alice"),
    ],
)
def test_a_transfer_of_nobody_or_of_somebody_else_is_not_there(who: str, transfer_id: str, words: str) -> None:
    answer = moved().ask(f"{TRANSFERS}/{transfer_id}", who)
    assert refusal(answer) == at(bodies.NOT_FOUND)
    assert why(answer) == words


def test_bob_sees_none_of_them() -> None:
    assert moved().read(TRANSFERS, "bob")["transfers"] == []


# --- allocation


def test_cash_stays_where_it_is_until_an_allocation_is_set() -> None:
    venue = Venue()
    first = {"allocations": [], "resting_margin_reservation": "none"}
    assert venue.read(ALLOCATION) == first
    venue.do(AllocateBalance(account="alice", allocations=((2, 15), (0, 85)), reservation=Reservation.SUM))
    assert venue.read(ALLOCATION) == {
        "allocations": [{"exchange_index": 0, "percent": 85}, {"exchange_index": 2, "percent": 15}],
        "resting_margin_reservation": "sum",
    }
    assert venue.read(ALLOCATION, "bob") == first


@each_row("reservation", Reservation)
def test_every_reservation_has_a_word(reservation: Reservation) -> None:
    venue = Venue()
    venue.do(AllocateBalance(account="alice", allocations=((0, 100),), reservation=reservation))
    assert venue.read(ALLOCATION)["resting_margin_reservation"] == reservation


# --- who may ask, and since when


@each_row("target", [TRANSFERS, f"{TRANSFERS}/t", ALLOCATION])
def test_they_are_there_from_their_day_on(target: str) -> None:
    assert refusal(moved().ask(target, date="2026-08-19")) == at(bodies.NOT_FOUND)
    assert moved().ask(target, date="2026-08-20").status == 200
    assert moved().ask(target, date="compat").status == 200


@each_row("date", ["2026-10", "compat"])
@each_row("who", ["only_3", "st1"])
@each_row("target", [TRANSFERS, f"{TRANSFERS}/t", ALLOCATION])
def test_a_key_bound_to_a_book_is_kept_out(target: str, who: str, date: str) -> None:
    assert refusal(moved().ask(target, who, date)) == at(bodies.RESTRICTED, date)


def test_what_left_is_gone_from_the_balance() -> None:
    venue = moved()
    assert venue.read("portfolio/balance")["balance_dollars"] == "37.6543"
    venue.do(TransferShard(account="alice", amount_micros=DOLLAR, target_shard=2))
    assert venue.read("portfolio/balance?exchange_index=2")["balance_dollars"] == "1.0000"
    assert venue.exchange.state.subaccounts[SubaccountRef("alice")].shards_micros == {2: DOLLAR}
