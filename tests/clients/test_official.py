"""The official client, kalshi-python-sync, as published, in its own interpreter; compared with the truth."""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.clients.exchange import MAIN_KEY, PRIMARY_SUBACCOUNT, OpenSandbox, Sandbox
from tests.clients.official import all_pages, find_python, rows_of, started, task, task_with
from tests.clients.processes import Answer, Peer
from tests.clients.recipes import read_table
from tests.clients.views import (
    EventRow,
    Row,
    cents,
    dollars_4,
    event_row_of_wire,
    event_rows,
    in_order,
    read_golden_accounts,
    row_of_wire,
    settled,
    unsettled,
)
from tests.clients.worlds import ADVANCE, API_DATES, CLOCKS, FILL_LATER, SUBTRADERS

pytestmark = pytest.mark.clients

GOLDEN = read_golden_accounts()


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    with started(find_python(), tmp_path_factory.mktemp("official") / "log.txt") as client:
        yield client


def rows(answer: Answer) -> list[Row]:
    return [row_of_wire(row) for row in rows_of(answer, "market_positions")]


def events(answer: Answer) -> set[EventRow]:
    """An event that is cut by the end of a page is on both pages, with the same sums."""
    return {event_row_of_wire(row) for row in rows_of(answer, "event_positions")}


# --- pages


@pytest.mark.parametrize("api_date", API_DATES)
def test_all_pages_make_the_truth(open_sandbox: OpenSandbox, official: Peer, api_date: str) -> None:
    sandbox = open_sandbox("pages", api_date)
    limits = (7, 100, None)
    answers = official.run(*(all_pages(task(sandbox, "alice", "get_positions", limit=limit)) for limit in limits))
    expected = unsettled(sandbox.truth("alice"))
    for limit, answer in zip(limits, answers, strict=True):
        assert rows(answer) == in_order(expected)
        assert events(answer) == event_rows(expected)
        assert len(answer["pages"]) == math.ceil(len(expected) / (limit or 100))
    assert set(sandbox.statuses()) == {200}


@pytest.mark.parametrize("api_date", API_DATES)
def test_filtered_pages_make_their_part_of_the_truth(open_sandbox: OpenSandbox, official: Peer, api_date: str) -> None:
    sandbox = open_sandbox("pages", api_date)
    truth = sandbox.truth("alice")
    held = [row for row in unsettled(truth) if row["quantity"] != "0.00"]
    event = held[0]["event"]
    filters = {"count_filter": "position"}, {"event_ticker": event}, {"ticker": held[0]["instrument"]}
    tasks = (all_pages(task(sandbox, "alice", "get_positions", limit=7, **each)) for each in filters)
    by_count, by_event, by_ticker = official.run(*tasks)
    assert rows(by_count) == in_order(held)
    assert rows(by_event) == in_order(row for row in unsettled(truth) if row["event"] == event)
    assert rows(by_ticker) == in_order(held[:1])
    assert set(sandbox.statuses()) == {200}


@pytest.mark.parametrize("api_date", API_DATES)
def test_settled_rows_come_in_pages_of_the_day(open_sandbox: OpenSandbox, official: Peer, api_date: str) -> None:
    """`compat` cuts pages between rows; the newest wire keeps events whole, and its `limit` counts these."""
    sandbox = open_sandbox("pages", api_date)
    truth = sandbox.truth("alice")
    statuses = {"settled": settled(truth), "all": truth}
    tasks = (all_pages(task(sandbox, "alice", "get_positions", limit=7, settlement_status=name)) for name in statuses)
    for answer, expected in zip(official.run(*tasks), statuses.values(), strict=True):
        assert events(answer) == event_rows(expected)
        counted = [row["event"] for row in expected] if api_date == "compat" else {row["event"] for row in expected}
        assert len(answer["pages"]) == math.ceil(len(counted) / 7)
        if api_date == "compat":
            assert rows(answer) == in_order(expected)
        else:
            assert sorted(rows(answer)) == sorted(in_order(expected))
            assert_events_are_whole(answer)


def assert_events_are_whole(answer: Answer) -> None:
    named = [row["event_ticker"] for row in rows_of(answer, "event_positions")]
    assert len(named) == len(set(named))


# --- every account


@pytest.mark.parametrize("api_date", API_DATES)
def test_every_account_is_as_it_should_be(open_sandbox: OpenSandbox, official: Peer, api_date: str) -> None:
    sandbox = open_sandbox("golden", api_date)
    books = [(account, book) for account, wanted in GOLDEN.items() for book in wanted["books"]]
    assert sandbox.subtraders == {name: [] for name in GOLDEN}
    calls = ("get_positions", "get_balance")
    tasks = (task(sandbox, account, call, subaccount=subaccount(book)) for account, book in books for call in calls)
    answers = iter(official.run(*tasks))
    for (account, book), positions, balance in zip(books, answers, answers, strict=True):
        assert_positions(positions, sandbox.truth(account, book), account, book)
        assert_balance(balance, GOLDEN[account]["books"][book])
    assert sandbox.statuses() == {200: 2 * len(books)}


def subaccount(book: str) -> int | None:
    return None if book == PRIMARY_SUBACCOUNT else int(book)


def assert_positions(answer: Answer, truth: list[dict[str, Any]], account: str, book: str) -> None:
    """The control API has neither shards nor bought contracts: these are worked out by hand only."""
    by_hand = {name: [row for row in GOLDEN[account][name] if row["book"] == book] for name in ("positions", "events")}
    assert rows(answer) == in_order(unsettled(truth)) == in_order(unsettled(by_hand["positions"]))
    assert events(answer) == event_rows(unsettled(truth))
    shards = {(row["ticker"], row["exchange_index"]) for row in rows_of(answer, "market_positions")}
    assert shards == {(row["instrument"], row["exchange_index"]) for row in unsettled(by_hand["positions"])}
    shares = {(row["event_ticker"], row["total_cost_shares_fp"]) for row in rows_of(answer, "event_positions")}
    assert shares == {(row["event"], row["shares"]) for row in unsettled(by_hand["events"])}


def assert_balance(answer: Answer, money: Mapping[str, str]) -> None:
    (balance,) = answer["pages"]
    assert (balance["balance"], balance["portfolio_value"]) == (cents(money["free"]), cents(money["value"]))
    assert balance["balance_dollars"] == dollars_4(money["free"])
    breakdown = sum(Decimal(part["balance"]) for part in balance["balance_breakdown"])
    assert breakdown == Decimal(balance["balance_dollars"])


@pytest.mark.parametrize("api_date", API_DATES)
def test_a_key_of_one_subaccount_sees_that_alone(open_sandbox: OpenSandbox, official: Peer, api_date: str) -> None:
    sandbox = open_sandbox("golden", api_date)
    calls = ("get_positions", "get_balance")
    positions, balance = official.run(*(task(sandbox, "subaccounts", call, "only_3") for call in calls))
    assert rows(positions) == in_order(sandbox.truth("subaccounts", "3"))
    assert balance["pages"][0]["balance_dollars"] == dollars_4(GOLDEN["subaccounts"]["books"]["3"]["free"])
    assert "balance_breakdown" not in balance["pages"][0]


# --- dates


@pytest.mark.parametrize(("api_date", "is_read"), read_table()["kalshi-python-sync"].items())
def test_it_reads_what_the_page_says(open_sandbox: OpenSandbox, official: Peer, api_date: str, is_read: bool) -> None:
    sandbox = open_sandbox("golden", api_date)
    answers = official.run(*(task(sandbox, "long_yes", call) for call in ("get_positions", "get_balance")))
    unread = [answer["error"]["type"] for answer in answers if "error" in answer]
    assert set(unread) == (set() if is_read else {"ValidationError"})
    assert sandbox.statuses() == {200: 2}


# --- merchants


@pytest.mark.parametrize("api_date", API_DATES)
def test_merchants_read_each_of_their_subtraders(open_sandbox: OpenSandbox, official: Peer, api_date: str) -> None:
    sandbox = open_sandbox("fcm", api_date)
    asked = [(merchant, one) for merchant in SUBTRADERS for one in sandbox.subtraders[merchant]]
    queries: tuple[dict[str, Any], ...] = ({}, {"settlement_status": "all", "limit": 1})
    tasks = (
        all_pages(task(sandbox, merchant, "get_fcm_positions", subtrader_id=one, **query))
        for merchant, one in asked
        for query in queries
    )
    answers = iter(official.run(*tasks))
    for (merchant, one), usual, everything in zip(asked, answers, answers, strict=True):
        truth = sandbox.truth(merchant, SUBTRADERS[merchant][one])
        assert rows(usual) == in_order(unsettled(truth))
        assert events(usual) == event_rows(unsettled(truth))
        assert rows(everything) == in_order(truth)
    assert set(sandbox.statuses()) == {200}


@pytest.mark.parametrize("api_date", API_DATES)
def test_a_key_of_one_subtrader_need_not_name_it_and_sees_no_other(
    open_sandbox: OpenSandbox, official: Peer, api_date: str
) -> None:
    sandbox = open_sandbox("fcm", api_date)
    asked = (None, "fcm7_beta", "fcm7_alpha")
    tasks = (task(sandbox, "north", "get_fcm_positions", "only_beta", subtrader_id=one) for one in asked)
    unnamed, named, foreign = official.run(*tasks)
    expected = in_order(unsettled(sandbox.truth("north", "beta")))
    assert rows(unnamed) == rows(named) == expected != []
    assert (foreign["error"]["type"], foreign["error"]["status"]) == ("ForbiddenException", 403)


# --- time


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("api_date", API_DATES)
def test_no_signature_goes_stale_when_exchange_time_moves(
    open_sandbox: OpenSandbox, official: Peer, api_date: str, clock: str
) -> None:
    sandbox = open_sandbox("golden", api_date, clock)
    calls = [task(sandbox, "long_yes", call) for call in ("get_positions", "get_balance")]
    started = sandbox.now()
    assert started.year == 2025 or clock == "real"
    positions, _ = official.run(*calls)
    assert rows(positions) == in_order(sandbox.truth("long_yes"))

    sandbox.advance(f"{ADVANCE.days}d")
    sandbox.do(FILL_LATER)
    positions, balance = official.run(*calls)
    assert rows(positions) == in_order(sandbox.truth("long_yes"))
    assert_is_between(started + ADVANCE, rows(positions)[0].updated_at, sandbox)
    told_at = datetime.fromtimestamp(balance["pages"][0]["updated_ts"], started.tzinfo)
    assert_is_between((started + ADVANCE).replace(microsecond=0), told_at, sandbox)
    assert sandbox.statuses() == {200: 4}


def assert_is_between(earliest: datetime, moment: datetime, sandbox: Sandbox) -> None:
    assert earliest <= moment <= sandbox.now()


# --- refusals


@pytest.mark.parametrize("api_date", API_DATES)
def test_a_wrong_key_is_refused_and_named(open_sandbox: OpenSandbox, official: Peer, api_date: str) -> None:
    sandbox = open_sandbox("golden", api_date)
    own, foreign = sandbox.keys["long_yes", MAIN_KEY], sandbox.keys["long_no", MAIN_KEY]
    mixed = own._replace(private_key_pem=foreign.private_key_pem)
    misspelt = own._replace(key_id=own.key_id[:-1])
    wrong_key, unknown_key, right_key = official.run(
        *(task_with(sandbox, credential, "get_positions") for credential in (mixed, misspelt, own))
    )
    for answer, details in ((wrong_key, "INCORRECT_API_KEY_SIGNATURE"), (unknown_key, "NOT_FOUND")):
        error = answer["error"]
        assert (error["type"], error["status"]) == ("UnauthorizedException", 401)
        assert error["body"]["error"]["code"] == "authentication_error"
        assert error["body"]["error"]["details"] == details
    assert rows(right_key) == in_order(sandbox.truth("long_yes"))
    first, second, third = sandbox.journal()
    assert [(entry["status"], entry["account"]) for entry in (first, second, third)] == [
        (401, "long_yes"),
        (401, None),
        (200, "long_yes"),
    ]
    assert "long_no" in first["diagnosis"]
    assert own.key_id in second["diagnosis"]
    assert third["diagnosis"] is None


@pytest.mark.parametrize("api_date", API_DATES)
def test_merchants_keep_to_themselves(open_sandbox: OpenSandbox, official: Peer, api_date: str) -> None:
    sandbox = open_sandbox("fcm", api_date)
    askers = ("alice", "south")
    by_member, by_stranger = official.run(
        *(task(sandbox, name, "get_fcm_positions", subtrader_id="fcm7_alpha") for name in askers)
    )
    assert (by_member["error"]["type"], by_member["error"]["status"]) == ("ForbiddenException", 403)
    assert (by_stranger["error"]["type"], by_stranger["error"]["status"]) == ("NotFoundException", 404)
    diagnoses = [entry["diagnosis"] for entry in sandbox.journal()]
    assert [name in diagnosis for name, diagnosis in zip(askers, diagnoses, strict=True)] == [True, True]
