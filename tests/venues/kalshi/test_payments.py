"""Deposits and withdrawals: their statuses, and the first day of the operations."""

import json
from typing import Any

from mockexchange.core.commands import Deposit, FinalizePayment, Withdraw
from mockexchange.core.vocabulary import PaymentMethod, PaymentStatus
from tests.helpers.rows import each_row
from tests.venues.kalshi import bodies
from tests.venues.kalshi.world import ALICE, ALICE_3, BOB, DOLLAR, SECOND, ST1, START, Venue, at, refusal

DEPOSITS, WITHDRAWALS = "portfolio/deposits", "portfolio/withdrawals"
CREATED, FINALIZED = START // SECOND + 10, START // SECOND + 20
Kind = type[Deposit] | type[Withdraw]


def paid(kind: Kind, *after: PaymentStatus, status: PaymentStatus = PaymentStatus.PENDING) -> Venue:
    venue = Venue()
    venue.do(Deposit(subaccount_ref=ALICE, amount_micros=100 * DOLLAR, payment="funds"))
    payment = kind(subaccount_ref=ALICE, amount_micros=12_345_678, fee_micros=259_999, status=status, payment="p")
    venue.do(payment, at=CREATED * SECOND)
    venue.do(*(FinalizePayment(payment="p", status=one) for one in after), at=FINALIZED * SECOND)
    return venue


def row(venue: Venue, kind: Kind, date: str = "2026-10") -> dict[str, Any]:
    target, key = (DEPOSITS, "deposits") if kind is Deposit else (WITHDRAWALS, "withdrawals")
    [found] = [one for one in venue.read(target, date=date)[key] if one["id"] == "p"]
    assert isinstance(found, dict)
    return found


LIVES: list[tuple[tuple[PaymentStatus, ...], PaymentStatus]] = [
    ((), PaymentStatus.PENDING),
    ((PaymentStatus.APPLIED,), PaymentStatus.APPLIED),
    ((PaymentStatus.FAILED,), PaymentStatus.FAILED),
    ((PaymentStatus.RETURNED,), PaymentStatus.RETURNED),
    ((PaymentStatus.APPLIED, PaymentStatus.RETURNED), PaymentStatus.RETURNED),
]


@each_row(("after", "status"), LIVES)
@each_row("kind", [Deposit, Withdraw])
def test_a_payment_is_told_at_every_stage(kind: Kind, after: tuple[PaymentStatus, ...], status: PaymentStatus) -> None:
    wanted = {
        "amount_cents": 1_234,
        "created_ts": CREATED,
        "fee_cents": 25,
        "id": "p",
        "status": status,
        "type": "ach",
    }
    assert row(paid(kind, *after), kind) == wanted | ({"finalized_ts": FINALIZED} if after else {})


@each_row("kind", [Deposit, Withdraw])
def test_one_that_is_applied_at_once_is_final_when_it_is_made(kind: Kind) -> None:
    found = row(paid(kind, status=PaymentStatus.APPLIED), kind)
    assert (found["status"], found["created_ts"], found["finalized_ts"]) == ("applied", CREATED, CREATED)


@each_row("method", PaymentMethod)
def test_every_method_has_a_word(method: PaymentMethod) -> None:
    venue = Venue()
    venue.do(Deposit(subaccount_ref=ALICE, amount_micros=DOLLAR, method=method, payment="p"))
    venue.do(Withdraw(subaccount_ref=ALICE, amount_micros=DOLLAR, method=method, payment="q"))
    assert venue.read(DEPOSITS)["deposits"][0]["type"] == method
    assert venue.read(WITHDRAWALS)["withdrawals"][0]["type"] == method


@each_row(("day", "shown"), [("2026-05-31", {"finalized_ts": None}), ("2026-06-01", {})])
def test_what_is_pending_has_a_null_until_nulls_are_left_out(day: str, shown: dict[str, None]) -> None:
    found = row(paid(Deposit), Deposit, day)
    assert {name: value for name, value in found.items() if name == "finalized_ts"} == shown


@each_row("target", [DEPOSITS, WITHDRAWALS])
def test_they_are_there_from_their_day_on(target: str) -> None:
    assert refusal(Venue().ask(target, date="2026-05-04")) == at(bodies.NOT_FOUND)
    assert Venue().ask(target, date="2026-05-05").status == 200
    assert Venue().ask(target, date="compat").status == 200


def test_they_are_the_accounts_own_whatever_the_book() -> None:
    venue = Venue()
    for number, subaccount_ref in enumerate((ALICE, ALICE_3, BOB, ST1)):
        venue.do(Deposit(subaccount_ref=subaccount_ref, amount_micros=DOLLAR, payment=f"{number}"))
    found = {who: [one["id"] for one in venue.read(DEPOSITS, who)["deposits"]] for who in ("alice", "bob", "desk")}
    assert found == {"alice": ["1", "0"], "bob": ["2"], "desk": ["3"]}


@each_row("date", ["2026-06", "2026-10"])
@each_row("who", ["only_3", "st1"])
@each_row("target", [DEPOSITS, WITHDRAWALS])
def test_a_key_bound_to_a_book_is_kept_out(target: str, who: str, date: str) -> None:
    assert refusal(Venue().ask(target, who, date)) == at(bodies.RESTRICTED, date)


def test_a_kept_page_is_made_anew_when_a_payment_moves_on() -> None:
    venue = paid(Deposit)
    assert json.loads(venue.ask(DEPOSITS).body)["deposits"][0]["status"] == "pending"
    venue.do(FinalizePayment(payment="p", status=PaymentStatus.FAILED))
    assert json.loads(venue.ask(DEPOSITS).body)["deposits"][0]["status"] == "failed"
