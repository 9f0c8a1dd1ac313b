"""The journal of an exchange: requests as values, expected with near misses, judged clean or not."""

import threading
from decimal import Decimal
from typing import Any

import httpx
import pytest

from mockexchange.api.errors import TimedOut, WrongArgument
from tests.api.calls import BASE, get, headers_for
from tests.api.connections import get as get_over_a_socket

POSITIONS = "/portfolio/positions"
ORDER = {"ticker": "KXRAINNYC-25NOV05-T1", "count": 3, "price": 0.5}
STREAM = "/trade-api/ws/v2"


@pytest.fixture
def http(exchange: Any) -> Any:
    with httpx.Client(transport=exchange.httpx_transport()) as client:
        yield client


@pytest.fixture
def asked(exchange: Any, http: httpx.Client) -> None:
    """Positions twice, once with a limit; a balance; an unsigned one."""
    get(http, exchange, POSITIONS)
    get(http, exchange, f"{POSITIONS}?limit=10")
    get(http, exchange, "/portfolio/balance")
    http.get(f"{BASE}{POSITIONS}?limit=100")


@pytest.mark.usefixtures("asked")
def test_requests_are_found_by_what_they_are(exchange: Any) -> None:
    found = exchange.journal.requests
    assert [one.number for one in found()] == [1, 2, 3, 4]
    assert [one.number for one in found("GetPositions")] == [1, 2, 4]
    assert [one.number for one in found("GetPositions", account="alice")] == [1, 2]
    assert [one.number for one in found(status=401)] == [4]
    assert [one.number for one in found(account=None)] == [4]
    assert [one.number for one in found(query={"limit": 10})] == [2]
    assert [one.number for one in found(method="POST")] == []
    assert [one.number for one in found(path="/trade-api/v2/portfolio/balance")] == [3]
    assert [one.number for one in found(key_id=exchange.accounts["alice"].key_id)] == [1, 2, 3]
    assert [one.number for one in exchange.journal.last(2)] == [3, 4]


@pytest.mark.usefixtures("asked")
def test_a_request_has_its_answer(exchange: Any) -> None:
    (request,) = exchange.journal.expect("GetBalance", times=1)
    assert isinstance(request.answer_json["balance"], int)
    assert request.body == b""
    assert (request.fault, request.stub, request.findings) == (None, None, ())
    (refused,) = exchange.journal.expect(status=401)
    assert "KALSHI-ACCESS-KEY" in (refused.diagnosis or "")


def test_the_body_of_a_request_can_be_expected(exchange: Any, http: httpx.Client) -> None:
    http.post(f"{BASE}/portfolio/events/orders", json=ORDER)
    (request,) = exchange.journal.expect("CreateOrderV2", json={"count": 3, "price": Decimal("0.5")})
    assert request.json["ticker"] == ORDER["ticker"]
    with pytest.raises(AssertionError, match=r"json.count is 3, wanted 4"):
        exchange.journal.expect("CreateOrderV2", json={"count": 4})


@pytest.mark.usefixtures("asked")
def test_what_is_as_expected_is_returned(exchange: Any) -> None:
    assert len(exchange.journal.expect("GetPositions", times=3)) == 3
    assert len(exchange.journal.expect("GetPositions")) == 3
    assert exchange.journal.expect("GetFills", times=0) == []


@pytest.mark.usefixtures("asked")
def test_what_is_not_as_expected_shows_near_misses(exchange: Any) -> None:
    with pytest.raises(AssertionError) as caught:
        exchange.journal.expect("GetPositions", times=1, query={"limit": "100"}, status=200)
    assert not isinstance(caught.value, TimedOut)
    lines = str(caught.value).splitlines()
    assert lines[0] == "expected 1 request with operation 'GetPositions', query {'limit': '100'}, status 200; got 0"
    assert lines[1].startswith("  near miss: #4 GET /trade-api/v2/portfolio/positions?limit=100 -> 401: status is 401")
    assert lines[2].startswith("    diagnosis: missing: KALSHI-ACCESS-KEY")
    assert lines[3].endswith("query.limit is '10', wanted '100'")
    assert lines[4].endswith("query.limit is not there, wanted '100'")
    assert len(lines) == 5


@pytest.mark.usefixtures("asked")
def test_too_many_are_listed(exchange: Any) -> None:
    with pytest.raises(AssertionError, match="expected 1 request with operation 'GetPositions'; got 3\n  matches: #1"):
        exchange.journal.expect("GetPositions", times=1)


def test_an_account_that_there_is_not_is_told_the_nearest(exchange: Any) -> None:
    with pytest.raises(AssertionError, match=r"no account 'alcie': did you mean 'alice'\?"):
        exchange.journal.expect("GetPositions", account="alcie")


@pytest.mark.usefixtures("asked")
def test_waiting_ends_at_once_where_it_is_so_already(exchange: Any) -> None:
    assert len(exchange.journal.expect("GetPositions", times=3, within="10m")) == 3


def test_waiting_in_vain_says_for_how_long(exchange: Any) -> None:
    with pytest.raises(TimedOut, match="expected 2 requests with operation 'GetPositions' within 20ms; got 0"):
        exchange.journal.expect("GetPositions", times=2, within="20ms")


@pytest.mark.usefixtures("asked")
def test_waiting_for_nothing_fails_at_the_first(exchange: Any) -> None:
    with pytest.raises(AssertionError, match="expected 0 requests with operation 'GetBalance' within 10m; got 1"):
        exchange.journal.expect("GetBalance", times=0, within="10m")


def test_waiting_for_nothing_waits_for_all_of_it(exchange: Any) -> None:
    assert exchange.journal.expect("GetBalance", times=0, within="20ms") == []


def test_what_comes_while_it_waits_is_seen(exchange: Any) -> None:
    thread = threading.Thread(target=get_over_a_socket, args=(exchange, f"{POSITIONS}?limit=100"))
    thread.start()
    (request,) = exchange.journal.expect("GetPositions", times=1, query={"limit": "100"}, within="10s")
    thread.join()
    assert request.status == 200


@pytest.mark.parametrize("name", ["requests", "expect"])
def test_an_unknown_operation_is_refused(exchange: Any, name: str) -> None:
    with pytest.raises(WrongArgument, match="the nearest are GetPositions"):
        getattr(exchange.journal, name)("GetPosition")


def test_an_unknown_filter_is_refused(exchange: Any) -> None:
    with pytest.raises(WrongArgument, match="did you mean 'status'"):
        exchange.journal.expect("GetPositions", stauts=200)
    with pytest.raises(WrongArgument, match="did you mean 'channel'"):
        exchange.journal.frames(chanel="fill")


@pytest.mark.usefixtures("asked")
def test_clear_forgets_and_numbers_go_on(exchange: Any, http: httpx.Client) -> None:
    exchange.journal.clear()
    assert exchange.journal.requests() == []
    get(http, exchange, "/portfolio/balance")
    assert [one.number for one in exchange.journal.requests()] == [5]


# --- clean


def test_an_untouched_journal_is_clean(exchange: Any) -> None:
    exchange.journal.assert_clean()


def test_what_goes_well_is_clean(exchange: Any, http: httpx.Client) -> None:
    get(http, exchange, POSITIONS)
    exchange.journal.assert_clean()


@pytest.mark.usefixtures("asked")
def test_what_does_not_is_listed_with_its_diagnosis(exchange: Any, http: httpx.Client) -> None:
    http.get(f"{BASE}/portfolio/position")
    http.get(f"{BASE}/margin/balance")
    get(http, exchange, f"{POSITIONS}?limt=3")
    get(http, exchange, f"{POSITIONS}?limit=5000")
    with pytest.raises(AssertionError) as caught:
        exchange.journal.assert_clean()
    text = str(caught.value)
    assert text.startswith("the journal has 5 things that are not clean:\n  refused: #4 GET ")
    assert "\n    missing: KALSHI-ACCESS-KEY" in text
    assert "no such route: #5 GET /trade-api/v2/portfolio/position -> 404" in text
    assert 'did you mean "/trade-api/v2/portfolio/positions"' in text
    assert "no such route: #6 GET /trade-api/v2/margin/balance -> 404" in text
    assert "finding: #7 alice GET" in text
    assert "status 400: #8 alice GET" in text


@pytest.mark.usefixtures("asked")
def test_what_is_allowed_is_left_out(exchange: Any) -> None:
    exchange.journal.assert_clean(allow=[401])
    exchange.journal.assert_clean(allow=["GetPositions"])
    with pytest.raises(AssertionError, match="1 thing that is not clean"):
        exchange.journal.assert_clean(allow=[404, "GetBalance"])


def test_what_a_fault_or_a_stub_did_is_clean(exchange: Any, http: httpx.Client) -> None:
    exchange.fault(then={"status": 503}, times=1)
    assert get(http, exchange, POSITIONS).status_code == 503
    exchange.fault(then={"drop": True}, times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        get(http, exchange, POSITIONS)
    exchange.respond("GET /trade-api/v2/margin/balance", status=418)
    assert http.get(f"{BASE}/margin/balance", headers=headers_for(exchange, "/margin/balance")).status_code == 418
    exchange.journal.assert_clean()
    assert exchange.journal.requests(stub=None)[0].fault
    assert len([one for one in exchange.journal.requests() if one.stub]) == 1


def test_who_is_refused_where_a_stub_is_is_not_clean(exchange: Any, http: httpx.Client) -> None:
    exchange.respond("GET /trade-api/v2/margin/balance", status=200)
    assert http.get(f"{BASE}/margin/balance", headers={"KALSHI-ACCESS-KEY": "nobody's"}).status_code == 401
    with pytest.raises(AssertionError, match="refused: #1 GET /trade-api/v2/margin/balance -> 401"):
        exchange.journal.assert_clean()


def test_who_is_refused_while_a_fault_delays_him_is_not_clean(exchange: Any, http: httpx.Client) -> None:
    exchange.fault(then={"delay": "1ms"})
    http.get(f"{BASE}{POSITIONS}")
    with pytest.raises(AssertionError, match="refused: #1"):
        exchange.journal.assert_clean()


def stub_an_order(exchange: Any, http: httpx.Client, path: str) -> None:
    exchange.respond(f"POST /trade-api/v2{path}", status=201, json={"order": {}})
    headers = headers_for(exchange, path, method="POST")
    assert http.post(f"{BASE}{path}", headers=headers, json=ORDER).status_code == 201


def test_a_stub_does_not_hide_that_its_operation_is_gone(exchange: Any, http: httpx.Client) -> None:
    stub_an_order(exchange, http, "/portfolio/orders")
    with pytest.raises(AssertionError) as caught:
        exchange.journal.assert_clean()
    assert str(caught.value).splitlines() == [
        "the journal has 1 thing that is not clean:",
        "  operation gone: #1 alice POST /trade-api/v2/portfolio/orders -> 201",
        "    the venue retired it on 2026-06-18: call POST /trade-api/v2/portfolio/events/orders",
    ]
    exchange.journal.assert_clean(allow=["CreateOrder"])


def test_nor_does_a_fault_and_it_is_told_once(exchange: Any, http: httpx.Client) -> None:
    http.post(f"{BASE}/portfolio/orders", json=ORDER)
    exchange.fault(then={"status": 503})
    http.post(f"{BASE}/portfolio/orders", json=ORDER)
    with pytest.raises(AssertionError, match="2 things that are") as caught:
        exchange.journal.assert_clean()
    assert "status 410: #1 POST" in str(caught.value)
    assert "operation gone: #2 POST" in str(caught.value)


def test_a_stub_of_what_the_venue_has_today_is_clean(exchange: Any, http: httpx.Client) -> None:
    stub_an_order(exchange, http, "/portfolio/events/orders")
    exchange.journal.assert_clean()


@pytest.mark.parametrize(("api_date", "is_gone"), [("2026-06-17", False), ("2026-06-18", True), ("compat", True)])
def test_what_is_gone_is_so_as_of_the_api_date(server: Any, api_date: str, is_gone: bool) -> None:
    with (
        server.sandbox("demo", api_date=api_date) as exchange,
        httpx.Client(transport=exchange.httpx_transport()) as http,
    ):
        stub_an_order(exchange, http, "/portfolio/orders")
        if is_gone:
            with pytest.raises(AssertionError, match="operation gone"):
                exchange.journal.assert_clean()
        else:
            exchange.journal.assert_clean()


def test_at_a_venue_without_dates_nothing_is_gone(exchange: Any, http: httpx.Client) -> None:
    exchange.fault(then={"status": 503})
    assert http.get("https://www.deribit.com/api/v2/public/get_time").status_code == 503
    exchange.journal.assert_clean()


# --- retired


def test_nothing_used_is_nothing_retired(exchange: Any) -> None:
    assert exchange.journal.deprecated() == []


def test_what_is_retired_is_told_once_with_its_day(exchange: Any, http: httpx.Client) -> None:
    for _ in range(2):
        http.post(f"{BASE}/portfolio/orders", json=ORDER)
    get(http, exchange, "/portfolio/order_groups?status=open")
    get(http, exchange, POSITIONS)
    groups, orders = exchange.journal.deprecated()
    assert (groups.kind, groups.name, groups.uses) == ("parameter", "GetOrderGroups status", 1)
    assert (orders.kind, orders.name, orders.uses) == ("operation", "POST /trade-api/v2/portfolio/orders", 2)
    assert (orders.until.isoformat(), orders.since, orders.is_gone) == ("2026-06-18", None, True)
    assert orders.advice == "call POST /trade-api/v2/portfolio/events/orders"
    assert orders.first.number == 1
    assert str(orders) == (
        "operation POST /trade-api/v2/portfolio/orders: gone since 2026-06-18;"
        " call POST /trade-api/v2/portfolio/events/orders"
        " (2 of them, first #1 POST /trade-api/v2/portfolio/orders -> 410)"
    )


def test_of_an_older_day_what_will_end_is_told(server: Any) -> None:
    with (
        server.sandbox("demo", api_date="2026-02") as exchange,
        httpx.Client(transport=exchange.httpx_transport()) as http,
    ):
        assert get(http, exchange, f"{POSITIONS}?settlement_status=all").status_code == 200
        rows = {row.name: row for row in exchange.journal.deprecated()}
        assert rows["MarketPosition position"].advice == "read position_fp"
        assert not rows["MarketPosition position"].is_gone
        assert "ends on 2026-03-12" in str(rows["MarketPosition position"])
        assert rows["GetPositions settlement_status"].is_gone


def test_compat_stands_on_the_newest_day(server: Any) -> None:
    with (
        server.sandbox("demo", api_date="compat") as exchange,
        httpx.Client(transport=exchange.httpx_transport()) as http,
    ):
        get(http, exchange, POSITIONS)
        assert {row.is_gone for row in exchange.journal.deprecated()} == {True}


def test_other_venues_have_retired_nothing(exchange: Any, http: httpx.Client) -> None:
    http.get("https://www.deribit.com/api/v2/public/get_time")
    assert exchange.journal.deprecated() == []
