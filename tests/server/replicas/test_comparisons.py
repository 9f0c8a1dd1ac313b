"""A follower compares digests of its sandboxes with those of the home, and shows nothing of a copy that differs."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mockexchange.core.commands import Deposit
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.state_json.digest import state_digest
from mockexchange.server.replicas import comparisons, replica
from mockexchange.server.replicas.comparisons import PASSED_ON, READ_AGAIN, Comparisons
from mockexchange.server.workers.mailbox import Compared
from mockexchange.server.workers.reads import Reads
from tests.helpers.patience import wait_until
from tests.helpers.postgres import PostgresServer
from tests.helpers.sandboxes import make, run
from tests.server.live import Live
from tests.server.replicas.several import serving_two
from tests.server.replicas.test_replicas import balance, deposit, view

BUILT_IN = ("demo", "deribit", "fcm", "golden", "lively", "pages", "signalplus")
OWN = SubaccountRef("alice", "0")


@contextmanager
def compared(
    monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer, home: Path, change: Callable[[int, Sandbox], None]
) -> Iterator[tuple[Live, Live]]:
    """Run a home and a follower that compares often; `change` is called with each copy it makes, and its number."""
    monkeypatch.setattr(replica, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(comparisons, "EVERY_S", 0.02)
    monkeypatch.setattr(comparisons, "REST_TIMES", 0)
    opened: list[Sandbox] = []
    note_opened = Reads._note_opened

    def note(reads: Reads, id_: int, sandbox: Sandbox) -> None:
        note_opened(reads, id_, sandbox)
        opened.append(sandbox)
        change(len(opened), sandbox)

    monkeypatch.setattr(Reads, "_note_opened", note)
    with serving_two(home, postgres) as both:
        yield both


def add_a_cent(sandbox: Sandbox) -> None:
    sandbox.exchange.state.subaccounts[OWN].cash_micros += 10_000


def reports(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "differs from the home's" in record.getMessage()]


def test_a_copy_that_differs_is_reported_and_read_again(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def change(number: int, sandbox: Sandbox) -> None:
        if number == 1:
            add_a_cent(sandbox)

    with caplog.at_level(logging.ERROR), compared(monkeypatch, postgres, tmp_path, change) as (home, other):
        wait_until(lambda: len(reports(caplog)) == 1)
        assert READ_AGAIN in reports(caplog)[0]
        deposit(home, 1)
        shown = view(home)
        assert balance(other, shown) == balance(home, shown)
    assert len(reports(caplog)) == 1


def test_a_copy_that_differs_again_is_not_shown(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def change(number: int, sandbox: Sandbox) -> None:
        add_a_cent(sandbox)

    with caplog.at_level(logging.ERROR), compared(monkeypatch, postgres, tmp_path, change) as (home, other):
        wait_until(lambda: len(reports(caplog)) == 2)
        assert [READ_AGAIN in reports(caplog)[0], PASSED_ON in reports(caplog)[1]] == [True, True]
        deposit(home, 1)
        shown = view(home)
        assert balance(other, shown) == balance(home, shown)


def test_equal_states_have_equal_digests_and_any_row_makes_another() -> None:
    one, other = make(), make()
    assert run(state_digest(one.exchange.state)) == run(state_digest(other.exchange.state))
    before = run(state_digest(one.exchange.state))
    add_a_cent(one)
    assert run(state_digest(one.exchange.state)) != before


def test_copies_of_built_in_scenarios_are_equal(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of every venue, also while their steps run. One that always changes is compared when its clock stands still."""
    answers: list[Compared] = []
    note = Comparisons.note

    def noted(own: Comparisons, answer: Compared) -> None:
        answers.append(answer)
        note(own, answer)

    monkeypatch.setattr(Comparisons, "note", noted)
    with compared(monkeypatch, postgres, tmp_path, lambda number, sandbox: None) as (home, _):
        for name in BUILT_IN:
            home.json("PUT", f"/sandboxes/{name}", {"scenario": name, "clock": "10x"})
        wait_until(lambda: len(answers) > len(BUILT_IN) // 2)
        for name in BUILT_IN:
            home.json("POST", f"/sandboxes/{name}/clock", {"run": "paused"})
        wait_until(lambda: len({answer.sandbox for answer in answers}) == len(BUILT_IN) + 1)
    assert all(answer.is_equal for answer in answers)


def test_a_state_that_changes_meanwhile_has_no_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockexchange.sandbox.clock.SLICE_S", -1.0)
    sandbox = make()

    async def life() -> str | None:
        computing = asyncio.ensure_future(state_digest(sandbox.exchange.state))
        await asyncio.sleep(0)
        await sandbox.submit(Deposit(subaccount_ref=OWN, amount_micros=1))
        return await computing

    assert run(life()) is None
    assert run(state_digest(sandbox.exchange.state)) is not None
