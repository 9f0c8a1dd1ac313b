"""Subaccounts of one member: their cash, transfers between them, and their netting."""

from mockexchange.core.commands import Deposit, OpenSubaccount, SetNetting, Transfer, TransferShard
from mockexchange.core.vocabulary import SubaccountRef
from tests.helpers.rows import each_row
from tests.venues.kalshi import bodies
from tests.venues.kalshi.world import (
    ALICE,
    ALICE_3,
    DOLLAR,
    SECOND,
    ST1,
    ST2,
    START,
    Venue,
    at,
    buy,
    refusal,
    rest_order,
)

BALANCES, TRANSFERS = "portfolio/subaccounts/balances", "portfolio/subaccounts/transfers"
NETTING = "portfolio/subaccounts/netting"
TARGETS = [BALANCES, TRANSFERS, NETTING]


def balances(venue: Venue, who: str = "alice", date: str = "2026-10") -> list[tuple[object, ...]]:
    rows = venue.read(BALANCES, who, date)["subaccount_balances"]
    return [(row["subaccount_number"], row.get("exchange_index"), row["balance"]) for row in rows]


def test_a_row_for_each_book_in_the_order_of_numbers() -> None:
    venue = Venue()
    venue.do(OpenSubaccount(account="alice", subaccount="12"), OpenSubaccount(account="alice", subaccount="2"))
    venue.do(Deposit(subaccount_ref=SubaccountRef("alice", "12"), amount_micros=1_234_567))
    assert balances(venue) == [(0, 0, "0.0000"), (2, 0, "0.0000"), (3, 0, "0.0000"), (12, 0, "1.2345")]


def test_cash_is_free_cash() -> None:
    venue = Venue()
    venue.fund(ALICE, dollars=100)
    venue.list_markets("RAIN-1")
    venue.do(rest_order("RAIN-1", 10, 25), buy("RAIN-1", 4, 50, fee_micros=12_300))
    assert balances(venue)[0] == (0, 0, "95.4877")
    assert venue.read("portfolio/balance")["balance_dollars"] == "95.4877"


@each_row(
    ("day", "rows"),
    [
        ("2026-08-19", [(0, None, "100.0000"), (3, None, "0.0000")]),
        ("2026-08-20", [(0, 0, "69.5000"), (0, 1, "20.0000"), (0, 7, "10.5000"), (3, 0, "0.0000")]),
        ("compat", [(0, 0, "69.5000"), (0, 1, "20.0000"), (0, 7, "10.5000"), (3, 0, "0.0000")]),
    ],
)
def test_cash_on_several_shards_has_a_row_each_since_rows_tell_the_shard(
    day: str, rows: list[tuple[object, ...]]
) -> None:
    venue = Venue()
    venue.fund(ALICE, dollars=100)
    for shard, amount_micros in ((7, 10_500_000), (1, 20 * DOLLAR)):
        venue.do(TransferShard(account="alice", amount_micros=amount_micros, target_shard=shard))
    assert balances(venue, date=day) == rows


def test_the_time_of_a_row_is_when_its_cash_last_changed() -> None:
    venue = Venue()
    first, second = START // SECOND + 60, START // SECOND + 120
    venue.do(Deposit(subaccount_ref=ALICE, amount_micros=2 * DOLLAR), at=first * SECOND)
    venue.do(Transfer(source=ALICE, target=ALICE_3, amount_micros=DOLLAR), at=second * SECOND + 999_999)
    venue.do(Deposit(subaccount_ref=ALICE, amount_micros=DOLLAR), at=(second + 5) * SECOND)
    rows = venue.read(BALANCES)["subaccount_balances"]
    assert [row["updated_ts"] for row in rows] == [second + 5, second]


# --- transfers and netting


def test_a_transfer_names_its_books() -> None:
    venue = Venue()
    venue.do(Deposit(subaccount_ref=ALICE, amount_micros=50 * DOLLAR))
    moment = START + 60 * SECOND
    venue.do(Transfer(source=ALICE, target=ALICE_3, amount_micros=12_349_999, transfer="t"), at=moment)
    wanted = {
        "amount_cents": 1_234,
        "created_ts": moment // SECOND,
        "exchange_index": 0,
        "from_subaccount": 0,
        "to_subaccount": 3,
        "transfer_id": "t",
    }
    assert venue.read(TRANSFERS) == {"cursor": "", "transfers": [wanted]}


def test_netting_is_set_book_by_book() -> None:
    venue = Venue()
    for subaccount_ref, enabled in ((ALICE, True), (ALICE_3, True), (ALICE, False)):
        venue.do(SetNetting(subaccount_ref=subaccount_ref, enabled=enabled))
    rows = venue.read(NETTING)["netting_configs"]
    assert rows == [
        {"enabled": False, "exchange_index": 0, "subaccount_number": 0},
        {"enabled": True, "exchange_index": 0, "subaccount_number": 3},
    ]


# --- who may ask, and since when


@each_row("target", TARGETS)
def test_they_are_there_from_their_day_on(target: str) -> None:
    assert refusal(Venue().ask(target, date="2026-01-08")) == at(bodies.NOT_FOUND)
    assert Venue().ask(target, date="2026-01-09").status == 200


@each_row("date", ["2026-02", "2026-10", "compat"])
@each_row("who", ["only_3", "st1"])
@each_row("target", TARGETS)
def test_a_key_bound_to_a_book_is_kept_out(target: str, who: str, date: str) -> None:
    assert refusal(Venue().ask(target, who, date)) == at(bodies.RESTRICTED, date)


def test_an_fcm_has_subtraders_and_of_its_own_the_primary_book_alone() -> None:
    venue = Venue()
    venue.fund(ST1)
    venue.do(Transfer(source=ST1, target=ST2, amount_micros=DOLLAR))
    assert balances(venue, "desk") == [(0, 0, "0.0000")]
    assert venue.read(TRANSFERS, "desk") == {"cursor": "", "transfers": []}
    assert [row["subaccount_number"] for row in venue.read(NETTING, "desk")["netting_configs"]] == [0]


def test_bob_sees_nothing_of_alice() -> None:
    venue = Venue()
    venue.fund(ALICE)
    venue.do(Transfer(source=ALICE, target=ALICE_3, amount_micros=DOLLAR))
    assert balances(venue, "bob") == [(0, 0, "0.0000")]
    assert venue.read(TRANSFERS, "bob")["transfers"] == []
