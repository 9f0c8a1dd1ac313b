"""Rebalancing by the clock: every ten seconds, as long as an account is off its target allocation."""

from mockexchange.core.commands import AllocateBalance, Deposit
from mockexchange.core.instants import format_instant
from mockexchange.core.vocabulary import Reservation, SubaccountRef
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.script_entries import REBALANCING
from tests.helpers.sandboxes import do, make, run

SECOND = 1_000_000
ALICE = SubaccountRef("alice")
SCENARIO = """
scenario: small
start: 2026-09-04T12:00:03Z
accounts: {alice: {cash: 100}}
"""
ALLOCATED = SCENARIO + "history: [allocate: {account: alice, allocations: {0: 60, 2: 40}}]\n"


def rebalanced(sandbox: Sandbox) -> list[str]:
    causes = [(record, record.cause) for record in sandbox.log]
    return [format_instant(record.at)[11:19] for record, cause in causes if cause and cause.step == REBALANCING]


def on_second(sandbox: Sandbox) -> int:
    return sandbox.exchange.state.subaccounts[ALICE].cash_on(2)


def test_cash_moves_ten_seconds_by_the_clock_after_the_target_is_off_and_then_stays() -> None:
    sandbox = make(ALLOCATED)
    run(sandbox.advance(6 * SECOND))
    assert (rebalanced(sandbox), on_second(sandbox)) == ([], 0)
    run(sandbox.advance(54 * SECOND))
    assert (rebalanced(sandbox), on_second(sandbox)) == (["12:00:10"], 40 * SECOND)
    do(sandbox, Deposit(subaccount_ref=ALICE, amount_micros=50 * SECOND))
    do(sandbox, Deposit(subaccount_ref=ALICE, amount_micros=50 * SECOND))
    run(sandbox.advance(60 * SECOND))
    assert (rebalanced(sandbox), on_second(sandbox)) == (["12:00:10", "12:01:10"], 80 * SECOND)


def test_a_target_that_is_set_later_moves_cash_and_one_that_is_lifted_moves_none() -> None:
    sandbox = make(SCENARIO)
    wanted = AllocateBalance(account="alice", allocations=((0, 50), (2, 50)), reservation=Reservation.SUM)
    do(sandbox, wanted)
    do(sandbox, AllocateBalance(account="alice", allocations=()))
    run(sandbox.advance(30 * SECOND))
    assert rebalanced(sandbox) == []
    do(sandbox, wanted)
    run(sandbox.advance(30 * SECOND))
    assert (rebalanced(sandbox), on_second(sandbox)) == (["12:00:40"], 50 * SECOND)
