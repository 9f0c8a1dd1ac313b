"""pykalshi, as published, reads from a server over a socket; what it understood is compared with the truth."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import ValidationError
from pykalshi import AuthenticationError, KalshiClient, PositionCountFilter, ResourceNotFoundError
from pykalshi.models import BalanceModel, PositionModel

from tests.clients.exchange import MAIN_KEY, PRIMARY_SUBACCOUNT, Credential, OpenSandbox, Sandbox
from tests.clients.recipes import read_table
from tests.clients.views import Row, cents, in_order, read_golden_accounts, row_of_wire, settled, unsettled
from tests.clients.worlds import ADVANCE, API_DATES, CLOCKS, FILL_LATER, SUBTRADERS
from tests.helpers.patience import PATIENCE_S

pytestmark = pytest.mark.clients

GOLDEN = read_golden_accounts()
Connect = Callable[..., KalshiClient]


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    """Makes clients, (sandbox, account, key="main") or (sandbox, credential=...), which end with the test."""
    with ExitStack() as clients:

        def connect_one(
            sandbox: Sandbox, account: str = "", key: str = MAIN_KEY, credential: Credential | None = None
        ) -> KalshiClient:
            chosen = credential or sandbox.keys[account, key]
            path = tmp_path / f"{chosen.key_id}.pem"
            path.write_text(chosen.private_key_pem, encoding="ascii")
            client = KalshiClient(
                api_key_id=chosen.key_id, private_key_path=str(path), api_base=sandbox.base_url, timeout=PATIENCE_S
            )
            return clients.enter_context(client)

        yield connect_one


def rows(positions: list[PositionModel]) -> list[Row]:
    return [row_of_wire(position.model_dump()) for position in positions]


def read_fcm(client: KalshiClient, **query: str | int) -> list[PositionModel]:
    """Every page of the FCM endpoint, for which this client has only its low-level call."""
    found: list[PositionModel] = []
    cursor = ""
    while True:
        page = client.get(f"/fcm/positions?{urlencode({**query, 'cursor': cursor})}")
        found += [PositionModel.model_validate(row) for row in page["market_positions"]]
        cursor = page["cursor"]
        if not cursor:
            return found


# --- pages


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize("api_date", API_DATES)
def test_all_pages_make_the_truth(open_sandbox: OpenSandbox, connect: Connect, api_date: str, limit: int) -> None:
    sandbox = open_sandbox("pages", api_date)
    seen = connect(sandbox, "alice").portfolio.get_positions(limit=limit, fetch_all=True)
    expected = unsettled(sandbox.truth("alice"))
    assert len(expected) > 250
    assert rows(seen) == in_order(expected)
    assert sandbox.statuses() == {200: math.ceil(len(expected) / limit)}


@pytest.mark.parametrize("api_date", API_DATES)
def test_filtered_pages_make_their_part_of_the_truth(
    open_sandbox: OpenSandbox, connect: Connect, api_date: str
) -> None:
    sandbox = open_sandbox("pages", api_date)
    portfolio = connect(sandbox, "alice").portfolio
    truth = sandbox.truth("alice")
    held = [row for row in unsettled(truth) if row["quantity"] != "0.00"]
    event = held[0]["event"]

    def read(**query: Any) -> list[Row]:
        return rows(portfolio.get_positions(limit=7, fetch_all=True, **query))

    assert read(count_filter=PositionCountFilter.POSITION) == in_order(held)
    assert read(event_ticker=event) == in_order(row for row in unsettled(truth) if row["event"] == event)
    assert read(ticker=held[-1]["instrument"]) == in_order(held[-1:])
    # Strict newest pages hold whole events, so that they are in the order of these.
    assert sorted(read(settlement_status="settled")) == sorted(in_order(settled(truth)))
    assert sorted(read(settlement_status="all")) == sorted(in_order(truth))
    assert set(sandbox.statuses()) == {200}


# --- every account


def balance_of(client: KalshiClient, book: str) -> BalanceModel:
    """The client's own call knows the primary book only."""
    if book == PRIMARY_SUBACCOUNT:
        return client.portfolio.get_balance()
    return BalanceModel.model_validate(client.get(f"/portfolio/balance?subaccount={book}"))


def resting_counts(truth: list[dict[str, Any]], api_date: str) -> set[tuple[str, int | None]]:
    """Return resting whole contracts, which the newest wire does not have any more."""
    is_sent = api_date == "compat"
    return {(row["instrument"], cents(row["resting"]) // 100 if is_sent else None) for row in unsettled(truth)}


@pytest.mark.parametrize("account", GOLDEN)
@pytest.mark.parametrize("api_date", API_DATES)
def test_an_account_is_as_it_should_be(
    open_sandbox: OpenSandbox, connect: Connect, api_date: str, account: str
) -> None:
    sandbox = open_sandbox("golden", api_date)
    client = connect(sandbox, account)
    assert sandbox.subtraders == {name: [] for name in GOLDEN}
    for book, money in GOLDEN[account]["books"].items():
        truth = sandbox.truth(account, book)
        seen = client.portfolio.get_positions(**({} if book == PRIMARY_SUBACCOUNT else {"subaccount": book}))
        assert rows(seen) == in_order(unsettled(truth))
        assert {(row.ticker, row.resting_orders_count) for row in seen} == resting_counts(truth, api_date)
        balance = balance_of(client, book)
        assert (balance.balance, balance.portfolio_value) == (cents(money["free"]), cents(money["value"]))
    assert sandbox.statuses() == {200: 2 * len(GOLDEN[account]["books"])}


@pytest.mark.parametrize("api_date", API_DATES)
def test_a_key_of_one_subaccount_sees_that_alone(open_sandbox: OpenSandbox, connect: Connect, api_date: str) -> None:
    sandbox = open_sandbox("golden", api_date)
    portfolio = connect(sandbox, "subaccounts", "only_3").portfolio
    assert rows(portfolio.get_positions()) == in_order(sandbox.truth("subaccounts", "3"))
    assert portfolio.get_balance().balance == cents(GOLDEN["subaccounts"]["books"]["3"]["free"])


# --- dates


@pytest.mark.parametrize(("api_date", "is_read"), read_table()["pykalshi"].items())
def test_it_reads_what_the_page_says(open_sandbox: OpenSandbox, connect: Connect, api_date: str, is_read: bool) -> None:
    sandbox = open_sandbox("golden", api_date)
    portfolio = connect(sandbox, "long_yes").portfolio
    with nullcontext() if is_read else pytest.raises(ValidationError):
        assert len(portfolio.get_positions()) == 1
        assert portfolio.get_balance().balance == cents(GOLDEN["long_yes"]["books"]["0"]["free"])
    assert set(sandbox.statuses()) == {200}


# --- merchants


@pytest.mark.parametrize("merchant", SUBTRADERS)
@pytest.mark.parametrize("api_date", API_DATES)
def test_a_merchant_reads_each_of_its_subtraders(
    open_sandbox: OpenSandbox, connect: Connect, api_date: str, merchant: str
) -> None:
    sandbox = open_sandbox("fcm", api_date)
    client = connect(sandbox, merchant)
    assert sandbox.subtraders[merchant] == list(SUBTRADERS[merchant])
    for subtrader_id, book in SUBTRADERS[merchant].items():
        truth = sandbox.truth(merchant, book)
        assert rows(read_fcm(client, subtrader_id=subtrader_id)) == in_order(unsettled(truth))
        everything = read_fcm(client, subtrader_id=subtrader_id, settlement_status="all", limit=1)
        assert rows(everything) == in_order(truth)
    assert set(sandbox.statuses()) == {200}


# --- time


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("api_date", API_DATES)
def test_no_signature_goes_stale_when_exchange_time_moves(
    open_sandbox: OpenSandbox, connect: Connect, api_date: str, clock: str
) -> None:
    sandbox = open_sandbox("golden", api_date, clock)
    portfolio = connect(sandbox, "long_yes").portfolio
    started = sandbox.now()
    assert started.year == 2025 or clock == "real"
    assert rows(portfolio.get_positions()) == in_order(sandbox.truth("long_yes"))

    sandbox.advance(f"{ADVANCE.days}d")
    sandbox.do(FILL_LATER)
    seen = rows(portfolio.get_positions())
    assert seen == in_order(sandbox.truth("long_yes"))
    assert started + ADVANCE <= seen[0].updated_at <= sandbox.now()
    told_at = portfolio.get_balance().updated_ts
    assert told_at is not None
    assert int((started + ADVANCE).timestamp()) <= told_at <= sandbox.now().timestamp()
    assert sandbox.statuses() == {200: 3}


# --- refusals


def refusal(sandbox: Sandbox) -> Mapping[str, Any]:
    """The one refused request: these are not worth a retry to the client."""
    (entry,) = sandbox.journal()
    return entry


@pytest.mark.parametrize("api_date", API_DATES)
def test_a_wrong_key_is_refused_and_named(open_sandbox: OpenSandbox, connect: Connect, api_date: str) -> None:
    sandbox = open_sandbox("golden", api_date)
    own, foreign = sandbox.keys["long_yes", MAIN_KEY], sandbox.keys["long_no", MAIN_KEY]
    client = connect(sandbox, credential=own._replace(private_key_pem=foreign.private_key_pem))
    with pytest.raises(AuthenticationError) as refused:
        client.portfolio.get_positions()
    assert (refused.value.status_code, refused.value.error_code) == (401, "authentication_error")
    entry = refusal(sandbox)
    assert (entry["status"], entry["account"]) == (401, "long_yes")
    assert "long_no" in entry["diagnosis"]
    assert rows(connect(sandbox, "long_yes").portfolio.get_positions()) == in_order(sandbox.truth("long_yes"))


@pytest.mark.parametrize("api_date", API_DATES)
def test_an_unknown_key_is_refused_and_the_nearest_named(
    open_sandbox: OpenSandbox, connect: Connect, api_date: str
) -> None:
    sandbox = open_sandbox("golden", api_date)
    own = sandbox.keys["long_yes", MAIN_KEY]
    client = connect(sandbox, credential=own._replace(key_id=own.key_id[:-1]))
    with pytest.raises(AuthenticationError) as refused:
        client.portfolio.get_balance()
    assert (refused.value.status_code, refused.value.error_code) == (401, "authentication_error")
    entry = refusal(sandbox)
    assert (entry["status"], entry["account"]) == (401, None)
    assert own.key_id in entry["diagnosis"]


@pytest.mark.parametrize("api_date", API_DATES)
def test_a_plain_member_is_not_admitted_to_the_merchants(
    open_sandbox: OpenSandbox, connect: Connect, api_date: str
) -> None:
    sandbox = open_sandbox("fcm", api_date)
    with pytest.raises(AuthenticationError) as refused:
        read_fcm(connect(sandbox, "alice"), subtrader_id="fcm7_alpha")
    assert (refused.value.status_code, refused.value.error_code) == (403, "permission_denied")
    assert "alice" in refusal(sandbox)["diagnosis"]


@pytest.mark.parametrize("api_date", API_DATES)
def test_a_subtrader_of_another_merchant_is_not_found(
    open_sandbox: OpenSandbox, connect: Connect, api_date: str
) -> None:
    sandbox = open_sandbox("fcm", api_date)
    with pytest.raises(ResourceNotFoundError) as refused:
        read_fcm(connect(sandbox, "south"), subtrader_id="fcm7_alpha")
    assert refused.value.error_code == "not_found"
    assert "9f0c1a_alpha" in refusal(sandbox)["diagnosis"]
